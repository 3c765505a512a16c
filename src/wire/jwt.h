/*
 * jwt.h - who is asking: bearer tokens (RFC 7519) as signed JSON, read with the care of RFC 8725.
 *
 * For:      the gateway's identify step; `pgl_jwt_sign` for `panglot token` and the load generator.
 * Threads:  any, with a key set that no longer changes; nothing is kept between calls. jwt_cache.h
 *           is for one loop.
 * Bounds:   the limits below. The payload is not even parsed before its signature has been found
 *           right.
 * Memory:   claims are copied into the caller's struct; nothing points into the token.
 * Errors:   PGL_UNAUTHENTICATED with a fixed text that holds nothing of the token: fit for logs and
 *           for the client, who learns nothing from it that he did not send.
 *
 * What is refused: more or fewer than three parts (so also JWE), an alg that is not the key's, an
 * unknown or missing kid, crit, zip, a typ of another kind of token, duplicate members, a claim of
 * a wrong type (an audience list may hold only strings, an instant is a whole number), a lifetime
 * above the policy's. Members that point at keys (jku, jwk, x5u, x5c) are not looked at: keys come
 * from the set.
 */
#ifndef PGL_WIRE_JWT_H
#define PGL_WIRE_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "base/time.h"
#include "wire/jwk.h"

#define PGL_JWT_BYTES_MAX           4096 /* fits a header block of 16 KiB with room for the rest */
#define PGL_JWT_ISSUERS_MAX         8
#define PGL_JWT_SUBJECT_BYTES_MAX   128
#define PGL_JWT_TENANT_BYTES_MAX    64
#define PGL_JWT_LIFETIME_DEFAULT_NS PGL_HOURS(1)
#define PGL_JWT_LIFETIME_MAX_NS     PGL_HOURS(24) /* a stolen token cannot be called back: hard */
#define PGL_JWT_LEEWAY_DEFAULT_NS   PGL_SECONDS(60)
/* clocks further apart are a fault to be mended */
#define PGL_JWT_LEEWAY_MAX_NS       PGL_MINUTES(5)

enum pgl_jwt_role {
    PGL_ROLE_CUSTOMER = 1 << 0,
    PGL_ROLE_PARTNER = 1 << 1,
    PGL_ROLE_WAREHOUSE = 1 << 2,
    PGL_ROLE_SUPPORT = 1 << 3,
    PGL_ROLE_OPERATOR = 1 << 4,
};
#define PGL_ROLE_COUNT 5
#define PGL_ROLE_ALL   ((1u << PGL_ROLE_COUNT) - 1)

/* What a token must say. The texts must outlive the policy. */
struct pgl_jwt_policy {
    struct pgl_text issuer, audience; /* compared byte for byte */
    int64_t leeway_ns;                /* 0 to PGL_JWT_LEEWAY_MAX_NS, for exp, nbf and iat */
    int64_t lifetime_max_ns;          /* of exp - iat; at most PGL_JWT_LIFETIME_MAX_NS counts */
    /* Where the names of roles are: a member, or else a path of members ("realm_access.roles").
     * Empty: "roles". */
    struct pgl_text roles_claim;
    /* The member that names the tenant; "=acme": it is acme, whatever the token says. Empty:
     * "tenant". */
    struct pgl_text tenant_claim;
};

/* One of those whose tokens are taken. */
struct pgl_jwt_issuer {
    struct pgl_jwt_policy policy;
    const struct pgl_key_set *keys; /* NULL: they are not known yet */
};

/* What a token that was refused shows of itself. */
struct pgl_jwt_doubt {
    bool is_key_unknown; /* its form is right and nobody has a key of its kid: look for new keys */
    char subject[PGL_JWT_SUBJECT_BYTES_MAX + 1]; /* if its signature was right; else "" */
};

struct pgl_jwt_claims {
    char subject[PGL_JWT_SUBJECT_BYTES_MAX + 1]; /* 1 to 128 printable ASCII characters */
    char
        tenant[PGL_JWT_TENANT_BYTES_MAX + 1]; /* 1 to 64 of [A-Za-z0-9._-]; "default" if not said */
    uint32_t roles;                           /* of enum pgl_jwt_role; a customer if not said */
    int64_t issued_at_ns, expires_at_ns;      /* wall clock; the policy's leeway comes on top */
};

/* `*claims` is all zero unless PGL_OK. */
PGL_MUST_USE pgl_status pgl_jwt_verify(const struct pgl_key_set *keys,
                                       const struct pgl_jwt_policy *policy, struct pgl_text token,
                                       int64_t now_ns, struct pgl_jwt_claims *claims);

/* The same for several issuers, at most PGL_JWT_ISSUERS_MAX: the kid says whose token it may be,
 * and one of whose keys has signed it decides. */
PGL_MUST_USE pgl_status pgl_jwt_verify_any(const struct pgl_jwt_issuer *issuers, int count,
                                           struct pgl_text token, int64_t now_ns,
                                           struct pgl_jwt_claims *claims,
                                           struct pgl_jwt_doubt *doubt);

/*
 * Appends a token that `pgl_jwt_verify` with the same policy takes. ES256 only. PGL_INVALID for
 * claims that it would not take, PGL_TOO_LARGE beyond PGL_JWT_BYTES_MAX, PGL_EXHAUSTED when `token`
 * is full.
 */
PGL_MUST_USE pgl_status pgl_jwt_sign(const struct pgl_key *key, const struct pgl_jwt_policy *policy,
                                     const struct pgl_jwt_claims *claims, struct pgl_buffer *token);

/* One bit of enum pgl_jwt_role; 0 for a name that we do not know. */
uint32_t pgl_jwt_role_named(struct pgl_text name);
/* "customer"; "" for none. */
const char *pgl_jwt_role_name(enum pgl_jwt_role role);

#endif
