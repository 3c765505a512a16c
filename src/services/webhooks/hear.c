/* hear.c - an event becomes a delivery for each endpoint that wants it, in the transaction that
 * moves the position: each is written once, whatever is killed. */
#include "services/webhooks/webhooks_sql.h"

#include "wire/cloud_event.h"

static bool is_wanted(const struct endpoint_row *endpoint, const char *type)
{
    struct pgl_text left = endpoint->types;
    if (left.size == 0)
        return true;
    while (left.data != NULL)
        if (pgl_public_type_fits(pgl_text_cut(&left, ','), type))
            return true;
    return false;
}

static int64_t epoch_of(const struct pgl_webhooks_core *core, Log log)
{
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
        if (pgl_webhook_logs[l] == log)
            return core->consumers[l].epoch;
    return 0;
}

static pgl_status write_body(struct pgl_tx *tx, Log log, int64_t seq, const Event *event,
                             const pgl_id *id)
{
    struct pgl_webhooks_core *core = pgl_tx_context(tx);
    LoggedEvent logged = LOGGED_EVENT_INIT;
    uint8_t bytes[sizeof id->bytes];
    memcpy(bytes, id->bytes, sizeof bytes);
    logged.log = log;
    logged.seq = seq;
    logged.id = (ProtobufCBinaryData){ sizeof bytes, bytes };
    logged.event = (Event *)(uintptr_t)event; /* which is only looked at */
    pgl_buffer_clear(&core->body);
    PGL_TRY(pgl_cloud_event_write(&logged, pgl_tx_arena(tx), &core->body));
    return core->body.is_full ? PGL_FAIL(PGL_TOO_LARGE, "an event is too large for a webhook")
                              : PGL_OK;
}

static pgl_status enqueue(struct pgl_tx *tx, struct endpoint_row *endpoint, const char *type,
                          const pgl_id *event_id)
{
    struct pgl_webhooks_core *core = pgl_tx_context(tx);
    if (endpoint->waiting >= PGL_WEBHOOK_WAITING_MAX)
        return endpoint_disable(tx, endpoint, DISABLED_BECAUSE_FULL); /* or it fills the disk */
    int64_t now_ns = pgl_tx_now_ns(tx);
    struct delivery_row row = { .endpoint = endpoint->id,
                                .event = *event_id,
                                .type = pgl_text_of(type),
                                .body = pgl_buffer_text(&core->body),
                                .state = DELIVERY_STATE_WAITING,
                                .created_at_ns = now_ns,
                                .since_ns = now_ns,
                                .due_ns = now_ns,
                                .problem = PGL_TEXT("") };
    core->has_news = true;
    return delivery_insert(tx, &row);
}

pgl_status pgl_webhooks_hear(struct pgl_tx *tx, int64_t seq, const Event *event)
{
    const struct pgl_webhooks_core *core = pgl_tx_context(tx);
    const struct pgl_public_event *shown = pgl_public_event_of(event->type);
    Log log = (Log)tx->cause_log;
    struct endpoint_row *endpoints;
    int count, wanted = 0;
    if (shown == NULL)
        return PGL_OK;
    PGL_TRY(endpoints_read(&tx->view, event->tenant, true, &endpoints, &count));
    pgl_id id = pgl_event_id(log, epoch_of(core, log), seq);
    for (int i = 0; i < count; i++) {
        if (!is_wanted(&endpoints[i], shown->type))
            continue;
        if (wanted++ == 0)
            PGL_TRY(write_body(tx, log, seq, event, &id));
        PGL_TRY(enqueue(tx, &endpoints[i], shown->type, &id));
    }
    return PGL_OK;
}
