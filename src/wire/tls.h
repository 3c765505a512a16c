/*
 * tls.h - a TLS session without I/O: ciphertext in and out through two bounded buffers, plain bytes
 * on the other side.
 *
 * For:      transport/tls_socket.c, which makes it look like any other socket.
 * Owner:    whoever holds the pointer.
 * Threads:  one at a time a session.
 * Bounds:   PGL_TLS_BUFFER_BYTES of ciphertext in each direction; when full, writing waits and no
 *           more is taken in.
 * Memory:   OpenSSL's own; the buffers hold none while they are empty. A connection that is idle
 *           has 35 KiB in all, with OpenSSL 3.0.
 * Entropy:  OpenSSL's own generator, not the platform's: see jwk.h. The time is an argument.
 * Errors:   once BROKEN, pgl_tls_failure: PGL_UNAUTHENTICATED when the other side is not who it
 *           should be (chain, name, dates), PGL_MALFORMED for everything else.
 *
 * A server is believed when its chain ends at one of the context's authorities and its name fits
 * (RFC 6125; a wildcard is a whole label); a client whose certificate is asked for, when its chain
 * does. Nothing plain is taken before that.
 */
#ifndef PGL_WIRE_TLS_H
#define PGL_WIRE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "wire/tls_context.h"

/* The longest record (RFC 8446, 5.2) with its head, twice. */
#define PGL_TLS_BUFFER_BYTES (33u << 10)
#define PGL_TLS_NAME_BYTES   256 /* of the other side's names; longer ones are none */

struct pgl_tls;

enum pgl_tls_io {
    PGL_TLS_DONE,  /* some bytes were moved; of a handshake: it is over */
    PGL_TLS_WAIT,  /* for ciphertext from the other side, or for ours to leave */
    PGL_TLS_END,   /* the other side has said that it sends no more */
    PGL_TLS_BROKEN /* see pgl_tls_failure */
};

/* To `server_name`, a name of a host or a numeric address, at a moment. */
PGL_MUST_USE pgl_status pgl_tls_client_open(struct pgl_tls_context *context,
                                            const char *server_name, int64_t wall_ns,
                                            struct pgl_tls **tls);
/* With whoever has connected. */
PGL_MUST_USE pgl_status pgl_tls_server_open(struct pgl_tls_context *context, int64_t wall_ns,
                                            struct pgl_tls **tls);
/* NULL is fine. */
void pgl_tls_close(struct pgl_tls *tls);

/* ---- the side of the network ---- */

/* Where ciphertext that has come may be put, and how much; 0 when there is no room. Then how much
 * was. */
size_t pgl_tls_room(struct pgl_tls *tls, char **room);
void pgl_tls_came(struct pgl_tls *tls, size_t size);

/* Ciphertext that is to leave; a part of it. Then how much has left. */
struct pgl_text pgl_tls_leaving(struct pgl_tls *tls);
void pgl_tls_left(struct pgl_tls *tls, size_t size);

/* ---- our own side ---- */

/* Call it when opened, and whenever ciphertext has come, until it is DONE. */
enum pgl_tls_io pgl_tls_handshake(struct pgl_tls *tls);
bool pgl_tls_is_ready(const struct pgl_tls *tls);

/* Once it is ready: whether HTTP/2 was agreed on, else it is HTTP/1.1. */
bool pgl_tls_is_http2(const struct pgl_tls *tls);
/* Of the certificate of a client, which it was asked for and has: its URIs, or else its DNS names,
 * with commas between them. "" where there is none, one is not plain, or all of them are longer
 * than PGL_TLS_NAME_BYTES. */
const char *pgl_tls_peer_name(const struct pgl_tls *tls);

enum pgl_tls_io pgl_tls_read(struct pgl_tls *tls, void *bytes, size_t size, size_t *got);
/* Whether reading would not wait. */
bool pgl_tls_is_readable(struct pgl_tls *tls);
/* WAIT until the handshake is over; never half a record: what is DONE has been taken. */
enum pgl_tls_io pgl_tls_write(struct pgl_tls *tls, const void *bytes, size_t size, size_t *put);
/* Says that we send no more. */
void pgl_tls_end(struct pgl_tls *tls);

pgl_status pgl_tls_failure(const struct pgl_tls *tls);

#endif
