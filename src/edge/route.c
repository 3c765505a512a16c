/* route.c - see route.h. */
#include "edge/route.h"

#include "base/time.h"

/* clang-format off */
/* The places of all kinds that the adaptive limit is for are 100 in all, so that none can take
 * another's. Streams have a number of their own. Within a kind one route leaves some to the others;
 * orders are one thing under two names (REST and gRPC), and so may take all of theirs. */
const struct pgl_route_class_row pgl_route_classes[PGL_CLASS_COUNT] = {
    /*                       name         at most          body   in time                share places route cost */
    [PGL_CLASS_HEALTH]    = { "health",    PGL_SECONDS(5),  false, 0,                     100,  5,     90,   0 },
    [PGL_CLASS_PAYMENT]   = { "payment",   PGL_SECONDS(5),  true,  PGL_SECONDS(1),        100,  15,    90,   1 },
    [PGL_CLASS_ORDER]     = { "order",     PGL_SECONDS(5),  true,  PGL_SECONDS(1),        90,   35,    100,  1 },
    [PGL_CLASS_WRITE]     = { "write",     PGL_SECONDS(5),  true,  PGL_SECONDS(1),        90,   15,    90,   1 },
    [PGL_CLASS_READ]      = { "read",      PGL_SECONDS(5),  false, PGL_SECONDS(1),        75,   25,    90,   1 },
    [PGL_CLASS_ANALYTICS] = { "analytics", PGL_SECONDS(5),  false, PGL_MILLISECONDS(2500), 50,  5,     90,   1 },
    [PGL_CLASS_STREAM]    = { "stream",    PGL_SECONDS(20), false, 0,                     100,  0,     90,   1 },
};
/* clang-format on */

void pgl_rule_write(const struct pgl_rule *rule, struct pgl_buffer *out)
{
    static const enum pgl_jwt_role roles[] = { PGL_ROLE_CUSTOMER, PGL_ROLE_PARTNER,
                                               PGL_ROLE_WAREHOUSE, PGL_ROLE_SUPPORT,
                                               PGL_ROLE_OPERATOR };
    if (rule->roles & PGL_RULE_ANYONE)
        pgl_buffer_add_literal(out, "anyone");
    if (rule->roles & PGL_RULE_SIGNED)
        pgl_buffer_add_literal(out, "who signs the body");
    const char *before = "";
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if ((rule->roles & roles[i]) == 0)
            continue;
        pgl_buffer_printf(out, "%s%s", before, pgl_jwt_role_name(roles[i]));
        before = ", ";
    }
    if (rule->roles == 0)
        pgl_buffer_add_literal(out, "nobody");
}
