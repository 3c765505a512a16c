/*
 * fake_platform.h - for tests: a platform over the twin that does what the test says with each
 * request, and a loop to ask from. Waiting moves the clock, so a whole load runs in no time.
 */
#ifndef PGL_APP_BENCH_FAKE_PLATFORM_H
#define PGL_APP_BENCH_FAKE_PLATFORM_H

#include <stdio.h>

#include "base/assert.h"
#include "base/time.h"
#include "platform/twin.h"
#include "runtime/loop.h"

#define FAKE_PORT        8080
#define FAKE_CONNS_MAX   64
#define FAKE_HEARD_BYTES 16384
#define FAKE_STEP_NS     PGL_MILLISECONDS(1)

struct fake_conn {
    struct pgl_socket *socket; /* NULL when the place is free */
    char heard[FAKE_HEARD_BYTES];
    size_t heard_bytes;
};

struct fake_platform {
    struct pgl_waiter waiter; /* what the loop waits at: the twin's, and the platform's turn */
    struct pgl_waiter *inner;
    struct pgl_twin twin;
    struct pgl_loop loop;
    struct pgl_list ready; /* of the platform's sockets; it looks at all of them anyway */
    struct pgl_socket *listener;
    struct fake_conn conns[FAKE_CONNS_MAX];
    bool is_frozen; /* reads nothing */
    /* A whole request: its head, and its body behind it. */
    void (*on_request)(void *owner, struct fake_conn *conn, struct pgl_text request);
    void (*on_step)(void *owner); /* once a millisecond; may be NULL */
    void *owner;
};

/* ---- what the platform does ---- */

static inline void fake_say(struct fake_conn *conn, const char *text)
{
    struct pgl_span span = { text, strlen(text) };
    size_t put;
    PGL_ASSERT(conn->socket->ops->write(conn->socket, &span, 1, &put) == PGL_IO_DONE);
    PGL_ASSERT(put == span.size);
}

/* `fields` are whole lines. */
static inline void fake_answer(struct fake_conn *conn, int status, const char *fields,
                               const char *body)
{
    char text[2048];
    int size = snprintf(text, sizeof text, "HTTP/1.1 %d x\r\n%sContent-Length: %zu\r\n\r\n%s",
                        status, fields, strlen(body), body);
    PGL_ASSERT(size > 0 && size < (int)sizeof text);
    fake_say(conn, text);
}

static inline void fake_begin_stream(struct fake_conn *conn)
{
    fake_say(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n");
}

static inline void fake_stream(struct fake_conn *conn, const char *text)
{
    char chunk[2048];
    int size = snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(text), text);
    PGL_ASSERT(size > 0 && size < (int)sizeof chunk);
    fake_say(conn, chunk);
}

static inline void fake_close(struct fake_conn *conn)
{
    if (conn->socket != NULL)
        conn->socket->ops->close(conn->socket);
    conn->socket = NULL;
}

static inline void fake_break(struct fake_conn *conn)
{
    pgl_twin_break(conn->socket);
    fake_close(conn);
}

/* ---- its turn ---- */

static inline void fake_accept(struct fake_platform *fake)
{
    struct pgl_socket *socket;
    while ((socket = fake->listener->ops->accept(fake->listener, &fake->ready)) != NULL) {
        int place = 0;
        while (fake->conns[place].socket != NULL)
            PGL_ASSERT(++place < FAKE_CONNS_MAX);
        fake->conns[place].socket = socket;
        fake->conns[place].heard_bytes = 0;
    }
}

/* How long the request at the front is; 0 when it is not whole. */
static inline size_t fake_request_bytes(const struct fake_conn *conn)
{
    const char *end = memmem(conn->heard, conn->heard_bytes, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t size = (size_t)(end - conn->heard) + 4;
    const char *length = memmem(conn->heard, size, "Content-Length: ", 16);
    size += length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    return size <= conn->heard_bytes ? size : 0;
}

static inline void fake_read(struct fake_platform *fake, struct fake_conn *conn)
{
    size_t got, size;
    enum pgl_io io = conn->socket->ops->read(conn->socket, conn->heard + conn->heard_bytes,
                                             sizeof conn->heard - conn->heard_bytes, &got);
    if (io == PGL_IO_END || io == PGL_IO_BROKEN)
        fake_close(conn);
    if (io != PGL_IO_DONE)
        return;
    conn->heard_bytes += got;
    while (conn->socket != NULL && (size = fake_request_bytes(conn)) > 0) {
        char request[FAKE_HEARD_BYTES];
        memcpy(request, conn->heard, size);
        memmove(conn->heard, conn->heard + size, conn->heard_bytes -= size);
        fake->on_request(fake->owner, conn, (struct pgl_text){ request, size });
    }
}

static inline void fake_wait(struct pgl_waiter *waiter, int64_t until_ns)
{
    struct fake_platform *fake = PGL_CONTAINER(waiter, struct fake_platform, waiter);
    if (until_ns > fake->twin.now_ns)
        pgl_twin_advance(&fake->twin, FAKE_STEP_NS);
    fake_accept(fake);
    for (int i = 0; i < FAKE_CONNS_MAX && !fake->is_frozen; i++)
        if (fake->conns[i].socket != NULL)
            fake_read(fake, &fake->conns[i]);
    if (fake->on_step != NULL)
        fake->on_step(fake->owner);
    fake->inner->ops->wait(fake->inner, until_ns);
}

static inline pgl_status fake_connect(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                      struct pgl_list *ready_list, struct pgl_socket **socket)
{
    struct pgl_waiter *inner = PGL_CONTAINER(waiter, struct fake_platform, waiter)->inner;
    return inner->ops->connect(inner, host, port, ready_list, socket);
}

/* ---- the whole ---- */

static inline void fake_open(struct fake_platform *fake, uint64_t seed)
{
    static const struct pgl_waiter_ops ops = { .wait = fake_wait, .connect = fake_connect };
    *fake = (struct fake_platform){ .waiter.ops = &ops };
    pgl_twin_open(&fake->twin, seed);
    pgl_list_init(&fake->ready);
    fake->inner = fake->twin.platform.waiter_open(&fake->twin.platform);
    PGL_ASSERT(pgl_is_ok(fake->inner->ops->listen(fake->inner, "127.0.0.1", FAKE_PORT, &fake->ready,
                                                  &fake->listener)));
    pgl_loop_init(&fake->loop, "fake", &fake->twin.platform, &fake->waiter);
}

static inline void fake_shut(struct fake_platform *fake)
{
    for (int i = 0; i < FAKE_CONNS_MAX; i++)
        fake_close(&fake->conns[i]);
    fake->listener->ops->close(fake->listener);
    fake->inner->ops->close(fake->inner);
    pgl_twin_close(&fake->twin);
}

#endif
