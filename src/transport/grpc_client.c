/* grpc_client.c - see grpc_client.h. */
#include "transport/grpc_client.h"

#include "base/assert.h"

#define PAUSE_LEAST_NS PGL_MILLISECONDS(20)
#define PAUSE_MOST_NS  PGL_SECONDS(1)
#define FULL_PAUSE_NS  PGL_MILLISECONDS(10) /* of a peer that had no room for a stream */

static const struct pgl_grpc_stream_handler handler;

static void answer(struct pgl_grpc_ask *ask, pgl_status status)
{
    if (pgl_is_ok(status) && !ask->has_reply)
        status = PGL_FAIL(PGL_INTERNAL, "an answer without a reply");
    ask->client->ask_count--;
    ask->on_answer(ask, status); /* which may be the end of its memory */
}

/* ---- asking ---- */

static pgl_status start(struct pgl_grpc_ask *ask)
{
    ask->has_reply = false;
    PGL_TRY(pgl_grpc_stream_open(&ask->client->channel, &ask->stream));
    pgl_grpc_stream_lend(&ask->stream, ask->framed);
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
        bool is_late = client->loop->now_ns >= ask->stream.deadline_ns + PGL_GRPC_LATE_NS;
        pgl_status status =
            is_late ? PGL_FAIL(PGL_EXHAUSTED, "the service has no room for another call")
                    : start(ask);
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
    const struct pgl_grpc_client_options *peer = &client->options;
    if (!client->is_lost)
        pgl_log(&client->loop->log, PGL_LOG_WARN, "transport", "peer-lost",
                "peer=%s:%u code=%s text=\"%s\"", peer->host, peer->port, pgl_code_name(why.code),
                why.text);
    client->is_lost = true;
}

/* ---- answers ---- */

static pgl_status on_message(struct pgl_grpc_stream *stream, struct pgl_text bytes)
{
    struct pgl_grpc_ask *ask = stream->owner;
    const ProtobufCMessageDescriptor *type = ask->reply->descriptor;
    void *message;
    if (ask->has_reply)
        return PGL_FAIL(PGL_INTERNAL, "two replies to one call");
    ask->has_reply = true;
    PGL_TRY(pgl_message_unpack(type, ask->arena, bytes, &message));
    memcpy(ask->reply, message, type->sizeof_message);
    return PGL_OK;
}

/* Seen whole, it may have been done; else it is asked again. */
static void on_end(struct pgl_grpc_stream *stream, const struct pgl_grpc_end *end)
{
    struct pgl_grpc_ask *ask = stream->owner;
    struct pgl_grpc_client *client = ask->client;
    pgl_status status = end->status;
    if (client->is_closing)
        return;
    if (end->was_reset && end->was_never_seen) {
        put_off(ask);
        return;
    }
    if (end->is_told)
        client->is_lost = false;
    if (!pgl_is_ok(end->cause))
        say_why(client, end->cause);
    if (end->was_never_seen) {
        status = start(ask);
        if (pgl_is_ok(status))
            return;
    }
    answer(ask, status);
}

static const struct pgl_grpc_stream_handler handler = { .on_message = on_message,
                                                        .on_end = on_end };

/* ---- for its owner ---- */

void pgl_grpc_client_open(struct pgl_grpc_client *client, struct pgl_loop *loop,
                          const struct pgl_grpc_client_options *options)
{
    const struct pgl_grpc_channel_options channel = {
        .host = options->host,
        .port = options->port,
        .authority = "panglot",
        .tls = options->tls,
        .tls_name = options->tls_name,
        .streams_max = options->asks_max,
        .message_bytes_max = options->message_bytes_max,
        .again = { PAUSE_LEAST_NS, PAUSE_MOST_NS, 2 },
    };
    *client = (struct pgl_grpc_client){ .loop = loop, .options = *options };
    pgl_list_init(&client->refused);
    pgl_grpc_channel_open(&client->channel, loop, &channel);
}

void pgl_grpc_client_close(struct pgl_grpc_client *client)
{
    if (client->loop == NULL)
        return;
    client->is_closing = true;
    pgl_timer_clear(&client->loop->timers, &client->again);
    pgl_grpc_channel_close(&client->channel);
}

static pgl_status frame(struct pgl_grpc_ask *ask)
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
    ask->framed = (struct pgl_text){ bytes, PGL_GRPC_PREFIX_BYTES + message.size };
    return PGL_OK;
}

pgl_status pgl_grpc_client_ask(struct pgl_grpc_client *client, struct pgl_grpc_ask *ask)
{
    PGL_ASSERT(ask->field_count <= PGL_GRPC_ASK_FIELDS_MAX);
    if (client->ask_count == client->options.asks_max)
        return PGL_FAIL(PGL_EXHAUSTED, "too much is waiting for this service already");
    int64_t now_ns = client->loop->now_ns; /* a question may be for what is there at once */
    ask->client = client;
    pgl_list_init(&ask->refused);
    PGL_TRY(frame(ask));
    ask->stream = (struct pgl_grpc_stream){
        .handler = &handler,
        .owner = ask,
        .path = ask->path,
        .fields = ask->fields,
        .field_count = ask->field_count,
        /* Whoever is asked minds the deadline as a near callee does: it answers until then. */
        .deadline_ns = (ask->deadline_ns > now_ns ? ask->deadline_ns : now_ns) + PGL_GRPC_LATE_NS,
        .arena = ask->arena,
    };
    PGL_TRY(start(ask));
    client->ask_count++;
    return PGL_OK;
}

void pgl_grpc_client_give_up(struct pgl_grpc_ask *ask)
{
    if (pgl_list_is_empty(&ask->refused))
        pgl_grpc_stream_cancel(&ask->stream);
    else
        pgl_list_remove(&ask->refused);
    answer(ask, PGL_FAIL(PGL_CANCELLED, "the caller has given it up"));
}
