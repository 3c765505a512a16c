#!/usr/bin/env python3
"""The interop client of Debian's ruby-grpc: INTEROP_SERVER

Every case that needs no Google account, one process a case, against our transport.
"""
import glob
import shutil
import subprocess
import sys

import servers

SKIPPED = 77
CLIENT = "/usr/lib/*/rubygems-integration/*/gems/grpc-1*/src/ruby/pb/test/client.rb"
SECONDS_MAX = 60
CASES = """empty_unary large_unary client_compressed_unary client_streaming
    client_compressed_streaming server_streaming ping_pong empty_stream timeout_on_sleeping_server
    cancel_after_begin cancel_after_first_response unimplemented_method unimplemented_service
    status_code_and_message custom_metadata""".split()


def main(program):
    found = glob.glob(CLIENT)
    if not found or shutil.which("ruby") is None:
        print("this needs ruby-grpc")
        return SKIPPED
    ruby = found[0].removesuffix("/pb/test/client.rb")
    server, failed = servers.InteropServer(program), []
    for case in CASES:
        done = subprocess.run(
            ["ruby", f"-I{ruby}/lib", f"-I{ruby}/pb", found[0], "--server_host=127.0.0.1",
             f"--server_port={server.port}", f"--test_case={case}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS_MAX,
            check=False)
        is_good = done.returncode == 0 and f"OK: {case}" in done.stdout
        print(("passed " if is_good else "failed ") + case)
        if not is_good:
            failed.append(case)
            print(done.stdout[-2000:])
    server.close()
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
