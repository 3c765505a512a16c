/*
 * provider_ask.h - a call as a request, in the shape of Stripe's API: a form in, JSON out.
 *
 * For:      provider_http.c.
 * Memory:   texts of the request lie in the arena, or are the call's and the site's own.
 * Errors:   PGL_INVALID for a call that lacks what its verb needs, PGL_EXHAUSTED.
 */
#ifndef PGL_PAYMENTS_PROVIDER_ASK_H
#define PGL_PAYMENTS_PROVIDER_ASK_H

#include "base/arena.h"
#include "services/payments/provider.h"
#include "wire/http1.h"

/* The answers that we can read; without it the account's own setting would decide. */
#define PGL_PROVIDER_API_VERSION "2024-06-20"

#define PGL_PROVIDER_FIELDS_MAX 6

/* Whom all calls go to. */
struct provider_site {
    struct pgl_text host;          /* for Host */
    struct pgl_text authorization; /* "Bearer sk_..." */
};

struct provider_ask {
    struct pgl_http1_request request; /* borrows `fields` */
    struct pgl_http_field fields[PGL_PROVIDER_FIELDS_MAX];
    struct pgl_text body;
};

PGL_MUST_USE pgl_status pgl_provider_ask(const struct provider_call *call,
                                         const struct provider_site *site, struct pgl_arena *arena,
                                         struct provider_ask *ask);

#endif
