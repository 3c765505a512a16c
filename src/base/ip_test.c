/*
 * ip_test.c - addresses have one meaning or none, and a range holds what it says.
 * Method: tables of texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/ip.h"

static void addresses_are_read_strictly(void **unused)
{
    static const struct {
        const char *text;
        bool is_address, is_v4, is_loopback;
    } rows[] = {
        { "127.0.0.1", true, true, true },
        { "127.255.0.9", true, true, true },
        { "192.0.2.7", true, true, false },
        { "::ffff:127.0.0.1", true, true, true },
        { "::1", true, false, true },
        { "::", true, false, false },
        { "2001:db8::7", true, false, false },
        { "1:2:3:4:5:6:7:8", true, false, false },
        { "", false, false, false },
        { "127.1", false, false, false },
        { "127.0.0.01", false, false, false },
        { "127.0.0.256", false, false, false },
        { "127.0.0.1 ", false, false, false },
        { "1:2:3:4:5:6:7", false, false, false },
        { "1::2::3", false, false, false },
        { "::g", false, false, false },
        { "fe80::1%eth0", false, false, false },
        { "[::1]", false, false, false },
        { "unknown", false, false, false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pgl_ip ip;
        assert_int_equal(pgl_ip_read(pgl_text_of(rows[i].text), &ip), rows[i].is_address);
        if (rows[i].is_address) {
            assert_int_equal(pgl_ip_is_v4(&ip), rows[i].is_v4);
            assert_int_equal(pgl_ip_is_loopback(&ip), rows[i].is_loopback);
        }
    }
}

static void a_range_holds_what_it_says(void **unused)
{
    static const struct {
        const char *range;
        bool is_range;
        const char *in, *out;
    } rows[] = {
        { "10.0.0.0/8", true, "10.255.3.4", "11.0.0.0" },
        { "192.0.2.128/25", true, "192.0.2.128", "192.0.2.127" },
        { "192.0.2.7", true, "192.0.2.7", "192.0.2.6" },
        { "0.0.0.0/0", true, "8.8.8.8", "2001:db8::1" },
        { "::/0", true, "8.8.8.8", NULL },
        { "2001:db8::/33", true, "2001:db8:7fff::1", "2001:db8:8000::1" },
        { "::1", true, "::1", "127.0.0.1" },
        { "::ffff:10.0.0.0/104", true, "10.1.2.3", "11.1.2.3" },
        { "10.0.0.1/8", false, NULL, NULL }, /* a bit beyond: a slip of the hand */
        { "10.0.0.0/33", false, NULL, NULL },
        { "10.0.0.0/-1", false, NULL, NULL },
        { "10.0.0.0/", false, NULL, NULL },
        { "2001:db8::/129", false, NULL, NULL },
        { "/8", false, NULL, NULL },
        { "proxy/8", false, NULL, NULL },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pgl_ip_range range;
        pgl_ip ip;
        assert_int_equal(pgl_ip_range_read(pgl_text_of(rows[i].range), &range), rows[i].is_range);
        if (rows[i].in != NULL) {
            assert_true(pgl_ip_read(pgl_text_of(rows[i].in), &ip));
            assert_true(pgl_ip_is_in(ip.bytes, &range));
        }
        if (rows[i].out != NULL) {
            assert_true(pgl_ip_read(pgl_text_of(rows[i].out), &ip));
            assert_false(pgl_ip_is_in(ip.bytes, &range));
        }
    }
}

static void addresses_are_written_the_short_way(void **unused)
{
    static const struct {
        const char *read, *written;
    } rows[] = {
        { "192.0.2.7", "192.0.2.7" },
        { "::ffff:192.0.2.7", "192.0.2.7" },
        { "0:0:0:0:0:0:0:0", "::" },
        { "0:0:0:0:0:0:0:1", "::1" },
        { "2001:0DB8:0:0:0:0:0:7", "2001:db8::7" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* one group is no run */
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pgl_ip ip;
        char text[PGL_IP_TEXT_BYTES];
        assert_true(pgl_ip_read(pgl_text_of(rows[i].read), &ip));
        pgl_ip_write(&ip, text);
        assert_string_equal(text, rows[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_strictly),
        cmocka_unit_test(a_range_holds_what_it_says),
        cmocka_unit_test(addresses_are_written_the_short_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
