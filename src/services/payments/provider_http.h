/*
 * provider_http.h - the provider port over HTTP(S), in the shape of Stripe's PaymentIntents.
 *
 * For:      the worker of card payments. Opened with the `effects` loop; a test opens one of its
 *           own.
 * Owner:    whoever holds the struct. A call is the port's from start until its flow is woken.
 * Threads:  open and close where the loop is made; the rest in the loop's turns.
 * Bounds:   `connections_max` connections to one host, each kept and used for one call at a time;
 *           `waiting_max` calls behind them. One more is answered NOT_SENT by start itself: it is
 *           not out then, and wakes nobody. A connection is made within `connect_ns`; a call that
 *           has begun ends within its timeout, whatever the other side does, and one that waits
 *           behind others is given up, NOT_SENT, when its turn comes too late. An answer has 64 KiB
 *           at most, a page of a list 1 MiB.
 * Secrets:  the key is read from its file once, kept in this struct alone, written into requests
 *           and nowhere else, and zeroed at close.
 * Errors:   of a call: none, see provider.h. Retries, breakers and pages to people are the
 *           worker's; here every call is made once. Redirects are not followed.
 *
 *   provider_http.c    the pool: connections, the queue, time
 *   provider_ask.c     a call as a request
 *   provider_answer.c  an answer as what was seen
 */
#ifndef PGL_PAYMENTS_PROVIDER_HTTP_H
#define PGL_PAYMENTS_PROVIDER_HTTP_H

#include "runtime/loop.h"
#include "services/payments/provider.h"

struct pgl_provider_http_options {
    const char *base_url;     /* "https://api.stripe.com": scheme, host, port, no more */
    const char *key_file;     /* the file that holds the secret key, and nothing else */
    const char *ca_file;      /* PEM of whom to trust; NULL: whom this machine trusts */
    uint32_t connections_max; /* 0: 64 */
    uint32_t waiting_max;     /* 0: 1024 */
    int64_t connect_ns;       /* 0: 2 s; names, connecting and TLS in all */
    int64_t call_ns;          /* 0: 10 s; for calls that do not say */
};

struct pgl_provider_pool;

struct pgl_provider_http {
    struct pgl_provider_port port; /* first */
    struct pgl_provider_pool *pool;
};

/* PGL_INVALID for a URL that is none, PGL_NOT_FOUND for a file that is not there, PGL_EXHAUSTED. No
 * connection is made before the first call. */
PGL_MUST_USE pgl_status pgl_provider_http_open(struct pgl_provider_http *provider,
                                               struct pgl_loop *effects,
                                               const struct pgl_provider_http_options *options);

/* No turn follows: flows that wait for a call are not woken. Also right for one all zero. */
void pgl_provider_http_close(struct pgl_provider_http *provider);

#endif
