/* audit.c - see audit.h. */
#include "services/inventory/audit.h"

#include "base/map.h"
#include "services/inventory/inventory_sql.h"
#include "services/inventory/names.h"
#include "services/inventory/reserve.h"
#include "wire/message.h"

#define AUDIT_ARENA_CHUNK_BYTES 65536
#define AUDIT_ARENA_LIMIT_BYTES (4u << 20) /* the largest reservation, many times over */

static const char stock_sql[] = "SELECT sku_id, warehouse_id, on_hand, reserved FROM stock";
static const char ledger_sql[] =
    "SELECT sku_id, warehouse_id, delta_on_hand, delta_reserved, cause_key FROM stock_ledger";
static const char reservations_sql[] =
    "SELECT order_id, state, allocations FROM reservation ORDER BY order_id";
static const char ledger_of_order_sql[] =
    "SELECT sku.sku, warehouse.code, sum(delta_reserved), count(*) FROM stock_ledger "
    "JOIN sku ON sku.id = sku_id JOIN warehouse ON warehouse.id = warehouse_id "
    "WHERE cause_key BETWEEN ?1 AND ?2 GROUP BY sku_id, warehouse_id";
static const char cursor_sql[] = "SELECT order_id, state FROM reservation ORDER BY order_id";

int64_t pgl_inventory_faults(const struct pgl_inventory_audit *audit)
{
    return audit->wrong_on_hand + audit->wrong_reserved + audit->wrong_reservations +
           audit->orphans;
}

/* ---- stock against the ledger ---- */

/* What a row of stock says, less what the ledger says: 0 in the end. */
struct level {
    int64_t on_hand, reserved;
};

struct levels {
    struct level *list; /* in the view's arena */
    struct pgl_map places;
    struct pgl_inventory_audit *audit;
};

static uint64_t place_of(const struct pgl_rows *rows)
{
    return (uint64_t)pgl_column_i64(rows, 0) << 32 | (uint64_t)pgl_column_i64(rows, 1);
}

static pgl_status add_stock(struct levels *levels, const struct pgl_rows *rows)
{
    struct pgl_inventory_audit *audit = levels->audit;
    struct level level = { pgl_column_i64(rows, 2), pgl_column_i64(rows, 3) };
    audit->reserved += level.reserved;
    audit->shortfalls += level.reserved > level.on_hand;
    levels->list[audit->stock_rows] = level;
    return pgl_map_put(&levels->places, place_of(rows), (uint64_t)audit->stock_rows++);
}

static pgl_status subtract_ledger(struct levels *levels, const struct pgl_rows *rows)
{
    struct pgl_inventory_audit *audit = levels->audit;
    const uint64_t *at = pgl_map_get(&levels->places, place_of(rows));
    struct pgl_text cause_key = pgl_column_blob(rows, 4);
    char cause = cause_key.data[cause_key.size - 1];
    audit->ledger_rows++;
    audit->orphans += cause == STOCK_HELD || cause == STOCK_RELEASED; /* until its order is found */
    if (at == NULL) {
        audit->orphans++;
        return PGL_OK;
    }
    levels->list[*at].on_hand -= pgl_column_i64(rows, 2);
    levels->list[*at].reserved -= pgl_column_i64(rows, 3);
    return PGL_OK;
}

static pgl_status for_each_row(const struct pgl_view *view, const char *sql, struct levels *levels,
                               pgl_status (*take)(struct levels *, const struct pgl_rows *))
{
    struct pgl_rows rows = pgl_view_rows(view, sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status taken = take(levels, &rows);
        if (!pgl_is_ok(taken)) {
            pgl_rows_end(&rows);
            return taken;
        }
    }
}

