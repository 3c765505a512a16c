"""bad_frames.py - frames that break the rules, or only look like it: tables of liar.Case. Frames
that hyperframe would not make are made byte by byte."""
from hyperframe.frame import (ContinuationFrame, DataFrame, GoAwayFrame, HeadersFrame, PingFrame,
                              PriorityFrame, PushPromiseFrame, RstStreamFrame, SettingsFrame,
                              WindowUpdateFrame)

from liar import (ACK, CONTINUATION, Case, DATA, END_HEADERS, END_STREAM, GOAWAY, HAS_PRIORITY,
                  HEADERS, IGNORED, PADDED, PING, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS,
                  WINDOW_UPDATE, answered, ended, frame, number, request, reset)

PROTOCOL, SIZE, FLOW = ended("PROTOCOL_ERROR"), ended("FRAME_SIZE_ERROR"), ended(
    "FLOW_CONTROL_ERROR")
HPACK, CALM = ended("COMPRESSION_ERROR"), ended("ENHANCE_YOUR_CALM")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAM_MAX = (1 << 31) - 1
WINDOW_MAX = (1 << 31) - 1
LATE = "it may be an error of the connection; here what is late for a closed stream is ignored"
HARSHER = "of the stream alone would do; 5.4.1 lets it be of the connection"


def say(*frames):
    return lambda liar: liar.say(*frames)


def asked_then(*frames, path="/livez"):
    """On a stream that is asked whole, and so half closed."""
    def both(liar):
        liar.head(*request("GET", path))
        liar.say(*frames)
    return both


def open_then(*frames):
    """On a stream whose body is to come."""
    def both(liar):
        liar.upload()
        liar.say(*frames)
    return both


def settings(*pairs):
    return SettingsFrame(0, settings=dict(pairs))


def header_block(flags, block=None, stream=1, extra=b"", tail=b""):
    """HEADERS with what `extra` puts before a request's block, and `tail` behind it."""
    def one(liar):
        packed = liar.pack(*request()) if block is None else block
        liar.say(frame(HEADERS, flags, stream, extra + packed + tail))
    return one


def block(body):
    """A block of these bytes alone."""
    return header_block(END_HEADERS | END_STREAM, body)


def in_pieces(*between, count=1, end=True, stream=1):
    """A block in HEADERS and `count` CONTINUATION frames; `between` comes behind the first."""
    def all_of_it(liar):
        packed = liar.pack(*request())
        liar.say(frame(HEADERS, END_STREAM, 1, packed[:3]), *between)
        for index in range(count):
            is_last = end and index == count - 1
            liar.say(frame(CONTINUATION, END_HEADERS if is_last else 0, stream,
                           packed[3:] if index == count - 1 else b""))
    return all_of_it


def a_stream_back(liar):
    liar.ask(7)
    liar.ask(5)


def the_last_stream(liar):
    liar.probe = 0
    liar.ask(STREAM_MAX)


def a_stream_twice(liar):
    liar.ask(1)
    liar.ask(1)


def reset_then(*frames):
    def both(liar):
        liar.upload()
        liar.say(RstStreamFrame(1, error_code=8), *frames)
    return both


def reset_and_asked_again(liar):
    liar.upload()
    liar.say(RstStreamFrame(1, error_code=8))
    liar.ask(1)


def more_than_may_be_open(liar):
    for stream in range(1, 203, 2):
        liar.upload(stream)
    liar.probe = 0


def gone_with_streams_open(liar):
    """They are answered all the same: GOAWAY of a client is about streams of the server."""
    liar.ask(1)
    liar.say(GoAwayFrame(0, last_stream_id=0))
    liar.ask(3)


def large_window_then(*frames):
    return open_then(WindowUpdateFrame(1, window_increment=WINDOW_MAX - 65535), *frames)


def table_update_inside(liar):
    packed = liar.pack(*request())
    liar.say(frame(HEADERS, END_HEADERS | END_STREAM, 1, packed + b"\x20"))


def reserved_bits(liar):
    """Of the stream, of a window; the number behind it counts."""
    packed = liar.pack(*request())
    made = frame(HEADERS, END_HEADERS | END_STREAM, 1, packed).serialize()
    liar.say(made[:5] + number(1 << 31 | 1) + made[9:],
             frame(WINDOW_UPDATE, 0, 0, number(1 << 31 | 1)))


def not_greeted_by(*frames):
    """These come where the preface should be."""
    def instead(liar):
        liar.h2.clear_outbound_data_buffer()
        liar.say(*frames)
    return instead


