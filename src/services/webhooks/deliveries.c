/* deliveries.c - every telling of an event to somebody: what is due, how an attempt ended, and what
 * operators look at and set going again. */
#include "services/webhooks/webhooks_sql.h"

#include "base/time.h"
#include "saga/audit_log.h"
#include "wire/message.h"

#define GIVEN_UP_NS       PGL_HOURS(72)     /* after which a delivery is dead */
#define FAILING_NS        PGL_HOURS(5 * 24) /* after which an endpoint is disabled */
#define WAIT_NS_MIN       PGL_SECONDS(1)
#define ATTEMPTS_MAX      64 /* 72 h take about 20 */
#define STATUS_GONE       410
#define STATUS_TOO_MANY   429
#define STATUS_BUSY       503
#define PROBLEM_BYTES_MAX 200
#define PAGE_MAX          100
#define DUE_PER_ENDPOINT  (2 * PGL_WEBHOOK_IN_FLIGHT_MAX) /* those in flight are among them */

/* The longest wait behind the n-th attempt; the last one from there on. Drawn is a moment from a
 * second to that (full jitter), so that those who failed together do not come back together. */
static const int64_t waits_ns[] = {
    PGL_SECONDS(5), PGL_SECONDS(30), PGL_MINUTES(2), PGL_MINUTES(10), PGL_MINUTES(30),
    PGL_HOURS(1),   PGL_HOURS(2),    PGL_HOURS(4),   PGL_HOURS(8),
};
#define WAITS ((int64_t)(sizeof waits_ns / sizeof waits_ns[0]))

/* ---- what is due ---- */

static void fill_due(const struct endpoint_row *endpoint, const struct delivery_row *row,
                     int64_t now_ns, struct webhook_due *due)
{
    *due = (struct webhook_due){ .number = row->number,
                                 .endpoint = row->endpoint,
                                 .event = row->event,
                                 .url = endpoint->url,
                                 .body = row->body,
                                 .secret_count = 1 };
    memcpy(due->secrets[0], endpoint->secret, sizeof due->secrets[0]);
    if (endpoint->has_old_secret && now_ns < endpoint->old_secret_until_ns)
        memcpy(due->secrets[due->secret_count++], endpoint->old_secret, sizeof due->secrets[0]);
}

static pgl_status add_due(const struct pgl_view *view, const struct webhook_due_ask *ask,
                          const struct endpoint_row *endpoint, struct webhook_due_reply *reply)
{
    struct delivery_row rows[DUE_PER_ENDPOINT];
    int64_t next_ns;
    int count, room = PGL_WEBHOOK_DUE_MAX - reply->count;
    if (endpoint->quiet_until_ns > ask->now_ns) {
        if (endpoint->waiting > 0 && endpoint->quiet_until_ns < reply->next_ns)
            reply->next_ns = endpoint->quiet_until_ns;
        return PGL_OK;
    }
    PGL_TRY(deliveries_due(view, endpoint->id, ask->now_ns,
                           room < DUE_PER_ENDPOINT ? room : DUE_PER_ENDPOINT, rows, &count));
    for (int i = 0; i < count; i++)
        fill_due(endpoint, &rows[i], ask->now_ns, &reply->items[reply->count++]);
    PGL_TRY(delivery_next_due(view, endpoint->id, ask->now_ns, &next_ns));
    if (next_ns < reply->next_ns)
        reply->next_ns = next_ns;
    return PGL_OK;
}

