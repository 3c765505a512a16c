"""bad_heads.py - requests whose header block, or what it says of the body, breaks the rules:
tables of liar.Case. Most are sent by hyper-h2 itself, with its checks off."""
from liar import (Case, DATA, END_HEADERS, END_STREAM, HEADERS, answered, ended, frame, request,
                  reset)

GET = request()
METHOD, SCHEME, AUTHORITY, PATH = GET
MALFORMED = reset("PROTOCOL_ERROR")
CALM = ended("ENHANCE_YOUR_CALM")
FIELDS_MAX = 64
LARGE = "v" * 3800  # a field that the table of HPACK still holds
A_REFUSAL = "RFC 9113 names no error for it: it is answered"


def head(*fields):
    return lambda liar: liar.head(*fields)


def more(*fields):
    """A good request, and these fields."""
    return head(*GET, *fields)


def post(*fields, path="/api/v1/products/imports", pieces=(), trailers=None):
    """A body in these pieces, and perhaps trailers; all of it is what the fields say, or not."""
    def say(liar):
        liar.head(*request("POST", path), *fields, is_whole=not pieces and trailers is None)
        for index, piece in enumerate(pieces, 1):
            is_last = index == len(pieces) and trailers is None
            liar.say(frame(DATA, END_STREAM if is_last else 0, 1, piece))
        if trailers is not None:
            liar.say(frame(HEADERS, END_HEADERS | END_STREAM, 1, liar.pack(*trailers)))
    return say


def nothing(liar):
    liar.say(frame(HEADERS, END_HEADERS | END_STREAM, 1))


def trailers_that_go_on(liar):
    liar.upload()
    liar.say(frame(HEADERS, END_HEADERS, 1, liar.pack(("a", "b"))))


def many(count, name="crumb-{}", value="v"):
    return more(*((name.format(index), value) for index in range(count)))


def unpacks_to(times):
    """A large field is said once, and named by a byte from then on."""
    return more(*[("large", LARGE)] * times)


def larger_than_a_frame(liar):
    """In HEADERS and CONTINUATION, as hyper-h2 cuts it."""
    liar.head(*GET, *((f"large-{index}", "\x7f" * 1400) for index in range(5)))


def many_of_one_connection(liar):
    """Each of these would be answered by a 431; so many are no mistake any more."""
    for stream in range(1, 201, 2):
        liar.ask(stream, more=[("large", LARGE)] * 6)


NAMES = [  # 8.2, 8.2.1: what a field may be called, and what it may say
    Case("an upper-case name", "8.2.1", more(("X-Shouted", "a")), MALFORMED),
    Case("a name with one upper-case letter", "8.2.1", more(("x-shOuted", "a")), MALFORMED),
    Case("an empty name", "8.2.1", more(("", "a")), MALFORMED),
    Case("a name with a blank", "8.2.1", more(("a b", "a")), MALFORMED),
    Case("a name with a colon in it", "8.2.1", more(("a:b", "a")), MALFORMED),
    Case("a name with a control", "8.2.1", more(("a\x01", "a")), MALFORMED),
    Case("a name with CR LF", "8.2.1", more(("a\r\nb", "a")), MALFORMED),
    Case("a name beyond ASCII", "8.2.1", more((b"a\xe9", b"a")), MALFORMED),
    Case("CR LF in a value", "8.2.1", more(("a", "b\r\nc: d")), MALFORMED),
    Case("CR in a value", "8.2.1", more(("a", "b\rc")), MALFORMED),
    Case("LF in a value", "8.2.1", more(("a", "b\nc")), MALFORMED),
    Case("NUL in a value", "8.2.1", more(("a", "b\0c")), MALFORMED),
    Case("a blank before a value", "8.2.1", more(("a", " b")), MALFORMED),
    Case("a tab behind a value", "8.2.1", more(("a", "b\t")), MALFORMED),
    Case("CR LF in a path", "8.2.1", head(METHOD, SCHEME, AUTHORITY, (":path", "/a\r\nb")),
         MALFORMED),
    Case("NUL in an authority", "8.2.1", head(METHOD, SCHEME, (":authority", "a\0b"), PATH),
         MALFORMED),
]

