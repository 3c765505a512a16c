/* grpc_call.c - the life of a call: messages in, the handler, its deadline, its end. */
#include "base/assert.h"
#include "transport/grpc_call.h"
#include "transport/grpc_metrics.h"
#include "wire/gzip.h"

#define PIECES_CHUNK_BYTES 4096u

static const struct pgl_grpc_handler *handler_of(const struct pgl_grpc_call *call)
{
    return pgl_grpc_method_of(call)->handler;
}

static bool is_client_stream(const struct pgl_grpc_call *call)
{
    enum pgl_grpc_kind kind = pgl_grpc_method_of(call)->kind;
    return kind == PGL_GRPC_CLIENT_STREAM || kind == PGL_GRPC_BIDI;
}

static bool is_server_stream(const struct pgl_grpc_call *call)
{
    enum pgl_grpc_kind kind = pgl_grpc_method_of(call)->kind;
    return kind == PGL_GRPC_SERVER_STREAM || kind == PGL_GRPC_BIDI;
}

/* ---- the beginning ---- */

static void on_late(void *owner)
{
    struct pgl_grpc_call *call = owner;
    pgl_counter_add(&call->server->metrics.late, 1);
    pgl_grpc_call_stop(call, PGL_FAIL(PGL_DEADLINE, "not done in the time that was given"));
}

static int64_t deadline_of(const struct pgl_grpc_call *call, int64_t timeout_ns)
{
    const struct pgl_grpc_limits *limits = &call->server->options.limits;
    bool is_stream = is_server_stream(call) || is_client_stream(call);
    int64_t at_most_ns = is_stream ? limits->stream_max_ns : limits->deadline_max_ns;
    if (timeout_ns < 0)
        timeout_ns = is_stream ? limits->stream_max_ns : limits->deadline_usual_ns;
    return call->exchange->started_ns + (timeout_ns < at_most_ns ? timeout_ns : at_most_ns);
}

void pgl_grpc_call_start(struct pgl_grpc_call *call, int64_t timeout_ns)
{
    size_t bytes_max = call->server->options.limits.message_bytes_max;
    call->deadline_ns = deadline_of(call, timeout_ns);
    pgl_grpc_reader_init(&call->reader, PGL_GRPC_COMPRESSED, bytes_max);
    pgl_buffer_init(&call->unread, bytes_max + PGL_GRPC_PREFIX_BYTES);
    pgl_buffer_init(&call->unsent, 2 * bytes_max + 4096);
    pgl_arena_init(&call->pieces, PIECES_CHUNK_BYTES, 4 * bytes_max + (256u << 10));
    pgl_timer_set(&call->server->loop->timers, &call->late, call->deadline_ns, on_late, call);
    pgl_counter_add(&call->server->metrics.calls_open, 1);
    if (!is_client_stream(call))
        return;
    call->is_started = true;
    if (handler_of(call)->begin != NULL)
        handler_of(call)->begin(call);
}

void pgl_grpc_call_free(struct pgl_grpc_call *call)
{
    if (call->deadline_ns == 0)
        return; /* it never began */
    pgl_timer_clear(&call->server->loop->timers, &call->late);
    pgl_grpc_reader_free(&call->reader);
    pgl_buffer_free(&call->unread);
    pgl_buffer_free(&call->unsent);
    pgl_arena_free(&call->pieces);
    pgl_counter_add(&call->server->metrics.calls_open, (uint64_t)-1);
}

/* ---- messages in ---- */

static pgl_status read_json(struct pgl_grpc_call *call, struct pgl_arena *arena,
                            struct pgl_text bytes, void **ask)
{
    if (bytes.size == 0)
        bytes = PGL_TEXT("{}"); /* as an empty message is in the other encoding */
    return pgl_json_read_proto3(pgl_grpc_contract_of(call)->input, arena, bytes,
                                &call->server->options.limits.json, ask);
}

