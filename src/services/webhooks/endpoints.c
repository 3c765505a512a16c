/* endpoints.c - who is told of what. */
#include "services/webhooks/webhooks_sql.h"

#include "base/time.h"
#include "saga/audit_log.h"
#include "saga/condition.h"
#include "services/webhooks/guard.h"
#include "services/webhooks/sign.h"
#include "wire/message.h"
#include "wire/public_event.h"

#define OLD_SECRET_NS PGL_HOURS(24) /* in which the receiver takes over the new one */

/* ---- what an endpoint may be ---- */

static pgl_status check_url(struct pgl_tx *tx, const struct endpoint_row *row,
                            struct pgl_text before)
{
    const struct pgl_webhooks_core *core = pgl_tx_context(tx);
    struct pgl_webhook_url url;
    bool is_taken;
    PGL_TRY(pgl_webhook_url_read(row->url, core->loopback_too, &url));
    if (pgl_text_equal(row->url, before))
        return PGL_OK;
    PGL_TRY(endpoint_is_url_taken(&tx->view, row->tenant, row->url, &is_taken));
    return is_taken ? PGL_FAIL(PGL_ALREADY_EXISTS, "url: there is an endpoint for it") : PGL_OK;
}

/* Joined by commas, in the arena. */
static pgl_status join_types(struct pgl_arena *arena, char **types, size_t count,
                             struct pgl_text *joined)
{
    const char *text = "";
    if (count > PGL_WEBHOOK_TYPES_MAX)
        return PGL_FAIL(PGL_INVALID, "types: at most 32");
    for (size_t i = 0; i < count; i++) {
        if (!pgl_public_type_is_known(pgl_text_of(types[i])))
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(arena, "types[%zu]: no event is called so", i));
        text = pgl_arena_printf(arena, "%s%s%s", text, i > 0 ? "," : "", types[i]);
    }
    *joined = pgl_text_of(text);
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status check_description(const char *text)
{
    return strlen(text) <= PGL_WEBHOOK_DESCRIPTION_MAX
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "description: at most 256 bytes");
}

static pgl_status check_room(struct pgl_tx *tx, const char *tenant)
{
    struct endpoint_row *rows;
    int count;
    PGL_TRY(endpoints_read(&tx->view, tenant, false, &rows, &count));
    if (count >= PGL_WEBHOOK_TENANT_MAX)
        return PGL_FAIL(PGL_CONFLICT, "there are ten endpoints, and there may be no more");
    PGL_TRY(endpoints_read(&tx->view, NULL, false, &rows, &count));
    return count < PGL_WEBHOOK_ENDPOINTS_MAX
               ? PGL_OK
               : PGL_FAIL(PGL_EXHAUSTED, "the platform has as many endpoints as it can");
}

/* ---- showing ---- */

