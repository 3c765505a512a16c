/* audit.c - see audit.h. */
#include "services/inventory/audit.h"

#include <stdio.h>

#include "base/map.h"
#include "services/inventory/fulfilment.h"
#include "services/inventory/names.h"

#define AUDIT_ARENA_CHUNK_BYTES 65536
#define AUDIT_ARENA_LIMIT_BYTES (4u << 20) /* the largest reservation, many times over */

static const char stock_sql[] = "SELECT sku_id, warehouse_id, on_hand, reserved FROM stock";
/* The last column: what a till took. */
static const char ledger_sql[] =
    "SELECT sku_id, warehouse_id, delta_on_hand, delta_reserved, "
    "CASE substr(cause_key, 17, 1) WHEN x'50' THEN -delta_on_hand ELSE 0 END FROM stock_ledger";
/* The last column: whether anything has left or was refunded. */
static const char reservations_sql[] =
    "SELECT order_id, state, allocations, state IN (3, 4) AND "
    "(EXISTS (SELECT 1 FROM shipment WHERE shipment.order_id = reservation.order_id) OR "
    "EXISTS (SELECT 1 FROM refund WHERE refund.order_id = reservation.order_id)) "
    "FROM reservation ORDER BY order_id";
static const char strays_sql[] =
    "WITH moved (order_id) AS (SELECT order_id FROM shipment UNION SELECT order_id FROM refund) "
    "SELECT order_id FROM moved WHERE NOT EXISTS (SELECT 1 FROM reservation "
    "WHERE reservation.order_id = moved.order_id AND state IN (3, 4))";
/* In the order of the ledger's key, which begins with the order's id; names by their row ids. */
static const char ledger_by_cause_sql[] =
    "SELECT cause_key, sku.sku, warehouse.code, delta_on_hand, delta_reserved FROM stock_ledger "
    "LEFT JOIN sku ON sku.id = sku_id LEFT JOIN warehouse ON warehouse.id = warehouse_id "
    "ORDER BY cause_key, sku_id, warehouse_id";
static const char names_sql[] =
    "SELECT (SELECT sku FROM sku WHERE id = ?1), (SELECT code FROM warehouse WHERE id = ?2)";
/* `partial` is the last field of the packed allocations, and no quantity ends in these two
 * bytes. */
static const char cursor_sql[] =
    "SELECT order_id, state, emitted, last_event_seq, substr(allocations, -2) = x'1001', "
    "CASE WHEN state IN (3, 4) THEN (SELECT count(*) FROM shipment "
    "WHERE shipment.order_id = reservation.order_id) ELSE 0 END, "
    "CASE WHEN state IN (3, 4) THEN (SELECT count(*) FROM refund "
    "WHERE refund.order_id = reservation.order_id) ELSE 0 END "
    "FROM reservation ORDER BY order_id";

int64_t pgl_inventory_faults(const struct pgl_inventory_audit *audit)
{
    return audit->wrong_on_hand + audit->wrong_reserved + audit->wrong_reservations +
           audit->orphans;
}

/* ---- faults ---- */

/* The next free place for a fault; the last one is thrown away once there are enough. */
static struct pgl_inventory_offender *next_offender(struct pgl_inventory_audit *audit,
                                                    struct pgl_inventory_offender *spare)
{
    if (audit->offender_count == PGL_INVENTORY_OFFENDERS_MAX)
        return spare;
    return &audit->offenders[audit->offender_count++];
}

static void name_order(struct pgl_inventory_audit *audit, pgl_id order_id, const char *what)
{
    struct pgl_inventory_offender spare, *offender = next_offender(audit, &spare);
    pgl_id_format(order_id, offender->name);
    offender->name[PGL_ID_TEXT_BYTES] = '\0';
    snprintf(offender->what, sizeof offender->what, "%s", what);
}

static pgl_status name_stock(const struct pgl_view *view, struct pgl_inventory_audit *audit,
                             int64_t sku_id, int64_t warehouse_id, const char *what)
{
    struct pgl_inventory_offender spare, *offender = next_offender(audit, &spare);
    struct pgl_rows rows = pgl_view_rows(view, names_sql);
    pgl_bind_i64(&rows, sku_id);
    pgl_bind_i64(&rows, warehouse_id);
    PGL_TRY(pgl_rows_next(&rows));
    snprintf(offender->name, sizeof offender->name, "%.*s in %.*s",
             PGL_TEXT_ARGS(pgl_column_text(&rows, 0)), PGL_TEXT_ARGS(pgl_column_text(&rows, 1)));
    snprintf(offender->what, sizeof offender->what, "%s", what);
    pgl_rows_end(&rows);
    return PGL_OK;
}

