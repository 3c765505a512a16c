/*
 * id.h - 16-byte ids that sort by the time they were made (UUIDv7, RFC 9562 section 5.7).
 *
 * A maker never repeats itself nor goes back, also when the clock does: the 12 + 62 bits behind the
 * millisecond count up within one millisecond and within a clock that stands still or falls behind.
 * Seed the maker with the largest id on disk, and the order of ids is the order of making for ever.
 */
#ifndef PGL_BASE_ID_H
#define PGL_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"

typedef struct pgl_id {
    uint8_t bytes[16];
} pgl_id;

#define PGL_ID_TEXT_BYTES 36 /* 8-4-4-4-12, no NUL */

struct pgl_id_maker {
    struct pgl_random random;
    pgl_id last;
};

void pgl_id_maker_init(struct pgl_id_maker *maker, uint64_t seed);

/* Never hands out an id that is not above `floor`. */
void pgl_id_maker_stay_above(struct pgl_id_maker *maker, pgl_id floor);

pgl_id pgl_id_make(struct pgl_id_maker *maker, int64_t wall_ns);

static inline int pgl_id_compare(pgl_id a, pgl_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

static inline bool pgl_id_equal(pgl_id a, pgl_id b)
{
    return pgl_id_compare(a, b) == 0;
}

static inline bool pgl_id_is_zero(pgl_id id)
{
    return pgl_id_equal(id, (pgl_id){ { 0 } });
}

/* Writes 36 characters, no NUL. */
void pgl_id_format(pgl_id id, char out[PGL_ID_TEXT_BYTES]);

/* The 36-character form, either case; PGL_INVALID else. */
PGL_MUST_USE pgl_status pgl_id_parse(struct pgl_text text, pgl_id *id);

#endif
