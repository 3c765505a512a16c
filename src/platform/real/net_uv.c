/*
 * net_uv.c - sockets and sleeping, by libuv.
 *
 * libuv tells readiness (uv_poll); reading and writing are plain system calls made by whoever owns
 * the socket, in its turn. So a callback has one line to do: note the socket.
 */
#include "platform/real/real.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "base/assert.h"
#include "base/time.h"
#include "platform/real/address_os.h"
#include "platform/real/names_uv.h"

#define LISTEN_BACKLOG 1024
#define SPANS_MAX      16

struct uv_waiter {
    struct pgl_waiter waiter;
    struct pgl_clock clock;
    uv_loop_t loop;
    uv_poll_t wakes;
    int wake_file; /* an eventfd; uv_async_t has who is woken spin until its waker has run on */
    uv_timer_t timer;
    struct pgl_real_names names;
    int spare_file; /* see turn_one_away */
};

struct uv_socket {
    struct pgl_socket socket;
    struct uv_waiter *home;
    uv_poll_t poll;
    int file;
    int events; /* what libuv was last asked for */
    char *path; /* of a listener at one, which goes with it; NULL else */
};

static const struct pgl_socket_ops socket_ops;

/* ---- sleeping ---- */

static void on_wake(uv_poll_t *poll, int status, int events)
{
    uint64_t times;
    (void)status, (void)events;
    ssize_t ignored =
        read(PGL_CONTAINER(poll, struct uv_waiter, wakes)->wake_file, &times, sizeof times);
    (void)ignored; /* to be awake is all */
}

static void on_time(uv_timer_t *timer)
{
    (void)timer;
}

static void waiter_wait(struct pgl_waiter *waiter, int64_t until_ns)
{
    struct uv_waiter *home = PGL_CONTAINER(waiter, struct uv_waiter, waiter);
    int64_t left_ns =
        until_ns == PGL_NEVER_NS ? PGL_HOURS(1) : until_ns - pgl_clock_monotonic_ns(&home->clock);
    if (left_ns <= 0) {
        uv_run(&home->loop, UV_RUN_NOWAIT);
        return;
    }
    if (left_ns > PGL_HOURS(1))
        left_ns = PGL_HOURS(1);
    uv_update_time(&home->loop);
    uv_timer_start(&home->timer, on_time, (uint64_t)((left_ns + 999999) / 1000000), 0);
    uv_run(&home->loop, UV_RUN_ONCE);
    uv_timer_stop(&home->timer);
}

static void waiter_wake(struct pgl_waiter *waiter)
{
    const uint64_t once = 1;
    ssize_t ignored =
        write(PGL_CONTAINER(waiter, struct uv_waiter, waiter)->wake_file, &once, sizeof once);
    (void)ignored; /* it cannot be full of what nobody has read: then it is awake already */
}

/* ---- sockets ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct uv_socket *s = PGL_CONTAINER(poll, struct uv_socket, poll);
    (void)events;
    if (status < 0) /* it shows itself at a read, behind what had come before; libuv has stopped */
        s->events = 0;
    pgl_socket_note(&s->socket);
}

static void socket_want(struct pgl_socket *socket, bool reading, bool writing)
{
    struct uv_socket *s = PGL_CONTAINER(socket, struct uv_socket, socket);
    int events = (reading ? UV_READABLE : 0) | (writing ? UV_WRITABLE : 0);
    if (events == s->events)
        return;
    s->events = events;
    if (events == 0)
        uv_poll_stop(&s->poll);
    else
        uv_poll_start(&s->poll, events, on_poll);
}

/* Takes the file over, also when it fails. */
static struct uv_socket *socket_open(struct uv_waiter *home, int file, struct pgl_list *ready_list)
{
    struct uv_socket *s = calloc(1, sizeof *s);
    if (s == NULL || uv_poll_init_socket(&home->loop, &s->poll, file) != 0) {
        free(s);
        close(file);
        return NULL;
    }
    s->socket.ops = &socket_ops;
    s->socket.ready_list = ready_list;
    pgl_list_init(&s->socket.ready);
    s->home = home;
    s->file = file;
    return s;
}

