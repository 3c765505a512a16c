/* twin.c - see twin.h. Sockets are few in tests, so news is found by looking at each. */
#include "platform/twin.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/time.h"

#define PIPE_BYTES_MAX (64u << 10) /* of the order of a kernel's */
#define FIRST_PORT     40000

/* Bytes that were written at once, or the end of all bytes. */
struct segment {
    struct pgl_arena memory; /* first, as in the other two: see make() */
    struct pgl_list node;
    int64_t due_ns;
    bool is_end;
    size_t size, read_bytes;
    char bytes[];
};

struct twin_socket {
    struct pgl_arena memory;
    struct pgl_socket socket;
    struct pgl_twin *twin;
    struct pgl_list in_twin, in_backlog;
    struct twin_socket *peer; /* NULL once closed, and for listeners */
    struct pgl_list backlog;  /* of a listener */
    struct pgl_list incoming; /* segments, the oldest first */
    size_t incoming_bytes;
    int64_t open_ns; /* known to be connected from then on */
    bool is_listener, is_broken, has_ended_output;
    bool wants_reading, wants_writing;
};

struct twin_waiter {
    struct pgl_arena memory;
    struct pgl_waiter waiter;
    struct pgl_twin *twin;
    int64_t until_ns;
};

static const struct pgl_socket_ops socket_ops;
static struct pgl_waiter *waiter_open(struct pgl_platform *platform);

static struct twin_socket *twin_of(struct pgl_socket *socket)
{
    return PGL_CONTAINER(socket, struct twin_socket, socket);
}

/* Each thing lies in memory of its own, so that a sanitizer sees who uses it behind its end. */
static void *make(size_t size)
{
    struct pgl_arena memory;
    pgl_arena_init(&memory, size < 256 ? 256 : size, SIZE_MAX);
    void *thing = pgl_arena_zalloc(&memory, size);
    PGL_ASSERT(thing != NULL);
    *(struct pgl_arena *)thing = memory;
    return thing;
}

static void unmake(void *thing)
{
    struct pgl_arena memory = *(struct pgl_arena *)thing;
    pgl_arena_free(&memory);
}

/* ---- clock, entropy, log ---- */

static int64_t monotonic_ns(void *self)
{
    return ((struct pgl_twin *)self)->now_ns;
}

static int64_t wall_ns(void *self)
{
    return ((struct pgl_twin *)self)->wall_ns;
}

static void entropy_fill(void *self, void *bytes, size_t size)
{
    pgl_random_fill(&((struct pgl_twin *)self)->entropy, bytes, size);
}

/* A test that wants to read its log sets log_write. */
static void log_nowhere(struct pgl_platform *platform, struct pgl_text line)
{
    (void)platform, (void)line;
}

void pgl_twin_open(struct pgl_twin *twin, uint64_t seed)
{
    *twin = (struct pgl_twin){ .now_ns = PGL_SECONDS(1),
                               .wall_ns = PGL_SECONDS(1769860799),
                               .pipe_bytes_max = PIPE_BYTES_MAX,
                               .client_address = "192.0.2.1", /* RFC 5737: for examples */
                               .last_port = FIRST_PORT };
    twin->platform.clock = (struct pgl_clock){ monotonic_ns, wall_ns, twin };
    twin->platform.entropy = (struct pgl_entropy){ entropy_fill, twin };
    twin->platform.waiter_open = waiter_open;
    twin->platform.log_write = log_nowhere;
    pgl_random_seed(&twin->entropy, seed, 1);
    pgl_random_seed(&twin->sizes, seed, 2);
    pgl_list_init(&twin->sockets);
}

void pgl_twin_close(struct pgl_twin *twin)
{
    PGL_ASSERT(pgl_list_is_empty(&twin->sockets));
}

void pgl_twin_advance(struct pgl_twin *twin, int64_t by_ns)
{
    PGL_ASSERT(by_ns >= 0);
    twin->now_ns += by_ns;
    twin->wall_ns += by_ns;
}

/* ---- news ---- */

/* When there is, or will be, something to read; PGL_NEVER_NS for not yet known. */
static int64_t readable_ns(const struct twin_socket *s)
{
    if (s->is_broken)
        return 0;
    if (s->is_listener)
        return pgl_list_is_empty(&s->backlog)
                   ? PGL_NEVER_NS
                   : PGL_CONTAINER(s->backlog.next, struct twin_socket, in_backlog)->open_ns;
    return pgl_list_is_empty(&s->incoming)
               ? PGL_NEVER_NS
               : PGL_CONTAINER(s->incoming.next, struct segment, node)->due_ns;
}

