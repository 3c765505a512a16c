/* sweep_truth.c - see sweep_truth.h. */
#include "sweep_truth.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/assert.h"

/* clang-format off */
static const struct { const char *claim, *offenders; } claims[] = {
    { "an accepted order has an end",
      "SELECT hex(order_id) FROM orders.orders WHERE state < 3" },
    { "one order a key",
      "SELECT hex(min(order_id)) FROM orders.orders GROUP BY tenant, customer, idempotency_key "
      "HAVING count(*) > 1" },
    /* An event begins with its type and its key: 08 type 12 10 and 16 bytes. */
    /* Of a ware, and of the parcels of an order, there is news as often as there is news. */
    { "A1: a kind of event is said once of an order",
      "SELECT hex(substr(bytes, 1, 20)) FROM orders.event GROUP BY substr(bytes, 1, 20) HAVING count(*) > 1 "
      "UNION ALL SELECT hex(substr(bytes, 1, 20)) FROM payments.event GROUP BY substr(bytes, 1, 20) "
      "HAVING count(*) > 1 UNION ALL SELECT hex(substr(bytes, 1, 20)) FROM inventory.event "
      "WHERE substr(bytes, 2, 1) NOT IN (x'24', x'25') GROUP BY substr(bytes, 1, 20) HAVING count(*) > 1" },
    { "A1: an order has one final event",
      "SELECT hex(order_id) FROM orders.orders AS o WHERE (SELECT count(*) FROM orders.event "
      "WHERE substr(bytes, 2, 1) IN (x'03', x'04') AND substr(bytes, 5, 16) = o.order_id) <> 1" },
    { "A8: a log is numbered without holes, from what is kept to its head",
      "SELECT 'orders' FROM orders.log_head, (SELECT count(*) AS n, max(seq) AS last, "
      "min(seq) AS first FROM orders.event) WHERE n <> next_seq - low OR (n > 0 AND (first <> low OR last <> next_seq - 1)) "
      "UNION ALL SELECT 'payments' FROM payments.log_head, (SELECT count(*) AS n, max(seq) AS last, "
      "min(seq) AS first FROM payments.event) WHERE n <> next_seq - low OR (n > 0 AND (first <> low OR last <> next_seq - 1)) "
      "UNION ALL SELECT 'inventory' FROM inventory.log_head, (SELECT count(*) AS n, max(seq) AS last, "
      "min(seq) AS first FROM inventory.event) WHERE n <> next_seq - low OR (n > 0 AND (first <> low OR last <> next_seq - 1))" },
    { "A8: everybody has heard all there is to hear, and nothing else",
      "WITH high (log, seq, epoch) AS ("
      "SELECT 2, next_seq - 1, epoch FROM orders.log_head UNION ALL "
      "SELECT 3, next_seq - 1, epoch FROM payments.log_head UNION ALL "
      "SELECT 4, next_seq - 1, epoch FROM inventory.log_head), "
      "heard (who, log, position, epoch) AS ("
      "SELECT 'orders', log, position, epoch FROM orders.consumer UNION ALL "
      "SELECT 'payments', log, position, epoch FROM payments.consumer UNION ALL "
      "SELECT 'inventory', log, position, epoch FROM inventory.consumer), "
      "pair (who, log) AS (VALUES ('orders', 3), ('orders', 4), ('payments', 2), ('payments', 4), "
      "('inventory', 3)) "
      "SELECT who || ' of ' || log || ' at ' || coalesce(position, 0) || ' of ' || seq "
      "FROM pair JOIN high USING (log) LEFT JOIN heard USING (who, log) "
      "WHERE coalesce(position, 0) <> seq OR coalesce(heard.epoch, 1) <> high.epoch" },
    { "Q2, Q3: confirmed is captured is committed; else there is neither money nor stock in it",
      "SELECT hex(o.order_id) || ' order ' || o.state || ' payment ' || coalesce(p.state, '-') "
      "|| ' reservation ' || coalesce(r.state, '-') FROM orders.orders AS o "
      "LEFT JOIN payments.payment AS p USING (order_id) LEFT JOIN inventory.reservation AS r USING (order_id) "
      "WHERE NOT coalesce(CASE o.state "
      "WHEN 3 THEN p.state = 6 AND p.captured_minor BETWEEN 1 AND o.total_minor AND p.hold_minor = 0 AND r.state = 3 "
      "ELSE p.state IN (7, 8, 9) AND p.captured_minor = 0 AND p.hold_minor = 0 "
      "AND coalesce(r.state, 2) IN (2, 5) END, 0)" },
    { "Q6: no payment and no reservation without an order",
      "SELECT hex(order_id) FROM payments.payment WHERE order_id NOT IN (SELECT order_id FROM orders.orders) "
      "UNION ALL SELECT hex(order_id) FROM inventory.reservation "
      "WHERE order_id NOT IN (SELECT order_id FROM orders.orders)" },
    { "A13: each capture is one transfer of that amount",
      "SELECT hex(order_id) FROM payments.payment LEFT JOIN payments.transfer USING (order_id) "
      "GROUP BY order_id, captured_minor "
      "HAVING coalesce(sum(transfer.amount_minor), 0) <> captured_minor OR count(kind) > 1" },
    { "A13: a customer owes what was confirmed, and nothing is held",
      "SELECT customer FROM payments.credit_line JOIN payments.account USING (account_id) "
      "WHERE held_minor <> 0 OR posted_minor <> (SELECT coalesce(sum(total_minor), 0) "
      "FROM orders.orders AS o JOIN payments.payment USING (order_id) "
      "WHERE o.customer = credit_line.customer AND o.state = 3 AND method = 'account')" },
    { "Q3: nothing is left to be asked of the bank",
      "SELECT hex(order_id) || ' op ' || op || ' in state ' || op_state FROM payments.intent "
      "UNION ALL SELECT hex(order_id) || ' op ' || op FROM payments.payment WHERE op <> 0" },
    { "A7: stock is what its ledger sums up to",
      "SELECT sku_id FROM inventory.stock AS s WHERE on_hand <> (SELECT coalesce(sum(delta_on_hand), 0) "
      "FROM inventory.stock_ledger AS l WHERE l.sku_id = s.sku_id AND l.warehouse_id = s.warehouse_id) "
      "OR reserved <> (SELECT coalesce(sum(delta_reserved), 0) FROM inventory.stock_ledger AS l "
      "WHERE l.sku_id = s.sku_id AND l.warehouse_id = s.warehouse_id) OR reserved > on_hand" },
    { "Q5: an order that was held and let go leaves nothing in the ledger",
      "SELECT hex(order_id) FROM inventory.reservation JOIN inventory.stock_ledger "
      "ON substr(cause_key, 1, 16) = order_id GROUP BY order_id, state "
      "HAVING (sum(delta_reserved) = 0) <> (state = 5)" },
    { "the counts by state are those of the rows",
      "SELECT 'order ' || state FROM orders.order_count "
      "LEFT JOIN (SELECT state, count(*) AS n FROM orders.orders GROUP BY state) USING (state) "
      "WHERE count <> coalesce(n, 0) "
      "UNION ALL SELECT 'payment ' || state FROM payments.payment_count "
      "LEFT JOIN (SELECT state, count(*) AS n FROM payments.payment GROUP BY state) USING (state) "
      "WHERE payments <> coalesce(n, 0)" },
};
/* clang-format on */

