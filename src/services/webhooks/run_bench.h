/*
 * run_bench.h - the loop of effects over the twin. The test is the service (it answers what is due
 * and takes down attempts) and whoever listens outside (raw bytes).
 *
 * For:      the tests of run.c and lines.c. Not for the product.
 */
#ifndef PGL_WEBHOOKS_RUN_BENCH_H
#define PGL_WEBHOOKS_RUN_BENCH_H

#include <stdio.h>
#include <string.h>

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
        int64_t retry_after_s;
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

static inline pgl_status no_command(struct pgl_tx *tx, const void *ask, void *reply)
{
    (void)tx, (void)ask, (void)reply;
    return PGL_OK;
}

static inline pgl_status no_query(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)view, (void)ask, (void)reply;
    return PGL_OK;
}

static const struct pgl_method methods[WEBHOOK_INNER_METHOD_COUNT] = {
    [WEBHOOK_INNER_DUE] = { PGL_METHOD_QUERY, .query = no_query },
    [WEBHOOK_INNER_RECORD] = { PGL_METHOD_COMMAND, .command = no_command },
};

/* All that is due and not written down yet. */
static inline void take_query(void *owner, struct pgl_message *message)
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

static inline void take_command(void *owner, struct pgl_message *message)
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
    bench->records[bench->recorded].retry_after_s = attempt->retry_after_s;
    snprintf(bench->records[bench->recorded].problem, sizeof bench->records[0].problem, "%s",
             attempt->problem);
    bench->recorded++;
    for (int i = 0; i < bench->due_count; i++)
        if (bench->due[i].number == attempt->number)
            bench->due[i--] = bench->due[--bench->due_count];
    pgl_call_answer(call, PGL_OK);
}

static inline void take_poked(void *owner, struct pgl_message *message)
{
    (void)owner, (void)message;
}

static inline void turn(struct bench *bench)
{
    do
        pgl_twin_note_news(&bench->twin);
    while (pgl_loop_turn(&bench->loop) || pgl_loop_has_news(&bench->loop));
}

static inline void pass(struct bench *bench, int64_t ns)
{
    for (int64_t until_ns = bench->twin.now_ns + ns; bench->twin.now_ns < until_ns;) {
        pgl_twin_advance(&bench->twin, PGL_MILLISECONDS(100));
        turn(bench);
    }
}

static inline void add_due(struct bench *bench, int64_t number, const char *url)
{
    struct webhook_due *due = &bench->due[bench->due_count++];
    *due = (struct webhook_due){
        .number = number, .url = pgl_text_of(url), .body = PGL_TEXT(BODY), .secret_count = 1
    };
    due->event.bytes[15] = (uint8_t)number;
}

static inline struct bench *bench_open(bool loopback_too)
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

static inline void start(struct bench *bench)
{
    pgl_webhook_run_start(&bench->run);
    turn(bench);
}

static inline void bench_close(struct bench *bench)
{
    pgl_webhook_run_close(&bench->run);
    for (int i = 0; i < bench->host_count; i++)
        if (bench->hosts[i] != NULL)
            bench->hosts[i]->ops->close(bench->hosts[i]);
    bench->listener->ops->close(bench->listener);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin);
}

static inline enum pgl_io read_host(struct bench *bench, int host)
{
    size_t got = 0;
    enum pgl_io io = bench->hosts[host]->ops->read(bench->hosts[host], bench->asked[host],
                                                   sizeof bench->asked[host] - 1, &got);
    bench->asked[host][got] = '\0';
    return io;
}

/* The next connection from us, read. */
static inline int take_host(struct bench *bench)
{
    int i = bench->host_count;
    bench->hosts[i] = bench->listener->ops->accept(bench->listener, &bench->news);
    if (bench->hosts[i] == NULL)
        return -1;
    bench->host_count++;
    assert_int_equal(read_host(bench, i), PGL_IO_DONE);
    return i;
}

static inline void close_host(struct bench *bench, int host)
{
    bench->hosts[host]->ops->close(bench->hosts[host]);
    bench->hosts[host] = NULL;
    turn(bench);
}

/* One more is due, and it is looked for. */
static inline void send_one(struct bench *bench, int64_t number, const char *url)
{
    struct pgl_message poke = { .reply_to = &bench->poked };
    add_due(bench, number, url);
    assert_true(pgl_is_ok(pgl_mailbox_send(NULL, &bench->run.pokes, &poke)));
    turn(bench);
}

static inline void answer(struct bench *bench, int host, const char *text)
{
    size_t put;
    struct pgl_span span = { text, strlen(text) };
    assert_int_equal(bench->hosts[host]->ops->write(bench->hosts[host], &span, 1, &put),
                     PGL_IO_DONE);
    turn(bench);
}

static inline void assert_recorded(struct bench *bench, int n, int status, const char *problem)
{
    assert_int_equal(bench->recorded, n + 1);
    assert_int_equal(bench->records[n].status, status);
    assert_string_equal(bench->records[n].problem, problem);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

#endif