static int64_t writable_ns(const struct twin_socket *s)
{
    if (s->is_broken || s->peer == NULL)
        return s->is_listener ? PGL_NEVER_NS : 0;
    return s->peer->incoming_bytes < s->twin->pipe_bytes_max ? s->open_ns : PGL_NEVER_NS;
}

static int64_t news_ns(const struct twin_socket *s)
{
    int64_t reading = s->wants_reading ? readable_ns(s) : PGL_NEVER_NS;
    int64_t writing = s->wants_writing ? writable_ns(s) : PGL_NEVER_NS;
    return reading < writing ? reading : writing;
}

void pgl_twin_note_news(struct pgl_twin *twin)
{
    for (struct pgl_list *node = twin->sockets.next; node != &twin->sockets; node = node->next) {
        struct twin_socket *s = PGL_CONTAINER(node, struct twin_socket, in_twin);
        if (s->socket.ready_list != NULL && /* NULL: not accepted yet */
            news_ns(s) <= twin->now_ns)
            pgl_socket_note(&s->socket);
    }
}

int64_t pgl_twin_next_ns(const struct pgl_twin *twin)
{
    int64_t next_ns = PGL_NEVER_NS;
    for (struct pgl_list *node = twin->sockets.next; node != &twin->sockets; node = node->next) {
        const struct twin_socket *s = PGL_CONTAINER(node, struct twin_socket, in_twin);
        int64_t one_ns = s->socket.ready_list == NULL ? PGL_NEVER_NS : news_ns(s);
        next_ns = one_ns < next_ns ? one_ns : next_ns;
    }
    return next_ns;
}

/* ---- sockets ---- */

static struct twin_socket *socket_open(struct pgl_twin *twin, struct pgl_list *ready_list)
{
    struct twin_socket *s = make(sizeof *s);
    s->socket.ops = &socket_ops;
    s->socket.ready_list = ready_list;
    s->twin = twin;
    s->wants_reading = true;
    pgl_list_init(&s->socket.ready);
    pgl_list_init(&s->in_backlog);
    pgl_list_init(&s->backlog);
    pgl_list_init(&s->incoming);
    pgl_list_append(&twin->sockets, &s->in_twin);
    return s;
}

/* All of `limit`, or some of it when sizes are drawn. */
static size_t draw_size(struct pgl_twin *twin, size_t limit)
{
    return twin->draws_sizes && limit > 1 ? 1 + (size_t)pgl_random_below(&twin->sizes, limit)
                                          : limit;
}

static enum pgl_io socket_read(struct pgl_socket *socket, void *bytes, size_t size, size_t *got)
{
    struct twin_socket *s = twin_of(socket);
    *got = 0;
    if (s->is_broken)
        return PGL_IO_BROKEN;
    size = draw_size(s->twin, size < s->incoming_bytes ? size : s->incoming_bytes);
    while (readable_ns(s) <= s->twin->now_ns) {
        struct segment *segment = PGL_CONTAINER(s->incoming.next, struct segment, node);
        if (segment->is_end)
            return *got > 0 ? PGL_IO_DONE : PGL_IO_END;
        if (*got == size)
            return PGL_IO_DONE;
        size_t left = segment->size - segment->read_bytes, room = size - *got;
        size_t step = left < room ? left : room;
        memcpy((char *)bytes + *got, segment->bytes + segment->read_bytes, step);
        segment->read_bytes += step;
        s->incoming_bytes -= step;
        *got += step;
        if (step < left)
            return PGL_IO_DONE;
        pgl_list_remove(&segment->node);
        unmake(segment);
    }
    return *got > 0 ? PGL_IO_DONE : PGL_IO_WAIT;
}

/* Never before what was sent earlier, though the delay may have become shorter. */
static struct segment *send_segment(struct twin_socket *to, size_t size)
{
    struct segment *segment = make(sizeof *segment + size);
    segment->due_ns = to->twin->now_ns + to->twin->delay_ns;
    segment->size = size;
    if (!pgl_list_is_empty(&to->incoming)) {
        int64_t last_ns = PGL_CONTAINER(to->incoming.previous, struct segment, node)->due_ns;
        segment->due_ns = segment->due_ns > last_ns ? segment->due_ns : last_ns;
    }
    pgl_list_append(&to->incoming, &segment->node);
    to->incoming_bytes += size;
    return segment;
}