static const char *say(struct pgl_telling *telling, const char *claim, const char *offender)
{
    (void)snprintf(telling->found, sizeof telling->found, "not so: %s: %s", claim, offender);
    return telling->found;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc != SQLITE_OK)
        (void)fprintf(stderr, "%s\n%s\n", sqlite3_errmsg(db), sql);
    PGL_ASSERT(rc == SQLITE_OK);
    return statement;
}

static int64_t ask(sqlite3 *db, const char *sql, const char *argument)
{
    sqlite3_stmt *statement = prepare(db, sql);
    if (argument != NULL)
        (void)sqlite3_bind_text(statement, 1, argument, -1, SQLITE_STATIC);
    int64_t answer =
        sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    (void)sqlite3_finalize(statement);
    return answer;
}

static sqlite3 *open_all(void)
{
    static const char *const files[] = { "catalog", "orders", "payments", "inventory" };
    sqlite3 *db;
    PGL_ASSERT(sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, PGL_SHOP_DISK) == SQLITE_OK);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "ATTACH '" PGL_SHOP_FOLDER "/%s.db' AS %s", files[i],
                       files[i]);
        PGL_ASSERT(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    }
    return db;
}

static const char *look_at_files(sqlite3 *db, struct pgl_telling *telling)
{
    sqlite3_stmt *statement = prepare(db, "PRAGMA integrity_check");
    const char *found = NULL;
    while (found == NULL && sqlite3_step(statement) == SQLITE_ROW)
        if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
            found = say(telling, "the files are whole",
                        (const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    return found;
}

static const char *look_at_claims(sqlite3 *db, struct pgl_telling *telling)
{
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        sqlite3_stmt *statement = prepare(db, claims[i].offenders);
        const char *found = NULL;
        int rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW)
            found = say(telling, claims[i].claim, (const char *)sqlite3_column_text(statement, 0));
        else if (rc != SQLITE_DONE)
            found = say(telling, claims[i].claim, sqlite3_errmsg(db));
        (void)sqlite3_finalize(statement);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* ---- what this story's orders came to ---- */

static int64_t state_of(sqlite3 *db, const struct pgl_asked *asked)
{
    return ask(db,
               "SELECT state FROM orders.orders WHERE hex(order_id) = upper(replace(?1, '-', ''))",
               asked->order_id);
}

static int64_t confirmed_of(const struct pgl_story_ask *ask)
{
    return ask->confirms > 0 ? ask->confirms : ask->quantity;
}

static int64_t price_of(const char *sku)
{
    const struct pgl_shop_ware *ware = pgl_shop_wares;
    while (strcmp(ware->sku, sku) != 0)
        ware++;
    return ware->price_minor;
}

/* What was agreed to is taken, once, by our books and by the bank's own. */
static const char *look_at_money(sqlite3 *db, struct pgl_telling *telling, int i, bool is_confirmed)
{
    static const char captured_sql[] = "SELECT captured_minor FROM payments.payment "
                                       "WHERE hex(order_id) = upper(replace(?1, '-', ''))";
    const struct pgl_story_ask *asking = &telling->story->asks[i];
    const char *id = telling->asked[i].order_id;
    const struct pgl_bank_order there = pgl_bank_order(telling->shop->bank.bank, pgl_text_of(id));
    int64_t worth = is_confirmed ? confirmed_of(asking) * price_of(asking->sku) : 0;
    if (ask(db, captured_sql, id) != worth)
        return say(telling, "A2: what was confirmed is what was taken", id);
    if (asking->card == NULL)
        return there.intents == 0 ? NULL : say(telling, "A6: the bank is not asked", id);
    if (there.intents > 1 || there.captures != (uint32_t)is_confirmed)
        return say(telling, "A6: the bank has one object, and takes it once, or never", id);
    if (there.captured_minor != worth || there.refunded_minor != 0)
        return say(telling, "A2: captured here is captured there", id);
    if (there.held_minor != 0 || there.open != 0)
        return say(telling, "Q3: the bank holds nothing, and waits for nothing", id);
    return NULL;
}

static const char *look_at_bank(struct pgl_telling *telling)
{
    const struct pgl_bank *bank = telling->shop->bank.bank;
    struct pgl_text name;
    const char *why;
    for (uint64_t at = 0; pgl_bank_next_order(bank, &at, &name);) {
        bool is_ours = false;
        for (int i = 0; i < telling->story->ask_count; i++)
            is_ours |= telling->story->asks[i].card != NULL &&
                       pgl_text_is(name, telling->asked[i].order_id);
        if (!is_ours)
            return say(telling, "Q6: the bank knows of our orders alone", name.data);
    }
    return pgl_bank_is_balanced(bank, &why) ? NULL
                                            : say(telling, "A13: the bank's ledger balances", why);
}

static const char *look_at_order(sqlite3 *db, struct pgl_telling *telling, int i,
                                 bool is_undisturbed)
{
    const struct pgl_story_ask *ask = &telling->story->asks[i];
    const struct pgl_asked *asked = &telling->asked[i];
    int64_t state = state_of(db, asked);
    if (state < 0)
        return say(telling, "A11: what was answered is there", asked->order_id);
    unsigned ends = is_undisturbed ? ask->ends_usually : ask->ends_possibly;
    if ((ends & 1u << state) == 0)
        return say(telling, "it ends as it may", asked->order_id);
    return look_at_money(db, telling, i, state == ORDER_CONFIRMED);
}

/* "Too late" is a promise as well. */
static const char *look_at_cancel(sqlite3 *db, struct pgl_telling *telling, int i)
{
    const struct pgl_asked *asked = &telling->asked[i];
    int64_t state = state_of(db, &telling->asked[telling->story->asks[i].after]);
    if (asked->cancel_answer == CANCEL_ANSWER_TOO_LATE && state != ORDER_CONFIRMED)
        return say(telling, "too late is confirmed", asked->order_id);
    if (asked->cancel_answer == CANCEL_ANSWER_NOTHING_TO_CANCEL && state == ORDER_CONFIRMED)
        return say(telling, "nothing to cancel is not confirmed", asked->order_id);
    return NULL;
}

static bool is_repeated(const struct pgl_story *story, int i)
{
    bool is_repeated = false;
    for (int j = 0; j < i; j++)
        is_repeated |= story->asks[j].key != NULL && story->asks[i].key != NULL &&
                       strcmp(story->asks[j].key, story->asks[i].key) == 0 &&
                       strcmp(story->asks[j].customer, story->asks[i].customer) == 0;
    return is_repeated;
}

/* A7: of each ware lies there what came in, and is reserved what was confirmed. */
static const char *look_at_ware(sqlite3 *db, struct pgl_telling *telling,
                                const struct pgl_shop_ware *ware)
{
    static const char on_hand_sql[] = "SELECT sum(on_hand) FROM inventory.stock "
                                      "JOIN inventory.sku ON id = sku_id WHERE sku = ?1";
    static const char reserved_sql[] = "SELECT sum(reserved) FROM inventory.stock "
                                       "JOIN inventory.sku ON id = sku_id WHERE sku = ?1";
    int64_t on_hand = ware->eu + ware->us, reserved = 0;
    for (int i = 0; i < telling->story->ask_count; i++) {
        const struct pgl_story_ask *ask = &telling->story->asks[i];
        if (ask->sku == NULL || strcmp(ask->sku, ware->sku) != 0 || is_repeated(telling->story, i))
            continue;
        if (ask->verb == PGL_STORY_RECEIVES)
            on_hand += ask->quantity;
        else if (state_of(db, &telling->asked[i]) == ORDER_CONFIRMED)
            reserved += confirmed_of(ask);
    }
    if (ask(db, on_hand_sql, ware->sku) != on_hand)
        return say(telling, "what came in lies there, once", ware->sku);
    if (ask(db, reserved_sql, ware->sku) != reserved)
        return say(telling, "what was confirmed is reserved, once", ware->sku);
    return NULL;
}

/* Else it might have ended in the same way for another reason, and the story would be another. */
static const char *look_at_reason(sqlite3 *db, struct pgl_telling *telling)
{
    static const char reason_sql[] = "SELECT count(*) FROM orders.orders WHERE reason LIKE ?1";
    const struct pgl_story *story = telling->story;
    if (story->reason != NULL && ask(db, reason_sql, story->reason) != 1)
        return say(telling, "it ends for its reason", story->reason);
    if (telling->shop->bank.lost_captures > 0)
        return say(telling, "the bank's answer is lost", "it was heard");
    return NULL;
}

static const char *look_at_story(sqlite3 *db, struct pgl_telling *telling, bool is_undisturbed)
{
    static const char parked_sql[] =
        "SELECT (SELECT count(*) FROM orders.parked) + (SELECT count(*) FROM payments.parked) "
        "+ (SELECT count(*) FROM inventory.parked)";
    const struct pgl_story *story = telling->story;
    const char *found = NULL;
    for (int i = 0; i < story->ask_count && found == NULL; i++) {
        if (story->asks[i].verb == PGL_STORY_ORDERS)
            found = look_at_order(db, telling, i, is_undisturbed);
        else if (story->asks[i].verb == PGL_STORY_CANCELS)
            found = look_at_cancel(db, telling, i);
    }
    for (const struct pgl_shop_ware *w = pgl_shop_wares; w->sku != NULL && found == NULL; w++)
        found = look_at_ware(db, telling, w);
    if (found == NULL)
        found = look_at_bank(telling);
    if (found == NULL && is_undisturbed)
        found = look_at_reason(db, telling);
    if (found == NULL && ask(db, parked_sql, NULL) != story->parked)
        found = say(telling, "Q4: only what nobody can handle is set aside", "another number");
    if (found == NULL && ask(db, "SELECT count(*) FROM orders.orders", NULL) != story->orders)
        found = say(telling, "there are the orders that were asked for", "another number");
    if (found == NULL && story->confirmed >= 0 &&
        ask(db, "SELECT count(*) FROM orders.orders WHERE state = 3", NULL) != story->confirmed)
        found = say(telling, "as many are confirmed as have to be", "another number");
    return found;
}

const char *pgl_truth_find_wrong(struct pgl_telling *telling, bool is_undisturbed)
{
    sqlite3 *db = open_all();
    const char *found = look_at_files(db, telling);
    if (found == NULL)
        found = look_at_claims(db, telling);
    if (found == NULL)
        found = look_at_story(db, telling, is_undisturbed);
    (void)sqlite3_close(db);
    return found;
}
