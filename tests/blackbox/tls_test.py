#!/usr/bin/env python3
"""tls_test.py - the platform through TLS: who is served, with which certificate, and who is not.

Aim:     what is spoken is what should be; certificates change while people buy, and nobody notices;
         whoever does not shake hands keeps nobody out.
Method:  certificates of an authority that `openssl` makes here; clients are Python's ssl, openssl
         s_client and curl.
"""
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time

import harness
import shop
from authority import Authority, openssl

SECONDS_MAX = 10  # for what takes milliseconds
IDLE = 400        # connections, to see what one costs
IDLE_KIB_MAX = 48
SILENT = 300      # connections that never shake hands
MANY = 5000      # requests of h2load
REFUSED = 'panglot_tls_certificates_refused_total{listener="edge"}'
folder = authority = store = None


class TlsShop(shop.Shop):
    """Where it listens for TLS is the second address that it says."""

    def __init__(self, *serve_options):
        super().__init__("--demo", "--https", "127.0.0.1:0", *serve_options)

    def wait_ready(self, seconds_max=harness.START_SECONDS_MAX):
        until = time.monotonic() + seconds_max
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"https://127\.0\.0\.1:(\d+)", "".join(self.said))
            if found:
                self.tls_port = int(found[1])
                return "--https-only" in self.options or super().wait_ready(seconds_max)
            time.sleep(0.01)
        return False

    def wait_logged(self, pattern, times=1):
        until = time.monotonic() + SECONDS_MAX
        while len(re.findall(pattern, self.log.read_text())) < times:
            if time.monotonic() > until:
                raise AssertionError(f"{pattern}: not in\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def metric(self, name):
        text = self.stranger().ask("GET", "/metrics").body.decode()
        return int(re.search(rf"^{re.escape(name)} (\d+)", text, re.M)[1])

    def connect(self, name="shop.example", trust=None, **changes):
        """A connection through TLS; `changes` are attributes of its ssl.SSLContext."""
        context = ssl.create_default_context(cafile=str(trust or authority.pem))
        own = changes.pop("own", None)
        if own:
            context.load_cert_chain(own)
        protocols = changes.pop("protocols", None)
        if protocols:
            context.set_alpn_protocols(protocols)
        for attribute, value in changes.items():
            setattr(context, attribute, value)
        plain = socket.create_connection(("127.0.0.1", self.tls_port), SECONDS_MAX)
        try:
            return context.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    def ask(self, path="/readyz", **how):
        """The status of one request on a connection of its own."""
        with self.connect(**how) as peer:
            return ask_on(peer, path)


def ask_on(peer, path="/readyz"):
    peer.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode())
    answer = http.client.HTTPResponse(peer, method="GET")
    answer.begin()
    answer.read()
    return answer.status