static enum pgl_io socket_write(struct pgl_socket *socket, const struct pgl_span *spans, int count,
                                size_t *put)
{
    struct twin_socket *s = twin_of(socket);
    size_t size = 0, room, at = 0;
    *put = 0;
    PGL_ASSERT(count > 0 && !s->has_ended_output);
    if (s->is_broken || s->peer == NULL)
        return PGL_IO_BROKEN;
    for (int i = 0; i < count; i++)
        size += spans[i].size;
    room = s->twin->pipe_bytes_max > s->peer->incoming_bytes
               ? s->twin->pipe_bytes_max - s->peer->incoming_bytes
               : 0;
    if (room == 0 || s->open_ns > s->twin->now_ns)
        return PGL_IO_WAIT;
    size = draw_size(s->twin, size < room ? size : room);
    struct segment *segment = send_segment(s->peer, size);
    for (int i = 0; at < size; i++) {
        size_t step = spans[i].size < size - at ? spans[i].size : size - at;
        memcpy(segment->bytes + at, spans[i].data, step);
        at += step;
    }
    *put = size;
    return PGL_IO_DONE;
}

static struct pgl_socket *socket_accept(struct pgl_socket *listener, struct pgl_list *ready_list)
{
    struct twin_socket *l = twin_of(listener);
    if (readable_ns(l) > l->twin->now_ns)
        return NULL;
    struct twin_socket *s =
        PGL_CONTAINER(pgl_list_take_first(&l->backlog), struct twin_socket, in_backlog);
    s->socket.ready_list = ready_list;
    return &s->socket;
}

static void socket_want(struct pgl_socket *socket, bool reading, bool writing)
{
    twin_of(socket)->wants_reading = reading;
    twin_of(socket)->wants_writing = writing;
}

static void lose_incoming(struct twin_socket *s)
{
    struct pgl_list *node;
    while ((node = pgl_list_take_first(&s->incoming)) != NULL)
        unmake(PGL_CONTAINER(node, struct segment, node));
    s->incoming_bytes = 0;
}

void pgl_twin_break(struct pgl_socket *socket)
{
    struct twin_socket *ends[] = { twin_of(socket), twin_of(socket)->peer };
    for (int i = 0; i < 2 && ends[i] != NULL; i++) {
        ends[i]->is_broken = true;
        lose_incoming(ends[i]);
    }
}

void pgl_twin_end_output(struct pgl_socket *socket)
{
    struct twin_socket *s = twin_of(socket);
    if (s->peer != NULL && !s->is_broken && !s->has_ended_output)
        send_segment(s->peer, 0)->is_end = true;
    s->has_ended_output = true;
}

static void socket_close(struct pgl_socket *socket)
{
    struct twin_socket *s = twin_of(socket);
    struct pgl_list *node;
    while ((node = pgl_list_take_first(&s->backlog)) != NULL) {
        struct twin_socket *refused = PGL_CONTAINER(node, struct twin_socket, in_backlog);
        pgl_twin_break(&refused->socket);
        socket_close(&refused->socket);
    }
    if (s->incoming_bytes > 0)
        pgl_twin_break(socket);
    else
        pgl_twin_end_output(socket);
    lose_incoming(s); /* an end is left there */
    if (s->peer != NULL)
        s->peer->peer = NULL;
    pgl_list_remove(&s->socket.ready);
    pgl_list_remove(&s->in_backlog);
    pgl_list_remove(&s->in_twin);
    unmake(s);
}

static const struct pgl_socket_ops socket_ops = {
    socket_read, socket_write, socket_accept, socket_want, pgl_twin_end_output, socket_close,
};

/* ---- the waiter ---- */

static void waiter_wait(struct pgl_waiter *waiter, int64_t until_ns)
{
    struct twin_waiter *w = PGL_CONTAINER(waiter, struct twin_waiter, waiter);
    w->until_ns = until_ns;
    pgl_twin_note_news(w->twin);
}

int64_t pgl_twin_waited_until_ns(const struct pgl_waiter *waiter)
{
    return PGL_CONTAINER(waiter, struct twin_waiter, waiter)->until_ns;
}

static void waiter_wake(struct pgl_waiter *waiter)
{
    (void)waiter; /* nobody sleeps */
}

