/*
 * grpc.c - any bytes as a body of gRPC, as its fields, as gzip and as an error's details. Messages
 * are the same however the body is cut; what is written is read back.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "wire/grpc.h"
#include "wire/gzip.h"
#include "wire/rich_error.h"

#define MESSAGE_BYTES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pgl_arena arena;

/* Every message in order, and how the body ended. */
static void read_body(struct pgl_text body, size_t step, struct pgl_buffer *seen)
{
    struct pgl_grpc_reader reader;
    pgl_status status = PGL_OK;
    pgl_grpc_reader_init(&reader, PGL_GRPC_COMPRESSED | PGL_GRPC_TRAILERS, MESSAGE_BYTES_MAX);
    for (size_t at = 0; at < body.size && pgl_is_ok(status); at += step) {
        struct pgl_text piece = { body.data + at, step < body.size - at ? step : body.size - at };
        bool is_there = true;
        while (is_there && pgl_is_ok(status)) {
            struct pgl_grpc_frame frame;
            status = pgl_grpc_read(&reader, &piece, &frame, &is_there);
            if (!pgl_is_ok(status) || !is_there)
                continue;
            PGL_ASSERT(frame.bytes.size <= MESSAGE_BYTES_MAX);
            pgl_buffer_printf(seen, "%u:%zu:", frame.flags, frame.bytes.size);
            pgl_buffer_add_text(seen, frame.bytes);
        }
    }
    PGL_ASSERT(reader.held.capacity <= MESSAGE_BYTES_MAX + PGL_GRPC_PREFIX_BYTES);
    pgl_buffer_printf(seen, "=%d%d", status.code,
                      pgl_is_ok(status) && pgl_grpc_reader_is_within(&reader));
    pgl_grpc_reader_free(&reader);
}

static void try_body(struct pgl_text body)
{
    struct pgl_buffer whole, cut;
    pgl_buffer_init(&whole, 1 << 20);
    pgl_buffer_init(&cut, 1 << 20);
    read_body(body, body.size > 0 ? body.size : 1, &whole);
    read_body(body, 3, &cut);
    PGL_ASSERT(pgl_text_equal(pgl_buffer_text(&whole), pgl_buffer_text(&cut)));
    pgl_buffer_free(&whole);
    pgl_buffer_free(&cut);
}

static void try_fields(struct pgl_text field)
{
    int64_t ns, back;
    char text[PGL_GRPC_TIMEOUT_BYTES];
    if (pgl_is_ok(pgl_grpc_timeout_read(field, &ns))) {
        size_t size = pgl_grpc_timeout_write(ns, text);
        PGL_ASSERT(pgl_is_ok(pgl_grpc_timeout_read((struct pgl_text){ text, size }, &back)));
        PGL_ASSERT(back <= ns || ns < 1);
    }
    PGL_ASSERT(pgl_grpc_message_read(&arena, field).data != NULL);
    bool is_there = true;
    struct pgl_text list = field, value;
    while (is_there && pgl_is_ok(pgl_grpc_binary_next(&arena, &list, &value, &is_there)))
        continue;
    (void)pgl_grpc_status_read(field);
}

static void try_details(struct pgl_text bytes)
{
    struct pgl_rich_error error = { .grpc_status = 8 };
    pgl_rich_error_read(bytes, &error);
    PGL_ASSERT(error.retry_after_ns >= 0 && pgl_code_grpc(pgl_rich_code(&error)) == 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pgl_text bytes = { (const char *)data, size }, plain;
    if (arena.limit_bytes == 0)
        pgl_arena_init(&arena, 64 * 1024, 4 << 20);
    pgl_arena_reset(&arena);
    try_body(bytes);
    try_fields(bytes);
    try_details(bytes);
    if (pgl_is_ok(pgl_gzip_unpack(&arena, bytes, MESSAGE_BYTES_MAX, &plain)))
        PGL_ASSERT(plain.size <= MESSAGE_BYTES_MAX);
    return 0;
}
