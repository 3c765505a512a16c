/* face.c - see face.h. */
#include "app/provider/face.h"

#include "base/time.h"
#include "wire/http.h"

#define CONNECTIONS_MAX  10000
#define LEDGER_BYTES_MAX (64u << 20) /* the largest answer, in the arena of its exchange */
#define FAULTS_BYTES_MAX 4096
#define RESPONSE_FIELDS  4

struct asking {
    struct pgl_flow flow;
    struct pgl_face *face;
    struct pgl_http_exchange *exchange;
    struct pgl_call call;
    struct pgl_timer slow;
    struct pgl_fault_draw draw;
    struct pgl_desk_ask ask;
    struct pgl_bank_answer answer;
};

enum { F_DRAW, F_ASK, F_ANSWER, F_SAY };

static struct asking *asking_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct asking, flow);
}

/* ---- answers ---- */

static void respond(struct pgl_http_exchange *exchange, const struct pgl_bank_answer *answer)
{
    struct pgl_http_field fields[RESPONSE_FIELDS] = {
        { PGL_TEXT("Content-Type"),
          answer->is_html ? PGL_TEXT("text/html; charset=utf-8") : PGL_TEXT("application/json") },
    };
    size_t count = 1;
    struct pgl_arena *arena = &exchange->arena;
    if (answer->number > 0) {
        const char *id = pgl_arena_printf(arena, "req_%llu", (unsigned long long)answer->number);
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("Request-Id"), pgl_text_of(id) };
    }
    if (answer->is_replayed)
        fields[count++] =
            (struct pgl_http_field){ PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true") };
    if (answer->retry_after_s > 0) {
        const char *after = pgl_arena_printf(arena, "%lld", (long long)answer->retry_after_s);
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("Retry-After"), pgl_text_of(after) };
    }
    pgl_http_respond(exchange, answer->status, fields, count, answer->body);
}

static void respond_text(struct pgl_http_exchange *exchange, int status, struct pgl_text body)
{
    const struct pgl_bank_answer answer = { .status = status, .body = body };
    respond(exchange, &answer);
}

/* No byte of an answer, and the end of the connection. */
static void cut(struct pgl_http_exchange *exchange)
{
    pgl_http_stream_begin(exchange, 200, NULL, 0);
    pgl_http_stream_abort(exchange);
}

/* ---- the way of a request ---- */

static struct pgl_go draw(struct pgl_flow *flow)
{
    struct asking *asking = asking_of(flow);
    struct pgl_face *face = asking->face;
    const struct pgl_bank_request *request = &asking->ask.request;
    asking->draw = pgl_faults_draw(&face->faults, &face->random, request->method, request->path);
    asking->ask.fault = asking->draw.bank;
    asking->ask.request.late_ns = asking->draw.late_ns;
    if (!asking->draw.cuts_before)
        return pgl_go(F_ASK);
    cut(asking->exchange);
    return pgl_done();
}

static struct pgl_go ask(struct pgl_flow *flow)
{
    struct asking *asking = asking_of(flow);
    struct pgl_call *call = &asking->call;
    call->ask = &asking->ask;
    call->reply = &asking->answer;
    call->arena = &asking->exchange->arena;
    call->deadline_ns = PGL_NEVER_NS; /* what a client has sent is done, however late */
    call->message.reply_to = &asking->face->answers;
    call->status = PGL_OK;
    if (pgl_is_ok(pgl_mailbox_send(flow->loop, asking->face->desk, &call->message)))
        return pgl_wait(F_ANSWER);
    call->status = PGL_FAIL(PGL_EXHAUSTED, "");
    return pgl_go(F_SAY);
}

static void take_answer(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    (void)owner;
    pgl_flow_wake(&PGL_CONTAINER(call, struct asking, call)->flow);
}

static void end_slow(void *owner)
{
    pgl_flow_wake(&((struct asking *)owner)->flow);
}

static struct pgl_go answer(struct pgl_flow *flow)
{
    struct asking *asking = asking_of(flow);
    if (asking->draw.slow_ns == 0)
        return pgl_go(F_SAY);
    pgl_timer_set(&flow->loop->timers, &asking->slow, flow->loop->now_ns + asking->draw.slow_ns,
                  end_slow, asking);
    return pgl_wait(F_SAY);
}

