/*
 * run_test.c - what is due is sent, to where it may go, and how it went is written down.
 * Method: run_bench.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/webhooks/run_bench.h"

static void a_delivery_is_sent_and_written_down(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    add_due(bench, 7, "http://127.0.0.1:81/hook?a=1");
    start(bench);
    assert_int_equal(take_host(bench), 0);
    assert_memory_equal(bench->asked[0], "POST /hook?a=1 HTTP/1.1\r\n", 25);
    assert_non_null(strstr(bench->asked[0], "Host: 127.0.0.1:81\r\n"));
    assert_non_null(
        strstr(bench->asked[0], "webhook-id: 00000000-0000-0000-0000-000000000007\r\n"));
    assert_non_null(strstr(bench->asked[0], "webhook-timestamp: 17"));
    assert_non_null(strstr(bench->asked[0], "webhook-signature: v1,"));
    assert_non_null(strstr(bench->asked[0], "\r\n\r\n" BODY));
    assert_int_equal(bench->recorded, 0);
    answer(bench, 0, OK_ANSWER);
    assert_recorded(bench, 0, 200, "");
    assert_int_equal(bench->records[0].number, 7);
    assert_int_equal(pgl_counter_read(&bench->run.delivered), 1);
    bench_close(bench);
}

static void answers_of_all_kinds_are_written_down(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        { "HTTP/1.1 204 No Content\r\n\r\n", 204 },
        { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 500 },
        { "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 410 },
        { "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:81/x\r\nContent-Length: 0\r\n\r\n",
          302 },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200 },
        { "rubbish\r\n\r\n", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open(true);
        add_due(bench, 1, "http://localhost:81/");
        start(bench);
        assert_int_equal(take_host(bench), 0);
        answer(bench, 0, rows[i].text);
        assert_int_equal(bench->recorded, 1);
        assert_int_equal(bench->records[0].status, rows[i].status);
        assert_int_equal(bench->records[0].problem[0] == '\0', rows[i].status != 0);
        assert_int_equal(take_host(bench), -1); /* no redirect is followed */
        bench_close(bench);
    }
}

/* More of an answer than anybody reads: its head has said it. */
static void a_long_answer_is_not_read(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    static char text[40000];
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n%030000d", 0);
    add_due(bench, 1, "http://127.0.0.1:81/");
    start(bench);
    answer(bench, take_host(bench), text);
    assert_recorded(bench, 0, 200, "");
    bench_close(bench);
}

static void nothing_goes_where_it_may_not(void **unused)
{
    (void)unused;
    static const char private[] = "its name leads to an address that is not on the public internet";
    static const struct {
        const char *url, *problem;
    } rows[] = {
        { "https://private.example.com/", private },
        { "https://mixed.example.com/", private }, /* one of them is enough */
        { "https://own.example.com/", private },
        { "https://10.0.0.1/", "url: a host on the public internet is expected" },
        { "http://127.0.0.1:81/", "url: https:// is expected" },
        { "https://unknown.example.com/", NULL },
        { "https://down.example.com/", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open(false);
        add_due(bench, 1, rows[i].url);
        start(bench);
        pass(bench, PGL_SECONDS(1));
        assert_int_equal(bench->recorded, 1);
        assert_int_equal(bench->records[0].status, 0);
        assert_true(bench->records[0].problem[0] != '\0');
        if (rows[i].problem != NULL)
            assert_string_equal(bench->records[0].problem, rows[i].problem);
        assert_int_equal(take_host(bench), -1);
        bench_close(bench);
    }
}

static void who_does_not_answer_is_not_waited_for(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    add_due(bench, 1, "http://127.0.0.1:81/");
    start(bench);
    int host = take_host(bench);
    pass(bench, PGL_SECONDS(4));
    assert_int_equal(bench->recorded, 0);
    pass(bench, PGL_SECONDS(6));
    assert_recorded(bench, 0, 0, "no answer in time");
    assert_int_equal(pgl_counter_read(&bench->run.failed), 1);
    (void)host;
    bench_close(bench);
}

/* A byte now and then does not buy more time. */
static void who_answers_slowly_is_not_either(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    add_due(bench, 1, "http://127.0.0.1:81/");
    start(bench);
    int host = take_host(bench);
    for (int i = 0; i < 12 && bench->recorded == 0; i++) {
        answer(bench, host, i == 0 ? "HTTP/1.1 200 OK\r\n" : "X: y\r\n");
        pass(bench, PGL_SECONDS(1));
    }
    assert_recorded(bench, 0, 0, "no answer in time");
    bench_close(bench);
}

static void nobody_there(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    add_due(bench, 1, "http://127.0.0.1:82/");
    start(bench);
    pass(bench, PGL_SECONDS(1));
    assert_int_equal(bench->recorded, 1);
    assert_int_equal(bench->records[0].status, 0);
    bench_close(bench);
}

static void two_at_a_time_to_one_endpoint(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    for (int number = 1; number <= 3; number++)
        add_due(bench, number, "http://127.0.0.1:81/");
    add_due(bench, 4, "http://127.0.0.1:81/other");
    bench->due[3].endpoint.bytes[0] = 1;
    start(bench);
    for (int host = 0; host < 3; host++)
        assert_int_equal(take_host(bench), host);
    assert_int_equal(take_host(bench), -1);
    assert_memory_equal(bench->asked[2], "POST /other", 11);
    answer(bench, 0, OK_ANSWER);
    assert_int_equal(read_host(bench, 0), PGL_IO_DONE); /* the third, over a kept connection */
    assert_int_equal(take_host(bench), -1);
    bench_close(bench); /* with three on their way */
}

static void a_wish_to_be_left_alone_is_written_down(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 7 },
        { "HTTP/1.1 503 No\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n", 8 * 3600 },
        { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = bench_open(true);
        add_due(bench, 1, "http://127.0.0.1:81/");
        start(bench);
        answer(bench, take_host(bench), rows[i].text);
        assert_int_equal(bench->recorded, 1);
        assert_int_equal(bench->records[0].retry_after_s, rows[i].seconds);
        bench_close(bench);
    }
}

