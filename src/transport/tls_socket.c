/* tls_socket.c - see tls_socket.h. */
#include "transport/tls_socket.h"

#include <stdlib.h>

#include "base/list.h"

#define ROUNDS_MAX   8 /* of taking in and giving out; a peer who is faster comes again next turn */
#define RECORD_BYTES (16u << 10) /* what TLS writes at once */

struct tls_socket {
    struct pgl_socket socket;
    struct pgl_socket *inner;
    struct pgl_tls *tls;
    bool wants_reading, wants_writing;
    bool has_ended;   /* the connection below, with or without a word in TLS */
    bool is_broken;   /* the connection below */
    bool ends_output; /* below too, once all has left */
};

static struct tls_socket *tls_of(struct pgl_socket *socket)
{
    return PGL_CONTAINER(socket, struct tls_socket, socket);
}

/* ---- ciphertext ---- */

static void give_out(struct tls_socket *s)
{
    struct pgl_text leaving;
    while (!s->is_broken && (leaving = pgl_tls_leaving(s->tls)).size > 0) {
        struct pgl_span span = { leaving.data, leaving.size };
        size_t put = 0;
        enum pgl_io io = s->inner->ops->write(s->inner, &span, 1, &put);
        s->is_broken = io == PGL_IO_END || io == PGL_IO_BROKEN;
        if (io != PGL_IO_DONE)
            return;
        pgl_tls_left(s->tls, put);
    }
    if (s->ends_output && !s->is_broken) {
        s->ends_output = false;
        s->inner->ops->end_output(s->inner);
    }
}

/* Whether there may be more: what fills its room seldom was all. */
static bool take_in(struct tls_socket *s)
{
    char *room;
    size_t size = pgl_tls_room(s->tls, &room), got = 0;
    if (size == 0 || s->is_broken || s->has_ended)
        return false;
    enum pgl_io io = s->inner->ops->read(s->inner, room, size, &got);
    s->has_ended = io == PGL_IO_END;
    s->is_broken = io == PGL_IO_BROKEN;
    pgl_tls_came(s->tls, got);
    return io == PGL_IO_DONE && got == size;
}

/* All that can be moved and understood now; what was taken in is understood, so whoever waits below
 * is told when there is more. What we refuse leaves as its alert. */
static void exchange(struct tls_socket *s)
{
    bool has_more = true;
    for (int i = 0; has_more && i < ROUNDS_MAX; i++) {
        has_more = take_in(s);
        if (!pgl_tls_is_ready(s->tls))
            (void)pgl_tls_handshake(s->tls); /* that it broke is seen where somebody reads */
        give_out(s);
    }
}

static bool is_dead(const struct tls_socket *s)
{
    return s->is_broken || !pgl_is_ok(pgl_tls_failure(s->tls));
}

static bool has_news(struct tls_socket *s)
{
    bool has_room = pgl_tls_is_ready(s->tls) && pgl_tls_leaving(s->tls).size == 0;
    return (s->wants_reading && (is_dead(s) || s->has_ended || pgl_tls_is_readable(s->tls))) ||
           (s->wants_writing && (is_dead(s) || has_room));
}

static void settle(struct tls_socket *s)
{
    bool is_ready = pgl_tls_is_ready(s->tls);
    bool has_end = is_dead(s) || s->has_ended;
    s->inner->ops->want(s->inner, !has_end && (s->wants_reading || !is_ready),
                        !s->is_broken && pgl_tls_leaving(s->tls).size > 0);
    if (has_news(s))
        pgl_socket_note(&s->socket);
    else
        pgl_list_remove(&s->socket.ready);
}

/* This is the loop's turn already, so who is above is told at once. */
static void on_inner_ready(void *owner)
{
    struct tls_socket *s = owner;
    exchange(s);
    settle(s);
    if (pgl_list_is_empty(&s->socket.ready))
        return;
    pgl_list_remove(&s->socket.ready);
    s->socket.on_ready(s->socket.owner);
}

/* ---- as a socket ---- */

static enum pgl_io io_of(struct tls_socket *s, enum pgl_tls_io io)
{
    switch (io) {
    case PGL_TLS_DONE:
        return PGL_IO_DONE;
    case PGL_TLS_END:
        return PGL_IO_END;
    case PGL_TLS_BROKEN:
        return PGL_IO_BROKEN;
    case PGL_TLS_WAIT:
        break;
    }
    return s->is_broken || s->has_ended ? PGL_IO_BROKEN : PGL_IO_WAIT;
}

/* As many records as there are and fit. What ends it behind some bytes is told the next time. */
static enum pgl_tls_io read_records(struct tls_socket *s, char *bytes, size_t size, size_t *got)
{
    enum pgl_tls_io io = PGL_TLS_DONE;
    size_t step;
    for (*got = 0; *got < size && io == PGL_TLS_DONE; *got += step)
        io = pgl_tls_read(s->tls, bytes + *got, size - *got, &step);
    return *got > 0 ? PGL_TLS_DONE : io;
}

static enum pgl_io socket_read(struct pgl_socket *socket, void *bytes, size_t size, size_t *got)
{
    struct tls_socket *s = tls_of(socket);
    enum pgl_tls_io io = read_records(s, bytes, size, got);
    if (io == PGL_TLS_WAIT) {
        exchange(s);
        io = read_records(s, bytes, size, got);
    }
    settle(s);
    return io_of(s, io);
}

