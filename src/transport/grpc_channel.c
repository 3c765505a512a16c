/* grpc_channel.c - see grpc_channel.h. */
#include "transport/grpc_channel.h"

#include "base/assert.h"
#include "wire/gzip.h"
#include "wire/rich_error.h"

#define FIELDS_FIXED_MAX 5
#define PIECES_BYTES     4096u

static const struct pgl_h2_handler handler;

/* ---- the end ---- */

static void let_go(struct pgl_grpc_stream *stream)
{
    pgl_timer_clear(&stream->channel->loop->timers, &stream->late);
    pgl_grpc_reader_free(&stream->reader);
}

static void end(struct pgl_grpc_stream *stream, const struct pgl_grpc_end *said)
{
    let_go(stream);
    stream->handler->on_end(stream, said); /* which may be the end of its memory */
}

/* Whatever else the peer has to say of it. */
static void cut_short(struct pgl_grpc_stream *stream, pgl_status status)
{
    pgl_h2_stream_cancel(&stream->stream);
    end(stream, &(struct pgl_grpc_end){ .status = status });
}

static void on_late(void *owner)
{
    struct pgl_grpc_stream *stream = owner;
    cut_short(stream, pgl_grpc_stream_is_out(stream)
                          ? PGL_FAIL(PGL_DEADLINE, "the service did not answer in time")
                          : PGL_FAIL(PGL_UNAVAILABLE, "the service cannot be reached"));
}

/* Some peers say nothing when the time is over but a reset. */
static pgl_status why_reset(const struct pgl_grpc_stream *stream)
{
    return stream->channel->loop->now_ns >= stream->deadline_ns
               ? PGL_FAIL(PGL_DEADLINE, "the service did not answer in time")
               : PGL_FAIL(PGL_UNAVAILABLE, "the service gave the call up");
}

static void on_failure(struct pgl_h2_stream *below, pgl_status status, uint32_t code,
                       bool was_never_sent)
{
    struct pgl_grpc_stream *stream = below->owner;
    bool was_reset = code != PGL_HTTP2_NO_ERROR;
    end(stream, &(struct pgl_grpc_end){
                    .status = was_reset ? why_reset(stream)
                                        : PGL_FAIL(PGL_UNAVAILABLE,
                                                   "the connection to the service was lost"),
                    .cause = was_reset ? PGL_OK : status,
                    .was_reset = was_reset,
                    .was_never_seen = was_never_sent || (!was_reset && !below->has_said_all),
                });
}

static pgl_status read_status(struct pgl_grpc_stream *stream, const struct pgl_http_field *fields,
                              size_t count, struct pgl_text number)
{
    struct pgl_text text = PGL_TEXT(""), details;
    struct pgl_rich_error error = { .grpc_status = pgl_grpc_status_read(number) };
    if (error.grpc_status == 0)
        return PGL_OK;
    if (pgl_http_find_field(fields, count, PGL_TEXT("grpc-message"), &text) == 1)
        text = pgl_grpc_message_read(stream->arena, text);
    if (pgl_http_find_field(fields, count, PGL_TEXT("grpc-status-details-bin"), &details) == 1) {
        struct pgl_text bytes;
        bool is_there;
        pgl_status read = pgl_grpc_binary_next(stream->arena, &details, &bytes, &is_there);
        if (pgl_is_ok(read) && is_there)
            pgl_rich_error_read(bytes, &error);
    }
    const char *copy = text.data != NULL ? pgl_arena_string(stream->arena, text) : NULL;
    return PGL_FAIL(pgl_rich_code(&error), copy != NULL ? copy : "");
}

static void on_end(struct pgl_h2_stream *below, const struct pgl_http_field *trailers, size_t count)
{
    struct pgl_grpc_stream *stream = below->owner;
    struct pgl_grpc_end said = { .is_told = true, .trailers = trailers, .trailer_count = count };
    struct pgl_text number;
    if (pgl_http_find_field(trailers, count, PGL_TEXT("grpc-status"), &number) == 1)
        said.status = read_status(stream, trailers, count, number);
    else
        said.status = PGL_FAIL(PGL_UNKNOWN, "an answer without a status");
    if (pgl_is_ok(said.status) && pgl_grpc_reader_is_within(&stream->reader))
        said.status = PGL_FAIL(PGL_INTERNAL, "the answer ends within a message");
    end(stream, &said);
}

/* ---- what comes ---- */

static bool is_grpc(const struct pgl_http_response_head *head)
{
    struct pgl_text type;
    return pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("content-type"), &type) ==
               1 &&
           pgl_text_starts_with(type, PGL_TEXT("application/grpc"));
}

