/*
 * waiter.h - where a thread sleeps, and the sockets that may wake it. One waiter a thread; the
 * loops of that thread share it.
 *
 * Threads:  `wake` may be called from any thread; everything else from the waiter's own.
 * Rule:     the platform never calls up while something happens. It notes a socket that has news in
 *           the ready list of that socket's loop, once; the loop looks there in its own turn.
 */
#ifndef PGL_PLATFORM_WAITER_H
#define PGL_PLATFORM_WAITER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_PEER_BYTES    46  /* the longest IPv6 address in text, with its NUL */
#define PGL_NAME_BYTES    254 /* the longest name of a host (RFC 1035, 2.3.4), with its NUL */
#define PGL_NAMES_OUT_MAX 64  /* names that one waiter resolves at a time; one more is refused */

struct pgl_waiter;
struct pgl_socket;

enum pgl_io {
    PGL_IO_DONE,  /* some bytes were moved */
    PGL_IO_WAIT,  /* none can be now; the socket will be noted when they can */
    PGL_IO_END,   /* the peer sends no more */
    PGL_IO_BROKEN /* reset, or any other error: close it */
};

/* A run of bytes to write. */
struct pgl_span {
    const void *data;
    size_t size;
};

struct pgl_socket_ops {
    enum pgl_io (*read)(struct pgl_socket *socket, void *bytes, size_t size, size_t *got);
    enum pgl_io (*write)(struct pgl_socket *socket, const struct pgl_span *spans, int count,
                         size_t *put);
    /* A listener's next connection, or NULL. */
    struct pgl_socket *(*accept)(struct pgl_socket *listener, struct pgl_list *ready_list);
    /* Which news is of interest. A new connection is asked for reading, not for writing. */
    void (*want)(struct pgl_socket *socket, bool reading, bool writing);
    /* Nothing more will be written, and the peer is to know it; it may still be read. */
    void (*end_output)(struct pgl_socket *socket);
    /* The pointer is dead afterwards. */
    void (*close)(struct pgl_socket *socket);
};

struct pgl_socket {
    const struct pgl_socket_ops *ops;
    struct pgl_list ready;       /* node in *ready_list while there is news */
    struct pgl_list *ready_list; /* of the loop that owns the socket */
    void (*on_ready)(void *owner);
    void *owner;
    char peer[PGL_PEER_BYTES];
    uint16_t port; /* of a listener: the one it got */
};

struct pgl_waiter_ops {
    /* Sleeps until `wake`, until a socket has news, or until the monotonic clock shows
     * `until_ns`. */
    void (*wait)(struct pgl_waiter *waiter, int64_t until_ns);
    void (*wake)(struct pgl_waiter *waiter);
    /* At a numeric address, or "unix:PATH": then for this user alone, and `port` means nothing. */
    PGL_MUST_USE pgl_status (*listen)(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                      struct pgl_list *ready_list, struct pgl_socket **listener);
    /* To such an address. The socket is noted when it is connected or has failed. */
    PGL_MUST_USE pgl_status (*connect)(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                       struct pgl_list *ready_list, struct pgl_socket **socket);
    /* What a name leads to, as a socket that may only be read and closed: each address in numeric
     * form on a line of its own. The end without a line: no such name. Broken: nobody could say. A
     * numeric address is there to be read at once. */
    PGL_MUST_USE pgl_status (*resolve)(struct pgl_waiter *waiter, const char *name,
                                       struct pgl_list *ready_list, struct pgl_socket **socket);
    void (*close)(struct pgl_waiter *waiter);
};

struct pgl_waiter {
    const struct pgl_waiter_ops *ops;
    atomic_bool is_asleep; /* set before the last look at the mailboxes; see runtime/thread.c */
};

/* Tells the loop that the socket has news; once until the loop has looked. */
static inline void pgl_socket_note(struct pgl_socket *socket)
{
    if (pgl_list_is_empty(&socket->ready))
        pgl_list_append(socket->ready_list, &socket->ready);
}

#endif
