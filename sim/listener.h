/*
 * listener.h - somebody outside who is told by webhooks: who is subscribed to all or some events,
 * answers as others do, well and badly, and looks at everything that comes.
 *
 * For:      a run. A delivery is signed with the secret that its subscription was given, tells of
 *           an event that is on disk, and of one that was asked for; each of those comes at least
 *           once (Standard Webhooks; docs/api.md).
 * Owner:    the run.
 * Threads:  the outside loop's.
 * Faults:   it fails, breaks, is slow or sends away, the first times that an event comes.
 * Bounds:   PGL_SIM_LISTENER_TRIES subscriptions are tried; PGL_SIM_LISTENER_SLOW answers wait.
 */
#ifndef PGL_SIM_LISTENER_H
#define PGL_SIM_LISTENER_H

#include "auditor.h"
#include "choices.h"
#include "transport/http_server.h"

#define PGL_SIM_LISTENER_PORT  9091
#define PGL_SIM_LISTENER_TRIES 64
#define PGL_SIM_LISTENER_SLOW  32
#define PGL_SIM_SECRET_BYTES   32

struct pgl_sim_listener_slow {
    struct pgl_http_exchange *exchange; /* NULL: a free place */
    int status;
    struct pgl_timer timer;
};

struct pgl_sim_listener {
    const struct pgl_sim_plan *plan;
    struct pgl_sim_choices *choices;
    struct pgl_loop *loop;
    struct pgl_sim_auditor *auditor;
    struct pgl_sim_blame *blame;
    struct pgl_http_server http;
    bool is_healed;

    /* The subscription: the number of its try stands in its URL. */
    int asked, number; /* tries so far; the one that was answered, -1 before */
    char id[PGL_ID_TEXT_BYTES + 1];
    uint8_t secret[PGL_SIM_SECRET_BYTES];
    size_t secret_bytes;
    int64_t since[PGL_SIM_LOGS]; /* events behind these are owed */

    /* By the event's place in its log: how often it came, and whether it was taken. */
    uint8_t *came[PGL_SIM_LOGS], *taken[PGL_SIM_LOGS];
    int64_t capacity[PGL_SIM_LOGS], owed_from[PGL_SIM_LOGS];
    struct pgl_sim_listener_slow slow[PGL_SIM_LISTENER_SLOW];
    uint64_t deliveries, bent;
    char misses[96];
};

void pgl_sim_listener_open(struct pgl_sim_listener *listener, const struct pgl_sim_plan *plan,
                           struct pgl_sim_choices *choices, struct pgl_loop *loop,
                           struct pgl_sim_auditor *auditor, struct pgl_sim_blame *blame);
void pgl_sim_listener_close(struct pgl_sim_listener *listener);
/* Of the loop's work. */
bool pgl_sim_listener_work(struct pgl_sim_listener *listener);
/* It answers well from now on. */
void pgl_sim_listener_heal(struct pgl_sim_listener *listener);

/* What is sent to subscribe, for a next try. */
void pgl_sim_listener_subscribe(struct pgl_sim_listener *listener, char *body, size_t size);
/* The answer to the last of them: the secret is "whsec_...". */
void pgl_sim_listener_subscribed(struct pgl_sim_listener *listener, struct pgl_text id,
                                 struct pgl_text secret);

/* NULL when it was told all that it is to be told; else what is missing, for people. */
const char *pgl_sim_listener_misses(struct pgl_sim_listener *listener);

#endif
