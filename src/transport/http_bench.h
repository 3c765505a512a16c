/*
 * http_bench.h - for tests: an HTTP server over the twin, a handler that does what the test says,
 * and clients who speak in raw bytes. A test that includes it includes cmocka first.
 */
#ifndef PGL_TRANSPORT_HTTP_BENCH_H
#define PGL_TRANSPORT_HTTP_BENCH_H

#include <stdio.h>

#include "base/assert.h"
#include "platform/twin.h"
#include "transport/http_server.h"

#define BENCH_PORT     8080
#define BENCH_TLS_PORT 8443
#define BENCH_HELD_MAX 64
#define HEARD_BYTES    (1u << 21)

struct bench {
    struct pgl_arena memory; /* its own */
    struct pgl_twin twin;
    struct pgl_waiter *waiter;
    struct pgl_loop loop;
    struct pgl_http_server server;
    const struct pgl_http_limits *limits;           /* the server's */
    bool holds;                                     /* the handler keeps what it is asked */
    struct pgl_http_exchange *held[BENCH_HELD_MAX]; /* in the order of asking */
    int held_count, asked_count, abandoned_count, refused_count;
    int refused_status;
    size_t body_limit;
    char last_body[64];
};

struct client {
    struct pgl_arena memory; /* its own */
    struct bench *bench;
    struct pgl_list ready;
    struct pgl_socket *socket;
    char *heard; /* a string */
    size_t heard_bytes;
    bool has_ended, is_broken;
};

/* "/big/N" is answered with N bytes, everything else with its target. */
static inline void bench_answer(struct pgl_http_exchange *exchange)
{
    static const struct pgl_http_field type[] = { { { "content-type", 12 },
                                                    { "text/plain", 10 } } };
    struct pgl_text body = exchange->head.target;
    if (pgl_text_starts_with(body, PGL_TEXT("/big/"))) {
        int64_t size = 0;
        pgl_status status =
            pgl_text_to_i64((struct pgl_text){ body.data + 5, body.size - 5 }, &size);
        char *big = pgl_arena_alloc(&exchange->arena, (size_t)size);
        PGL_ASSERT(pgl_is_ok(status) && big != NULL);
        memset(big, 'b', (size_t)size);
        body = (struct pgl_text){ big, (size_t)size };
    }
    pgl_http_respond(exchange, 200, type, 1, body);
}

static inline void bench_on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct bench *bench = owner;
    bench->asked_count++;
    snprintf(bench->last_body, sizeof bench->last_body, "%.*s", PGL_TEXT_ARGS(exchange->body));
    if (!bench->holds) {
        bench_answer(exchange);
        return;
    }
    PGL_ASSERT(bench->held_count < BENCH_HELD_MAX);
    bench->held[bench->held_count++] = exchange;
}

static inline void bench_refuse(void *owner, struct pgl_http_exchange *exchange, int status,
                                const char *reason)
{
    static const struct pgl_http_field allow[] = { { { "allow", 5 }, { "GET, POST", 9 } } };
    struct bench *bench = owner;
    bench->refused_count++;
    bench->refused_status = status;
    pgl_http_respond(exchange, status, allow, status == 405, pgl_text_of(reason));
}

static inline void bench_on_abandoned(void *owner, struct pgl_http_exchange *exchange)
{
    PGL_ASSERT(exchange->is_abandoned);
    ((struct bench *)owner)->abandoned_count++;
}

static inline size_t bench_body_limit(void *owner, const struct pgl_http_request_head *head)
{
    (void)head;
    return ((struct bench *)owner)->body_limit;
}

static inline bool bench_work(void *owner)
{
    return pgl_http_server_work(owner);
}

/* `tls` and `proxies` as in the server's options. */
static inline struct bench *bench_open_behind(const struct pgl_http_limits *limits,
                                              const struct pgl_tls_server_contexts *tls,
                                              const struct pgl_ip_range *proxies, int proxy_count)
{
    struct pgl_arena memory;
    pgl_arena_init(&memory, sizeof(struct bench), sizeof(struct bench) + 16);
    struct bench *bench = pgl_arena_zalloc(&memory, sizeof *bench);
    PGL_ASSERT(bench != NULL);
    bench->memory = memory;
    pgl_twin_open(&bench->twin, 1);
    bench->waiter = bench->twin.platform.waiter_open(&bench->twin.platform);
    bench->body_limit = SIZE_MAX;
    pgl_loop_init(&bench->loop, "edge", &bench->twin.platform, bench->waiter);
    struct pgl_http_server_options options = { .limits = *limits,
                                               .tls = tls,
                                               .tls_host = "127.0.0.1",
                                               .tls_port = BENCH_TLS_PORT,
                                               .proxies = proxies,
                                               .proxy_count = proxy_count,
                                               .owner = bench,
                                               .on_request = bench_on_request,
                                               .refuse = bench_refuse,
                                               .on_abandoned = bench_on_abandoned,
                                               .body_limit = bench_body_limit };
    PGL_ASSERT(pgl_is_ok(
        pgl_http_server_open(&bench->server, &bench->loop, "127.0.0.1", BENCH_PORT, &options)));
    bench->limits = &bench->server.options.limits;
    bench->loop.work = bench_work;
    bench->loop.owner = &bench->server;
    return bench;
}

static inline struct bench *bench_open_tls(const struct pgl_http_limits *limits,
                                           const struct pgl_tls_server_contexts *tls)
{
    return bench_open_behind(limits, tls, NULL, 0);
}

static inline struct bench *bench_open(const struct pgl_http_limits *limits)
{
    return bench_open_tls(limits, NULL);
}

