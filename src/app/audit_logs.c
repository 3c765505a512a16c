/* audit_logs.c - the events: whether each log is whole, and how far each reader has come. */
#include "app/audit_inside.h"

#include <stdio.h>

#include "services/webhooks/audit.h"

const struct audit_log audit_logs[PGL_AUDITED_LOGS] = {
    [PGL_LOG_OF_ORDERS] = { LOG_ORDERS, "orders" },
    [PGL_LOG_OF_PAYMENTS] = { LOG_PAYMENTS, "payments" },
    [PGL_LOG_OF_INVENTORY] = { LOG_INVENTORY, "inventory" },
};

const struct audit_reader audit_readers[AUDIT_READERS] = {
    { PGL_LOG_OF_ORDERS, PGL_LOG_OF_PAYMENTS },    { PGL_LOG_OF_ORDERS, PGL_LOG_OF_INVENTORY },
    { PGL_LOG_OF_PAYMENTS, PGL_LOG_OF_ORDERS },    { PGL_LOG_OF_PAYMENTS, PGL_LOG_OF_INVENTORY },
    { PGL_LOG_OF_INVENTORY, PGL_LOG_OF_PAYMENTS },
};

pgl_status audit_read_positions(struct audit *audit)
{
    struct pgl_audit_report *report = audit->report;
    for (int l = 0; l < PGL_AUDITED_LOGS; l++)
        PGL_TRY(pgl_log_state_read(audit_view(audit, (enum pgl_audited_log)l), &audit->logs[l]));
    report->is_at_rest = true;
    for (int i = 0; i < AUDIT_READERS; i++) {
        const struct audit_reader *reader = &audit_readers[i];
        struct pgl_log_position *position = &audit->positions[i];
        PGL_TRY(pgl_log_position_read(audit_view(audit, reader->reader),
                                      audit_logs[reader->log].log, position));
        int64_t high = audit->logs[reader->log].high;
        report->is_at_rest &= position->position >= high; /* beyond it: never to be read, see A8 */
        report->lag += position->position < high ? high - position->position : 0;
    }
    int64_t open; /* what is to be done at the payment provider will be heard of */
    PGL_TRY(pgl_payments_count_open(&audit->cut->payments, &open));
    report->is_at_rest &= open == 0;
    return PGL_OK;
}

/* ---- all events ---- */

/* What is wrong with one place in a log. */
static void note_event(struct audit *audit, enum pgl_audited_log log, int64_t seq, const char *what)
{
    char name[48];
    snprintf(name, sizeof name, "%s event %lld", audit_logs[log].name, (long long)seq);
    audit_note(audit, PGL_A8, name, "%s", what);
}

/* The position of this log's service in the log that an event names as its cause; -1 if it does not
 * read it. */
static int64_t position_in(const struct audit *audit, enum pgl_audited_log reader, Log log)
{
    for (int i = 0; i < AUDIT_READERS; i++)
        if (audit_readers[i].reader == reader && audit_logs[audit_readers[i].log].log == log)
            return audit->positions[i].position;
    return -1;
}

static void judge(struct audit *audit, enum pgl_audited_log log, int64_t seq, const EventHead *head)
{
    if (head->cause_log != LOG_UNSPECIFIED &&
        head->cause_seq > position_in(audit, log, head->cause_log))
        note_event(audit, log, seq, "its cause has not been read yet");
    if (head->previous_seq < 0 || head->previous_seq >= seq)
        note_event(audit, log, seq, "it names a later event as the one before it");
}

/* Takes from the balances what the rows put there. */
static void take(struct audit *audit, enum pgl_audited_log log, int64_t seq, const EventHead *head)
{
    pgl_id id;
    memcpy(id.bytes, head->key.data, sizeof id.bytes);
    bool is_creation = head->type == EVENT_TYPE_ORDER_CREATED;
    pgl_balance_add(&audit->balances[is_creation ? BALANCE_CREATED : BALANCE_SAID], &id, head->type,
                    -1);
    struct pgl_balance *chain = &audit->balances[BALANCE_CHAIN];
    pgl_balance_add(chain, &id, audit_event_part(log, seq), -1);
    if (head->previous_seq != 0)
        pgl_balance_add(chain, &id, audit_event_part(log, head->previous_seq), 1);
}

static bool is_of_a_sku(EventType type)
{
    return type == EVENT_TYPE_STOCK_RECEIVED || type == EVENT_TYPE_STOCK_SOLD ||
           type == EVENT_TYPE_STOCK_COUNTED || type == EVENT_TYPE_STOCK_SHORT;
}

static void look_at(struct audit *audit, enum pgl_audited_log log, const struct pgl_log_walk *walk)
{
    const EventHead *head = walk->head;
    if (head == NULL) {
        note_event(audit, log, walk->seq, "it cannot be read");
        return;
    }
    judge(audit, log, walk->seq, head);
    if (is_of_a_sku(head->type))
        return; /* no order tells of it */
    if (head->key.len != sizeof(pgl_id))
        note_event(audit, log, walk->seq, "it is about no order");
    else
        take(audit, log, walk->seq, head);
}

