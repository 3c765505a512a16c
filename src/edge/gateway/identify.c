/* identify.c - see identify.h. */
#include "edge/gateway/identify.h"

static pgl_status read_token(const struct pgl_request *request, struct pgl_text *token)
{
    struct pgl_text value;
    PGL_TRY(edge_find_field(request, PGL_TEXT("authorization"), &value));
    struct pgl_text scheme = pgl_text_cut(&value, ' ');
    if (!pgl_text_equal_nocase(scheme, PGL_TEXT("bearer")) || value.size == 0)
        return PGL_FAIL(PGL_UNAUTHENTICATED, "Authorization: a bearer token is required here");
    *token = value;
    return PGL_OK;
}

/* The most powerful of those that the rule lets in: whoever has several acts in the one that is
 * meant here. */
static Role role_of(uint32_t roles)
{
    if (roles & PGL_ROLE_OPERATOR)
        return ROLE_OPERATOR;
    if (roles & PGL_ROLE_SUPPORT)
        return ROLE_SUPPORT;
    if (roles & PGL_ROLE_WAREHOUSE)
        return ROLE_WAREHOUSE;
    if (roles & PGL_ROLE_PARTNER)
        return ROLE_PARTNER;
    return roles & PGL_ROLE_CUSTOMER ? ROLE_CUSTOMER : ROLE_UNSPECIFIED;
}

pgl_status edge_identify(struct pgl_request *request)
{
    const struct pgl_rule *rule = &request->route->rule;
    request->caller = (Caller)CALLER_INIT;
    if (rule->roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED))
        return PGL_OK;
    struct pgl_text token;
    struct pgl_jwt_claims claims;
    PGL_TRY(read_token(request, &token));
    if (pgl_buggify(request->edge->loop->platform->buggify, PGL_BUGGIFY_EDGE_FORGETS_TOKENS))
        pgl_jwt_cache_clear(request->edge->tokens);
    PGL_TRY(pgl_jwt_cache_verify(request->edge->tokens, request->edge->keys, token,
                                 request->edge->loop->wall_ns, &claims));
    request->caller.tenant = pgl_arena_string(request->arena, pgl_text_of(claims.tenant));
    request->caller.subject = pgl_arena_string(request->arena, pgl_text_of(claims.subject));
    request->caller.role = role_of(claims.roles & rule->roles);
    if (request->arena->is_exhausted)
        return PGL_NO_MEMORY;
    if (request->caller.role == ROLE_UNSPECIFIED)
        return PGL_FAIL(PGL_DENIED, "your role does not let you do this");
    return PGL_OK;
}