static inline struct bench *bench_open_default(void)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    return bench_open(&limits);
}

/* Turns until nothing happens any more. */
static inline void bench_run(struct bench *bench)
{
    for (int turns = 0;; turns++) {
        bench->waiter->ops->wait(bench->waiter, 0);
        bool has_more = pgl_loop_turn(&bench->loop);
        pgl_twin_note_news(&bench->twin);
        if (!has_more && !pgl_loop_has_news(&bench->loop))
            return;
        PGL_ASSERT(turns < 1000000); /* else it spins */
    }
}

static inline void bench_pass(struct bench *bench, int64_t by_ns)
{
    pgl_twin_advance(&bench->twin, by_ns);
    bench_run(bench);
}

static inline void bench_close(struct bench *bench)
{
    pgl_http_server_cut(&bench->server);
    for (int i = 0; i < bench->held_count; i++)
        bench_answer(bench->held[i]);
    bench_run(bench);
    PGL_ASSERT(bench->server.buffers_bytes == 0);
    pgl_clients_sweep(&bench->server.clients, INT64_MAX);
    PGL_ASSERT(bench->server.clients.map.count == 0);
    pgl_http_server_close(&bench->server);
    bench->waiter->ops->close(bench->waiter);
    pgl_twin_close(&bench->twin);
    struct pgl_arena memory = bench->memory;
    pgl_arena_free(&memory);
}

static inline struct client *client_open_at(struct bench *bench, uint16_t port)
{
    struct pgl_arena memory;
    pgl_arena_init(&memory, 4096, 2 * HEARD_BYTES);
    struct client *client = pgl_arena_zalloc(&memory, sizeof *client);
    char *heard = pgl_arena_alloc(&memory, HEARD_BYTES);
    PGL_ASSERT(client != NULL && heard != NULL);
    client->memory = memory;
    client->bench = bench;
    client->heard = heard;
    heard[0] = '\0';
    pgl_list_init(&client->ready);
    PGL_ASSERT(pgl_is_ok(bench->waiter->ops->connect(bench->waiter, "127.0.0.1", port,
                                                     &client->ready, &client->socket)));
    bench_run(bench);
    return client;
}

static inline struct client *client_open(struct bench *bench)
{
    return client_open_at(bench, BENCH_PORT);
}

static inline void client_leave(struct client *client)
{
    client->socket->ops->close(client->socket);
    bench_run(client->bench);
    struct pgl_arena memory = client->memory;
    pgl_arena_free(&memory);
}

/* Takes what has come, `limit` bytes at most. */
static inline void client_hear(struct client *client, size_t limit)
{
    while (limit > 0 && !client->has_ended && !client->is_broken) {
        size_t got, room = HEARD_BYTES - 1 - client->heard_bytes;
        enum pgl_io io = client->socket->ops->read(
            client->socket, client->heard + client->heard_bytes, room < limit ? room : limit, &got);
        if (io == PGL_IO_WAIT) {
            if (limit != SIZE_MAX)
                return;
            bench_run(client->bench); /* there may be more to come, now that we have read */
            io = client->socket->ops->read(client->socket, client->heard + client->heard_bytes,
                                           room, &got);
            if (io == PGL_IO_WAIT)
                return;
        }
        client->has_ended = io == PGL_IO_END;
        client->is_broken = io == PGL_IO_BROKEN;
        client->heard_bytes += got;
        client->heard[client->heard_bytes] = '\0';
        if (limit != SIZE_MAX)
            limit -= got;
    }
}

static inline void client_forget(struct client *client)
{
    client->heard_bytes = 0;
    client->heard[0] = '\0';
}

/* Says it all, piece by piece if the pipe is small, without listening. */
static inline void client_say_bytes(struct client *client, const char *bytes, size_t size)
{
    while (size > 0) {
        struct pgl_span span = { bytes, size };
        size_t put;
        enum pgl_io io = client->socket->ops->write(client->socket, &span, 1, &put);
        if (io != PGL_IO_DONE) {
            client->is_broken |= io != PGL_IO_WAIT;
            return;
        }
        bytes += put;
        size -= put;
        bench_run(client->bench);
    }
}

static inline void client_say(struct client *client, const char *text)
{
    client_say_bytes(client, text, strlen(text));
}

/* Says it and hears the answers. */
static inline const char *client_ask(struct client *client, const char *text)
{
    client_forget(client);
    client_say(client, text);
    client_hear(client, SIZE_MAX);
    return client->heard;
}

static inline bool is_gone(struct client *client)
{
    client_hear(client, SIZE_MAX);
    return client->has_ended || client->is_broken;
}

static inline bool client_is_refused(struct client *client, int status)
{
    char line[32];
    client_hear(client, SIZE_MAX);
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    return strstr(client->heard, line) != NULL &&
           strstr(client->heard, "Connection: close\r\n") != NULL;
}

static inline int times_in(const char *text, const char *what)
{
    int times = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        times++;
    return times;
}

#define assert_contains(text, what)                                                                \
    do {                                                                                           \
        if (strstr((text), (what)) == NULL)                                                        \
            fail_msg("\"%s\" is not in:\n%s", (what), (text));                                     \
    } while (0)
#define assert_refused(client, status) assert_true(client_is_refused((client), (status)))
#define assert_lacks(text, what)                                                                   \
    do {                                                                                           \
        if (strstr((text), (what)) != NULL)                                                        \
            fail_msg("\"%s\" is in:\n%s", (what), (text));                                         \
    } while (0)

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"

#endif
