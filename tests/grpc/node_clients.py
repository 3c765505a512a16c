#!/usr/bin/env python3
"""Clients from npm on the test server: INTEROP_SERVER BUILD_DIR

grpc-js over gRPC; Connect's client over gRPC, gRPC-Web and Connect, HTTP/1.1 and HTTP/2, bytes and
JSON, POST and GET.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import npm  # pylint: disable=wrong-import-position
import servers  # pylint: disable=wrong-import-position

SKIPPED = 77
SECONDS_MAX = 120
PROTO = HERE / "proto" / "testing.proto"


def main(program, folder):
    if not npm.fetch(HERE, ("check_grpc_js.mjs", "check_connect.mjs"), folder):
        print("npm could not fetch the clients")
        return SKIPPED
    described = folder / "testing.binpb"
    subprocess.run(["protoc", "-I", str(PROTO.parent), f"--descriptor_set_out={described}",
                    PROTO.name], check=True)
    server = servers.InteropServer(program)
    codes = [subprocess.run(["node", check, str(file), server.address], cwd=folder, check=False,
                            timeout=SECONDS_MAX).returncode
             for check, file in (("check_grpc_js.mjs", PROTO), ("check_connect.mjs", described))]
    server.close()
    return max(codes)


sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2]).resolve()))
