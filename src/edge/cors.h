/*
 * cors.h - which pages of other origins may call (the Fetch standard's CORS). Off unless origins
 * are named. There are no cookies, so nothing is ever sent "with credentials".
 *
 * Owner:    the edge; constant once read.
 * Bounds:   PGL_CORS_ORIGINS_MAX origins.
 */
#ifndef PGL_EDGE_CORS_H
#define PGL_EDGE_CORS_H

#include "base/status.h"
#include "base/text.h"
#include "wire/http.h"

#define PGL_CORS_ORIGINS_MAX 16
#define PGL_CORS_FIELDS_MAX  3

struct pgl_cors {
    struct pgl_text origins[PGL_CORS_ORIGINS_MAX]; /* slices of the option */
    int count;
    bool is_any; /* "*" */
};

/* "https://shop.example,https://admin.example" or "*"; NULL or "": nobody. */
PGL_MUST_USE pgl_status pgl_cors_read(struct pgl_cors *cors, const char *origins);

/* What an answer has to say to the page; returns how many fields. */
size_t pgl_cors_answer(const struct pgl_cors *cors, const struct pgl_http_request_head *head,
                       struct pgl_http_field fields[PGL_CORS_FIELDS_MAX]);

/* The same of a preflight (OPTIONS with Access-Control-Request-Method); `methods` as of Allow. */
size_t pgl_cors_preflight(const struct pgl_cors *cors, const struct pgl_http_request_head *head,
                          const char *methods,
                          struct pgl_http_field fields[PGL_CORS_FIELDS_MAX + 2]);

#endif
