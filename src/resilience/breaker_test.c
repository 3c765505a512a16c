/*
 * breaker_test.c - a breaker opens when enough calls have failed, lets a few look, and believes
 * them.
 * Method: a story is a table of rows: a moment, what is done then, and the state behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "resilience/breaker.h"

enum act {
    WELL, /* admitted and noted at once */
    FAILED,
    UNTOLD,
    SENT, /* admitted, and noted later by LATE_* */
    LATE_WELL,
    LATE_FAILED,
    REFUSED, /* asked, and not admitted */
    TRIP
};

struct row {
    int64_t at_ms;
    enum act act;
    int times;
    enum pgl_breaker_state state; /* behind it */
};

/* No jitter is drawn away from more than a fifth: 4 to 5 s, then 8 to 10, then 16 to 20. */
static const struct pgl_breaker_rules rules = {
    .slot_ns = PGL_SECONDS(1),
    .calls_min = 4,
    .failed_percent = 50,
    .open_ns = PGL_SECONDS(5),
    .open_ns_max = PGL_SECONDS(15),
    .probe_count = 2,
    .probe_ns = PGL_SECONDS(3),
};

static void act(struct pgl_breaker *breaker, const struct row *row, pgl_breaker_ticket *sent)
{
    int64_t now_ns = PGL_MILLISECONDS(row->at_ms), wait_ns = -1;
    switch (row->act) {
    case WELL:
    case FAILED:
    case UNTOLD: {
        pgl_breaker_ticket ticket = pgl_breaker_admit(breaker, now_ns, &wait_ns);
        assert_int_not_equal(ticket, 0);
        assert_int_equal(wait_ns, 0);
        pgl_breaker_note(breaker, ticket,
                         row->act == WELL     ? PGL_BREAKER_WELL
                         : row->act == FAILED ? PGL_BREAKER_FAILED
                                              : PGL_BREAKER_UNTOLD,
                         now_ns);
        return;
    }
    case SENT:
        *sent = pgl_breaker_admit(breaker, now_ns, NULL);
        assert_int_not_equal(*sent, 0);
        return;
    case LATE_WELL:
    case LATE_FAILED:
        pgl_breaker_note(breaker, *sent,
                         row->act == LATE_WELL ? PGL_BREAKER_WELL : PGL_BREAKER_FAILED, now_ns);
        return;
    case REFUSED:
        assert_int_equal(pgl_breaker_admit(breaker, now_ns, &wait_ns), 0);
        assert_true(wait_ns > 0 && wait_ns <= rules.open_ns_max);
        return;
    case TRIP:
        pgl_breaker_trip(breaker, now_ns);
        return;
    }
}

static void play(const struct row *rows, size_t row_count)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct pgl_breaker breaker;
        pgl_breaker_ticket sent = 0;
        pgl_breaker_init(&breaker, rules, seed);
        for (size_t i = 0; i < row_count; i++) {
            for (int time = 0; time < rows[i].times; time++)
                act(&breaker, &rows[i], &sent);
            assert_int_equal(breaker.state, rows[i].state);
        }
    }
}

#define PLAY(rows) play((rows), sizeof(rows) / sizeof(rows)[0])

static void it_opens_when_enough_have_failed(void **unused)
{
    static const struct row rows[] = {
        { 1000, FAILED, 3, PGL_BREAKER_CLOSED }, /* too few to say */
        { 1000, UNTOLD, 9, PGL_BREAKER_CLOSED },
        { 1500, WELL, 4, PGL_BREAKER_CLOSED }, /* 3 of 7 */
        { 2000, FAILED, 1, PGL_BREAKER_OPEN }, /* 4 of 8 */
        { 2000, REFUSED, 5, PGL_BREAKER_OPEN },
        { 5999, REFUSED, 1, PGL_BREAKER_OPEN }, /* 4 s at least */
    };
    (void)unused;
    PLAY(rows);
}

static void what_is_long_ago_is_forgotten(void **unused)
{
    static const struct row rows[] = {
        { 1000, FAILED, 3, PGL_BREAKER_CLOSED },
        { 11000, FAILED, 3, PGL_BREAKER_CLOSED }, /* the first three lie ten slots back */
        { 20999, FAILED, 1, PGL_BREAKER_OPEN },   /* these three do not */
    };
    (void)unused;
    PLAY(rows);
}

