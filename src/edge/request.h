/*
 * request.h - one request on its way through the edge, and what a view may do with it.
 *
 * A view answers one route. `begin` asks services (edge_ask) or answers at once; whenever all that
 * was asked has been answered, `next` runs: it asks again, or answers. A status that is not OK
 * becomes a problem (RFC 9457), the same everywhere.
 *
 * Owner:    the gateway makes it in the arena of the exchange; it is gone when the answer is
 *           written.
 * Threads:  the edge's loop.
 * Bounds:   PGL_REQUEST_CALLS_MAX calls at a time; the route's time for all of them.
 */
#ifndef PGL_EDGE_REQUEST_H
#define PGL_EDGE_REQUEST_H

#include "contract/common.h"
#include "edge/admit.h"
#include "edge/cors.h"
#include "edge/face.h"
#include "edge/identify.h"
#include "edge/ready.h"
#include "edge/route_tree.h"
#include "runtime/call.h"
#include "telemetry/registry.h"
#include "transport/grpc_server.h"
#include "transport/http_server.h"
#include "transport/rpc.h"
#include "wire/json.h"
#include "wire/message.h"

#define PGL_REQUEST_CALLS_MAX  5
#define PGL_REQUEST_FIELDS_MAX 20
#define PGL_REQUEST_ID_BYTES   16

/* Everybody that the edge asks, and what it shows of itself; constant once the loops run. */
struct pgl_edge {
    struct pgl_loop *loop;
    struct pgl_rpc rpc;
    struct pgl_http_server http;
    struct pgl_grpc_server grpc;
    struct pgl_grpc_limits grpc_limits;
    struct pgl_grpc_counts **grpc_counts;
    bool has_reflection;                        /* gRPC tells what it serves */
    void (*start)(struct pgl_request *request); /* through the gateway's flow */
    struct pgl_endpoint catalog, orders, payments, inventory, webhooks, identity;
    struct pgl_endpoint logs[3]; /* EventLogService of orders, payments, inventory, in that order */
    /* AdminService of the same, in the same order; behind them that of webhooks, and of identity,
     * which has an audit log and nothing else. */
    struct pgl_endpoint admins[5];
    struct edge_trust *trust;       /* whose credentials are taken: trust.h */
    struct events_watch *events;    /* who waits for news of the logs: live/watch.h */
    const struct pgl_route *routes; /* all of them, for the page that lists them */
    int route_count;
    struct pgl_route_tree route_tree;
    size_t body_bytes_max; /* of a route that takes one; others take none */
    struct pgl_json_limits json;
    struct pgl_cors cors;
    struct pgl_ready ready;
    const struct pgl_registry *registry;
    const char *version;
    bool (*is_ready)(void *self);  /* any thread */
    bool (*is_behind)(void *self); /* orders are not settled as fast as they come; any thread */
    void *ready_self;
    struct pgl_counter shed;  /* orders that were not taken for that reason */
    struct pgl_random random; /* request ids: no secret */
    uint32_t in_flight;
    struct edge_limits limits;
    struct pgl_ip_range proxies[EDGE_PROXIES_MAX]; /* whose connections say whose they are */
    int proxy_count;
    /* By the number of the route. */
    struct pgl_route_metrics {
        struct pgl_counter answers[6]; /* by status / 100 */
        struct pgl_latency latency;
    } * metrics;
};

/* Of one call of several. */
struct edge_call_arena {
    struct pgl_arena arena;
    struct edge_call_arena *next;
};

struct pgl_request {
    struct pgl_flow flow;
    struct pgl_edge *edge;
    struct pgl_http_exchange *exchange;
    struct pgl_arena *arena; /* the exchange's */
    const struct pgl_route *route;
    const struct edge_face *face; /* whose it is; NULL: of the routes */
    int64_t deadline_ns;          /* its client's; 0: the one of the route's class */
    const char *client; /* numeric address of whose request it is, proxies looked through */
    struct edge_verdict verdict;
    struct pgl_text params[PGL_ROUTE_PARAMS_MAX]; /* of the path, decoded, with a NUL behind */
    int param_count;
    struct edge_identify identify;
    struct pgl_text *query; /* by the route's table; see query.h */
    Caller caller;          /* role unspecified for nobody in particular */
    struct pgl_trace trace;
    char id[2 * PGL_REQUEST_ID_BYTES + 1];