/* What is to be written from `at` on, a record's worth at most: a span itself when it is that long,
 * else a copy of several, since a record of its own costs more than that. */
static struct pgl_text next_record(const struct pgl_span *spans, int count, size_t at,
                                   char room[RECORD_BYTES])
{
    size_t have = 0;
    for (int i = 0; i < count && have < RECORD_BYTES; i++) {
        if (at >= spans[i].size) {
            at -= spans[i].size;
            continue;
        }
        const char *from = (const char *)spans[i].data + at;
        size_t left = spans[i].size - at, free = RECORD_BYTES - have;
        if (have == 0 && (left >= free || i == count - 1))
            return (struct pgl_text){ from, left < free ? left : free };
        size_t step = left < free ? left : free;
        memcpy(room + have, from, step);
        have += step;
        at = 0;
    }
    return (struct pgl_text){ room, have };
}

static enum pgl_io socket_write(struct pgl_socket *socket, const struct pgl_span *spans, int count,
                                size_t *put)
{
    struct tls_socket *s = tls_of(socket);
    char room[RECORD_BYTES];
    struct pgl_text record;
    *put = 0;
    if (!pgl_tls_is_ready(s->tls))
        exchange(s);
    enum pgl_tls_io io = PGL_TLS_DONE;
    while (!s->is_broken && (record = next_record(spans, count, *put, room)).size > 0) {
        size_t step;
        io = pgl_tls_write(s->tls, record.data, record.size, &step);
        if (io == PGL_TLS_WAIT) { /* the buffer is full, or this is the handshake */
            give_out(s);
            io = pgl_tls_write(s->tls, record.data, record.size, &step);
        }
        *put += step;
        if (io != PGL_TLS_DONE)
            break;
    }
    give_out(s);
    if (s->is_broken)
        return PGL_IO_BROKEN;
    settle(s);
    return *put > 0 ? PGL_IO_DONE : io_of(s, io);
}

static void socket_want(struct pgl_socket *socket, bool reading, bool writing)
{
    struct tls_socket *s = tls_of(socket);
    s->wants_reading = reading;
    s->wants_writing = writing;
    settle(s);
}

static struct pgl_socket *socket_accept(struct pgl_socket *socket, struct pgl_list *ready_list)
{
    (void)socket, (void)ready_list;
    return NULL; /* no listener */
}

static void socket_end_output(struct pgl_socket *socket)
{
    struct tls_socket *s = tls_of(socket);
    pgl_tls_end(s->tls);
    s->ends_output = true;
    give_out(s);
    settle(s);
}

static void socket_close(struct pgl_socket *socket)
{
    struct tls_socket *s = tls_of(socket);
    pgl_tls_end(s->tls);
    give_out(s); /* what does not leave at once is lost, as with any socket */
    pgl_list_remove(&socket->ready);
    s->inner->ops->close(s->inner);
    pgl_tls_close(s->tls);
    free(s);
}

pgl_status pgl_tls_socket_open(struct pgl_socket *inner, struct pgl_tls *tls,
                               struct pgl_socket **socket)
{
    static const struct pgl_socket_ops ops = {
        socket_read, socket_write, socket_accept, socket_want, socket_end_output, socket_close,
    };
    struct tls_socket *s = calloc(1, sizeof *s);
    if (s == NULL) {
        inner->ops->close(inner);
        pgl_tls_close(tls);
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a connection");
    }
    s->socket = (struct pgl_socket){ .ops = &ops, .ready_list = inner->ready_list };
    s->socket.port = inner->port;
    memcpy(s->socket.peer, inner->peer, sizeof s->socket.peer);
    pgl_list_init(&s->socket.ready);
    s->inner = inner;
    s->tls = tls;
    s->wants_reading = true;
    inner->on_ready = on_inner_ready;
    inner->owner = s;
    *socket = &s->socket;
    return PGL_OK;
}

static const struct tls_socket *const_tls_of(const struct pgl_socket *socket)
{
    return (const struct tls_socket *)((const char *)socket - offsetof(struct tls_socket, socket));
}

pgl_status pgl_tls_socket_failure(const struct pgl_socket *socket)
{
    return pgl_tls_failure(const_tls_of(socket)->tls);
}

struct pgl_tls *pgl_tls_socket_session(const struct pgl_socket *socket)
{
    return const_tls_of(socket)->tls;
}

/* ---- a handshake that goes on when somebody says so ---- */

void pgl_tls_socket_hold(struct pgl_socket *socket, void (*on_news)(void *owner), void *owner)
{
    struct tls_socket *s = tls_of(socket);
    s->inner->on_ready = on_news;
    s->inner->owner = owner;
}

enum pgl_tls_io pgl_tls_socket_go_on(struct pgl_socket *socket)
{
    struct tls_socket *s = tls_of(socket);
    exchange(s);
    if (is_dead(s) || (s->has_ended && !pgl_tls_is_ready(s->tls)))
        return PGL_TLS_BROKEN;
    bool is_ready = pgl_tls_is_ready(s->tls);
    if (is_ready)
        pgl_tls_socket_hold(socket, on_inner_ready, s);
    settle(s);
    return is_ready ? PGL_TLS_DONE : PGL_TLS_WAIT;
}
