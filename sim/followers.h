/*
 * followers.h - customers who follow their orders by server-sent events: they lose the connection,
 * come back behind the last message that they have, and have to be told everything once.
 *
 * For:      customers.c. The numbers of a stream have no hole and no repeat, no state goes back,
 *           none is told before it is on disk, and the stream ends with the order.
 * Owner:    customers.
 * Threads:  the outside loop's.
 * Bounds:   PGL_SIM_FOLLOWERS_MAX at once; who comes then does not follow.
 */
#ifndef PGL_SIM_FOLLOWERS_H
#define PGL_SIM_FOLLOWERS_H

#include "auditor.h"
#include "choices.h"
#include "wire/http1.h"

#define PGL_SIM_FOLLOWERS_MAX 16

struct pgl_sim_follower {
    struct pgl_sim_followers *followers;
    bool is_used;
    uint32_t wish;
    int64_t last_id; /* of the messages */
    int rank;        /* of the last state */
    uint32_t visits;
    struct pgl_socket *socket; /* NULL between two visits */
    bool has_head;
    struct pgl_buffer out, in, text; /* text: of messages that are not whole yet */
    size_t sent_bytes;
    struct pgl_http1_parser parser;
    struct pgl_http1_body framing;
    struct pgl_timer timer; /* of the next visit, or of its patience */
};

struct pgl_sim_followers {
    const struct pgl_sim_plan *plan;
    struct pgl_sim_choices *choices;
    struct pgl_loop *loop;
    struct pgl_twin *twin;
    struct pgl_sim_auditor *auditor;
    struct pgl_sim_blame *blame;
    struct pgl_random random;
    /* Of the customer of a wish. */
    struct pgl_text (*token)(void *self, uint32_t wish);
    void (*renew)(void *self, uint32_t wish); /* the token is of another time */
    void *self;
    struct pgl_sim_follower all[PGL_SIM_FOLLOWERS_MAX];
    uint64_t followed, messages, lost; /* connections */
};

void pgl_sim_followers_open(struct pgl_sim_followers *followers, const struct pgl_sim_plan *plan,
                            struct pgl_sim_choices *choices, struct pgl_loop *loop,
                            struct pgl_twin *twin, struct pgl_sim_auditor *auditor,
                            struct pgl_sim_blame *blame);
void pgl_sim_followers_close(struct pgl_sim_followers *followers);

/* The order of this wish is known, and perhaps its customer follows it. */
void pgl_sim_followers_may_follow(struct pgl_sim_followers *followers, uint32_t wish);

/* The machine has lost its power. */
void pgl_sim_followers_break(struct pgl_sim_followers *followers);

/* Nobody follows any more: each has been told the end. */
bool pgl_sim_followers_are_done(const struct pgl_sim_followers *followers);
void pgl_sim_followers_complain(const struct pgl_sim_followers *followers);

#endif
