/*
 * csv.c - any bytes as a table. What was read, written with all its fields in quotes, reads as the
 * same.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "base/buffer.h"
#include "wire/csv.h"

#define ARENA_BYTES (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pgl_arena arena;

static void write_row(struct pgl_buffer *out, const struct pgl_text *fields, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        pgl_buffer_add(out, ",\"", i > 0 ? 2 : 0);
        pgl_buffer_add(out, "\"", i > 0 ? 0 : 1);
        for (size_t at = 0; at < fields[i].size; at++) {
            pgl_buffer_add_char(out, fields[i].data[at]);
            pgl_buffer_add(out, "\"", fields[i].data[at] == '"');
        }
        pgl_buffer_add_char(out, '"');
    }
    pgl_buffer_add_literal(out, "\r\n");
}

static pgl_status rewrite(struct pgl_text text, struct pgl_buffer *out)
{
    struct pgl_csv csv;
    struct pgl_text fields[PGL_CSV_COLUMNS_MAX];
    bool is_there = true;
    PGL_TRY(pgl_csv_open(&csv, &arena, text));
    write_row(out, csv.columns, csv.column_count);
    for (;;) {
        PGL_TRY(pgl_csv_next(&csv, &arena, fields, &is_there));
        if (!is_there)
            return PGL_OK;
        write_row(out, fields, csv.column_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pgl_buffer first, second;
    if (arena.limit_bytes == 0)
        pgl_arena_init(&arena, 64 * 1024, ARENA_BYTES);
    pgl_buffer_init(&first, ARENA_BYTES);
    pgl_buffer_init(&second, ARENA_BYTES);
    if (pgl_is_ok(rewrite((struct pgl_text){ (const char *)data, size }, &first))) {
        PGL_ASSERT(pgl_is_ok(rewrite(pgl_buffer_text(&first), &second)));
        PGL_ASSERT(pgl_text_equal(pgl_buffer_text(&first), pgl_buffer_text(&second)));
    }
    pgl_buffer_free(&first);
    pgl_buffer_free(&second);
    pgl_arena_reset(&arena);
    return 0;
}
