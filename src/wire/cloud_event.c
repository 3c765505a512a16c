/* cloud_event.c - see cloud_event.h. */
#include "wire/cloud_event.h"

#include "base/id.h"
#include "base/time.h"
#include "contract/outside.h"
#include "wire/json.h"

#define TRACE_ID_BYTES 16
#define TRACE_BYTES    25 /* panglot.common.v1.Trace */

static void put_id(struct pgl_buffer *out, const ProtobufCBinaryData *bytes)
{
    pgl_id id = { { 0 } };
    char text[PGL_ID_TEXT_BYTES];
    if (bytes->len == sizeof id.bytes)
        memcpy(id.bytes, bytes->data, sizeof id.bytes);
    pgl_id_format(id, text);
    pgl_buffer_add_char(out, '"');
    pgl_buffer_add(out, text, sizeof text);
    pgl_buffer_add_char(out, '"');
}

/* An order's id, 16 bytes; a SKU, which may be as long and is text. */
static void put_subject(struct pgl_buffer *out, const struct pgl_public_event *shown,
                        const Event *event)
{
    bool is_of_stock =
        shown->data == STOCK_UPDATED_DESCRIPTOR || shown->data == STOCK_SHORT_DESCRIPTOR;
    pgl_buffer_add_literal(out, ",\"subject\":");
    if (is_of_stock)
        pgl_json_write_string(out, (struct pgl_text){ (char *)event->key.data, event->key.len });
    else
        put_id(out, &event->key);
}

static void put_time(struct pgl_buffer *out, int64_t wall_ns)
{
    char text[PGL_TIME_TEXT_BYTES];
    pgl_time_format(wall_ns, text);
    pgl_buffer_printf(out, ",\"time\":\"%.*s\"", PGL_TIME_TEXT_BYTES, text);
}

/* W3C Trace Context: version, trace-id, parent-id, flags. */
static void put_trace(struct pgl_buffer *out, const Event *event)
{
    if (event->trace == NULL || event->trace->context.len != TRACE_BYTES)
        return;
    const uint8_t *bytes = event->trace->context.data;
    char hex[2 * TRACE_BYTES];
    pgl_hex_encode(bytes, TRACE_BYTES, hex);
    pgl_buffer_printf(out, ",\"traceparent\":\"00-%.32s-%.16s-%.2s\"", hex,
                      hex + 2 * TRACE_ID_BYTES, hex + sizeof hex - 2);
}

pgl_status pgl_cloud_event_write(const LoggedEvent *logged, struct pgl_arena *arena,
                                 struct pgl_buffer *out)
{
    const Event *event = logged->event;
    const struct pgl_public_event *shown = pgl_public_event_of(event->type);
    if (shown == NULL)
        return PGL_FAIL(PGL_NOT_FOUND, "the outside is not told of this event");
    const ProtobufCMessage *data = pgl_public_event_data(shown, event, arena);
    if (data == NULL)
        return arena->is_exhausted ? PGL_NO_MEMORY
                                   : PGL_FAIL(PGL_MALFORMED, "an event is not what its type says");
    pgl_buffer_add_literal(out, "{\"specversion\":\"1.0\",\"id\":");
    put_id(out, &logged->id);
    pgl_buffer_printf(out, ",\"source\":\"" PGL_CLOUD_EVENT_SOURCE "%s\",\"type\":\"%s\"",
                      pgl_public_log_name(logged->log), shown->type);
    put_subject(out, shown, event);
    put_time(out, event->at_ns);
    pgl_buffer_printf(out, ",\"sequence\":\"%019lld\"", (long long)logged->seq);
    put_trace(out, event);
    pgl_buffer_printf(out,
                      ",\"datacontenttype\":\"application/json\",\"dataschema\":"
                      "\"" PGL_CLOUD_EVENT_SCHEMA "%s\",\"data\":",
                      shown->data->short_name);
    pgl_json_write(data, out);
    pgl_buffer_add_char(out, '}');
    return PGL_OK;
}
