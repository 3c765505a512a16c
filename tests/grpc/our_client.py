#!/usr/bin/env python3
"""Our client of gRPC on servers: INTEROP_CLIENT INTEROP_SERVER

Every interop case, a process each: against our own server, and against grpcio's (Debian's
python3-grpcio), which serves the same messages here.
"""
import concurrent.futures
import subprocess
import sys
import time
import unittest

import protos
import servers

protos.need_python()
import grpc  # pylint: disable=wrong-import-position,wrong-import-order

CASES = """empty_unary large_unary compressed_unary client_streaming client_compressed_streaming
    server_streaming server_compressed_streaming ping_pong empty_stream custom_metadata
    status_code_and_message special_status_message unimplemented_method unimplemented_service
    cancel_after_begin cancel_after_first_response timeout_on_sleeping_server""".split()
ONLY_OURS = ["compressed_unary_probe"]  # grpcio does not tell its handlers what came packed
SECONDS_MAX = 30
SERVER_PROGRAM = sys.argv.pop()
CLIENT_PROGRAM = sys.argv.pop()
PROTOS = protos.Protos(protos.HERE / "proto")
ECHO = "x-grpc-test-echo-initial"
ECHO_BEHIND = "x-grpc-test-echo-trailing-bin"


def message(name, **fields):
    return PROTOS.type("grpc.testing." + name)(**fields)


def echo_metadata(context):
    sent = dict(context.invocation_metadata())
    if ECHO in sent:
        context.send_initial_metadata(((ECHO, sent[ECHO]),))
    if ECHO_BEHIND in sent:
        context.set_trailing_metadata(((ECHO_BEHIND, sent[ECHO_BEHIND]),))


def check_status(ask, context):
    if ask.HasField("response_status"):
        code = next(code for code in grpc.StatusCode
                    if code.value[0] == ask.response_status.code)
        context.abort(code, ask.response_status.message)


def pack(context, is_wanted):
    if is_wanted:
        context.set_compression(grpc.Compression.Gzip)


def empty_call(_ask, _context):
    return message("Empty")


def unary_call(ask, context):
    pack(context, ask.response_compressed.value)
    echo_metadata(context)
    check_status(ask, context)
    return message("SimpleResponse", payload=message("Payload", body=bytes(ask.response_size)))


def answers_to(ask):
    for wanted in ask.response_parameters:
        yield message("StreamingOutputCallResponse",
                      payload=message("Payload", body=bytes(wanted.size)))


def streaming_output_call(ask, context):
    pack(context, any(wanted.compressed.value for wanted in ask.response_parameters))
    check_status(ask, context)
    yield from answers_to(ask)


def streaming_input_call(asks, _context):
    return message("StreamingInputCallResponse",
                   aggregated_payload_size=sum(len(ask.payload.body) for ask in asks))


def full_duplex_call(asks, context):
    echo_metadata(context)
    for ask in asks:
        check_status(ask, context)
        yield from answers_to(ask)


HANDLERS = {"EmptyCall": empty_call, "UnaryCall": unary_call,
            "StreamingOutputCall": streaming_output_call,
            "StreamingInputCall": streaming_input_call, "FullDuplexCall": full_duplex_call}


class GrpcioServer:
    def __init__(self):
        service = PROTOS.services["grpc.testing.TestService"]
        methods = {}
        for method in service.method:
            if method.name not in HANDLERS:
                continue
            kind = (("stream" if method.client_streaming else "unary") + "_"
                    + ("stream" if method.server_streaming else "unary"))
            make = getattr(grpc, kind + "_rpc_method_handler")
            methods[method.name] = make(
                HANDLERS[method.name],
                request_deserializer=PROTOS.type(method.input_type).FromString,
                response_serializer=PROTOS.type(method.output_type).SerializeToString)
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        self.server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("grpc.testing.TestService", methods),))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def close(self):
        self.server.stop(0).wait()


class Cases(unittest.TestCase):
    def run_all(self, server, cases):
        started = time.monotonic()
        for case in cases:
            with self.subTest(case):
                done = subprocess.run([CLIENT_PROGRAM, str(server.port), case],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      timeout=SECONDS_MAX, check=False)
                self.assertEqual(done.returncode, 0, done.stdout)
        server.close()
        print(f"{len(cases)} cases in {time.monotonic() - started:.1f} s")

    def test_on_our_server(self):
        self.run_all(servers.InteropServer(SERVER_PROGRAM), CASES + ONLY_OURS)

    def test_on_grpcio(self):
        self.run_all(GrpcioServer(), CASES)


unittest.main()
