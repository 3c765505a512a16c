#!/usr/bin/env python3
"""hyper-h2 (Debian's python3-h2) on a whole platform: --binary PROGRAM

Aim:     a client of HTTP/2 that others have made, and that keeps the rules, gets all that the
         rules promise it: answers, windows, trailers, settings, a goodbye that loses nothing.
Method:  each test in clear text by prior knowledge, and through TLS, where ALPN agrees on h2.
         What the platform says wrong raises in hyper-h2, which checks what it hears.
"""
import itertools
import json
import signal
import time

import platform_h2

platform_h2.need_h2()
# pylint: disable=wrong-import-position
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
import honest
import shop

LARGE = "/openapi.json"  # more than a window
WINDOW = 65535           # of a client that says nothing else
FRAME = 16384
STREAM_MAX = (1 << 31) - 1
place = skus = None


def order_by(peer, token, key, how=None, **changes):
    fields = [("content-type", "application/json"), ("authorization", "Bearer " + token),
              ("idempotency-key", key)]
    body = json.dumps(shop.order_of((skus[0], 1), **changes)).encode()
    return (how or peer.ask)("POST", "/api/v1/orders", body, fields)


class Way:
    """The tests, for both ways in."""

    keys = itertools.count(1)

    def peer(self, **how):
        return honest.Peer(place.connect(self.way), **how)

    def person(self, name="ann", role=None):
        return place.person(name, role).token

    def test_get_and_head(self):
        path = "/api/v1/products?limit=3"
        with self.peer() as peer:
            got, head = peer.ask("GET", path), peer.ask("HEAD", path)
            self.assertEqual((got.code, head.code, head.body), (200, 200, b""))
            self.assertEqual(len(got.json()["items"]), 3)
            for name in ("content-length", "content-type", "etag", "cache-control"):
                self.assertEqual(got.headers[name], head.headers[name])
            self.assertEqual(int(got.headers["content-length"]), len(got.body))
            known = peer.ask("GET", path, fields=[("if-none-match", got.headers["etag"])])
            self.assertEqual((known.code, known.body), (304, b""))
            self.assertEqual(peer.ask("GET", "/no/such/thing").code, 404)
            self.assertEqual(peer.ask("DELETE", "/livez").code, 405)

    def test_an_order_to_its_end(self):
        token, key = self.person(), f"h2-{self.way}"
        with self.peer() as peer:
            made, again = (order_by(peer, token, key) for _ in range(2))
            self.assertEqual((made.code, again.json()["id"]), (201, made.json()["id"]), made.body)
            other = order_by(peer, token, key, currency="EUR")
            self.assertEqual(other.code, 422, other.body)
            fields = [("authorization", "Bearer " + token)]
            path = made.headers["location"]
            told = peer.ask("GET", path + "/events", fields=fields)  # ends with the order
            self.assertEqual(told.headers["content-type"], "text/event-stream")
            self.assertIn(b"CONFIRMED", told.body)
            self.assertEqual(peer.ask("GET", path, fields=fields).json()["status"], "CONFIRMED")
            self.assertEqual(peer.ask("GET", path).code, 401)

    def test_many_streams_at_once(self):
        with self.peer() as peer:
            peer.round_trip()  # behind it their settings are known
            count = peer.h2.remote_settings.max_concurrent_streams
            self.assertEqual(count, 100)
            for _ in range(3):
                streams = [peer.begin("GET", f"/api/v1/products/{skus[index % len(skus)]}")
                           for index in range(count)]
                answers = [peer.wait(stream) for stream in streams]
                for index, answer in enumerate(answers):
                    self.assertEqual(answer.code, 200)
                    self.assertEqual(answer.json()["sku"], skus[index % len(skus)])

    def test_many_orders_at_once(self):
        token = self.person("crowd")
        with self.peer() as peer:
            peer.round_trip()
            streams = []
            order = json.dumps(shop.order_of((skus[1], 1))).encode()
            for number in range(50):  # heads first, then bodies in the other order
                streams.append(peer.begin("POST", "/api/v1/orders", [
                    ("content-type", "application/json"), ("authorization", "Bearer " + token),
                    ("idempotency-key", f"{self.way}-{number}")], is_whole=False))
            for stream in reversed(streams):
                peer.go_on(stream, order)
            answers = [peer.wait(stream) for stream in streams]
            self.assertEqual({answer.code for answer in answers}, {201})
            self.assertEqual(len({answer.json()["id"] for answer in answers}), 50)

    def test_a_body_larger_than_a_window_comes(self):
        with self.peer() as peer:
            answer = peer.ask("GET", LARGE)
            self.assertGreater(len(answer.body), WINDOW + FRAME // 2)
            self.assertEqual(len(answer.body), int(answer.headers["content-length"]))
            self.assertLessEqual(max(answer.pieces), FRAME)
            answer.json()
        with self.peer(takes=False) as peer:
            stream = peer.begin("GET", LARGE)
            slow = peer.answers[stream]
            peer.wait_until(lambda: len(slow.body) == WINDOW)
            peer.round_trip()
            self.assertEqual(len(slow.body), WINDOW)  # and not a byte more
            peer.h2.increment_flow_control_window(10, stream)
            peer.round_trip()
            self.assertEqual(len(slow.body), WINDOW)  # the connection's is still closed
            peer.h2.increment_flow_control_window(7)
            peer.wait_until(lambda: len(slow.body) == WINDOW + 7)
            peer.h2.increment_flow_control_window(100)
            peer.wait_until(lambda: len(slow.body) == WINDOW + 10)
            peer.round_trip()
            self.assertEqual(len(slow.body), WINDOW + 10)  # now it is the stream's
            peer.h2.increment_flow_control_window(1 << 20)
            peer.h2.increment_flow_control_window(1 << 20, stream)
            self.assertEqual(peer.wait(stream).body, answer.body)

    def test_a_body_larger_than_a_window_goes(self):
        rows = "".join(f'H2-{number},"{"n" * 90}",100,USD\n' for number in range(5000))
        body = ("sku,name,price_minor,currency\n" + rows).encode()
        self.assertGreater(len(body), 7 * WINDOW)
        path = "/api/v1/products/imports?trial=true"
        fields = [("authorization", "Bearer " + self.person("olga", "operator")),
                  ("content-type", "text/csv")]
        with self.peer() as peer:
            for pad_length in (None, 0, 200):
                stream = peer.begin("POST", path, fields, is_whole=False)
                peer.go_on(stream, body, pad_length=pad_length)
                answer = peer.wait(stream)
                self.assertEqual((answer.code, answer.json()["lines"]), (200, 5000), answer.body)
            stream = peer.begin("POST", "/api/v1/orders", fields, is_whole=False)
            peer.go_on(stream, body[:FRAME])
            self.assertLess(peer.wait(stream).code, 500)
            large = peer.ask("POST", path, body * 3, fields)  # taken to its end, and refused
            self.assertEqual(large.code, 413)
            self.assertEqual(peer.ask("GET", "/livez").code, 200)

    def test_trailers(self):
        with self.peer() as peer:
            stream = peer.begin("POST", "/api/v1/orders", [
                ("content-type", "application/json"), ("idempotency-key", f"trailed-{self.way}"),
                ("authorization", "Bearer " + self.person()), ("trailer", "x-sum")], is_whole=False)
            peer.go_on(stream, json.dumps(shop.order_of((skus[0], 1))).encode(), is_whole=False)
            peer.h2.send_headers(stream, [("x-sum", "abc")], end_stream=True)
            self.assertEqual(peer.wait(stream).code, 201)
            for path, status in (("Check", "0"), ("NoSuch", "12")):
                answer = peer.ask("POST", "/grpc.health.v1.Health/" + path, b"\0\0\0\0\0", [
                    ("content-type", "application/grpc"), ("te", "trailers")])
                self.assertEqual(answer.code, 200)
                said = answer.trailers or answer.headers
                self.assertEqual(said["grpc-status"], status)
            self.assertEqual(answer.headers["content-type"], "application/grpc")

    def test_an_interim_answer(self):
        with self.peer() as peer:
            stream = peer.begin("POST", "/api/v1/orders", [
                ("content-type", "application/json"), ("idempotency-key", f"asked-{self.way}"),
                ("authorization", "Bearer " + self.person()), ("expect", "100-continue")],
                is_whole=False)
            answer = peer.answers[stream]
            peer.wait_until(lambda: answer.interim == [100])
            peer.go_on(stream, json.dumps(shop.order_of((skus[0], 1))).encode())
            self.assertEqual(peer.wait(stream).code, 201)

    def test_priorities_are_heard_and_change_nothing(self):
        with self.peer() as peer:
            streams = [peer.begin("GET", f"/api/v1/products/{skus[0]}", priority_weight=weight,
                                  priority_depends_on=0, priority_exclusive=weight == 256)
                       for weight in (1, 16, 256)]
            for stream in streams:
                peer.h2.prioritize(stream, weight=7, depends_on=streams[0] if stream > 1 else 0)
            peer.h2.prioritize(901, weight=100)  # of a stream that is not asked yet
            self.assertEqual([peer.wait(stream).code for stream in streams], [200] * 3)

    def test_a_ping_is_answered(self):
        with self.peer() as peer:
            for said in (b"12345678", b"\0" * 8, b"\xff" * 8):
                peer.h2.ping(said)
            peer.wait_until(lambda: len(peer.pongs) == 3)
            self.assertEqual(peer.pongs, [b"12345678", b"\0" * 8, b"\xff" * 8])

    def test_windows_that_are_set_smaller_and_larger(self):
        with self.peer(settings={SettingCodes.INITIAL_WINDOW_SIZE: 10}, takes=False) as peer:
            streams = [peer.begin("GET", f"/api/v1/products/{skus[0]}") for _ in range(3)]
            answers = [peer.answers[stream] for stream in streams]
            peer.wait_until(lambda: all(len(answer.body) == 10 for answer in answers))
            self.set(peer, SettingCodes.INITIAL_WINDOW_SIZE, 60)
            peer.wait_until(lambda: all(len(answer.body) == 60 for answer in answers))
            self.set(peer, SettingCodes.INITIAL_WINDOW_SIZE, 0)  # now they are at -60
            peer.h2.increment_flow_control_window(59, streams[0])
            peer.round_trip()
            self.assertEqual([len(answer.body) for answer in answers], [60] * 3)
            self.set(peer, SettingCodes.INITIAL_WINDOW_SIZE, 20000)
            bodies = {peer.wait(stream).body for stream in streams}
            self.assertEqual(len(bodies), 1)
            self.assertEqual(json.loads(bodies.pop())["sku"], skus[0])

    def set(self, peer, setting, value):
        before = peer.acknowledged
        peer.h2.update_settings({setting: value})
        peer.wait_until(lambda: peer.acknowledged > before)

    def test_tables_of_heads(self):
        with self.peer() as peer:
            first = peer.ask("GET", "/api/v1/products?limit=2")
            for size in (0, 1 << 16, 0, 100, 4096):
                self.set(peer, SettingCodes.HEADER_TABLE_SIZE, size)
                again = peer.ask("GET", "/api/v1/products?limit=2")
                self.assertEqual((again.code, again.body), (200, first.body))
                self.assertEqual(again.headers["etag"], first.headers["etag"])
                table = peer.h2.decoder.header_table
                self.assertLessEqual(table._current_size, size)  # pylint: disable=protected-access

    def test_heads_of_ours_with_tables_of_any_size(self):
        """What the platform allows is 4096; a client may use less, and change it."""
        with self.peer() as peer:
            peer.round_trip()
            for size in (0, 4096, 33, 2000):
                peer.h2.encoder.header_table_size = size
                for _ in range(3):
                    fields = [(f"x-field-{index}", "a" * 40) for index in range(30)]
                    self.assertEqual(peer.ask("GET", "/livez", fields=fields).code, 200)

    def test_larger_frames(self):
        with self.peer() as peer:
            self.set(peer, SettingCodes.MAX_FRAME_SIZE, 1 << 20)
            self.set(peer, SettingCodes.MAX_HEADER_LIST_SIZE, 1 << 20)
            answer = peer.ask("GET", LARGE)
            self.assertEqual(len(answer.body), int(answer.headers["content-length"]))
            self.set(peer, SettingCodes.MAX_FRAME_SIZE, FRAME)
            self.assertLessEqual(max(peer.ask("GET", LARGE).pieces), FRAME)

    def test_who_resets_a_stream_keeps_the_others(self):
        token = self.person("olga", "operator")
        with self.peer() as peer:
            watching = peer.begin("GET", "/api/v1/orders/endings",
                                  [("authorization", "Bearer " + token)])
            large = peer.begin("GET", LARGE)
            peer.wait_until(lambda: peer.answers[watching].code == 200)
            for stream in (watching, large):
                if not peer.answers[stream].is_ended:
                    peer.h2.reset_stream(stream, ErrorCodes.CANCEL)
            self.assertEqual(peer.ask("GET", "/livez").code, 200)
            peer.round_trip()
            self.assertFalse(peer.answers[watching].is_ended)

    def test_a_goodbye_of_ours_is_answered(self):
        """Who says GOAWAY is still told what it has asked, and then nothing is left open."""
        with self.peer() as peer:
            stream = peer.begin("GET", "/api/v1/products?limit=3")
            peer.flush()
            peer.h2.close_connection()
            peer.h2.state_machine.state = honest.ConnectionState.CLIENT_OPEN  # to hear the rest
            self.assertEqual(peer.wait(stream).code, 200)


class Clear(Way, shop.Case):
    way = "clear"


class Secure(Way, shop.Case):
    way = "tls"


class Drain(shop.Case):
    def test_what_is_in_flight_is_answered(self):
        """SIGTERM: announced, then said for good; what was begun ends, what is new is refused."""
        ending = platform_h2.Platform()
        try:
            token = ending.person("ann").token
            peers = [honest.Peer(ending.connect(way)) for way in platform_h2.WAYS]
            begun = [self.begin(peer, token, f"drain-{index}") for index, peer in enumerate(peers)]
            ending.send(signal.SIGTERM)
            with self.assertRaises(OSError):
                for _ in range(100):
                    time.sleep(0.05)
                    ending.connect("clear").close()
            orders = shop.at_once(lambda one: self.end(*one), zip(peers, begun))
            self.assertEqual(ending.process.wait(platform_h2.SECONDS_MAX), 0)
            ending.open()
            for order in orders:  # and it is there behind the next start
                kept = ending.person("ann").get(f"/api/v1/orders/{order['id']}")
                self.assertEqual(kept["lines"][0]["quantity"], 1)
        finally:
            ending.close()

    def begin(self, peer, token, key):
        stream = peer.begin("POST", "/api/v1/orders", [
            ("content-type", "application/json"), ("authorization", "Bearer " + token),
            ("idempotency-key", key)], is_whole=False)
        body = json.dumps(shop.order_of((skus[0], 1))).encode()
        peer.go_on(stream, body[:20], is_whole=False)
        peer.round_trip()
        self.assertEqual(peer.goodbyes, [])
        return stream, body[20:]

    def end(self, peer, begun):
        stream, rest = begun
        with peer:
            peer.wait_until(lambda: peer.goodbyes)
            self.assertEqual(peer.goodbyes, [(STREAM_MAX, ErrorCodes.NO_ERROR)])
            late = peer.ask("GET", "/livez")  # it may have been on its way
            peer.wait_until(lambda: len(peer.goodbyes) == 2)
            self.assertEqual((late.code, peer.goodbyes[1]), (200, (3, ErrorCodes.NO_ERROR)))
            refused = peer.begin("GET", "/livez")
            peer.round_trip()
            peer.go_on(stream, rest)
            answer = peer.wait(stream)
            self.assertEqual(answer.code, 201, answer.body)
            peer.wait_until_over()
            self.assertIsNone(peer.answers[refused].code)
            return answer.json()


def setUpModule():
    global place, skus
    place = platform_h2.Platform()
    skus = sorted(place.products())


def tearDownModule():
    place.close()


if __name__ == "__main__":
    shop.main()
