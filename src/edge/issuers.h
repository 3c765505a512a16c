/*
 * issuers.h - the issuers of tokens beside ourselves, as options say them.
 *
 *     --issuer https://a.test,https://b.test --audience shop --roles-claim realm_access.roles,roles
 *
 * Every list has one entry for all issuers, or one for each of them.
 */
#ifndef PGL_EDGE_ISSUERS_H
#define PGL_EDGE_ISSUERS_H

#include "base/arena.h"
#include "wire/jwt.h"

#define EDGE_ISSUERS_MAX (PGL_JWT_ISSUERS_MAX - 1)

struct edge_issuers_options {
    const char *issuers;       /* URLs; "" for none */
    const char *audiences;     /* who we are to them */
    const char *jwks;          /* URLs of their keys; "": their own documents say */
    const char *roles_claims;  /* where roles are; "" for "roles" */
    const char *tenant_claims; /* which tenant; "" for "tenant"; "=NAME": always NAME */
    const char *ca_file;       /* PEM, in place of the system's roots; NULL */
    bool loopback_too;         /* plain http to this machine */
    int64_t lifetime_ns;       /* of a token at most; an old key is good for twice as long */
    int64_t refresh_ns;        /* keys are fetched anew, where the issuer does not say when */
};
#define EDGE_ISSUERS_OPTIONS_DEFAULT                                                               \
    {                                                                                              \
        .issuers = "", .audiences = "", .jwks = "", .roles_claims = "", .tenant_claims = "",       \
        .lifetime_ns = PGL_JWT_LIFETIME_DEFAULT_NS, .refresh_ns = PGL_MINUTES(10)                  \
    }

struct edge_issuers {
    struct pgl_jwt_policy policies[EDGE_ISSUERS_MAX];
    struct pgl_text jwks[EDGE_ISSUERS_MAX]; /* empty: to be discovered */
    int count;
};

/* Texts are slices of the options. PGL_INVALID with a reason for people. */
PGL_MUST_USE pgl_status edge_issuers_read(const struct edge_issuers_options *options,
                                          struct edge_issuers *issuers);

#endif
