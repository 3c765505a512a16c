/* webhooks_sql.c - see webhooks_sql.h. */
#include "services/webhooks/webhooks_sql.h"

#include "base/time.h"
#include "store/migrate.h"
#include "webhooks_migrations.h" /* made from sql/ */

pgl_status pgl_webhooks_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "webhooks", webhooks_migrations,
                       sizeof webhooks_migrations / sizeof webhooks_migrations[0]);
}

/* ---- endpoints ---- */

#define ENDPOINT_COLUMNS                                                                           \
    "endpoint_id, tenant, url, types, description, state, because, secret, old_secret, "           \
    "old_secret_until_ns, created_at_ns, failing_since_ns, quiet_until_ns, waiting, "              \
    "delivered, dead, version"

static const char endpoint_get_sql[] =
    "SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE endpoint_id = ?1";
static const char endpoint_get_of_sql[] =
    "SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE endpoint_id = ?1 AND tenant = ?2";
static const char endpoint_insert_sql[] =
    "INSERT INTO endpoint (" ENDPOINT_COLUMNS ") "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, 0, 0, "
    "1)";
static const char endpoint_update_sql[] =
    "UPDATE endpoint SET tenant = ?2, url = ?3, types = ?4, description = ?5, state = ?6, "
    "because = ?7, secret = ?8, old_secret = ?9, old_secret_until_ns = ?10, created_at_ns = ?11, "
    "failing_since_ns = ?12, quiet_until_ns = ?13, version = version + ((url, types, description, "
    "state, secret) IS NOT "
    "(?3, ?4, ?5, ?6, ?8)) WHERE endpoint_id = ?1";
static const char endpoint_delete_sql[] = "DELETE FROM endpoint WHERE endpoint_id = ?1";
static const char endpoints_all_sql[] =
    "SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE state <= ?1 ORDER BY endpoint_id";
static const char endpoints_of_sql[] =
    "SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE state <= ?1 AND tenant = ?2 "
    "ORDER BY endpoint_id";
static const char endpoint_by_url_sql[] = "SELECT 1 FROM endpoint WHERE tenant = ?1 AND url = ?2";
static const char endpoint_count_sql[] = "SELECT count(*) FROM endpoint WHERE state = 1";

static struct pgl_text copy(struct pgl_arena *arena, struct pgl_text text)
{
    return (struct pgl_text){ pgl_arena_string(arena, text), text.size };
}

/* False when the column holds none. */
static bool read_secret(const struct pgl_rows *rows, int column, uint8_t secret[])
{
    struct pgl_text bytes = pgl_column_blob(rows, column);
    if (bytes.size != PGL_WEBHOOK_SECRET_BYTES)
        return false;
    memcpy(secret, bytes.data, bytes.size);
    return true;
}

