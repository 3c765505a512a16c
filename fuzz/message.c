/*
 * message.c - any bytes as messages. What we read and pack reads as the same again, by us and by
 * protobuf-c as the peer. (It is not asked about the bytes that came: messages that come twice it
 * does not merge as the encoding guide wants it, and with a one-of inside it refuses them.)
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

static struct pgl_buffer packed(const ProtobufCMessage *message)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, ARENA_BYTES);
    pgl_message_pack(message, &out);
    PGL_ASSERT(!out.is_full);
    return out;
}

/* All packings of one message are the same. */
static void compare(const struct pgl_buffer *first, const ProtobufCMessage *again)
{
    struct pgl_buffer second = packed(again);
    PGL_ASSERT(pgl_text_equal(pgl_buffer_text(first), pgl_buffer_text(&second)));
    pgl_buffer_free(&second);
}

static void compare_with_peer(const struct pgl_buffer *first,
                              const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *theirs =
        protobuf_c_message_unpack(descriptor, NULL, first->size, (const uint8_t *)first->data);
    PGL_ASSERT(theirs != NULL);
    compare(first, theirs);
    protobuf_c_message_free_unpacked(theirs, NULL);
}

static void try_message(const ProtobufCMessageDescriptor *descriptor, struct pgl_text bytes)
{
    void *ours, *again;
    pgl_arena_reset(&arena);
    if (!pgl_is_ok(pgl_message_unpack(descriptor, &arena, bytes, &ours)))
        return;
    struct pgl_buffer first = packed(ours);
    if (pgl_is_ok(pgl_message_unpack(descriptor, &arena, pgl_buffer_text(&first), &again)))
        compare(&first, again);
    else
        PGL_ASSERT(arena.is_exhausted);
    compare_with_peer(&first, descriptor);
    pgl_buffer_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pgl_text bytes = { (const char *)data, size };
    if (arena.limit_bytes == 0)
        pgl_arena_init(&arena, 64 * 1024, ARENA_BYTES);
    try_message(CREATE_ORDER_REQUEST_DESCRIPTOR, bytes);
    try_message(EVENT_DESCRIPTOR, bytes);
    try_message(&every_type_descriptor, bytes);
    return 0;
}
