/*
 * buffer.h - bytes being written, one after another, up to a limit.
 *
 * For:      responses, JSON, metrics pages, packed messages.
 * Owner:    whoever holds the struct.
 * Bounds:   `limit_bytes`. What does not fit is dropped and `is_full` stays set: write on without
 *           checking, ask once at the end.
 */
#ifndef PGL_BASE_BUFFER_H
#define PGL_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct pgl_buffer {
    char *data;
    size_t size, capacity;
    size_t limit_bytes;
    bool is_full;
};

void pgl_buffer_init(struct pgl_buffer *buffer, size_t limit_bytes);
void pgl_buffer_free(struct pgl_buffer *buffer);

/* Empties it, keeps the memory. */
void pgl_buffer_clear(struct pgl_buffer *buffer);

/* Room for `size` more bytes at data + size, or NULL and `is_full`. The caller adds to `size`. */
char *pgl_buffer_room(struct pgl_buffer *buffer, size_t size);

void pgl_buffer_add(struct pgl_buffer *buffer, const void *bytes, size_t size);
void pgl_buffer_add_text(struct pgl_buffer *buffer, struct pgl_text text);
void pgl_buffer_add_char(struct pgl_buffer *buffer, char c);
void pgl_buffer_add_i64(struct pgl_buffer *buffer, int64_t value);
void pgl_buffer_printf(struct pgl_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define pgl_buffer_add_literal(buffer, literal)                                                    \
    pgl_buffer_add((buffer), (literal), sizeof(literal) - 1)

/* Drops the first `size` bytes. */
void pgl_buffer_consume(struct pgl_buffer *buffer, size_t size);

static inline struct pgl_text pgl_buffer_text(const struct pgl_buffer *buffer)
{
    return (struct pgl_text){ buffer->data, buffer->size };
}

#endif
