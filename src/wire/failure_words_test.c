/*
 * failure_words_test.c - a code that is known is said in words, any other as it came.
 * Method: a few of each kind; that whoever reported a card lost is not told about it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/failure_words.h"

static void codes_are_said_in_words(void **unused)
{
    (void)unused;
    assert_string_equal(pgl_failure_words("insufficient_credit"), "there is not enough credit");
    assert_string_equal(pgl_failure_words("expired_card"), "the card has expired");
    assert_string_equal(pgl_failure_words("stolen_card"), pgl_failure_words("card_declined"));
    assert_string_equal(pgl_failure_words("refund_refused"), "the payment provider refused it");
    assert_string_equal(pgl_failure_words("a_new_code"), "a_new_code");
    assert_string_equal(pgl_failure_words(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(codes_are_said_in_words) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
