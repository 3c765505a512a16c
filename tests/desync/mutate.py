"""mutate.py - requests that parsers may disagree about: the n-th of a seed, always the same bytes.

Each begins as one of the smuggling corpus (src/wire/http1_corpus.h) or as a plain request, is bent
a few times, and hides another request where one parser may see the end and another may not.
"""
import pathlib
import random
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "src/wire/http1_corpus.h"
DEFINE = re.compile(r"^#define (\w+)\s+(\".*\")$", re.M)
ENTRY = re.compile(r"BYTES\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)\)")
PART = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|(\w+)")

HOST = b"shop.example"
PLAIN = [
    b"GET /api/v1/products?limit=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    b"POST /api/v1/orders HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /api/v1/orders HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n{}\r\n0\r\n\r\n",
    b"PATCH /api/v1/orders/x HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4\r\n\r\nnull",
    b"HEAD /livez HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    b"DELETE /api/v1/webhooks/x HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n\r\n",
]
FIELDS = [
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: Chunked", b"Transfer-Encoding:",
    b" Transfer-Encoding: chunked", b"X: a\r\n\tTransfer-Encoding: chunked",
    b"Transfer_Encoding: chunked", b"X: a\rTransfer-Encoding: chunked",
    b"X: a\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\x00", b"TE: trailers",
    b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: 44", b"Content-Length: +5",
    b"Content-Length: -1", b"Content-Length: 5, 5", b"Content-Length: 0x5", b"Content-Length: 5 6",
    b"Content-Length: 18446744073709551617", b"Content-Length:", b"Content-Length : 5",
    b"Content-Length: 5\x0c", b"Content_Length: 5", b"content-length: 00005",
    b"Connection: close", b"Connection: keep-alive, Transfer-Encoding",
    b"Connection: Content-Length",
    b"Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
    b"Expect: 100-continue", b"Expect: 200-ok", b"Host: other.example", b"Host:", b": empty",
    b"X-Long: " + b"a" * 3000, b"Keep-Alive: timeout=1", b"Trailer: Content-Length",
    b"X-Forwarded-For: 1.2.3.4", b"Proxy-Connection: keep-alive", b"Via: 1.0 x", b"\x80bad: 1",
]
LINES = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\x00\r\n", b" \r\n"]
TOKENS = [b"chunked", b"Content-Length", b"Transfer-Encoding", b"Host", b"HTTP/1.1", b"GET",
          b"POST", b": ", b" ", b"0\r\n", b"5\r\n"]
INSTEAD = [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"", b"\x00", b"\t",
           b"  ", b"0;a\r\n", b"0x0\r\n", b"+0\r\n", b"5;\x00\r\n", b"00000000000000005\r\n",
           b"fffffffffffffffb\r\n", b"CHUNKED", b"chunKed", b"Transfer-Encodin\xc4\xa7"]


def corpus():
    """The bytes of each case that the header has."""
    text = CORPUS.read_text(encoding="latin-1").replace("\\\n", " ")
    words = {}
    for name, value in DEFINE.findall(text):
        words[name] = bytes_of(value, words)
    return [bytes_of(found, words) for found in ENTRY.findall(text)]


def bytes_of(literals, words):
    """C's string literals and names of others, one after another."""
    whole = b""
    for literal, name in PART.findall(literals):
        whole += words.get(name, b"") if name else literal.encode("latin-1").decode(
            "unicode_escape").encode("latin-1")
    return whole


