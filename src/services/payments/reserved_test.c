/*
 * reserved_test.c - is a part of an order charged for as it was priced, and never for more?
 * Method: a table of reservations against one order: 2 tea at 100, 3 cups at 70.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/payments/reserved.h"

#define ALLOCATIONS_MAX 4

struct part {
    int32_t line_no;
    int64_t quantity;
};

struct reservation {
    InventoryReserved message;
    Allocation allocations[ALLOCATIONS_MAX], *list[ALLOCATIONS_MAX];
};

/* A quantity of 0 in `parts` ends them. */
static void reservation_of(struct reservation *reservation, const struct part *parts)
{
    reservation->message = (InventoryReserved)INVENTORY_RESERVED_INIT;
    reservation->message.allocations = reservation->list;
    for (size_t i = 0; i < ALLOCATIONS_MAX && parts[i].quantity != 0; i++) {
        reservation->allocations[i] = (Allocation)ALLOCATION_INIT;
        reservation->allocations[i].line_no = parts[i].line_no;
        reservation->allocations[i].quantity = parts[i].quantity;
        reservation->list[i] = &reservation->allocations[i];
        reservation->message.n_allocations++;
    }
}

static pgl_status worth(const struct part *parts, bool allow_partial, int64_t cup_minor,
                        int64_t *worth_minor)
{
    Line tea = LINE_INIT, cup = LINE_INIT, *lines[] = { &tea, &cup };
    tea.line_no = 1;
    tea.quantity = 2;
    tea.unit_price_minor = 100;
    cup.line_no = 2;
    cup.quantity = 3;
    cup.unit_price_minor = cup_minor;
    PaymentAuthorized promise = PAYMENT_AUTHORIZED_INIT;
    promise.amount_minor = 410;
    promise.allow_partial = allow_partial;
    promise.n_lines = 2;
    promise.lines = lines;
    struct reservation reservation;
    reservation_of(&reservation, parts);
    return pgl_reserved_worth(&promise, &reservation.message, worth_minor);
}

static void what_is_there_is_worth_its_price(void **unused)
{
    static const struct {
        struct part parts[ALLOCATIONS_MAX];
        int64_t worth_minor;
    } cases[] = {
        { { { 0, 0 } }, 0 },
        { { { 1, 1 } }, 100 },
        { { { 2, 3 } }, 210 },
        { { { 1, 2 }, { 2, 1 } }, 270 },
        { { { 2, 1 }, { 1, 1 }, { 2, 1 }, { 1, 1 } }, 340 },
        { { { 1, 2 }, { 2, 3 } }, 410 },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t worth_minor;
        assert_true(pgl_is_ok(worth(cases[i].parts, true, 70, &worth_minor)));
        assert_int_equal(worth_minor, cases[i].worth_minor);
    }
}

static void what_cannot_be_is_refused(void **unused)
{
    static const struct {
        struct part parts[ALLOCATIONS_MAX];
        bool allow_partial;
        int64_t cup_minor;
        enum pgl_code code;
    } cases[] = {
        { { { 1, 1 } }, false, 70, PGL_CONFLICT },               /* all or nothing */
        { { { 3, 1 } }, true, 70, PGL_INVALID },                 /* no such line */
        { { { 1, 3 } }, true, 70, PGL_INVALID },                 /* more than ordered */
        { { { 2, 2 }, { 2, 2 } }, true, 70, PGL_INVALID },       /* the same, from two places */
        { { { 1, -1 } }, true, 70, PGL_INVALID },                /* less than nothing */
        { { { 1, 2 }, { 2, 3 } }, true, 71, PGL_INVALID },       /* more than authorized */
        { { { 2, 3 } }, true, INT64_MAX / 2, PGL_INVALID },      /* more than there is */
        { { { 2, INT64_MAX }, { 2, 1 } }, true, 1, PGL_INVALID } /* the same of quantities */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t worth_minor;
        assert_int_equal(
            worth(cases[i].parts, cases[i].allow_partial, cases[i].cup_minor, &worth_minor).code,
            cases[i].code);
    }
}

static void lines_are_named_once(void **unused)
{
    (void)unused;
    static const struct part parts[ALLOCATIONS_MAX] = { { 7, 1 }, { 2, 1 }, { 7, 4 }, { 2, 9 } };
    struct reservation reservation;
    struct pgl_arena arena;
    CapturedLine **lines;
    size_t count;
    reservation_of(&reservation, parts);
    pgl_arena_init(&arena, 4096, 4096);
    assert_true(pgl_is_ok(pgl_reserved_lines(&reservation.message, &arena, &lines, &count)));
    assert_int_equal(count, 2);
    assert_int_equal(lines[0]->line_no, 7);
    assert_int_equal(lines[0]->quantity, 5);
    assert_int_equal(lines[1]->line_no, 2);
    assert_int_equal(lines[1]->quantity, 10);

    reservation.message.complete = true;
    assert_true(pgl_is_ok(pgl_reserved_lines(&reservation.message, &arena, &lines, &count)));
    assert_int_equal(count, 0);
    pgl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_worth_its_price),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(lines_are_named_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
