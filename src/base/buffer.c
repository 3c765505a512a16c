/* buffer.c - see buffer.h. */
#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

#define BUFFER_FIRST_BYTES 512

void pgl_buffer_init(struct pgl_buffer *buffer, size_t limit_bytes)
{
    *buffer = (struct pgl_buffer){ .limit_bytes = limit_bytes };
}

void pgl_buffer_free(struct pgl_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct pgl_buffer){ .limit_bytes = buffer->limit_bytes };
}

void pgl_buffer_clear(struct pgl_buffer *buffer)
{
    buffer->size = 0;
    buffer->is_full = false;
}

char *pgl_buffer_room(struct pgl_buffer *buffer, size_t size)
{
    if (buffer->is_full || size > buffer->limit_bytes - buffer->size) {
        buffer->is_full = true;
        return NULL;
    }
    if (size > buffer->capacity - buffer->size) {
        size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST_BYTES;
        while (capacity < buffer->size + size)
            capacity *= 2;
        if (capacity > buffer->limit_bytes)
            capacity = buffer->limit_bytes;
        char *data = realloc(buffer->data, capacity);
        if (data == NULL) {
            buffer->is_full = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void pgl_buffer_add(struct pgl_buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    char *at = pgl_buffer_room(buffer, size);
    if (at == NULL)
        return;
    memcpy(at, bytes, size);
    buffer->size += size;
}

void pgl_buffer_add_text(struct pgl_buffer *buffer, struct pgl_text text)
{
    pgl_buffer_add(buffer, text.data, text.size);
}

void pgl_buffer_add_char(struct pgl_buffer *buffer, char c)
{
    pgl_buffer_add(buffer, &c, 1);
}

void pgl_buffer_add_i64(struct pgl_buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        pgl_buffer_add_char(buffer, '-');
    pgl_buffer_add(buffer, digits + at, sizeof digits - at);
}

void pgl_buffer_printf(struct pgl_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *at = size < 0 ? NULL : pgl_buffer_room(buffer, (size_t)size + 1);
    if (at == NULL)
        return;
    va_start(args, format);
    vsnprintf(at, (size_t)size + 1, format, args);
    va_end(args);
    buffer->size += (size_t)size;
}

void pgl_buffer_consume(struct pgl_buffer *buffer, size_t size)
{
    PGL_ASSERT(size <= buffer->size);
    buffer->size -= size;
    if (buffer->size > 0)
        memmove(buffer->data, buffer->data + size, buffer->size);
}