/* ---- stock against the ledger ---- */

/* What a row of stock says, less what the ledger says: 0 in the end. And what is there without what
 * tills took: no less than nothing. */
struct level {
    int64_t on_hand, reserved;
    int64_t unsold;
};

struct levels {
    const struct pgl_view *view;
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
    int64_t on_hand = pgl_column_i64(rows, 2);
    struct level level = { on_hand, pgl_column_i64(rows, 3), on_hand };
    audit->reserved += level.reserved;
    audit->shortfalls += level.reserved > level.on_hand;
    levels->list[audit->stock_rows] = level;
    return pgl_map_put(&levels->places, place_of(rows), (uint64_t)audit->stock_rows++);
}

static pgl_status subtract_ledger(struct levels *levels, const struct pgl_rows *rows)
{
    struct pgl_inventory_audit *audit = levels->audit;
    const uint64_t *at = pgl_map_get(&levels->places, place_of(rows));
    audit->ledger_rows++;
    if (at == NULL) {
        audit->orphans++;
        return name_stock(levels->view, audit, pgl_column_i64(rows, 0), pgl_column_i64(rows, 1),
                          "the ledger moves stock that is not there");
    }
    levels->list[*at].on_hand -= pgl_column_i64(rows, 2);
    levels->list[*at].reserved -= pgl_column_i64(rows, 3);
    levels->list[*at].unsold += pgl_column_i64(rows, 4);
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

static pgl_status judge_levels(const struct pgl_view *view, struct levels *levels)
{
    const struct pgl_map_slot *slot;
    for (size_t at = 0; (slot = pgl_map_next(&levels->places, &at)) != NULL;) {
        struct level left = levels->list[slot->value];
        char what[64];
        if (left.on_hand == 0 && left.reserved == 0 && left.unsold >= 0)
            continue;
        levels->audit->wrong_on_hand += left.on_hand != 0 || left.unsold < 0;
        levels->audit->wrong_reserved += left.reserved != 0;
        if (left.on_hand == 0 && left.reserved == 0)
            snprintf(what, sizeof what, "less than nothing, and no till has sold it");
        else
            snprintf(what, sizeof what, "the ledger lacks on hand %lld, reserved %lld",
                     (long long)left.on_hand, (long long)left.reserved);
        PGL_TRY(name_stock(view, levels->audit, (int64_t)(slot->key >> 32),
                           (int64_t)(uint32_t)slot->key, what));
    }
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
    return judge_levels(view, levels);
}

/* ---- reservations against the ledger ---- */

/* What the ledger has moved of one SKU in one warehouse for one order. */
struct shelf {
    struct pgl_text sku, warehouse;
    int64_t on_hand, reserved;
};

/* Both lie in the order of their orders' ids and are read side by side. */
struct books {
    const struct pgl_view *view; /* its arena is for one order */
    struct pgl_inventory_audit *audit;
    struct pgl_rows ledger;
    pgl_id cause_id; /* of the ledger's row that waits; behind the last one there is none */
    struct shelf *shelves;
    size_t shelf_count, shelf_room;
};

/* Whether an order has caused a row of the ledger, by the byte behind the id and the key's size. */
static bool is_of_an_order(struct pgl_text key, bool *is_known)
{
    char cause = key.size >= STOCK_CAUSE_BYTES ? key.data[STOCK_CAUSE_BYTES - 1] : '\0';
    bool is_once = cause == STOCK_HELD || cause == STOCK_RELEASED;
    bool is_numbered = cause == STOCK_SHIPPED || cause == STOCK_FREED || cause == STOCK_BACK;
    bool is_of_nobody = cause == STOCK_COUNTED || cause == STOCK_RECEIVED || cause == STOCK_SOLD;
    size_t size = STOCK_CAUSE_BYTES + (is_numbered ? STOCK_CAUSE_NUMBER_BYTES : 0);
    *is_known = (is_once || is_numbered || is_of_nobody) && key.size == size;
    return *is_known && !is_of_nobody;
}

/* On to the next row that an order has caused. */
static pgl_status ledger_next(struct books *books)
{
    for (;;) {
        PGL_TRY(pgl_rows_next(&books->ledger));
        if (!books->ledger.has_row)
            return PGL_OK;
        struct pgl_text key = pgl_column_blob(&books->ledger, 0);
        bool is_known;
        bool is_ours = is_of_an_order(key, &is_known);
        if (key.size >= sizeof books->cause_id.bytes)
            memcpy(books->cause_id.bytes, key.data, sizeof books->cause_id.bytes);
        if (is_ours)
            return PGL_OK;
        if (is_known)
            continue;
        books->audit->orphans++;
        name_order(books->audit, books->cause_id, "in the ledger, for no cause that there is");
    }
}

static pgl_status skip_orphans(struct books *books, const pgl_id *below)
{
    while (books->ledger.has_row &&
           (below == NULL || pgl_id_compare(books->cause_id, *below) < 0)) {
        books->audit->orphans++;
        name_order(books->audit, books->cause_id, "in the ledger, but has no reservation");
        PGL_TRY(ledger_next(books));
    }
    return PGL_OK;
}

static struct shelf *find_shelf(struct books *books, struct pgl_text sku, struct pgl_text warehouse)
{
    struct pgl_arena *arena = books->view->arena;
    for (size_t i = 0; i < books->shelf_count; i++)
        if (pgl_text_equal(books->shelves[i].sku, sku) &&
            pgl_text_equal(books->shelves[i].warehouse, warehouse))
            return &books->shelves[i];
    if (books->shelf_count == books->shelf_room) {
        size_t room = books->shelf_room == 0 ? 16 : 2 * books->shelf_room;
        struct shelf *more = pgl_arena_alloc(arena, room * sizeof more[0]);
        if (more == NULL)
            return NULL;
        if (books->shelf_count > 0)
            memcpy(more, books->shelves, books->shelf_count * sizeof more[0]);
        books->shelves = more;
        books->shelf_room = room;
    }
    struct shelf *shelf = &books->shelves[books->shelf_count++];
    *shelf = (struct shelf){ { pgl_arena_string(arena, sku), sku.size },
                             { pgl_arena_string(arena, warehouse), warehouse.size },
                             0,
                             0 };
    return arena->is_exhausted ? NULL : shelf;
}

/* All that the ledger has for this order. */
static pgl_status take_shelves(struct books *books, const pgl_id *order_id)
{
    books->shelves = NULL;
    books->shelf_count = books->shelf_room = 0;
    while (books->ledger.has_row && pgl_id_equal(books->cause_id, *order_id)) {
        struct shelf *shelf = find_shelf(books, pgl_column_text(&books->ledger, 1),
                                         pgl_column_text(&books->ledger, 2));
        if (shelf == NULL)
            return PGL_NO_MEMORY;
        shelf->on_hand += pgl_column_i64(&books->ledger, 3);
        shelf->reserved += pgl_column_i64(&books->ledger, 4);
        PGL_TRY(ledger_next(books));
    }
    return PGL_OK;
}

static bool is_on(const struct shelf *shelf, const Allocation *allocation)
{
    return pgl_text_is(shelf->sku, allocation->sku) &&
           pgl_text_is(shelf->warehouse, allocation->warehouse);
}

/* Those on the shelf, or all of them. */
static int64_t sum_of(Allocation *const *list, size_t count, const struct shelf *shelf)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += shelf == NULL || is_on(shelf, list[i]) ? list[i]->quantity : 0;
    return sum;
}

