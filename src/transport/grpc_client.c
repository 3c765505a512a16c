/* grpc_client.c - see grpc_client.h. */
#include "transport/grpc_client.h"

#include "base/assert.h"
#include "wire/rich_error.h"

#define PAUSE_LEAST_NS PGL_MILLISECONDS(20)
#define PAUSE_MOST_NS  PGL_SECONDS(1)
#define FULL_PAUSE_NS  PGL_MILLISECONDS(10) /* of a peer that had no room for a stream */
#define FIELDS_FIXED   3

static const struct pgl_h2_handler handler;

/* ---- the end of an ask ---- */

static void answer(struct pgl_grpc_ask *ask, pgl_status status)
{
    struct pgl_grpc_client *client = ask->client;
    if (pgl_is_ok(status) && !ask->has_reply)
        status = PGL_FAIL(PGL_INTERNAL, "an answer without a reply");
    pgl_timer_clear(&client->loop->timers, &ask->late);
    pgl_grpc_reader_free(&ask->reader);
    client->ask_count--;
    ask->on_answer(ask, status); /* which may be the end of its memory */
}

/* Whatever else the peer has to say of it. */
static void cut_short(struct pgl_grpc_ask *ask, pgl_status status)
{
    pgl_h2_stream_cancel(&ask->stream);
    answer(ask, status);
}

static void on_late(void *owner)
{
    struct pgl_grpc_ask *ask = owner;
    if (!pgl_list_is_empty(&ask->refused)) {
        pgl_list_remove(&ask->refused);
        answer(ask, PGL_FAIL(PGL_EXHAUSTED, "the service has no room for another call"));
        return;
    }
    cut_short(ask, pgl_h2_stream_is_out(&ask->stream)
                       ? PGL_FAIL(PGL_DEADLINE, "the service did not answer in time")
                       : PGL_FAIL(PGL_UNAVAILABLE, "the service cannot be reached"));
}

/* ---- asking ---- */

static pgl_status start(struct pgl_grpc_ask *ask)
{
    struct pgl_grpc_client *client = ask->client;
    char timeout[PGL_GRPC_TIMEOUT_BYTES];
    int64_t left_ns = ask->deadline_ns - client->loop->now_ns;
    size_t timeout_size =
        pgl_grpc_timeout_write((left_ns > 0 ? left_ns : 0) + PGL_GRPC_LATE_NS, timeout);
    struct pgl_http_field fields[FIELDS_FIXED + PGL_GRPC_ASK_FIELDS_MAX] = {
        { PGL_TEXT("content-type"), PGL_TEXT("application/grpc") },
        { PGL_TEXT("te"), PGL_TEXT("trailers") },
        { PGL_TEXT("grpc-timeout"), { timeout, timeout_size } },
    };
    for (size_t i = 0; i < ask->field_count; i++)
        fields[FIELDS_FIXED + i] = ask->fields[i];
    ask->stream.handler = &handler;
    ask->stream.owner = ask;
    ask->has_reply = false;
    PGL_TRY(pgl_h2_stream_open(&client->connection, &ask->stream, PGL_TEXT("POST"),
                               pgl_text_of(ask->path), fields, FIELDS_FIXED + ask->field_count,
                               true));
    pgl_grpc_reader_init(&ask->reader, PGL_GRPC_COMPRESSED, client->options.message_bytes_max);
    pgl_h2_stream_lend(&ask->stream, ask->packed);
    return PGL_OK;
}

static void ask_again(void *owner)
{
    struct pgl_grpc_client *client = owner;
    struct pgl_list turn, *node; /* who is refused meanwhile has the next one */
    pgl_list_init(&turn);
    while ((node = pgl_list_take_first(&client->refused)) != NULL)
        pgl_list_append(&turn, node);
    while ((node = pgl_list_take_first(&turn)) != NULL) {
        struct pgl_grpc_ask *ask = PGL_CONTAINER(node, struct pgl_grpc_ask, refused);
        pgl_status status = start(ask);
        if (!pgl_is_ok(status))
            answer(ask, status);
    }
}

/* Not at once: asking and refusing would be all that either side does. */
static void put_off(struct pgl_grpc_ask *ask)
{
    struct pgl_grpc_client *client = ask->client;
    struct pgl_loop *loop = client->loop;
    pgl_list_append(&client->refused, &ask->refused);
    if (!client->again.is_set)
        pgl_timer_set(&loop->timers, &client->again, loop->now_ns + FULL_PAUSE_NS, ask_again,
                      client);
}