static pgl_status endpoint_of_row(const struct pgl_rows *rows, struct pgl_arena *arena,
                                  struct endpoint_row *row)
{
    row->id = pgl_column_id(rows, 0);
    row->tenant = copy(arena, pgl_column_text(rows, 1));
    row->url = copy(arena, pgl_column_text(rows, 2));
    row->types = copy(arena, pgl_column_text(rows, 3));
    row->description = copy(arena, pgl_column_text(rows, 4));
    row->state = (EndpointState)pgl_column_i64(rows, 5);
    row->because = (DisabledBecause)pgl_column_i64(rows, 6);
    if (!read_secret(rows, 7, row->secret))
        return PGL_FAIL(PGL_DATA_LOSS, "an endpoint has lost its secret");
    row->has_old_secret = read_secret(rows, 8, row->old_secret);
    row->old_secret_until_ns = pgl_column_i64(rows, 9);
    row->created_at_ns = pgl_column_i64(rows, 10);
    row->failing_since_ns = pgl_column_i64(rows, 11);
    row->quiet_until_ns = pgl_column_i64(rows, 12);
    row->waiting = pgl_column_i64(rows, 13);
    row->delivered = pgl_column_i64(rows, 14);
    row->dead = pgl_column_i64(rows, 15);
    row->version = pgl_column_i64(rows, 16);
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status endpoint_get(const struct pgl_view *view, pgl_id id, const char *tenant,
                        struct endpoint_row *row)
{
    struct pgl_rows rows =
        pgl_view_rows(view, tenant != NULL ? endpoint_get_of_sql : endpoint_get_sql);
    pgl_bind_id(&rows, &id);
    if (tenant != NULL)
        pgl_bind_text(&rows, pgl_text_of(tenant));
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such endpoint");
    pgl_status status = endpoint_of_row(&rows, view->arena, row);
    pgl_rows_end(&rows);
    return status;
}

static pgl_status endpoint_write(struct pgl_tx *tx, const char *sql, const struct endpoint_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, sql);
    pgl_bind_id(&rows, &row->id);
    pgl_bind_text(&rows, row->tenant);
    pgl_bind_text(&rows, row->url);
    pgl_bind_text(&rows, row->types);
    pgl_bind_text(&rows, row->description);
    pgl_bind_i64(&rows, row->state);
    pgl_bind_i64(&rows, row->because);
    pgl_bind_blob(&rows, row->secret, sizeof row->secret);
    pgl_bind_blob(&rows, row->old_secret, row->has_old_secret ? sizeof row->old_secret : 0);
    pgl_bind_i64(&rows, row->old_secret_until_ns);
    pgl_bind_i64(&rows, row->created_at_ns);
    pgl_bind_i64(&rows, row->failing_since_ns);
    pgl_bind_i64(&rows, row->quiet_until_ns);
    return pgl_rows_run(&rows, NULL);
}

pgl_status endpoint_insert(struct pgl_tx *tx, const struct endpoint_row *row)
{
    return endpoint_write(tx, endpoint_insert_sql, row);
}

pgl_status endpoint_update(struct pgl_tx *tx, const struct endpoint_row *row)
{
    return endpoint_write(tx, endpoint_update_sql, row);
}

static pgl_status run_of_endpoint(struct pgl_tx *tx, const char *sql, pgl_id id)
{
    struct pgl_rows rows = pgl_tx_rows(tx, sql);
    pgl_bind_id(&rows, &id);
    return pgl_rows_run(&rows, NULL);
}

pgl_status endpoint_delete(struct pgl_tx *tx, pgl_id id)
{
    return run_of_endpoint(tx, endpoint_delete_sql, id);
}

pgl_status endpoints_read(const struct pgl_view *view, const char *tenant, bool enabled_only,
                          struct endpoint_row **found, int *count)
{
    size_t room = tenant != NULL ? PGL_WEBHOOK_TENANT_MAX : PGL_WEBHOOK_ENDPOINTS_MAX;
    struct endpoint_row *all = pgl_arena_alloc(view->arena, room * sizeof all[0]);
    *found = all;
    *count = 0;
    if (all == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows =
        pgl_view_rows(view, tenant != NULL ? endpoints_of_sql : endpoints_all_sql);
    pgl_bind_i64(&rows, enabled_only ? ENDPOINT_STATE_ENABLED : ENDPOINT_STATE_DISABLED);
    if (tenant != NULL)
        pgl_bind_text(&rows, pgl_text_of(tenant));
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status status = (size_t)*count < room
                                ? endpoint_of_row(&rows, view->arena, &all[(*count)++])
                                : PGL_FAIL(PGL_DATA_LOSS, "there are more endpoints than may be");
        if (!pgl_is_ok(status)) {
            pgl_rows_end(&rows);
            return status;
        }
    }
}

pgl_status endpoint_is_url_taken(const struct pgl_view *view, struct pgl_text tenant,
                                 struct pgl_text url, bool *is_taken)
{
    struct pgl_rows rows = pgl_view_rows(view, endpoint_by_url_sql);
    pgl_bind_text(&rows, tenant);
    pgl_bind_text(&rows, url);
    PGL_TRY(pgl_rows_next(&rows));
    *is_taken = rows.has_row;
    pgl_rows_end(&rows);
    return PGL_OK;
}

static pgl_status read_number(struct pgl_rows *rows, int64_t otherwise, int64_t *number)
{
    PGL_TRY(pgl_rows_next(rows));
    *number = rows->has_row ? pgl_column_i64(rows, 0) : otherwise;
    pgl_rows_end(rows);
    return PGL_OK;
}

