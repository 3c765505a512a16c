/* story.c - /api/v1/orders/{id}/saga: what happened to an order, from the logs of three
 * services. */
#include <stdlib.h>

#include "base/id.h"
#include "contract/edge.h"
#include "contract/events.h"
#include "edge/bff/views.h"
#include "edge/traceparent.h"

#define LOGS 3

static const Log logs[LOGS] = { LOG_ORDERS, LOG_PAYMENTS, LOG_INVENTORY };
static const char *const services[LOGS] = { "orders", "payments", "inventory" };

struct story_view {
    ReadKeyResponse replies[LOGS];
    pgl_id key;
};

static pgl_status ask_log(struct pgl_request *request, int n)
{
    struct story_view *view = request->view;
    ReadKeyRequest *ask = EDGE_NEW(request, READ_KEY_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    ask->caller = &request->caller;
    ask->log = logs[n];
    ask->key = (ProtobufCBinaryData){ sizeof view->key.bytes, view->key.bytes };
    view->replies[n] = (ReadKeyResponse)READ_KEY_RESPONSE_INIT;
    return edge_ask(request, &request->edge->logs[n], EVENT_LOG_SERVICE_READ_KEY, ask,
                    &view->replies[n]);
}

/* Orders first: it knows whose order this is. The others are asked in its answer's wake. */
pgl_status order_story_begin(struct pgl_request *request)
{
    struct story_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    if (view == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    if (!pgl_is_ok(pgl_id_parse(request->params[0], &view->key)))
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such order");
    request->view = view;
    return ask_log(request, 0);
}

static char *event_name(struct pgl_request *request, EventType type)
{
    /* EVENT_TYPE_ORDER_CREATED is OrderCreated */
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(EVENT_TYPE_DESCRIPTOR, (int)type);
    const char *from = value != NULL ? value->name + strlen("EVENT_TYPE_") : "UNKNOWN";
    char *name = pgl_arena_zalloc(request->arena, strlen(from) + 1);
    bool is_first = true;
    for (size_t at = 0; name != NULL && *from != '\0'; from++) {
        if (*from == '_') {
            is_first = true;
            continue;
        }
        name[at++] = is_first ? *from : (char)(*from | 0x20);
        is_first = false;
    }
    return name;
}

/* The id of the event that this one answers, made as its log makes it. */
static char *cause_id(struct pgl_request *request, const struct story_view *view,
                      const Event *event)
{
    for (int n = 0; n < LOGS; n++)
        for (size_t i = 0; i < view->replies[n].n_events; i++) {
            const LoggedEvent *other = view->replies[n].events[i];
            if (other->log != event->cause_log || other->seq != event->cause_seq)
                continue;
            pgl_id id;
            memcpy(id.bytes, other->id.data, sizeof id.bytes);
            char *text = pgl_arena_zalloc(request->arena, PGL_ID_TEXT_BYTES + 1);
            if (text != NULL)
                pgl_id_format(id, text);
            return text;
        }
    return pgl_message_string("");
}

static bool fill_event(struct pgl_request *request, const struct story_view *view, int n,
                       const LoggedEvent *logged, StoryEvent *shown)
{
    pgl_id id;
    char *id_text = pgl_arena_zalloc(request->arena, PGL_ID_TEXT_BYTES + 1);
    memcpy(id.bytes, logged->id.data, sizeof id.bytes);
    if (id_text != NULL)
        pgl_id_format(id, id_text);
    *shown = (StoryEvent)STORY_EVENT_INIT;
    shown->name = event_name(request, logged->event->type);
    shown->at_ns = logged->event->at_ns;
    shown->service = pgl_message_string(services[n]);
    shown->event_id = id_text;
    shown->cause = cause_id(request, view, logged->event);
    shown->traceparent = edge_traceparent_of_event(request->arena, logged->event);
    return !request->arena->is_exhausted;
}

/* In the order of time; what happened in the same instant, in the order of cause: the logs are
 * asked in it. */
static int by_time(const void *left, const void *right)
{
    const StoryEvent *a = *(StoryEvent *const *)left, *b = *(StoryEvent *const *)right;
    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns ? -1 : 1;
    return a < b ? -1 : a > b; /* one array: the place in it */
}

static pgl_status reply_story(struct pgl_request *request)
{
    struct story_view *view = request->view;
    size_t count = 0;
    for (int n = 0; n < LOGS; n++)
        count += view->replies[n].n_events;
    Story *story = EDGE_NEW(request, STORY_DESCRIPTOR);
    StoryEvent *events = pgl_arena_alloc(request->arena, (count + 1) * sizeof events[0]);
    StoryEvent **items = pgl_arena_alloc(request->arena, (count + 1) * sizeof items[0]);
    if (story == NULL || events == NULL || items == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    for (int n = 0; n < LOGS; n++)
        for (size_t i = 0; i < view->replies[n].n_events; i++) {
            items[story->n_items] = &events[story->n_items];
            if (!fill_event(request, view, n, view->replies[n].events[i], items[story->n_items++]))
                return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
        }
    for (int n = 0; n < LOGS; n++)
        if (view->replies[n].pruned)
            story->note = pgl_message_string("older events were pruned");
    qsort(items, story->n_items, sizeof items[0], by_time);
    story->order_id = pgl_message_string(request->params[0].data);
    story->items = items;
    edge_add_field(request, PGL_TEXT("Cache-Control"), PGL_TEXT("no-store"));
    return edge_reply_json(request, 200, &story->base);
}

pgl_status order_story_next(struct pgl_request *request)
{
    bool is_first_round = request->call_count == 1;
    if (is_first_round) {
        PGL_TRY(edge_answer(request, 0));
        edge_next_round(request);
        PGL_TRY(ask_log(request, 1));
        return ask_log(request, 2);
    }
    /* A service that has not heard of the order yet has nothing to tell. */
    for (int n = 0; n < request->call_count; n++)
        if (edge_answer(request, n).code != PGL_NOT_FOUND)
            PGL_TRY(edge_answer(request, n));
    return reply_story(request);
}
