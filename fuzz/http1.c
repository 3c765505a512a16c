/*
 * http1.c - any bytes as a connection: what is understood must not depend on the segments they came
 * in, must stay within the limits, and what we write of it must be read as the same.
 *
 * Input that begins with "HTTP/" is taken for answers, all other for requests.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "wire/http1.h"

/* Small limits are reached by small inputs. */
static const struct pgl_http1_limits limits = {
    .start_line_bytes_max = 256,
    .target_bytes_max = 128,
    .head_bytes_max = 1024,
    .field_count_max = 16,
    .extension_bytes_max = 16,
    .trailer_bytes_max = 64,
};
#define BODY_BYTES_MAX 512

/* What one reading came to: equal readings have equal sums. */
struct reading {
    uint64_t sum;
    int messages, status;
    size_t taken;
};

static struct reading read_all(const char *data, size_t size, size_t segment_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* Ends where its memory ends, so that a byte read too far is seen. */
    char *data = malloc(size ? size : 1);
    PGL_ASSERT(data != NULL);
    memcpy(data, bytes, size);
    struct reading whole = read_all(data, size, size);
    for (size_t segment_bytes = 1; segment_bytes <= 3; segment_bytes++) {
        struct reading other = read_all(data, size, segment_bytes);
        PGL_ASSERT(other.sum == whole.sum && other.messages == whole.messages);
        PGL_ASSERT(other.status == whole.status && other.taken == whole.taken);
    }
    free(data);
    return 0;
}

/* One connection of which more and more arrives. */
struct connection {
    const char *data;
    size_t size, segment_bytes;
    size_t taken, arrived;
    struct reading reading;
    char body[BODY_BYTES_MAX];
};

static void add_to_sum(struct reading *reading, const void *bytes, size_t size)
{
    reading->sum = pgl_hash((struct pgl_hash_key){ reading->sum, size }, bytes, size);
}

static void add_text_to_sum(struct reading *reading, struct pgl_text text)
{
    add_to_sum(reading, text.data, text.size);
}

static bool arrives(struct connection *connection)
{
    size_t left = connection->size - connection->arrived;
    connection->arrived += left < connection->segment_bytes ? left : connection->segment_bytes;
    return left > 0;
}

static struct pgl_text input_of(const struct connection *connection)
{
    return (struct pgl_text){ connection->data + connection->taken,
                              connection->arrived - connection->taken };
}

static void check_fields(struct reading *reading, const struct pgl_http_field *fields,
                         size_t field_count)
{
    PGL_ASSERT(field_count <= limits.field_count_max);
    for (size_t i = 0; i < field_count; i++) {
        PGL_ASSERT(fields[i].name.size > 0);
        PGL_ASSERT(memchr(fields[i].value.data, '\n', fields[i].value.size) == NULL);
        add_text_to_sum(reading, fields[i].name);
        add_text_to_sum(reading, fields[i].value);
    }
}

/* The target's parts are decoded, whatever they hold. */
static void check_target(const struct pgl_http_request_head *head)
{
    struct pgl_arena arena;
    pgl_arena_init(&arena, 1024, 4096);
    struct pgl_text path = head->path, decoded;
    while (path.size > 0) {
        struct pgl_text segment = pgl_text_cut(&path, '/');
        if (pgl_is_ok(pgl_http_decode_segment(&arena, segment, &decoded))) {
            PGL_ASSERT(decoded.size <= segment.size && pgl_text_is_utf8(decoded));
            PGL_ASSERT(!decoded.size || memchr(decoded.data, '\0', decoded.size) == NULL);
            PGL_ASSERT(!decoded.size || memchr(decoded.data, '/', decoded.size) == NULL);
        }
    }
    struct pgl_text query = head->query;
    struct pgl_http_field pair;
    bool is_there = true;
    while (is_there && pgl_is_ok(pgl_http_query_next(&arena, &query, &pair, &is_there)))
        PGL_ASSERT(pair.name.size + pair.value.size <= head->query.size);
    pgl_arena_free(&arena);
}

/* Written anew, as a proxy would, the request is the same request. */
static void check_written(const struct pgl_http_request_head *head)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, 4096);
    struct pgl_http_field fields[PGL_HTTP_FIELDS_MAX];
    struct pgl_http1_request request = { .method = head->method,
                                         .target = head->target,
                                         .host = head->host,
                                         .is_chunked = head->is_chunked,
                                         .content_length = head->content_length,
                                         .fields = fields };
    for (size_t i = 0; i < head->field_count; i++) {
        fields[request.field_count] = head->fields[i];
        struct pgl_http1_request alone = request; /* a field that we write ourselves is refused */
        alone.fields = &head->fields[i];
        alone.field_count = 1;
        request.field_count += pgl_is_ok(pgl_http1_write_request(&out, &alone));
        pgl_buffer_clear(&out);
    }
    if (pgl_is_ok(pgl_http1_write_request(&out, &request))) {
        struct pgl_http1_limits wide = PGL_HTTP1_LIMITS_DEFAULT;
        struct pgl_http1_parser parser;
        struct pgl_http_request_head again;
        pgl_http1_parser_init(&parser, &wide);
        PGL_ASSERT(pgl_http1_read_request(&parser, out.data, out.size, &again) == PGL_HTTP1_DONE);
        PGL_ASSERT(parser.head_bytes == out.size);
        PGL_ASSERT(pgl_text_equal(again.target, head->target));
        PGL_ASSERT(pgl_text_equal(again.path, head->path));
        PGL_ASSERT(pgl_text_equal(again.host, head->host));
        PGL_ASSERT(again.content_length == head->content_length);
        PGL_ASSERT(again.is_chunked == head->is_chunked);
    } else {
        PGL_ASSERT(head->host.size == 0); /* HTTP/1.0 has none to write */
    }
    pgl_buffer_free(&out);
}

