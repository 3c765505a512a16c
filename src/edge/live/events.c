/* events.c - see events.h. */
#include "edge/live/events.h"

#include "base/time.h"
#include "contract/events.h"
#include "edge/live/watch.h"
#include "edge/query.h"
#include "wire/base64.h"
#include "wire/cloud_event.h"

#define LOGS               EVENTS_LOGS
#define READ_CHUNK_BYTES   (64u << 10)
#define READ_LIMIT_BYTES   (16u << 20) /* what three logs answer at once, unpacked */
#define CURSOR_BYTES_MAX   160         /* six numbers of 20 characters */
#define CURSOR_TEXT_BYTES  PGL_BASE64URL_BYTES(CURSOR_BYTES_MAX)
#define CURSOR_BEGINS_WITH "1" /* its form */

static const Log logs[LOGS] = { LOG_ORDERS, LOG_PAYMENTS, LOG_INVENTORY };

struct log_place {
    int64_t epoch; /* 0 where nothing is known of it yet */
    int64_t after;
};

struct events_view {
    struct log_place places[LOGS];
    bool wants[LOGS];
    struct pgl_text types[EVENTS_TYPES_MAX];
    int type_count; /* 0: all */
    int32_t max;
    int64_t until_ns; /* monotonic */

    struct pgl_arena arena; /* of one round of questions */
    int asked[LOGS];        /* the number of the log's call in this round; -1 for none */
    ReadResponse replies[LOGS];
    size_t taken[LOGS]; /* of the replies' events */

    bool is_waiting; /* for news, and not for the logs' answers */
    struct events_wait_ask wait_ask;
    struct events_wait_reply waited;
};

static pgl_status read_query(struct pgl_request *request, struct events_view *view);
static pgl_status ask_logs(struct pgl_request *request);
static pgl_status wait_for_news(struct pgl_request *request, struct events_view *view);
static pgl_status take_replies(struct pgl_request *request, struct events_view *view);
static pgl_status reply_events(struct pgl_request *request, struct events_view *view);

