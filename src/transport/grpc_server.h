/*
 * grpc_server.h - answers calls of the contract's services: gRPC over HTTP/2, and on the same port
 * gRPC-Web and Connect's unary protocol, also over HTTP/1.1. What a method does, and who may call
 * it, is its owner's business.
 *
 * For:      the edge (edge/grpc), listeners between roles, test servers.
 * Owner:    whoever holds the struct, and with it a pgl_http_server whose callbacks it passes on.
 * Threads:  the loop's.
 * Rule:     a call goes through its method's handler: `begin`, `take` for every message,
 *           `asked_all`; the handler answers with pgl_grpc_send and ends with pgl_grpc_end, in the
 *           call or later, whatever happens. `on_stop` tells it that nobody waits any more.
 * Bounds:   struct pgl_grpc_limits. A message's declared length is checked before it is kept, and
 *           what it unpacks to. Every call has a deadline, also without one of the client's.
 * Memory:   a call lies in the arena of its exchange, and what it was asked as well; the messages
 *           of a client's stream each live until `take` returns. One reply at a time waits for
 *           room.
 * Errors:   pgl_status; what it says is told by grpc-status and google.rpc.Status.
 * Source:   grpc/doc/PROTOCOL-HTTP2.md, PROTOCOL-WEB.md; connectrpc.com/docs/protocol.
 */
#ifndef PGL_TRANSPORT_GRPC_SERVER_H
#define PGL_TRANSPORT_GRPC_SERVER_H

#include "base/buffer.h"
#include "transport/http_server.h"
#include "wire/grpc.h"
#include "wire/json.h"
#include "wire/message.h"
#include "wire/rich_error.h"

#define PGL_GRPC_METADATA_MAX 8 /* fields that a handler adds before the answer, or behind it */

struct pgl_grpc_server;
struct pgl_grpc_call;

enum pgl_grpc_kind {
    PGL_GRPC_UNARY,
    PGL_GRPC_CLIENT_STREAM,
    PGL_GRPC_SERVER_STREAM,
    PGL_GRPC_BIDI
};

/* All but `take` may be NULL. */
struct pgl_grpc_handler {
    /* A client's stream begins. Other kinds begin with their one message. */
    void (*begin)(struct pgl_grpc_call *call);
    /* A message; the only one unless the client streams. */
    void (*take)(struct pgl_grpc_call *call, void *ask);
    /* A client's stream is complete. */
    void (*asked_all)(struct pgl_grpc_call *call);
    /* There is room again behind a PGL_EXHAUSTED of pgl_grpc_send. */
    void (*on_room)(struct pgl_grpc_call *call);
    /* The client has cancelled or is gone, or the time is up: `why`. Without it, the call waits for
     * its end as if nothing had happened: right for whoever asks others, who mind the deadline. */
    void (*on_stop)(struct pgl_grpc_call *call, pgl_status why);
};

struct pgl_grpc_method {
    enum pgl_grpc_kind kind;
    bool is_safe;                           /* changes nothing: Connect may GET it */
    const struct pgl_grpc_handler *handler; /* NULL: not offered */
    const void *row;                        /* its owner's */
};

struct pgl_grpc_service {
    const ProtobufCServiceDescriptor *contract;
    const char *name;                      /* NULL: the contract's */
    const struct pgl_grpc_method *methods; /* by the contract's enum */
};

struct pgl_grpc_limits {
    size_t message_bytes_max;    /* either way, unpacked by gzip */
    int64_t deadline_usual_ns;   /* of a call that says none */
    int64_t deadline_max_ns;     /* whatever it says */
    int64_t stream_max_ns;       /* of a stream either way, whether it says one or not */
    size_t pack_bytes_min;       /* a shorter answer is not worth its packing */
    struct pgl_json_limits json; /* of a request's JSON */
};

/* clang-format off */
#define PGL_GRPC_LIMITS_EDGE                                                                       \
    ((struct pgl_grpc_limits){                                                                     \
        .message_bytes_max = PGL_GRPC_EDGE_MESSAGE_BYTES_MAX,                                      \
        .deadline_usual_ns = PGL_SECONDS(2),                                                       \
        .deadline_max_ns = PGL_SECONDS(30),                                                        \
        .stream_max_ns = PGL_HOURS(1),          /* as old as a connection may become */            \
        .pack_bytes_min = 1024,                 /* fits one packet as it is */                     \
        .json = pgl_json_request_limits })
/* clang-format on */

struct pgl_grpc_counts;

struct pgl_grpc_server_options {
    struct pgl_grpc_limits limits;
    bool is_mesh; /* gRPC only: no gRPC-Web, no Connect */
    const struct pgl_grpc_service *services;
    int service_count;
    struct pgl_grpc_counts **counts; /* grpc_metrics.h; NULL: methods are not counted */
    void *owner;
    /* A message before it is unpacked; a status that is not good ends the call. NULL: not asked. */
    pgl_status (*check)(void *owner, const struct pgl_grpc_call *call, struct pgl_text message);
    /* What is answered before its handler has it: no such method, a head or a body that is wrong. A
     * status that is not good is told instead. NULL: not asked. */
    pgl_status (*charge)(void *owner, struct pgl_http_exchange *exchange);
    /* Fields that go with every answer but plain gRPC's (CORS); NULL: none. Returns how many it has
     * written, at most PGL_GRPC_METADATA_MAX. */
    size_t (*web_fields)(void *owner, const struct pgl_http_exchange *exchange,
                         struct pgl_http_field *fields);
};

