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

/* Of several roles the most powerful one. */
static Role role_of(uint32_t roles)
{
    if (roles & PGL_ROLE_OPERATOR)
        return ROLE_OPERATOR;
    if (roles & PGL_ROLE_WAREHOUSE)
        return ROLE_WAREHOUSE;
    return roles & PGL_ROLE_CUSTOMER ? ROLE_CUSTOMER : ROLE_UNSPECIFIED;
}

static bool lets_in(enum pgl_access access, Role role)
{
    switch (access) {
    case PGL_ACCESS_DENIED:
        return false;
    case PGL_ACCESS_ANYONE:
    case PGL_ACCESS_SIGNED:
        return true;
    case PGL_ACCESS_CUSTOMER:
        return role != ROLE_UNSPECIFIED;
    case PGL_ACCESS_WAREHOUSE:
        return role == ROLE_WAREHOUSE || role == ROLE_OPERATOR;
    case PGL_ACCESS_OPERATOR:
        return role == ROLE_OPERATOR;
    }
    return false;
}

pgl_status edge_identify(struct pgl_request *request)
{
    request->caller = (Caller)CALLER_INIT;
    if (request->route->access == PGL_ACCESS_ANYONE || request->route->access == PGL_ACCESS_SIGNED)
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
    request->caller.role = role_of(claims.roles);
    if (request->arena->is_exhausted)
        return PGL_NO_MEMORY;
    if (!lets_in(request->route->access, request->caller.role))
        return PGL_FAIL(PGL_DENIED, "your role does not let you do this");
    return PGL_OK;
}