static enum pgl_io io_of(ssize_t moved, size_t *count)
{
    *count = moved > 0 ? (size_t)moved : 0;
    if (moved > 0)
        return PGL_IO_DONE;
    if (moved == 0)
        return PGL_IO_END;
    return errno == EAGAIN || errno == EINTR ? PGL_IO_WAIT : PGL_IO_BROKEN;
}

static enum pgl_io socket_read(struct pgl_socket *socket, void *bytes, size_t size, size_t *got)
{
    struct uv_socket *s = PGL_CONTAINER(socket, struct uv_socket, socket);
    return io_of(recv(s->file, bytes, size, 0), got);
}

static enum pgl_io socket_write(struct pgl_socket *socket, const struct pgl_span *spans, int count,
                                size_t *put)
{
    struct uv_socket *s = PGL_CONTAINER(socket, struct uv_socket, socket);
    struct iovec vector[SPANS_MAX];
    PGL_ASSERT(count > 0 && count <= SPANS_MAX);
    for (int i = 0; i < count; i++)
        vector[i] = (struct iovec){ (void *)(uintptr_t)spans[i].data, spans[i].size };
    struct msghdr message = { .msg_iov = vector, .msg_iovlen = (size_t)count };
    return io_of(sendmsg(s->file, &message, MSG_NOSIGNAL), put);
}

static void name_peer(struct pgl_socket *socket, const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_UNIX)
        memcpy(socket->peer, "local", sizeof "local");
    else if (address->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, socket->peer,
                  sizeof socket->peer);
    else
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, socket->peer,
                  sizeof socket->peer);
}

/* The process has no file left: a connection that nobody takes would wake us for ever. The spare
 * file makes room to take it and close it, so that its client knows. */
