/*
 * trust.h - whose credentials the edge takes: issuers of tokens and their keys, API keys that were
 * verified, and in whose name too many were wrong.
 *
 * Issuer 0 is the platform itself. The keys of the others come from their documents (jwks.h), from
 * another loop, by message: a set is never changed, it is exchanged for the next one, and the
 * tokens that were remembered are forgotten with it.
 *
 * Owner:    the edge's loop.
 * Bounds:   PGL_JWT_ISSUERS_MAX issuers; EDGE_KEY_WAITS_MAX requests that wait for new keys, the
 *           next is refused. An issuer is asked for a key that nobody knows once in
 *           EDGE_KEY_WISH_NS, unless the last time brought something new.
 */
#ifndef PGL_EDGE_TRUST_H
#define PGL_EDGE_TRUST_H

#include "base/list.h"
#include "edge/key_cache.h"
#include "edge/key_watch.h"
#include "edge/request.h"
#include "resilience/lockout.h"

#define EDGE_KEY_WAITS_MAX 1024
#define EDGE_KEY_WISH_NS   PGL_SECONDS(30)

/* The next keys of an issuer: `keys` is taken over, and the message goes back. */
struct edge_key_news {
    struct pgl_message message;
    int issuer;
    struct pgl_key_set keys; /* none: those that there were are not to be trusted any more */
};

/* Somebody has shown a key of an issuer that we do not know: fetch anew, and answer. */
struct edge_key_wish {
    struct pgl_message message;
    int issuer;
};

struct edge_trust_options {
    struct pgl_jwt_policy policies[PGL_JWT_ISSUERS_MAX]; /* the first is ours; texts outlive it */
    int issuer_count;
    uint32_t tokens_max; /* remembered as verified */
    struct pgl_lockout_options lockout;
};

struct edge_trust {
    struct pgl_edge *edge;
    struct pgl_jwt_issuer issuers[PGL_JWT_ISSUERS_MAX];
    int issuer_count;
    struct edge_issuer {
        struct pgl_key_set keys;
        struct edge_key_wish wish;
        struct pgl_mailbox *fetcher; /* where wishes go; NULL: it has no document */
        bool is_asked, has_news;     /* a wish is out; and keys have come since */
        int64_t next_wish_ns;
    } state[PGL_JWT_ISSUERS_MAX];
    struct pgl_mailbox news, wished;
    struct pgl_list waiting; /* struct edge_identify_wait: for keys */
    int waiting_count;

    struct pgl_jwt_cache *tokens;
    struct edge_key_cache *keys;
    struct edge_key_watch watch;
    struct pgl_lockout *lockout;
    struct pgl_hash_key hash_key; /* of those names */
    struct {
        struct pgl_counter tokens_refused, keys_refused, locked_out, wishes;
    } metrics;
};

/* `edge` has its loop. PGL_EXHAUSTED without memory. */
PGL_MUST_USE pgl_status edge_trust_open(struct edge_trust *trust, struct pgl_edge *edge,
                                        const struct edge_trust_options *options);
/* When no loop runs any more; also right for one all zero. */
void edge_trust_close(struct edge_trust *trust);
/* The loops are about to run. */
void edge_trust_start(struct edge_trust *trust);

/* Before the loops run: the keys of an issuer, taken over. */
void edge_trust_put_keys(struct edge_trust *trust, int issuer, struct pgl_key_set *keys);

/* Whether it is worth waiting for news of keys; asks for them. */
bool edge_trust_wish(struct edge_trust *trust);
/* PGL_UNAVAILABLE when there is an issuer whose keys are not known at all. */
bool edge_trust_lacks_keys(const struct edge_trust *trust);

#endif
