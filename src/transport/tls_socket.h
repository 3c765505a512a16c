/*
 * tls_socket.h - a connection through TLS that looks like any other socket.
 *
 * For:      http_client.c; a listener that serves TLS will wrap what it accepts in the same way.
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

#endif
