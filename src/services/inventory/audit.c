/* audit.c - see audit.h. */
#include "services/inventory/audit.h"

#include <stdio.h>

#include "base/map.h"
#include "services/inventory/inventory_sql.h"
#include "services/inventory/names.h"
#include "services/inventory/reserve.h"
#include "wire/message.h"

#define AUDIT_ARENA_CHUNK_BYTES 65536
#define AUDIT_ARENA_LIMIT_BYTES (4u << 20) /* the largest reservation, many times over */

static const char stock_sql[] = "SELECT sku_id, warehouse_id, on_hand, reserved FROM stock";
static const char ledger_sql[] =
    "SELECT sku_id, warehouse_id, delta_on_hand, delta_reserved FROM stock_ledger";
static const char reservations_sql[] =
    "SELECT order_id, state, allocations FROM reservation ORDER BY order_id";
/* In the order of the ledger's key, which begins with the order's id; names by their row ids. */
static const char ledger_by_cause_sql[] =
    "SELECT cause_key, sku.sku, warehouse.code, delta_reserved FROM stock_ledger "
    "LEFT JOIN sku ON sku.id = sku_id LEFT JOIN warehouse ON warehouse.id = warehouse_id "
    "ORDER BY cause_key, sku_id, warehouse_id";
static const char names_sql[] =
    "SELECT (SELECT sku FROM sku WHERE id = ?1), (SELECT code FROM warehouse WHERE id = ?2)";
static const char cursor_sql[] =
    "SELECT order_id, state, emitted, last_event_seq FROM reservation ORDER BY order_id";

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

/* What a row of stock says, less what the ledger says: 0 in the end. */
struct level {
    int64_t on_hand, reserved;
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
    audit->ledger_rows++;
    if (at == NULL) {
        audit->orphans++;
        return name_stock(levels->view, audit, pgl_column_i64(rows, 0), pgl_column_i64(rows, 1),
                          "the ledger moves stock that is not there");
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

static pgl_status judge_levels(const struct pgl_view *view, struct levels *levels)
{
    const struct pgl_map_slot *slot;
    for (size_t at = 0; (slot = pgl_map_next(&levels->places, &at)) != NULL;) {
        struct level left = levels->list[slot->value];
        char what[64];
        if (left.on_hand == 0 && left.reserved == 0)
            continue;
        levels->audit->wrong_on_hand += left.on_hand != 0;
        levels->audit->wrong_reserved += left.reserved != 0;
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

/* What the ledger has set aside of one SKU in one warehouse for one order. */
struct shelf {
    struct pgl_text sku, warehouse;
    int64_t quantity;
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

static bool holds_stock(int64_t state)
{
    return state == RESERVATION_HELD || state == RESERVATION_COMMITTED;
}

/* On to the next row that an order has caused. */
static pgl_status ledger_next(struct books *books)
{
    for (;;) {
        PGL_TRY(pgl_rows_next(&books->ledger));
        if (!books->ledger.has_row)
            return PGL_OK;
        struct pgl_text key = pgl_column_blob(&books->ledger, 0);
        char cause = key.size > 0 ? key.data[key.size - 1] : '\0';
        if (key.size != sizeof books->cause_id.bytes + 1 ||
            (cause != STOCK_HELD && cause != STOCK_RELEASED))
            continue;
        memcpy(books->cause_id.bytes, key.data, sizeof books->cause_id.bytes);
        return PGL_OK;
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
        shelf->quantity += pgl_column_i64(&books->ledger, 3);
        PGL_TRY(ledger_next(books));
    }
    return PGL_OK;
}

static int64_t allocated(const InventoryCommitted *held, const struct shelf *shelf)
{
    int64_t sum = 0;
    for (size_t i = 0; i < held->n_allocations; i++)
        if (pgl_text_is(shelf->sku, held->allocations[i]->sku) &&
            pgl_text_is(shelf->warehouse, held->allocations[i]->warehouse))
            sum += held->allocations[i]->quantity;
    return sum;
}

/* Row by row and in sum: so there is nothing in either that is not in the other. */
static bool agrees(const struct books *books, int64_t state, const InventoryCommitted *held,
                   int64_t *wanted)
{
    int64_t found = 0;
    bool is_sound = true;
    *wanted = 0;
    for (size_t i = 0; i < held->n_allocations && holds_stock(state); i++)
        *wanted += held->allocations[i]->quantity;
    for (size_t i = 0; i < books->shelf_count; i++) {
        const struct shelf *shelf = &books->shelves[i];
        is_sound &= shelf->quantity == (holds_stock(state) ? allocated(held, shelf) : 0);
        found += shelf->quantity;
    }
    return is_sound && found == *wanted;
}

static pgl_status compare_reservation(struct books *books, const struct pgl_rows *row)
{
    static const InventoryCommitted nothing = INVENTORY_COMMITTED_INIT;
    struct pgl_inventory_audit *audit = books->audit;
    pgl_id order_id = pgl_column_id(row, 0);
    int64_t state = pgl_column_i64(row, 1), wanted;
    void *held;
    pgl_arena_reset(books->view->arena);
    PGL_TRY(skip_orphans(books, &order_id));
    PGL_TRY(take_shelves(books, &order_id));
    pgl_status unpacked = pgl_message_unpack(INVENTORY_COMMITTED_DESCRIPTOR, books->view->arena,
                                             pgl_column_blob(row, 2), &held);
    if (unpacked.code == PGL_EXHAUSTED)
        return unpacked;
    bool is_sound = agrees(books, state, pgl_is_ok(unpacked) ? held : &nothing, &wanted);
    if (state > RESERVATION_NONE && state < RESERVATION_STATE_COUNT)
        audit->reservations[state]++;
    audit->held += state == RESERVATION_HELD ? wanted : 0;
    audit->committed += state == RESERVATION_COMMITTED ? wanted : 0;
    if (is_sound && pgl_is_ok(unpacked))
        return PGL_OK;
    audit->wrong_reservations++;
    name_order(audit, order_id, "its allocations are not what the ledger has for it");
    return PGL_OK;
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
    return status;
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
    reservation->is_there = true;
    return PGL_OK;
}

void pgl_reservations_end(struct pgl_reservation_cursor *cursor)
{
    pgl_rows_end(&cursor->rows);
}