/* The answer to a look may be older than what became of a delivery meanwhile. */
static void what_is_done_is_not_sent_again(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    struct pgl_message poke = { .reply_to = &bench->poked };
    for (int number = 1; number <= 3; number++)
        add_due(bench, number, "http://127.0.0.1:81/");
    start(bench);
    assert_int_equal(take_host(bench), 0);
    assert_int_equal(take_host(bench), 1);
    bench->is_holding = true;
    assert_true(pgl_is_ok(pgl_mailbox_send(NULL, &bench->run.pokes, &poke)));
    turn(bench);
    assert_int_equal(bench->held_count, 3);
    answer(bench, 0, OK_ANSWER);
    answer(bench, 1, OK_ANSWER);
    assert_int_equal(bench->recorded, 2);
    bench->is_holding = false;
    struct webhook_due_reply *reply = bench->held->reply;
    reply->items = bench->held_due;
    reply->count = bench->held_count;
    reply->next_ns = PGL_NEVER_NS;
    pgl_call_answer(bench->held, PGL_OK);
    turn(bench);
    assert_int_equal(take_host(bench), -1);
    assert_int_equal(read_host(bench, 0), PGL_IO_DONE);
    assert_non_null(strstr(bench->asked[0], "webhook-id: 00000000-0000-0000-0000-000000000003"));
    assert_int_equal(read_host(bench, 1), PGL_IO_WAIT);
    bench_close(bench);
}

static void what_cannot_be_written_down_is_tried_again(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    bench->refuses = PGL_FAIL(PGL_UNAVAILABLE, "the disk is full");
    add_due(bench, 1, "http://127.0.0.1:81/");
    start(bench);
    answer(bench, take_host(bench), OK_ANSWER);
    pass(bench, PGL_SECONDS(3));
    assert_int_equal(bench->recorded, 0);
    assert_int_equal(take_host(bench), -1); /* and is not sent again meanwhile */
    bench->refuses = PGL_OK;
    pass(bench, PGL_SECONDS(2));
    assert_recorded(bench, 0, 200, "");
    bench_close(bench);
}

/* Nothing waits: nobody looks. Something waits: when its moment has come. */
static void it_sleeps_until_there_is_a_reason(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open(true);
    struct pgl_message poke = { .reply_to = &bench->poked };
    start(bench);
    pass(bench, PGL_MINUTES(5));
    assert_int_equal(bench->looks, 1);
    bench->next_ns = bench->twin.wall_ns + PGL_SECONDS(30);
    assert_true(pgl_is_ok(pgl_mailbox_send(NULL, &bench->run.pokes, &poke)));
    turn(bench);
    assert_int_equal(bench->looks, 2);
    pass(bench, PGL_SECONDS(29));
    assert_int_equal(bench->looks, 2);
    bench->next_ns = PGL_NEVER_NS;
    pass(bench, PGL_SECONDS(2));
    assert_int_equal(bench->looks, 3);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delivery_is_sent_and_written_down),
        cmocka_unit_test(answers_of_all_kinds_are_written_down),
        cmocka_unit_test(a_long_answer_is_not_read),
        cmocka_unit_test(nothing_goes_where_it_may_not),
        cmocka_unit_test(who_does_not_answer_is_not_waited_for),
        cmocka_unit_test(who_answers_slowly_is_not_either),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(two_at_a_time_to_one_endpoint),
        cmocka_unit_test(a_wish_to_be_left_alone_is_written_down),
        cmocka_unit_test(what_is_done_is_not_sent_again),
        cmocka_unit_test(what_cannot_be_written_down_is_tried_again),
        cmocka_unit_test(it_sleeps_until_there_is_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
