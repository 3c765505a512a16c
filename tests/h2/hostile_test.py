#!/usr/bin/env python3
"""A client of HTTP/2 that lies, made of hyper-h2's parts: --binary PROGRAM

Aim:     whatever breaks RFC 9113 ends its stream or its connection with the code that the RFC
         names, or is answered by an error; what only looks like it is ignored. It costs nobody else
         anything: somebody else is answered at once behind each case, nothing of it was carried
         out, and the platform is no larger in the end.
Method:  the tables of bad_heads.py and bad_frames.py, each case on a connection of its own, in
         clear text and through TLS. Before them: would the judge see it?
"""
import contextlib
import itertools
import json
import time

import platform_h2

platform_h2.need_h2()
# pylint: disable=wrong-import-position
from h2.errors import ErrorCodes
import bad_frames
import bad_heads
import harness
import honest
import liar
import shop

AT_ONCE_SECONDS_MAX = 2  # for what takes milliseconds, on a busy machine
BLOCK_SECONDS = 5        # of a header block that does not end
TABLES = {**bad_heads.TABLES, **bad_frames.TABLES}
place = None


def verdict(way, case):
    """What is wrong with what came of it, or None."""
    with liar.Liar(place.connect(way)) as client:
        case.say(client)
        client.listen(case.expected)
        return client.judge(case.expected)


class Judge(shop.Case):
    def test_would_see_it(self):
        """One case of each kind, held against all that is expected of other ones."""
        kinds = {"an answer": "te: trailers", "a reset": "an upper-case name",
                 "an end": "PING of 7 bytes", "nothing": "a setting that nobody knows"}
        cases = {case.name: case for table in TABLES.values() for case in table}
        wrong = (liar.answered(200), liar.answered(400), liar.reset("PROTOCOL_ERROR"),
                 liar.reset("STREAM_CLOSED"), liar.ended("PROTOCOL_ERROR"),
                 liar.ended("FRAME_SIZE_ERROR"), liar.IGNORED)
        for kind, name in kinds.items():
            with liar.Liar(place.connect("clear")) as client:
                cases[name].say(client)
                client.listen(cases[name].expected)
            for expected in wrong:
                with self.subTest(kind, expected=expected):
                    self.assertEqual(client.judge(expected) is None,
                                     expected == cases[name].expected)

    def test_names_are_said_once(self):
        names = [(case.name, case.section) for table in TABLES.values() for case in table]
        self.assertEqual(len(names), len(set(names)))


class Served(shop.Case):
    def somebody_else(self, way):
        began = time.monotonic()
        with honest.Peer(place.connect(way)) as other:
            self.assertEqual(other.ask("GET", "/livez").code, 200)
        self.assertLess(time.monotonic() - began, AT_ONCE_SECONDS_MAX)


def test_of(table, way):
    return lambda self: self.try_table(table, way)


class Cases(Served):
    """The tables; and then, whether somebody else is still served."""

    def try_table(self, table, way):
        for case in table:
            with self.subTest(case.name, section=case.section):
                self.assertIsNone(verdict(way, case))
                self.somebody_else(way)