pgl_status endpoint_count_enabled(struct pgl_database *db, int64_t *count)
{
    struct pgl_rows rows = pgl_rows_begin(db, endpoint_count_sql);
    return read_number(&rows, 0, count);
}

/* ---- deliveries ---- */

#define DELIVERY_COLUMNS                                                                           \
    "d.delivery_no, d.endpoint_id, d.event_id, d.type, d.state, d.attempts, d.created_at_ns, "     \
    "d.since_ns, d.due_ns, d.last_ns, d.status, d.problem"

static const char delivery_insert_sql[] =
    "INSERT INTO delivery (endpoint_id, event_id, type, body, state, attempts, created_at_ns, "
    "since_ns, due_ns, last_ns, status, problem) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
static const char delivery_get_sql[] =
    "SELECT " DELIVERY_COLUMNS " FROM delivery d WHERE delivery_no = ?1";
static const char delivery_update_sql[] =
    "UPDATE delivery SET state = ?2, attempts = ?3, since_ns = ?4, due_ns = ?5, last_ns = ?6, "
    "status = ?7, problem = ?8 WHERE delivery_no = ?1";
static const char delivery_drop_sql[] =
    "DELETE FROM delivery WHERE delivery_no = (SELECT min(delivery_no) FROM delivery "
    "WHERE endpoint_id = ?1 AND state = ?2)";
static const char deliveries_delete_sql[] = "DELETE FROM delivery WHERE endpoint_id = ?1";
static const char deliveries_due_sql[] =
    "SELECT " DELIVERY_COLUMNS ", d.body FROM delivery d WHERE endpoint_id = ?1 AND state = 1 "
    "AND due_ns <= ?2 ORDER BY due_ns LIMIT ?3";
static const char delivery_next_due_sql[] =
    "SELECT due_ns FROM delivery WHERE endpoint_id = ?1 AND state = 1 AND due_ns > ?2 "
    "ORDER BY due_ns LIMIT 1";
static const char deliveries_page_sql[] =
    "SELECT " DELIVERY_COLUMNS " FROM delivery d CROSS JOIN endpoint e " /* in this order */
    "ON e.endpoint_id = d.endpoint_id WHERE d.delivery_no >= ?1 AND d.delivery_no < ?2 AND "
    "e.tenant = ?3 "
    "AND (?4 = zeroblob(16) OR d.endpoint_id = ?4) AND (?5 = 0 OR +d.state = ?5) "
    "ORDER BY d.delivery_no DESC LIMIT ?6";
static const char deliveries_range_sql[] =
    "SELECT delivery_no FROM delivery WHERE endpoint_id = ?1 AND state = ?2 "
    "AND delivery_no BETWEEN ?3 AND ?4 ORDER BY delivery_no LIMIT ?5";
static const char delivery_newest_sql[] = "SELECT max(delivery_no) FROM delivery";

static void delivery_of_row(const struct pgl_rows *rows, struct pgl_arena *arena,
                            struct delivery_row *row)
{
    *row = (struct delivery_row){ .number = pgl_column_i64(rows, 0),
                                  .endpoint = pgl_column_id(rows, 1),
                                  .event = pgl_column_id(rows, 2),
                                  .type = copy(arena, pgl_column_text(rows, 3)),
                                  .state = (DeliveryState)pgl_column_i64(rows, 4),
                                  .attempts = pgl_column_i64(rows, 5),
                                  .created_at_ns = pgl_column_i64(rows, 6),
                                  .since_ns = pgl_column_i64(rows, 7),
                                  .due_ns = pgl_column_i64(rows, 8),
                                  .last_ns = pgl_column_i64(rows, 9),
                                  .status = pgl_column_i64(rows, 10),
                                  .problem = copy(arena, pgl_column_text(rows, 11)) };
}