static pgl_status show_types(struct pgl_arena *arena, struct pgl_text types, WebhookEndpoint *shown)
{
    shown->types = pgl_arena_alloc(arena, PGL_WEBHOOK_TYPES_MAX * sizeof shown->types[0]);
    if (shown->types == NULL)
        return PGL_NO_MEMORY;
    while (types.size > 0)
        shown->types[shown->n_types++] = pgl_arena_string(arena, pgl_text_cut(&types, ','));
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status show(struct pgl_arena *arena, const struct endpoint_row *row,
                       WebhookEndpoint **endpoint)
{
    WebhookEndpoint *shown = pgl_message_new(WEBHOOK_ENDPOINT_DESCRIPTOR, arena);
    char *id = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
    if (shown == NULL || id == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(row->id, id);
    shown->id = id;
    shown->url = pgl_arena_string(arena, row->url);
    shown->description = pgl_arena_string(arena, row->description);
    shown->state = row->state;
    shown->because = row->because;
    shown->created_at_ns = row->created_at_ns;
    shown->failing_at_ns = row->failing_since_ns;
    shown->waiting = row->waiting;
    shown->delivered = row->delivered;
    shown->dead = row->dead;
    shown->version = row->version;
    shown->old_secret_until_at_ns = row->has_old_secret ? row->old_secret_until_ns : 0;
    *endpoint = shown;
    return show_types(arena, row->types, shown);
}

static pgl_status show_secret(struct pgl_arena *arena, const struct endpoint_row *row,
                              WebhookEndpoint *shown)
{
    shown->secret = pgl_webhook_secret_text(arena, row->secret);
    return shown->secret != NULL ? PGL_OK : PGL_NO_MEMORY;
}

/* Another tenant's is as if it were not there. */
static pgl_status find(const struct pgl_view *view, const Caller *caller, const char *text,
                       struct endpoint_row *row)
{
    static const pgl_status none = { PGL_NOT_FOUND, "there is no such endpoint" };
    pgl_id id;
    if (caller == NULL || !pgl_is_ok(pgl_id_parse(pgl_text_of(text), &id)))
        return none;
    return endpoint_get(view, id, caller->tenant, row);
}

/* The URL is left out: whoever runs the receiver may have put a secret into it. */
static pgl_status note_deed(struct pgl_tx *tx, const Caller *caller, const char *action,
                            const char *id, const char *outcome)
{
    return pgl_audit_log_append(tx, caller, action, id, "", outcome);
}

/* ---- enabling, disabling ---- */

/* Where nobody was told, everybody else's logs are heard from their ends on. */
static pgl_status begin_to_listen(struct pgl_tx *tx,
                                  const struct pgl_log_position ends[PGL_WEBHOOK_LOGS])
{
    struct pgl_webhooks_core *core = pgl_tx_context(tx);
    int64_t enabled;
    PGL_TRY(endpoint_count_enabled(tx->view.db, &enabled));
    core->is_changed = true;
    if (enabled > 0)
        return PGL_OK;
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++) {
        PGL_TRY(pgl_consumer_place(tx, pgl_webhook_logs[l], &ends[l]));
        core->places[l] = ends[l];
    }
    core->is_placed = true;
    return PGL_OK;
}

pgl_status endpoint_disable(struct pgl_tx *tx, struct endpoint_row *row, DisabledBecause because)
{
    struct pgl_webhooks_core *core = pgl_tx_context(tx);
    row->state = ENDPOINT_STATE_DISABLED;
    row->because = because;
    core->is_changed = true;
    if (core->disabled_count < PGL_WEBHOOK_DISABLED_MAX)
        core->disabled[core->disabled_count++] = (struct webhook_disabled){ row->id, because };
    return endpoint_update(tx, row);
}

pgl_status pgl_webhooks_create(struct pgl_tx *tx, const struct webhook_create *create,
                               EndpointResponse *reply)
{
    const CreateEndpointRequest *ask = create->ask;
    struct pgl_arena *arena = pgl_tx_arena(tx);
    if (ask->caller == NULL || ask->endpoint == NULL)
        return PGL_FAIL(PGL_INVALID, "an endpoint is expected");
    struct endpoint_row row = { .tenant = pgl_text_of(ask->caller->tenant),
                                .url = pgl_text_of(ask->endpoint->url),
                                .description = pgl_text_of(ask->endpoint->description),
                                .state = ENDPOINT_STATE_ENABLED,
                                .created_at_ns = pgl_tx_now_ns(tx) };
    PGL_TRY(check_description(ask->endpoint->description));
    PGL_TRY(join_types(arena, ask->endpoint->types, ask->endpoint->n_types, &row.types));
    PGL_TRY(check_url(tx, &row, PGL_TEXT("")));
    PGL_TRY(check_room(tx, ask->caller->tenant));
    row.id = pgl_tx_new_id(tx);
    memcpy(row.secret, create->secret, sizeof row.secret);
    row.version = 1;
    PGL_TRY(show(arena, &row, &reply->endpoint));
    PGL_TRY(show_secret(arena, &row, reply->endpoint));
    PGL_TRY(begin_to_listen(tx, create->ends));
    PGL_TRY(endpoint_insert(tx, &row));
    return note_deed(tx, ask->caller, "webhook.create", reply->endpoint->id, "enabled");
}

static pgl_status apply(struct pgl_tx *tx, const EndpointChange *change, struct endpoint_row *row)
{
    struct pgl_text before = row->url;
    if (change->url[0] != '\0')
        row->url = pgl_text_of(change->url);
    if (change->description[0] != '\0')
        row->description = pgl_text_of(change->description);
    PGL_TRY(check_description(change->description));
    if (change->n_types > 0)
        PGL_TRY(join_types(pgl_tx_arena(tx), change->types, change->n_types, &row->types));
    return check_url(tx, row, before);
}

/* And what it is then: the file counts its versions. */
static pgl_status update(struct pgl_tx *tx, struct endpoint_row *row)
{
    PGL_TRY(endpoint_update(tx, row));
    return endpoint_get(&tx->view, row->id, NULL, row);
}

pgl_status pgl_webhooks_change(struct pgl_tx *tx, const struct webhook_change *change,
                               EndpointResponse *reply)
{
    const ChangeEndpointRequest *ask = change->ask;
    struct pgl_webhooks_core *core = pgl_tx_context(tx);
    struct endpoint_row row;
    PGL_TRY(find(&tx->view, ask->caller, ask->id, &row));
    PGL_TRY(pgl_condition_check(ask->condition, row.version));
    if (ask->change == NULL)
        return PGL_FAIL(PGL_INVALID, "a change is expected");
    bool was_enabled = row.state == ENDPOINT_STATE_ENABLED;
    PGL_TRY(apply(tx, ask->change, &row));
    if (ask->change->state != ENDPOINT_STATE_UNSPECIFIED)
        row.state = ask->change->state;
    bool is_enabled = row.state == ENDPOINT_STATE_ENABLED;
    if (is_enabled) {
        row.because = DISABLED_BECAUSE_UNSPECIFIED;
        row.failing_since_ns = was_enabled ? row.failing_since_ns : 0; /* five days more */
        row.quiet_until_ns = 0; /* whoever changes it knows better what it takes */
    } else if (was_enabled) {
        row.because = DISABLED_BECAUSE_OPERATOR;
    }
    if (is_enabled && !was_enabled)
        PGL_TRY(begin_to_listen(tx, change->ends));
    core->is_changed = true;
    PGL_TRY(update(tx, &row));
    PGL_TRY(show(pgl_tx_arena(tx), &row, &reply->endpoint));
    return note_deed(tx, ask->caller, "webhook.change", ask->id,
                     is_enabled ? "enabled" : "disabled");
}

pgl_status pgl_webhooks_rotate(struct pgl_tx *tx, const struct webhook_rotate *rotate,
                               EndpointResponse *reply)
{
    struct endpoint_row row;
    PGL_TRY(find(&tx->view, rotate->ask->caller, rotate->ask->id, &row));
    memcpy(row.old_secret, row.secret, sizeof row.old_secret);
    memcpy(row.secret, rotate->secret, sizeof row.secret);
    row.has_old_secret = true;
    row.old_secret_until_ns = pgl_tx_now_ns(tx) + OLD_SECRET_NS;
    PGL_TRY(update(tx, &row));
    PGL_TRY(show(pgl_tx_arena(tx), &row, &reply->endpoint));
    PGL_TRY(show_secret(pgl_tx_arena(tx), &row, reply->endpoint));
    return note_deed(tx, rotate->ask->caller, "webhook.secret", rotate->ask->id, "replaced");
}

pgl_status pgl_webhooks_delete(struct pgl_tx *tx, const EndpointRequest *ask,
                               DeleteEndpointResponse *reply)
{
    (void)reply;
    struct pgl_webhooks_core *core = pgl_tx_context(tx);
    struct endpoint_row row;
    PGL_TRY(find(&tx->view, ask->caller, ask->id, &row));
    PGL_TRY(pgl_condition_check(ask->condition, row.version));
    core->is_changed = true;
    PGL_TRY(deliveries_delete(tx, row.id));
    PGL_TRY(endpoint_delete(tx, row.id));
    return note_deed(tx, ask->caller, "webhook.delete", ask->id, "deleted");
}

/* ---- asking ---- */

pgl_status pgl_webhooks_get(const struct pgl_view *view, const EndpointRequest *ask,
                            EndpointResponse *reply)
{
    struct endpoint_row row;
    PGL_TRY(find(view, ask->caller, ask->id, &row));
    return show(view->arena, &row, &reply->endpoint);
}

pgl_status pgl_webhooks_list(const struct pgl_view *view, const ListEndpointsRequest *ask,
                             ListEndpointsResponse *reply)
{
    struct endpoint_row *rows;
    int count;
    if (ask->caller == NULL)
        return PGL_FAIL(PGL_INVALID, "a caller is expected");
    PGL_TRY(endpoints_read(view, ask->caller->tenant, false, &rows, &count));
    reply->items = pgl_arena_alloc(view->arena, PGL_WEBHOOK_TENANT_MAX * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    for (; reply->n_items < (size_t)count; reply->n_items++)
        PGL_TRY(show(view->arena, &rows[reply->n_items], &reply->items[reply->n_items]));
    return PGL_OK;
}