PSEUDO = [  # 8.3: the fields that make the request
    Case("no method", "8.3.1", head(SCHEME, AUTHORITY, PATH), MALFORMED),
    Case("no scheme", "8.3.1", head(METHOD, AUTHORITY, PATH), MALFORMED),
    Case("no path", "8.3.1", head(METHOD, SCHEME, AUTHORITY), MALFORMED),
    Case("no authority and no host", "8.3.1", head(METHOD, SCHEME, PATH), MALFORMED),
    Case("nothing at all", "8.3.1", nothing, MALFORMED),
    Case("two methods", "8.3", head(METHOD, METHOD, SCHEME, AUTHORITY, PATH), MALFORMED),
    Case("two schemes", "8.3", head(METHOD, SCHEME, SCHEME, AUTHORITY, PATH), MALFORMED),
    Case("two authorities", "8.3", head(METHOD, SCHEME, AUTHORITY, AUTHORITY, PATH), MALFORMED),
    Case("two paths", "8.3", head(METHOD, SCHEME, AUTHORITY, PATH, (":path", "/metrics")),
         MALFORMED),
    Case("a pseudo field that nobody knows", "8.3", head(*GET, (":shop", "a")), MALFORMED),
    Case("a pseudo field without a name", "8.3", head(*GET, (":", "a")), MALFORMED),
    Case("a status in a request", "8.3", head(*GET, (":status", "200")), MALFORMED),
    Case("a protocol without a CONNECT", "RFC 8441, 4", head(*GET, (":protocol", "websocket")),
         MALFORMED),
    Case("a path behind a field", "8.3", head(METHOD, SCHEME, AUTHORITY, ("a", "b"), PATH),
         MALFORMED),
    Case("a second method behind a field", "8.3", more(("a", "b"), (":method", "POST")), MALFORMED),
    Case("an upper-case pseudo field", "8.2.1", head((":Method", "GET"), SCHEME, AUTHORITY, PATH),
         MALFORMED),
    Case("an empty path", "8.3.1", head(METHOD, SCHEME, AUTHORITY, (":path", "")), MALFORMED),
    Case("an empty method", "8.3.1", head((":method", ""), SCHEME, AUTHORITY, PATH), MALFORMED),
    Case("an empty authority", "8.3.1", head(METHOD, SCHEME, (":authority", ""), PATH),
         MALFORMED),
    Case("a path without a slash", "8.3.1", head(METHOD, SCHEME, AUTHORITY, (":path", "livez")),
         MALFORMED),
    Case("a whole URL as the path", "8.3.1",
         head(METHOD, SCHEME, AUTHORITY, (":path", "http://shop.example/livez")), MALFORMED),
    Case("a star, and no OPTIONS", "8.3.1", head(METHOD, SCHEME, AUTHORITY, (":path", "*")),
         MALFORMED),
    Case("a path with a blank", "8.3.1", head(METHOD, SCHEME, AUTHORITY, (":path", "/a b")),
         MALFORMED),
    Case("a path with a fragment", "8.3.1", head(METHOD, SCHEME, AUTHORITY, (":path", "/livez#a")),
         answered(400), A_REFUSAL),
    Case("a path that is too long", "RFC 9110, 15.5.15",
         head(METHOD, SCHEME, AUTHORITY, (":path", "/" + "a" * 4096)), answered(414)),
    Case("a method that is no token", "8.3.1", head((":method", "GE T"), SCHEME, AUTHORITY, PATH),
         MALFORMED),
    Case("a method that nobody knows", "RFC 9110, 15.6.2",
         head((":method", "BREW"), SCHEME, AUTHORITY, PATH), answered(501)),
    Case("a scheme that is none", "8.3.1", head(METHOD, (":scheme", "ht tp"), AUTHORITY, PATH),
         MALFORMED),
    Case("a user in the authority", "8.3.1",
         head(METHOD, SCHEME, (":authority", "ann@shop.example"), PATH), answered(400), A_REFUSAL),
    Case("a CONNECT with a path", "8.5", head((":method", "CONNECT"), SCHEME, AUTHORITY, PATH),
         MALFORMED),
    Case("a CONNECT", "8.5", head((":method", "CONNECT"), AUTHORITY), answered(405)),
    Case("host differs from the authority", "8.3.1", more(("host", "other.example")),
         answered(400), A_REFUSAL),
    Case("two hosts", "8.3.1", more(("host", "shop.example"), ("host", "shop.example")),
         MALFORMED),
    Case("host says the same", "8.3.1", more(("host", "Shop.Example")), answered(200)),
    Case("host alone", "8.3.1", head(METHOD, SCHEME, PATH, ("host", "shop.example")),
         answered(200)),
]