PREFACES = [  # 3.4: what comes first; what begins otherwise is HTTP/1.1 where TLS has not agreed
    Case("no SETTINGS behind the preface", "3.4", not_greeted_by(
        PREFACE, PingFrame(0, b"12345678")), PROTOCOL),
    Case("a request right behind the preface", "3.4", not_greeted_by(
        PREFACE, frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x82\x86\x84\x41\x01a")), PROTOCOL),
    Case("an acknowledgement behind the preface", "3.4", not_greeted_by(
        PREFACE, frame(SETTINGS, ACK)), PROTOCOL),
    Case("a type that nobody knows behind the preface", "3.4", not_greeted_by(
        PREFACE, frame(0xfa, 0, 0, b"a")), PROTOCOL),
    Case("the preface twice", "3.4", say(PREFACE), SIZE, "read as a frame it is too large"),
]

STREAMS = [  # 5.1: which stream a frame may be of
    Case("an even stream", "5.1.1", lambda liar: liar.ask(2), PROTOCOL),
    Case("HEADERS of stream 0", "6.2", header_block(END_HEADERS | END_STREAM, stream=0), PROTOCOL),
    Case("a stream that goes back", "5.1.1", a_stream_back, answered(200, stream=7), LATE),
    Case("the last stream there is", "5.1.1", the_last_stream, answered(200, STREAM_MAX)),
    Case("a stream that is asked twice", "5.1", a_stream_twice, ended("STREAM_CLOSED")),
    Case("HEADERS behind a reset", "5.1", reset_and_asked_again, IGNORED, LATE),
    Case("DATA behind a reset", "5.1", reset_then(DataFrame(1, b"a")), IGNORED, LATE),
    Case("WINDOW_UPDATE behind a reset", "5.1", reset_then(
        WindowUpdateFrame(1, window_increment=9)), IGNORED),
    Case("a second reset", "5.1", reset_then(RstStreamFrame(1, error_code=8)), IGNORED),
    Case("DATA behind the end of a stream", "5.1", asked_then(DataFrame(1, b"a")),
         ended("STREAM_CLOSED"), HARSHER),
    Case("DATA of stream 0", "6.1", say(frame(DATA, 0, 0, b"a")), PROTOCOL),
    Case("DATA of an idle stream", "5.1", say(DataFrame(1, b"a")), PROTOCOL),
    Case("DATA of an idle stream of ours", "5.1", say(DataFrame(2, b"a")), PROTOCOL),
    Case("RST_STREAM of stream 0", "6.4", say(frame(RST_STREAM, 0, 0, number(8))), PROTOCOL),
    Case("RST_STREAM of an idle stream", "6.4", say(RstStreamFrame(1, error_code=8)), PROTOCOL),
    Case("RST_STREAM with a code that nobody knows", "7",
         open_then(RstStreamFrame(1, error_code=0xabcdef)), IGNORED),
    Case("WINDOW_UPDATE of an idle stream", "5.1", say(
        WindowUpdateFrame(1, window_increment=9)), PROTOCOL),
    Case("PRIORITY of stream 0", "6.3", say(frame(PRIORITY, 0, 0, number(0) + b"\x10")), PROTOCOL),
    Case("PRIORITY of an idle stream", "5.1", say(PriorityFrame(1, depends_on=0)), IGNORED),
    Case("PRIORITY of 4 bytes", "6.3", say(frame(PRIORITY, 0, 1, number(0))), SIZE, HARSHER),
    Case("a stream that depends on itself", "5.3.2", say(PriorityFrame(1, depends_on=1)), IGNORED,
         "priorities are not used any more"),
    Case("more streams than may be open", "5.1.2", more_than_may_be_open,
         reset("REFUSED_STREAM", stream=201)),
    Case("PUSH_PROMISE of a client", "8.4", asked_then(
        PushPromiseFrame(1, promised_stream_id=2, flags=["END_HEADERS"])), PROTOCOL),
    Case("GOAWAY with streams open", "6.8", gone_with_streams_open,
         {"answers": {1: 200, 3: 200}}),
    Case("GOAWAY of a stream", "6.8", say(frame(GOAWAY, 0, 1, number(0) + number(0))), PROTOCOL),
    Case("GOAWAY of 7 bytes", "6.8", say(frame(GOAWAY, 0, 0, number(0) + b"\0\0\0")), SIZE),
]

SIZES = [  # 4.2, 6: how long a frame is, and its padding
    Case("a frame larger than may be", "4.2", open_then(frame(DATA, 0, 1, b"a" * 16385)), SIZE),
    Case("a frame as large as may be", "4.2", open_then(
        frame(DATA, END_STREAM, 1, b"a" * 16384)), answered(401)),
    Case("HEADERS larger than may be", "4.2", block(b"\x82" * 16385), SIZE),
    Case("DATA that is all padding and more", "6.1", open_then(
        frame(DATA, PADDED, 1, b"\x05aaaa")), PROTOCOL),
    Case("DATA without the length of its padding", "6.1", open_then(frame(DATA, PADDED, 1)),
         PROTOCOL, "4.2 would have it FRAME_SIZE_ERROR, 6.1 this"),
    Case("HEADERS that are all padding and more", "6.2", header_block(
        END_HEADERS | END_STREAM | PADDED, block=b"\x05aaaa"), PROTOCOL),
    Case("HEADERS with more padding than there is", "6.2", header_block(
        END_HEADERS | END_STREAM | PADDED, extra=b"\xff"), PROTOCOL),
    Case("HEADERS with padding", "6.2", header_block(
        END_HEADERS | END_STREAM | PADDED, extra=b"\x04", tail=b"\0\0\0\0"), answered(200)),
    Case("HEADERS too short for a priority", "6.2", header_block(
        END_HEADERS | END_STREAM | HAS_PRIORITY, block=b"\0\0\0\0"), SIZE),
    Case("HEADERS that depend on themselves", "5.3.2", header_block(
        END_HEADERS | END_STREAM | HAS_PRIORITY, extra=number(1) + b"\x10"), PROTOCOL,
         "RFC 7540, 5.3.1 has it so, of the stream; RFC 9113 says nothing of it"),
    Case("RST_STREAM of 3 bytes", "6.4", open_then(frame(RST_STREAM, 0, 1, b"\0\0\0")), SIZE),
    Case("PING of 7 bytes", "6.7", say(frame(PING, 0, 0, b"1234567")), SIZE),
    Case("PING of 9 bytes", "6.7", say(frame(PING, 0, 0, b"123456789")), SIZE),
    Case("PING of a stream", "6.7", asked_then(frame(PING, 0, 1, b"12345678")), PROTOCOL),
    Case("an answer to no PING", "6.7", say(PingFrame(0, b"12345678", flags=["ACK"])), IGNORED),
]

WINDOWS = [  # 6.9: credit
    Case("WINDOW_UPDATE by 0", "6.9", say(frame(WINDOW_UPDATE, 0, 0, number(0))), PROTOCOL),
    Case("WINDOW_UPDATE of a stream by 0", "6.9", open_then(
        frame(WINDOW_UPDATE, 0, 1, number(0))), PROTOCOL, HARSHER),
    Case("WINDOW_UPDATE of 3 bytes", "6.9", say(frame(WINDOW_UPDATE, 0, 0, b"\0\0\1")), SIZE),
    Case("a window over its end", "6.9.1", say(
        WindowUpdateFrame(0, window_increment=WINDOW_MAX)), FLOW),
    Case("a stream's window over its end", "6.9.1", open_then(
        WindowUpdateFrame(1, window_increment=WINDOW_MAX)), reset("FLOW_CONTROL_ERROR")),
    Case("a stream's window at its end", "6.9.1", large_window_then(), IGNORED),
    Case("a setting that takes a window over its end", "6.9.2", large_window_then(
        settings((4, 65536))), reset("FLOW_CONTROL_ERROR"),
         "6.9.2 wants it of the connection; the library ends the streams whose window it is"),
    Case("windows that become negative", "6.9.2", asked_then(
        settings((4, 0)), settings((4, 65535))), answered(200)),
]

SETTING = [  # 6.5: what may be set, and to what
    Case("SETTINGS of a stream", "6.5", say(frame(SETTINGS, 0, 1, b"\0\4\0\0\x10\0")), PROTOCOL),
    Case("SETTINGS of 5 bytes", "6.5", say(frame(SETTINGS, 0, 0, b"\0\4\0\0\x10")), SIZE),
    Case("an acknowledgement with a value", "6.5", say(
        frame(SETTINGS, ACK, 0, b"\0\4\0\0\x10\0")), SIZE),
    Case("ENABLE_PUSH of 2", "6.5.2", say(settings((2, 2))), PROTOCOL),
    Case("INITIAL_WINDOW_SIZE of 2^31", "6.5.2", say(settings((4, 1 << 31))), FLOW),
    Case("MAX_FRAME_SIZE of 16383", "6.5.2", say(settings((5, 16383))), PROTOCOL),
    Case("MAX_FRAME_SIZE of 2^24", "6.5.2", say(settings((5, 1 << 24))), PROTOCOL),
    Case("NO_RFC7540_PRIORITIES of 2", "RFC 9218, 2.1", say(settings((9, 2))), PROTOCOL),
    Case("a setting that nobody knows", "6.5.2", say(settings((0xabcd, 7), (0, 1))), IGNORED),
    Case("SETTINGS of 40 values", "10.5", say(
        frame(SETTINGS, 0, 0, (b"\0\4" + number(65535)) * 40)), CALM),
    Case("SETTINGS of nothing", "6.5", say(settings()), IGNORED),
    Case("a setting that is set twice", "6.5.3", say(
        frame(SETTINGS, 0, 0, b"\0\4" + number(0) + b"\0\4" + number(65535))), IGNORED),
]

BLOCKS = [  # 4.3, 6.10: header blocks in pieces, and RFC 7541
    Case("a block in pieces", "6.10", in_pieces(), answered(200)),
    Case("a block in pieces that are empty", "6.10", in_pieces(count=8), answered(200)),
    Case("CONTINUATION of nothing", "6.10", say(ContinuationFrame(1, b"", flags=["END_HEADERS"])),
         PROTOCOL),
    Case("CONTINUATION behind the end of a block", "6.10", asked_then(
        ContinuationFrame(1, b"", flags=["END_HEADERS"])), PROTOCOL),
    Case("CONTINUATION of another stream", "6.10", in_pieces(stream=3), PROTOCOL),
    Case("CONTINUATION of stream 0", "6.10", in_pieces(stream=0), PROTOCOL),
    Case("PING within a block", "6.10", in_pieces(PingFrame(0, b"12345678")), PROTOCOL),
    Case("SETTINGS within a block", "6.10", in_pieces(settings()), PROTOCOL),
    Case("DATA within a block", "6.10", in_pieces(DataFrame(1, b"a")), PROTOCOL),
    Case("HEADERS of another stream within a block", "6.10", in_pieces(
        HeadersFrame(3, b"\x82", flags=["END_HEADERS"])), PROTOCOL),
    Case("RST_STREAM within a block", "6.10", in_pieces(RstStreamFrame(1, error_code=8)), PROTOCOL),
    Case("a frame of no known type within a block", "5.5", in_pieces(frame(0xfa, 0, 0, b"a")),
         PROTOCOL),
    Case("a block in too many pieces", "10.5.1", in_pieces(count=9), CALM),
    Case("a block in a thousand pieces", "10.5.1", in_pieces(count=1000, end=False), CALM),
    Case("an index out of range", "RFC 7541, 2.3.3", block(b"\xff\x80\x01"), HPACK),
    Case("an index just out of range", "RFC 7541, 2.3.3", block(b"\xbe"), HPACK),
    Case("an index of 0", "RFC 7541, 6.1", block(b"\x80"), HPACK),
    Case("an index without an end", "RFC 7541, 5.1", block(b"\xff" + b"\xff" * 12), HPACK),
    Case("a table larger than may be", "RFC 7541, 6.3", block(b"\x3f\xe2\x1f"), HPACK),
    Case("a table of another size behind a field", "RFC 7541, 4.2", table_update_inside, HPACK),
    Case("a text longer than its block", "RFC 7541, 5.2", block(b"\x00\x05ab"), HPACK),
    Case("a Huffman code that is padded by more than a byte", "RFC 7541, 5.2",
         block(b"\x00\x01a\x82\x1f\xff"), HPACK),
    Case("a Huffman code that is padded by zeros", "RFC 7541, 5.2", block(b"\x00\x01a\x81\x18"),
         HPACK),
    Case("a Huffman code with the end in it", "RFC 7541, 5.2",
         block(b"\x00\x01a\x84\xff\xff\xff\xff"), HPACK),
]

UNKNOWN = [  # 4.1, 5.5: what has to be ignored
    Case("a type that nobody knows", "5.5", say(frame(0xfa, 0xff, 0, b"anything")), IGNORED),
    Case("the same of an idle stream", "5.5", say(frame(0xfa, 0, 77, b"anything")), IGNORED),
    Case("the same of an open stream", "5.5", asked_then(frame(0xfa, 0, 1, b"")), answered(200)),
    Case("ALTSVC of a client", "RFC 7838, 4", say(frame(0xa, 0, 0, b"\0\1ah2=\":1\"")), IGNORED),
    Case("ORIGIN of a client", "RFC 8336, 2.1", say(frame(0xc, 0, 0, b"\0\1a")), IGNORED),
    Case("PRIORITY_UPDATE", "RFC 9218, 7.1", say(frame(0x10, 0, 0, number(1) + b"u=1")), IGNORED),
    Case("flags that nobody knows", "4.1", lambda liar: liar.say(frame(
        HEADERS, END_HEADERS | END_STREAM | 0xd2, 1, liar.pack(*request()))), answered(200)),
    Case("flags of a PING that nobody knows", "4.1", say(frame(PING, 0xfe, 0, b"12345678")),
         IGNORED),
    Case("reserved bits", "4.1", reserved_bits, answered(200)),
]

TABLES = {"prefaces": PREFACES, "streams": STREAMS, "sizes": SIZES, "windows": WINDOWS,
          "settings": SETTING, "blocks": BLOCKS, "unknown": UNKNOWN}