struct pgl_grpc_metrics {
    struct pgl_counter calls;
    struct pgl_counter failures[PGL_GRPC_STATUS_COUNT]; /* by status; 0: those that did not fail */
    struct pgl_counter calls_open;                      /* a gauge */
    struct pgl_counter refusals;                        /* what was no call at all: 405, 415, 505 */
    struct pgl_counter messages_in, messages_out;
    struct pgl_counter late, cancelled;
};

struct pgl_grpc_server {
    struct pgl_loop *loop;
    struct pgl_grpc_server_options options;
    struct pgl_grpc_metrics metrics;
    struct pgl_buffer scratch; /* a message being packed */
    struct pgl_buffer packed;  /* and being compressed, */
    struct pgl_arena work;     /* in here */
};

enum pgl_grpc_face { PGL_FACE_GRPC, PGL_FACE_WEB, PGL_FACE_WEB_TEXT, PGL_FACE_CONNECT };

struct pgl_grpc_metadata {
    struct pgl_http_field fields[PGL_GRPC_METADATA_MAX];
    size_t count;
};

struct pgl_grpc_call {
    struct pgl_grpc_server *server;
    struct pgl_http_exchange *exchange;
    struct pgl_arena *arena; /* the exchange's */
    const struct pgl_grpc_service *service;
    int method; /* the contract's enum */
    enum pgl_grpc_face face;
    int64_t deadline_ns; /* monotonic */
    void *owner;         /* the handler's own, NULL at first */

    /* For the handler to set before the first message, and before the end. */
    struct pgl_grpc_metadata before, behind;
    bool packs;             /* compress what is sent next; at first as the client did */
    bool may_pack;          /* or some of what is sent later */
    bool was_packed;        /* the message that it has */
    const char *reason;     /* of a failure where its code says too little; NULL as a rule */
    int64_t retry_after_ns; /* where trying again helps; 0: nothing is said */

    /* What follows is the server's own. */
    bool is_json;         /* Connect */
    bool asks_are_packed; /* the client's encoding is gzip */
    bool takes_packed;    /* the client reads gzip */
    bool is_started;      /* the handler has it */
    bool ends_unread;     /* what came while it was held is the last of it */
    bool is_stopped;      /* the handler was told */
    bool is_held;         /* the handler takes no more for now */
    bool has_begun;       /* the head of the answer is out */
    bool is_blocked;      /* the exchange has no room */
    bool was_refused;
    bool is_ending;
    void *ask;
    struct pgl_grpc_reader reader;
    struct pgl_buffer unread; /* came while it was held */
    struct pgl_buffer unsent; /* of one message, from `unsent_at` on */
    size_t unsent_at;
    struct pgl_text answer; /* Connect's */
    bool answer_is_packed;
    bool *is_gone;           /* of whoever is in the call's midst when it ends */
    struct pgl_arena pieces; /* of one message of a client's stream */
    pgl_status status;       /* of the end */
    struct pgl_timer late;
};

void pgl_grpc_server_open(struct pgl_grpc_server *server, struct pgl_loop *loop,
                          const struct pgl_grpc_server_options *options);
void pgl_grpc_server_close(struct pgl_grpc_server *server);

/* ---- for the callbacks of the pgl_http_server */

/* A path like /panglot.orders.v1.OrderService/CreateOrder. Then all of the exchange is passed
 * on. */
bool pgl_grpc_server_takes(const struct pgl_http_request_head *head);
bool pgl_grpc_server_wants_pieces(const struct pgl_http_request_head *head);
void pgl_grpc_server_on_request(struct pgl_grpc_server *server, struct pgl_http_exchange *exchange);
void pgl_grpc_server_on_piece(struct pgl_http_exchange *exchange, struct pgl_text piece,
                              bool is_last);
void pgl_grpc_server_on_room(struct pgl_http_exchange *exchange);
void pgl_grpc_server_on_abandoned(struct pgl_http_exchange *exchange);
/* What the HTTP server refuses by itself, in words that a client of the call's kind understands.
 * False: it is no call, and somebody else has to answer. */
bool pgl_grpc_server_refuse(struct pgl_grpc_server *server, struct pgl_http_exchange *exchange,
                            pgl_status why);

/* ---- for handlers */

/* Copies. One call of this for a reply that is the only one. PGL_EXHAUSTED: the last one is not
 * gone yet, try again at `on_room`; PGL_CANCELLED: nobody listens; others: it cannot be written,
 * end. */
PGL_MUST_USE pgl_status pgl_grpc_send(struct pgl_grpc_call *call, const ProtobufCMessage *reply);
/* Ends the call; it and all in its arena are gone behind this. */
void pgl_grpc_end(struct pgl_grpc_call *call, pgl_status status);
/* Sends if the status is good, and ends. */
void pgl_grpc_answer(struct pgl_grpc_call *call, pgl_status status, const ProtobufCMessage *reply);

/* Of a client's stream: no further message is handed over until pgl_grpc_go_on. */
void pgl_grpc_hold(struct pgl_grpc_call *call);
void pgl_grpc_go_on(struct pgl_grpc_call *call);

/* `value` lives as long as the call, and is base64 already if the name ends in "-bin". More than
 * PGL_GRPC_METADATA_MAX are dropped. */
void pgl_grpc_add(struct pgl_grpc_metadata *metadata, struct pgl_text name, struct pgl_text value);

/* Its full name. */
const char *pgl_grpc_service_name(const struct pgl_grpc_service *service);
const struct pgl_grpc_method *pgl_grpc_method_of(const struct pgl_grpc_call *call);
const ProtobufCMethodDescriptor *pgl_grpc_contract_of(const struct pgl_grpc_call *call);

#endif