/* Whether a whole body was there. */
static bool read_body(struct connection *connection, int64_t content_length, bool is_chunked)
{
    struct reading *reading = &connection->reading;
    struct pgl_http1_body body;
    pgl_http1_body_init(&body, &limits, content_length, is_chunked, BODY_BYTES_MAX);
    size_t body_bytes = 0;
    enum pgl_http1_result result;
    do {
        struct pgl_text input = input_of(connection), piece;
        result = pgl_http1_read_body(&body, &input, &piece);
        connection->taken = connection->arrived - input.size;
        if (result == PGL_HTTP1_PIECE) {
            PGL_ASSERT(piece.size > 0 && piece.size <= BODY_BYTES_MAX - body_bytes);
            memcpy(connection->body + body_bytes, piece.data, piece.size);
            body_bytes += piece.size;
        }
    } while (result == PGL_HTTP1_PIECE || (result == PGL_HTTP1_MORE && arrives(connection)));
    add_to_sum(reading, connection->body, body_bytes);
    PGL_ASSERT(result != PGL_HTTP1_DONE || is_chunked || content_length <= 0 ||
               body_bytes == (size_t)content_length);
    reading->taken = connection->taken;
    if (result == PGL_HTTP1_REFUSED)
        reading->status = body.refusal.status;
    return result == PGL_HTTP1_DONE;
}

/* Whether a whole request was there. */
static bool read_request(struct connection *connection)
{
    struct reading *reading = &connection->reading;
    struct pgl_http1_parser parser;
    struct pgl_http_request_head head;
    pgl_http1_parser_init(&parser, &limits);
    enum pgl_http1_result result;
    do {
        struct pgl_text input = input_of(connection);
        result = pgl_http1_read_request(&parser, input.data, input.size, &head);
    } while (result == PGL_HTTP1_MORE && arrives(connection));
    if (result == PGL_HTTP1_REFUSED)
        reading->status = parser.refusal.status;
    if (result != PGL_HTTP1_DONE)
        return false;

    PGL_ASSERT(parser.head_bytes <= limits.head_bytes_max);
    PGL_ASSERT(head.target.size <= limits.target_bytes_max && head.path.size > 0);
    PGL_ASSERT(!head.is_chunked || (head.content_length < 0 && head.minor_version == 1));
    add_text_to_sum(reading, head.method);
    add_text_to_sum(reading, head.path);
    add_text_to_sum(reading, head.query);
    add_text_to_sum(reading, head.host);
    check_fields(reading, head.fields, head.field_count);
    check_target(&head);
    check_written(&head);
    connection->taken += parser.head_bytes;
    return read_body(connection, head.content_length, head.is_chunked);
}

/* Whether a whole answer was there. */
static bool read_response(struct connection *connection)
{
    struct reading *reading = &connection->reading;
    struct pgl_http1_parser parser;
    struct pgl_http_response_head head;
    pgl_http1_parser_init(&parser, &limits);
    enum pgl_http1_result result;
    do {
        struct pgl_text input = input_of(connection);
        result = pgl_http1_read_response(&parser, input.data, input.size, false, &head);
    } while (result == PGL_HTTP1_MORE && arrives(connection));
    if (result == PGL_HTTP1_REFUSED)
        reading->status = parser.refusal.status;
    if (result != PGL_HTTP1_DONE)
        return false;

    PGL_ASSERT(parser.head_bytes <= limits.head_bytes_max);
    PGL_ASSERT(head.is_chunked == (head.content_length < 0));
    add_to_sum(reading, &head.status, sizeof head.status);
    check_fields(reading, head.fields, head.field_count);
    connection->taken += parser.head_bytes;
    return read_body(connection, head.content_length, head.is_chunked);
}

static struct reading read_all(const char *data, size_t size, size_t segment_bytes)
{
    struct connection connection = { .data = data, .size = size, .segment_bytes = segment_bytes };
    bool is_answer = size >= 5 && memcmp(data, "HTTP/", 5) == 0;
    while (is_answer ? read_response(&connection) : read_request(&connection)) {
        connection.reading.messages++;
        connection.reading.taken = connection.taken;
    }
    return connection.reading;
}
