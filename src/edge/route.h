/*
 * route.h - what a row of the table of routes says (gateway/routes.c has the rows). Whoever lets
 * somebody in by another face (gRPC) uses the same rules and classes.
 *
 * Owner:    none; the rows are constant.
 */
#ifndef PGL_EDGE_ROUTE_H
#define PGL_EDGE_ROUTE_H

#include "base/buffer.h"
#include "base/status.h"
#include "wire/http.h"
#include "wire/jwt.h"
#include "wire/message.h"

struct pgl_request;

/* ---- whom a route lets in; whoever is let in may still be refused an object that is not theirs */

#define PGL_RULE_ANYONE (1u << 30) /* credentials are not looked at */
#define PGL_RULE_SIGNED (1u << 31) /* no token: the service checks the signature of the body */

struct pgl_rule {
    uint32_t roles; /* of enum pgl_jwt_role, or one of the two above; 0 lets nobody in */
    /* what an API key must have been given; NULL where there is no rule for it */
    const char *scope;
};

#define PGL_ANYONE                                                                                 \
    {                                                                                              \
        PGL_RULE_ANYONE, NULL                                                                      \
    }
#define PGL_SIGNED                                                                                 \
    {                                                                                              \
        PGL_RULE_SIGNED, NULL                                                                      \
    }
/* Does not build for nobody. */
#define PGL_MAY(roles_, scope_)                                                                    \
    {                                                                                              \
        (roles_) + 0 * sizeof(struct {                                                             \
                       _Static_assert((roles_) != 0, "a route without a rule lets nobody in");     \
                       int unused;                                                                 \
                   }),                                                                             \
            (scope_)                                                                               \
    }

/* "anyone", "who signs the body", or the names of the roles: "customer, operator". */
void pgl_rule_write(const struct pgl_rule *rule, struct pgl_buffer *out);

/* ---- what a request costs, and how long it may take */

enum pgl_route_class {
    PGL_CLASS_HEALTH,
    PGL_CLASS_PAYMENT,
    PGL_CLASS_ORDER, /* places one: a write with a rate of its own */
    PGL_CLASS_WRITE,
    PGL_CLASS_READ,
    PGL_CLASS_ANALYTICS,
    PGL_CLASS_STREAM,
    PGL_CLASS_COUNT
};

struct pgl_route_class_row {
    const char *name;
    int64_t at_most_ns; /* from the request's head to its answer; of a stream, a long poll behind */
    bool takes_body;    /* where the route has one */
    int64_t in_time_ns; /* slower than that, something is overloaded; 0: it waits on purpose */
    uint32_t share_percent;  /* of the adaptive limit: with more under way it is refused */
    uint32_t places_percent; /* of the most that may be under way: its own bulkhead */
    uint32_t route_percent;  /* of those places: what one route of the class may take */
    uint32_t cost;           /* tokens of its caller's rate; 0: no rate holds for it */
};
extern const struct pgl_route_class_row pgl_route_classes[PGL_CLASS_COUNT];

/* ---- what goes in, and what comes out */

/* Header fields that the route reads. */
enum pgl_route_field {
    PGL_FIELD_KEY = 1,           /* Idempotency-Key, required */
    PGL_FIELD_LAST_EVENT_ID = 2, /* Last-Event-ID */
    PGL_FIELD_SIGNATURE = 4,     /* Stripe-Signature, required */
    PGL_FIELD_MATCH = 8,         /* If-Match, required */
    PGL_FIELD_MATCH_OR_NEW = 16, /* If-Match, or If-None-Match: *; one of them is required */
    PGL_FIELD_PREFER = 32,       /* Prefer */
};

enum pgl_route_body {
    PGL_BODY_USUAL, /* up to the usual size, and without the numbers of cards */
    PGL_BODY_GOODS, /* what is sold has numbers that look like a card's */
    PGL_BODY_TABLE, /* the same, and as large as any body may be */
};

struct pgl_route_ask {
    const ProtobufCMessageDescriptor *body; /* NULL: none, or not the JSON of a message */
    const char *media;                      /* of the body; NULL: none */
    uint32_t fields;                        /* of enum pgl_route_field */
    enum pgl_route_body kind;
};

struct pgl_route_reply {
    int status;                             /* of success */
    const ProtobufCMessageDescriptor *body; /* NULL: none, or not the JSON of a message */
    const char *media;                      /* NULL: none */
};

enum pgl_query_type { PGL_QUERY_TEXT, PGL_QUERY_NUMBER, PGL_QUERY_FLAG, PGL_QUERY_WORD };

/* A parameter of the query; a table of them ends with a name NULL. */
struct pgl_query_param {
    const char *name;
    enum pgl_query_type type;
    int64_t least, most; /* of a number */
    const char *words;   /* of a word: those that it may be, "A|B" */
    const char *description;
};

/* Who may keep an answer, and how long. */
enum pgl_route_cache {
    PGL_CACHE_NEVER,   /* personal, or true for this moment only */
    PGL_CACHE_ASK,     /* anybody may keep it, and asks whether it still holds */
    PGL_CACHE_SECONDS, /* anybody, for five seconds */
    PGL_CACHE_MINUTES, /* anybody, for five minutes */
};

struct pgl_route {
    enum pgl_http_method method;
    const char *path; /* "/api/v1/orders/{id}": a name in braces is one segment */
    struct pgl_rule rule;
    enum pgl_route_class class;
    pgl_status (*begin)(struct pgl_request *request);
    pgl_status (*next)(struct pgl_request *request); /* NULL where begin answers */
    struct pgl_route_ask ask;
    struct pgl_route_reply reply;
    const struct pgl_query_param *query; /* NULL: it looks at none */
    enum pgl_route_cache cache;
    const char *summary;
    /* Of a route that is to go; a row may leave them out. */
    const char *deprecated; /* since when: "@1767225600" (RFC 9745) */
    const char *sunset;     /* until when: "Fri, 01 Jan 2027 00:00:00 GMT" (RFC 8594) */
};

/* A body that nobody takes is not read. */
static inline bool pgl_route_takes_body(const struct pgl_route *route)
{
    return route->ask.media != NULL && pgl_route_classes[route->class].takes_body;
}

#endif