class Harm(Served):
    """What needs more than a row."""

    def test_what_is_no_preface(self):
        """HTTP/1.1 where nothing is agreed on, and the end where HTTP/2 is."""
        hello = bad_frames.PREFACE + bad_frames.SettingsFrame(0).serialize()
        rows = (("clear", "h2", hello.replace(b"SM", b"XX"), b"HTTP/1.1 505 "),
                ("clear", "h2", hello.replace(b"2.0", b"3.0"), b"HTTP/1.1 505 "),
                ("tls", "http/1.1", hello, b"HTTP/1.1 505 "))
        for way, protocol, said, answer in rows:
            with self.subTest(way, said=said), place.connect(way, protocol) as peer:
                peer.sendall(said)
                heard, is_closed = harness.hear(peer, time.monotonic() + platform_h2.SECONDS_MAX)
                self.assertEqual((heard[:len(answer)], is_closed), (answer, True))
            self.somebody_else(way)
        for said in (b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", hello.replace(b"SM", b"XX")):
            case = liar.Case("no preface", "3.4", bad_frames.not_greeted_by(said),
                             liar.ended("PROTOCOL_ERROR"))
            self.assertIsNone(verdict("tls", case), said)
            self.somebody_else("tls")

    def test_nothing_of_it_is_carried_out(self):
        """Orders that are whole but for one fault, and are told so: none of them is placed."""
        mallory = place.person("mallory")
        order = json.dumps(shop.order_of((sorted(place.products())[0], 1))).encode()
        size, keys = len(order), itertools.count(1)
        rows = {  # name: (more fields, trailers, what comes of it)
            "as it should be": ((), None, 201),
            "content-length over": ((("content-length", str(size + 1)),), None, "PROTOCOL_ERROR"),
            "content-length under": ((("content-length", str(size - 1)),), None, "PROTOCOL_ERROR"),
            "te: gzip": ((("te", "gzip"),), None, "PROTOCOL_ERROR"),
            "CR LF in a value": ((("a", "b\r\nc: d"),), None, "PROTOCOL_ERROR"),
            "an upper-case name": ((("A", "b"),), None, "PROTOCOL_ERROR"),
            "another host": ((("host", "other.example"),), None, 400),
            "content-length: 0..": ((("content-length", f"0{size}"),), None, 400),
            "too many fields": (tuple((f"a{n}", "b") for n in range(70)), None, 431),
            "a path in trailers": ((), ((":path", "/"),), "PROTOCOL_ERROR"),
            "connection in trailers": ((), (("connection", "close"),), "PROTOCOL_ERROR"),
        }
        for way in platform_h2.WAYS:
            for name, (more, trailers, expected) in rows.items():
                post = bad_heads.post(
                    ("authorization", "Bearer " + mallory.token), ("content-type",
                    "application/json"), ("idempotency-key", f"bad-{next(keys)}"), *more,
                    path="/api/v1/orders", pieces=[order], trailers=trailers)
                wanted = (liar.answered if isinstance(expected, int) else liar.reset)(expected)
                with self.subTest(name, way=way):
                    self.assertIsNone(verdict(way, liar.Case(name, "8.1.1", post, wanted)))
        self.assertEqual(len(mallory.get("/api/v1/orders")["items"]), len(platform_h2.WAYS))

    def test_what_is_late_for_a_closed_stream(self):
        """RFC 9113, 5.1: it may be an error of the connection; here it is ignored."""
        for way in platform_h2.WAYS:
            for late in (bad_frames.DataFrame(1, b"a", flags=["END_STREAM"]),
                         bad_frames.WindowUpdateFrame(1, window_increment=9),
                         bad_frames.RstStreamFrame(1, error_code=8),
                         bad_frames.HeadersFrame(1, b"\x82\x86\x84\x41\x01a",
                                                 flags=["END_HEADERS", "END_STREAM"])):
                with self.subTest(late, way=way), liar.Liar(place.connect(way)) as client:
                    client.probe = 0
                    client.ask()
                    client.listen(liar.answered(200))
                    client.probe, client.out = liar.PROBE, b""
                    client.say(late)
                    client.listen(liar.answered(200))
                    self.assertIsNone(client.judge(liar.answered(200)))

    def test_a_window_that_is_not_minded(self):
        """Whether it is overrun is a matter of time; tried until it was, it is told so."""
        for way in platform_h2.WAYS:
            for _ in range(50):
                with liar.Liar(place.connect(way)) as client:
                    client.upload(path="/api/v1/products/imports")
                    client.say(*[bad_frames.DataFrame(1, b"a" * 16384)] * 30)
                    client.listen(liar.IGNORED)
                    seen = client.judge({"resets": client.resets})
                self.assertIsNone(seen)
                self.assertIn(list(client.resets.values()), ([], [ErrorCodes.FLOW_CONTROL_ERROR]))
                if client.resets:
                    break
            self.assertTrue(client.resets, way)
            self.somebody_else(way)

    def test_a_block_that_does_not_end(self):
        """It holds up its connection alone, and that for a while only."""
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(liar.Liar(place.connect(way)))
                       for way in platform_h2.WAYS]
            began = time.monotonic()
            for client in clients:
                client.say(liar.frame(liar.HEADERS, liar.END_STREAM, 1, b"\x82"))
                client.plain.sendall(client.out)
            for way in platform_h2.WAYS:
                self.somebody_else(way)
            for client in clients:
                _, is_closed = harness.hear(client.plain, began + 2 * BLOCK_SECONDS,
                                            quiet_seconds=2 * BLOCK_SECONDS)
                self.assertTrue(is_closed)
            self.assertGreater(time.monotonic() - began, BLOCK_SECONDS / 2)


for title, rows in TABLES.items():
    for a_way in platform_h2.WAYS:
        setattr(Cases, f"test_{title.replace(' ', '_')}_by_{a_way}", test_of(rows, a_way))


def setUpModule():
    global place
    place = platform_h2.Platform()


def tearDownModule():
    place.close()


if __name__ == "__main__":
    shop.main()
