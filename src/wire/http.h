/*
 * http.h - a request and an answer as HTTP means them, whatever version carried them.
 *
 * For:      the parsers of HTTP/1.1 and HTTP/2, which fill these structs, and the edge, which reads
 *           them.
 * Owner:    whoever holds the struct. All texts are slices of the connection's input, or of the
 *           arena that was given.
 * Bounds:   PGL_HTTP_FIELDS_MAX fields.
 * Errors:   PGL_MALFORMED for bad percent-encoding, PGL_EXHAUSTED for a full arena.
 */
#ifndef PGL_WIRE_HTTP_H
#define PGL_WIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/* More than any honest client sends (browsers: under 30), few enough to look through one by one. */
#define PGL_HTTP_FIELDS_MAX 64

enum pgl_http_method {
    PGL_HTTP_UNKNOWN,
    PGL_HTTP_GET,
    PGL_HTTP_POST,
    PGL_HTTP_HEAD,
    PGL_HTTP_PUT,
    PGL_HTTP_PATCH,
    PGL_HTTP_DELETE,
    PGL_HTTP_OPTIONS,
    PGL_HTTP_TRACE,
    PGL_HTTP_CONNECT,
    PGL_HTTP_METHOD_COUNT
};

struct pgl_http_field {
    struct pgl_text name, value;
};

struct pgl_http_request_head {
    enum pgl_http_method method_known;
    int minor_version; /* of HTTP/1 */
    struct pgl_text method;
    struct pgl_text target; /* as sent; the three below are cut out of it */
    struct pgl_text path, query;
    struct pgl_text host;   /* of Host, else of the target; empty only in HTTP/1.0 */
    int64_t content_length; /* -1 when the request did not say */
    bool is_chunked;
    bool is_keep_alive;
    bool expects_continue; /* and has a body to hold back */
    size_t field_count;
    struct pgl_http_field fields[PGL_HTTP_FIELDS_MAX];
};

struct pgl_http_response_head {
    int status;
    int minor_version;
    int64_t content_length; /* of the bytes that follow: 0 for a 204 whatever it says; -1 when
                               chunked */
    bool is_chunked;
    bool is_keep_alive;
    size_t field_count;
    struct pgl_http_field fields[PGL_HTTP_FIELDS_MAX];
};

/* Methods are case-sensitive: "get" is unknown (RFC 9110, 9.1). */
enum pgl_http_method pgl_http_method_of(struct pgl_text name);
/* Why a request with this method is never taken, and the status that says so; NULL when it may be.
 */
const char *pgl_http_refuse_method(struct pgl_text name, enum pgl_http_method *known, int *status);
/* "GET"; "" for an unknown one. */
const char *pgl_http_method_name(enum pgl_http_method method);

/* "Not Found"; "" for a number that we never send. */
const char *pgl_http_reason(int status);

/* How many fields have this name; `value` becomes the first one's. Two of what should be one
 * (Authorization, Idempotency-Key) are the caller's to refuse. */
size_t pgl_http_find_field(const struct pgl_http_field *fields, size_t field_count,
                           struct pgl_text name, struct pgl_text *value);

/* Retry-After (RFC 9110, 10.2.3) in seconds, `s_max` at most; 0 where it is not given, or is a
 * date: two clocks would have to agree. */
int64_t pgl_http_retry_after_s(const struct pgl_http_field *fields, size_t field_count,
                               int64_t s_max);

/* Whether a comma-separated list, as of Connection, holds the token, in any case. */
bool pgl_http_list_has(struct pgl_text list, struct pgl_text token);

/* Whether a client takes this coding, as its Accept-Encoding says (RFC 9110, 12.5.3): named, or by
 * "*", and not with q=0. */
bool pgl_http_accepts(struct pgl_text list, struct pgl_text coding);

/* Decodes one path segment. Refuses bad escapes, control bytes, bad UTF-8, and whatever would look
 * like structure once decoded: a '/', "." and "..". Copies nothing when nothing is escaped. */
PGL_MUST_USE pgl_status pgl_http_decode_segment(struct pgl_arena *arena, struct pgl_text encoded,
                                                struct pgl_text *decoded);

/* The next name=value of a query, decoded as a form is ('+' is a blank); `*query` keeps what is
 * behind.
 * `*is_there` is false at the end. Refuses bad escapes, control bytes, bad UTF-8. */
PGL_MUST_USE pgl_status pgl_http_query_next(struct pgl_arena *arena, struct pgl_text *query,
                                            struct pgl_http_field *pair, bool *is_there);

#endif
