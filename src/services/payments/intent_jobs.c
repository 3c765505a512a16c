/* intent_jobs.c - see intent_jobs.h. */
#include "services/payments/intent_jobs.h"

#include "base/time.h"
#include "services/payments/card_rules.h"
#include "services/payments/card_sql.h"
#include "services/payments/operators.h"
#include "wire/json.h"
#include "wire/message.h"

#define LOOK_MAX     256 /* rows that one step of a job looks at in search of the next order */
#define OF_ORDER_MAX 16  /* what is open of one order: its payment, and refunds */
#define NOT_A_REFUND INT64_MAX

static const char *seen_name(const struct intent_row *row)
{
    return row->seen < 0 ? "" : pgl_card_seen_names[row->seen];
}

static pgl_status page(struct pgl_tx *tx, const struct pgl_admin_job *job, const pgl_id *behind,
                       int64_t behind_no, int limit, struct intent_row **rows, int *count)
{
    int64_t older_than_s = job->ask->job->older_than_s;
    struct intents_wish wish = { .tenant = job->ask->caller->tenant,
                                 .planned_until_ns = INT64_MAX,
                                 .planned_until_job = job->id };
    if (older_than_s > 0)
        wish.planned_until_ns = job->created_at_ns - PGL_SECONDS(older_than_s);
    *rows = pgl_arena_alloc(pgl_tx_arena(tx), (size_t)limit * sizeof **rows);
    if (*rows == NULL)
        return PGL_NO_MEMORY;
    return intents_page(&tx->view, &wish, behind, behind_no, limit, *rows, count);
}

static pgl_status next_order(struct pgl_tx *tx, const struct pgl_admin_job *job,
                             const pgl_id *after, pgl_id *order_id, bool *is_there)
{
    struct intent_row *rows;
    int count;
    pgl_id behind = *after;
    int64_t behind_no = NOT_A_REFUND;
    *is_there = false;
    do {
        PGL_TRY(page(tx, job, &behind, behind_no, LOOK_MAX, &rows, &count));
        for (int i = 0; i < count; i++) {
            behind = rows[i].order_id;
            behind_no = rows[i].refund_no;
            if (strstr(seen_name(&rows[i]), job->ask->job->why) == NULL)
                continue;
            *order_id = rows[i].order_id;
            *is_there = true;
            return PGL_OK;
        }
    } while (count == LOOK_MAX);
    return PGL_OK;
}

/* A refusal before the first write is an answer. */
static pgl_status answer(struct pgl_tx *tx, pgl_status status, const char **refusal)
{
    bool is_refusal =
        !tx->view.db->has_written &&
        (status.code == PGL_NOT_FOUND || status.code == PGL_CONFLICT || status.code == PGL_INVALID);
    if (!is_refusal)
        return status;
    *refusal = status.text;
    return PGL_OK;
}

static char *reason_of(struct pgl_tx *tx, const struct pgl_admin_job *job)
{
    return pgl_message_string(pgl_arena_printf(pgl_tx_arena(tx), "job %lld: %s", (long long)job->id,
                                               job->ask->job->reason));
}

static char *name_of(struct pgl_tx *tx, const pgl_id *order_id)
{
    char *name = pgl_arena_zalloc(pgl_tx_arena(tx), PGL_ID_TEXT_BYTES + 1);
    if (name != NULL)
        pgl_id_format(*order_id, name);
    return name;
}

static pgl_status retry_one(struct pgl_tx *tx, const struct pgl_admin_job *job,
                            const pgl_id *order_id, int64_t refund_no, const char **refusal)
{
    RetryIntentRequest ask = RETRY_INTENT_REQUEST_INIT;
    RetryIntentResponse reply = RETRY_INTENT_RESPONSE_INIT;
    ask.caller = job->ask->caller;
    ask.order_id = name_of(tx, order_id);
    ask.refund_no = (int32_t)refund_no;
    ask.reason = reason_of(tx, job);
    if (ask.order_id == NULL)
        return PGL_NO_MEMORY;
    tx->view.db->has_written = false;
    return answer(tx, pgl_operators_retry(tx, &ask, &reply), refusal);
}

static pgl_status retry(struct pgl_tx *tx, const struct pgl_admin_job *job, const pgl_id *order_id,
                        const char **refusal)
{
    struct intent_row *rows;
    int count, of_order = 0;
    pgl_id before = *order_id; /* the id just below: behind it are all of this order */
    for (int i = (int)sizeof before.bytes - 1; i >= 0 && before.bytes[i]-- == 0; i--)
        ;
    PGL_TRY(page(tx, job, &before, NOT_A_REFUND, OF_ORDER_MAX, &rows, &count));
    for (int i = 0; i < count && pgl_id_equal(rows[i].order_id, *order_id); i++) {
        PGL_TRY(retry_one(tx, job, order_id, rows[i].refund_no, refusal));
        of_order++;
    }
    if (of_order == 0)
        *refusal = "nothing is open at the provider for this order";
    return PGL_OK;
}

static pgl_status settle(struct pgl_tx *tx, const struct pgl_admin_job *job, const pgl_id *order_id,
                         const char **refusal)
{
    SettleIntentRequest ask = SETTLE_INTENT_REQUEST_INIT;
    SettleIntentResponse reply = SETTLE_INTENT_RESPONSE_INIT;
    ask.caller = job->ask->caller;
    ask.order_id = name_of(tx, order_id);
    ask.outcome = (SettledAs)pgl_json_enum_named(SETTLED_AS_DESCRIPTOR, job->ask->job->outcome);
    ask.reason = reason_of(tx, job);
    if (ask.order_id == NULL)
        return PGL_NO_MEMORY;
    tx->view.db->has_written = false;
    return answer(tx, pgl_operators_settle(tx, &ask, &reply), refusal);
}

/* What was done is in the audit log by the hand that did it. */
const struct pgl_admin_deed pgl_intent_jobs[PGL_INTENT_JOB_COUNT] = {
    { JOB_KIND_RETRY_INTENTS, "intent.retry", next_order, retry },
    { JOB_KIND_SETTLE_INTENTS, "intent.settle", next_order, settle },
};
