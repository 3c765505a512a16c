/*
 * http1_body.c - the bytes behind a head: as many as it said, or in chunks (RFC 9112, 6 and 7).
 *
 * Framing bytes are few and taken one by one, data as a whole. What was read is kept as a stage and
 * counts, so the input may end anywhere and need not be kept.
 */
#include "wire/http1.h"

#include "wire/http_bytes.h"

/* 16 digits fill a uint64_t. */
#define CHUNK_SIZE_DIGITS_MAX 16

enum stage {
    DATA,       /* of a body with a length */
    CHUNK_SIZE, /* a stage names what is expected next */
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_LINE,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    DONE,
    REFUSED
};

static void refuse(struct pgl_http1_body *body, int status, const char *reason)
{
    body->refusal = (struct pgl_http1_refusal){ status, reason };
    body->stage = REFUSED;
}

void pgl_http1_body_init(struct pgl_http1_body *body, const struct pgl_http1_limits *limits,
                         int64_t content_length, bool is_chunked, uint64_t body_bytes_max)
{
    *body =
        (struct pgl_http1_body){ .limits = limits, .stage = DONE, .room_bytes = body_bytes_max };
    if (is_chunked) {
        body->stage = CHUNK_SIZE;
    } else if (content_length > 0) {
        body->stage = DATA;
        body->left_bytes = (uint64_t)content_length;
        if (body->left_bytes > body_bytes_max)
            refuse(body, 413, "the body is too large");
    }
}

static void take_data(struct pgl_http1_body *body, struct pgl_text *input, struct pgl_text *piece);
static void take_chunk_byte(struct pgl_http1_body *body, char c);
static void take_trailer_byte(struct pgl_http1_body *body, char c);

enum pgl_http1_result pgl_http1_read_body(struct pgl_http1_body *body, struct pgl_text *input,
                                          struct pgl_text *piece)
{
    while (body->stage < DONE && input->size > 0) {
        if (body->stage == DATA || body->stage == CHUNK_DATA) {
            take_data(body, input, piece);
            return PGL_HTTP1_PIECE;
        }
        if (body->stage < TRAILER_LINE)
            take_chunk_byte(body, input->data[0]);
        else
            take_trailer_byte(body, input->data[0]);
        input->data++;
        input->size--;
    }
    return body->stage == DONE      ? PGL_HTTP1_DONE
           : body->stage == REFUSED ? PGL_HTTP1_REFUSED
                                    : PGL_HTTP1_MORE;
}

static void take_data(struct pgl_http1_body *body, struct pgl_text *input, struct pgl_text *piece)
{
    size_t size = input->size < body->left_bytes ? input->size : (size_t)body->left_bytes;
    *piece = (struct pgl_text){ input->data, size };
    input->data += size;
    input->size -= size;
    body->left_bytes -= size;
    if (body->left_bytes == 0)
        body->stage = body->stage == DATA ? DONE : CHUNK_DATA_CR;
}

static void end_chunk_size(struct pgl_http1_body *body)
{
    if (body->left_bytes > body->room_bytes) {
        refuse(body, 413, "the body is too large");
        return;
    }
    body->room_bytes -= body->left_bytes;
    body->stage = body->left_bytes > 0 ? CHUNK_DATA : TRAILER_LINE;
    body->size_digits = 0;
    body->extension_bytes = 0;
}

static void take_chunk_byte(struct pgl_http1_body *body, char c)
{
    switch (body->stage) {
    case CHUNK_SIZE:
        if (pgl_http_hex_value(c) >= 0 && body->size_digits++ < CHUNK_SIZE_DIGITS_MAX)
            body->left_bytes = body->left_bytes << 4 | (uint64_t)pgl_http_hex_value(c);
        else if (c == '\r' && body->size_digits > 0)
            body->stage = CHUNK_SIZE_LF;
        else if (c == ';' && body->size_digits > 0)
            body->stage = CHUNK_EXTENSION;
        else
            refuse(body, 400, "a bad chunk size");
        break;
    case CHUNK_EXTENSION: /* RFC 9112, 7.1.1: read over; the ';' is counted with the first byte */
        if (c == '\r' && body->extension_bytes > 0)
            body->stage = CHUNK_SIZE_LF;
        else if (body->extension_bytes == 0 && !pgl_http_byte_is(c, PGL_HTTP_TOKEN))
            refuse(body, 400, "a bad chunk extension");
        else if (c < ' ' || c > '~') /* 8-bit bytes too, whichever sign a char has */
            refuse(body, 400, "a bad chunk extension");
        else if (++body->extension_bytes >= body->limits->extension_bytes_max)
            refuse(body, 400, "a chunk extension is too long");
        break;
    case CHUNK_SIZE_LF:
        if (c == '\n')
            end_chunk_size(body);
        else
            refuse(body, 400, "a CR without LF in a chunk size");
        break;
    case CHUNK_DATA_CR:
    case CHUNK_DATA_LF:
        if (c != (body->stage == CHUNK_DATA_CR ? '\r' : '\n'))
            refuse(body, 400, "a chunk is longer than its size");
        else
            body->stage = body->stage == CHUNK_DATA_CR ? CHUNK_DATA_LF : CHUNK_SIZE;
        break;
    }
}

/* RFC 9112, 7.1.2: fields that come too late to be checked with the others are dropped, but must
 * have the form of fields. */
static void take_trailer_byte(struct pgl_http1_body *body, char c)
{
    if (++body->trailer_bytes > body->limits->trailer_bytes_max) {
        refuse(body, 431, "the trailer is too long");
        return;
    }
    bool is_name = pgl_http_byte_is(c, PGL_HTTP_TOKEN);
    switch (body->stage) {
    case TRAILER_LINE:
        if (c == '\r')
            body->stage = LAST_LF;
        else if (is_name)
            body->stage = TRAILER_NAME;
        else
            refuse(body, 400, "a bad trailer");
        break;
    case TRAILER_NAME:
        if (c == ':')
            body->stage = TRAILER_VALUE;
        else if (!is_name)
            refuse(body, 400, "a bad trailer");
        break;
    case TRAILER_VALUE:
        if (c == '\r')
            body->stage = TRAILER_LF;
        else if (pgl_http_find_control(&c, 0, 1) == 0)
            refuse(body, 400, "a control byte in a trailer");
        break;
    case TRAILER_LF:
    case LAST_LF:
        if (c == '\n')
            body->stage = body->stage == LAST_LF ? DONE : TRAILER_LINE;
        else
            refuse(body, 400, "a CR without LF in a trailer");
        break;
    }
}