pgl_status pgl_webhooks_due(const struct pgl_view *view, const struct webhook_due_ask *ask,
                            struct webhook_due_reply *reply)
{
    struct endpoint_row *endpoints;
    int count, first = 0;
    reply->count = 0;
    reply->next_ns = PGL_NEVER_NS;
    reply->items = pgl_arena_alloc(view->arena, PGL_WEBHOOK_DUE_MAX * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(endpoints_read(view, NULL, true, &endpoints, &count));
    while (first < count && pgl_id_compare(endpoints[first].id, ask->behind) <= 0)
        first++;
    for (int i = 0; i < count; i++)
        PGL_TRY(add_due(view, ask, &endpoints[(first + i) % count], reply));
    return PGL_OK;
}

/* ---- how an attempt ended ---- */

static void give_up(struct delivery_row *row)
{
    row->state = DELIVERY_STATE_DEAD;
}

/* As long as is drawn, or as the receiver wishes where that is longer; until it is given up. */
static void wait_longer(struct delivery_row *row, int64_t now_ns,
                        const struct webhook_attempt *attempt)
{
    int64_t behind = row->attempts < WAITS ? row->attempts : WAITS;
    int64_t longest_ns = waits_ns[behind - 1] - WAIT_NS_MIN;
    int64_t wait_ns = WAIT_NS_MIN + (int64_t)(attempt->drawn % (uint64_t)longest_ns);
    int64_t wished_ns = PGL_SECONDS(attempt->retry_after_s);
    row->due_ns = now_ns + (wished_ns > wait_ns ? wished_ns : wait_ns);
    if (row->due_ns - row->since_ns > GIVEN_UP_NS || row->attempts >= ATTEMPTS_MAX)
        give_up(row);
}

/* Only as many as are kept; two at a time, so that a limit that was lowered is reached as well. */
static pgl_status prune(struct pgl_tx *tx, const struct endpoint_row *endpoint, DeliveryState state,
                        int64_t count)
{
    for (int i = 0; i < 2 && count > PGL_WEBHOOK_KEPT_MAX; i++, count--)
        PGL_TRY(delivery_drop_oldest(tx, endpoint->id, state));
    return PGL_OK;
}

static pgl_status record_success(struct pgl_tx *tx, struct endpoint_row *endpoint,
                                 struct delivery_row *row)
{
    row->state = DELIVERY_STATE_DELIVERED;
    PGL_TRY(delivery_update(tx, row));
    if (endpoint->failing_since_ns != 0) {
        endpoint->failing_since_ns = 0;
        PGL_TRY(endpoint_update(tx, endpoint));
    }
    return prune(tx, endpoint, DELIVERY_STATE_DELIVERED, endpoint->delivered + 1);
}

/* It is not this delivery that the receiver has too much of. */
static bool wants_quiet(const struct webhook_attempt *attempt)
{
    return attempt->retry_after_s > 0 &&
           (attempt->status == STATUS_TOO_MANY || attempt->status == STATUS_BUSY);
}

static pgl_status record_failure(struct pgl_tx *tx, struct endpoint_row *endpoint,
                                 struct delivery_row *row, const struct webhook_attempt *attempt)
{
    int64_t now_ns = pgl_tx_now_ns(tx);
    bool is_gone = row->status == STATUS_GONE;
    if (is_gone)
        give_up(row);
    else
        wait_longer(row, now_ns, attempt);
    PGL_TRY(delivery_update(tx, row));
    if (row->state == DELIVERY_STATE_DEAD)
        PGL_TRY(prune(tx, endpoint, DELIVERY_STATE_DEAD, endpoint->dead + 1));
    bool is_first = endpoint->failing_since_ns == 0, is_to_wait = wants_quiet(attempt);
    if (is_first)
        endpoint->failing_since_ns = now_ns;
    int64_t quiet_until_ns = now_ns + PGL_SECONDS(attempt->retry_after_s);
    if (is_to_wait && quiet_until_ns > endpoint->quiet_until_ns)
        endpoint->quiet_until_ns = quiet_until_ns;
    if (endpoint->state == ENDPOINT_STATE_ENABLED && is_gone)
        return endpoint_disable(tx, endpoint, DISABLED_BECAUSE_GONE);
    if (endpoint->state == ENDPOINT_STATE_ENABLED &&
        now_ns - endpoint->failing_since_ns >= FAILING_NS)
        return endpoint_disable(tx, endpoint, DISABLED_BECAUSE_FAILING);
    return is_first || is_to_wait ? endpoint_update(tx, endpoint) : PGL_OK;
}

pgl_status pgl_webhooks_record(struct pgl_tx *tx, const struct webhook_attempt *attempt,
                               void *reply)
{
    (void)reply;
    struct delivery_row row;
    struct endpoint_row endpoint;
    pgl_status found = delivery_get(&tx->view, attempt->number, &row);
    if (found.code == PGL_NOT_FOUND || (pgl_is_ok(found) && row.state != DELIVERY_STATE_WAITING))
        return PGL_OK; /* its endpoint was deleted meanwhile */
    PGL_TRY(found);
    PGL_TRY(endpoint_get(&tx->view, row.endpoint, NULL, &endpoint));
    size_t problem_bytes = strlen(attempt->problem);
    row.attempts++;
    row.last_ns = pgl_tx_now_ns(tx);
    row.status = attempt->status;
    row.problem =
        (struct pgl_text){ attempt->problem,
                           problem_bytes < PROBLEM_BYTES_MAX ? problem_bytes : PROBLEM_BYTES_MAX };
    bool is_taken = attempt->status >= 200 && attempt->status < 300;
    return is_taken ? record_success(tx, &endpoint, &row)
                    : record_failure(tx, &endpoint, &row, attempt);
}

/* ---- for operators ---- */

static pgl_status show(struct pgl_arena *arena, const struct delivery_row *row, Delivery **delivery)
{
    Delivery *shown = pgl_message_new(DELIVERY_DESCRIPTOR, arena);
    char *endpoint = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
    char *event = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
    if (shown == NULL || endpoint == NULL || event == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(row->endpoint, endpoint);
    pgl_id_format(row->event, event);
    shown->number = row->number;
    shown->endpoint_id = endpoint;
    shown->event_id = event;
    shown->type = pgl_arena_string(arena, row->type);
    shown->state = row->state;
    shown->attempts = (int32_t)row->attempts;
    shown->status = (int32_t)row->status;
    shown->problem = pgl_arena_string(arena, row->problem);
    shown->created_at_ns = row->created_at_ns;
    shown->last_at_ns = row->last_ns;
    shown->due_at_ns = row->state == DELIVERY_STATE_WAITING ? row->due_ns : 0;
    *delivery = shown;
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

/* Zero for all of the tenant's; else one of theirs. */
static pgl_status find_endpoint(const struct pgl_view *view, const Caller *caller, const char *text,
                                pgl_id *id)
{
    static const pgl_status none = { PGL_NOT_FOUND, "there is no such endpoint" };
    struct endpoint_row row;
    *id = (pgl_id){ { 0 } };
    if (caller == NULL)
        return none;
    if (text[0] == '\0')
        return PGL_OK;
    if (!pgl_is_ok(pgl_id_parse(pgl_text_of(text), id)))
        return none;
    return endpoint_get(view, *id, caller->tenant, &row);
}

/* The number that a page begins below; none that we gave is 0 or less. */
static pgl_status read_cursor(const struct pgl_view *view, const char *cursor, int64_t *below)
{
    if (cursor[0] != '\0')
        return pgl_is_ok(pgl_text_to_i64(pgl_text_of(cursor), below)) && *below > 0
                   ? PGL_OK
                   : PGL_FAIL(PGL_INVALID, "cursor: not one that we gave");
    PGL_TRY(delivery_newest(view, below));
    ++*below;
    return PGL_OK;
}

pgl_status pgl_webhooks_deliveries(const struct pgl_view *view, const ListDeliveriesRequest *ask,
                                   ListDeliveriesResponse *reply)
{
    pgl_id endpoint;
    int64_t below;
    int count;
    if (ask->limit < 1 || ask->limit > PAGE_MAX)
        return PGL_FAIL(PGL_INVALID, "limit: 1 to 100 is expected");
    PGL_TRY(find_endpoint(view, ask->caller, ask->endpoint_id, &endpoint));
    PGL_TRY(read_cursor(view, ask->cursor, &below));
    int64_t from = below > PGL_WEBHOOK_SCAN_MAX ? below - PGL_WEBHOOK_SCAN_MAX : 1;
    struct delivery_row *rows = pgl_arena_alloc(view->arena, (size_t)ask->limit * sizeof rows[0]);
    reply->items = pgl_arena_alloc(view->arena, (size_t)ask->limit * sizeof reply->items[0]);
    if (rows == NULL || reply->items == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(deliveries_page(view, ask->caller->tenant, endpoint, ask->state, from, below,
                            ask->limit, rows, &count));
    for (; reply->n_items < (size_t)count; reply->n_items++)
        PGL_TRY(show(view->arena, &rows[reply->n_items], &reply->items[reply->n_items]));
    int64_t next = count == ask->limit ? rows[count - 1].number : from;
    if (next > 1)
        reply->next = pgl_message_string(pgl_arena_printf(view->arena, "%lld", (long long)next));
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status set_going(struct pgl_tx *tx, int64_t number)
{
    struct delivery_row row;
    PGL_TRY(delivery_get(&tx->view, number, &row));
    row.state = DELIVERY_STATE_WAITING;
    row.attempts = 0;
    row.since_ns = row.due_ns = pgl_tx_now_ns(tx);
    return delivery_update(tx, &row);
}

static pgl_status check_redelivery(struct pgl_tx *tx, const RedeliverRequest *ask,
                                   struct endpoint_row *endpoint)
{
    const RedeliveryRange *range = ask->range;
    pgl_id id;
    if (range == NULL || range->from < 1 || range->to < range->from)
        return PGL_FAIL(PGL_INVALID, "from, to: numbers of deliveries are expected");
    PGL_TRY(find_endpoint(&tx->view, ask->caller, ask->endpoint_id, &id));
    PGL_TRY(endpoint_get(&tx->view, id, ask->caller->tenant, endpoint));
    if (endpoint->state != ENDPOINT_STATE_ENABLED)
        return PGL_FAIL(PGL_CONFLICT, "the endpoint is disabled; enable it first");
    return PGL_OK;
}

pgl_status pgl_webhooks_redeliver(struct pgl_tx *tx, const RedeliverRequest *ask,
                                  RedeliverResponse *reply)
{
    struct pgl_webhooks_core *core = pgl_tx_context(tx);
    struct endpoint_row endpoint;
    PGL_TRY(check_redelivery(tx, ask, &endpoint));
    int64_t room = PGL_WEBHOOK_WAITING_MAX - endpoint.waiting;
    if (room < PGL_WEBHOOK_REDELIVERED_MAX)
        return PGL_FAIL(PGL_CONFLICT, "too many deliveries wait for the endpoint");
    int64_t *numbers =
        pgl_arena_alloc(pgl_tx_arena(tx), (PGL_WEBHOOK_REDELIVERED_MAX + 1) * sizeof numbers[0]);
    if (numbers == NULL)
        return PGL_NO_MEMORY;
    const RedeliveryRange *range = ask->range;
    DeliveryState state = range->state != DELIVERY_STATE_UNSPECIFIED ? range->state
                          : range->from == range->to                 ? DELIVERY_STATE_UNSPECIFIED
                                                                     : DELIVERY_STATE_DEAD;
    int count = 0;
    for (int s = DELIVERY_STATE_WAITING; s <= (int)DELIVERY_STATE_DEAD && count == 0; s++)
        if (state == DELIVERY_STATE_UNSPECIFIED || (int)state == s)
            PGL_TRY(deliveries_range(&tx->view, endpoint.id, (DeliveryState)s, range->from,
                                     range->to, PGL_WEBHOOK_REDELIVERED_MAX + 1, numbers, &count));
    if (count == 0 && range->from == range->to)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such delivery");
    for (int i = 0; i < count && i < PGL_WEBHOOK_REDELIVERED_MAX; i++, reply->count++)
        PGL_TRY(set_going(tx, numbers[i]));
    if (count > PGL_WEBHOOK_REDELIVERED_MAX)
        reply->next_from = numbers[PGL_WEBHOOK_REDELIVERED_MAX];
    core->has_news = true;
    const char *outcome =
        pgl_arena_printf(pgl_tx_arena(tx), "%d are to be delivered again", (int)reply->count);
    return pgl_audit_log_append(tx, ask->caller, "webhook.redeliver", ask->endpoint_id, "",
                                outcome);
}
