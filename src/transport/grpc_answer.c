/* grpc_answer.c - what goes out: the head, messages, trailers, as each face has them. */
#include "base/assert.h"
#include "transport/grpc_call.h"
#include "wire/base64.h"
#include "wire/gzip.h"

#define SLICE_BYTES        (64u << 10) /* of a message larger than the exchange takes at once */
#define TRAILERS_BYTES_MAX (8u << 10)
#define H2_CANCEL          8 /* RFC 9113, 7 */

void pgl_grpc_add(struct pgl_grpc_metadata *metadata, struct pgl_text name, struct pgl_text value)
{
    if (metadata->count < PGL_GRPC_METADATA_MAX)
        metadata->fields[metadata->count++] = (struct pgl_http_field){ name, value };
}

struct pgl_text pgl_grpc_media(const struct pgl_grpc_call *call)
{
    switch (call->face) {
    case PGL_FACE_GRPC:
        return PGL_TEXT("application/grpc");
    case PGL_FACE_WEB:
        return PGL_TEXT("application/grpc-web+proto");
    case PGL_FACE_WEB_TEXT:
        return PGL_TEXT("application/grpc-web-text+proto");
    case PGL_FACE_CONNECT:
        return call->is_json ? PGL_TEXT("application/json") : PGL_TEXT("application/proto");
    }
    return PGL_TEXT("");
}

/* Content type, what the handler has set, and what browsers need. */
static size_t head_fields(struct pgl_grpc_call *call, struct pgl_http_field *fields)
{
    const struct pgl_grpc_server_options *options = &call->server->options;
    size_t count = 0;
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("content-type"), pgl_grpc_media(call) };
    if ((call->packs || call->may_pack) && call->takes_packed)
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("grpc-encoding"), PGL_TEXT("gzip") };
    for (size_t i = 0; i < call->before.count; i++)
        fields[count++] = call->before.fields[i];
    if (call->face != PGL_FACE_GRPC && options->web_fields != NULL)
        count += options->web_fields(options->owner, call->exchange, fields + count);
    return count;
}

static void begin(struct pgl_grpc_call *call)
{
    struct pgl_http_field fields[PGL_GRPC_FIELDS_MAX];
    call->has_begun = true;
    pgl_http_stream_begin(call->exchange, 200, fields, head_fields(call, fields));
}

/* ---- messages ---- */

/* What the exchange does not take waits for room; the rest of it goes then. */
static void put(struct pgl_grpc_call *call, struct pgl_text bytes)
{
    while (bytes.size > 0 && !call->is_blocked) {
        struct pgl_text slice = { bytes.data, bytes.size < SLICE_BYTES ? bytes.size : SLICE_BYTES };
        pgl_status status = pgl_http_stream_write(call->exchange, slice);
        if (status.code == PGL_CANCELLED)
            return; /* and is_abandoned says so */
        call->is_blocked = !pgl_is_ok(status);
        if (!call->is_blocked)
            bytes = (struct pgl_text){ bytes.data + slice.size, bytes.size - slice.size };
    }
    if (bytes.size > 0)
        pgl_buffer_add_text(&call->unsent, bytes);
}

/* False while there is no room. */
bool pgl_grpc_write_on(struct pgl_grpc_call *call)
{
    struct pgl_text left = pgl_buffer_text(&call->unsent);
    call->is_blocked = false;
    while (call->unsent_at < left.size && !call->is_blocked) {
        size_t size = left.size - call->unsent_at;
        struct pgl_text slice = { left.data + call->unsent_at,
                                  size < SLICE_BYTES ? size : SLICE_BYTES };
        pgl_status status = pgl_http_stream_write(call->exchange, slice);
        call->is_blocked = status.code == PGL_EXHAUSTED;
        if (!call->is_blocked)
            call->unsent_at += slice.size;
    }
    if (call->is_blocked)
        return false;
    pgl_buffer_clear(&call->unsent);
    call->unsent_at = 0;
    return true;
}

