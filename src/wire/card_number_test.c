/*
 * card_number_test.c - what looks like the number of a card is seen wherever it stands, and nothing
 * else.
 * Method: a table of bodies. The numbers are those that card schemes publish for tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/card_number.h"

/* clang-format off */
static const struct row {
    const char *body;
    bool is_seen;
} rows[] = {
    { "4242424242424242",                                   true },  /* 16 */
    { "{\"cardToken\":\"4242424242424242\"}",               true },
    { "{\"amount\":4242424242424242}",                      true },  /* not only in strings */
    { "4242 4242 4242 4242",                                true },
    { "4242-4242-4242-4242",                                true },
    { "4242-4242 4242-4242",                                true },
    { "378282246310005",                                    true },  /* 15 */
    { "3782 822463 10005",                                  true },
    { "3782-822463-10005",                                  true },
    { "4222222222222",                                      true },  /* 13 */
    { "30569309025904",                                     true },  /* 14 */
    { "6304000000000000000",                                true },  /* 19 */
    { "6304 0000 0000 0000 000",                            true },
    { "card4242424242424242please",                         true },
    { "12 4242 4242 4242 4242",                             true },  /* a group before it is not its */
    { "0000 4242 4242 4242 4242",                           true },
    { "1 2 3 4 5 6 7 4242-4242-4242-4242",                  true },
    { "[1,4242424242424242]",                               true },
    { "2026-01-31 4242424242424242",                        true },
    { "12345678901234567890 4242424242424242",              true },  /* too long is over at its end */
    { "\\u0034242424242424242",                             true },  /* JSON's other spelling */
    { "4242\\u00204242\\u002d4242\\u00204242",              true },
    { "\\u0034\\u0032\\u0034\\u0032424242424242",           true },
    { "4242424242424241",                                   false }, /* not Luhn's */
    { "424242424242",                                       false }, /* 12 */
    { "42424242424242424242",                               false }, /* 20 */
    { "4242  4242 4242 4242",                               false }, /* two blanks */
    { "4242,4242,4242,4242",                                false },
    { "4242 424242 424242",                                 false }, /* no card is printed so */
    { "42 42 42 42 42 42 42 42",                            false },
    { "019a0b1c-7000-7000-8000-0123456789ab",               false },
    { "{\"sku\":\"SKU-0001\",\"quantity\":2}",              false },
    { "2026-01-31T12:00:00.000Z",                           false },
    { "\\u003",                                             false },
    { "\\",                                                 false },
    { "",                                                   false },
};
/* clang-format on */

static void a_card_number_is_seen_and_nothing_else(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *seen = pgl_has_card_number(pgl_text_of(rows[i].body)) ? rows[i].body : "";
        assert_string_equal(seen, rows[i].is_seen ? rows[i].body : "");
    }
}

/* One digit changed is seen by Luhn's check, whichever it is. */
static void any_digit_matters(void **unused)
{
    (void)unused;
    for (size_t at = 0; at < 16; at++) {
        char number[] = "5555555555554444";
        number[at] = (char)(number[at] == '9' ? '0' : number[at] + 1);
        assert_false(pgl_has_card_number(pgl_text_of(number)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_number_is_seen_and_nothing_else),
        cmocka_unit_test(any_digit_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