static struct pgl_go say(struct pgl_flow *flow)
{
    struct asking *asking = asking_of(flow);
    if (asking->draw.cuts_after)
        cut(asking->exchange);
    else if (asking->call.status.code == PGL_EXHAUSTED)
        respond_text(asking->exchange, 429,
                     PGL_TEXT("{\"error\":{\"type\":\"invalid_request_error\","
                              "\"code\":\"rate_limit\",\"message\":\"Too many requests.\"}}"));
    else if (!pgl_is_ok(asking->call.status))
        respond_text(asking->exchange, 500,
                     PGL_TEXT("{\"error\":{\"type\":\"api_error\","
                              "\"message\":\"It could not be written.\"}}"));
    else
        respond(asking->exchange, &asking->answer);
    return pgl_done(); /* the asking is gone with the exchange */
}

static const struct pgl_step face_steps[] = {
    /*             name           does    at most  when late */
    [F_DRAW] = { "face.draw", draw, 0, 0 },
    [F_ASK] = { "face.ask", ask, 0, 0 },
    [F_ANSWER] = { "face.answer", answer, 0, 0 },
    [F_SAY] = { "face.say", say, 0, 0 },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* its memory went with the exchange */
}

static void start(struct pgl_face *face, struct pgl_http_exchange *exchange,
                  enum pgl_desk_method method, const struct pgl_desk_ask *question, int first)
{
    struct asking *asking = pgl_arena_zalloc(&exchange->arena, sizeof *asking);
    if (asking == NULL) {
        respond_text(exchange, 503, PGL_TEXT(""));
        return;
    }
    asking->face = face;
    asking->exchange = exchange;
    asking->call.method = &pgl_desk_methods[method];
    asking->ask = *question;
    pgl_flow_start(&asking->flow, face->loop, face_steps, first, on_done);
}

/* ---- pages of our own ---- */

static struct pgl_text find_parameter(struct pgl_http_exchange *exchange, const char *name)
{
    struct pgl_text query = exchange->head.query;
    struct pgl_http_field pair;
    bool is_there = true;
    while (is_there) {
        if (!pgl_is_ok(pgl_http_query_next(&exchange->arena, &query, &pair, &is_there)))
            break;
        if (is_there && pgl_text_is(pair.name, name))
            return pair.value;
    }
    return (struct pgl_text){ NULL, 0 };
}

static void show_ledger(struct pgl_face *face, struct pgl_http_exchange *exchange)
{
    const struct pgl_desk_ask question = { .order_id = find_parameter(exchange, "order_id") };
    start(face, exchange, PGL_DESK_LEDGER, &question, F_ASK);
}

static void show_objects(struct pgl_face *face, struct pgl_http_exchange *exchange)
{
    struct pgl_text from = find_parameter(exchange, "from");
    int64_t number = 0;
    if (from.data != NULL &&
        (!pgl_is_ok(pgl_text_to_i64(from, &number)) || number < 0 || number > UINT32_MAX)) {
        respond_text(exchange, 400, PGL_TEXT("{\"error\":\"from: a number is expected\"}\n"));
        return;
    }
    const struct pgl_desk_ask question = { .from = (uint32_t)number };
    start(face, exchange, PGL_DESK_OBJECTS, &question, F_ASK);
}

static void show_faults(struct pgl_face *face, struct pgl_http_exchange *exchange)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, FAULTS_BYTES_MAX);
    pgl_faults_write(&face->faults, &out);
    char *body = pgl_arena_string(&exchange->arena, pgl_buffer_text(&out));
    respond_text(exchange, body != NULL ? 200 : 503,
                 (struct pgl_text){ body, body ? out.size : 0 });
    pgl_buffer_free(&out);
}

static void change_faults(struct pgl_face *face, struct pgl_http_exchange *exchange)
{
    pgl_status read = pgl_faults_read(&face->faults, exchange->body, &exchange->arena);
    if (pgl_is_ok(read)) {
        show_faults(face, exchange);
        return;
    }
    const char *body = pgl_arena_printf(&exchange->arena, "%s\n", read.text);
    const struct pgl_http_field type = { PGL_TEXT("Content-Type"), PGL_TEXT("text/plain") };
    pgl_http_respond(exchange, 400, &type, 1, pgl_text_of(body));
}

static const struct {
    enum pgl_http_method method;
    const char *path;
    void (*answer)(struct pgl_face *face, struct pgl_http_exchange *exchange);
} pages[] = {
    { PGL_HTTP_GET, "/_ledger", show_ledger },
    { PGL_HTTP_GET, "/_objects", show_objects },
    { PGL_HTTP_GET, "/_faults", show_faults },
    { PGL_HTTP_POST, "/_faults", change_faults },
};

