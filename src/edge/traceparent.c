/* traceparent.c - see traceparent.h. */
#include "edge/traceparent.h"

#include "wire/message.h"

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* Lower case only (section 3.2.2). */
static bool read_hex(struct pgl_text text, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'F')
            return false;
    return pgl_is_ok(pgl_hex_decode(text, bytes, size));
}

bool edge_traceparent_read(struct pgl_text header, struct pgl_trace *trace)
{
    struct pgl_trace read;
    uint8_t version;
    *trace = (struct pgl_trace){ { 0 }, { 0 }, 0 };
    if (header.size < PGL_TRACEPARENT_BYTES || header.data[2] != '-' || header.data[35] != '-' ||
        header.data[52] != '-')
        return false;
    if (!read_hex((struct pgl_text){ header.data, 2 }, &version, 1) || version == 0xFF)
        return false;
    /* A later version may say more behind another dash; ours says no more. */
    bool has_more = header.size > PGL_TRACEPARENT_BYTES;
    if (has_more && (version == 0 || header.data[PGL_TRACEPARENT_BYTES] != '-'))
        return false;
    if (!read_hex((struct pgl_text){ header.data + 3, 32 }, read.trace_id, 16) ||
        !read_hex((struct pgl_text){ header.data + 36, 16 }, read.span_id, 8) ||
        !read_hex((struct pgl_text){ header.data + 53, 2 }, &read.flags, 1))
        return false;
    if (is_zero(read.trace_id, sizeof read.trace_id) || is_zero(read.span_id, sizeof read.span_id))
        return false;
    *trace = read;
    return true;
}

void edge_traceparent_write(const struct pgl_trace *trace, char out[PGL_TRACEPARENT_BYTES])
{
    memcpy(out, "00-", 3);
    pgl_hex_encode(trace->trace_id, 16, out + 3);
    out[35] = '-';
    pgl_hex_encode(trace->span_id, 8, out + 36);
    out[52] = '-';
    pgl_hex_encode(&trace->flags, 1, out + 53);
}

char *edge_traceparent_of_event(struct pgl_arena *arena, const Event *event)
{
    struct pgl_trace trace;
    if (event->trace == NULL || event->trace->context.len != sizeof trace)
        return pgl_message_string("");
    memcpy(&trace, event->trace->context.data, sizeof trace);
    char *text = pgl_arena_zalloc(arena, PGL_TRACEPARENT_BYTES + 1);
    if (text != NULL)
        edge_traceparent_write(&trace, text);
    return text;
}
