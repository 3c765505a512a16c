// grpc-js on the test server: all four kinds, metadata, deadlines, cancelling, statuses. PROTO ADDRESS
import assert from 'node:assert/strict';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [proto, address] = process.argv.slice(2);
const { TestService } = grpc.loadPackageDefinition(loader.loadSync(proto)).grpc.testing;
const client = new TestService(address, grpc.credentials.createInsecure());

const unary = (name, ask, metadata = new grpc.Metadata(), options = {}) =>
  new Promise((resolve, reject) => client[name](ask, metadata, options,
    (error, answer) => (error ? reject(error) : resolve(answer))));
const all = (call) => new Promise((resolve, reject) => {
  const seen = [];
  call.on('data', (one) => seen.push(one.payload.body.length));
  call.on('end', () => resolve(seen));
  call.on('error', reject);
});
const asks = (sizes, intervalUs = 0) =>
  ({ responseParameters: sizes.map((size) => ({ size, intervalUs })) });
const failsWith = (code) => (error) => assert.equal(error.code, code, error.message) ?? true;

// One message each way, large ones too.
const answer = await unary('unaryCall', { responseSize: 314159, payload: { body: Buffer.alloc(271828) } });
assert.equal(answer.payload.body.length, 314159);

// A client's stream, a server's, and both.
const sum = await new Promise((resolve, reject) => {
  const call = client.streamingInputCall((error, reply) => (error ? reject(error) : resolve(reply)));
  for (const size of [27182, 8, 1828, 45904]) call.write({ payload: { body: Buffer.alloc(size) } });
  call.end();
});
assert.equal(sum.aggregatedPayloadSize, 74922);
assert.deepEqual(await all(client.streamingOutputCall(asks([31415, 9, 2653, 58979]))), [31415, 9, 2653, 58979]);
const talk = client.fullDuplexCall();
const heard = all(talk);
for (const size of [1, 70000, 3]) talk.write(asks([size]));
talk.end();
assert.deepEqual(await heard, [1, 70000, 3]);

// Metadata, text and bytes, before the answer and behind it.
const metadata = new grpc.Metadata();
metadata.set('x-grpc-test-echo-initial', 'first');
metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from([0xab, 0, 0xff]));
await new Promise((resolve, reject) => {
  const call = client.emptyCall({}, metadata, (error) => error && reject(error));
  call.on('metadata', (got) => assert.deepEqual(got.get('x-grpc-test-echo-initial'), ['first']));
  call.on('status', (status) => {
    assert.deepEqual(status.metadata.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0xab, 0, 0xff])]);
    resolve();
  });
});

// Statuses, deadlines, cancelling.
await assert.rejects(unary('unaryCall', { responseStatus: { code: 5, message: '☺ not there' } }), (error) => {
  assert.equal(error.details, '☺ not there');
  return failsWith(grpc.status.NOT_FOUND)(error);
});
await assert.rejects(unary('unimplementedCall', {}), failsWith(grpc.status.UNIMPLEMENTED));
await assert.rejects(all(client.streamingOutputCall(asks([1], 5e6), { deadline: Date.now() + 200 })),
  failsWith(grpc.status.DEADLINE_EXCEEDED));
const left = client.streamingOutputCall(asks([1, 1], 5e6));
const rejected = assert.rejects(all(left), failsWith(grpc.status.CANCELLED));
left.cancel();
await rejected;

client.close();
console.log('grpc-js agrees');