static bool is_from_here(const struct pgl_http_exchange *exchange)
{
    struct pgl_text peer = pgl_text_of(exchange->peer);
    return pgl_text_starts_with(peer, PGL_TEXT("127.")) || pgl_text_is(peer, "::1") ||
           pgl_text_starts_with(peer, PGL_TEXT("::ffff:127."));
}

/* False when it is none of ours. */
static bool show_page(struct pgl_face *face, struct pgl_http_exchange *exchange)
{
    for (size_t p = 0; p < sizeof pages / sizeof pages[0]; p++) {
        if (!pgl_text_is(exchange->head.path, pages[p].path) ||
            exchange->head.method_known != pages[p].method)
            continue;
        if (is_from_here(exchange))
            pages[p].answer(face, exchange);
        else
            respond_text(exchange, 403, PGL_TEXT("{\"error\":\"for this machine alone\"}\n"));
        return true;
    }
    return false;
}

/* ---- requests ---- */

static struct pgl_text field_of(const struct pgl_http_exchange *exchange, struct pgl_text name)
{
    struct pgl_text value = { "", 0 };
    pgl_http_find_field(exchange->head.fields, exchange->head.field_count, name, &value);
    return value;
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct pgl_face *face = owner;
    if (show_page(face, exchange))
        return;
    const struct pgl_desk_ask question = {
        .request = { .method = exchange->head.method,
                     .path = exchange->head.path,
                     .query = exchange->head.query,
                     .authorization = field_of(exchange, PGL_TEXT("Authorization")),
                     .idempotency_key = field_of(exchange, PGL_TEXT("Idempotency-Key")),
                     .body = exchange->body },
    };
    start(face, exchange, PGL_DESK_ASK, &question, F_DRAW);
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    (void)owner;
    (void)reason;
    respond_text(exchange, status,
                 PGL_TEXT("{\"error\":{\"type\":\"invalid_request_error\","
                          "\"message\":\"That is no request.\"}}"));
}

static bool face_work(void *owner)
{
    return pgl_http_server_work(&((struct pgl_face *)owner)->http);
}

/* ---- webhooks ---- */

static void take_hook(void *owner, struct pgl_message *message)
{
    struct pgl_face *face = owner;
    pgl_bank_hooks_give(&face->webhooks, PGL_CONTAINER(message, struct pgl_bank_hook, message));
}

/* ---- opening ---- */

/* All who ask come from one place, and stay. */
static struct pgl_http_limits face_limits(void)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.connections_per_client_max = CONNECTIONS_MAX;
    limits.connects_per_client_burst = CONNECTIONS_MAX;
    limits.connects_per_client_per_s = CONNECTIONS_MAX;
    limits.requests_per_connection_max = UINT32_MAX;
    limits.body_bytes_max = PGL_BANK_BODY_BYTES_MAX;
    limits.exchange_bytes_max = LEDGER_BYTES_MAX;
    return limits;
}

void pgl_face_init(struct pgl_face *face, struct pgl_loop *loop,
                   const struct pgl_face_options *options)
{
    *face = (struct pgl_face){ .loop = loop, .faults = options->faults };
    pgl_random_seed(&face->random, options->seed, 0);
    pgl_mailbox_open(&face->answers, loop, UINT32_MAX, take_answer, face);
    pgl_mailbox_open(&face->hooks, loop, PGL_DESK_WEBHOOKS, take_hook, face);
    face->has_webhooks = options->webhooks != NULL;
    if (face->has_webhooks)
        pgl_bank_hooks_open(&face->webhooks, loop, options->webhooks, &face->faults, &face->random);
}

pgl_status pgl_face_open(struct pgl_face *face, struct pgl_mailbox *desk,
                         const struct pgl_face_options *options)
{
    const struct pgl_http_server_options server = {
        .limits = face_limits(), .owner = face, .on_request = on_request, .refuse = refuse
    };
    face->desk = desk;
    PGL_TRY(pgl_http_server_open(&face->http, face->loop, options->host, options->port, &server));
    face->loop->work = face_work;
    face->loop->owner = face;
    return PGL_OK;
}

void pgl_face_close(struct pgl_face *face)
{
    if (face->has_webhooks)
        pgl_bank_hooks_close(&face->webhooks);
    if (face->http.loop == NULL)
        return;
    pgl_http_server_cut(&face->http);
    pgl_http_server_close(&face->http);
}