/* Once, until it answers again: what is asked again and again ends with "cannot be reached". */
static void say_why(struct pgl_grpc_client *client, pgl_status why)
{
    const struct pgl_h2_client_options *peer = &client->connection.options;
    if (!client->is_lost)
        pgl_log(&client->loop->log, PGL_LOG_WARN, "transport", "peer-lost",
                "peer=%s:%u code=%s text=\"%s\"", peer->host, peer->port, pgl_code_name(why.code),
                why.text);
    client->is_lost = true;
}

/* Seen whole, it may have been done; else it is asked again. */
static void on_failure(struct pgl_h2_stream *stream, pgl_status status, uint32_t code,
                       bool was_never_sent)
{
    struct pgl_grpc_ask *ask = stream->owner;
    bool was_reset = code != PGL_HTTP2_NO_ERROR;
    pgl_grpc_reader_free(&ask->reader);
    if (ask->client->is_closing)
        return;
    if (was_never_sent && was_reset) {
        put_off(ask);
        return;
    }
    if (!was_reset)
        say_why(ask->client, status);
    if (was_never_sent || (!was_reset && !stream->has_said_all)) {
        status = start(ask);
        if (pgl_is_ok(status))
            return;
    } else {
        status = was_reset ? PGL_FAIL(PGL_UNAVAILABLE, "the service gave the call up")
                           : PGL_FAIL(PGL_UNAVAILABLE, "the connection to the service was lost");
    }
    answer(ask, status);
}

/* ---- answers ---- */

static pgl_status read_status(struct pgl_grpc_ask *ask, const struct pgl_http_field *fields,
                              size_t count, struct pgl_text number)
{
    struct pgl_text text = PGL_TEXT(""), details;
    struct pgl_rich_error error = { .grpc_status = pgl_grpc_status_read(number) };
    if (error.grpc_status == 0)
        return PGL_OK;
    if (pgl_http_find_field(fields, count, PGL_TEXT("grpc-message"), &text) == 1)
        text = pgl_grpc_message_read(ask->arena, text);
    if (pgl_http_find_field(fields, count, PGL_TEXT("grpc-status-details-bin"), &details) == 1) {
        struct pgl_text bytes;
        bool is_there;
        pgl_status read = pgl_grpc_binary_next(ask->arena, &details, &bytes, &is_there);
        if (pgl_is_ok(read) && is_there)
            pgl_rich_error_read(bytes, &error);
    }
    const char *copy = text.data != NULL ? pgl_arena_string(ask->arena, text) : NULL;
    return PGL_FAIL(pgl_rich_code(&error), copy != NULL ? copy : "");
}

/* It has the status where there is no reply (Trailers-Only). */
static void on_head(struct pgl_h2_stream *stream, const struct pgl_http_response_head *head)
{
    struct pgl_grpc_ask *ask = stream->owner;
    struct pgl_text number;
    ask->client->is_lost = false;
    if (head->status != 200)
        cut_short(ask, PGL_FAIL(pgl_code_of_grpc(pgl_grpc_status_of_http(head->status)),
                                "the service answered, but not in gRPC"));
    else if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("grpc-status"),
                                 &number) == 1)
        cut_short(ask, read_status(ask, head->fields, head->field_count, number));
}

static pgl_status take_reply(struct pgl_grpc_ask *ask, struct pgl_text bytes)
{
    const ProtobufCMessageDescriptor *type = ask->reply->descriptor;
    void *message;
    if (ask->has_reply)
        return PGL_FAIL(PGL_INTERNAL, "two replies to one call");
    ask->has_reply = true;
    PGL_TRY(pgl_message_unpack(type, ask->arena, bytes, &message));
    memcpy(ask->reply, message, type->sizeof_message);
    return PGL_OK;
}

