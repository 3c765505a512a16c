/*
 * tls_certificate.h - what is written in a certificate, and one of our own for development.
 *
 * For:      whoever loads certificates, to say what was loaded and until when it is good.
 * Threads:  any.
 * Entropy:  OpenSSL's own generator: see jwk.h.
 */
#ifndef PGL_WIRE_TLS_CERTIFICATE_H
#define PGL_WIRE_TLS_CERTIFICATE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_TLS_SUBJECT_BYTES 256

struct pgl_tls_facts {
    char name[PGL_TLS_SUBJECT_BYTES]; /* the first DNS name it is for, or what it calls itself */
    int64_t from_s, until_s;          /* Unix time */
};

/* Of the first certificate in PEM; PGL_INVALID when there is none. */
PGL_MUST_USE pgl_status pgl_tls_facts_read(struct pgl_text pem, struct pgl_tls_facts *facts);

/* For this machine alone: signed by itself, on P-256, for "localhost", 127.0.0.1 and ::1, good from
 * an hour ago on. `pem` gets the key and the certificate; who has written it clears it. */
PGL_MUST_USE pgl_status pgl_tls_make_for_localhost(int64_t wall_ns, int64_t lasts_ns,
                                                   struct pgl_buffer *pem);

#endif
