/* audit.c - see audit.h. */
#include "app/audit_inside.h"

#include <stdio.h>

#define AUDIT_ARENA_BYTES 1024 /* besides the one struct */
#define STEPS_A_LOOK      4096 /* rows between two looks at the wish to stop; about 2 ms */

/* clang-format off */
const struct pgl_invariant_row pgl_invariants[PGL_INVARIANT_COUNT] = {
    /*           id     what it says                                                                  at rest only  of each order  of the whole */
    [PGL_A1]  = { "A1",  "one verdict and one final event at most; rows and logs tell the same",          false, audit_a1,  audit_money, NULL },
    [PGL_A2]  = { "A2",  "CONFIRMED: the payment is CAPTURED, and the ledger has taken that much",        false, audit_a2,  NULL,        NULL },
    [PGL_A3]  = { "A3",  "money taken: the payment is CAPTURING, ABORTING or CAPTURED",                   false, audit_a3,  NULL,        "what the rows say; what a card's provider says is asked by `panglot reconcile`" },
    [PGL_A4]  = { "A4",  "money taken: the reservation is HELD, COMMITTED or SHIPPED",                    false, audit_a4,  NULL,        NULL },
    [PGL_A5]  = { "A5",  "the payment is CAPTURING: the reservation is HELD",                             false, audit_a5,  NULL,        "`account` captures within one transaction, so this speaks of cards" },
    [PGL_A6]  = { "A6",  "taken once at most; taken <= authorized <= amount = the order's total",         false, audit_a6,  audit_money, "one object for a card; that the provider has no second one is for `panglot reconcile`" },
    [PGL_A7]  = { "A7",  "stock is what its ledger sums up to; reserved is what HELD and COMMITTED have", false, NULL,      audit_a7,    NULL },
    [PGL_A8]  = { "A8",  "logs and chains without holes; no reader is ahead of a log, or read another",   false, NULL,      audit_a8,    NULL },
    [PGL_A9]  = { "A9",  "one order for a tenant, a customer and an idempotency key",                     false, NULL,      NULL,        "that a replay equals the first answer is for clients to see" },
    [PGL_A10] = { "A10", "at most one provider operation open; of `account` none",                        false, NULL,      audit_money, "written down once, as the payment has it" },
    [PGL_A11] = { "A11", "an order for each OrderCreated, and the reverse",                               false, NULL,      NULL,        "which of them clients were told of, only they know" },
    [PGL_A12] = { "A12", "a cancel that found the decision open is not followed by a capture",            false, audit_a12, NULL,        NULL },
    [PGL_A13] = { "A13", "authorized = captured + released + held; accounts are what their rows sum to",  false, NULL,      audit_money, NULL },
    [PGL_S1]  = { "S1",  "the counts by state are those of the rows",                                     false, NULL,      audit_s1,    NULL },
    [PGL_Q1]  = { "Q1",  "every order is CONFIRMED, FAILED or CANCELLED",                                 true,  audit_q1,  NULL,        NULL },
    [PGL_Q2]  = { "Q2",  "CONFIRMED, CAPTURED, COMMITTED or SHIPPED, taken in full or in part: all or none", true,  audit_q2,  NULL,        NULL },
    [PGL_Q3]  = { "Q3",  "FAILED or CANCELLED: not paid, nothing held, RELEASED or REJECTED",             true,  audit_q3,  NULL,        NULL },
    [PGL_Q4]  = { "Q4",  "no parked event",                                                               true,  NULL,      audit_q4,    NULL },
    [PGL_Q5]  = { "Q5",  "reserved is what COMMITTED orders have still to ship",                          true,  NULL,      audit_q5,    NULL },
    [PGL_Q6]  = { "Q6",  "no payment, posting or reservation without an order",                           true,  audit_q6,  NULL,        NULL },
    [PGL_Q7]  = { "Q7",  "the history that clients are shown ends once, in the order's state",            true,  audit_q7,  NULL,        "what clients have read of it, only they know" },
};

static const struct {
    enum pgl_invariant invariant;
    const char *put_only, *taken_only; /* what is wrong with an entry that one side lacks */
} balance_rows[BALANCE_COUNT] = {
    [BALANCE_CREATED] = { PGL_A11, "the log has no OrderCreated of it", "it was created, says the log, but there is no row" },
    [BALANCE_SAID]    = { PGL_A1,  "its row has said %s, the log has not", "the log has %s that its row has not said" },
    [BALANCE_CHAIN]   = { PGL_A8,  "event %s is not where its chain ends", "its chain in the log ends elsewhere, at %s" },
    [BALANCE_KEYS]    = { PGL_A9,  "its idempotency key leads to another order, or to none", "the index of idempotency keys leads to it, wrongly" },
};
/* clang-format on */

/* ---- what the files of an audit share ---- */

const struct pgl_view *audit_view(const struct audit *audit, enum pgl_audited_log log)
{
    switch (log) {
    case PGL_LOG_OF_ORDERS:
        return &audit->cut->orders;
    case PGL_LOG_OF_PAYMENTS:
        return &audit->cut->payments;
    case PGL_LOG_OF_INVENTORY:
    case PGL_AUDITED_LOGS:
        break;
    }
    return &audit->cut->inventory;
}

pgl_status audit_go_on(struct audit *audit)
{
    const atomic_bool *is_stopping = audit->cut->is_stopping;
    if (audit->steps++ % STEPS_A_LOOK == 0 && is_stopping != NULL && atomic_load(is_stopping))
        return PGL_FAIL(PGL_CANCELLED, "the platform is stopping");
    return PGL_OK;
}