static pgl_status unpack(struct pgl_grpc_call *call, struct pgl_text bytes, bool is_packed,
                         void **ask)
{
    const struct pgl_grpc_server_options *options = &call->server->options;
    struct pgl_arena *arena = is_client_stream(call) ? &call->pieces : call->arena;
    if (is_client_stream(call))
        pgl_arena_reset(arena);
    pgl_counter_add(&call->server->metrics.messages_in, 1);
    call->was_packed = is_packed;
    if (is_packed && !call->asks_are_packed)
        return PGL_FAIL(PGL_INTERNAL, "a packed message, but no encoding was said");
    if (is_packed)
        PGL_TRY(pgl_gzip_unpack(arena, bytes, options->limits.message_bytes_max, &bytes));
    if (options->check != NULL)
        PGL_TRY(options->check(options->owner, call, bytes));
    if (call->is_json)
        return read_json(call, arena, bytes, ask);
    return pgl_message_unpack(pgl_grpc_contract_of(call)->input, arena, bytes, ask);
}

static pgl_status take_message(struct pgl_grpc_call *call, struct pgl_text bytes, bool is_packed)
{
    void *ask;
    if (call->ask != NULL)
        return PGL_FAIL(PGL_UNIMPLEMENTED, "this method takes one message, and more than one came");
    PGL_TRY(unpack(call, bytes, is_packed, &ask));
    if (is_client_stream(call))
        handler_of(call)->take(call, ask); /* the call may be gone behind this */
    else
        call->ask = ask;
    return PGL_OK;
}

/* The body is complete. */
static void take_end(struct pgl_grpc_call *call)
{
    if (pgl_grpc_reader_is_within(&call->reader)) {
        pgl_grpc_end(call, PGL_FAIL(PGL_INTERNAL, "the body ends within a message"));
    } else if (is_client_stream(call)) {
        if (handler_of(call)->asked_all != NULL)
            handler_of(call)->asked_all(call);
    } else if (call->ask == NULL) {
        pgl_grpc_end(call,
                     PGL_FAIL(PGL_UNIMPLEMENTED, "this method takes one message, and none came"));
    } else {
        call->is_started = true;
        handler_of(call)->take(call, call->ask);
    }
}

/* Message by message. False when the call is gone, or waits for its end. */
static bool take_messages(struct pgl_grpc_call *call, struct pgl_text *bytes)
{
    bool is_gone = false;
    call->is_gone = &is_gone;
    while (!call->is_held) {
        struct pgl_grpc_frame frame;
        bool is_there;
        pgl_status status = pgl_grpc_read(&call->reader, bytes, &frame, &is_there);
        if (pgl_is_ok(status) && !is_there)
            break;
        if (pgl_is_ok(status))
            status = take_message(call, frame.bytes, (frame.flags & PGL_GRPC_COMPRESSED) != 0);
        if (!is_gone && !call->is_ending && !pgl_is_ok(status))
            pgl_grpc_end(call, status);
        if (is_gone || call->is_ending)
            return false;
    }
    call->is_gone = NULL;
    return true;
}

static void feed_now(struct pgl_grpc_call *call, struct pgl_text piece, bool is_last)
{
    if (!take_messages(call, &piece))
        return;
    if (call->is_held) {
        pgl_buffer_add_text(&call->unread, piece);
        call->ends_unread = is_last;
    } else if (is_last) {
        take_end(call);
    }
}

/* What came while it was held waits; HTTP/2's window, which is not opened for it, bounds it. */
void pgl_grpc_call_feed(struct pgl_grpc_call *call, struct pgl_text piece, bool is_last)
{
    struct pgl_http_exchange *exchange = call->exchange;
    if (call->is_ending)
        return;
    if (call->is_held) {
        pgl_buffer_add_text(&call->unread, piece);
        call->ends_unread = is_last;
        if (call->unread.is_full)
            pgl_grpc_end(call, PGL_FAIL(PGL_EXHAUSTED, "more than this call can take at once"));
        return;
    }
    if (piece.size > 0 && call->face == PGL_FACE_GRPC)
        pgl_http_body_taken(exchange, piece.size);
    feed_now(call, piece, is_last);
}