class Speech(shop.Case):
    def test_versions_and_ciphers(self):
        rows = [(["-tls1_3"], True), (["-tls1_2"], True),
                (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], True),
                (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], False),
                (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], False),
                (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], False),
                (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], False)]
        for options, is_served in rows:
            said = openssl("s_client", "-connect", f"127.0.0.1:{store.tls_port}", "-servername",
                           "shop.example", "-CAfile", authority.pem, *options)
            is_done = "Verify return code: 0 (ok)" in said and "Cipher is (NONE)" not in said
            self.assertEqual(is_done, is_served, (options, said))

    def test_nobody_shakes_hands_twice(self):
        said = openssl("s_client", "-connect", f"127.0.0.1:{store.tls_port}", "-tls1_2",
                       "-servername", "shop.example", said="R\n")
        self.assertIn("Secure Renegotiation IS supported", said)  # the safe kind, and not done
        self.assertIn("no renegotiation", said)

    def test_a_protocol_is_agreed_on(self):
        with store.connect(protocols=["http/1.1", "h2"]) as peer:
            self.assertEqual(peer.selected_alpn_protocol(), "h2")
        for offered, chosen in ((["http/1.1"], "http/1.1"), (None, None)):
            with store.connect(protocols=offered) as peer:
                self.assertEqual(peer.selected_alpn_protocol(), chosen)
                self.assertEqual(ask_on(peer), 200)
        for offered in (["h3"], ["http/1.0"], ["spdy/1"]):
            with self.assertRaises(ssl.SSLError) as wrong:
                store.connect(protocols=offered)
            self.assertIn("ALERT", str(wrong.exception).upper())

    def test_a_stock_client_asks_much(self):
        """nghttp2's load generator on each way in: everything is answered, and with 200."""
        secure = f"https://127.0.0.1:{store.tls_port}"
        plain = f"http://{store.address[0]}:{store.address[1]}"
        for url, protocol, options in ((secure, "h2", ["-m40"]), (secure, "http/1.1", ["--h1"]),
                                       (plain, "h2c", ["-m40"])):
            said = subprocess.run(["h2load", "-n", str(MANY), "-c20", *options,
                                   url + "/api/v1/products?limit=3"], stdout=subprocess.PIPE,
                                  text=True, timeout=120, check=True).stdout
            self.assertIn(f"{MANY} succeeded, 0 failed, 0 errored, 0 timeout", said)
            self.assertIn(f"status codes: {MANY} 2xx", said)
            self.assertRegex(said, f"(?m)^Application protocol: {protocol}$")

    def test_the_name_decides_on_the_certificate(self):
        for name, shown in (("shop.example", "shop.example"),
                            ("partners.example", "partners.example"),
                            ("a.partners.example", "partners.example")):
            with store.connect(name) as peer:
                self.assertEqual(peer.getpeercert()["subjectAltName"][0][1], shown)
        with self.assertRaises(ssl.SSLError) as wrong:
            store.connect("unknown.example")
        self.assertIn("UNRECOGNIZED_NAME", str(wrong.exception).upper().replace(" ", "_"))

    def test_what_is_no_tls_is_closed(self):
        before = store.metric('panglot_tls_handshakes_total{listener="edge",outcome="failed"}')
        with socket.create_connection(("127.0.0.1", store.tls_port), SECONDS_MAX) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            heard = b"".join(iter(lambda: peer.recv(4096), b""))
        self.assertNotIn(b"HTTP/1.1", heard)
        after = store.metric('panglot_tls_handshakes_total{listener="edge",outcome="failed"}')
        self.assertEqual(after, before + 1)

    def test_sessions_are_resumed(self):
        with tempfile.NamedTemporaryFile() as session:
            where = ["s_client", "-connect", f"127.0.0.1:{store.tls_port}", "-servername",
                     "shop.example", "-ign_eof"]
            ask = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            self.assertIn("New, TLSv1.3", openssl(*where, "-sess_out", session.name, said=ask))
            again = openssl(*where, "-sess_in", session.name, said=ask)
            self.assertIn("Reused, TLSv1.3", again)
            self.assertIn("200 OK", again)

    def test_curl_is_served(self):
        for option, version in (("--http2", "2"), ("--http1.1", "1.1"), ("--tls-max", "2")):
            done = subprocess.run(
                ["curl", "-sS", *([option, "1.2"] if option == "--tls-max" else [option]),
                 "--cacert", str(authority.pem), "-w", "%{http_version}", "--connect-to",
                 f"shop.example:443:127.0.0.1:{store.tls_port}", "https://shop.example/readyz"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
                check=False)
            self.assertEqual(done.stdout, "ok\n" + version)


class Clients(shop.Case):
    def test_clients_show_who_they_are(self):
        other = Authority(folder, "other")
        mine = authority.issue(folder / "mine.pem", "URI:panglot:role/edge", use="clientAuth")
        theirs = other.issue(folder / "theirs.pem", "URI:panglot:role/edge", use="clientAuth")
        with serving("--tls-client-ca", str(authority.pem), "--tls-client-required") as strict:
            self.assertEqual(strict.ask(own=mine), 200)
            for own in (None, theirs):
                with self.assertRaises((ssl.SSLError, OSError, http.client.HTTPException)):
                    strict.ask(own=own)
        with serving("--tls-client-ca", str(authority.pem)) as asking:
            self.assertEqual(asking.ask(), 200)
            self.assertEqual(asking.ask(own=mine), 200)


class Load(shop.Case):
    def test_who_does_not_shake_hands_keeps_nobody_out(self):
        with contextlib.ExitStack() as stack:
            for _ in range(SILENT):
                stack.enter_context(
                    socket.create_connection(("127.0.0.1", store.tls_port), SECONDS_MAX))
            begun = time.monotonic()
            self.assertEqual(store.ask(), 200)
            took = time.monotonic() - begun
            self.assertLess(took, 3)  # half a second, on a machine that is not busy
            lost = [store.metric('panglot_tls_handshakes_total'
                                 f'{{listener="edge",outcome="{outcome}"}}')
                    for outcome in ("gave-way", "late")]
            self.assertGreater(sum(lost), 0)
            print(f"{SILENT} silent connections: answered after {took * 1000:.0f} ms")

    def test_many_come_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(32) as people:
            answers = list(people.map(lambda _: store.ask(), range(300)))
        self.assertEqual(answers, [200] * 300)

    def test_an_idle_connection_costs_little(self):
        with contextlib.ExitStack() as stack:
            warm = [stack.enter_context(store.connect()) for _ in range(20)]
            for peer in warm:
                ask_on(peer)
            before = resident_kib(store.process.pid)
            for _ in range(IDLE):
                peer = stack.enter_context(store.connect())
                self.assertEqual(ask_on(peer), 200)
            each = (resident_kib(store.process.pid) - before) / IDLE
        print(f"an idle connection through TLS: {each:.1f} KiB")
        self.assertLess(each, IDLE_KIB_MAX)


def resident_kib(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


class Changes(shop.Case):
    def setUp(self):
        self.pem = authority.issue(folder / "changing.pem", "DNS:shop.example")

    def test_certificates_change_while_people_ask(self):
        """15 s; PANGLOT_ROTATE_SECONDS for longer."""
        seconds = float(os.environ.get("PANGLOT_ROTATE_SECONDS", "15"))
        every = min(10.0, seconds / 8)
        with serving(certificates=[self.pem], check="100ms") as changing:
            until = time.monotonic() + seconds
            with concurrent.futures.ThreadPoolExecutor(9) as people:
                asking = [people.submit(ask_until, changing, until, is_kept)
                          for is_kept in (True, True, True, False, False, False)]
                rotations = 0
                while time.monotonic() + every < until:
                    time.sleep(every)
                    authority.issue(self.pem, "DNS:shop.example",
                                    newkey="rsa:2048" if rotations % 3 == 2 else "ec:P-256")
                    if rotations % 2:
                        changing.send(signal.SIGHUP)
                    rotations += 1
                    shown = serial_in(self.pem)
                    while shown not in serials_of(changing):
                        self.assertLess(time.monotonic(), until + SECONDS_MAX)
                        time.sleep(0.05)
                asked = sum(person.result() for person in asking)
            counted = changing.metric('panglot_tls_certificates_exchanged_total{listener="edge"}')
            self.assertEqual(counted, rotations)
        print(f"{rotations} certificates in {seconds:.0f} s, {asked} requests, 0 errors")

    def test_what_is_broken_is_refused(self):
        key = folder / "separate.key"
        good = self.pem.read_text()
        other = authority.issue(folder / "other.pem", "DNS:shop.example").read_text()
        with serving(certificates=[self.pem], check="100ms") as changing:
            serial = serials_of(changing)
            cases = [("nothing", "no whole certificate"), (good[:400], "no whole certificate"),
                     (good.partition("-----BEGIN PRIVATE")[0], "no private key"),
                     (good.partition("-----BEGIN PRIVATE")[0] + key_of(other), "not that of"),
                     (expired(), "has expired")]
            for number, (text, why) in enumerate(cases, 1):
                replace(self.pem, text)
                changing.wait_logged("certificate-refused", number)
                self.assertRegex(changing.log.read_text().splitlines()[-1],
                                 rf'certificate-refused code=invalid text="[^"]*{why}')
                self.assertEqual(serials_of(changing), serial)
            time.sleep(0.5)  # what was said is not said again
            self.assertEqual(changing.metric(REFUSED), len(cases))
            self.pem.rename(key)  # no file at all
            changing.wait_logged(r"certificate-refused code=not-found")
            self.assertEqual(changing.ask(), 200)
            authority.issue(self.pem, "DNS:shop.example")
            changing.wait_logged(r"info app certificate ", times=2)
            self.assertNotEqual(serials_of(changing), serial)

    def test_it_does_not_start_with_nonsense(self):
        replace(self.pem, "nonsense")
        rows = [(["--tls-cert", self.pem, "--tls-key", self.pem], 1, "no whole certificate"),
                (["--tls-cert", folder / "absent", "--tls-key", self.pem], 1, "no such file"),
                (["--tls-cert", self.pem], 2, "belong together"),
                (["--tls-dev", "--tls-least", "1.1"], 2, "1.2 or 1.3"),
                (["--https-only"], 2, "a certificate is expected"),
                (["--tls-dev", "--tls-client-required"], 2, "--tls-client-ca")]
        for options, code, why in rows:
            done = subprocess.run(
                [str(shop.options.binary), "serve", "--data", str(folder / "nobody"), "--http",
                 "127.0.0.1:0", "--https", "127.0.0.1:0", *map(str, options)],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
                check=False)
            self.assertEqual(done.returncode, code, done.stdout)
            self.assertIn(why, done.stdout)


class Development(shop.Case):
    def test_a_certificate_for_this_machine_is_made(self):
        with serving("--tls-dev", "--https-only", certificates=[], trusts=False) as made:
            pem = pathlib.Path(made.data) / "localhost.pem"
            self.assertEqual(stat.S_IMODE(pem.stat().st_mode), 0o600)
            for name in ("localhost", "127.0.0.1"):
                self.assertEqual(made.ask(name=name, trust=pem), 200)
            self.assertNotIn("listening on http:", "".join(made.said))
            first = pem.read_text()
            self.assertEqual(made.stop(), 0)
            made.open()
            self.assertEqual(pem.read_text(), first)  # it is kept


class Settings(shop.Case):
    def test_settings_are_read_again(self):
        file = folder / "settings.yaml"
        file.write_text("process:\n  log-level: info\n")
        with serving("--config", str(file)) as running:
            count = running.process_count
            file.write_text("process:\n  log-level: debug\nfiles:\n  batch: 3\n")
            running.send(signal.SIGHUP)
            running.wait_logged("info app setting-changed setting=process.log-level value=debug",
                                count)
            running.wait_logged("warn app setting-needs-restart setting=files.batch", count)
            with socket.create_connection(("127.0.0.1", running.tls_port)) as peer:
                peer.sendall(b"no TLS at all, as one sees\r\n\r\n")
            running.wait_logged("debug transport handshake-failed")
            file.write_text("process:\n  log-level: loud\n")
            running.send(signal.SIGHUP)
            running.wait_logged("error app not-reloaded what=settings", count)
            self.assertEqual(running.ask(), 200)
            file.write_text("process:\n  log-level: warn\n")
            running.send(signal.SIGHUP)
            time.sleep(0.5)
            running.send(signal.SIGHUP)  # says nothing any more
            time.sleep(0.5)
            self.assertEqual(running.log.read_text().count("value=warn"), count)


class Ending(shop.Case):
    def test_balancers_are_told_first(self):
        with serving("--drain-notice", "1500ms") as ending:
            with ending.connect() as kept:
                self.assertEqual(ask_on(kept), 200)
                ending.send(signal.SIGTERM)
                time.sleep(0.3)
                self.assertEqual(ask_on(kept), 503)
                self.assertEqual(ask_on(kept, "/livez"), 200)
                self.assertEqual(ending.ask("/livez"), 200)  # who has not heard is served
                self.assertEqual(ending.process.wait(SECONDS_MAX), 0)

    def test_a_second_wish_hurries(self):
        with serving("--drain-notice", "60s") as ending:
            ending.send(signal.SIGTERM)
            time.sleep(0.3)
            self.assertIsNone(ending.process.poll())
            ending.send(signal.SIGTERM)
            self.assertEqual(ending.process.wait(SECONDS_MAX), 0)


def key_of(pem):
    return "-----BEGIN PRIVATE" + pem.partition("-----BEGIN PRIVATE")[2]


def expired():
    """A pair that was good until yesterday."""
    to = folder / "expired.pem"
    authority.issue(to, "DNS:shop.example", days=-1)
    return to.read_text()


def replace(path, text):
    new = path.with_suffix(".written")
    new.write_text(text)
    new.rename(path)


def serial_in(pem):
    return int(openssl("x509", "-in", pem, "-noout", "-serial").strip().partition("=")[2], 16)


def serials_of(server):
    """What whoever connects now is shown."""
    with server.connect() as peer:
        return {int(peer.getpeercert()["serialNumber"], 16)}


def ask_until(server, until, is_kept):
    """How many requests were answered; raises at the first that was not."""
    asked, peer = 0, None
    while time.monotonic() < until:
        peer = peer or server.connect()
        if ask_on(peer, "/api/v1/products?limit=3") != 200:
            raise AssertionError("not answered")
        asked += 1
        if not is_kept:
            peer.close()
            peer = None
    if peer:
        peer.close()
    return asked


@contextlib.contextmanager
def serving(*options, certificates=None, check="5s", trusts=True):
    """A platform with those certificates, or with one for shop.example."""
    if certificates is None:
        certificates = [folder / "shop.pem"]
    files = ",".join(map(str, certificates))
    pairs = ["--tls-cert", files, "--tls-key", files] if certificates else []
    running = TlsShop(*pairs, "--tls-check-every", check, *options)
    try:
        yield running
    finally:
        running.close()


def setUpModule():
    global folder, store, authority
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-tls-"))
    authority = Authority(folder, "ours")
    first = authority.issue(folder / "shop.pem", "DNS:shop.example")
    second = authority.issue(folder / "partners.pem", "DNS:partners.example,DNS:*.partners.example")
    files = f"{first},{second}"
    store = TlsShop("--tls-cert", files, "--tls-key", files)


def tearDownModule():
    store.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    shop.main()
