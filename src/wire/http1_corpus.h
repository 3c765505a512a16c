/*
 * http1_corpus.h - connections that must be understood, and the smuggling corpus that must not be.
 * Part of http1_test.c; the limits are those of its struct.
 *
 * Source:   the cases in which other parsers were found to differ (RFC 9112, 11.2; http-parser,
 * llhttp and the classes of Http11Probe), written anew.
 */
#ifndef PGL_WIRE_HTTP1_CORPUS_H
#define PGL_WIRE_HTTP1_CORPUS_H

#include "base/text.h"

/* clang-format off */
#define CHUNKED        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define HELLO          "hello\r\n0\r\n\r\n"
#define BYTES(literal) { (literal), sizeof(literal) - 1 }

struct taken {
    struct pgl_text bytes;
    const char *story;
};

static const struct taken taken[] = {
    { BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
      "GET(1) / ? @a 1.1 length=-1 keep [Host=a] body=;\nend\n" },
    { BYTES(CHUNKED "5\r\nhello\r\n0\r\n\r\n"),
      "POST(2) / ? @a 1.1 length=-1 chunked keep [Host=a] [Transfer-Encoding=chunked] "
      "body=hello;\nend\n" },
    { BYTES("POST /x?a=b&c HTTP/1.1\r\nhost:a:80\r\ncontent-length:\t5 \r\n\r\nhello"),
      "POST(2) /x ?a=b&c @a:80 1.1 length=5 keep [host=a:80] [content-length=5] "
      "body=hello;\nend\n" },
    { BYTES("GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: b\r\n"
            "Content-Length: 2\r\n\r\nhi"
            "GET /c HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n"),
      "GET(1) /a ? @a 1.1 length=-1 keep [Host=a] body=;\n"
      "POST(2) /b ? @b 1.1 length=2 keep [Host=b] [Content-Length=2] body=hi;\n"
      "GET(1) /c ? @c 1.1 length=-1 close [Host=c] [Connection=close] body=;\nend\n" },
    { BYTES("GET / HTTP/1.0\r\n\r\n"), "GET(1) / ? @ 1.0 length=-1 close body=;\nend\n" },
    { BYTES("GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n"),
      "GET(1) / ? @ 1.0 length=-1 keep [Connection=x, Keep-Alive] body=;\nend\n" },
    { BYTES("GET / HTTP/1.1\r\nHost: a\r\nConnection: x ,\tCLOSE\r\n\r\n"),
      "GET(1) / ? @a 1.1 length=-1 close [Host=a] [Connection=x ,\tCLOSE] body=;\nend\n" },
    { BYTES("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n"),
      "GET(1) / ? @a 1.1 length=-1 close [Host=a] [Connection=close] [Connection=keep-alive] "
      "body=;\nend\n" },
    { BYTES("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
      "GET(1) / ? @a 1.1 length=-1 keep [Host=a] body=;\nend\n" },
    { BYTES("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET / HTTP/1.1\r\n"
            "Host: b\r\n\r\n"),
      "POST(2) / ? @a 1.1 length=1 keep [Host=a] [Content-Length=1] body=x;\n"
      "GET(1) / ? @b 1.1 length=-1 keep [Host=b] body=;\nend\n" },
    { BYTES("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
      "OPTIONS(7) * ? @a 1.1 length=-1 keep [Host=a] body=;\nend\n" },
    { BYTES("GET http://A.b:8080/x?y HTTP/1.1\r\nHost: a.B:8080\r\n\r\n"),
      "GET(1) /x ?y @a.B:8080 1.1 length=-1 keep [Host=a.B:8080] body=;\nend\n" },
    { BYTES("GET HTTPS://a?y HTTP/1.1\r\nHost: a\r\n\r\n"),
      "GET(1) / ?y @a 1.1 length=-1 keep [Host=a] body=;\nend\n" },
    { BYTES("GET http://a HTTP/1.0\r\n\r\n"), "GET(1) / ? @a 1.0 length=-1 close body=;\nend\n" },
    { BYTES("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
      "GET(1) / ? @[::1]:80 1.1 length=-1 keep [Host=[::1]:80] body=;\nend\n" },
    { BYTES("GET /%41?a[]=1;2 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Name: caf\xE9 \ta\r\n\r\n"),
      "GET(1) /%41 ?a[]=1;2 @a 1.1 length=-1 keep [Host=a] [X-Empty=] [X-Name=caf\xE9 \ta] "
      "body=;\nend\n" },
    { BYTES("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx"),
      "PUT(4) / ? @a 1.1 length=1 keep expects [Host=a] [Expect=100-Continue] [Content-Length=1] "
      "body=x;\nend\n" },
    { BYTES("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"),
      "PUT(4) / ? @a 1.1 length=0 keep [Host=a] [Expect=100-continue] [Content-Length=0] body=;\n"
      "end\n" },
    { BYTES("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
      "PUT(4) / ? @ 1.0 length=1 close [Expect=100-continue] [Content-Length=1] body=x;\nend\n" },
    { BYTES("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nPATCH / HTTP/1.1\r\nHost: a\r\n\r\n"
            "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n"),
      "HEAD(3) / ? @a 1.1 length=-1 keep [Host=a] body=;\n"
      "PATCH(5) / ? @a 1.1 length=-1 keep [Host=a] body=;\n"
      "DELETE(6) /x ? @a 1.1 length=-1 keep [Host=a] body=;\nend\n" },
    { BYTES(CHUNKED
            "003;a=\"b c\"\r\nabc\r\nA\r\n0123456789\r\n000\r\nTrailer: 1\tx\r\nEmpty:\r\n\r\n"
            "GET / HTTP/1.1\r\nHost: b\r\n\r\n"),
      "POST(2) / ? @a 1.1 length=-1 chunked keep [Host=a] [Transfer-Encoding=chunked] "
      "body=abc0123456789;\n"
      "GET(1) / ? @b 1.1 length=-1 keep [Host=b] body=;\nend\n" },
    { BYTES("GET / HTTP/1.1\r\nHost: [fe80::10]:9\r\n\r\n"
            "GET / HTTP/1.1\r\nHost: a_b.c-d:65535\r\n\r\n"),
      "GET(1) / ? @[fe80::10]:9 1.1 length=-1 keep [Host=[fe80::10]:9] body=;\n"
      "GET(1) / ? @a_b.c-d:65535 1.1 length=-1 keep [Host=a_b.c-d:65535] body=;\nend\n" },
    { BYTES(CHUNKED "40;a=\"~ ~\"\r\n"
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            "\r\n0\r\n\r\n"),
      "POST(2) / ? @a 1.1 length=-1 chunked keep [Host=a] [Transfer-Encoding=chunked] "
      "body=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef;\nend\n" },
    { BYTES("PUT / HTTP/1.1\r\nContent-Length: 64\r\nHost: a\r\n\r\n"
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
      "PUT(4) / ? @a 1.1 length=64 keep [Content-Length=64] [Host=a] "
      "body=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef;\nend\n" },
    { BYTES("GET / HTTP/1.1\r\nHost: a\r\nA:1\r\nA:2\r\nA:3\r\nA:4\r\nA:5\r\nA:6\r\nA:7\r\n\r\n"),
      "GET(1) / ? @a 1.1 length=-1 keep [Host=a] [A=1] [A=2] [A=3] [A=4] [A=5] [A=6] [A=7] "
      "body=;\nend\n" },
    { BYTES("GET / HTTP/1.1\r\nHost: a\r"), "cut off\n" },
    { BYTES("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"),
      "POST(2) / ? @a 1.1 length=5 keep [Host=a] [Content-Length=5] body=hel;\ncut off\n" },
    { BYTES(CHUNKED "5\r\nhello\r\n0\r\n"),
      "POST(2) / ? @a 1.1 length=-1 chunked keep [Host=a] [Transfer-Encoding=chunked] "
      "body=hello;\ncut off\n" },
};

struct refused {
    int status;
    struct pgl_text bytes;
};

/* Each is refused as a first line, whatever follows. */
static const struct refused refused_lines[] = {
    { 400, BYTES("GET / HTTP/1.1\n") },          { 400, BYTES("GET / HTTP/1.1\r") },
    { 400, BYTES("GET /\tx HTTP/1.1\r\n") },     { 400, BYTES("GET\t/ HTTP/1.1\r\n") },
    { 400, BYTES("GET /\tHTTP/1.1\r\n") },       { 400, BYTES(" GET / HTTP/1.1\r\n") },
    { 400, BYTES("GET  / HTTP/1.1\r\n") },       { 400, BYTES("GET /  HTTP/1.1\r\n") },
    { 400, BYTES("GET / HTTP/1.1 \r\n") },       { 400, BYTES("GET /a b HTTP/1.1\r\n") },
    { 400, BYTES("GET /\r\n") },                 { 400, BYTES("GET / \r\n") },
    { 400, BYTES("GET\r\n") },                   { 400, BYTES("GET / HTTP/1\r\n") },
    { 400, BYTES("GET / HTTP/11\r\n") },         { 400, BYTES("GET / HTTP/1.10\r\n") },
    { 400, BYTES("GET / http/1.1\r\n") },        { 400, BYTES("GET / HTTPS/1.1\r\n") },
    { 400, BYTES("GET / HTTP/1,1\r\n") },        { 400, BYTES("GET / HTTP/x.1\r\n") },
    { 400, BYTES("GET / HTTP/1.x\r\n") },        { 400, BYTES("GET HTTP/1.1\r\n") },
    { 400, BYTES("GET  HTTP/1.1\r\n") },         { 400, BYTES("/ HTTP/1.1\r\n") },
    { 400, BYTES("G(T / HTTP/1.1\r\n") },        { 400, BYTES("G\xC3\xA9T / HTTP/1.1\r\n") },
    { 400, BYTES("GET /\x01 HTTP/1.1\r\n") },    { 400, BYTES("GET /\0 HTTP/1.1\r\n") },
    { 400, BYTES("GET /\x7F HTTP/1.1\r\n") },    { 400, BYTES("GET /\xC3\xA9 HTTP/1.1\r\n") },
    { 400, BYTES("GET /#a HTTP/1.1\r\n") },      { 400, BYTES("GET /\"a HTTP/1.1\r\n") },
    { 400, BYTES("GET /<a> HTTP/1.1\r\n") },     { 400, BYTES("GET /\\a HTTP/1.1\r\n") },
    { 400, BYTES("GET /{a} HTTP/1.1\r\n") },     { 400, BYTES("GET x HTTP/1.1\r\n") },
    { 400, BYTES("GET ?x HTTP/1.1\r\n") },       { 400, BYTES("GET * HTTP/1.1\r\n") },
    { 400, BYTES("OPTIONS *x HTTP/1.1\r\n") },   { 400, BYTES("GET a:80 HTTP/1.1\r\n") },
    { 400, BYTES("GET ftp://a/ HTTP/1.1\r\n") }, { 400, BYTES("GET http:/a HTTP/1.1\r\n") },
    { 400, BYTES("GET http:// HTTP/1.1\r\n") },  { 400, BYTES("GET http:///x HTTP/1.1\r\n") },
    { 400, BYTES("GET http://u@a/ HTTP/1.1\r\n") },
    { 400, BYTES("GET http://a:b/ HTTP/1.1\r\n") },
    { 400, BYTES("\r\n\r\n") },                  { 400, BYTES("\nGET / HTTP/1.1\r\n") },
    { 400, BYTES("\r\n\n") },                    { 400, BYTES("\rGET / HTTP/1.1\r\n") },
    { 400, BYTES("\x16\x03\x01\x02") },          { 400, BYTES("GET /x\nHost: a\r\n"
                 "Content-Length: 5") },
    { 501, BYTES("get / HTTP/1.1\r\n") },        { 501, BYTES("Get / HTTP/1.1\r\n") },
    { 501, BYTES("BREW / HTTP/1.1\r\n") },       { 501, BYTES("GETX / HTTP/1.1\r\n") },
    { 405, BYTES("TRACE / HTTP/1.1\r\n") },      { 405, BYTES("CONNECT a:443 HTTP/1.1\r\n") },
    { 505, BYTES("GET / HTTP/0.0\r\n") },        { 505, BYTES("GET / HTTP/1.2\r\n") },
    { 505, BYTES("GET / HTTP/0.9\r\n") },        { 505, BYTES("GET / HTTP/2.0\r\n") },
    { 505, BYTES("GET / HTTP/9.1\r\n") },        { 505, BYTES("GET / HTTP/1.9\r\n") },
    { 505, BYTES("PRI * HTTP/2.0\r\n") },        { 505, BYTES("GET / HTTP/3.1\r\n") },
};

/* Each is refused behind "POST / HTTP/1.1" and "Host: a". */
static const struct refused refused_fields[] = {
    { 400, BYTES("X: \rTransfer-Encoding: chunked\r\n\r\n") },
    { 400, BYTES("X: a\r\r\n\r\n") },                     { 400, BYTES("X: a\nY: b\r\n\r\n") },
    { 400, BYTES("X: a\n\r\n") },                         { 400, BYTES("\n") },
    { 400, BYTES("X : a\r\n\r\n") },                      { 400, BYTES("X\t: a\r\n\r\n") },
    { 400, BYTES(" Content-Length: 5\r\n\r\n") },         { 400, BYTES("X: a\r\n b\r\n\r\n") },
    { 400, BYTES("X: a\r\n\tb\r\n\r\n") },                { 400, BYTES("X:\r\n a\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding:\r\n chunked\r\n\r\n") },
    { 400, BYTES(" \r\n\r\n") },                          { 400, BYTES("X: a\r\n \r\n\r\n") },
    { 400, BYTES("X\r\n\r\n") },                          { 400, BYTES(": a\r\n\r\n") },
    { 400, BYTES("X Y: a\r\n\r\n") },                     { 400, BYTES("X(: a\r\n\r\n") },
    { 400, BYTES("X\xC3\xA9: a\r\n\r\n") },               { 400, BYTES("X\0: a\r\n\r\n") },
    { 400, BYTES("X\x7F: a\r\n\r\n") },                   { 400, BYTES("X: \0\r\n\r\n") },
    { 400, BYTES("X: a\x01\r\n\r\n") },                   { 400, BYTES("X: a\x1F\r\n\r\n") },
    { 400, BYTES("X: a\x7F\r\n\r\n") },                   { 400, BYTES("X: a\x0B\r\n\r\n") },
    { 400, BYTES("X: a\x0C" "b\r\n\r\n") },               { 400, BYTES("\"X\": a\r\n\r\n") },
    { 400, BYTES("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n") },
    { 400, BYTES("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n") },
    { 400, BYTES("Content-Length: 5\r\nContent-Length: 6\r\n\r\n") },
    { 400, BYTES("Content-Length: 5\r\ncontent-length: 5\r\n\r\n") },
    { 400, BYTES("Content-Length: 0\r\nContent-Length: 5\r\n\r\n") },
    { 400, BYTES("Content-Length: 5, 5\r\n\r\n") },       { 400, BYTES("Content-Length: 5,\r\n\r\n"
                 "") },
    { 400, BYTES("Content-Length: +5\r\n\r\n") },         { 400, BYTES("Content-Length: -5\r\n\r\n"
                 "") },
    { 400, BYTES("Content-Length: -0\r\n\r\n") },         { 400, BYTES("Content-Length: 5 6\r\n"
                 "\r\n") },
    { 400, BYTES("Content-Length:\r\n\r\n") },            { 400, BYTES("Content-Length: \t\r\n\r\n"
                 "") },
    { 400, BYTES("Content-Length: 0x5\r\n\r\n") },        { 400, BYTES("Content-Length: 5a\r\n\r\n"
                 "") },
    { 400, BYTES("Content-Length: 05\r\n\r\n") },         { 400, BYTES("Content-Length: 00\r\n\r\n"
                 "") },
    { 400, BYTES("Content-Length: 5.0\r\n\r\n"
                 "") },        { 400, BYTES("Content-Length: \xC2\xA0" "5\r\n\r\n") },
    { 400, BYTES("Content-Length: 9223372036854775808\r\n\r\n") },
    { 400, BYTES("Content-Length: 18446744073709551621\r\n\r\n") },
    { 400, BYTES("Content-Length: \"5\"\r\n\r\n") },
    { 400, BYTES("Content_Length : 5\r\n\r\n") },         { 400, BYTES("Content-Length\xA0: 5\r\n"
                 "\r\n") },
    { 400, BYTES("Transfer-Encoding: xchunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunkedx\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunked, identity\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: identity, chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: gzip, chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunked, chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunked;q=1\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: \"chunked\"\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunked,\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: , chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: Chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: identity\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding:\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: \x0B" "chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: \xA0" "chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding : chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n") },
    { 400, BYTES("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n") },
    { 400, BYTES("Host: a\r\n\r\n") },                    { 400, BYTES("host: b\r\n\r\n") },
    { 417, BYTES("Expect: 200-ok\r\n\r\n") },             { 417, BYTES("Expect:\r\n\r\n") },
    { 417, BYTES("Expect: 100-continue, x\r\n\r\n") },    { 413, BYTES("Content-Length: 65\r\n\r\n"
                 "") },
    { 413, BYTES("Content-Length: 9223372036854775807\r\n\r\nx") },
    { 431, BYTES("A:1\r\nA:2\r\nA:3\r\nA:4\r\nA:5\r\nA:6\r\nA:7\r\nA:8\r\n\r\n") },
};

/* Heads that are wrong as a whole. */
static const struct refused refused_heads[] = {
    { 400, BYTES("GET / HTTP/1.1\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nX: Host: a\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost:\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: a b\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: a/x\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: a:\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: :80\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: []\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: [g::]\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: a%20b\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\r\nHost: \xC3\xA9\r\n\r\n") },
    { 400, BYTES("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n") },
    { 400, BYTES("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n") },
    { 400, BYTES("GET http://a/ HTTP/1.1\r\n\r\n") },
    { 400, BYTES("GET http://a/ HTTP/1.0\r\nHost: b\r\n\r\n") },
    { 400, BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") },
    { 417, BYTES("POST / HTTP/1.0\r\nExpect: other\r\n\r\n") },
    { 400, BYTES("GET / HTTP/1.1\nHost: a\n\n") },
    { 400, BYTES("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") },
};

/* Each is refused as a chunked body. */
static const struct refused refused_bodies[] = {
    { 400, BYTES("0x5\r\n" HELLO) },             { 400, BYTES("5 \r\n" HELLO) },
    { 400, BYTES(" 5\r\n" HELLO) },              { 400, BYTES("5\t\r\n" HELLO) },
    { 400, BYTES("5\n" HELLO) },                 { 400, BYTES("5\r" HELLO) },
    { 400, BYTES("5\r\nhello0\r\n\r\n") },       { 400, BYTES("5\r\nhello\n0\r\n\r\n") },
    { 400, BYTES("5\r\nhello\rX0\r\n\r\n") },    { 400, BYTES("5\r\nhelloX\r\n0\r\n\r\n") },
    { 400, BYTES("5\r\nhello\r\n\r\n") },        { 400, BYTES("\r\n\r\n") },
    { 400, BYTES(";a\r\n\r\n") },                { 400, BYTES(HELLO) },
    { 400, BYTES("-5\r\n" HELLO) },              { 400, BYTES("+5\r\n" HELLO) },
    { 400, BYTES("g\r\n" HELLO) },               { 400, BYTES("5_\r\n" HELLO) },
    { 400, BYTES("\xEF\xBC\x95\r\n" HELLO) },    { 400, BYTES("5\0\r\n" HELLO) },
    { 400, BYTES("5;a\n" HELLO) },               { 400, BYTES("5;a\r" HELLO) },
    { 400, BYTES("5;\r\n" HELLO) },              { 400, BYTES("5; a\r\n" HELLO) },
    { 400, BYTES("5 ;a\r\n" HELLO) },            { 400, BYTES("5;a\0\r\n" HELLO) },
    { 400, BYTES("5;a\x80\r\n" HELLO) },         { 400, BYTES("5;\"a\"\r\n" HELLO) },
    { 400, BYTES("10000000000000005\r\n" HELLO) },
    { 400, BYTES("00000000000000005\r\n" HELLO) },
    { 413, BYTES("FFFFFFFFFFFFFFFF\r\n" HELLO) },
    { 413, BYTES("8000000000000000\r\n" HELLO) },
    { 413, BYTES("41\r\nhello") },               { 413, BYTES("1\r\na\r\n40\r\n") },
    { 400, BYTES("0\r\n\n") },                   { 400, BYTES("0\r\n\rX") },
    { 400, BYTES("0\r\nX\r\n\r\n") },            { 400, BYTES("0\r\n: a\r\n\r\n") },
    { 400, BYTES("0\r\nX : a\r\n\r\n") },        { 400, BYTES("0\r\nX: a\n\r\n") },
    { 400, BYTES("0\r\nX: a\r\n b\r\n\r\n") },   { 400, BYTES("0\r\nX: \0\r\n\r\n") },
    { 400, BYTES("0\r\nX: a\rY: b\r\n\r\n") },   { 400, BYTES("0\nX: a\r\n\r\n") },
    { 400, BYTES("0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") },
    { 400, BYTES("0\r\nX\xC3\xA9: a\r\n\r\n") },
    { 431, BYTES("0\r\nX: 0123456789012345678901234567890123456789++\r\n\r\n") },
};
/* clang-format on */

#endif
