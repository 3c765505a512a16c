/*
 * gzip.h - packs a body (RFC 1952), for answers that are worth it.
 *
 * Owner:    whoever opens it; 270 KB of memory, taken once.
 * Threads:  one at a time.
 * Bounds:   the room that is given; what does not fit is not packed.
 */
#ifndef PGL_WIRE_GZIP_H
#define PGL_WIRE_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

struct pgl_gzip {
    void *stream;
};

PGL_MUST_USE pgl_status pgl_gzip_open(struct pgl_gzip *gzip);
void pgl_gzip_close(struct pgl_gzip *gzip);

/* How many bytes it became; 0 when it did not fit. */
size_t pgl_gzip_pack(struct pgl_gzip *gzip, struct pgl_text bytes, char *room, size_t capacity);

#endif
