"""frames.py - HTTP/2 frame by frame (RFC 9113), and header blocks byte by byte (RFC 7541), so that
what no library would send can be sent."""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
ENHANCE_YOUR_CALM = 0xb
INITIAL_WINDOW_SIZE = 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    """By number: settings(_4=0)."""
    pairs = [(int(name[1:]), value) for name, value in values.items()]
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def hello(**values):
    return PREFACE + settings(**values)


def head(method, path):
    """A block without any use of the dynamic table."""
    method = {"GET": b"\x82", "POST": b"\x83"}[method]
    return method + b"\x86\x01\x04shop" + b"\x04" + bytes([len(path)]) + path.encode()


def request(stream, path="/livez", more=b""):
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, head("GET", path) + more)


def upload(stream, path="/api/v1/orders"):
    """A request whose body is still to come."""
    return frame(HEADERS, END_HEADERS, stream, head("POST", path))


def window_update(stream, by):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", by))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def split(said):
    """The frames in what a server said: (kind, flags, stream, payload)."""
    while len(said) >= 9:
        size = int.from_bytes(said[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", said[3:9])
        if len(said) < 9 + size:
            return
        yield kind, flags, stream, said[9:9 + size]
        said = said[9 + size:]


def goodbye(said):
    """The error code of its last GOAWAY, or None."""
    codes = [int.from_bytes(payload[4:8], "big")
             for kind, _, _, payload in split(said) if kind == GOAWAY]
    return codes[-1] if codes else None