CASES = [case for case in corpus() if case]
BASES = CASES + PLAIN * (2 * len(CASES) // len(PLAIN))


def smuggled(draw):
    """What comes to light where a request ends too early."""
    return draw.choice([
        b"", b"", b"GET /livez HTTP/1.1\r\nHost: shop.example\r\nX: ",
        b"GET /readyz HTTP/1.1\r\nHost: shop.example\r\n\r\n",
        b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: shop.example\r\n\r\n",
        b"POST /livez HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 300\r\n\r\n",
        b"5\r\nhello\r\n0\r\n\r\nHEAD /livez HTTP/1.1\r\nHost: shop.example\r\n\r\n"])


def add_field(draw, request):
    """Behind one of the lines of the head."""
    head, end, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lines.insert(draw.randint(1, len(lines)), draw.choice(FIELDS))
    return b"\r\n".join(lines) + end + body


def double_field(draw, request):
    head, end, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lines.insert(draw.randint(1, len(lines)), draw.choice(lines))
    return b"\r\n".join(lines) + end + body


def drop_field(draw, request):
    head, end, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if len(lines) > 2:
        del lines[draw.randint(1, len(lines) - 1)]
    return b"\r\n".join(lines) + end + body


def break_line(draw, request):
    """One line ends in another way."""
    places = [found.start() for found in re.finditer(b"\r\n", request)]
    if not places:
        return request
    at = draw.choice(places)
    return request[:at] + draw.choice(LINES) + request[at + 2:]


def exchange_token(draw, request):
    token = draw.choice(TOKENS)
    return request.replace(token, draw.choice(INSTEAD), draw.randint(1, 2))


def change_byte(draw, request):
    if not request:
        return request
    at = draw.randrange(len(request))
    return request[:at] + bytes([draw.randrange(256)]) + request[at + 1:]


def insert_byte(draw, request):
    at = draw.randint(0, len(request))
    return request[:at] + draw.choice([b"\x00", b" ", b"\t", b"\r", b"\n", b"\x0b", b"\xa0", b",",
                                       b";", b":", b"\x7f"]) + request[at:]


def cut(draw, request):
    return request[:draw.randint(1, max(1, len(request)))]


def to_plain_target(draw, request):
    """The corpus asks for "/" of "a"; the shop has other things, too."""
    del draw
    return request.replace(b" / ", b" /api/v1/orders ", 1).replace(b"Host: a\r\n",
                                                                 b"Host: shop.example\r\n", 1)


CHANGES = [add_field] * 6 + [double_field, drop_field, break_line, break_line, exchange_token,
                             exchange_token, change_byte, insert_byte, cut, to_plain_target]


def request(seed, number):
    """The bytes of one request, or of a part of one."""
    draw = random.Random(seed << 32 | number)
    made = draw.choice(BASES)
    for _ in range(draw.choice([0, 1, 1, 1, 2, 2, 3, 4])):
        made = draw.choice(CHANGES)(draw, made)
    return made + smuggled(draw)


# ---- HTTP/2 ----

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
VALUES = [b"chunked", b"0", b"5", b"44", b"5\r\nX: y", b"a\r\n\r\nGET /livez HTTP/1.1\r\nHost: a",
          b"+5", b" 5", b"", b"keep-alive", b"trailers", b"identity", b"a\nb", b"a\x00b"]
NAMES = [b"content-length", b"transfer-encoding", b"connection", b"host", b"te", b"upgrade",
         b"Content-Length", b"x\r\ntransfer-encoding", b"transfer-encoding ", b"x:y", b":path",
         b":method", b":authority", b"", b"proxy-connection", b"keep-alive", b"expect"]
PATHS = [b"/livez", b"/api/v1/orders", b"/livez HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz", b"*",
         b"/a b", b"/\r\nX: y", b"", b"livez", b"http://other.example/livez", b"/a\x00", b"/a\nb"]
METHODS = [b"GET", b"POST", b"PUT", b"HEAD", b"GET /livez HTTP/1.1\r\nX: y\r\n\r\nGET", b"CONNECT",
           b"OPTIONS", b"POST ", b"get"]


def frame(kind, flags, stream, content):
    head = len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + content


def text(value):
    """A string of HPACK, plain (RFC 7541, 5.2)."""
    if len(value) < 127:
        return bytes([len(value)]) + value
    left, coded = len(value) - 127, b"\x7f"
    while left >= 128:
        coded += bytes([left % 128 | 128])
        left //= 128
    return coded + bytes([left]) + value


def http2_requests(seed, number, count):
    """A connection with that many streams."""
    draw = random.Random(seed << 32 | 1 << 31 | number)
    said = PREFACE + frame(4, 0, 0, b"")
    for n in range(count):
        fields = [(b":method", draw.choice(METHODS)),
                  (b":scheme", draw.choice([b"http", b"https"])),
                  (b":path", draw.choice(PATHS)), (b":authority", HOST)]
        for _ in range(draw.choice([0, 1, 1, 2, 3])):
            fields.insert(draw.randint(2, len(fields)), (draw.choice(NAMES), draw.choice(VALUES)))
        block = b"".join(b"\x00" + text(name) + text(value) for name, value in fields)
        body = draw.choice([b"", b"", b"{}", b"hello", smuggled(draw)])
        said += frame(1, 4 | (0 if body else 1), 2 * n + 1, block)
        if body:
            said += frame(0, 1, 2 * n + 1, body)
    return said