CONNECTIONS = [  # 8.2.2: fields that are of a connection, not of a request
    *(Case(f"{name}: {value}", "8.2.2", more((name, value)), MALFORMED)
      for name, value in (("connection", "close"), ("connection", "keep-alive"),
                          ("keep-alive", "timeout=5"), ("proxy-connection", "keep-alive"),
                          ("transfer-encoding", "chunked"), ("upgrade", "h2c"))),
    Case("te that is not trailers", "8.2.2", more(("te", "gzip")), MALFORMED),
    Case("te: trailers", "8.2.2", more(("te", "trailers")), answered(200)),
    Case("chunks in a body", "8.2.2",
         post(("transfer-encoding", "chunked"), pieces=[b"2\r\n{}\r\n0\r\n\r\n"]), MALFORMED),
    Case("an expectation that nobody knows", "RFC 9110, 10.1.1", more(("expect", "tea")),
         answered(417)),
]

LENGTHS = [  # 8.1.1: what is said of a body, and the body
    Case("less than content-length", "8.1.1", post(("content-length", "5"), pieces=[b"abc"]),
         MALFORMED),
    Case("more than content-length", "8.1.1", post(("content-length", "2"), pieces=[b"abc"]),
         MALFORMED),
    Case("more in the second frame", "8.1.1",
         post(("content-length", "3"), pieces=[b"abc", b"def"]), MALFORMED),
    Case("a content-length, and no body", "8.1.1", post(("content-length", "3")), MALFORMED),
    Case("less, and trailers", "8.1.1",
         post(("content-length", "5"), pieces=[b"abc"], trailers=[("a", "b")]), MALFORMED),
    Case("two lengths that differ", "8.1.1",
         post(("content-length", "3"), ("content-length", "4"), pieces=[b"abc"]), MALFORMED),
    Case("two lengths that agree", "8.1.1",
         post(("content-length", "3"), ("content-length", "3"), pieces=[b"abc"]), MALFORMED),
    *(Case(f"content-length: {value or 'nothing'}", "8.1.1",
           post(("content-length", value), pieces=[b"abc"]), MALFORMED)
      for value in ("-3", "+3", "3, 3", "0x3", "three", "", "99999999999999999999")),
    Case("content-length: 03", "RFC 9110, 8.6", post(("content-length", "03"), pieces=[b"abc"]),
         answered(400), "an octal number to some"),
    Case("a method in trailers", "8.1", post(pieces=[b"abc"], trailers=[METHOD]), MALFORMED),
    Case("a status in trailers", "8.1", post(pieces=[b"abc"], trailers=[(":status", "200")]),
         MALFORMED),
    Case("an upper-case name in trailers", "8.2.1",
         post(pieces=[b"abc"], trailers=[("A", "b")]), MALFORMED),
    Case("connection in trailers", "8.2.2",
         post(pieces=[b"abc"], trailers=[("connection", "close")]), MALFORMED),
    Case("trailers that do not end the stream", "8.1", trailers_that_go_on, MALFORMED),
]

TOO_MUCH = [  # 10.5.1: blocks that are too large
    Case("as many fields as there may be", "10.5.1", many(FIELDS_MAX), answered(200)),
    Case("a field too many", "10.5.1", many(FIELDS_MAX + 1), answered(431)),
    Case("far too many fields", "10.5.1", many(5 * FIELDS_MAX), CALM),
    Case("a cookie in crumbs", "8.2.3", many(FIELDS_MAX, "cookie", "a=b"), answered(200)),
    Case("a cookie in too many crumbs", "8.2.3", many(FIELDS_MAX + 1, "cookie", "a=b"),
         answered(431)),
    Case("a cookie in far too many crumbs", "8.2.3", many(5 * FIELDS_MAX, "cookie", "a=b"), CALM),
    Case("four large fields", "6.5.2", unpacks_to(4), answered(200)),
    Case("five large fields", "6.5.2", unpacks_to(5), answered(431)),
    Case("twenty large fields", "6.5.2", unpacks_to(20), CALM),
    Case("heads of 20 KB on a hundred streams", "10.5.1", many_of_one_connection, CALM),
    Case("a block larger than a frame", "10.5.1", larger_than_a_frame, CALM),
]

TABLES = {"names": NAMES, "pseudo fields": PSEUDO, "fields of a connection": CONNECTIONS,
          "lengths": LENGTHS, "too much": TOO_MUCH}
