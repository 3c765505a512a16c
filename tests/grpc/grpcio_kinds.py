#!/usr/bin/env python3
"""grpcio (Debian's python3-grpcio) on our transport: INTEROP_SERVER

Aim:     what the interop cases leave out: messages at the limit and over it, many calls at once,
         half a body, a client that does not read, gzip chosen per call, every status and any text,
         binary metadata of all bytes, deadlines on each kind.
"""
import itertools
import sys
import time
import unittest

import protos
import servers

protos.need_python()
import grpc  # pylint: disable=wrong-import-position,wrong-import-order

TEST = "/grpc.testing.TestService/"
PROTOS = protos.Protos(protos.HERE / "proto")
PROGRAM = sys.argv.pop(1)
MESSAGE_BYTES_MAX = 1 << 20


def message(name, **fields):
    return PROTOS.type("grpc.testing." + name)(**fields)


def payload(size):
    return message("Payload", body=bytes(size))


def asks(*sizes, interval_us=0):
    return message("StreamingOutputCallRequest",
                   response_parameters=[message("ResponseParameters", size=size,
                                                interval_us=interval_us) for size in sizes])


class Kinds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = servers.InteropServer(PROGRAM)
        cls.channel = grpc.insecure_channel(cls.server.address, [
            ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)])

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.close()

    def call(self, name):
        return PROTOS.method(self.channel, TEST + name)

    def fails(self, code, run):
        with self.assertRaises(grpc.RpcError) as raised:
            run()
        self.assertEqual(raised.exception.code(), code, raised.exception.details())
        return raised.exception

    def test_a_message_may_be_as_large_as_the_limit(self):
        room = MESSAGE_BYTES_MAX - len(message("SimpleRequest", payload=payload(1 << 19))
                                       .SerializeToString()) + (1 << 19)
        unary = self.call("UnaryCall")
        unary(message("SimpleRequest", payload=payload(room - 3)))
        wrong = self.fails(grpc.StatusCode.RESOURCE_EXHAUSTED,
                           lambda: unary(message("SimpleRequest", payload=payload(room + 1))))
        self.assertIn("larger", wrong.details())
        answer = unary(message("SimpleRequest", response_size=MESSAGE_BYTES_MAX - 20))
        self.assertEqual(len(answer.payload.body), MESSAGE_BYTES_MAX - 20)
        self.fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: unary(
            message("SimpleRequest", response_size=MESSAGE_BYTES_MAX + 1)))

    def test_a_thousand_calls_at_once(self):
        unary = self.call("UnaryCall")
        ask = message("SimpleRequest", payload=payload(27182), response_size=31415)
        calls = [unary.future(ask, timeout=60) for _ in range(1000)]
        self.assertEqual({len(call.result().payload.body) for call in calls}, {31415})

    def test_every_status_and_any_text(self):
        unary = self.call("UnaryCall")
        for code in grpc.StatusCode:
            number = code.value[0]
            if number in (0, 11):  # OUT_OF_RANGE is none of ours
                continue
            text = f"{number}: \t100% Ünïcode ☺ \U0001f608\n"
            ask = message("SimpleRequest", response_status={"code": number, "message": text})
            wrong = self.fails(code, lambda ask=ask: unary(ask))
            self.assertEqual(wrong.details(), text)

    def test_binary_metadata_of_all_bytes(self):
        everything = bytes(range(256))
        _, call = self.call("EmptyCall").with_call(message("Empty"), metadata=[
            ("x-grpc-test-echo-initial", "first"), ("x-grpc-test-echo-trailing-bin", everything)])
        self.assertEqual(dict(call.initial_metadata())["x-grpc-test-echo-initial"], "first")
        self.assertEqual(dict(call.trailing_metadata())["x-grpc-test-echo-trailing-bin"],
                         everything)

    def test_deadlines_on_every_kind(self):
        slow = asks(1, interval_us=3_000_000)
        late = grpc.StatusCode.DEADLINE_EXCEEDED
        began = time.monotonic()
        self.fails(late, lambda: list(self.call("StreamingOutputCall")(slow, timeout=0.3)))
        self.fails(late, lambda: list(self.call("FullDuplexCall")(iter([slow]), timeout=0.3)))

        def never():
            yield message("StreamingInputCallRequest", payload=payload(1))
            time.sleep(1)

        self.fails(late, lambda: self.call("StreamingInputCall")(never(), timeout=0.3))
        self.assertLess(time.monotonic() - began, 3)

    def test_a_cancelled_call_ends_at_the_server(self):
        calls = [self.call("StreamingOutputCall")(asks(1, 1, interval_us=20_000_000))
                 for _ in range(50)]
        for call in calls:
            call.cancel()
        for call in calls:
            self.assertTrue(call.cancelled())
        # A stream counts until its handler has ended it: all places of the connection are free.
        more = [self.call("UnaryCall").future(message("SimpleRequest"), timeout=5)
                for _ in range(100)]
        for call in more:
            call.result()

    def test_a_client_that_does_not_read_holds_up_nobody(self):
        stuck = self.call("StreamingOutputCall")(asks(*[200_000] * 50))
        next(iter(stuck))
        began = time.monotonic()
        for _ in range(20):
            self.call("EmptyCall")(message("Empty"), timeout=5)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(sum(1 for _ in stuck), 49)

    def test_a_conversation_keeps_its_order(self):
        sizes = [[1, 22], [333], [], [4444, 55555, 6]]
        answers = self.call("FullDuplexCall")(asks(*some) for some in sizes)
        self.assertEqual([len(one.payload.body) for one in answers],
                         list(itertools.chain(*sizes)))

    def test_gzip_by_call(self):
        unary = self.call("UnaryCall")
        ask = message("SimpleRequest", payload=payload(100_000), response_size=100_000,
                      response_compressed={"value": True}, expect_compressed={"value": True})
        answer = unary(ask, compression=grpc.Compression.Gzip)
        self.assertEqual(len(answer.payload.body), 100_000)
        wrong = self.fails(grpc.StatusCode.UNIMPLEMENTED,
                           lambda: unary(ask, compression=grpc.Compression.Deflate))
        self.assertIn("gzip", wrong.details())

    def test_many_messages_of_a_client(self):
        many = (message("StreamingInputCallRequest", payload=payload(size % 5000))
                for size in range(2000))
        answer = self.call("StreamingInputCall")(many)
        self.assertEqual(answer.aggregated_payload_size, sum(size % 5000 for size in range(2000)))


unittest.main()