static void note(struct audit *audit, enum pgl_invariant invariant, const char *name,
                 const char *format, va_list arguments)
{
    char what[sizeof((struct pgl_offender *)NULL)->what];
    if (audit->is_naming || !audit->report->findings[invariant].is_looked_at)
        return;
    vsnprintf(what, sizeof what, format, arguments);
    pgl_audit_report_note(audit->report, invariant, name, what);
}

void audit_note(struct audit *audit, enum pgl_invariant invariant, const char *name,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(audit, invariant, name, format, arguments);
    va_end(arguments);
}

void audit_note_order(struct audit *audit, enum pgl_invariant invariant, pgl_id order_id,
                      const char *format, ...)
{
    char name[PGL_ID_TEXT_BYTES + 1] = "";
    va_list arguments;
    pgl_id_format(order_id, name);
    va_start(arguments, format);
    note(audit, invariant, name, format, arguments);
    va_end(arguments);
}

/* ---- balances ---- */

static void describe_part(const struct pgl_balance_entry *entry, int balance, char *part,
                          size_t size)
{
    if (balance == BALANCE_CHAIN) {
        uint64_t number = (uint64_t)entry->part;
        snprintf(part, size, "%s %llu", audit_logs[number % PGL_AUDITED_LOGS].name,
                 (unsigned long long)(number / PGL_AUDITED_LOGS));
        return;
    }
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(EVENT_TYPE_DESCRIPTOR, (int)entry->part);
    snprintf(part, size, "%s",
             value != NULL ? value->name + strlen("EVENT_TYPE_") : "an unknown event");
}

static void note_unbalanced(struct audit *audit, int balance)
{
    struct pgl_finding *finding = &audit->report->findings[balance_rows[balance].invariant];
    const struct pgl_balance_entry *entry;
    for (size_t at = 0; (entry = pgl_balance_next(&audit->balances[balance], &at)) != NULL;) {
        char part[64], what[112];
        const char *format =
            entry->amount > 0 ? balance_rows[balance].put_only : balance_rows[balance].taken_only;
        const char *place = strstr(format, "%s");
        describe_part(entry, balance, part, sizeof part);
        if (place == NULL)
            snprintf(what, sizeof what, "%s", format);
        else
            snprintf(what, sizeof what, "%.*s%s%s", (int)(place - format), format, part, place + 2);
        audit_note_order(audit, balance_rows[balance].invariant, entry->id, "%s", what);
    }
    finding->is_more |= audit->balances[balance].is_full;
}

/* ---- the order of the work ---- */

static pgl_status walk_all(struct audit *audit)
{
    PGL_TRY(audit_begin_keys(audit));
    PGL_TRY(audit_walk_orders(audit));
    PGL_TRY(audit_walk_index(audit));
    return audit_walk_logs(audit);
}

/* What rows and logs have to agree on cannot be told where old events were pruned. */
static bool is_told(const struct audit *audit, int balance)
{
    if (balance == BALANCE_KEYS)
        return true;
    for (int l = 0; l < PGL_AUDITED_LOGS; l++)
        if (audit->logs[l].low > 1)
            return false;
    return true;
}

static pgl_status settle_balances(struct audit *audit)
{
    for (int b = 0; b < BALANCE_COUNT; b++)
        if (is_told(audit, b) && !pgl_balance_is_even(&audit->balances[b]))
            audit->is_naming = true;
    if (!audit->is_naming)
        return PGL_OK;
    for (int b = 0; b < BALANCE_COUNT; b++)
        pgl_balance_name(&audit->balances[b]);
    PGL_TRY(walk_all(audit));
    audit->is_naming = false;
    for (int b = 0; b < BALANCE_COUNT; b++)
        if (is_told(audit, b))
            note_unbalanced(audit, b);
    return PGL_OK;
}

static pgl_status look(struct audit *audit)
{
    struct pgl_audit_report *report = audit->report;
    PGL_TRY(audit_read_positions(audit));
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++)
        report->findings[i].is_looked_at = report->is_at_rest || !pgl_invariants[i].is_of_rest;
    report->findings[PGL_A11].is_looked_at = is_told(audit, BALANCE_CREATED);
    PGL_TRY(walk_all(audit));
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++)
        if (pgl_invariants[i].look != NULL)
            PGL_TRY(pgl_invariants[i].look(audit, (enum pgl_invariant)i));
    for (int state = 0; state < ORDER_STATE_COUNT;
         state++) { /* what is only balanced has checked every order */
        report->findings[PGL_A9].checked += report->orders[state];
        report->findings[PGL_A11].checked += report->orders[state];
    }
    PGL_TRY(settle_balances(audit));
    report->is_clean = true;
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++)
        report->is_clean &= report->findings[i].violations == 0;
    return PGL_OK;
}

pgl_status pgl_audit(const struct pgl_audit_cut *cut, struct pgl_audit_report *report)
{
    struct pgl_arena arena; /* the views' are emptied along the way */
    pgl_arena_init(&arena, sizeof(struct audit) + AUDIT_ARENA_BYTES, 2 * sizeof(struct audit));
    memset(report, 0, sizeof *report);
    struct audit *audit = pgl_arena_zalloc(&arena, sizeof *audit);
    if (audit == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for an audit");
    audit->cut = cut;
    audit->report = report;
    for (int b = 0; b < BALANCE_COUNT; b++)
        pgl_balance_init(&audit->balances[b], cut->key);
    pgl_status status = look(audit);
    for (int b = 0; b < BALANCE_COUNT; b++)
        pgl_balance_free(&audit->balances[b]);
    pgl_map_free(&audit->recent_keys);
    pgl_arena_free(&arena);
    return status;
}
