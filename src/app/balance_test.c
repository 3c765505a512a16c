/*
 * balance_test.c - do lists that differ show, and is it named where?
 * Method: lists of many keys in different orders; then one entry too many, too few, another amount,
 *         another part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/balance.h"

#define KEYS 50000

static const struct pgl_hash_key hash_key = { 7, 11 };

static pgl_id id_of(uint32_t number)
{
    pgl_id id = { { 0 } };
    memcpy(id.bytes, &number, sizeof number);
    return id;
}

/* A change to one of the two lists. */
struct change {
    uint32_t key;
    int64_t part, amount;
};

/* The one list goes up, the other down. */
static void add_all(struct pgl_balance *balance, const struct change *change)
{
    for (uint32_t n = 0; n < KEYS; n++) {
        pgl_id id = id_of(n);
        pgl_balance_add(balance, &id, n % 3, 1 + n % 5);
    }
    for (uint32_t n = KEYS; n-- > 0;) {
        pgl_id id = id_of(n);
        pgl_balance_add(balance, &id, n % 3, -(1 + (int64_t)(n % 5)));
    }
    if (change != NULL) {
        pgl_id id = id_of(change->key);
        pgl_balance_add(balance, &id, change->part, change->amount);
    }
}

static void equal_lists_are_even(void **unused)
{
    struct pgl_balance balance;
    (void)unused;
    pgl_balance_init(&balance, hash_key);
    assert_true(pgl_balance_is_even(&balance));
    add_all(&balance, NULL);
    assert_true(pgl_balance_is_even(&balance));
    pgl_balance_free(&balance);
}

static void what_differs_is_named_and_nothing_else(void **unused)
{
    static const struct change changes[] = {
        { KEYS + 1, 0, 1 },        /* a key that the other list has not */
        { 17, 17 % 3, 1 },         /* another amount */
        { 17, 17 % 3, INT64_MIN }, /* any other */
        { 30, 30 % 3 + 1, -1 },    /* a known key, another part of it */
        { 31, -5, INT64_MAX },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct pgl_balance balance;
        pgl_balance_init(&balance, hash_key);
        add_all(&balance, &changes[i]);
        assert_false(pgl_balance_is_even(&balance));
        pgl_balance_name(&balance);
        add_all(&balance, &changes[i]);
        size_t at = 0;
        const struct pgl_balance_entry *entry = pgl_balance_next(&balance, &at);
        pgl_id expected = id_of(changes[i].key);
        assert_non_null(entry);
        assert_true(pgl_id_equal(entry->id, expected));
        assert_int_equal(entry->part, changes[i].part);
        assert_int_equal(entry->amount, changes[i].amount);
        assert_null(pgl_balance_next(&balance, &at));
        assert_false(balance.is_full);
        pgl_balance_free(&balance);
    }
}

/* An amount moved from one key to another leaves the sum of all amounts as it was. */
static void a_swap_is_seen(void **unused)
{
    const struct change back = { 8, 8 % 3, 1 };
    pgl_id from = id_of(9);
    struct pgl_balance balance;
    (void)unused;
    pgl_balance_init(&balance, hash_key);
    add_all(&balance, &back);
    pgl_balance_add(&balance, &from, 9 % 3, -1);
    assert_false(pgl_balance_is_even(&balance));
    pgl_balance_free(&balance);
}

/* Far more offenders than can be kept: those that are named are right, and it is said that there
 * are more. */
static void too_many_are_too_many(void **unused)
{
    const uint32_t count = 2 * PGL_BALANCE_NAMED_MAX;
    struct pgl_balance balance;
    (void)unused;
    pgl_balance_init(&balance, hash_key);
    for (int reading = 0; reading < 2; reading++) {
        for (uint32_t n = 0; n < count; n++) {
            pgl_id id = id_of(n);
            pgl_balance_add(&balance, &id, 0, 1);
        }
        for (uint32_t n = 0; n < count; n += 2) { /* the even ones are all right */
            pgl_id id = id_of(n);
            pgl_balance_add(&balance, &id, 0, -1);
        }
        pgl_balance_name(&balance);
    }
    const struct pgl_balance_entry *entry;
    size_t at = 0, named = 0;
    for (; (entry = pgl_balance_next(&balance, &at)) != NULL; named++) {
        uint32_t number;
        memcpy(&number, entry->id.bytes, sizeof number);
        assert_int_equal(number % 2, 1);
        assert_int_equal(entry->amount, 1);
    }
    assert_true(balance.is_full);
    assert_int_equal(named, PGL_BALANCE_NAMED_MAX / 2);
    pgl_balance_free(&balance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_lists_are_even),
        cmocka_unit_test(what_differs_is_named_and_nothing_else),
        cmocka_unit_test(a_swap_is_seen),
        cmocka_unit_test(too_many_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
