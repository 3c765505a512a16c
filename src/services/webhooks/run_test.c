/*
 * run_test.c - what is due is sent, to where it may go, and how it went is written down.
 * Method: the loop of effects over the twin. The test is the service (it answers what is due and
 *         takes down attempts) and whoever listens outside (raw bytes).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/time.h"
#include "platform/twin.h"
#include "services/webhooks/run.h"

#define PORT      81
#define HOSTS_MAX 4
#define DUE_MAX   8
#define BODY      "{\"a\":1}"

struct bench {
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_webhook_run run;

    /* The service. */
    struct pgl_mailbox commands, queries, poked;
    struct pgl_endpoint self;
    struct webhook_due due[DUE_MAX];
    int due_count, looks, recorded;
    int64_t next_ns;
    struct {
        int64_t number;
        int status;
        char problem[128];
    } records[DUE_MAX];
    pgl_status refuses; /* how it answers instead */
    bool is_holding;    /* what is due is answered later, as it was */
    struct pgl_call *held;
    struct webhook_due held_due[DUE_MAX];
    int held_count;

    /* Outside. */
    struct pgl_list news;
    struct pgl_socket *listener, *hosts[HOSTS_MAX];
    char asked[HOSTS_MAX][4096];
    int host_count;
};

static pgl_status no_command(struct pgl_tx *tx, const void *ask, void *reply)
{
    (void)tx, (void)ask, (void)reply;
    return PGL_OK;
}

static pgl_status no_query(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)view, (void)ask, (void)reply;
    return PGL_OK;
}

static const struct pgl_method methods[WEBHOOK_INNER_METHOD_COUNT] = {
    [WEBHOOK_INNER_DUE] = { PGL_METHOD_QUERY, .query = no_query },
    [WEBHOOK_INNER_RECORD] = { PGL_METHOD_COMMAND, .command = no_command },
};

/* All that is due and not written down yet. */
static void take_query(void *owner, struct pgl_message *message)
{
    struct bench *bench = owner;
    struct pgl_call *call = pgl_call_of(message);
    struct webhook_due_reply *reply = call->reply;
    bench->looks++;
    if (bench->is_holding) {
        bench->held = call;
        bench->held_count = bench->due_count;
        memcpy(bench->held_due, bench->due, sizeof bench->due);
        return;
    }
    reply->items = bench->due;
    reply->count = bench->due_count;
    reply->next_ns = bench->next_ns;
    pgl_call_answer(call, PGL_OK);
}

static void take_command(void *owner, struct pgl_message *message)
{
    struct bench *bench = owner;
    struct pgl_call *call = pgl_call_of(message);
    const struct webhook_attempt *attempt = call->ask;
    if (!pgl_is_ok(bench->refuses)) {
        pgl_call_answer(call, bench->refuses);
        return;
    }
    bench->records[bench->recorded].number = attempt->number;
    bench->records[bench->recorded].status = attempt->status;
    snprintf(bench->records[bench->recorded].problem, sizeof bench->records[0].problem, "%s",
             attempt->problem);
    bench->recorded++;
    for (int i = 0; i < bench->due_count; i++)
        if (bench->due[i].number == attempt->number)
            bench->due[i--] = bench->due[--bench->due_count];
    pgl_call_answer(call, PGL_OK);
}

static void take_poked(void *owner, struct pgl_message *message)
{
    (void)owner, (void)message;
}

static void turn(struct bench *bench)
{
    do
        pgl_twin_note_news(&bench->twin);
    while (pgl_loop_turn(&bench->loop) || pgl_loop_has_news(&bench->loop));
}

static void pass(struct bench *bench, int64_t ns)
{
    for (int64_t until_ns = bench->twin.now_ns + ns; bench->twin.now_ns < until_ns;) {
        pgl_twin_advance(&bench->twin, PGL_MILLISECONDS(100));
        turn(bench);
    }
}