static pgl_status count_stock(const struct pgl_view *view, int64_t *count)
{
    struct pgl_rows rows = pgl_view_rows(view, "SELECT count(*) FROM stock");
    PGL_TRY(pgl_rows_next(&rows));
    *count = pgl_column_i64(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status compare_levels(const struct pgl_view *view, struct levels *levels)
{
    int64_t count;
    PGL_TRY(count_stock(view, &count));
    levels->list = pgl_arena_alloc(view->arena, (size_t)(count + 1) * sizeof levels->list[0]);
    if (levels->list == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for an audit of stock");
    PGL_TRY(for_each_row(view, stock_sql, levels, add_stock));
    PGL_TRY(for_each_row(view, ledger_sql, levels, subtract_ledger));
    for (int64_t i = 0; i < levels->audit->stock_rows; i++) {
        levels->audit->wrong_on_hand += levels->list[i].on_hand != 0;
        levels->audit->wrong_reserved += levels->list[i].reserved != 0;
    }
    return PGL_OK;
}

/* ---- reservations against the ledger ---- */

static bool holds_stock(int64_t state)
{
    return state == RESERVATION_HELD || state == RESERVATION_COMMITTED;
}

static int64_t allocated(const InventoryCommitted *held, struct pgl_text sku,
                         struct pgl_text warehouse)
{
    int64_t sum = 0;
    for (size_t i = 0; i < held->n_allocations; i++)
        if (pgl_text_is(sku, held->allocations[i]->sku) &&
            pgl_text_is(warehouse, held->allocations[i]->warehouse))
            sum += held->allocations[i]->quantity;
    return sum;
}

/* Row by row and in sum: so there is nothing in either that is not in the other. */
static pgl_status compare_order(const struct pgl_view *view, pgl_id order_id, int64_t state,
                                const InventoryCommitted *held, struct pgl_inventory_audit *audit,
                                bool *is_sound)
{
    uint8_t first[sizeof order_id.bytes + 1] = { 0 }, last[sizeof order_id.bytes + 1];
    memcpy(first, order_id.bytes, sizeof order_id.bytes);
    memcpy(last, order_id.bytes, sizeof order_id.bytes);
    last[sizeof order_id.bytes] = UINT8_MAX;
    int64_t wanted = 0, found = 0;
    for (size_t i = 0; i < held->n_allocations && holds_stock(state); i++)
        wanted += held->allocations[i]->quantity;
    struct pgl_rows rows = pgl_view_rows(view, ledger_of_order_sql);
    pgl_bind_blob(&rows, first, sizeof first);
    pgl_bind_blob(&rows, last, sizeof last);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        int64_t here = pgl_column_i64(&rows, 2);
        struct pgl_text sku = pgl_column_text(&rows, 0), warehouse = pgl_column_text(&rows, 1);
        *is_sound &= here == (holds_stock(state) ? allocated(held, sku, warehouse) : 0);
        found += here;
        audit->orphans -= pgl_column_i64(&rows, 3);
    }
    *is_sound &= found == wanted;
    audit->held += state == RESERVATION_HELD ? wanted : 0;
    audit->committed += state == RESERVATION_COMMITTED ? wanted : 0;
    return PGL_OK;
}

static pgl_status compare_reservation(const struct pgl_view *view, const struct pgl_rows *row,
                                      struct pgl_inventory_audit *audit)
{
    static const InventoryCommitted nothing = INVENTORY_COMMITTED_INIT;
    int64_t state = pgl_column_i64(row, 1);
    void *held;
    pgl_status unpacked = pgl_message_unpack(INVENTORY_COMMITTED_DESCRIPTOR, view->arena,
                                             pgl_column_blob(row, 2), &held);
    if (unpacked.code == PGL_EXHAUSTED)
        return unpacked;
    bool is_sound = pgl_is_ok(unpacked);
    audit->reservations[state]++;
    PGL_TRY(compare_order(view, pgl_column_id(row, 0), state, is_sound ? held : &nothing, audit,
                          &is_sound));
    audit->wrong_reservations += !is_sound;
    return PGL_OK;
}

static pgl_status compare_reservations(const struct pgl_view *view,
                                       struct pgl_inventory_audit *audit)
{
    struct pgl_rows rows = pgl_view_rows(view, reservations_sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_arena_reset(view->arena);
        pgl_status compared = compare_reservation(view, &rows, audit);
        if (!pgl_is_ok(compared)) {
            pgl_rows_end(&rows);
            return compared;
        }
    }
}

pgl_status pgl_inventory_check(const struct pgl_view *view, struct pgl_inventory_audit *audit)
{
    *audit = (struct pgl_inventory_audit){ 0 };
    struct levels levels = { .audit = audit };
    pgl_map_init(&levels.places, (size_t)PGL_SKUS_MAX * PGL_WAREHOUSES_MAX);
    pgl_status status = compare_levels(view, &levels);
    pgl_map_free(&levels.places);
    if (!pgl_is_ok(status))
        return status;
    struct pgl_arena scratch;
    pgl_arena_init(&scratch, AUDIT_ARENA_CHUNK_BYTES, AUDIT_ARENA_LIMIT_BYTES);
    struct pgl_view small = { view->db, &scratch, view->context };
    status = compare_reservations(&small, audit);
    pgl_arena_free(&scratch);
    return status;
}

/* ---- joins over several files ---- */

void pgl_reservations_begin(const struct pgl_view *view, struct pgl_reservation_cursor *cursor)
{
    cursor->rows = pgl_view_rows(view, cursor_sql);
}

pgl_status pgl_reservations_next(struct pgl_reservation_cursor *cursor,
                                 struct pgl_reservation *reservation)
{
    *reservation = (struct pgl_reservation){ .state = RESERVATION_NONE };
    PGL_TRY(pgl_rows_next(&cursor->rows));
    if (!cursor->rows.has_row)
        return PGL_OK;
    reservation->order_id = pgl_column_id(&cursor->rows, 0);
    reservation->state = (enum reservation_state)pgl_column_i64(&cursor->rows, 1);
    reservation->is_there = true;
    return PGL_OK;
}

void pgl_reservations_end(struct pgl_reservation_cursor *cursor)
{
    pgl_rows_end(&cursor->rows);
}