pgl_status events_begin(struct pgl_request *request)
{
    struct events_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    if (view == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(read_query(request, view));
    request->view = view;
    pgl_arena_init(&view->arena, READ_CHUNK_BYTES, READ_LIMIT_BYTES);
    return ask_logs(request);
}

static bool has_events(const struct events_view *view)
{
    for (int l = 0; l < LOGS; l++)
        if (view->replies[l].n_events > 0)
            return true;
    return false;
}

/* Nobody waits for an answer, or nobody may any longer. */
static bool is_time_up(const struct pgl_request *request, const struct events_view *view)
{
    const struct pgl_edge *edge = request->edge;
    return edge->loop->now_ns >= view->until_ns || edge->http.is_draining ||
           request->exchange->is_abandoned ||
           pgl_loop_is_struck(edge->loop, PGL_BUGGIFY_EVENTS_GIVE_UP);
}

pgl_status events_next(struct pgl_request *request)
{
    struct events_view *view = request->view;
    bool has_waited = view->is_waiting;
    view->is_waiting = false;
    pgl_status status = has_waited ? edge_answer(request, 0) : take_replies(request, view);
    if (pgl_is_ok(status) && has_waited && view->waited.has_news) {
        edge_next_round(request);
        return ask_logs(request);
    }
    if (pgl_is_ok(status) && !has_events(view) && !is_time_up(request, view)) {
        edge_next_round(request);
        return wait_for_news(request, view);
    }
    if (pgl_is_ok(status))
        status = reply_events(request, view);
    pgl_arena_free(&view->arena);
    return status;
}

/* No longer than a look at whether anybody still wants the answer may wait. */
static pgl_status wait_for_news(struct pgl_request *request, struct events_view *view)
{
    const struct pgl_loop *loop = request->edge->loop;
    bool is_short = pgl_loop_is_struck(loop, PGL_BUGGIFY_EVENTS_SHORT_LOOK);
    int64_t look_ns = loop->now_ns + (is_short ? EVENTS_LOOK_NS / 100 : EVENTS_LOOK_NS);
    view->is_waiting = true;
    for (int l = 0; l < LOGS; l++) {
        view->wait_ask.wants[l] = view->wants[l];
        view->wait_ask.high[l] = view->replies[l].high;
    }
    pgl_status status = edge_ask_until(request, &request->edge->events->self, EVENTS_WAIT,
                                       &view->wait_ask, &view->waited, &view->arena,
                                       look_ns < view->until_ns ? look_ns : view->until_ns);
    if (!pgl_is_ok(status))
        pgl_arena_free(&view->arena);
    return status;
}

/* ---- asking the logs ---- */

static pgl_status ask_log(struct pgl_request *request, struct events_view *view, int l)
{
    ReadRequest *ask = pgl_message_new(READ_REQUEST_DESCRIPTOR, &view->arena);
    if (ask == NULL)
        return PGL_NO_MEMORY;
    ask->log = logs[l];
    ask->after = view->places[l].after;
    ask->max = view->max;
    view->asked[l] = request->call_count;
    return edge_ask_until(request, &request->edge->logs[l], EVENT_LOG_SERVICE_READ, ask,
                          &view->replies[l], &view->arena, request->edge->loop->now_ns);
}

/* The arena goes where nobody is asked and so nobody comes back. */
static pgl_status ask_logs(struct pgl_request *request)
{
    struct events_view *view = request->view;
    pgl_status status = PGL_OK;
    pgl_arena_reset(&view->arena);
    for (int l = 0; l < LOGS; l++) {
        view->replies[l] = (ReadResponse)READ_RESPONSE_INIT;
        view->taken[l] = 0;
        view->asked[l] = -1;
        if (view->wants[l] && pgl_is_ok(status))
            status = ask_log(request, view, l);
    }
    if (request->left == 0)
        pgl_arena_free(&view->arena);
    return status;
}

static pgl_status take_replies(struct pgl_request *request, struct events_view *view)
{
    for (int l = 0; l < LOGS; l++) {
        if (view->asked[l] < 0)
            continue;
        struct log_place *place = &view->places[l];
        PGL_TRY(edge_answer(request, view->asked[l]));
        if (place->epoch != 0 && place->epoch != view->replies[l].epoch)
            return PGL_FAIL(PGL_CONFLICT, "after: the platform was restored from a backup since "
                                          "then; begin again without it");
        place->epoch = view->replies[l].epoch;
    }
    return PGL_OK;
}

/* ---- the answer ---- */

static bool is_wanted(const struct pgl_request *request, const struct events_view *view,
                      const Event *event)
{
    const struct pgl_public_event *shown = pgl_public_event_of(event->type);
    if (shown == NULL || strcmp(event->tenant, request->caller.tenant) != 0)
        return false;
    for (int t = 0; t < view->type_count; t++)
        if (pgl_public_type_fits(view->types[t], shown->type))
            return true;
    return view->type_count == 0;
}

/* The log whose next event is the oldest; -1 at the end, and where a log may have more behind what
 * it answered: what others have is perhaps later. */
static int oldest(const struct events_view *view)
{
    int found = -1;
    int64_t found_ns = 0;
    for (int l = 0; l < LOGS; l++) {
        const ReadResponse *reply = &view->replies[l];
        bool is_used_up = view->taken[l] == reply->n_events;
        if (is_used_up && reply->n_events > 0 && view->places[l].after < reply->high)
            return -1;
        if (is_used_up)
            continue;
        int64_t at_ns = reply->events[view->taken[l]]->event->at_ns;
        if (found < 0 || at_ns < found_ns) {
            found = l;
            found_ns = at_ns;
        }
    }
    return found;
}

/* A batch, and where it ends in each log. */
static pgl_status write_batch(const struct pgl_request *request, struct events_view *view,
                              struct pgl_buffer *out)
{
    pgl_buffer_add_char(out, '[');
    bool is_one = pgl_loop_is_struck(request->edge->loop, PGL_BUGGIFY_EVENTS_ONE_AT_ONCE);
    for (int32_t count = 0, max = is_one ? 1 : view->max;
         count < max && out->size < EVENTS_BYTES;) {
        int l = oldest(view);
        if (l < 0)
            break;
        const LoggedEvent *logged = view->replies[l].events[view->taken[l]++];
        view->places[l].after = logged->seq;
        if (!is_wanted(request, view, logged->event))
            continue;
        if (count++ > 0)
            pgl_buffer_add_char(out, ',');
        PGL_TRY(pgl_cloud_event_write(logged, &view->arena, out));
    }
    pgl_buffer_add_char(out, ']');
    return PGL_OK;
}

static const char *cursor_text(struct pgl_arena *arena, const struct log_place places[LOGS])
{
    char encoded[CURSOR_TEXT_BYTES];
    const char *text = CURSOR_BEGINS_WITH;
    for (int l = 0; l < LOGS; l++)
        text = pgl_arena_printf(arena, "%s.%lld.%lld", text, (long long)places[l].epoch,
                                (long long)places[l].after);
    size_t size = pgl_base64url_encode((const uint8_t *)text, strlen(text), encoded);
    return pgl_arena_string(arena, (struct pgl_text){ encoded, size });
}

/* The same question from where this answer ends (RFC 8288). */
static pgl_status add_next(struct pgl_request *request, const struct events_view *view)
{
    const char *cursor = cursor_text(request->arena, view->places);
    if (cursor == NULL)
        return PGL_NO_MEMORY;
    const char *query = edge_query_without(request, "after");
    if (query == NULL)
        return PGL_NO_MEMORY;
    const char *link = pgl_arena_printf(request->arena, "</api/v1/events?after=%s%s>; rel=\"next\"",
                                        cursor, query);
    edge_add_field(request, PGL_TEXT("Link"), pgl_text_of(link));
    return request->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status reply_events(struct pgl_request *request, struct events_view *view)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, 2 * EVENTS_BYTES); /* the last event goes beyond the one, not the other */
    pgl_status status = write_batch(request, view, &out);
    if (!pgl_is_ok(status)) {
        pgl_buffer_free(&out);
        return status;
    }
    PGL_TRY(edge_reply_buffer(request, &out, PGL_TEXT(PGL_CLOUD_EVENT_BATCH_MEDIA)));
    return add_next(request, view);
}