/* In the text form of gRPC-Web, base64 that ends with the piece. */
static pgl_status put_as_text(struct pgl_grpc_call *call, struct pgl_text bytes)
{
    struct pgl_buffer *text = &call->server->packed;
    pgl_buffer_clear(text);
    char *room = pgl_buffer_room(text, PGL_BASE64_BYTES(bytes.size));
    if (room == NULL)
        return PGL_NO_MEMORY;
    text->size += pgl_base64_encode((const uint8_t *)bytes.data, bytes.size, room);
    put(call, pgl_buffer_text(text));
    return PGL_OK;
}

static pgl_status put_bytes(struct pgl_grpc_call *call, struct pgl_text bytes)
{
    if (call->face == PGL_FACE_WEB_TEXT)
        return put_as_text(call, bytes);
    put(call, bytes);
    return PGL_OK;
}

/* `frame` becomes one that is compressed. It is the scratch's, and goes back there. */
static pgl_status compress(struct pgl_grpc_call *call, struct pgl_buffer *frame)
{
    struct pgl_buffer *packed = &call->server->packed;
    struct pgl_text message = { frame->data + PGL_GRPC_PREFIX_BYTES,
                                frame->size - PGL_GRPC_PREFIX_BYTES };
    pgl_arena_reset(&call->server->work);
    pgl_buffer_clear(packed);
    PGL_TRY(pgl_gzip_pack(&call->server->work, message, packed));
    frame->size = PGL_GRPC_PREFIX_BYTES;
    pgl_buffer_add_text(frame, pgl_buffer_text(packed));
    return frame->is_full ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status pgl_grpc_write(struct pgl_grpc_call *call, const ProtobufCMessage *reply)
{
    struct pgl_buffer *frame = &call->server->scratch;
    const struct pgl_grpc_limits *limits = &call->server->options.limits;
    if (call->face == PGL_FACE_CONNECT)
        return pgl_connect_write(call, reply);
    pgl_buffer_clear(frame);
    pgl_buffer_add(frame, "\0\0\0\0", PGL_GRPC_PREFIX_BYTES);
    pgl_message_pack(reply, frame);
    if (frame->is_full)
        return PGL_FAIL(PGL_TOO_LARGE, "the answer is larger than is sent here");
    uint8_t flags = 0;
    if (call->packs && call->takes_packed && frame->size >= limits->pack_bytes_min) {
        PGL_TRY(compress(call, frame));
        flags = PGL_GRPC_COMPRESSED;
    }
    pgl_grpc_write_prefix(frame->data, flags, frame->size - PGL_GRPC_PREFIX_BYTES);
    if (!call->has_begun)
        begin(call);
    return put_bytes(call, pgl_buffer_text(frame));
}

/* ---- the end ---- */

struct pgl_rich_error pgl_grpc_error_of(struct pgl_grpc_call *call)
{
    struct pgl_rich_error error =
        pgl_rich_error_of(call->arena, call->status, call->retry_after_ns);
    if (call->reason != NULL)
        error.reason = pgl_rich_reason(call->arena, call->reason);
    return error;
}

/* grpc-message and grpc-status-details-bin, as far as there is memory for them. */
static size_t error_fields(struct pgl_grpc_call *call, struct pgl_http_field *fields)
{
    struct pgl_rich_error error = pgl_grpc_error_of(call);
    struct pgl_buffer out;
    size_t count = 0;
    pgl_buffer_init(&out, TRAILERS_BYTES_MAX);
    pgl_grpc_message_write(&out, error.message);
    char *message = out.is_full ? NULL : pgl_arena_string(call->arena, pgl_buffer_text(&out));
    if (message != NULL && message[0] != '\0')
        fields[count++] =
            (struct pgl_http_field){ PGL_TEXT("grpc-message"), { message, strlen(message) } };
    pgl_buffer_clear(&out);
    pgl_rich_error_write(&out, &error);
    struct pgl_text details = { NULL, 0 };
    if (!out.is_full)
        details = pgl_grpc_binary_write(call->arena, pgl_buffer_text(&out));
    if (details.data != NULL)
        fields[count++] = (struct pgl_http_field){ PGL_TEXT("grpc-status-details-bin"), details };
    pgl_buffer_free(&out);
    return count;
}

static size_t trailer_fields(struct pgl_grpc_call *call, struct pgl_http_field *fields)
{
    static const char numbers[PGL_GRPC_STATUS_COUNT][3] = {
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    };
    int status = pgl_code_grpc(call->status.code);
    size_t count = 0;
    fields[count++] =
        (struct pgl_http_field){ PGL_TEXT("grpc-status"), pgl_text_of(numbers[status]) };
    if (status != 0)
        count += error_fields(call, fields + count);
    for (size_t i = 0; i < call->behind.count; i++)
        fields[count++] = call->behind.fields[i];
    return count;
}

/* gRPC-Web's trailers are the last frame of the body: fields as HTTP/1.1 writes them. */
static void put_trailers(struct pgl_grpc_call *call, const struct pgl_http_field *fields,
                         size_t count)
{
    struct pgl_buffer *frame = &call->server->scratch;
    pgl_buffer_clear(frame);
    pgl_buffer_add(frame, "\0\0\0\0", PGL_GRPC_PREFIX_BYTES);
    for (size_t i = 0; i < count; i++) {
        pgl_buffer_add_text(frame, fields[i].name);
        pgl_buffer_add_literal(frame, ": ");
        pgl_buffer_add_text(frame, fields[i].value);
        pgl_buffer_add_literal(frame, "\r\n");
    }
    pgl_grpc_write_prefix(frame->data, PGL_GRPC_TRAILERS, frame->size - PGL_GRPC_PREFIX_BYTES);
    struct pgl_text bytes = pgl_buffer_text(frame);
    if (call->face == PGL_FACE_WEB_TEXT) {
        struct pgl_buffer *text = &call->server->packed;
        pgl_buffer_clear(text);
        char *room = pgl_buffer_room(text, PGL_BASE64_BYTES(bytes.size));
        PGL_ASSERT(room != NULL); /* a few fields; `packed` holds twice the largest message */
        text->size += pgl_base64_encode((const uint8_t *)bytes.data, bytes.size, room);
        bytes = pgl_buffer_text(text);
    }
    pgl_status status = pgl_http_stream_write(call->exchange, bytes);
    if (status.code == PGL_EXHAUSTED)
        pgl_http_stream_abort(call->exchange); /* half an answer must not pass for a whole one */
    else
        pgl_http_stream_end(call->exchange);
}

/* No message has gone out: all that there is to say fits the head. */
static void respond(struct pgl_grpc_call *call)
{
    struct pgl_http_field fields[PGL_GRPC_FIELDS_MAX + PGL_GRPC_METADATA_MAX];
    size_t count = head_fields(call, fields);
    count += trailer_fields(call, fields + count);
    pgl_http_respond(call->exchange, 200, fields, count, (struct pgl_text){ "", 0 });
}

void pgl_grpc_write_end(struct pgl_grpc_call *call)
{
    struct pgl_http_field fields[PGL_GRPC_FIELDS_MAX];
    if (call->face == PGL_FACE_CONNECT) {
        pgl_connect_end(call);
    } else if (!call->has_begun) {
        respond(call);
    } else if (call->is_blocked && !call->exchange->is_abandoned) {
        pgl_http_stream_reset(call->exchange, H2_CANCEL); /* a message is cut: no trailers fit */
    } else if (call->face == PGL_FACE_GRPC) {
        pgl_http_stream_end_with(call->exchange, fields, trailer_fields(call, fields));
    } else {
        put_trailers(call, fields, trailer_fields(call, fields));
    }
}
