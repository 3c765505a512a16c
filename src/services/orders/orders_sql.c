/* orders_sql.c - see orders_sql.h. */
#include "services/orders/orders_sql.h"

#include "orders_migrations.h" /* made from sql/ */
#include "saga/caller.h"
#include "store/migrate.h"

/* ---- the tables ---- */

static const char index_first_sql[] =
    "INSERT INTO order_index (id, hash_seed, keys_up_to, customers_up_to) VALUES (1, ?1, x'', x'') "
    "ON CONFLICT (id) DO NOTHING";
static const char hash_seed_sql[] = "SELECT hash_seed FROM order_index WHERE id = 1";

pgl_status pgl_orders_migrate(struct pgl_database *db, const struct pgl_entropy *entropy)
{
    PGL_TRY(pgl_migrate(db, "orders", orders_migrations,
                        sizeof orders_migrations / sizeof orders_migrations[0]));
    uint8_t seed[16];
    pgl_entropy_fill(entropy, seed, sizeof seed);
    struct pgl_rows rows = pgl_rows_begin(db, index_first_sql);
    pgl_bind_blob(&rows, seed, sizeof seed);
    return pgl_rows_run(&rows, NULL);
}

pgl_status order_hash_seed(struct pgl_database *db, uint8_t seed[16])
{
    struct pgl_rows rows = pgl_rows_begin(db, hash_seed_sql);
    PGL_TRY(pgl_rows_next(&rows));
    struct pgl_text blob = rows.has_row ? pgl_column_blob(&rows, 0) : (struct pgl_text){ NULL, 0 };
    bool is_right = blob.size == 16;
    if (is_right)
        memcpy(seed, blob.data, 16);
    pgl_rows_end(&rows);
    return is_right ? PGL_OK : PGL_FAIL(PGL_DATA_LOSS, "the seed of the order indexes is missing");
}

/* ---- an order ---- */

#define GET_ORDER                                                                                  \
    "SELECT tenant, customer, idempotency_key, fingerprint, state, cancel, currency, "             \
    "total_minor, "                                                                                \
    "body, created_at_ns, deadline_at_ns, reason, changes, said, last_event_seq, previous_id, "    \
    "beyond FROM orders WHERE order_id = ?1"

static const char get_sql[] = GET_ORDER;
static const char get_of_tenant_sql[] = GET_ORDER " AND tenant = ?2";
static const char get_of_customer_sql[] = GET_ORDER " AND tenant = ?2 AND customer = ?3";
static const char get_previous_sql[] = "SELECT previous_id FROM orders WHERE order_id = ?1";
static const char get_facts_sql[] =
    "SELECT state, cancel, said, last_event_seq, tenant, reason, beyond FROM orders "
    "WHERE order_id = ?1";
static const char insert_sql[] =
    "INSERT INTO orders (order_id, tenant, customer, idempotency_key, fingerprint, state, cancel, "
    "currency, total_minor, body, created_at_ns, deadline_at_ns, reason, changes, said, "
    "last_event_seq, "
    "previous_id, beyond) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
    "?15, ?16, ?17, 0)";
static const char update_sql[] =
    "UPDATE orders SET state = ?2, cancel = ?3, reason = ?4, said = ?5, last_event_seq = ?6, "
    "changes = CAST(changes || ?7 AS BLOB), beyond = ?8 WHERE order_id = ?1";
static const char ids_below_sql[] =
    "SELECT order_id FROM orders WHERE order_id < ?1 ORDER BY order_id DESC LIMIT ?2";
static const char keys_behind_sql[] = "SELECT order_id, tenant, customer, idempotency_key FROM "
                                      "orders WHERE order_id > ?1 ORDER BY order_id";

static struct pgl_text copy(const struct pgl_view *view, struct pgl_text column)
{
    return (struct pgl_text){ pgl_arena_string(view->arena, column), column.size };
}

