/* story.c - /api/v1/orders/{id}/saga: what happened to an order, from the logs of three
 * services. */
#include "base/assert.h"
#include "base/id.h"
#include "contract/edge.h"
#include "contract/events.h"
#include "edge/bff/story_text.h"
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

static bool fill_event(struct pgl_request *request, const struct story_view *view,
                       const struct edge_story_facts *facts, int n, const LoggedEvent *logged,
                       StoryEvent *shown)
{
    pgl_id id;
    char *id_text = pgl_arena_zalloc(request->arena, PGL_ID_TEXT_BYTES + 1);
    memcpy(id.bytes, logged->id.data, sizeof id.bytes);
    if (id_text != NULL)
        pgl_id_format(id, id_text);
    shown->name = event_name(request, logged->event->type);
    shown->at_ns = logged->event->at_ns;
    shown->service = pgl_message_string(services[n]);
    shown->event_id = id_text;
    shown->cause = cause_id(request, view, logged->event);
    shown->traceparent = edge_traceparent_of_event(request->arena, logged->event);
    shown->text = pgl_message_string(edge_story_text(request->arena, facts, logged->event));
    return !request->arena->is_exhausted;
}

/* ---- the order of the story: what caused a thing comes before it, whatever the clocks say ---- */

/* How far each log has been told. */
struct telling {
    const struct story_view *view;
    size_t next[LOGS];
};

static const LoggedEvent *head_of(const struct telling *telling, int n)
{
    const ReadKeyResponse *log = &telling->view->replies[n];
    return telling->next[n] < log->n_events ? log->events[telling->next[n]] : NULL;
}

/* What it answers is among what is still to be told. */
static bool is_too_early(const struct telling *telling, const Event *event)
{
    for (int n = 0; n < LOGS; n++) {
        const ReadKeyResponse *log = &telling->view->replies[n];
        for (size_t i = telling->next[n]; i < log->n_events; i++) {
            const LoggedEvent *said = log->events[i];
            PGL_ASSERT(said != NULL); /* a list that was unpacked has no holes */
            if (said->log == event->cause_log && said->seq == event->cause_seq)
                return true;
        }
    }
    return false;
}

/* Of the logs' next events the earliest whose cause has been told; -1 when there is none. Each log
 * is told in its own order. */
static int pick(const struct telling *telling, bool minds_causes)
{
    int picked = -1;
    for (int n = 0; n < LOGS; n++) {
        const LoggedEvent *head = head_of(telling, n);
        if (head == NULL || (minds_causes && is_too_early(telling, head->event)))
            continue;
        if (picked < 0 || head->event->at_ns < head_of(telling, picked)->event->at_ns)
            picked = n;
    }
    return picked;
}

static struct edge_story_facts facts_of(const struct story_view *view)
{
    struct edge_story_facts facts = { NULL };
    for (size_t i = 0; i < view->replies[0].n_events; i++) {
        const Event *event = view->replies[0].events[i]->event;
        if (event->payload_case == PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CREATED)
            facts.created = event->order_created;
    }
    return facts;
}

static pgl_status tell(struct pgl_request *request, const struct story_view *view, Story *story)
{
    struct telling telling = { view, { 0 } };
    struct edge_story_facts facts = facts_of(view);
    for (;;) {
        int n = pick(&telling, true);
        if (n < 0) /* a cause that is told behind its effect: of logs that cannot be right */
            n = pick(&telling, false);
        if (n < 0)
            return PGL_OK;
        StoryEvent *shown = EDGE_NEW(request, STORY_EVENT_DESCRIPTOR);
        if (shown == NULL || !fill_event(request, view, &facts, n, head_of(&telling, n), shown))
            return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
        story->items[story->n_items++] = shown;
        telling.next[n]++;
    }
}

static pgl_status reply_story(struct pgl_request *request)
{
    struct story_view *view = request->view;
    size_t count = 0;
    for (int n = 0; n < LOGS; n++)
        count += view->replies[n].n_events;
    Story *story = EDGE_NEW(request, STORY_DESCRIPTOR);
    StoryEvent **items = pgl_arena_alloc(request->arena, (count + 1) * sizeof items[0]);
    if (story == NULL || items == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    for (int n = 0; n < LOGS; n++)
        if (view->replies[n].pruned)
            story->note = pgl_message_string("older events were pruned");
    story->order_id = pgl_message_string(request->params[0].data);
    story->items = items;
    PGL_TRY(tell(request, view, story));
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
