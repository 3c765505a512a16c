/*
 * http1.h - HTTP/1.1 between bytes and values: strict in what it reads, careful in what it writes.
 *
 * For:      the gateway's HTTP/1.1 face; our client to payment providers, webhooks and the load
 *           generator.
 * Owner:    the connection holds one parser and one body; both are plain structs to be init again
 *           for each message. A message is read by one of pgl_http1_read_*, then
 *           pgl_http1_read_body.
 * Bounds:   struct pgl_http1_limits. Every byte is looked at once, however small the segments are.
 * Memory:   nothing is copied or allocated. Heads and body pieces are slices of the caller's input.
 * Errors:   PGL_HTTP1_REFUSED, with a status for the answer and a reason for the log. After a
 *           refusal nobody knows where the next message would begin: answer and close (RFC 9112,
 *           6.3, 11.2).
 *
 * Where the standard lets a recipient be lenient (bare LF, folded lines, several equal lengths) we
 * are not: two parsers in a row that guess differently are how requests are smuggled.
 */
#ifndef PGL_WIRE_HTTP1_H
#define PGL_WIRE_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"
#include "wire/http.h"

struct pgl_http1_limits {
    uint32_t start_line_bytes_max; /* without its CRLF; else 414 */
    uint32_t target_bytes_max;     /* else 414 */
    uint32_t head_bytes_max;       /* all lines and the empty one; else 431 */
    uint32_t field_count_max;      /* at most PGL_HTTP_FIELDS_MAX; else 431 */
    uint32_t extension_bytes_max;  /* behind one chunk size, from its ';' on; else 400 */
    uint32_t trailer_bytes_max;    /* all that follows the last chunk; else 431 */
};

/* A target of 4 KiB holds any page cursor; a head of 16 KiB a 4 KiB token and the cookies of others
 * on the same domain; extensions and trailers mean nothing to us and are only stepped over. */
/* clang-format off */
#define PGL_HTTP1_LIMITS_DEFAULT                                                                   \
    ((struct pgl_http1_limits){ .start_line_bytes_max = 8192, .target_bytes_max = 4096,            \
                                .head_bytes_max = 16384, .field_count_max = PGL_HTTP_FIELDS_MAX,   \
                                .extension_bytes_max = 64, .trailer_bytes_max = 8192 })
/* clang-format on */

enum pgl_http1_result {
    PGL_HTTP1_MORE,   /* come again with more input */
    PGL_HTTP1_PIECE,  /* of a body; come again */
    PGL_HTTP1_DONE,   /* what follows belongs to the next part */
    PGL_HTTP1_REFUSED /* and so is every later call */
};

struct pgl_http1_refusal {
    int status; /* 400 413 414 417 431 501 505; 405 asks for an Allow field; 502 for an answer */
    const char *reason;
};

/* Offsets, since the input may move between two calls. */
struct pgl_http1_span {
    uint32_t start, size;
};

struct pgl_http1_parser {
    const struct pgl_http1_limits *limits; /* borrowed */
    struct pgl_http1_refusal refusal;
    size_t head_bytes; /* once DONE: where the body begins */

    /* What follows is the parser's own. */
    int stage;
    size_t scanned_bytes, line_start;
    bool has_blank_line, has_connection_close, has_connection_keep_alive, has_expect, is_chunked;
    enum pgl_http_method method_known;
    int status, minor_version;
    int64_t content_length;
    struct pgl_http1_span method, target, path, query, authority, host;
    uint32_t field_count;
    struct pgl_http1_span names[PGL_HTTP_FIELDS_MAX], values[PGL_HTTP_FIELDS_MAX];
};

void pgl_http1_parser_init(struct pgl_http1_parser *parser, const struct pgl_http1_limits *limits);

/* `data` is everything received from the first byte of this message on: what was there stays there
 * and grows at its end, though it may have moved. Once DONE, `head` points into this `data`; should
 * the input move later, a further call fills the head anew. */
enum pgl_http1_result pgl_http1_read_request(struct pgl_http1_parser *parser, const char *data,
                                             size_t size, struct pgl_http_request_head *head);

/* The same for an answer; to a HEAD no body follows, and behind a 1xx comes the real one. An answer
 * that would end with its connection is refused: one that was cut off would look whole. */
enum pgl_http1_result pgl_http1_read_response(struct pgl_http1_parser *parser, const char *data,
                                              size_t size, bool answers_head,
                                              struct pgl_http_response_head *head);

struct pgl_http1_body {
    const struct pgl_http1_limits *limits; /* borrowed */
    struct pgl_http1_refusal refusal;

    /* What follows is the body's own. */
    int stage;
    uint64_t left_bytes; /* of the body or the chunk */
    uint64_t room_bytes; /* that chunks to come may fill */
    uint32_t size_digits, extension_bytes, trailer_bytes;
};

/* Takes content_length and is_chunked from the head. More than `body_bytes_max` is refused with 413
 * by the first read: do that, if only with empty input, before a "100 Continue" is sent. */
void pgl_http1_body_init(struct pgl_http1_body *body, const struct pgl_http1_limits *limits,
                         int64_t content_length, bool is_chunked, uint64_t body_bytes_max);

/* Steps through `*input`, cutting off its front what was read. PIECE: `*piece` is a slice of the
 * input, never empty. DONE: `*input` begins with the next message. Neither copying nor dechunking
 * in place: a body with a length that came in one segment is one slice, and other pieces the caller
 * puts wherever they are wanted. */
enum pgl_http1_result pgl_http1_read_body(struct pgl_http1_body *body, struct pgl_text *input,
                                          struct pgl_text *piece);

struct pgl_http1_response {
    int status;
    int minor_version;  /* of the request: an HTTP/1.0 client is told that we keep the connection */
    bool is_keep_alive; /* what the request wished for and we are willing to do */
    bool is_chunked;    /* never to an HTTP/1.0 client */
    int64_t content_length; /* -1 when chunked, or when closing the connection ends the body */
    struct pgl_text date;   /* RFC 9110, 5.6.7; empty leaves Date out */
    const struct pgl_http_field *fields;
    size_t field_count;
};

struct pgl_http1_request {
    struct pgl_text method, target, host;
    bool is_chunked;
    int64_t content_length; /* -1 when chunked or without a body */
    const struct pgl_http_field *fields;
    size_t field_count;
};

/* PGL_INVALID, and nothing is written, when a field would say something else than it seems to: its
 * name is no token or is one that we write ourselves (framing, Connection, Date, Host), or its
 * value holds a control byte. Values may come from outside (a Location, an echoed id), so this is
 * neither a bug that stops the process nor a field quietly lost: the caller answers 500. */
PGL_MUST_USE pgl_status pgl_http1_write_response(struct pgl_buffer *out,
                                                 const struct pgl_http1_response *response);
PGL_MUST_USE pgl_status pgl_http1_write_request(struct pgl_buffer *out,
                                                const struct pgl_http1_request *request);

/* "100 Continue", for a head that expects it. */
void pgl_http1_write_continue(struct pgl_buffer *out);

/* An empty chunk would end the body, so none is written for empty data. */
void pgl_http1_write_chunk(struct pgl_buffer *out, struct pgl_text data);
void pgl_http1_write_last_chunk(struct pgl_buffer *out);

#endif
