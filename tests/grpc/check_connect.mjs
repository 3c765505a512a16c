// Connect's own client for TypeScript over gRPC, gRPC-Web and Connect, as bytes and as JSON. SET ADDRESS
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';

const [set, address] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(set)));
const service = registry.getService('grpc.testing.TestService');
const baseUrl = `http://${address}`;

const transports = { grpc: createGrpcTransport({ baseUrl }) };
for (const httpVersion of ['1.1', '2'])
  transports[`web ${httpVersion}`] = createGrpcWebTransport({ baseUrl, httpVersion });
for (const httpVersion of ['1.1', '2'])
  for (const useBinaryFormat of [true, false])
    for (const useHttpGet of [true, false])
      transports[`connect ${httpVersion} ${useBinaryFormat} ${useHttpGet}`] =
        createConnectTransport({ baseUrl, httpVersion, useBinaryFormat, useHttpGet });

const failsWith = (code) => (error) => assert.equal(ConnectError.from(error).code, code, String(error)) ?? true;

for (const [name, transport] of Object.entries(transports)) {
  const client = createClient(service, transport);
  for (const method of ['unaryCall', 'cacheableUnaryCall']) {
    const answer = await client[method]({ responseSize: 5000, payload: { body: new Uint8Array(3000) } });
    assert.equal(answer.payload.body.length, 5000, name);
  }
  await assert.rejects(client.unaryCall({ responseStatus: { code: 5, message: 'not there' } }),
    (error) => error.rawMessage === 'not there' && error.details.length > 0 && failsWith(Code.NotFound)(error));
  await assert.rejects(client.unimplementedCall({}), failsWith(Code.Unimplemented));
  const seen = {};
  await client.emptyCall({}, {
    headers: { 'x-grpc-test-echo-initial': 'first', 'x-grpc-test-echo-trailing-bin': 'q6ur' },
    onHeader: (got) => { seen.header = got.get('x-grpc-test-echo-initial'); },
    onTrailer: (got) => { seen.trailer = got.get('x-grpc-test-echo-trailing-bin'); },
  });
  assert.deepEqual(seen, { header: 'first', trailer: 'q6ur' }, name);
  if (!name.startsWith('connect')) {
    const sizes = [];
    const asked = { responseParameters: [{ size: 3 }, { size: 90000 }, { size: 1 }] };
    for await (const one of client.streamingOutputCall(asked)) sizes.push(one.payload.body.length);
    assert.deepEqual(sizes, [3, 90000, 1], name);
    const slow = client.streamingOutputCall({ responseParameters: [{ size: 1, intervalUs: 5e6 }] }, { timeoutMs: 200 });
    await assert.rejects(slow[Symbol.asyncIterator]().next(), failsWith(Code.DeadlineExceeded));
  }
  console.log(`${name}: agrees`);
}
process.exit(0); // connections are kept