/* It has the status where there is no message (Trailers-Only). */
static void on_head(struct pgl_h2_stream *below, const struct pgl_http_response_head *head)
{
    struct pgl_grpc_stream *stream = below->owner;
    const struct pgl_http_field *fields = head->fields;
    size_t count = head->field_count;
    struct pgl_text text;
    if (head->status != 200 || !is_grpc(head)) {
        int status = head->status != 200 ? pgl_grpc_status_of_http(head->status) : 2;
        cut_short(stream,
                  PGL_FAIL(pgl_code_of_grpc(status), "the service answered, but not in gRPC"));
        return;
    }
    if (pgl_http_find_field(fields, count, PGL_TEXT("grpc-status"), &text) == 1) {
        pgl_h2_stream_cancel(below);
        end(stream, &(struct pgl_grpc_end){ .status = read_status(stream, fields, count, text),
                                            .is_told = true,
                                            .trailers = fields,
                                            .trailer_count = count });
        return;
    }
    stream->answers_are_packed =
        pgl_http_find_field(fields, count, PGL_TEXT("grpc-encoding"), &text) == 1 &&
        pgl_text_is(text, "gzip");
    if (stream->handler->on_begin != NULL)
        stream->handler->on_begin(stream, fields, count);
}

static pgl_status take_message(struct pgl_grpc_stream *stream, const struct pgl_grpc_frame *frame)
{
    struct pgl_grpc_channel *channel = stream->channel;
    struct pgl_text message = frame->bytes;
    if (frame->flags != 0) {
        if (!stream->takes_packed)
            return PGL_FAIL(PGL_UNIMPLEMENTED, "nobody asked for compression");
        if (!stream->answers_are_packed)
            return PGL_FAIL(PGL_INTERNAL, "a packed message, but gzip was not said");
        pgl_arena_reset(&channel->work);
        PGL_TRY(
            pgl_gzip_unpack(&channel->work, message, channel->options.message_bytes_max, &message));
    }
    return stream->handler->on_message(stream, message);
}

static void on_piece(struct pgl_h2_stream *below, struct pgl_text piece)
{
    struct pgl_grpc_stream *stream = below->owner;
    struct pgl_grpc_frame frame;
    bool is_there = true;
    pgl_status status = PGL_OK;
    while (pgl_is_ok(status) && is_there) {
        status = pgl_grpc_read(&stream->reader, &piece, &frame, &is_there);
        if (pgl_is_ok(status) && is_there)
            status = take_message(stream, &frame);
    }
    if (!pgl_is_ok(status))
        cut_short(stream, status);
}

static void on_room(struct pgl_h2_stream *below)
{
    struct pgl_grpc_stream *stream = below->owner;
    if (stream->handler->on_room != NULL)
        stream->handler->on_room(stream);
}

static const struct pgl_h2_handler handler = { .on_head = on_head,
                                               .on_piece = on_piece,
                                               .on_end = on_end,
                                               .on_failure = on_failure,
                                               .on_room = on_room };

/* ---- the channel ---- */

void pgl_grpc_channel_open(struct pgl_grpc_channel *channel, struct pgl_loop *loop,
                           const struct pgl_grpc_channel_options *options)
{
    struct pgl_h2_client_options connection = PGL_H2_CLIENT_DEFAULT;
    size_t frame_bytes_max = options->message_bytes_max + PGL_GRPC_PREFIX_BYTES;
    connection.host = options->host;
    connection.port = options->port;
    connection.authority = options->authority;
    connection.tls = options->tls;
    connection.tls_name = options->tls_name;
    connection.streams_max = options->streams_max;
    connection.stream_bytes_max = frame_bytes_max;
    connection.again = options->again;
    *channel = (struct pgl_grpc_channel){ .loop = loop, .options = *options };
    pgl_arena_init(&channel->work, PIECES_BYTES, 4 * options->message_bytes_max + (256u << 10));
    pgl_buffer_init(&channel->frame, frame_bytes_max);
    pgl_buffer_init(&channel->packed, frame_bytes_max);
    pgl_h2_client_open(&channel->connection, loop, &connection);
}

void pgl_grpc_channel_close(struct pgl_grpc_channel *channel)
{
    pgl_h2_client_close(&channel->connection);
    pgl_arena_free(&channel->work);
    pgl_buffer_free(&channel->frame);
    pgl_buffer_free(&channel->packed);
}

/* ---- what goes out ---- */

