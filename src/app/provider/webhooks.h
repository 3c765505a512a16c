/*
 * webhooks.h - tells somebody what happened at the bank: POSTs, signed in Stripe's way, one after
 * the other over one kept connection.
 *
 * Owner:    provider.c; the loop of the HTTP face.
 * Threads:  the loop's. A hook belongs to whoever gave it until `give`, and again behind `done`.
 * Bounds:   PGL_WEBHOOK_TRIES tries of each, WEBHOOK_NS an answer; whoever gives hooks has only so
 *           many.
 * Faults:   lost, sent twice, sent behind those that come after it (faults.h).
 */
#ifndef PGL_APP_PROVIDER_WEBHOOKS_H
#define PGL_APP_PROVIDER_WEBHOOKS_H

#include "app/options.h"
#include "app/provider/faults.h"
#include "runtime/flow.h"
#include "runtime/mailbox.h"
#include "telemetry/metrics.h"
#include "transport/http_client.h"

#define PGL_WEBHOOK_TRIES       5
#define PGL_WEBHOOK_BYTES_MAX   8192 /* an event with all its metadata, escaped */
#define PGL_WEBHOOK_SIGNED_TEXT 96   /* t=<seconds>,v1=<64 digits> */

/* An event on its way. */
struct pgl_bank_hook {
    struct pgl_message message; /* goes back to whoever gave it */
    struct pgl_arena arena;     /* of the body */
    struct pgl_text body;
    struct pgl_list in_line;
    int tries, times_left;
    bool has_waited;
};

struct pgl_bank_hooks_options {
    struct pgl_address address;
    const char *path;   /* "/hooks" */
    const char *secret; /* borrowed; NULL: not signed */
};

struct pgl_bank_hooks {
    struct pgl_flow flow;
    struct pgl_loop *loop;
    struct pgl_bank_hooks_options options;
    const struct pgl_faults *faults;
    struct pgl_random *random;
    struct pgl_http_client client;
    struct pgl_list line;          /* to be sent, the next one first */
    struct pgl_bank_hook *sending; /* NULL: the flow waits for one */
    bool is_idle;                  /* the flow waits */
    struct pgl_counter sent, dropped;
};

void pgl_bank_hooks_open(struct pgl_bank_hooks *webhooks, struct pgl_loop *loop,
                         const struct pgl_bank_hooks_options *options,
                         const struct pgl_faults *faults, struct pgl_random *random);
void pgl_bank_hooks_close(struct pgl_bank_hooks *webhooks);

/* It is replied to (message.h) once it was told, or given up. */
void pgl_bank_hooks_give(struct pgl_bank_hooks *webhooks, struct pgl_bank_hook *webhook);

/* "http://127.0.0.1:8080/path": numeric hosts, or localhost. False for anything else. */
bool pgl_bank_hooks_read_url(const char *url, struct pgl_bank_hooks_options *options);

/* What Stripe-Signature says of a body at this time: HMAC-SHA-256 of "<seconds>.<body>". */
PGL_MUST_USE pgl_status pgl_bank_hooks_sign(const char *secret, int64_t at_s, struct pgl_text body,
                                            struct pgl_arena *arena,
                                            char out[PGL_WEBHOOK_SIGNED_TEXT]);

#endif
