// grpc-js on a platform: an order is placed and watched to its end, what is wrong is said with its
// code; health is watched, and reflection names the services. CONTRACT ADDRESS TOKEN SKU
import assert from 'node:assert/strict';
import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [contract, address, token, sku] = process.argv.slice(2);
const options = { includeDirs: [contract], longs: Number, enums: String, defaults: true };
const load = (file) => grpc.loadPackageDefinition(loader.loadSync(file, options));
const open = (Service) => new Service(address, grpc.credentials.createInsecure());
const { panglot } = load('panglot/orders/v1/orders.proto');
const orders = open(panglot.orders.v1.OrderService);
const health = open(load('grpc/health/v1/health.proto').grpc.health.v1.Health);
const reflection = open(
  load('grpc/reflection/v1/reflection.proto').grpc.reflection.v1.ServerReflection);

const signed = () => {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};
const ask = (client, name, message, metadata = new grpc.Metadata()) =>
  new Promise((resolve, reject) => client[name](message, metadata, { deadline: Date.now() + 10000 },
    (error, answer) => (error ? reject(error) : resolve(answer))));
const failsWith = (code) => (error) => assert.equal(error.code, code, error.message) ?? true;

// An order, to its end.
const order = { idempotencyKey: 'by-grpc-js', order: { currency: 'USD',
  lines: [{ sku, quantity: 1 }], payment: { method: 'account' }, shipTo: { region: 'EU' } } };
const placed = await ask(orders, 'createOrder', order, signed());
const states = [];
for await (const { change } of orders.watchOrder({ id: placed.order.id }, signed()))
  states.push(change.status);
assert.equal(states.at(-1), 'ORDER_STATUS_CONFIRMED', states.join());
assert.equal((await ask(orders, 'createOrder', order, signed())).order.id, placed.order.id);
await assert.rejects(ask(orders, 'getOrder', { id: placed.order.id }), failsWith(grpc.status.UNAUTHENTICATED));
await assert.rejects(ask(orders, 'listOrders', { limit: 101 }, signed()), failsWith(grpc.status.INVALID_ARGUMENT));

// Health, asked and watched.
const service = 'panglot.orders.v1.OrderService';
assert.equal((await ask(health, 'check', { service })).status, 'SERVING');
await assert.rejects(ask(health, 'check', { service: 'nothing' }), failsWith(grpc.status.NOT_FOUND));
const watched = health.watch({ service });
watched.on('error', failsWith(grpc.status.CANCELLED));
assert.equal((await once(watched, 'data'))[0].status, 'SERVING');
watched.cancel();

// Reflection.
const call = reflection.serverReflectionInfo();
call.write({ listServices: '' });
const [{ listServicesResponse }] = await once(call, 'data');
assert.ok(listServicesResponse.service.some(({ name }) => name === service));
call.end();

console.log('grpc-js: an order to its end, errors, health and reflection');
process.exit(0);
