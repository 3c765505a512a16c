/* rpc_far.c - see rpc_far.h. */
#include "transport/rpc_far.h"

#include "base/time.h"

#define TRACE_BYTES 55 /* a traceparent */

/* Shorter than for a provider: a peer that starts anew is back in a second. */
static const struct pgl_breaker_rules breaker_rules = { .slot_ns = PGL_MILLISECONDS(500),
                                                        .calls_min = 50,
                                                        .failed_percent = 80,
                                                        .open_ns = PGL_MILLISECONDS(100),
                                                        .open_ns_max = PGL_SECONDS(1),
                                                        .probe_count = 3,
                                                        .probe_ns = PGL_SECONDS(5) };

struct pgl_far_call {
    struct pgl_grpc_ask ask;
    struct pgl_far *far;
    struct pgl_rpc_call *call;
    void (*answered)(struct pgl_rpc_call *call);
    pgl_breaker_ticket ticket;
    bool is_given_up;
    char trace[TRACE_BYTES];
};

void pgl_far_open(struct pgl_far *far, struct pgl_loop *loop, const char *host, uint16_t port,
                  struct pgl_tls_context *const *tls, const char *tls_name)
{
    const struct pgl_grpc_client_options options = {
        .host = host,
        .port = port,
        .tls = tls,
        .tls_name = tls_name,
        .asks_max = PGL_FAR_CALLS_MAX,
        .message_bytes_max = PGL_FAR_MESSAGE_BYTES_MAX,
    };
    pgl_breaker_init(&far->breaker, breaker_rules, pgl_entropy_u64(&loop->platform->entropy));
    pgl_grpc_client_open(&far->client, loop, &options);
}

void pgl_far_close(struct pgl_far *far)
{
    pgl_grpc_client_close(&far->client);
}

/* A refusal is an answer: the service is there. */
static bool is_lost(pgl_status status)
{
    return status.code == PGL_UNAVAILABLE || status.code == PGL_DEADLINE;
}

static void on_answer(struct pgl_grpc_ask *ask, pgl_status status)
{
    struct pgl_far_call *mine = PGL_CONTAINER(ask, struct pgl_far_call, ask);
    struct pgl_far *far = mine->far;
    int64_t now_ns = far->client.loop->now_ns;
    if (is_lost(status))
        pgl_counter_add(&far->failures, 1);
    enum pgl_breaker_result outcome = is_lost(status) ? PGL_BREAKER_FAILED : PGL_BREAKER_WELL;
    pgl_breaker_note(&far->breaker, mine->ticket, mine->is_given_up ? PGL_BREAKER_UNTOLD : outcome,
                     now_ns);
    mine->call->call.status = status;
    mine->answered(mine->call); /* the arena, and so this call, may be gone */
}

static void add_trace(struct pgl_far_call *call, const struct pgl_trace *trace)
{
    static const struct pgl_trace none;
    if (memcmp(trace, &none, sizeof none) == 0)
        return;
    memcpy(call->trace, "00-", 3);
    pgl_hex_encode(trace->trace_id, sizeof trace->trace_id, call->trace + 3);
    call->trace[35] = '-';
    pgl_hex_encode(trace->span_id, sizeof trace->span_id, call->trace + 36);
    call->trace[52] = '-';
    pgl_hex_encode(&trace->flags, 1, call->trace + 53);
    call->ask.fields[call->ask.field_count++] =
        (struct pgl_http_field){ PGL_TEXT("traceparent"), { call->trace, TRACE_BYTES } };
}

/* "/service/method". NULL without memory. */
static const char *path_of(struct pgl_arena *arena, const char *service, const char *method)
{
    size_t service_bytes = strlen(service), method_bytes = strlen(method);
    char *path = pgl_arena_alloc(arena, 1 + service_bytes + 1 + method_bytes + 1);
    if (path == NULL)
        return NULL;
    path[0] = '/';
    memcpy(path + 1, service, service_bytes);
    path[1 + service_bytes] = '/';
    memcpy(path + 1 + service_bytes + 1, method, method_bytes + 1);
    return path;
}

pgl_status pgl_far_send(const struct pgl_endpoint *endpoint, int method, struct pgl_rpc_call *call,
                        void (*answered)(struct pgl_rpc_call *call))
{
    struct pgl_far *far = endpoint->far;
    const ProtobufCServiceDescriptor *service = endpoint->service;
    const char *name = endpoint->name != NULL ? endpoint->name : service->name;
    struct pgl_far_call *mine = pgl_arena_zalloc(call->call.arena, sizeof *mine);
    const char *path = path_of(call->call.arena, name, service->methods[method].name);
    if (mine == NULL || path == NULL)
        return PGL_NO_MEMORY;
    mine->ticket = pgl_breaker_admit(&far->breaker, far->client.loop->now_ns, NULL);
    if (mine->ticket == 0)
        return PGL_FAIL(PGL_UNAVAILABLE, "the service does not answer just now");
    mine->far = far;
    mine->call = call;
    mine->answered = answered;
    mine->ask = (struct pgl_grpc_ask){
        .path = path,
        .ask = call->call.ask,
        .reply = call->call.reply,
        .arena = call->call.arena,
        .deadline_ns = call->call.deadline_ns,
        .on_answer = on_answer,
    };
    add_trace(mine, &call->call.trace);
    pgl_counter_add(&far->calls, 1);
    pgl_status sent = pgl_grpc_client_ask(&far->client, &mine->ask);
    if (pgl_is_ok(sent))
        call->far = mine;
    else
        pgl_breaker_note(&far->breaker, mine->ticket, PGL_BREAKER_UNTOLD, far->client.loop->now_ns);
    return sent;
}

void pgl_far_give_up(struct pgl_far_call *call)
{
    call->is_given_up = true;
    pgl_grpc_client_give_up(&call->ask);
}
