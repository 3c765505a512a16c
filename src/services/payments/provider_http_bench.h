/*
 * provider_http_bench.h - for tests: a bank over the twin that does what the test says, and callers
 * who are flows, as the worker's are. A test that includes it includes cmocka first.
 */
#ifndef PGL_PAYMENTS_PROVIDER_HTTP_BENCH_H
#define PGL_PAYMENTS_PROVIDER_HTTP_BENCH_H

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "platform/twin.h"
#include "services/payments/provider_http.h"

#define PORT      8443
#define SECRET    "sk_test_very_secret"
#define CALLS_MAX 12
#define CONNS_MAX 16

#define HELD                                                                                       \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":5,\"amount_capturable\":5,"         \
    "\"status\":\"requires_capture\",\"currency\":\"eur\",\"metadata\":{}}"

struct conn {
    struct pgl_socket *socket; /* NULL: none, or closed */
    char asked[8192];
    size_t asked_bytes;
};

struct bench {
    struct pgl_twin twin;
    struct pgl_disk disk;
    const char *key_text, *ca_text; /* of the files "key" and "ca"; NULL: not there */
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_list news;
    struct pgl_socket *listener;
    struct conn conns[CONNS_MAX];
    int conn_count;
    const char *answer; /* to every question; NULL: none yet */
    int asked_count;
    char last_asked[8192];
    char log[4096];
    struct pgl_provider_http provider;
};

struct caller {
    struct pgl_flow flow; /* first */
    struct bench *bench;
    struct provider_call call;
    bool is_over;
    int64_t over_ns;
};

static inline pgl_status read_file(struct pgl_disk *disk, const char *path, size_t limit_bytes,
                                   struct pgl_arena *arena, struct pgl_text *content)
{
    const struct bench *bench = PGL_CONTAINER(disk, struct bench, disk);
    const char *text = strcmp(path, "key") == 0  ? bench->key_text
                       : strcmp(path, "ca") == 0 ? bench->ca_text
                                                 : NULL;
    if (text == NULL)
        return PGL_FAIL(PGL_NOT_FOUND, "no such file");
    if (strlen(text) > limit_bytes)
        return PGL_FAIL(PGL_TOO_LARGE, "too large");
    *content = (struct pgl_text){ pgl_arena_string(arena, pgl_text_of(text)), strlen(text) };
    return PGL_OK;
}

static inline void log_write(struct pgl_platform *platform, struct pgl_text line)
{
    struct pgl_twin *twin = PGL_CONTAINER(platform, struct pgl_twin, platform);
    struct bench *bench = PGL_CONTAINER(twin, struct bench, twin);
    size_t at = strlen(bench->log);
    snprintf(bench->log + at, sizeof bench->log - at, "%.*s\n", PGL_TEXT_ARGS(line));
}

static const struct pgl_provider_http_options plain = { .base_url = "http://bank.example:8443",
                                                        .key_file = "key",
                                                        .connections_max = 2,
                                                        .waiting_max = 3 };

static inline void bench_open_with(struct bench *bench, const char *ca_text,
                                   const struct pgl_provider_http_options *options)
{
    static const struct pgl_disk_ops ops = { .read_file = read_file };
    memset(bench, 0, sizeof *bench);
    pgl_twin_open(&bench->twin, 1);
    bench->twin.names[0] = (struct pgl_twin_name){ "bank.example", "192.0.2.7\n192.0.2.8" };
    bench->disk.ops = &ops;
    bench->key_text = SECRET "\n";
    bench->ca_text = ca_text;
    bench->twin.platform.disk = &bench->disk;
    bench->twin.platform.log_write = log_write;
    bench->waiter = bench->twin.platform.waiter_open(&bench->twin.platform);
    pgl_loop_init(&bench->loop, "effects", &bench->twin.platform, bench->waiter);
    pgl_list_init(&bench->news);
    assert_true(pgl_is_ok(bench->waiter->ops->listen(bench->waiter, "192.0.2.7", PORT, &bench->news,
                                                     &bench->listener)));
    assert_true(pgl_is_ok(pgl_provider_http_open(&bench->provider, &bench->loop, options)));
}

static inline void bench_open(struct bench *bench)
{
    bench_open_with(bench, NULL, &plain);
}

static inline void hang_up(struct bench *bench)
{
    for (int i = 0; i < bench->conn_count; i++) {
        if (bench->conns[i].socket != NULL)
            bench->conns[i].socket->ops->close(bench->conns[i].socket);
        bench->conns[i].socket = NULL;
    }
}

static inline void stop_listening(struct bench *bench)
{
    if (bench->listener != NULL)
        bench->listener->ops->close(bench->listener);
    bench->listener = NULL;
}