/* What the ledger has to have moved on the shelf; or on all, for NULL. */
static struct level wanted(const struct fulfilment *order, const struct shelf *shelf)
{
    struct level level = { 0 };
    bool holds = order->row.state == RESERVATION_HELD ||
                 order->row.state == RESERVATION_COMMITTED ||
                 order->row.state == RESERVATION_SHIPPED;
    for (size_t i = 0; i < order->share_count && holds; i++)
        if (shelf == NULL || is_on(shelf, order->shares[i].allocation))
            level.reserved += fulfilment_left_of(&order->shares[i]);
    for (size_t i = 0; i < order->parcel_count; i++)
        level.on_hand -=
            sum_of(order->parcels[i]->allocations, order->parcels[i]->n_allocations, shelf);
    for (size_t i = 0; i < order->return_count; i++)
        level.on_hand +=
            sum_of(order->returns[i]->restocked, order->returns[i]->n_restocked, shelf);
    return level;
}

/* Shelf by shelf and in sum: so there is nothing in either that is not in the other. */
static bool agrees(const struct books *books, const struct fulfilment *order,
                   const struct level *whole)
{
    struct level found = { 0 };
    bool is_sound = true;
    for (size_t i = 0; i < books->shelf_count; i++) {
        const struct shelf *shelf = &books->shelves[i];
        struct level level = wanted(order, shelf);
        is_sound &= shelf->on_hand == level.on_hand && shelf->reserved == level.reserved;
        found.on_hand += shelf->on_hand;
        found.reserved += shelf->reserved;
    }
    return is_sound && found.on_hand == whole->on_hand && found.reserved == whole->reserved;
}

