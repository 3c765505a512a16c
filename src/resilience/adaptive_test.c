/*
 * adaptive_test.c - the limit follows what the thing behind the door can do, and at twice that
 * nine tenths of it are still answered in time.
 * Method: windows as tables; and a simulation of a server that does one request after another, with
 *         clients who come at a rate of their own and for whom a late answer is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "resilience/adaptive.h"

#define NOW PGL_SECONDS(100)

static struct pgl_adaptive_options small(enum pgl_adaptive_policy policy)
{
    return (struct pgl_adaptive_options){ .policy = policy,
                                          .least = 10,
                                          .most = 100,
                                          .window_count = 20,
                                          .window_ns = PGL_MILLISECONDS(10) };
}

/* A window of twenty, of which `late` were; all began within it. */
static void window(struct pgl_adaptive *adaptive, int late, uint32_t in_flight, int64_t *now_ns)
{
    for (int i = 0; i < 20; i++)
        pgl_adaptive_note(adaptive, in_flight, i < late ? 1001 : 1000, *now_ns,
                          *now_ns + PGL_MILLISECONDS(10));
    *now_ns += PGL_MILLISECONDS(10);
}

static void nine_of_ten_in_time_are_enough(void **unused)
{
    static const struct {
        int late;
        uint32_t in_flight, limit;
    } rows[] = {
        { 2, 100, 100 }, /* never above the most */
        { 3, 100, 90 },  { 20, 90, 81 }, { 3, 9, 72 },
        { 2, 36, 73 },   { 0, 73, 74 },  { 0, 36, 74 }, /* the limit was in nobody's way */
    };
    struct pgl_adaptive adaptive;
    int64_t now_ns = NOW;
    (void)unused;
    pgl_adaptive_init(&adaptive, small(PGL_ADAPTIVE_AIMD), 1, now_ns);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        window(&adaptive, rows[i].late, rows[i].in_flight, &now_ns);
        assert_int_equal(adaptive.limit, rows[i].limit);
    }
    for (int i = 0; i < 100; i++)
        window(&adaptive, 20, 10, &now_ns);
    assert_int_equal(adaptive.limit, 10);
}

static void a_queue_of_seconds_is_halved(void **unused)
{
    struct pgl_adaptive adaptive;
    (void)unused;
    pgl_adaptive_init(&adaptive, small(PGL_ADAPTIVE_AIMD), 1, NOW);
    for (int i = 0; i < 20; i++)
        pgl_adaptive_note(&adaptive, 100, 2600, NOW, NOW + PGL_MILLISECONDS(10));
    assert_int_equal(adaptive.limit, 50);
}

static void what_began_before_a_change_does_not_count(void **unused)
{
    struct pgl_adaptive adaptive;
    int64_t now_ns = NOW;
    (void)unused;
    pgl_adaptive_init(&adaptive, small(PGL_ADAPTIVE_AIMD), 1, now_ns);
    window(&adaptive, 20, 100, &now_ns);
    for (int i = 0; i < 1000; i++)
        pgl_adaptive_note(&adaptive, 100, PGL_ADAPTIVE_OVERLOAD, now_ns - 1,
                          now_ns + PGL_SECONDS(1));
    assert_int_equal(adaptive.limit, 90);
}

static void the_less_important_is_shed_first(void **unused)
{
    struct pgl_adaptive adaptive;
    (void)unused;
    pgl_adaptive_init(&adaptive, small(PGL_ADAPTIVE_AIMD), 1, NOW);
    assert_true(pgl_adaptive_admits(&adaptive, 49, 50));
    assert_false(pgl_adaptive_admits(&adaptive, 50, 50));
    assert_true(pgl_adaptive_admits(&adaptive, 99, 100));
    assert_false(pgl_adaptive_admits(&adaptive, 100, 100));
}

/* ---- the simulation ---- */

