/*
 * keys.c - how orders are found without an index in the file: by idempotency key, and the newest of
 * a customer. Both are hashes in memory first (store/recent.h); a look-up compares the row.
 */
#include "services/orders/orders.h"

#define KEY_PROBES_MAX 8 /* two different keys of one 64-bit hash are never seen; eight are a bug */

static int64_t next_place(int64_t hash)
{
    return (int64_t)((uint64_t)hash + 1);
}

pgl_status order_find_by_key(struct pgl_tx *tx, const CreateOrderRequest *ask,
                             struct order_row *order, bool *is_there, int64_t *place)
{
    struct pgl_orders_state *orders = pgl_tx_context(tx);
    struct pgl_text tenant = pgl_text_of(ask->caller->tenant),
                    customer = pgl_text_of(ask->caller->subject);
    struct pgl_text key = pgl_text_of(ask->idempotency_key);
    *is_there = false;
    *place = order_hash_of_key(orders, tenant, customer, key);
    for (int probes = 0; probes < KEY_PROBES_MAX; probes++, *place = next_place(*place)) {
        pgl_id id;
        PGL_TRY(pgl_recent_get(&orders->by_key, *place, &id));
        if (pgl_id_is_zero(id))
            return PGL_OK;
        pgl_status found = order_get_of(&tx->view, id, tenant, customer, order);
        if (found.code == PGL_NOT_FOUND)
            continue; /* another customer's key has the same hash */
        PGL_TRY(found);
        *is_there = pgl_text_equal(order->idempotency_key, key);
        if (*is_there)
            return PGL_OK;
    }
    return PGL_FAIL(PGL_INTERNAL, "too many idempotency keys share a hash");
}

/* ---- at start ---- */

/* To the place where order_find_by_key looks for it: behind others of the same hash. */
static pgl_status feed_key(struct pgl_orders_state *orders, int64_t hash, pgl_id id)
{
    for (int probes = 0; probes < KEY_PROBES_MAX; probes++, hash = next_place(hash)) {
        pgl_id there;
        PGL_TRY(pgl_recent_get(&orders->by_key, hash, &there));
        if (pgl_id_equal(there, id))
            return PGL_OK; /* the table has it already */
        if (pgl_id_is_zero(there))
            return pgl_recent_feed(&orders->by_key, hash, id);
    }
    return PGL_FAIL(PGL_INTERNAL, "too many idempotency keys share a hash");
}

static pgl_status feed_row(struct pgl_orders_state *orders, const struct pgl_rows *rows)
{
    pgl_id id = pgl_column_id(rows, 0);
    struct pgl_text tenant = pgl_column_text(rows, 1), customer = pgl_column_text(rows, 2);
    int64_t hash = order_hash_of_customer(orders, tenant, customer);
    if (pgl_id_compare(id, orders->newest.watermark) > 0)
        PGL_TRY(pgl_recent_feed(&orders->newest, hash, id));
    if (pgl_id_compare(id, orders->by_key.watermark) <= 0)
        return PGL_OK;
    hash = order_hash_of_key(orders, tenant, customer, pgl_column_text(rows, 3));
    return feed_key(orders, hash, id);
}

pgl_status order_keys_open(struct pgl_orders_state *orders, struct pgl_writer *writer)
{
    uint32_t generation = orders->options.generation;
    PGL_TRY(pgl_recent_open(&orders->by_key, writer, &order_by_key_sql, generation));
    PGL_TRY(pgl_recent_open(&orders->newest, writer, &newest_of_customer_sql, generation));
    pgl_id from = orders->by_key.watermark;
    if (pgl_id_compare(orders->newest.watermark, from) < 0)
        from = orders->newest.watermark;
    struct pgl_rows rows = order_keys_behind(&writer->db, &from);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status fed = feed_row(orders, &rows);
        if (!pgl_is_ok(fed)) {
            pgl_rows_end(&rows);
            return fed;
        }
    }
}

void order_keys_close(struct pgl_orders_state *orders)
{
    pgl_recent_close(&orders->by_key);
    pgl_recent_close(&orders->newest);
}

/* ---- hashes ---- */

int64_t order_hash_of_customer(const struct pgl_orders_state *orders, struct pgl_text tenant,
                               struct pgl_text customer)
{
    struct pgl_hash_key key = orders->hash_key;
    key.k1 ^= pgl_hash(key, tenant.data, tenant.size);
    return (int64_t)pgl_hash(key, customer.data, customer.size);
}

int64_t order_hash_of_key(const struct pgl_orders_state *orders, struct pgl_text tenant,
                          struct pgl_text customer, struct pgl_text key)
{
    struct pgl_hash_key hash_key = orders->hash_key;
    hash_key.k0 ^= (uint64_t)order_hash_of_customer(orders, tenant, customer);
    return (int64_t)pgl_hash(hash_key, key.data, key.size);
}