static void add_due(struct bench *bench, int64_t number, const char *url)
{
    struct webhook_due *due = &bench->due[bench->due_count++];
    *due = (struct webhook_due){
        .number = number, .url = pgl_text_of(url), .body = PGL_TEXT(BODY), .secret_count = 1
    };
    due->event.bytes[15] = (uint8_t)number;
}

static struct bench *bench_open(bool loopback_too)
{
    static struct bench bench;
    static const struct pgl_twin_name names[] = {
        { "localhost", "127.0.0.1" },
        { "private.example.com", "10.0.0.1" },
        { "mixed.example.com", "93.184.216.34\n10.0.0.1" },
        { "own.example.com", "127.0.0.1" },
        { "down.example.com", NULL },
    };
    bench = (struct bench){ .next_ns = PGL_NEVER_NS, .refuses = PGL_OK };
    pgl_twin_open(&bench.twin, 1);
    memcpy(bench.twin.names, names, sizeof names);
    bench.waiter = bench.twin.platform.waiter_open(&bench.twin.platform);
    pgl_loop_init(&bench.loop, "effects", &bench.twin.platform, bench.waiter);
    pgl_mailbox_open(&bench.commands, &bench.loop, 64, take_command, &bench);
    pgl_mailbox_open(&bench.queries, &bench.loop, 64, take_query, &bench);
    pgl_mailbox_open(&bench.poked, &bench.loop, 0, take_poked, &bench);
    bench.self = (struct pgl_endpoint){ .methods = methods,
                                        .commands = &bench.commands,
                                        .queries = &bench.queries };
    pgl_list_init(&bench.news);
    assert_true(pgl_is_ok(
        bench.waiter->ops->listen(bench.waiter, "127.0.0.1", PORT, &bench.news, &bench.listener)));
    assert_true(
        pgl_is_ok(pgl_webhook_run_open(&bench.run, &bench.loop, &bench.self, loopback_too)));
    return &bench;
}

static void start(struct bench *bench)
{
    pgl_webhook_run_start(&bench->run);
    turn(bench);
}

static void bench_close(struct bench *bench)
{
    pgl_webhook_run_close(&bench->run);
    for (int i = 0; i < bench->host_count; i++)
        if (bench->hosts[i] != NULL)
            bench->hosts[i]->ops->close(bench->hosts[i]);
    bench->listener->ops->close(bench->listener);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin);
}

/* The next connection from us, read. */
static int take_host(struct bench *bench)
{
    int i = bench->host_count;
    size_t got = 0;
    bench->hosts[i] = bench->listener->ops->accept(bench->listener, &bench->news);
    if (bench->hosts[i] == NULL)
        return -1;
    bench->host_count++;
    assert_int_equal(bench->hosts[i]->ops->read(bench->hosts[i], bench->asked[i],
                                                sizeof bench->asked[i] - 1, &got),
                     PGL_IO_DONE);
    bench->asked[i][got] = '\0';
    return i;
}

static void answer(struct bench *bench, int host, const char *text)
{
    size_t put;
    struct pgl_span span = { text, strlen(text) };
    assert_int_equal(bench->hosts[host]->ops->write(bench->hosts[host], &span, 1, &put),
                     PGL_IO_DONE);
    turn(bench);
}

static void assert_recorded(struct bench *bench, int n, int status, const char *problem)
{
    assert_int_equal(bench->recorded, n + 1);
    assert_int_equal(bench->records[n].status, status);
    assert_string_equal(bench->records[n].problem, problem);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

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
    assert_int_equal(take_host(bench), 3);
    bench_close(bench); /* with three on their way */
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
    assert_int_equal(take_host(bench), 2);
    assert_int_equal(take_host(bench), -1);
    assert_non_null(strstr(bench->asked[2], "webhook-id: 00000000-0000-0000-0000-000000000003"));
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
        cmocka_unit_test(what_is_done_is_not_sent_again),
        cmocka_unit_test(what_cannot_be_written_down_is_tried_again),
        cmocka_unit_test(it_sleeps_until_there_is_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