#define SERVICE_NS PGL_MILLISECONDS(1) /* on average, so its capacity is 1,000 a second */
#define IN_TIME_NS PGL_MILLISECONDS(250)
#define QUEUE_MAX  8192
#define WARM_UP_NS PGL_SECONDS(10)
#define SECONDS    40

enum kind { PAYMENT, WRITE, READ, ANALYTICS, KINDS };
static const uint32_t share_percent[KINDS] = { 100, 90, 75, 50 };
static const uint32_t come_percent[KINDS] = { 10, 20, 40, 30 };

struct world {
    struct pgl_adaptive adaptive;
    struct pgl_random random;
    struct {
        int64_t began_ns;
        enum kind kind;
    } queue[QUEUE_MAX];
    uint64_t head, tail; /* the one being served is at the head */
    int64_t free_ns;     /* when it is done */
    int64_t come[KINDS], shed[KINDS], good[KINDS];
};

static int64_t around(struct pgl_random *random, int64_t mean_ns)
{
    return mean_ns / 2 + (int64_t)pgl_random_below(random, (uint64_t)mean_ns + 1);
}

static enum kind draw_kind(struct pgl_random *random)
{
    uint64_t drawn = pgl_random_below(random, 100);
    enum kind kind = PAYMENT;
    while (kind < ANALYTICS && drawn >= come_percent[kind])
        drawn -= come_percent[kind++];
    return kind;
}

static void serve_until(struct world *world, int64_t until_ns)
{
    while (world->head < world->tail && world->free_ns <= until_ns) {
        int64_t now_ns = world->free_ns, began_ns = world->queue[world->head % QUEUE_MAX].began_ns;
        int64_t took_ns = now_ns - began_ns;
        if (began_ns >= NOW + WARM_UP_NS)
            world->good[world->queue[world->head % QUEUE_MAX].kind] += took_ns <= IN_TIME_NS;
        pgl_adaptive_note(&world->adaptive, (uint32_t)(world->tail - world->head),
                          (uint32_t)(took_ns * PGL_ADAPTIVE_IN_TIME / (IN_TIME_NS / 2)), began_ns,
                          now_ns);
        world->head++;
        world->free_ns = now_ns + around(&world->random, SERVICE_NS);
    }
}

static void arrive(struct world *world, int64_t now_ns)
{
    enum kind kind = draw_kind(&world->random);
    uint32_t in_flight = (uint32_t)(world->tail - world->head);
    bool counts = now_ns >= NOW + WARM_UP_NS;
    world->come[kind] += counts;
    if (!pgl_adaptive_admits(&world->adaptive, in_flight, share_percent[kind])) {
        world->shed[kind] += counts;
        return;
    }
    if (in_flight == 0)
        world->free_ns = now_ns + around(&world->random, SERVICE_NS);
    world->queue[world->tail % QUEUE_MAX].began_ns = now_ns;
    world->queue[world->tail % QUEUE_MAX].kind = kind;
    world->tail++;
}

/* Answers in time, in per cent of what the server can do. */
static int64_t goodput(struct world *world, enum pgl_adaptive_policy policy, int64_t load_percent)
{
    struct pgl_adaptive_options options = PGL_ADAPTIVE_DEFAULT;
    int64_t now_ns = NOW, end_ns = NOW + WARM_UP_NS + PGL_SECONDS(SECONDS), good = 0;
    options.policy = policy;
    options.least = 16;
    *world = (struct world){ .free_ns = NOW };
    pgl_adaptive_init(&world->adaptive, options, 7, NOW);
    pgl_random_seed(&world->random, 7, 7);
    while (now_ns < end_ns) {
        serve_until(world, now_ns);
        arrive(world, now_ns);
        now_ns += around(&world->random, SERVICE_NS * 100 / load_percent);
    }
    for (int kind = 0; kind < KINDS; kind++)
        good += world->good[kind];
    return good * 100 / (SECONDS * PGL_SECONDS(1) / SERVICE_NS);
}

