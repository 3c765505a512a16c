/* asyncapi.c - see asyncapi.h. */
#include "edge/live/asyncapi.h"

#include "base/assert.h"
#include "wire/cloud_event.h"
#include "wire/json_schema.h"

#define SCHEMAS_MAX 64 /* messages that events are made of */

static void put_messages(struct pgl_buffer *out);
static void put_schemas(struct pgl_buffer *out);
static void put_references(struct pgl_buffer *out, const char *channel);

pgl_status asyncapi_begin(struct pgl_request *request)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, PGL_ASYNCAPI_BYTES_MAX);
    edge_asyncapi_write(request->edge->version, &out);
    return edge_reply_buffer(request, &out, PGL_TEXT("application/json"));
}

static void put_channel(struct pgl_buffer *out, const char *name, const char *address,
                        const char *description)
{
    pgl_buffer_printf(out, "\"%s\":{\"address\":%s,\"description\":\"%s\",\"messages\":{", name,
                      address, description);
    put_references(out, NULL);
    pgl_buffer_add_literal(out, "}}");
}

static void put_operation(struct pgl_buffer *out, const char *name, const char *channel,
                          const char *summary)
{
    pgl_buffer_printf(out,
                      "\"%s\":{\"action\":\"send\",\"summary\":\"%s\","
                      "\"channel\":{\"$ref\":\"#/channels/%s\"},\"messages\":[",
                      name, summary, channel);
    put_references(out, channel);
    pgl_buffer_add_literal(out, "]}");
}

void edge_asyncapi_write(const char *version, struct pgl_buffer *out)
{
    pgl_buffer_printf(out,
                      "{\"asyncapi\":\"3.0.0\",\"info\":{\"title\":\"Panglot\",\"version\":\"%s\","
                      "\"description\":\"What happens to orders, payments and stock, as "
                      "CloudEvents 1.0.\"},\"defaultContentType\":\"" PGL_CLOUD_EVENT_MEDIA
                      "\",\"channels\":{",
                      version);
    put_channel(out, "events", "\"/api/v1/events\"",
                "Operators ask for what follows a position; the answer is a batch.");
    pgl_buffer_add_char(out, ',');
    put_channel(out, "webhooks", "null",
                "Each event is posted to the endpoints that want its type, signed as Standard "
                "Webhooks has it.");
    pgl_buffer_add_literal(out, "},\"operations\":{");
    put_operation(out, "answerEvents", "events", "The events behind a position.");
    pgl_buffer_add_char(out, ',');
    put_operation(out, "postWebhooks", "webhooks", "An event is delivered.");
    pgl_buffer_add_literal(out, "},\"components\":{\"messages\":{");
    put_messages(out);
    pgl_buffer_add_literal(out, "},\"schemas\":{");
    put_schemas(out);
    pgl_buffer_add_literal(out, "}}}");
}

/* ---- the table ---- */

/* Several events may share a type: it is told of once. */
static bool is_first_of_its_type(int i)
{
    for (int before = 0; before < i; before++)
        if (strcmp(pgl_public_events[before].type, pgl_public_events[i].type) == 0)
            return false;
    return true;
}

/* A channel names the messages that there are; an operation (`channel`) those of its channel. */
static void put_references(struct pgl_buffer *out, const char *channel)
{
    const char *before = "";
    for (int i = 0; i < pgl_public_event_count; i++) {
        const char *type = pgl_public_events[i].type;
        if (!is_first_of_its_type(i))
            continue;
        pgl_buffer_add_text(out, pgl_text_of(before));
        if (channel == NULL)
            pgl_buffer_printf(out, "\"%s\":{\"$ref\":\"#/components/messages/%s\"}", type, type);
        else
            pgl_buffer_printf(out, "{\"$ref\":\"#/channels/%s/messages/%s\"}", channel, type);
        before = ",";
    }
}

static void put_message(struct pgl_buffer *out, const struct pgl_public_event *shown)
{
    const char *data = shown->data->short_name;
    pgl_buffer_printf(out,
                      "\"%s\":{\"name\":\"%s\",\"title\":\"%s\",\"summary\":\"%s\","
                      "\"contentType\":\"" PGL_CLOUD_EVENT_MEDIA "\",\"payload\":{\"allOf\":["
                      "{\"$ref\":\"#/components/schemas/CloudEvent\"},{\"type\":\"object\","
                      "\"properties\":{\"type\":{\"const\":\"%s\"},",
                      shown->type, shown->type, data, shown->summary, shown->type);
    pgl_buffer_printf(out,
                      "\"source\":{\"const\":\"" PGL_CLOUD_EVENT_SOURCE "%s\"},"
                      "\"dataschema\":{\"const\":\"" PGL_CLOUD_EVENT_SCHEMA "%s\"},"
                      "\"data\":{\"$ref\":\"#/components/schemas/%s\"}}}]}}",
                      pgl_public_log_name(shown->log), data, data);
}

static void put_messages(struct pgl_buffer *out)
{
    const char *before = "";
    for (int i = 0; i < pgl_public_event_count; i++) {
        if (!is_first_of_its_type(i))
            continue;
        pgl_buffer_add_text(out, pgl_text_of(before));
        put_message(out, &pgl_public_events[i]);
        before = ",";
    }
}

/* ---- schemas ---- */

static const char envelope[] =
    "\"CloudEvent\":{\"title\":\"CloudEvent\",\"type\":\"object\",\"properties\":{"
    "\"specversion\":{\"const\":\"1.0\"},"
    "\"id\":{\"type\":\"string\",\"format\":\"uuid\"},"
    "\"source\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
    "\"type\":{\"type\":\"string\"},"
    "\"subject\":{\"type\":\"string\",\"description\":\"The order, or of stock the SKU.\"},"
    "\"time\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"sequence\":{\"type\":\"string\",\"pattern\":\"^[0-9]{19}$\","
    "\"description\":\"Rises by one with each event of the source.\"},"
    "\"traceparent\":{\"type\":\"string\"},"
    "\"datacontenttype\":{\"const\":\"application/json\"},"
    "\"dataschema\":{\"type\":\"string\",\"format\":\"uri\"},"
    "\"data\":{\"type\":\"object\"}},"
    "\"required\":[\"specversion\",\"id\",\"source\",\"type\",\"subject\",\"time\",\"sequence\","
    "\"datacontenttype\",\"dataschema\",\"data\"]}";

static const char *hidden_of(const ProtobufCMessageDescriptor *descriptor)
{
    for (int i = 0; i < pgl_public_event_count; i++)
        if (pgl_public_events[i].data == descriptor)
            return pgl_public_events[i].hidden;
    return NULL;
}

static void put_schemas(struct pgl_buffer *out)
{
    const ProtobufCMessageDescriptor *known[SCHEMAS_MAX];
    int count = 0;
    for (int i = 0; i < pgl_public_event_count; i++) {
        bool fits = pgl_json_schema_collect(pgl_public_events[i].data, known, &count, SCHEMAS_MAX);
        PGL_ASSERT(fits);
    }
    pgl_buffer_add_literal(out, envelope);
    for (int i = 0; i < count; i++) {
        pgl_buffer_printf(out, ",\"%s\":", known[i]->short_name);
        pgl_json_schema_write(known[i], hidden_of(known[i]), out);
    }
}
