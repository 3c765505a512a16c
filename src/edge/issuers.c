/* issuers.c - see issuers.h. */
#include "edge/issuers.h"

#include "wire/url.h"

/* The entry of issuer `i`, or the only one. False when there are as many as neither. */
static bool entry_of(const char *list, int i, int count, struct pgl_text *entry)
{
    struct pgl_text left = pgl_text_of(list);
    int found = 0;
    *entry = PGL_TEXT("");
    while (left.data != NULL) {
        struct pgl_text one = pgl_text_cut(&left, ',');
        if (found == i || found == 0)
            *entry = one;
        found++;
    }
    return found == 1 || found == count;
}

static int count_of(const char *list)
{
    int count = list[0] != '\0';
    for (; *list != '\0'; list++)
        count += *list == ',';
    return count;
}

/* https, or to a name whose addresses are looked at when it is called. */
static bool is_url(struct pgl_text text, bool loopback_too)
{
    struct pgl_url url;
    return text.size <= PGL_URL_BYTES_MAX / 2 && pgl_is_ok(pgl_url_read(text, &url)) &&
           (url.is_tls || loopback_too);
}

static pgl_status read_one(const struct edge_issuers_options *options, int i,
                           struct edge_issuers *issuers)
{
    struct pgl_jwt_policy *policy = &issuers->policies[i];
    *policy = (struct pgl_jwt_policy){ .leeway_ns = PGL_JWT_LEEWAY_DEFAULT_NS,
                                       .lifetime_max_ns = options->lifetime_ns };
    if (!entry_of(options->issuers, i, issuers->count, &policy->issuer) ||
        !is_url(policy->issuer, options->loopback_too))
        return PGL_FAIL(PGL_INVALID, "issuer: a URL of https is expected for each");
    if (!entry_of(options->audiences, i, issuers->count, &policy->audience) ||
        policy->audience.size == 0)
        return PGL_FAIL(PGL_INVALID, "audience: one for all issuers, or one for each");
    if (!entry_of(options->jwks, i, issuers->count, &issuers->jwks[i]) ||
        (issuers->jwks[i].size > 0 && !is_url(issuers->jwks[i], options->loopback_too)))
        return PGL_FAIL(PGL_INVALID, "jwks: one URL of https for all issuers, or one for each");
    if (!entry_of(options->roles_claims, i, issuers->count, &policy->roles_claim))
        return PGL_FAIL(PGL_INVALID, "roles-claim: one for all issuers, or one for each");
    if (!entry_of(options->tenant_claims, i, issuers->count, &policy->tenant_claim))
        return PGL_FAIL(PGL_INVALID, "tenant-claim: one for all issuers, or one for each");
    return PGL_OK;
}

pgl_status edge_issuers_read(const struct edge_issuers_options *options,
                             struct edge_issuers *issuers)
{
    *issuers = (struct edge_issuers){ .count = count_of(options->issuers) };
    if (issuers->count > EDGE_ISSUERS_MAX)
        return PGL_FAIL(PGL_INVALID, "issuer: at most 7");
    if (options->lifetime_ns <= 0 || options->lifetime_ns > PGL_JWT_LIFETIME_MAX_NS)
        return PGL_FAIL(PGL_INVALID, "token-lifetime: at most 24h");
    if (options->refresh_ns <= 0)
        return PGL_FAIL(PGL_INVALID, "jwks-refresh: above 0");
    for (int i = 0; i < issuers->count; i++)
        PGL_TRY(read_one(options, i, issuers));
    return PGL_OK;
}
