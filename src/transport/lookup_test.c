/*
 * lookup_test.c - a name becomes its addresses, and a flow is woken once they are there.
 * Method: a flow over the twin, whose resolver has a table; each row a name and what comes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/time.h"
#include "platform/twin.h"
#include "transport/lookup.h"

struct asking {
    struct pgl_flow flow; /* first */
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_lookup lookup;
    const char *name;
    bool was_at_once, is_over, was_late;
};

enum step { ASK, HEAR, LATE };

static struct pgl_go step_ask(struct pgl_flow *flow)
{
    struct asking *asking = (struct asking *)flow;
    pgl_lookup_start(&asking->lookup, &asking->loop, asking->name, flow);
    asking->was_at_once = asking->lookup.is_done;
    return asking->lookup.is_done ? pgl_go(HEAR) : pgl_wait(HEAR);
}

static struct pgl_go step_hear(struct pgl_flow *flow)
{
    struct asking *asking = (struct asking *)flow;
    assert_true(asking->lookup.is_done);
    asking->is_over = true;
    return pgl_done();
}

static struct pgl_go step_late(struct pgl_flow *flow)
{
    struct asking *asking = (struct asking *)flow;
    pgl_lookup_stop(&asking->lookup);
    asking->was_late = true;
    return pgl_done();
}

static const struct pgl_step steps[] = {
    [ASK] = { "ask", step_ask, 0, LATE },
    [HEAR] = { "hear", step_hear, PGL_SECONDS(2), LATE },
    [LATE] = { "late", step_late, 0, LATE },
};

static void flow_done(struct pgl_flow *flow)
{
    (void)flow;
}

static void run(struct asking *asking)
{
    do
        pgl_twin_note_news(&asking->twin);
    while (pgl_loop_turn(&asking->loop) || pgl_loop_has_news(&asking->loop));
}

static void open_and_ask(struct asking *asking, const char *name, int64_t delay_ns)
{
    static const struct pgl_twin_name names[] = {
        { "one.example", "192.0.2.7" },
        { "two.example", "2001:db8::7\n192.0.2.7" },
        { "many.example", "10.0.0.1\n10.0.0.2\n10.0.0.3\n10.0.0.4\n10.0.0.5\n10.0.0.6\n10.0.0.7\n"
                          "10.0.0.8\n10.0.0.9\n10.0.0.10\n10.0.0.11\n10.0.0.12\n10.0.0.13\n"
                          "10.0.0.14\n10.0.0.15\n10.0.0.16\n10.0.0.17" },
        { "odd.example", "0123456789012345678901234567890123456789012345\n\n192.0.2.7" },
        { "empty.example", "" },
        { "down.example", NULL },
    };
    *asking = (struct asking){ .name = name };
    pgl_twin_open(&asking->twin, 1);
    asking->twin.delay_ns = delay_ns;
    asking->twin.draws_sizes = true;
    memcpy(asking->twin.names, names, sizeof names);
    asking->waiter = asking->twin.platform.waiter_open(&asking->twin.platform);
    pgl_loop_init(&asking->loop, "test", &asking->twin.platform, asking->waiter);
    pgl_flow_start(&asking->flow, &asking->loop, steps, ASK, flow_done);
    run(asking);
}

static void shut(struct asking *asking)
{
    asking->waiter->ops->close(asking->waiter);
    pgl_twin_close(&asking->twin); /* no socket is left */
}

static void names_become_addresses(void **unused)
{
    static char long_name[300];
    static const struct {
        const char *name;
        bool is_at_once;
        enum pgl_code code;
        int count;
        const char *first, *last;
    } rows[] = {
        { "one.example", false, PGL_CODE_OK, 1, "192.0.2.7", "192.0.2.7" },
        { "two.example", false, PGL_CODE_OK, 2, "2001:db8::7", "192.0.2.7" },
        { "many.example", false, PGL_CODE_OK, 16, "10.0.0.1", "10.0.0.16" },
        { "odd.example", false, PGL_CODE_OK, 1, "192.0.2.7", "192.0.2.7" },
        { "127.0.0.1", true, PGL_CODE_OK, 1, "127.0.0.1", "127.0.0.1" },
        { "::1", true, PGL_CODE_OK, 1, "::1", "::1" },
        { "empty.example", false, PGL_NOT_FOUND, 0, "", "" },
        { "unknown.example", false, PGL_NOT_FOUND, 0, "", "" },
        { "down.example", true, PGL_UNAVAILABLE, 0, "", "" },
        { "", true, PGL_INVALID, 0, "", "" },
        { long_name, true, PGL_INVALID, 0, "", "" },
    };
    (void)unused;
    memset(long_name, 'a', sizeof long_name - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct asking asking;
        open_and_ask(&asking, rows[i].name, PGL_MILLISECONDS(5));
        assert_int_equal(asking.was_at_once, rows[i].is_at_once);
        assert_int_equal(asking.is_over, rows[i].is_at_once);
        pgl_twin_advance(&asking.twin, PGL_MILLISECONDS(5));
        run(&asking);
        assert_true(asking.is_over);
        assert_int_equal(asking.lookup.status.code, rows[i].code);
        assert_int_equal(asking.lookup.count, rows[i].count);
        if (rows[i].count > 0) {
            assert_string_equal(asking.lookup.addresses[0], rows[i].first);
            assert_string_equal(asking.lookup.addresses[rows[i].count - 1], rows[i].last);
        }
        shut(&asking);
    }
}

static void a_slow_resolver_is_given_up(void **unused)
{
    struct asking asking;
    (void)unused;
    open_and_ask(&asking, "one.example", PGL_SECONDS(3));
    pgl_twin_advance(&asking.twin, PGL_SECONDS(2));
    run(&asking);
    assert_true(asking.was_late);
    pgl_twin_advance(&asking.twin, PGL_SECONDS(2));
    run(&asking);
    assert_false(asking.is_over);
    pgl_lookup_stop(&asking.lookup); /* once more does no harm */
    shut(&asking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_addresses),
        cmocka_unit_test(a_slow_resolver_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
