/*
 * text.h - a run of bytes that somebody else owns, and the small questions one asks of it.
 *
 * Memory:   a pgl_text borrows; it needs no NUL at its end and may hold one inside.
 */
#ifndef PGL_BASE_TEXT_H
#define PGL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

struct pgl_text {
    const char *data;
    size_t size;
};

#define PGL_TEXT(literal)   ((struct pgl_text){ (literal), sizeof(literal) - 1 })
/* For printf's "%.*s". */
#define PGL_TEXT_ARGS(text) (int)(text).size, (text).data

static inline struct pgl_text pgl_text_of(const char *string)
{
    return (struct pgl_text){ string, string ? strlen(string) : 0 };
}

static inline bool pgl_text_equal(struct pgl_text a, struct pgl_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool pgl_text_is(struct pgl_text text, const char *string)
{
    return pgl_text_equal(text, pgl_text_of(string));
}

/* ASCII letters only, as HTTP field names and schemes compare. */
bool pgl_text_equal_nocase(struct pgl_text a, struct pgl_text b);

bool pgl_text_starts_with(struct pgl_text text, struct pgl_text prefix);

/* Without blanks and tabs at either end. */
struct pgl_text pgl_text_trim(struct pgl_text text);

/* Cuts `text` at the first `separator`: the part before is returned, `text` keeps the part behind.
 * Without a separator the whole is returned and `text` becomes empty with data == NULL. */
struct pgl_text pgl_text_cut(struct pgl_text *text, char separator);

/* A whole decimal number, no sign but a leading '-', no blanks, no overflow; PGL_INVALID else. */
PGL_MUST_USE pgl_status pgl_text_to_i64(struct pgl_text text, int64_t *value);

/* RFC 3629: shortest forms, no surrogates, nothing above U+10FFFF. */
bool pgl_text_is_utf8(struct pgl_text text);

/* Lower-case hexadecimal. `out` takes 2 * size bytes and no NUL. */
void pgl_hex_encode(const uint8_t *bytes, size_t size, char *out);

/* Both cases; exactly 2 * size digits, else PGL_INVALID. */
PGL_MUST_USE pgl_status pgl_hex_decode(struct pgl_text text, uint8_t *bytes, size_t size);

#endif