static struct twin_socket *find_listener(struct pgl_twin *twin, uint16_t port)
{
    for (struct pgl_list *node = twin->sockets.next; node != &twin->sockets; node = node->next) {
        struct twin_socket *s = PGL_CONTAINER(node, struct twin_socket, in_twin);
        if (s->is_listener && s->socket.port == port)
            return s;
    }
    return NULL;
}

static pgl_status waiter_listen(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                struct pgl_list *ready_list, struct pgl_socket **listener)
{
    struct pgl_twin *twin = PGL_CONTAINER(waiter, struct twin_waiter, waiter)->twin;
    (void)host; /* one machine */
    if (port == 0)
        port = ++twin->last_port;
    if (find_listener(twin, port) != NULL)
        return PGL_FAIL(PGL_UNAVAILABLE, "the port is in use");
    struct twin_socket *s = socket_open(twin, ready_list);
    s->is_listener = true;
    s->socket.port = port;
    *listener = &s->socket;
    return PGL_OK;
}

static pgl_status waiter_connect(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                 struct pgl_list *ready_list, struct pgl_socket **socket)
{
    struct pgl_twin *twin = PGL_CONTAINER(waiter, struct twin_waiter, waiter)->twin;
    struct twin_socket *listener = find_listener(twin, port);
    struct twin_socket *near = socket_open(twin, ready_list);
    near->wants_writing = true;
    snprintf(near->socket.peer, sizeof near->socket.peer, "%s", host);
    *socket = &near->socket;
    if (listener == NULL) {
        near->is_broken = true; /* refused: seen at the first read or write */
        return PGL_OK;
    }
    struct twin_socket *far = socket_open(twin, NULL);
    memcpy(far->socket.peer, twin->client_address, sizeof far->socket.peer);
    far->open_ns = twin->now_ns + twin->delay_ns;
    near->open_ns = far->open_ns + twin->delay_ns;
    near->peer = far;
    far->peer = near;
    pgl_list_append(&listener->backlog, &far->in_backlog);
    return PGL_OK;
}

/* ---- names ---- */

/* Digits and points, or a colon: an address by itself. */
static bool is_numeric(const char *name)
{
    return strchr(name, ':') != NULL || name[strspn(name, "0123456789.")] == '\0';
}

static const struct pgl_twin_name *find_name(const struct pgl_twin *twin, const char *name)
{
    for (size_t i = 0; i < PGL_TWIN_NAMES_MAX && twin->names[i].name != NULL; i++)
        if (strcmp(twin->names[i].name, name) == 0)
            return &twin->names[i];
    return NULL;
}

static void add_line(struct twin_socket *s, const char *text, int64_t due_ns)
{
    struct segment *segment = send_segment(s, strlen(text));
    memcpy(segment->bytes, text, strlen(text));
    segment->due_ns = due_ns;
}

static pgl_status waiter_resolve(struct pgl_waiter *waiter, const char *name,
                                 struct pgl_list *ready_list, struct pgl_socket **socket)
{
    struct pgl_twin *twin = PGL_CONTAINER(waiter, struct twin_waiter, waiter)->twin;
    const struct pgl_twin_name *known = find_name(twin, name);
    if (name[0] == '\0' || strlen(name) >= PGL_NAME_BYTES)
        return PGL_FAIL(PGL_INVALID, "not a name of a host");
    struct twin_socket *s = socket_open(twin, ready_list);
    int64_t due_ns = is_numeric(name) ? twin->now_ns : twin->now_ns + twin->delay_ns;
    if (known != NULL && known->addresses == NULL)
        s->is_broken = true;
    else if (known != NULL || is_numeric(name))
        add_line(s, known != NULL ? known->addresses : name, due_ns);
    if (known != NULL || is_numeric(name))
        add_line(s, "\n", due_ns);
    struct segment *last = send_segment(s, 0);
    last->due_ns = due_ns;
    last->is_end = true;
    *socket = &s->socket;
    return PGL_OK;
}

static void waiter_close(struct pgl_waiter *waiter)
{
    unmake(PGL_CONTAINER(waiter, struct twin_waiter, waiter));
}

static struct pgl_waiter *waiter_open(struct pgl_platform *platform)
{
    static const struct pgl_waiter_ops ops = {
        waiter_wait, waiter_wake, waiter_listen, waiter_connect, waiter_resolve, waiter_close,
    };
    struct twin_waiter *w = make(sizeof *w);
    w->waiter.ops = &ops;
    w->twin = PGL_CONTAINER(platform, struct pgl_twin, platform);
    w->until_ns = PGL_NEVER_NS;
    return &w->waiter;
}
