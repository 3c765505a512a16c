/*
 * jwks.h - fetches the keys of issuers by URL, and tells the edge (trust.h).
 *
 * When:     at the start; then after as long as the answer's max-age says, within a minute and an
 *           hour, or else `refresh_ns`, give or take a tenth; at once when somebody shows a key
 *           that nobody knows (struct edge_key_wish), who is answered when it has been looked for,
 *           and when the addresses of issuers change.
 * What:     the keys of the document, and those that have gone from it, for twice the lifetime of a
 *           token: what was signed before a rotation stays good. When nothing could be fetched for
 *           24 hours, none is trusted any more.
 * Where:    https, to a host that shows a certificate for its name; plain http to addresses of this
 *           machine alone, by option. No redirects. Where the keys are is configured, or else read
 *           from the issuer's own document each time that they are not there.
 *
 * Owner:    app/boot.c opens it on the loop of effects.
 * Threads:  that loop's.
 * Bounds:   EDGE_ISSUERS_MAX issuers, a flow each; 64 KiB a document, PGL_KEY_SET_MAX keys: those
 *           that went first make room; JWKS_FETCH_NS a fetch.
 */
#ifndef PGL_EDGE_JWKS_H
#define PGL_EDGE_JWKS_H

#include "edge/issuers.h"
#include "edge/trust.h"
#include "transport/http_client.h"
#include "transport/lookup.h"
#include "wire/url.h"

#define EDGE_JWKS_FETCH_NS PGL_SECONDS(5)
#define EDGE_JWKS_GOOD_NS  PGL_HOURS(24)

struct edge_jwks;

struct edge_fetcher {
    struct pgl_flow flow;
    struct edge_jwks *jwks;
    struct pgl_text issuer, configured; /* its URL, and that of its keys: empty to be discovered */
    char url_text[PGL_URL_BYTES_MAX + 1]; /* what is asked for now */
    char found[PGL_URL_BYTES_MAX + 1];    /* by discovery; "" */
    char host[PGL_URL_HOST_BYTES_MAX + 1];
    struct pgl_url url;
    bool is_discovering;
    struct pgl_http_client client;
    struct pgl_lookup lookup;
    int tries; /* addresses of the lookup */
    int64_t until_ns;
    struct pgl_timer timer;

    struct pgl_key_set fetched; /* as the last document had them */
    struct {
        struct pgl_key key;
        int64_t until_ns;
    } gone[PGL_KEY_SET_MAX];
    int gone_count;
    uint8_t told[PGL_SHA256_BYTES]; /* the fingerprint of what the edge has */
    struct edge_key_news news;
    struct edge_key_wish *wish; /* to be answered */
    bool looks_again;           /* at once, behind the fetch that may be under way */
    int64_t good_until_ns, next_ns, pause_ns;
    bool is_failing;
};

struct edge_jwks {
    struct pgl_loop *loop;
    struct edge_trust *trust;
    struct edge_issuers_options options;
    struct pgl_tls_context *tls;
    struct pgl_random jitter;
    struct edge_fetcher fetchers[EDGE_ISSUERS_MAX]; /* the first is of the trust's issuer 1 */
    int count;
    struct pgl_mailbox wishes, told;
};

/* `issuers` as read from the options; `trust` is open and has them behind ourselves. */
PGL_MUST_USE pgl_status edge_jwks_open(struct edge_jwks *jwks, struct pgl_loop *loop,
                                       struct edge_trust *trust,
                                       const struct edge_issuers_options *options,
                                       const struct edge_issuers *issuers);
/* Where the keys of the same issuers are from now on, and how often they are fetched. Read already;
 * texts live until the next change. Keys that are not at a new address are treated like those that
 * have gone from a document. */
void edge_jwks_change(struct edge_jwks *jwks, const struct edge_issuers_options *options);
void edge_jwks_start(struct edge_jwks *jwks);
/* When no loop runs any more; also right for one all zero. */
void edge_jwks_close(struct edge_jwks *jwks);

#endif