pgl_status delivery_insert(struct pgl_tx *tx, const struct delivery_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, delivery_insert_sql);
    pgl_bind_id(&rows, &row->endpoint);
    pgl_bind_id(&rows, &row->event);
    pgl_bind_text(&rows, row->type);
    pgl_bind_blob(&rows, row->body.data, row->body.size);
    pgl_bind_i64(&rows, row->state);
    pgl_bind_i64(&rows, row->attempts);
    pgl_bind_i64(&rows, row->created_at_ns);
    pgl_bind_i64(&rows, row->since_ns);
    pgl_bind_i64(&rows, row->due_ns);
    pgl_bind_i64(&rows, row->last_ns);
    pgl_bind_i64(&rows, row->status);
    pgl_bind_text(&rows, row->problem);
    return pgl_rows_run(&rows, NULL);
}

pgl_status delivery_get(const struct pgl_view *view, int64_t number, struct delivery_row *row)
{
    struct pgl_rows rows = pgl_view_rows(view, delivery_get_sql);
    pgl_bind_i64(&rows, number);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such delivery");
    delivery_of_row(&rows, view->arena, row);
    pgl_rows_end(&rows);
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status delivery_update(struct pgl_tx *tx, const struct delivery_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, delivery_update_sql);
    pgl_bind_i64(&rows, row->number);
    pgl_bind_i64(&rows, row->state);
    pgl_bind_i64(&rows, row->attempts);
    pgl_bind_i64(&rows, row->since_ns);
    pgl_bind_i64(&rows, row->due_ns);
    pgl_bind_i64(&rows, row->last_ns);
    pgl_bind_i64(&rows, row->status);
    pgl_bind_text(&rows, row->problem);
    return pgl_rows_run(&rows, NULL);
}

pgl_status delivery_drop_oldest(struct pgl_tx *tx, pgl_id endpoint, DeliveryState state)
{
    struct pgl_rows rows = pgl_tx_rows(tx, delivery_drop_sql);
    pgl_bind_id(&rows, &endpoint);
    pgl_bind_i64(&rows, state);
    return pgl_rows_run(&rows, NULL);
}

pgl_status deliveries_delete(struct pgl_tx *tx, pgl_id endpoint)
{
    return run_of_endpoint(tx, deliveries_delete_sql, endpoint);
}

pgl_status deliveries_due(const struct pgl_view *view, pgl_id endpoint, int64_t now_ns, int limit,
                          struct delivery_row *found, int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, deliveries_due_sql);
    pgl_bind_id(&rows, &endpoint);
    pgl_bind_i64(&rows, now_ns);
    pgl_bind_i64(&rows, limit);
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
        delivery_of_row(&rows, view->arena, &found[*count]);
        found[*count].body = copy(view->arena, pgl_column_blob(&rows, 12));
    }
}

pgl_status delivery_next_due(const struct pgl_view *view, pgl_id endpoint, int64_t now_ns,
                             int64_t *next_ns)
{
    struct pgl_rows rows = pgl_view_rows(view, delivery_next_due_sql);
    pgl_bind_id(&rows, &endpoint);
    pgl_bind_i64(&rows, now_ns);
    return read_number(&rows, PGL_NEVER_NS, next_ns);
}

pgl_status deliveries_page(const struct pgl_view *view, const char *tenant, pgl_id endpoint,
                           DeliveryState state, int64_t from, int64_t below, int limit,
                           struct delivery_row *found, int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, deliveries_page_sql);
    pgl_bind_i64(&rows, from);
    pgl_bind_i64(&rows, below);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    pgl_bind_id(&rows, &endpoint);
    pgl_bind_i64(&rows, state);
    pgl_bind_i64(&rows, limit);
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
        delivery_of_row(&rows, view->arena, &found[*count]);
    }
}

pgl_status deliveries_range(const struct pgl_view *view, pgl_id endpoint, DeliveryState state,
                            int64_t from, int64_t to, int limit, int64_t *numbers, int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, deliveries_range_sql);
    pgl_bind_id(&rows, &endpoint);
    pgl_bind_i64(&rows, state);
    pgl_bind_i64(&rows, from);
    pgl_bind_i64(&rows, to);
    pgl_bind_i64(&rows, limit);
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        numbers[*count] = pgl_column_i64(&rows, 0);
    }
}

pgl_status delivery_newest(const struct pgl_view *view, int64_t *number)
{
    struct pgl_rows rows = pgl_view_rows(view, delivery_newest_sql);
    return read_number(&rows, 0, number);
}
