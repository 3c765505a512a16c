/*
 * identify.h - who is asking, and whether a rule lets them in: the same for every face (REST, gRPC,
 * Connect).
 *
 *     edge_identify_begin(edge, &identify);
 *     return identify.is_done ? pgl_go(NEXT) : pgl_wait(IDENTIFIED);
 * and in IDENTIFIED, whenever the flow is woken, the same with edge_identify_next.
 *
 * A token whose issuer's keys are in memory, and an API key that was verified a moment ago, are
 * answered at once. What waits: an API key that Identity is asked about, and a token signed with a
 * key that nobody has seen yet, until its issuer has been asked (EDGE_KEY_WAIT_NS at most).
 *
 * Owner:    whoever holds the struct; it stays where it is until it is done.
 * Threads:  the edge's loop.
 * Errors:   in `status`: PGL_UNAUTHENTICATED, PGL_DENIED, PGL_LIMITED (too many wrong credentials
 *           of this address or key; `retry_after_ns`), PGL_UNAVAILABLE (nobody could be asked).
 *
 * Who has shown wrong credentials too often is only let in with what is in memory: the office whose
 * one machine has an old token goes on working.
 */
#ifndef PGL_EDGE_IDENTIFY_H
#define PGL_EDGE_IDENTIFY_H

#include "base/arena.h"
#include "base/time.h"
#include "contract/common.h"
#include "edge/route.h"
#include "runtime/flow.h"

#define EDGE_KEY_WAIT_NS   PGL_SECONDS(3)
#define EDGE_KEY_VERIFY_NS PGL_SECONDS(2)

struct pgl_edge;
struct edge_trust;

/* What was shown. */
struct edge_credentials {
    struct pgl_text authorization; /* of the field; empty without */
    struct pgl_text api_key;       /* of X-Api-Key; looked at where there is no Authorization */
    const char *address;           /* numeric, of the client */
};

struct edge_identify {
    /* The question. What it points at stays until it is done. */
    const struct pgl_rule *rule;
    struct edge_credentials from;
    struct pgl_arena *arena; /* nothing else is done with it meanwhile */
    Caller *caller;          /* filled in */
    struct pgl_flow *flow;   /* woken when there is news */
    bool is_again;           /* of edge_identify_again */

    /* The answer. */
    bool is_done;
    pgl_status status;
    int64_t retry_after_ns;

    struct edge_identify_wait *wait; /* its own, in the arena */
};

void edge_identify_begin(struct pgl_edge *edge, struct edge_identify *identify);
void edge_identify_next(struct pgl_edge *edge, struct edge_identify *identify);

/* Of a stream, now and then: does what was shown for it still let in? As begin does, and filled in
 * anew; but that it has ended is nobody's mistake, and is not counted as one. */
void edge_identify_again(struct pgl_edge *edge, struct edge_identify *identify);

/* They were right a moment ago, and are in memory: nobody has to be asked, nothing verified. */
bool edge_identify_knows(struct pgl_edge *edge, const struct edge_credentials *from);

/* For trust.c: keys have come, or will not. */
void edge_identify_wake_all(struct edge_trust *trust);

#endif
