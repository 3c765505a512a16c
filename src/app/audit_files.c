/* audit_files.c - what each service can be held to in its own file, and the index of keys. */
#include "app/audit_inside.h"

/* Orders that the index may not have yet: two generations of it (store/recent.h), however large
 * they were made. */
#define RECENT_KEYS_MAX (1u << 20)

/* ---- Payments: its checks are named after the invariants ---- */

static bool belongs(const char *check, const char *invariant)
{
    size_t size = strlen(invariant);
    return strncmp(check, invariant, size) == 0 && (check[size] == ' ' || check[size] == '\0');
}

/* Offenders are an order's id in bare hexadecimal, or "account 7". */
static void note_offender(struct audit *audit, enum pgl_invariant invariant, const char *offender,
                          const char *what)
{
    pgl_id id;
    if (pgl_is_ok(pgl_hex_decode(pgl_text_of(offender), id.bytes, sizeof id.bytes)))
        audit_note_order(audit, invariant, id, "not so: %s", what);
    else
        audit_note(audit, invariant, offender, "not so: %s", what);
}

static pgl_status run_check(struct audit *audit, enum pgl_invariant invariant,
                            const struct pgl_payments_check *check)
{
    struct pgl_finding *finding = &audit->report->findings[invariant];
    struct pgl_payments_findings found;
    PGL_TRY(pgl_payments_audit(&audit->cut->payments, check, &found));
    for (int i = 0; i < found.offender_count; i++)
        note_offender(audit, invariant, found.offenders[i], check->claims);
    finding->violations += found.violations - found.offender_count;
    pgl_arena_reset(audit->cut->payments.arena);
    return PGL_OK;
}

static pgl_status run_checks(struct audit *audit, enum pgl_invariant invariant, const char *prefix)
{
    for (const struct pgl_payments_check *check = pgl_payments_checks; check->name != NULL; check++)
        if (belongs(check->name, prefix))
            PGL_TRY(run_check(audit, invariant, check));
    return PGL_OK;
}

static int64_t count_payments(const struct audit *audit)
{
    int64_t sum = 0;
    for (int state = 0; state < PAYMENT_STATE_COUNT; state++)
        sum += audit->report->payments[state];
    return sum;
}

pgl_status audit_money(struct audit *audit, enum pgl_invariant invariant)
{
    struct pgl_finding *finding = &audit->report->findings[invariant];
    if (pgl_invariants[invariant].holds == NULL)
        finding->checked = count_payments(audit);
    return run_checks(audit, invariant, pgl_invariants[invariant].id);
}

/* ---- Inventory ---- */

pgl_status audit_a7(struct audit *audit, enum pgl_invariant invariant)
{
    struct pgl_audit_report *report = audit->report;
    struct pgl_inventory_audit *stock = &audit->stock;
    struct pgl_finding *finding = &report->findings[invariant];
    PGL_TRY(pgl_inventory_check(&audit->cut->inventory, stock));
    memcpy(report->reservations, stock->reservations, sizeof report->reservations);
    report->stock_rows = stock->stock_rows;
    report->reserved = stock->reserved;
    report->held = stock->held;
    report->committed = stock->committed;
    report->shortfalls = stock->shortfalls;
    for (int i = 0; i < stock->offender_count; i++)
        audit_note(audit, invariant, stock->offenders[i].name, "%s", stock->offenders[i].what);
    finding->violations += pgl_inventory_faults(stock) - stock->offender_count;
    finding->checked = stock->stock_rows + stock->ledger_rows;
    return PGL_OK;
}

/* Behind A7, which adds them up. */
pgl_status audit_q5(struct audit *audit, enum pgl_invariant invariant)
{
    const struct pgl_inventory_audit *stock = &audit->stock;
    audit->report->findings[invariant].checked = stock->stock_rows;
    if (stock->reserved != stock->committed)
        audit_note(audit, invariant, "stock", "reserved %lld, of it for committed orders %lld",
                   (long long)stock->reserved, (long long)stock->committed);
    return PGL_OK;
}

/* ---- the counts that are kept along the way ---- */

pgl_status audit_s1(struct audit *audit, enum pgl_invariant invariant)
{
    int64_t counts[ORDER_STATE_COUNT];
    PGL_TRY(pgl_order_counts(&audit->cut->orders, counts));
    for (int state = 0; state < ORDER_STATE_COUNT; state++)
        if (counts[state] != audit->report->orders[state])
            audit_note(audit, invariant, pgl_audit_state_name(&pgl_order_machine, state),
                       "%lld orders are counted, %lld there", (long long)counts[state],
                       (long long)audit->report->orders[state]);
    audit->report->findings[invariant].checked = ORDER_STATE_COUNT + PAYMENT_STATE_COUNT - 1;
    return run_checks(audit, invariant, "counts");
}

/* ---- A9: idempotency keys ---- */

/* Which key an order was made with, and so which order a key leads to: one entry of the index. */
static void add_key(struct audit *audit, const pgl_id *order_id, int64_t key_hash, int64_t amount)
{
    pgl_balance_add(&audit->balances[BALANCE_KEYS], order_id, key_hash, amount);
}

/* An order above the watermark may be in memory only: it is looked for among its peers, and in the
 * table. */
static pgl_status look_for_twin(struct audit *audit, const struct pgl_order_facts *order)
{
    pgl_id in_table;
    PGL_TRY(pgl_order_of_key(&audit->cut->orders, order->key_hash, &in_table));
    bool is_another = !pgl_id_is_zero(in_table) && !pgl_id_equal(in_table, order->order_id);
    if (is_another || pgl_map_get(&audit->recent_keys, (uint64_t)order->key_hash) != NULL)
        audit_note_order(audit, PGL_A9, order->order_id,
                         "another order has the same idempotency key");
    return pgl_map_put(&audit->recent_keys, (uint64_t)order->key_hash, 0);
}

pgl_status audit_begin_keys(struct audit *audit)
{
    pgl_map_free(&audit->recent_keys);
    pgl_map_init(&audit->recent_keys, RECENT_KEYS_MAX);
    return pgl_order_keys_watermark(&audit->cut->orders, &audit->keys_watermark);
}

pgl_status audit_put_key(struct audit *audit, const struct pgl_order_facts *order)
{
    if (pgl_id_compare(order->order_id, audit->keys_watermark) > 0)
        return look_for_twin(audit, order);
    add_key(audit, &order->order_id, order->key_hash, 1);
    return PGL_OK;
}

/* The index has one entry a key, so two orders with one key cannot both be in it. (Two keys with
 * one 64-bit hash would look the same; nobody will see two.) */
pgl_status audit_walk_index(struct audit *audit)
{
    struct pgl_rows rows = pgl_order_keys(&audit->cut->orders);
    pgl_status status = PGL_OK;
    while (pgl_is_ok(status)) {
        status = pgl_rows_next(&rows);
        if (!pgl_is_ok(status) || !rows.has_row)
            break;
        pgl_id order_id = pgl_column_id(&rows, 1);
        if (pgl_id_compare(order_id, audit->keys_watermark) <= 0)
            add_key(audit, &order_id, pgl_column_i64(&rows, 0), -1);
        status = audit_go_on(audit);
    }
    pgl_rows_end(&rows);
    return status;
}
