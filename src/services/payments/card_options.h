/*
 * card_options.h - how the outside provider is reached, and how patient we are with it. All times
 * can be shortened, for tests and for the simulator.
 */
#ifndef PGL_PAYMENTS_CARD_OPTIONS_H
#define PGL_PAYMENTS_CARD_OPTIONS_H

#include "base/time.h"

struct pgl_card_options {
    const char *provider_url;                             /* NULL: cards are not offered */
    const char *key_file, *webhook_secret_file, *ca_file; /* NULL: none */

    int calls_max;   /* in flight at once, each on a connection of its own */
    int slow_per_s;  /* retries, and what an outage left behind */
    int64_t call_ns; /* for an answer */
    int64_t retry_base_ns, retry_cap_ns;
    int64_t settle_ns; /* from the last send of a key until another key may be used */
    /* a key older than this is never sent again: the provider may have lost it */
    int64_t forget_ns;
    int64_t lease_ns;           /* in flight for longer is unknown */
    int64_t action_ns;          /* between two looks at what a customer has to do */
    int64_t sweep_ns;           /* between two looks for what is due, when nobody says so */
    int64_t reconcile_every_ns; /* 0: only when asked */
};

#define PGL_CARD_OPTIONS_DEFAULT                                                                   \
    {                                                                                              \
        .calls_max = 64, .slow_per_s = 50, .call_ns = PGL_SECONDS(10),                             \
        .retry_base_ns = PGL_MILLISECONDS(200), .retry_cap_ns = PGL_SECONDS(30),                   \
        .settle_ns = PGL_SECONDS(60), .forget_ns = PGL_HOURS(20), .lease_ns = PGL_SECONDS(30),     \
        .action_ns = PGL_SECONDS(15), .sweep_ns = PGL_SECONDS(1),                                  \
        .reconcile_every_ns = PGL_HOURS(1)                                                         \
    }

#endif
