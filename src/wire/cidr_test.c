/*
 * cidr_test.c - a range of addresses is read in one way, and has what lies in it.
 * Method: tables of good and bad; ranges against an address on either side of both ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/cidr.h"

static void right_ranges_are_read(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int bits;
    } good[] = {
        { "0.0.0.0/0", 96 },
        { "10.0.0.0/8", 104 },
        { "10.1.0.0/16", 112 },
        { "192.168.7.4", 128 },
        { "192.168.7.4/32", 128 },
        { "255.255.255.255", 128 },
        { "::/0", 0 },
        { "::", 128 },
        { "::1", 128 },
        { "2001:db8::/32", 32 },
        { "2001:DB8:0:0::/64", 64 },
        { "1:2:3:4:5:6:7:8", 128 },
        { "::ffff:10.0.0.0/104", 104 },
        { "1:2:3:4:5:6:7::", 128 },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct pgl_cidr cidr;
        pgl_status status = pgl_cidr_read(pgl_text_of(good[i].text), &cidr);
        if (!pgl_is_ok(status))
            print_error("%s: %s\n", good[i].text, status.text);
        assert_true(pgl_is_ok(status));
        assert_int_equal(cidr.bits, good[i].bits);
    }
}

static void wrong_ranges_are_refused(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10.0.0.1/8",
        "10.0.0",
        "10.0.0.0.0",
        "10.0.0.",
        ".10.0.0.0",
        "010.0.0.0",
        "256.0.0.0",
        "1.2.3.4 ",
        "a.b.c.d",
        "10.0.0.0/8/8",
        "::/129",
        ":",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "12345::",
        "1:2:3:4:5:6:7:8:9",
        "::1%lo",
        "2001:db8::1/32",
        "::1.2.3",
        "1.2.3.4::",
        "1:2:3:4:5:6:7:8::",
        "g::",
        "[::1]",
        "10.0.0.0/+8",
        "::1/00",
        "0x7f000001",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1:2:3:4:5:6:7:8",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pgl_cidr cidr;
        assert_int_equal(pgl_cidr_read(pgl_text_of(bad[i]), &cidr).code, PGL_INVALID);
    }
}

static void a_range_has_what_lies_in_it(void **unused)
{
    (void)unused;
    static const struct {
        const char *range, *address;
        bool is_in;
    } cases[] = {
        { "10.1.0.0/16", "10.0.255.255", false },
        { "10.1.0.0/16", "10.1.0.0", true },
        { "10.1.0.0/16", "10.1.255.255", true },
        { "10.1.0.0/16", "10.2.0.0", false },
        { "10.1.128.0/17", "10.1.127.255", false },
        { "10.1.128.0/17", "10.1.128.0", true },
        { "192.168.7.4", "192.168.7.4", true },
        { "192.168.7.4", "192.168.7.5", false },
        { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "203.0.113.9", true },
        { "10.1.0.0/16", "::ffff:10.1.2.3", true }, /* as a socket for both shows it */
        { "2001:db8::/33", "2001:db8:7fff:ffff::1", true },
        { "2001:db8::/33", "2001:db8:8000::", false },
        { "::1", "::1", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pgl_cidr cidr;
        struct pgl_address_bytes address;
        assert_true(pgl_is_ok(pgl_cidr_read(pgl_text_of(cases[i].range), &cidr)));
        assert_true(pgl_is_ok(pgl_address_bytes_read(pgl_text_of(cases[i].address), &address)));
        if (pgl_cidr_has(&cidr, &address) != cases[i].is_in)
            print_error("%s in %s\n", cases[i].address, cases[i].range);
        assert_int_equal(pgl_cidr_has(&cidr, &address), cases[i].is_in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ranges_are_read),
        cmocka_unit_test(wrong_ranges_are_refused),
        cmocka_unit_test(a_range_has_what_lies_in_it),
    };
    return cmocka_run_group_tests_name("cidr", tests, NULL, NULL);
}
