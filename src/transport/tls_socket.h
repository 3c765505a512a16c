/*
 * tls_socket.h - a connection through TLS that looks like any other socket.
 *
 * For:      those who call, and tls_door.c for those who are called.
 * Owner:    whoever opens it. It owns the socket below and the session.
 * Threads:  the loop's.
 * Bounds:   the two buffers of wire/tls.h. How long a handshake may take is the owner's business.
 *
 * Reading and writing wait until the handshake is over, and writing moves no byte before that: what
 * fails at its handshake has sent nothing. An end that the other side has not said inside TLS is no
 * end but a break (RFC 8446, 6.1): what came before may have been cut.
 */
#ifndef PGL_TRANSPORT_TLS_SOCKET_H
#define PGL_TRANSPORT_TLS_SOCKET_H

#include "platform/waiter.h"
#include "wire/tls.h"

/* Takes both over, also when it fails. */
PGL_MUST_USE pgl_status pgl_tls_socket_open(struct pgl_socket *inner, struct pgl_tls *tls,
                                            struct pgl_socket **socket);

/* Why it is broken, where TLS knows; else OK. */
pgl_status pgl_tls_socket_failure(const struct pgl_socket *socket);

/* Of a socket that is through TLS. */
struct pgl_tls *pgl_tls_socket_session(const struct pgl_socket *socket);

/* For who decides when the handshake goes on. From `hold` on news of the connection below go to
 * `on_news`, and `go_on` does what there is to do: DONE once the handshake is over, and then the
 * socket is like any other; WAIT for more news; BROKEN: close it. */
void pgl_tls_socket_hold(struct pgl_socket *socket, void (*on_news)(void *owner), void *owner);
enum pgl_tls_io pgl_tls_socket_go_on(struct pgl_socket *socket);

#endif
