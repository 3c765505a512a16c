"""platform_h2.py - a platform that speaks HTTP/2 both ways, in clear text and through TLS, and a
Python that has Debian's hyper-h2 (python3-h2)."""
import pathlib
import re
import socket
import ssl
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "blackbox")]

import debian_python
import harness
import shop

WAYS = ("clear", "tls")
SECONDS_MAX = 10  # for what takes milliseconds
GROWTH_KIB_MAX = 16 * 1024


def need_h2():
    debian_python.need(["h2.connection"], "python3-h2")


class Platform(shop.Shop):
    """With demo goods. When it is closed it must not have grown by what was done to it."""

    def __init__(self):
        super().__init__("--demo", "--https", "127.0.0.1:0", "--tls-dev")

    def open(self):
        super().open()
        self.person("somebody").get("/api/v1/orders")  # what remembers tokens is made by the first
        self.rss_before_kib = self.rss_kib()

    def wait_ready(self, seconds_max=harness.START_SECONDS_MAX):
        until = time.monotonic() + seconds_max
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"https://127\.0\.0\.1:(\d+)", "".join(self.said))
            if found:
                self.tls_address = ("127.0.0.1", int(found[1]))
                return super().wait_ready(seconds_max)
            time.sleep(0.01)
        return False

    def connect(self, way, protocol="h2"):
        """A socket on which HTTP/2 can begin: by prior knowledge, or agreed on by ALPN."""
        plain = socket.create_connection(self.address if way == "clear" else self.tls_address,
                                         SECONDS_MAX)
        if way == "clear":
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return plain
        context = ssl.create_default_context(cafile=str(pathlib.Path(self.data) / "localhost.pem"))
        context.set_alpn_protocols([protocol])
        try:
            secure = context.wrap_socket(plain, server_hostname="localhost")
        except BaseException:
            plain.close()
            raise
        if secure.selected_alpn_protocol() != protocol:
            raise AssertionError(f"{secure.selected_alpn_protocol()} was agreed on")
        return secure

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def close(self):
        is_alive = self.process.poll() is None
        grown_kib = self.rss_kib() - self.rss_before_kib if is_alive else 0
        super().close()
        print(f"the platform is {grown_kib / 1024:.1f} MiB larger than it was", flush=True)
        if not is_alive or grown_kib > GROWTH_KIB_MAX:
            raise AssertionError(f"ended by itself, or grown by {grown_kib} KiB")
