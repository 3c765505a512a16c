"""servers.py - the test server of interop_server.c, for a test's life."""
import subprocess


class InteropServer:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the test server did not start: {line!r}")
        self.port = int(line.split()[-1])
        self.address = f"127.0.0.1:{self.port}"

    def close(self):
        self.process.terminate()
        self.process.stdout.close()
        if self.process.wait(10) != 0:
            raise AssertionError("the test server did not end well")
