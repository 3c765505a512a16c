/*
 * proxy_protocol_test.c - a header is taken exactly as the protocol has it, whatever pieces it
 * comes in, and no byte behind it is asked for.
 * Method: headers as a table; each is fed as its reader would, as many bytes as are wanted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "wire/proxy_protocol.h"

#define V2       "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(s) (s), sizeof(s) - 1

struct row {
    const char *bytes;
    size_t size;
    const char *client; /* "" for the proxy's own; NULL: refused */
};

static const struct row rows[] = {
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), "192.0.2.7" },
    { BYTES("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), "0.0.0.0" },
    { BYTES("PROXY TCP6 2001:db8::7 ::1 1 2\r\n"), "2001:db8::7" },
    { BYTES("PROXY UNKNOWN\r\n"), "" },
    { BYTES("PROXY UNKNOWN whatever it likes\r\n"), "" },
    { BYTES("PROXY UNKNOWNS\r\n"), NULL },
    { BYTES("PROXY TCP4 2001:db8::7 ::1 1 2\r\n"), NULL }, /* the other family */
    { BYTES("PROXY TCP6 192.0.2.7 192.0.2.8 1 2\r\n"), NULL },
    { BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n"), NULL },
    { BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1 2 3\r\n"), NULL },
    { BYTES("PROXY TCP4  192.0.2.7 192.0.2.8 1 2\r\n"), NULL },
    { BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1 65536\r\n"), NULL },
    { BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 01 2\r\n"), NULL },
    { BYTES("PROXY TCP4 192.0.2.07 192.0.2.8 1 2\r\n"), NULL },
    { BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1 2\n"), NULL },
    { BYTES("PROXY \r\nxxxxxxxxxxxxxxx"), NULL },
    { BYTES("PROXY\r\n"), NULL },
    { BYTES("proxy TCP4 192.0.2.7 192.0.2.8 1 2\r\n"), NULL },
    { BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), NULL },
    { BYTES("\x16\x03\x01\x02\x00\x01"), NULL },
    { BYTES(V2 "\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\0\1\0\2"), "192.0.2.7" },
    { BYTES(V2 "\x21\x11\0\x0f\xc0\0\2\7\xc0\0\2\1\0\1\0\2\4\0\0"), "192.0.2.7" }, /* and a TLV */
    { BYTES(V2 "\x21\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7\x20\1\x0d\xb8\0\0\0\0\0\0\0\0"
               "\0\0\0\1\0\1\0\2"),
      "2001:db8::7" },
    { BYTES(V2 "\x20\0\0\0"), "" },                                     /* by itself */
    { BYTES(V2 "\x20\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\0\1\0\2"), "" },     /* the same */
    { BYTES(V2 "\x21\0\0\0"), "" },                                     /* not known */
    { BYTES(V2 "\x21\x12\0\x0c\xc0\0\2\7\xc0\0\2\1\0\1\0\2"), "" },     /* UDP */
    { BYTES(V2 "\x21\x11\0\x0b\xc0\0\2\7\xc0\0\2\1\0\1\0"), NULL },     /* too short */
    { BYTES(V2 "\x22\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\0\1\0\2"), NULL },   /* a command */
    { BYTES(V2 "\x11\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\0\1\0\2"), NULL },   /* a version */
    { BYTES(V2 "\x21\x11\xff\xff\xc0\0\2\7\xc0\0\2\1\0\1\0\2"), NULL }, /* too long */
    { BYTES("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2"), NULL },
};

/* As a reader does it: never more than is wanted, and `at_most` at a time. */
static void a_header_is_read(const struct row *row, size_t at_most)
{
    struct pgl_proxy_header header;
    enum pgl_proxy_result result = PGL_PROXY_MORE;
    size_t size = 0;
    while ((result = pgl_proxy_read((struct pgl_text){ row->bytes, size }, &header)) ==
           PGL_PROXY_MORE) {
        size_t step = header.wanted < at_most ? header.wanted : at_most;
        assert_true(header.wanted > 0 && size < row->size); /* else it waits in vain */
        assert_true(row->client == NULL || step <= row->size - size);
        size += step < row->size - size ? step : row->size - size;
    }
    assert_int_equal(result, row->client != NULL ? PGL_PROXY_DONE : PGL_PROXY_REFUSED);
    if (result == PGL_PROXY_REFUSED) {
        assert_true(header.why[0] != '\0');
        return;
    }
    char text[PGL_IP_TEXT_BYTES] = "";
    assert_int_equal(header.size, row->size);
    assert_int_equal(size, row->size);
    if (header.has_client)
        pgl_ip_write(&header.client, text);
    assert_string_equal(text, row->client);
}

static void headers_are_read_in_any_pieces(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t at_most = 1; at_most <= 17; at_most++)
            a_header_is_read(&rows[i], at_most);
        a_header_is_read(&rows[i], SIZE_MAX);
    }
}

static void a_line_has_an_end(void **unused)
{
    char line[PGL_PROXY_V1_BYTES_MAX + 1];
    struct pgl_proxy_header header;
    (void)unused;
    memset(line, 'x', sizeof line);
    memcpy(line, "PROXY UNKNOWN ", 14);
    memcpy(line + PGL_PROXY_V1_BYTES_MAX - 2, "\r\n", 2);
    struct pgl_text bytes = { line, PGL_PROXY_V1_BYTES_MAX };
    assert_int_equal(pgl_proxy_read(bytes, &header), PGL_PROXY_DONE);
    memcpy(line + PGL_PROXY_V1_BYTES_MAX - 2, "x\r\n", 3);
    bytes.size++;
    assert_int_equal(pgl_proxy_read(bytes, &header), PGL_PROXY_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read_in_any_pieces),
        cmocka_unit_test(a_line_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