static const char *judge_order(struct books *books, const struct fulfilment *order)
{
    struct pgl_inventory_audit *audit = books->audit;
    struct level whole = wanted(order, NULL);
    enum reservation_state state = order->row.state;
    audit->held += state == RESERVATION_HELD ? whole.reserved : 0;
    audit->committed += state == RESERVATION_COMMITTED ? whole.reserved : 0;
    if (!agrees(books, order, &whole))
        return "its allocations are not what the ledger has for it";
    if (state == RESERVATION_COMMITTED && whole.reserved == 0)
        return "nothing is left to be shipped, and it is not SHIPPED";
    if (state == RESERVATION_SHIPPED && whole.reserved != 0)
        return "it is SHIPPED, and something is left to be shipped";
    return NULL;
}

static pgl_status compare_reservation(struct books *books, const struct pgl_rows *columns)
{
    struct pgl_inventory_audit *audit = books->audit;
    struct fulfilment order;
    struct reservation_row row = { .order_id = pgl_column_id(columns, 0),
                                   .state = (enum reservation_state)pgl_column_i64(columns, 1),
                                   .allocations = pgl_column_blob(columns, 2) };
    bool has_moved = pgl_column_i64(columns, 3) != 0;
    pgl_arena_reset(books->view->arena);
    PGL_TRY(skip_orphans(books, &row.order_id));
    PGL_TRY(take_shelves(books, &row.order_id));
    if (row.state > RESERVATION_NONE && row.state < RESERVATION_STATE_COUNT)
        audit->reservations[row.state]++;
    pgl_status read = has_moved ? fulfilment_read(books->view, &row, &order)
                                : fulfilment_read_whole(books->view, &row, &order);
    if (read.code != PGL_CODE_OK && read.code != PGL_MALFORMED && read.code != PGL_INTERNAL)
        return read;
    const char *fault = pgl_is_ok(read) ? judge_order(books, &order) : read.text;
    if (fault == NULL)
        return PGL_OK;
    audit->wrong_reservations++;
    name_order(audit, row.order_id, fault);
    return PGL_OK;
}

/* Parcels and refunds of orders that cannot have any. */
static pgl_status find_strays(struct books *books)
{
    struct pgl_rows rows = pgl_view_rows(books->view, strays_sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        books->audit->orphans++;
        name_order(books->audit, pgl_column_id(&rows, 0), "a parcel or a refund, and was not paid");
    }
}

static pgl_status compare_reservations(struct books *books)
{
    struct pgl_rows rows = pgl_view_rows(books->view, reservations_sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return skip_orphans(books, NULL);
        pgl_status compared = compare_reservation(books, &rows);
        if (!pgl_is_ok(compared)) {
            pgl_rows_end(&rows);
            return compared;
        }
    }
}

static pgl_status compare_books(const struct pgl_view *view, struct pgl_inventory_audit *audit)
{
    struct books books = { .view = view,
                           .audit = audit,
                           .ledger = pgl_view_rows(view, ledger_by_cause_sql) };
    PGL_TRY(ledger_next(&books));
    pgl_status status = compare_reservations(&books);
    pgl_rows_end(&books.ledger);
    PGL_TRY(status);
    return find_strays(&books);
}

pgl_status pgl_inventory_check(const struct pgl_view *view, struct pgl_inventory_audit *audit)
{
    *audit = (struct pgl_inventory_audit){ 0 };
    struct levels levels = { .view = view, .audit = audit };
    pgl_map_init(&levels.places, (size_t)PGL_SKUS_MAX * PGL_WAREHOUSES_MAX);
    pgl_status status = compare_levels(view, &levels);
    pgl_map_free(&levels.places);
    if (!pgl_is_ok(status))
        return status;
    struct pgl_arena scratch;
    pgl_arena_init(&scratch, AUDIT_ARENA_CHUNK_BYTES, AUDIT_ARENA_LIMIT_BYTES);
    struct pgl_view small = { view->db, &scratch, view->context };
    status = compare_books(&small, audit);
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
    reservation->emitted = pgl_column_i64(&cursor->rows, 2);
    reservation->last_event_seq = pgl_column_i64(&cursor->rows, 3);
    reservation->is_partial = pgl_column_i64(&cursor->rows, 4) != 0;
    reservation->shipments = pgl_column_i64(&cursor->rows, 5);
    reservation->refunds = pgl_column_i64(&cursor->rows, 6);
    reservation->is_there = true;
    return PGL_OK;
}

void pgl_reservations_end(struct pgl_reservation_cursor *cursor)
{
    pgl_rows_end(&cursor->rows);
}
