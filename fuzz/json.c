/*
 * json.c - any bytes as JSON, by either set of rules. The check and the reader agree on what is
 * JSON; what was read and is written reads as the same again, also after a way through bytes.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "wire/json.h"
#include "wire/message.h"

#include "contract/events.h"
#include "contract/orders.h"

#include "wire/every_type.h"

#define ARENA_BYTES (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pgl_arena arena;

static struct pgl_buffer written(const ProtobufCMessage *message)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, ARENA_BYTES);
    pgl_json_write(message, &out);
    return out;
}

/* All writings of one message are the same. */
static void compare(const struct pgl_buffer *first, const ProtobufCMessage *again)
{
    struct pgl_buffer second = written(again);
    PGL_ASSERT(pgl_text_equal(pgl_buffer_text(first), pgl_buffer_text(&second)));
    pgl_buffer_free(&second);
}

static void try_message(const ProtobufCMessageDescriptor *descriptor, struct pgl_text bytes,
                        enum pgl_code checked)
{
    void *message, *again;
    struct pgl_text packed;
    pgl_status status =
        pgl_json_read(descriptor, &arena, bytes, &pgl_json_request_limits, &message);
    PGL_ASSERT((status.code == PGL_MALFORMED) == (checked == PGL_MALFORMED));
    if (!pgl_is_ok(status))
        return;
    struct pgl_buffer first = written(message);
    /* Written out it may be deeper in nodes than the limits of a request: lists and numbers left
     * out are written. So it is read back with room. */
    static const struct pgl_json_limits roomy = { 64, 256, 1 << 20, 1 << 20 };
    pgl_status reread = pgl_json_read(descriptor, &arena, pgl_buffer_text(&first), &roomy, &again);
    if (reread.code != PGL_EXHAUSTED) {
        PGL_ASSERT(pgl_is_ok(reread));
        compare(&first, again);
    }
    if (pgl_is_ok(pgl_message_pack_text(message, &arena, &packed))) {
        reread = pgl_message_unpack(descriptor, &arena, packed, &again);
        if (pgl_is_ok(reread))
            compare(&first, again);
        else /* JSON may be nested deeper than messages */
            PGL_ASSERT(reread.code == PGL_EXHAUSTED || descriptor == &every_type_descriptor);
    }
    pgl_buffer_free(&first);
}

static void try_proto3(const ProtobufCMessageDescriptor *descriptor, struct pgl_text bytes,
                       enum pgl_code checked)
{
    void *message, *again;
    struct pgl_buffer first, second;
    pgl_status status =
        pgl_json_read_proto3(descriptor, &arena, bytes, &pgl_json_request_limits, &message);
    PGL_ASSERT((status.code == PGL_MALFORMED) == (checked == PGL_MALFORMED));
    if (!pgl_is_ok(status))
        return;
    pgl_buffer_init(&first, ARENA_BYTES);
    pgl_buffer_init(&second, ARENA_BYTES);
    pgl_json_write_proto3(message, &first);
    status = pgl_json_read_proto3(descriptor, &arena, pgl_buffer_text(&first),
                                  &pgl_json_request_limits, &again);
    PGL_ASSERT(pgl_is_ok(status) || status.code == PGL_EXHAUSTED);
    if (pgl_is_ok(status)) {
        pgl_json_write_proto3(again, &second);
        PGL_ASSERT(pgl_text_equal(pgl_buffer_text(&first), pgl_buffer_text(&second)));
    }
    pgl_buffer_free(&first);
    pgl_buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pgl_text bytes = { (const char *)data, size };
    if (arena.limit_bytes == 0)
        pgl_arena_init(&arena, 64 * 1024, ARENA_BYTES);
    enum pgl_code checked = pgl_json_check(&arena, bytes, &pgl_json_request_limits).code;
    try_message(NEW_ORDER_DESCRIPTOR, bytes, checked);
    try_message(ORDER_DESCRIPTOR, bytes, checked);
    try_message(EVENT_DESCRIPTOR, bytes, checked);
    try_message(&every_type_descriptor, bytes, checked);
    try_proto3(ORDER_DESCRIPTOR, bytes, checked);
    try_proto3(&every_type_descriptor, bytes, checked);
    pgl_arena_reset(&arena);
    return 0;
}