static void read_row(const struct pgl_view *view, const struct pgl_rows *rows,
                     struct order_row *order)
{
    order->tenant = copy(view, pgl_column_text(rows, 0));
    order->customer = copy(view, pgl_column_text(rows, 1));
    order->idempotency_key = copy(view, pgl_column_text(rows, 2));
    order->fingerprint = copy(view, pgl_column_blob(rows, 3));
    order->state = (enum order_state)pgl_column_i64(rows, 4);
    order->cancel = (enum order_cancel)pgl_column_i64(rows, 5);
    order->currency = copy(view, pgl_column_text(rows, 6));
    order->total_minor = pgl_column_i64(rows, 7);
    order->body = copy(view, pgl_column_blob(rows, 8));
    order->created_at_ns = pgl_column_i64(rows, 9);
    order->deadline_at_ns = pgl_column_i64(rows, 10);
    order->reason = copy(view, pgl_column_text(rows, 11));
    order->changes = copy(view, pgl_column_blob(rows, 12));
    order->said = pgl_column_i64(rows, 13);
    order->last_event_seq = pgl_column_i64(rows, 14);
    order->previous_id = pgl_column_id(rows, 15);
    order->beyond = pgl_column_i64(rows, 16);
}

static pgl_status checked(const struct pgl_view *view)
{
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static const pgl_status no_such_order = { PGL_NOT_FOUND, "there is no such order" };

static pgl_status take_order(const struct pgl_view *view, struct pgl_rows *rows,
                             struct order_row *order)
{
    PGL_TRY(pgl_rows_next(rows));
    if (!rows->has_row)
        return no_such_order;
    read_row(view, rows, order);
    pgl_rows_end(rows);
    return checked(view);
}

pgl_status order_get(const struct pgl_view *view, pgl_id id, struct order_row *order)
{
    *order = (struct order_row){ .id = id };
    struct pgl_rows rows = pgl_view_rows(view, get_sql);
    pgl_bind_id(&rows, &id);
    return take_order(view, &rows, order);
}

pgl_status order_get_of(const struct pgl_view *view, pgl_id id, struct pgl_text tenant,
                        struct pgl_text customer, struct order_row *order)
{
    *order = (struct order_row){ .id = id };
    struct pgl_rows rows = pgl_view_rows(view, get_of_customer_sql);
    pgl_bind_id(&rows, &id);
    pgl_bind_text(&rows, tenant);
    pgl_bind_text(&rows, customer);
    return take_order(view, &rows, order);
}

pgl_status order_get_for(const struct pgl_view *view, pgl_id id, const Caller *caller,
                         struct order_row *order)
{
    if (caller == NULL)
        return no_such_order;
    if (!pgl_caller_sees_tenant(caller))
        return order_get_of(view, id, pgl_text_of(caller->tenant), pgl_text_of(caller->subject),
                            order);
    *order = (struct order_row){ .id = id };
    struct pgl_rows rows = pgl_view_rows(view, get_of_tenant_sql);
    pgl_bind_id(&rows, &id);
    pgl_bind_text(&rows, pgl_text_of(caller->tenant));
    return take_order(view, &rows, order);
}

pgl_status order_previous(const struct pgl_view *view, pgl_id *id)
{
    struct pgl_rows rows = pgl_view_rows(view, get_previous_sql);
    pgl_bind_id(&rows, id);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return no_such_order;
    *id = pgl_column_id(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status order_get_facts(const struct pgl_view *view, pgl_id id, struct order_row *order)
{
    *order = (struct order_row){ .id = id };
    struct pgl_rows rows = pgl_view_rows(view, get_facts_sql);
    pgl_bind_id(&rows, &id);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return no_such_order;
    order->state = (enum order_state)pgl_column_i64(&rows, 0);
    order->cancel = (enum order_cancel)pgl_column_i64(&rows, 1);
    order->said = pgl_column_i64(&rows, 2);
    order->last_event_seq = pgl_column_i64(&rows, 3);
    order->tenant = copy(view, pgl_column_text(&rows, 4));
    order->reason = copy(view, pgl_column_text(&rows, 5));
    order->beyond = pgl_column_i64(&rows, 6);
    pgl_rows_end(&rows);
    return checked(view);
}

/* What it was above, the state below. */
static void encode_change(int kind, enum order_state state, int64_t at_ns,
                          uint8_t change[ORDER_CHANGE_BYTES])
{
    change[0] = (uint8_t)(kind << 4 | (int)state);
    for (int i = 0; i < 8; i++)
        change[1 + i] = (uint8_t)((uint64_t)at_ns >> (8 * i));
}

pgl_status order_insert(struct pgl_tx *tx, const struct order_row *order)
{
    uint8_t change[ORDER_CHANGE_BYTES];
    encode_change(CHANGE_KIND_UNSPECIFIED, order->state, order->created_at_ns, change);
    struct pgl_rows rows = pgl_tx_rows(tx, insert_sql);
    pgl_bind_id(&rows, &order->id);
    pgl_bind_text(&rows, order->tenant);
    pgl_bind_text(&rows, order->customer);
    pgl_bind_text(&rows, order->idempotency_key);
    pgl_bind_blob(&rows, order->fingerprint.data, order->fingerprint.size);
    pgl_bind_i64(&rows, order->state);
    pgl_bind_i64(&rows, order->cancel);
    pgl_bind_text(&rows, order->currency);
    pgl_bind_i64(&rows, order->total_minor);
    pgl_bind_blob(&rows, order->body.data, order->body.size);
    pgl_bind_i64(&rows, order->created_at_ns);
    pgl_bind_i64(&rows, order->deadline_at_ns);
    pgl_bind_text(&rows, order->reason);
    pgl_bind_blob(&rows, change, sizeof change);
    pgl_bind_i64(&rows, order->said);
    pgl_bind_i64(&rows, order->last_event_seq);
    pgl_bind_blob(&rows, order->previous_id.bytes, pgl_id_is_zero(order->previous_id) ? 0 : 16);
    return pgl_rows_run(&rows, NULL);
}

pgl_status order_update(struct pgl_tx *tx, const struct order_row *order, enum order_state before)
{
    uint8_t changes[(1 + ORDER_NOTED_MAX) * ORDER_CHANGE_BYTES];
    size_t size = 0;
    if (order->state != before) {
        encode_change(CHANGE_KIND_UNSPECIFIED, order->state, pgl_tx_now_ns(tx), changes);
        size = ORDER_CHANGE_BYTES;
    }
    for (int i = 0; i < order->noted_count; i++, size += ORDER_CHANGE_BYTES)
        encode_change(order->noted[i], order->state, pgl_tx_now_ns(tx), changes + size);
    struct pgl_rows rows = pgl_tx_rows(tx, update_sql);
    pgl_bind_id(&rows, &order->id);
    pgl_bind_i64(&rows, order->state);
    pgl_bind_i64(&rows, order->cancel);
    pgl_bind_text(&rows, order->reason);
    pgl_bind_i64(&rows, order->said);
    pgl_bind_i64(&rows, order->last_event_seq);
    pgl_bind_blob(&rows, changes, size);
    pgl_bind_i64(&rows, order->beyond);
    return pgl_rows_run(&rows, NULL);
}

struct pgl_rows order_ids_below(const struct pgl_view *view, const pgl_id *below, int limit)
{
    struct pgl_rows rows = pgl_view_rows(view, ids_below_sql);
    pgl_bind_id(&rows, below);
    pgl_bind_i64(&rows, limit);
    return rows;
}

struct pgl_rows order_keys_behind(struct pgl_database *db, const pgl_id *after)
{
    struct pgl_rows rows = pgl_rows_begin(db, keys_behind_sql);
    pgl_bind_id(&rows, after);
    return rows;
}

/* ---- deadlines ---- */

static const char deadlines_from_sql[] =
    "SELECT order_id, state, deadline_at_ns, tenant, customer FROM orders WHERE order_id >= ?1 "
    "ORDER BY order_id LIMIT ?2";
static const char tick_get_sql[] =
    "SELECT now_ns, wall_ns, final_below FROM order_clock WHERE id = 1";
static const char tick_put_sql[] =
    "UPDATE order_clock SET now_ns = ?1, wall_ns = ?2, final_below = ?3 WHERE id = 1";

struct pgl_rows order_deadlines_from(struct pgl_database *db, const pgl_id *first, int limit)
{
    struct pgl_rows rows = pgl_rows_begin(db, deadlines_from_sql);
    pgl_bind_id(&rows, first);
    pgl_bind_i64(&rows, limit);
    return rows;
}

pgl_status order_deadlines_next(struct pgl_rows *rows, struct order_deadline *order)
{
    PGL_TRY(pgl_rows_next(rows));
    order->is_there = rows->has_row;
    if (!rows->has_row)
        return PGL_OK;
    order->id = pgl_column_id(rows, 0);
    order->state = (enum order_state)pgl_column_i64(rows, 1);
    order->deadline_at_ns = pgl_column_i64(rows, 2);
    order->tenant = pgl_column_text(rows, 3);
    order->customer = pgl_column_text(rows, 4);
    return PGL_OK;
}

pgl_status order_tick_get(struct pgl_database *db, struct pgl_tick *tick, pgl_id *final_below)
{
    struct pgl_rows rows = pgl_rows_begin(db, tick_get_sql);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_DATA_LOSS, "the clock of the deadlines is missing");
    *tick = (struct pgl_tick){ pgl_column_i64(&rows, 0), pgl_column_i64(&rows, 1) };
    *final_below = pgl_column_id(&rows, 2);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status order_tick_put(struct pgl_tx *tx, const struct pgl_tick *tick, const pgl_id *final_below)
{
    struct pgl_rows rows = pgl_tx_rows(tx, tick_put_sql);
    pgl_bind_i64(&rows, tick->now_ns);
    pgl_bind_i64(&rows, tick->wall_ns);
    pgl_bind_id(&rows, final_below);
    return pgl_rows_run(&rows, NULL);
}

/* ---- indexes and counts ---- */

static const char by_key_get_sql[] = "SELECT order_id FROM order_by_key WHERE hash = ?1";
static const char by_key_put_sql[] =
    "INSERT INTO order_by_key (hash, order_id) VALUES (?1, ?2) "
    "ON CONFLICT (hash) DO UPDATE SET order_id = excluded.order_id";
static const char by_key_watermark_get_sql[] = "SELECT keys_up_to FROM order_index WHERE id = 1";
static const char by_key_watermark_put_sql[] =
    "UPDATE order_index SET keys_up_to = ?1 WHERE id = 1";
static const char newest_get_sql[] = "SELECT order_id FROM newest_of_customer WHERE hash = ?1";
static const char newest_put_sql[] =
    "INSERT INTO newest_of_customer (hash, order_id) VALUES (?1, ?2) "
    "ON CONFLICT (hash) DO UPDATE SET order_id = excluded.order_id";
static const char newest_watermark_get_sql[] =
    "SELECT customers_up_to FROM order_index WHERE id = 1";
static const char newest_watermark_put_sql[] =
    "UPDATE order_index SET customers_up_to = ?1 WHERE id = 1";

const struct pgl_recent_sql order_by_key_sql = { by_key_get_sql, by_key_put_sql,
                                                 by_key_watermark_get_sql,
                                                 by_key_watermark_put_sql };
const struct pgl_recent_sql newest_of_customer_sql = { newest_get_sql, newest_put_sql,
                                                       newest_watermark_get_sql,
                                                       newest_watermark_put_sql };

const char order_count_get_sql[] = "SELECT state, count FROM order_count";
const char order_count_put_sql[] = "INSERT INTO order_count (state, count) VALUES (?1, ?2) "
                                   "ON CONFLICT (state) DO UPDATE SET count = excluded.count";