    struct pgl_rpc_call calls[PGL_REQUEST_CALLS_MAX];
    struct {
        const struct pgl_endpoint *endpoint; /* NULL: it is out already */
        int method;
    } asks[PGL_REQUEST_CALLS_MAX];
    int call_count, left;
    struct edge_call_arena *call_arenas; /* see edge_ask */
    void *view;                          /* the view's own, in the arena */
    void *wait;                          /* of prefer.c; NULL: nothing is waited for */

    /* The answer. */
    int64_t version;           /* of what is shown, for its tag; 0: none */
    bool is_problem, is_ready; /* ready: it was answered a moment ago */
    const char *problem; /* the type of a problem where its code says too little; NULL as a rule */
    int status;
    struct pgl_http_field fields[PGL_REQUEST_FIELDS_MAX];
    size_t field_count;
    struct pgl_text body;
    bool is_stream; /* the view has taken the exchange over and ends it itself */
};

/* Asks when the view returns; the answer is waited for before the view goes on. `ask` and `reply`
 * live in the arena. That a callee's queue is full shows in edge_answer.
 *
 * One question hands the request's arena over, and nothing is done with it meanwhile. Of several,
 * which different threads may answer at once, each gets an arena of its own; those live until the
 * request is answered. */
PGL_MUST_USE pgl_status edge_ask(struct pgl_request *request, const struct pgl_endpoint *endpoint,
                                 int method, const void *ask, void *reply);
/* The same at once, with an arena of the view's own and an end of its own (monotonic).
 * PGL_EXHAUSTED when the callee's queue is full. */
PGL_MUST_USE pgl_status edge_ask_until(struct pgl_request *request,
                                       const struct pgl_endpoint *endpoint, int method,
                                       const void *ask, void *reply, struct pgl_arena *arena,
                                       int64_t deadline_ns);
/* The status of the n-th call of this round. */
pgl_status edge_answer(const struct pgl_request *request, int n);
/* Before the next round. */
void edge_next_round(struct pgl_request *request);
/* Its client wants no answer any more: what was asked and is not begun is not done. */
void edge_give_up(struct pgl_request *request);

/* For the gateway, behind a view's turn: sends what was asked. True if anything was. */
bool edge_send_asks(struct pgl_request *request);
/* Behind the last answer. */
void edge_free_call_arenas(struct pgl_request *request);

/* Answers with the JSON of a message. A list whose route has a cursor gets its links (RFC 8288):
 * `first`, and `next` where there is more. */
PGL_MUST_USE pgl_status edge_reply_json(struct pgl_request *request, int status,
                                        const ProtobufCMessage *message);
/* Answers 200 with what was written, and frees the buffer. */
PGL_MUST_USE pgl_status edge_reply_buffer(struct pgl_request *request, struct pgl_buffer *out,
                                          struct pgl_text content_type);
/* `value` lives in the arena or is a literal. More than PGL_REQUEST_FIELDS_MAX are a bug. */
void edge_add_field(struct pgl_request *request, struct pgl_text name, struct pgl_text value);

/* The fields RateLimit and RateLimit-Policy, where a rate holds for the request. */
void edge_add_standings(struct pgl_request *request);

/* What is answered before anybody is asked who they are costs the address, like any stranger's
 * request. PGL_LIMITED when that is too much. */
PGL_MUST_USE pgl_status edge_charge_stranger(struct pgl_edge *edge,
                                             struct pgl_http_exchange *exchange,
                                             struct edge_verdict *verdict);

/* Which of these types the body is of, by Content-Type. PGL_OTHER_MEDIA: of none of them, or that
 * is not said. */
PGL_MUST_USE pgl_status edge_read_media(struct pgl_request *request, const char *const *types,
                                        int type_count, int *which);

/* The body as a message; PGL_OTHER_MEDIA, PGL_MALFORMED, PGL_INVALID. */
PGL_MUST_USE pgl_status edge_read_body(struct pgl_request *request,
                                       const ProtobufCMessageDescriptor *descriptor,
                                       void **message);

/* The one field of this name; empty when there is none, PGL_MALFORMED when there are several. */
PGL_MUST_USE pgl_status edge_find_field(const struct pgl_request *request, struct pgl_text name,
                                        struct pgl_text *value);
/* The required Idempotency-Key, with a NUL behind; PGL_MALFORMED without. */
PGL_MUST_USE pgl_status edge_idempotency_key(struct pgl_request *request, char **key);

/* A message in the arena, NULL when it is full. */
#define EDGE_NEW(request, descriptor) pgl_message_new((descriptor), (request)->arena)

/* Traces go to the services in the contract's form; NULL for none. */
Trace *edge_trace(struct pgl_request *request);

#endif