static void at_twice_the_load_nine_tenths_are_in_time(void **unused)
{
    static struct world world;
    (void)unused;
    for (int64_t load = 110; load <= 400; load += 30) {
        assert_in_range(goodput(&world, PGL_ADAPTIVE_AIMD, load), 90, 101);
        assert_in_range(goodput(&world, PGL_ADAPTIVE_GRADIENT, load), 90, 101);
    }
    assert_in_range(goodput(&world, PGL_ADAPTIVE_FIXED, 200), 0, 10); /* all wait, all too long */
}

static void without_overload_nobody_is_shed(void **unused)
{
    static struct world world;
    (void)unused;
    for (enum pgl_adaptive_policy policy = 0; policy <= PGL_ADAPTIVE_FIXED; policy++) {
        assert_in_range(goodput(&world, policy, 80), 79, 81);
        for (int kind = 0; kind < KINDS; kind++)
            assert_int_equal(world.shed[kind], 0);
    }
}

static void payments_pass_while_analytics_are_shed(void **unused)
{
    static struct world world;
    (void)unused;
    for (enum pgl_adaptive_policy policy = 0; policy < PGL_ADAPTIVE_FIXED; policy++) {
        goodput(&world, policy, 200);
        assert_int_equal(world.shed[PAYMENT], 0);
        assert_in_range(world.shed[WRITE] * 100, 0, world.come[WRITE]); /* 1 % */
        assert_in_range(world.shed[READ] * 100, 0, 60 * world.come[READ]);
        assert_in_range(world.shed[ANALYTICS] * 100, 90 * world.come[ANALYTICS],
                        100 * world.come[ANALYTICS]);
    }
}

static void the_limit_comes_back(void **unused)
{
    struct pgl_adaptive adaptive;
    int64_t now_ns = NOW;
    (void)unused;
    pgl_adaptive_init(&adaptive, small(PGL_ADAPTIVE_AIMD), 1, now_ns);
    for (int i = 0; i < 40; i++)
        window(&adaptive, 20, 100, &now_ns);
    for (int i = 0; i < 90; i++)
        window(&adaptive, 0, adaptive.limit, &now_ns);
    assert_int_equal(adaptive.limit, 100);
}

static void what_was_found_out_outlives_other_bounds(void **unused)
{
    struct pgl_adaptive adaptive;
    struct pgl_adaptive_options options = small(PGL_ADAPTIVE_AIMD);
    int64_t now_ns = NOW;
    (void)unused;
    pgl_adaptive_init(&adaptive, options, 1, now_ns);
    window(&adaptive, 3, 100, &now_ns);
    options.most = 200;
    pgl_adaptive_change(&adaptive, options, now_ns);
    assert_int_equal(adaptive.limit, 90); /* and it grows by use, as ever */
    window(&adaptive, 0, 90, &now_ns);
    assert_int_equal(adaptive.limit, 91);
    options.most = 50;
    pgl_adaptive_change(&adaptive, options, now_ns);
    assert_int_equal(adaptive.limit, 50);
    options.policy = PGL_ADAPTIVE_FIXED;
    options.most = 70;
    pgl_adaptive_change(&adaptive, options, now_ns);
    assert_int_equal(adaptive.limit, 70);
    options.most = 80;
    pgl_adaptive_change(&adaptive, options, now_ns);
    assert_int_equal(adaptive.limit, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nine_of_ten_in_time_are_enough),
        cmocka_unit_test(a_queue_of_seconds_is_halved),
        cmocka_unit_test(what_began_before_a_change_does_not_count),
        cmocka_unit_test(the_less_important_is_shed_first),
        cmocka_unit_test(the_limit_comes_back),
        cmocka_unit_test(at_twice_the_load_nine_tenths_are_in_time),
        cmocka_unit_test(without_overload_nobody_is_shed),
        cmocka_unit_test(payments_pass_while_analytics_are_shed),
        cmocka_unit_test(what_was_found_out_outlives_other_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
