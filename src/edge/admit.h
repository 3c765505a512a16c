/*
 * admit.h - may this request go on? Asked before we know who it is (by address), and again when we
 * do (by caller, and whether there is room). The same for every face: REST, gRPC, and what follows.
 *
 *     edge_admit(limits, &what, now, &verdict)    what.caller NULL: before identify
 *     edge_note_bad(...), edge_note_denied(...)   instead, when identify failed
 *     edge_admit(limits, &what, now, &verdict)    what.caller set; holds a place when it is PGL_OK
 *     edge_finish(limits, &verdict, ...)          always, when the request has its answer
 *
 * A request is looked at under all of its rates first and charged by all or none: who is refused
 * by one is not charged by another, and whoever waits as long as was said is admitted.
 *
 * Owner:    the verdict is the request's.
 * Threads:  the edge's loop.
 */
#ifndef PGL_EDGE_ADMIT_H
#define PGL_EDGE_ADMIT_H

#include "base/arena.h"
#include "contract/common.h"
#include "edge/limits.h"

#define EDGE_STANDINGS_MAX 4

/* What is asked of whom. */
struct edge_admission {
    const char *address; /* the client's (client.h); numeric */
    const struct pgl_rule *rule;
    enum pgl_route_class class;
    const Caller *caller; /* NULL before identify */
};

/* How a caller stands under one policy. */
struct edge_standing {
    const char *name;
    uint64_t partition; /* whose bucket it is; tells nothing about them */
    int64_t quota, window_s, left, reset_s;
};

struct edge_verdict {
    struct edge_standing standings[EDGE_STANDINGS_MAX];
    int standing_count;
    bool is_refused;
    enum edge_policy refused_by;
    const char *refused_name; /* of the policy as the caller knows it: of a plan, the plan's */
    int64_t retry_after_s;    /* at least 1 */

    /* What edge_finish gives back. */
    bool has_place, has_stream;
    bool waits_on_purpose; /* a view may say so: then it is no sign of overload */
    enum pgl_route_class class;
    uint64_t route, stream_address, stream_user;
    int64_t began_ns;
};

struct edge_moment {
    int64_t now_ns, wall_ns;
};

/* PGL_LIMITED (429) by the caller's own rate, quota or count; PGL_EXHAUSTED (503) where there is no
 * room. The verdict begins as all zero. */
PGL_MUST_USE pgl_status edge_admit(struct edge_limits *limits, const struct edge_admission *what,
                                   struct edge_moment moment, struct edge_verdict *verdict);

/* Credentials were not right, or there were none. PGL_OK as long as that may be answered by 401;
 * PGL_LIMITED when there were too many: then each further one doubles the time. */
PGL_MUST_USE pgl_status edge_note_bad(struct edge_limits *limits, const struct edge_admission *what,
                                      bool has_credentials, struct edge_moment moment,
                                      struct edge_verdict *verdict);

/* Who it is is known, and may not do this: it costs them what it would have cost, or those of the
 * address, where not even that is known. PGL_LIMITED when that is too much. */
PGL_MUST_USE pgl_status edge_note_denied(struct edge_limits *limits,
                                         const struct edge_admission *what,
                                         struct edge_moment moment, struct edge_verdict *verdict);

/* Gives back what the verdict holds, once. `was_overloaded`: somebody behind was too busy. */
void edge_finish(struct edge_limits *limits, struct edge_verdict *verdict, bool was_overloaded,
                 int64_t now_ns);

/* What a key has used of its quotas, for whoever keeps that; and as it was kept, when the key is
 * seen for the first time behind a start. */
struct edge_usage {
    int64_t at_ns, day_count, month_count;
};
struct edge_usage edge_usage_of(const struct edge_limits *limits, const char *key_id,
                                int64_t wall_ns);
void edge_recall_usage(struct edge_limits *limits, const char *key_id,
                       const struct edge_usage *usage, int64_t wall_ns);

/* For a page that shows it: what would hold for this request, nothing charged. */
void edge_stand(struct edge_limits *limits, const struct edge_admission *what,
                struct edge_moment moment, struct edge_verdict *verdict);

/* The fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10), in the
 * arena; empty without standings or memory. */
struct pgl_text edge_write_policies(const struct edge_verdict *verdict, struct pgl_arena *arena);
struct pgl_text edge_write_standings(const struct edge_verdict *verdict, struct pgl_arena *arena);

#endif