static inline void bench_close(struct bench *bench)
{
    pgl_provider_http_close(&bench->provider);
    assert_null(strstr(bench->log, "sk_"));
    hang_up(bench);
    stop_listening(bench);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin); /* no socket is left */
}

static inline bool is_whole(const struct conn *conn)
{
    const char *end = strstr(conn->asked, "\r\n\r\n");
    const char *length = strstr(conn->asked, "Content-Length: ");
    size_t body_bytes = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    return end != NULL && conn->asked_bytes >= (size_t)(end - conn->asked) + 4 + body_bytes;
}

static inline void say(struct conn *conn, const char *text)
{
    for (size_t size = strlen(text), put; size > 0; text += put, size -= put) {
        struct pgl_span span = { text, size };
        assert_int_equal(conn->socket->ops->write(conn->socket, &span, 1, &put), PGL_IO_DONE);
    }
}

/* What the bank does with one connection; true when something happened. */
static inline bool serve(struct bench *bench, struct conn *conn)
{
    size_t got;
    if (conn->socket == NULL)
        return false;
    enum pgl_io io = conn->socket->ops->read(conn->socket, conn->asked + conn->asked_bytes,
                                             sizeof conn->asked - 1 - conn->asked_bytes, &got);
    conn->asked_bytes += got;
    conn->asked[conn->asked_bytes] = '\0';
    if (io == PGL_IO_END || io == PGL_IO_BROKEN) {
        conn->socket->ops->close(conn->socket);
        conn->socket = NULL;
        return true;
    }
    if (bench->answer == NULL || conn->asked_bytes == 0 || !is_whole(conn))
        return io == PGL_IO_DONE;
    memcpy(bench->last_asked, conn->asked, sizeof conn->asked);
    conn->asked_bytes = 0;
    bench->asked_count++;
    say(conn, bench->answer);
    return true;
}

static inline void run(struct bench *bench)
{
    for (int quiet = 0; quiet < 2; quiet++) { /* what the last turn sent is heard in the next */
        struct pgl_socket *accepted;
        bool goes_on = false;
        while (bench->listener != NULL &&
               (accepted = bench->listener->ops->accept(bench->listener, &bench->news)) != NULL) {
            assert_true(bench->conn_count < CONNS_MAX);
            bench->conns[bench->conn_count++].socket = accepted;
        }
        for (int i = 0; i < bench->conn_count; i++)
            goes_on |= serve(bench, &bench->conns[i]);
        goes_on |= pgl_loop_turn(&bench->loop);
        pgl_twin_note_news(&bench->twin);
        goes_on |= pgl_loop_has_news(&bench->loop);
        quiet = goes_on ? -1 : quiet;
    }
}

static inline void pass(struct bench *bench, int64_t ns)
{
    while (ns > 0) {
        int64_t step_ns = ns < PGL_MILLISECONDS(100) ? ns : PGL_MILLISECONDS(100);
        pgl_twin_advance(&bench->twin, step_ns);
        ns -= step_ns;
        run(bench);
    }
}

/* ---- callers ---- */

static inline struct pgl_go caller_heard(struct pgl_flow *flow)
{
    struct caller *caller = (struct caller *)flow;
    caller->is_over = true;
    caller->over_ns = flow->loop->now_ns;
    return pgl_done();
}

static inline struct pgl_go caller_call(struct pgl_flow *flow)
{
    struct caller *caller = (struct caller *)flow;
    struct pgl_provider_port *port = &caller->bench->provider.port;
    port->start(port, &caller->call, flow);
    return caller->call.is_out ? pgl_wait(1) : pgl_go(1);
}

static inline void caller_done(struct pgl_flow *flow)
{
    (void)flow;
}

static inline void begin(struct bench *bench, struct caller *caller, enum provider_verb verb,
                         int64_t timeout_ns)
{
    static const struct pgl_step steps[] = { { "caller.call", caller_call, 0, 0 },
                                             { "caller.heard", caller_heard, 0, 0 } };
    *caller = (struct caller){ .bench = bench,
                               .call = { .verb = verb,
                                         .handle = "pi_1",
                                         .key = "pgl-1",
                                         .amount_minor = 5,
                                         .timeout_ns = timeout_ns } };
    pgl_flow_start(&caller->flow, &bench->loop, steps, 0, caller_done);
}

static inline void call(struct bench *bench, struct caller *caller, enum provider_verb verb)
{
    begin(bench, caller, verb, 0);
    run(bench);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: "
static inline const char *held_answer(void)
{
    static char answer[1024];
    snprintf(answer, sizeof answer, OK_HEAD "%zu\r\n\r\n" HELD, strlen(HELD));
    return answer;
}

static inline void assert_seen(const struct caller *caller, enum provider_seen seen)
{
    assert_true(caller->is_over);
    assert_false(caller->call.is_out);
    assert_int_equal(caller->call.seen, seen);
}

#endif