static pgl_status walk_log(struct audit *audit, enum pgl_audited_log log, struct pgl_log_walk *walk)
{
    int64_t expected = audit->logs[log].low, count = 0;
    for (;; count++) {
        PGL_TRY(audit_go_on(audit));
        PGL_TRY(pgl_log_walk_next(walk));
        if (!walk->is_there)
            break;
        if (walk->seq != expected)
            note_event(audit, log, expected, "it is missing");
        expected = walk->seq + 1;
        look_at(audit, log, walk);
    }
    if (expected != audit->logs[log].high + 1)
        note_event(audit, log, expected < audit->logs[log].high ? expected : audit->logs[log].high,
                   "the log does not end where its head says");
    audit->report->events[log] = count;
    return PGL_OK;
}

pgl_status audit_walk_logs(struct audit *audit)
{
    for (int l = 0; l < PGL_AUDITED_LOGS; l++) {
        struct pgl_log_walk walk;
        pgl_log_walk_begin(audit_view(audit, (enum pgl_audited_log)l), &walk);
        pgl_status status = walk_log(audit, (enum pgl_audited_log)l, &walk);
        pgl_log_walk_end(&walk);
        PGL_TRY(status);
    }
    return PGL_OK;
}

/* ---- invariants ---- */

static pgl_status judge_position(struct audit *audit, const char *reader, enum pgl_audited_log log,
                                 const struct pgl_log_position *position)
{
    const struct pgl_log_state *state = &audit->logs[log];
    char name[48];
    bool fits;
    snprintf(name, sizeof name, "%s of %s", reader, audit_logs[log].name);
    if (position->position == 0)
        return PGL_OK;
    if (position->position > state->high) {
        audit_note(audit, PGL_A8, name, "has read to %lld, the log ends at %lld",
                   (long long)position->position, (long long)state->high);
        return PGL_OK;
    }
    if (position->epoch != state->epoch)
        audit_note(audit, PGL_A8, name, "has read epoch %lld, the log is at %lld",
                   (long long)position->epoch, (long long)state->epoch);
    PGL_TRY(pgl_log_position_fits(audit_view(audit, log), position, &fits));
    if (!fits)
        audit_note(audit, PGL_A8, name, "has read another event %lld than the log has",
                   (long long)position->position);
    return PGL_OK;
}

/* Which reads all logs, while somebody outside is to be told. Its file may be another process's. */
static pgl_status judge_webhooks(struct audit *audit)
{
    const struct pgl_view *webhooks = &audit->cut->webhooks;
    bool listens = false;
    if (webhooks->db != NULL)
        PGL_TRY(pgl_webhooks_listens(webhooks, &listens));
    for (int l = 0; l < PGL_AUDITED_LOGS && listens; l++) {
        struct pgl_log_position position;
        PGL_TRY(pgl_log_position_read(webhooks, audit_logs[l].log, &position));
        PGL_TRY(judge_position(audit, "webhooks", (enum pgl_audited_log)l, &position));
    }
    return PGL_OK;
}

pgl_status audit_a8(struct audit *audit, enum pgl_invariant invariant)
{
    struct pgl_finding *finding = &audit->report->findings[invariant];
    for (int i = 0; i < AUDIT_READERS; i++)
        PGL_TRY(judge_position(audit, audit_logs[audit_readers[i].reader].name,
                               audit_readers[i].log, &audit->positions[i]));
    PGL_TRY(judge_webhooks(audit));
    for (int l = 0; l < PGL_AUDITED_LOGS; l++)
        finding->checked += audit->report->events[l];
    return PGL_OK;
}

static pgl_status note_parked(struct audit *audit, const char *reader, const struct pgl_view *view)
{
    struct pgl_rows rows = pgl_parked_events(view);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_id id = pgl_column_id(&rows, 2);
        audit->report->parked++;
        audit_note_order(audit, PGL_Q4, id, "parked by %s at event %lld of log %lld: %.*s", reader,
                         (long long)pgl_column_i64(&rows, 1), (long long)pgl_column_i64(&rows, 0),
                         PGL_TEXT_ARGS(pgl_column_text(&rows, 3)));
    }
}

/* Parked events are counted always; they are a violation once nothing else is left to do. */
pgl_status audit_q4(struct audit *audit, enum pgl_invariant invariant)
{
    for (int l = 0; l < PGL_AUDITED_LOGS; l++)
        PGL_TRY(note_parked(audit, audit_logs[l].name, audit_view(audit, (enum pgl_audited_log)l)));
    if (audit->cut->webhooks.db != NULL) /* it may be another process's */
        PGL_TRY(note_parked(audit, "webhooks", &audit->cut->webhooks));
    audit->report->findings[invariant].checked = AUDIT_READERS;
    return PGL_OK;
}