/* ---- the question ---- */

static const char bad_cursor[] = "after: not a position that we gave";

static pgl_status read_cursor(struct pgl_text text, struct log_place places[LOGS])
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    size_t size;
    if (!pgl_is_ok(pgl_base64url_decode(text, bytes, sizeof bytes, &size)))
        return PGL_FAIL(PGL_INVALID, bad_cursor);
    struct pgl_text left = { (const char *)bytes, size };
    if (!pgl_text_is(pgl_text_cut(&left, '.'), CURSOR_BEGINS_WITH))
        return PGL_FAIL(PGL_INVALID, bad_cursor);
    for (int l = 0; l < LOGS; l++) {
        struct log_place *place = &places[l];
        if (!pgl_is_ok(pgl_text_to_i64(pgl_text_cut(&left, '.'), &place->epoch)) ||
            !pgl_is_ok(pgl_text_to_i64(pgl_text_cut(&left, '.'), &place->after)) ||
            place->epoch < 0 || place->after < 0)
            return PGL_FAIL(PGL_INVALID, bad_cursor);
    }
    return left.data == NULL ? PGL_OK : PGL_FAIL(PGL_INVALID, bad_cursor);
}

static pgl_status read_types(struct pgl_text text, struct events_view *view)
{
    while (text.data != NULL) {
        struct pgl_text wish = pgl_text_cut(&text, ',');
        if (view->type_count == EVENTS_TYPES_MAX)
            return PGL_FAIL(PGL_INVALID, "types: at most 32");
        if (!pgl_public_type_is_known(wish))
            return PGL_FAIL(PGL_INVALID, "types: no event is called so; /asyncapi.json has them");
        view->types[view->type_count++] = wish;
    }
    return PGL_OK;
}

static pgl_status read_query(struct pgl_request *request, struct events_view *view)
{
    const char *after = edge_query_text(request, "after"), *log = edge_query_text(request, "log"),
               *types = edge_query_text(request, "types");
    int64_t wait_s = edge_query_number(request, "wait", 0);
    view->max = (int32_t)edge_query_number(request, "max", EVENTS_USUAL);
    if (wait_s > 0)
        view->until_ns = request->edge->loop->now_ns + PGL_SECONDS(wait_s);
    for (int l = 0; l < LOGS; l++)
        view->wants[l] = log[0] == '\0' || strcmp(log, pgl_public_log_name(logs[l])) == 0;
    if (edge_query_is_there(request, "after"))
        PGL_TRY(read_cursor(pgl_text_of(after), view->places));
    return edge_query_is_there(request, "types") ? read_types(pgl_text_of(types), view) : PGL_OK;
}