void pgl_grpc_call_feed_whole(struct pgl_grpc_call *call, struct pgl_text message, bool is_packed)
{
    pgl_status status = is_client_stream(call) ? PGL_FAIL(PGL_UNIMPLEMENTED, "a stream needs gRPC")
                                               : take_message(call, message, is_packed);
    if (pgl_is_ok(status))
        take_end(call);
    else
        pgl_grpc_end(call, status);
}

void pgl_grpc_hold(struct pgl_grpc_call *call)
{
    call->is_held = true;
}

void pgl_grpc_go_on(struct pgl_grpc_call *call)
{
    if (!call->is_held || call->is_ending)
        return;
    struct pgl_buffer unread = call->unread;
    bool is_last = call->ends_unread;
    call->is_held = call->ends_unread = false;
    pgl_buffer_init(&call->unread, unread.limit_bytes);
    if (unread.size > 0)
        pgl_http_body_taken(call->exchange, unread.size);
    if (unread.size > 0 || is_last)
        feed_now(call, pgl_buffer_text(&unread), is_last);
    pgl_buffer_free(&unread);
}

/* ---- the end ---- */

/* The handler's last word is said, or nobody listens to it. */
static void finish(struct pgl_grpc_call *call)
{
    pgl_grpc_metrics_note(call);
    if (call->is_gone != NULL)
        *call->is_gone = true;
    pgl_grpc_call_free(call);
    pgl_grpc_write_end(call);
}

void pgl_grpc_end(struct pgl_grpc_call *call, pgl_status status)
{
    PGL_ASSERT(!call->is_ending);
    pgl_status charged = call->is_started ? PGL_OK : pgl_grpc_charge(call->server, call->exchange);
    call->is_ending = true;
    call->status = pgl_is_ok(charged) ? status : charged;
    if (!call->is_blocked || call->exchange->is_abandoned || call->is_stopped)
        finish(call);
}

void pgl_grpc_answer(struct pgl_grpc_call *call, pgl_status status, const ProtobufCMessage *reply)
{
    if (pgl_is_ok(status))
        status = pgl_grpc_send(call, reply);
    pgl_grpc_end(call, status);
}

void pgl_grpc_call_stop(struct pgl_grpc_call *call, pgl_status why)
{
    if (call->is_stopped)
        return;
    call->is_stopped = true;
    if (why.code == PGL_CANCELLED)
        pgl_counter_add(&call->server->metrics.cancelled, 1);
    if (call->is_ending) {
        call->status = why;
        finish(call); /* it waited for room only */
    } else if (!call->is_started) {
        pgl_grpc_end(call, why);
    } else if (handler_of(call)->on_stop != NULL) {
        handler_of(call)->on_stop(call, why);
    }
}

pgl_status pgl_grpc_send(struct pgl_grpc_call *call, const ProtobufCMessage *reply)
{
    PGL_ASSERT(!call->is_ending);
    if (call->exchange->is_abandoned)
        return PGL_FAIL(PGL_CANCELLED, "the client went away");
    if (call->is_blocked) {
        call->was_refused = true;
        return PGL_FAIL(PGL_EXHAUSTED, "the client does not read");
    }
    pgl_counter_add(&call->server->metrics.messages_out, 1);
    return pgl_grpc_write(call, reply);
}

void pgl_grpc_call_has_room(struct pgl_grpc_call *call)
{
    if (!call->is_blocked || !pgl_grpc_write_on(call))
        return;
    if (call->is_ending) {
        finish(call);
    } else if (call->was_refused) {
        call->was_refused = false;
        if (handler_of(call)->on_room != NULL)
            handler_of(call)->on_room(call);
    }
}