static void on_piece(struct pgl_h2_stream *stream, struct pgl_text piece)
{
    struct pgl_grpc_ask *ask = stream->owner;
    struct pgl_grpc_frame frame;
    bool is_there = true;
    pgl_status status = PGL_OK;
    while (pgl_is_ok(status) && is_there) {
        status = pgl_grpc_read(&ask->reader, &piece, &frame, &is_there);
        if (pgl_is_ok(status) && is_there)
            status = frame.flags != 0 ? PGL_FAIL(PGL_UNIMPLEMENTED, "nobody asked for compression")
                                      : take_reply(ask, frame.bytes);
    }
    if (!pgl_is_ok(status))
        cut_short(ask, status);
}

static void on_end(struct pgl_h2_stream *stream, const struct pgl_http_field *trailers,
                   size_t count)
{
    struct pgl_grpc_ask *ask = stream->owner;
    struct pgl_text number;
    bool has_status = pgl_http_find_field(trailers, count, PGL_TEXT("grpc-status"), &number) == 1;
    answer(ask, has_status ? read_status(ask, trailers, count, number)
                           : PGL_FAIL(PGL_UNKNOWN, "an answer without a status"));
}

static const struct pgl_h2_handler handler = {
    .on_head = on_head, .on_piece = on_piece, .on_end = on_end, .on_failure = on_failure
};

/* ---- for its owner ---- */

void pgl_grpc_client_open(struct pgl_grpc_client *client, struct pgl_loop *loop,
                          const struct pgl_grpc_client_options *options)
{
    struct pgl_h2_client_options connection = PGL_H2_CLIENT_DEFAULT;
    connection.host = options->host;
    connection.port = options->port;
    connection.authority = "panglot";
    connection.tls = options->tls;
    connection.tls_name = options->tls_name;
    connection.streams_max = options->asks_max;
    connection.again = (struct pgl_retry_rules){ PAUSE_LEAST_NS, PAUSE_MOST_NS, 2 };
    *client = (struct pgl_grpc_client){ .loop = loop, .options = *options };
    pgl_list_init(&client->refused);
    pgl_h2_client_open(&client->connection, loop, &connection);
}

void pgl_grpc_client_close(struct pgl_grpc_client *client)
{
    if (client->loop == NULL)
        return;
    client->is_closing = true;
    pgl_timer_clear(&client->loop->timers, &client->again);
    pgl_h2_client_close(&client->connection);
}

static pgl_status pack(struct pgl_grpc_ask *ask)
{
    struct pgl_text message;
    PGL_TRY(pgl_message_pack_text(ask->ask, ask->arena, &message));
    char *bytes = pgl_arena_alloc(ask->arena, PGL_GRPC_PREFIX_BYTES + message.size);
    if (bytes == NULL)
        return PGL_NO_MEMORY;
    if (message.size > ask->client->options.message_bytes_max)
        return PGL_FAIL(PGL_TOO_LARGE, "the request is too large");
    pgl_grpc_write_prefix(bytes, 0, message.size);
    if (message.size > 0)
        memcpy(bytes + PGL_GRPC_PREFIX_BYTES, message.data, message.size);
    ask->packed = (struct pgl_text){ bytes, PGL_GRPC_PREFIX_BYTES + message.size };
    return PGL_OK;
}

pgl_status pgl_grpc_client_ask(struct pgl_grpc_client *client, struct pgl_grpc_ask *ask)
{
    PGL_ASSERT(ask->field_count <= PGL_GRPC_ASK_FIELDS_MAX);
    if (client->ask_count == client->options.asks_max)
        return PGL_FAIL(PGL_EXHAUSTED, "too much is waiting for this service already");
    ask->client = client;
    ask->late = (struct pgl_timer){ 0 };
    pgl_list_init(&ask->refused);
    PGL_TRY(pack(ask));
    PGL_TRY(start(ask));
    int64_t now_ns = client->loop->now_ns; /* a question may be for what is there at once */
    int64_t until_ns = ask->deadline_ns > now_ns ? ask->deadline_ns : now_ns;
    pgl_timer_set(&client->loop->timers, &ask->late, until_ns + 2 * PGL_GRPC_LATE_NS, on_late, ask);
    client->ask_count++;
    return PGL_OK;
}

void pgl_grpc_client_give_up(struct pgl_grpc_ask *ask)
{
    if (pgl_list_is_empty(&ask->refused))
        pgl_h2_stream_cancel(&ask->stream);
    else
        pgl_list_remove(&ask->refused);
    answer(ask, PGL_FAIL(PGL_CANCELLED, "the caller has given it up"));
}
