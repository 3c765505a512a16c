/*
 * timer_set_test.c - what is waited for comes in its order, once, and what was taken out never.
 * Method: against a plain list, with draws from a seed; the places of the heap are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "saga/timer_set.h"

#define THINGS 3000

enum model_state { ABSENT, WAITS, DUE };

static struct model {
    int64_t due_ns;
    enum model_state state;
} model[THINGS];

static pgl_id id_of(uint64_t number)
{
    pgl_id id = { { 0 } };
    for (int i = 0; i < 8; i++)
        id.bytes[15 - i] = (uint8_t)(number >> (8 * i));
    return id;
}

static uint64_t number_of(pgl_id id)
{
    return (uint64_t)id.bytes[14] << 8 | id.bytes[15];
}

static void add(struct pgl_timer_set *set, uint64_t number, int64_t due_ns)
{
    assert_true(pgl_is_ok(pgl_timer_set_add(set, id_of(number), due_ns)));
}

static int64_t earliest(void)
{
    int64_t due_ns = PGL_NEVER_NS;
    for (int i = 0; i < THINGS; i++)
        if (model[i].state == WAITS && model[i].due_ns < due_ns)
            due_ns = model[i].due_ns;
    return due_ns;
}

static uint32_t count(enum model_state state)
{
    uint32_t counted = 0;
    for (int i = 0; i < THINGS; i++)
        counted += model[i].state == state;
    return counted;
}

static void check_oldest(const struct pgl_timer_set *set)
{
    pgl_id oldest;
    uint64_t first = 0;
    while (first < THINGS && model[first].state == ABSENT)
        first++;
    assert_int_equal(pgl_timer_set_oldest(set, &oldest), first < THINGS);
    if (first < THINGS)
        assert_int_equal(number_of(oldest), first);
}

static void take_all_due(struct pgl_timer_set *set, int64_t now_ns)
{
    struct pgl_timer_entry entry;
    int64_t before = 0;
    while (pgl_timer_set_take_due(set, now_ns, &entry)) {
        struct model *thing = &model[number_of(entry.id)];
        assert_true(entry.due_ns >= before && entry.due_ns <= now_ns);
        assert_int_equal(thing->state, WAITS);
        assert_int_equal(thing->due_ns, entry.due_ns);
        before = entry.due_ns;
        thing->state = DUE;
        entry.due_ns = PGL_NEVER_NS;
        pgl_timer_set_give(set, entry);
    }
}

static void things_come_due_in_order_and_go_for_good(void **unused)
{
    (void)unused;
    struct pgl_timer_set set;
    struct pgl_random random;
    uint64_t next = 0;
    memset(model, 0, sizeof model);
    pgl_random_seed(&random, 3, 1);
    assert_true(pgl_is_ok(pgl_timer_set_open(&set, THINGS)));
    for (int64_t now_ns = 1; next < THINGS; now_ns++) {
        int64_t due_ns = now_ns + (int64_t)pgl_random_below(&random, 2000);
        model[next] = (struct model){ due_ns, WAITS };
        add(&set, next++, due_ns);
        uint64_t some = pgl_random_below(&random, next);
        if (pgl_random_below(&random, 3) > 0) {
            pgl_timer_set_remove(&set, id_of(some));
            model[some].state = ABSENT;
        }
        if (pgl_random_below(&random, 20) == 0) {
            int due = pgl_timer_set_count_due(&set, now_ns, THINGS);
            uint32_t waited = count(WAITS);
            take_all_due(&set, now_ns);
            assert_int_equal(waited - count(WAITS), due);
            check_oldest(&set);
        }
        assert_true(pgl_timer_set_next_ns(&set) == earliest());
        assert_int_equal(set.due_count, count(DUE));
        assert_int_equal(set.things.count, count(DUE) + count(WAITS));
        assert_true(set.entry_count < 2 * set.things.count + 1024 + 1);
    }
    pgl_timer_set_close(&set);
}

/* Each heap of so few, whose last place is a left child or a right one. */
static void few_come_in_order_too(void **unused)
{
    (void)unused;
    struct pgl_timer_set set;
    struct pgl_random random;
    pgl_random_seed(&random, 4, 1);
    for (uint64_t round = 0; round < 1000; round++) {
        assert_true(pgl_is_ok(pgl_timer_set_open(&set, 8)));
        for (uint64_t i = 0; i < 1 + round % 8; i++)
            add(&set, i, 1 + (int64_t)pgl_random_below(&random, 100));
        struct pgl_timer_entry entry = { 0 };
        for (int64_t before = 0; pgl_timer_set_take_due(&set, 100, &entry); before = entry.due_ns)
            assert_true(entry.due_ns >= before);
        pgl_timer_set_close(&set);
    }
}

static void a_full_set_refuses_and_a_removal_makes_room(void **unused)
{
    (void)unused;
    struct pgl_timer_set set;
    assert_true(pgl_is_ok(pgl_timer_set_open(&set, 2)));
    add(&set, 1, 10);
    add(&set, 2, 20);
    add(&set, 2, 5); /* there already */
    assert_int_equal(pgl_timer_set_add(&set, id_of(3), 30).code, PGL_EXHAUSTED);
    assert_int_equal(pgl_timer_set_next_ns(&set), 10);
    pgl_timer_set_remove(&set, id_of(1));
    pgl_timer_set_remove(&set, id_of(1));
    assert_int_equal(pgl_timer_set_next_ns(&set), 20);
    for (uint64_t n = 4; n < 100000; n++) { /* what has gone leaves no place taken for long */
        add(&set, n, (int64_t)n);
        pgl_timer_set_remove(&set, id_of(n));
    }
    pgl_timer_set_close(&set);
}

static void what_was_taken_can_be_given_back(void **unused)
{
    (void)unused;
    struct pgl_timer_set set;
    struct pgl_timer_entry entry;
    assert_true(pgl_is_ok(pgl_timer_set_open(&set, 8)));
    add(&set, 1, 10);
    assert_false(pgl_timer_set_take_due(&set, 9, &entry));
    assert_true(pgl_timer_set_take_due(&set, 10, &entry));
    assert_false(pgl_timer_set_take_due(&set, 10, &entry));
    pgl_timer_set_give(&set, entry);
    assert_int_equal(set.due_count, 0);
    assert_int_equal(pgl_timer_set_next_ns(&set), 10);
    assert_true(pgl_timer_set_take_due(&set, 10, &entry));
    pgl_timer_set_remove(&set, entry.id); /* gone in the meantime */
    pgl_timer_set_give(&set, entry);
    assert_true(pgl_timer_set_next_ns(&set) == PGL_NEVER_NS);
    pgl_timer_set_close(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_come_due_in_order_and_go_for_good),
        cmocka_unit_test(few_come_in_order_too),
        cmocka_unit_test(a_full_set_refuses_and_a_removal_makes_room),
        cmocka_unit_test(what_was_taken_can_be_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