static void a_few_look_and_are_believed(void **unused)
{
    static const struct row rows[] = {
        { 1000, FAILED, 4, PGL_BREAKER_OPEN },
        { 6000, SENT, 1, PGL_BREAKER_HALF_OPEN },
        { 6000, WELL, 1, PGL_BREAKER_HALF_OPEN },
        { 6000, REFUSED, 2, PGL_BREAKER_HALF_OPEN }, /* two probes, no more */
        { 6500, LATE_WELL, 1, PGL_BREAKER_CLOSED },
        { 6500, FAILED, 3, PGL_BREAKER_CLOSED }, /* counted anew */
        { 6500, FAILED, 1, PGL_BREAKER_OPEN },
        { 11500, WELL, 2, PGL_BREAKER_CLOSED }, /* and open for no longer than at first */
    };
    (void)unused;
    PLAY(rows);
}

static void a_failed_probe_opens_for_longer(void **unused)
{
    static const struct row rows[] = {
        { 1000, FAILED, 4, PGL_BREAKER_OPEN },
        { 6000, FAILED, 1, PGL_BREAKER_OPEN },
        { 13999, REFUSED, 1, PGL_BREAKER_OPEN }, /* 8 to 10 s */
        { 16000, FAILED, 1, PGL_BREAKER_OPEN },
        { 27999, REFUSED, 1, PGL_BREAKER_OPEN }, /* 12 to 15 s, the limit */
        { 31000, FAILED, 1, PGL_BREAKER_OPEN },
        { 46000, UNTOLD, 9, PGL_BREAKER_HALF_OPEN }, /* takes nobody's place */
        { 46000, WELL, 2, PGL_BREAKER_CLOSED },
    };
    (void)unused;
    PLAY(rows);
}

static void a_lost_probe_has_failed(void **unused)
{
    static const struct row rows[] = {
        { 1000, FAILED, 4, PGL_BREAKER_OPEN },       { 6000, SENT, 2, PGL_BREAKER_HALF_OPEN },
        { 8999, REFUSED, 1, PGL_BREAKER_HALF_OPEN }, { 9000, REFUSED, 1, PGL_BREAKER_OPEN },
        { 9000, LATE_WELL, 1, PGL_BREAKER_OPEN }, /* of a term that was judged */
        { 19000, WELL, 2, PGL_BREAKER_CLOSED },
    };
    (void)unused;
    PLAY(rows);
}

static void late_news_of_an_earlier_term_is_no_probe(void **unused)
{
    static const struct row rows[] = {
        { 1000, SENT, 1, PGL_BREAKER_CLOSED },           { 1000, FAILED, 4, PGL_BREAKER_OPEN },
        { 1500, LATE_FAILED, 1, PGL_BREAKER_OPEN },      { 6000, WELL, 1, PGL_BREAKER_HALF_OPEN },
        { 6000, LATE_FAILED, 1, PGL_BREAKER_HALF_OPEN }, { 6000, WELL, 1, PGL_BREAKER_CLOSED },
    };
    (void)unused;
    PLAY(rows);
}

static void one_answer_may_be_enough(void **unused)
{
    static const struct row rows[] = {
        { 1000, WELL, 100, PGL_BREAKER_CLOSED },
        { 1000, TRIP, 1, PGL_BREAKER_OPEN },
        { 4999, REFUSED, 1, PGL_BREAKER_OPEN },
        { 6000, WELL, 2, PGL_BREAKER_CLOSED },
    };
    (void)unused;
    PLAY(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_when_enough_have_failed),
        cmocka_unit_test(what_is_long_ago_is_forgotten),
        cmocka_unit_test(a_few_look_and_are_believed),
        cmocka_unit_test(a_failed_probe_opens_for_longer),
        cmocka_unit_test(a_lost_probe_has_failed),
        cmocka_unit_test(late_news_of_an_earlier_term_is_no_probe),
        cmocka_unit_test(one_answer_may_be_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
