/*
 * certificates.h - the certificates of one listener, or of those who call on one loop: read at the
 * start, read again when their files change or SIGHUP says so, and shown from then on.
 *
 * For:      boot.c, for each listener that speaks TLS; mesh.c, for each loop that calls others.
 * Owner:    the boot.
 * Threads:  reads on the loop of `reload`; what was read goes to the listener's loop by message,
 *           and what was shown before comes back the same way.
 * Bounds:   PGL_TLS_PAIRS_MAX certificates, PGL_TLS_PEM_BYTES_MAX a file; one exchange at a time.
 * Errors:   at the start a status. Later what is broken, expired or not good yet changes nothing
 *           and is said once on a line of the log.
 */
#ifndef PGL_APP_CERTIFICATES_H
#define PGL_APP_CERTIFICATES_H

#include "app/reload.h"
#include "base/arena.h"
#include "telemetry/registry.h"
#include "transport/tls_door.h"
#include "wire/digest.h"

struct pgl_certificates_options {
    const char *certificates, *keys; /* paths, the n-th key with the n-th certificate, a comma
                                      * between two; NULL for none */
    const char *made;                /* a path: one for localhost is made there; NULL: it is not */
    const char *client_authorities;  /* a path; NULL when no client is asked for a certificate */
    bool needs_client, is_tls13_only, offers_http2;
    bool is_caller; /* not a listener's: the authorities are those of whom we call */
    int64_t check_every_ns;
};

struct pgl_certificates {
    struct pgl_platform *platform;
    struct pgl_reload *reload;
    struct pgl_certificates_options options;
    struct pgl_tls_server_contexts contexts;          /* of the loop that it is for */
    struct pgl_counter days_left, exchanged, refused; /* gauge, counters */

    /* What follows is its own. */
    struct pgl_arena room; /* of files */
    uint8_t shown[PGL_DIGEST_BYTES], refused_digest[PGL_DIGEST_BYTES];
    int64_t until_s; /* when the first of those that are shown ends */
    char why[256];   /* the last of what was read could not be used */
    struct pgl_timer timer;
    struct pgl_mailbox takes, returns;
    struct pgl_tls_exchange {
        struct pgl_message message;
        struct pgl_tls_context *context; /* the new one; on its way back, the one before */
        bool is_out;
    } exchange;
};

/* For a listener or callers on `loop`. */
PGL_MUST_USE pgl_status pgl_certificates_open(struct pgl_certificates *certificates,
                                              struct pgl_platform *platform,
                                              struct pgl_reload *reload, struct pgl_loop *loop,
                                              const struct pgl_certificates_options *options);
/* `labels` as the registry has them; they live as long. */
void pgl_certificates_register(struct pgl_certificates *certificates, struct pgl_registry *registry,
                               const char *labels);
/* When no loop runs any more; also after an open that failed, or none. */
void pgl_certificates_close(struct pgl_certificates *certificates);

#endif