static size_t head_fields(const struct pgl_grpc_stream *stream,
                          char timeout[PGL_GRPC_TIMEOUT_BYTES], struct pgl_http_field *fields)
{
    size_t count = 0;
    int64_t left_ns = stream->deadline_ns - stream->channel->loop->now_ns;
    fields[count++] =
        (struct pgl_http_field){ PGL_TEXT("content-type"), PGL_TEXT("application/grpc") };
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("te"), PGL_TEXT("trailers") };
    if (stream->deadline_ns != PGL_NEVER_NS) {
        size_t size = pgl_grpc_timeout_write(left_ns > 0 ? left_ns : 0, timeout);
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("grpc-timeout"), { timeout, size } };
    }
    if (stream->takes_packed)
        fields[count++] =
            (struct pgl_http_field){ PGL_TEXT("grpc-accept-encoding"), PGL_TEXT("gzip") };
    if (stream->pack_bytes_min > 0)
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("grpc-encoding"), PGL_TEXT("gzip") };
    for (size_t i = 0; i < stream->field_count; i++)
        fields[count++] = stream->fields[i];
    return count;
}

pgl_status pgl_grpc_stream_open(struct pgl_grpc_channel *channel, struct pgl_grpc_stream *stream)
{
    char timeout[PGL_GRPC_TIMEOUT_BYTES];
    struct pgl_http_field fields[FIELDS_FIXED_MAX + PGL_GRPC_STREAM_FIELDS_MAX];
    struct pgl_loop *loop = channel->loop;
    PGL_ASSERT(stream->field_count <= PGL_GRPC_STREAM_FIELDS_MAX);
    stream->channel = channel;
    stream->stream.handler = &handler;
    stream->stream.owner = stream;
    stream->late = (struct pgl_timer){ 0 };
    stream->answers_are_packed = false;
    size_t count = head_fields(stream, timeout, fields);
    PGL_TRY(pgl_h2_stream_open(&channel->connection, &stream->stream, PGL_TEXT("POST"),
                               pgl_text_of(stream->path), fields, count, true));
    pgl_grpc_reader_init(&stream->reader, PGL_GRPC_COMPRESSED, channel->options.message_bytes_max);
    if (stream->deadline_ns != PGL_NEVER_NS)
        pgl_timer_set(&loop->timers, &stream->late, stream->deadline_ns + PGL_GRPC_LATE_NS, on_late,
                      stream);
    return PGL_OK;
}

/* What lies in `frame` becomes a message that is packed. */
static pgl_status pack(struct pgl_grpc_channel *channel)
{
    struct pgl_buffer *frame = &channel->frame;
    struct pgl_text message = { frame->data + PGL_GRPC_PREFIX_BYTES,
                                frame->size - PGL_GRPC_PREFIX_BYTES };
    pgl_arena_reset(&channel->work);
    pgl_buffer_clear(&channel->packed);
    PGL_TRY(pgl_gzip_pack(&channel->work, message, &channel->packed));
    frame->size = PGL_GRPC_PREFIX_BYTES;
    pgl_buffer_add_text(frame, pgl_buffer_text(&channel->packed));
    return frame->is_full ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status pgl_grpc_stream_send(struct pgl_grpc_stream *stream, const ProtobufCMessage *message,
                                bool is_last)
{
    struct pgl_grpc_channel *channel = stream->channel;
    struct pgl_buffer *frame = &channel->frame;
    uint8_t flags = 0;
    pgl_buffer_clear(frame);
    pgl_buffer_add(frame, "\0\0\0\0", PGL_GRPC_PREFIX_BYTES);
    pgl_message_pack(message, frame);
    if (frame->is_full)
        return PGL_FAIL(PGL_TOO_LARGE, "the message is larger than is sent here");
    size_t size = frame->size - PGL_GRPC_PREFIX_BYTES;
    if (stream->pack_bytes_min > 0 && size >= stream->pack_bytes_min) {
        PGL_TRY(pack(channel));
        flags = PGL_GRPC_COMPRESSED;
    }
    pgl_grpc_write_prefix(frame->data, flags, frame->size - PGL_GRPC_PREFIX_BYTES);
    return pgl_h2_stream_write(&stream->stream, pgl_buffer_text(frame), is_last);
}

pgl_status pgl_grpc_stream_send_end(struct pgl_grpc_stream *stream)
{
    return pgl_h2_stream_write(&stream->stream, PGL_TEXT(""), true);
}

void pgl_grpc_stream_lend(struct pgl_grpc_stream *stream, struct pgl_text framed)
{
    pgl_h2_stream_lend(&stream->stream, framed);
}

bool pgl_grpc_stream_is_out(const struct pgl_grpc_stream *stream)
{
    return pgl_h2_stream_is_out(&stream->stream);
}

void pgl_grpc_stream_cancel(struct pgl_grpc_stream *stream)
{
    pgl_h2_stream_cancel(&stream->stream);
    let_go(stream);
}