static void turn_one_away(struct uv_socket *listener)
{
    struct uv_waiter *home = listener->home;
    if (home->spare_file >= 0)
        close(home->spare_file);
    int file = accept(listener->file, NULL, NULL);
    if (file >= 0)
        close(file);
    home->spare_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static struct pgl_socket *socket_accept(struct pgl_socket *listener, struct pgl_list *ready_list)
{
    struct uv_socket *l = PGL_CONTAINER(listener, struct uv_socket, socket);
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    int file = accept4(l->file, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file < 0) {
        if (errno == EMFILE || errno == ENFILE)
            turn_one_away(l);
        return NULL;
    }
    int on = 1;
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct uv_socket *s = socket_open(l->home, file, ready_list);
    if (s == NULL)
        return NULL;
    name_peer(&s->socket, &address);
    socket_want(&s->socket, true, false);
    return &s->socket;
}

static void socket_end_output(struct pgl_socket *socket)
{
    /* What fails here shows itself at the next read. */
    (void)shutdown(PGL_CONTAINER(socket, struct uv_socket, socket)->file, SHUT_WR);
}

static void on_closed(uv_handle_t *handle)
{
    struct uv_socket *s = PGL_CONTAINER(handle, struct uv_socket, poll);
    close(s->file);
    free(s);
}

static void socket_close(struct pgl_socket *socket)
{
    struct uv_socket *s = PGL_CONTAINER(socket, struct uv_socket, socket);
    if (s->path != NULL)
        unlink(s->path);
    free(s->path);
    pgl_list_remove(&socket->ready);
    uv_close((uv_handle_t *)&s->poll, on_closed);
}

static const struct pgl_socket_ops socket_ops = {
    socket_read, socket_write, socket_accept, socket_want, socket_end_output, socket_close,
};

/* ---- opening ---- */

static uint16_t port_of(int file)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { .v6 = { 0 } };
    socklen_t size = sizeof address;
    if (getsockname(file, &address.any, &size) != 0 || address.any.sa_family == AF_UNIX)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* At a path for its owner alone; what an earlier process left there goes. On Linux the mode of the
 * file is that of the socket, so nobody gets in between. */
static pgl_status bind_at(int file, const struct pgl_real_address *address)
{
    int on = 1;
    if (address->path != NULL) {
        unlink(address->path);
        fchmod(file, S_IRUSR | S_IWUSR);
    } else {
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (bind(file, (const struct sockaddr *)&address->storage, address->size) == 0 &&
        listen(file, LISTEN_BACKLOG) == 0)
        return PGL_OK;
    return PGL_FAIL(PGL_UNAVAILABLE,
                    errno == EADDRINUSE ? "the port is in use" : strerrorname_np(errno));
}

static pgl_status connect_to(int file, const struct pgl_real_address *address)
{
    int on = 1;
    if (address->path == NULL)
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(file, (const struct sockaddr *)&address->storage, address->size) == 0 ||
        errno == EINPROGRESS)
        return PGL_OK;
    return PGL_FAIL(PGL_UNAVAILABLE, strerrorname_np(errno));
}

/* A socket at the address, after what `reach` does with it. */
static pgl_status open_at(struct uv_waiter *home, const char *host, uint16_t port,
                          struct pgl_list *ready_list, struct uv_socket **s,
                          pgl_status (*reach)(int file, const struct pgl_real_address *address))
{
    struct pgl_real_address address;
    PGL_TRY(pgl_real_address_open(&address, host, port));
    int file = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    pgl_status status =
        file >= 0 ? reach(file, &address) : PGL_FAIL(PGL_UNAVAILABLE, strerrorname_np(errno));
    pgl_real_address_close(&address);
    if (!pgl_is_ok(status)) {
        if (file >= 0)
            close(file);
        return status;
    }
    *s = socket_open(home, file, ready_list);
    if (*s == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a socket");
    if (reach == bind_at && address.path != NULL)
        (*s)->path = strdup(address.path);
    name_peer(&(*s)->socket, &address.storage);
    return PGL_OK;
}

static pgl_status waiter_listen(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                struct pgl_list *ready_list, struct pgl_socket **listener)
{
    struct uv_waiter *home = PGL_CONTAINER(waiter, struct uv_waiter, waiter);
    struct uv_socket *s;
    PGL_TRY(open_at(home, host, port, ready_list, &s, bind_at));
    s->socket.port = port_of(s->file);
    socket_want(&s->socket, true, false);
    *listener = &s->socket;
    return PGL_OK;
}

static pgl_status waiter_connect(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                 struct pgl_list *ready_list, struct pgl_socket **socket_out)
{
    struct uv_waiter *home = PGL_CONTAINER(waiter, struct uv_waiter, waiter);
    struct uv_socket *s;
    PGL_TRY(open_at(home, host, port, ready_list, &s, connect_to));
    socket_want(&s->socket, true, true);
    *socket_out = &s->socket;
    return PGL_OK;
}

static pgl_status waiter_resolve(struct pgl_waiter *waiter, const char *name,
                                 struct pgl_list *ready_list, struct pgl_socket **socket)
{
    struct uv_waiter *home = PGL_CONTAINER(waiter, struct uv_waiter, waiter);
    return pgl_real_names_ask(&home->names, name, ready_list, socket);
}

static void waiter_close(struct pgl_waiter *waiter)
{
    struct uv_waiter *home = PGL_CONTAINER(waiter, struct uv_waiter, waiter);
    uv_close((uv_handle_t *)&home->wakes, NULL);
    uv_close((uv_handle_t *)&home->timer, NULL);
    uv_run(&home->loop, UV_RUN_DEFAULT); /* the close callbacks, and names that were given up */
    uv_loop_close(&home->loop);
    close(home->spare_file);
    close(home->wake_file);
    free(home);
}

struct pgl_waiter *pgl_real_waiter_open(struct pgl_platform *platform)
{
    static const struct pgl_waiter_ops ops = {
        waiter_wait, waiter_wake, waiter_listen, waiter_connect, waiter_resolve, waiter_close,
    };
    struct uv_waiter *home = calloc(1, sizeof *home);
    if (home == NULL)
        return NULL;
    home->waiter.ops = &ops;
    home->clock = platform->clock;
    home->names.loop = &home->loop;
    home->spare_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    home->wake_file = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (home->wake_file < 0 || uv_loop_init(&home->loop) != 0 ||
        uv_poll_init(&home->loop, &home->wakes, home->wake_file) != 0 ||
        uv_poll_start(&home->wakes, UV_READABLE, on_wake) != 0 ||
        uv_timer_init(&home->loop, &home->timer) != 0) {
        free(home);
        return NULL;
    }
    return &home->waiter;
}
