/* identity_sql.c - see identity_sql.h. */
#include "services/identity/identity_sql.h"

#include "identity_migrations.h" /* made from sql/ */
#include "store/migrate.h"

#define KEY_COLUMNS                                                                                \
    "key_no, key_id, tenant, name, subject, role, scopes, cidrs, plan, secret, old_secret, "       \
    "old_secret_until_ns, created_at_ns, expires_at_ns, revoked_at_ns, used_at_ns, version, "      \
    "day_count, month_count"
#define NEXT_VERSION "(SELECT coalesce(max(version), 0) + 1 FROM api_key)"

static const char key_get_sql[] = "SELECT " KEY_COLUMNS " FROM api_key WHERE key_id = ?1";
static const char key_get_of_sql[] =
    "SELECT " KEY_COLUMNS " FROM api_key WHERE key_id = ?1 AND tenant = ?2";
static const char key_insert_sql[] =
    "INSERT INTO api_key (key_id, tenant, name, subject, role, scopes, cidrs, plan, secret, "
    "old_secret, old_secret_until_ns, created_at_ns, expires_at_ns, revoked_at_ns, used_at_ns, "
    "version) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, " NEXT_VERSION ")";
static const char key_update_sql[] =
    "UPDATE api_key SET tenant = ?2, name = ?3, subject = ?4, role = ?5, scopes = ?6, cidrs = ?7, "
    "plan = ?8, secret = ?9, old_secret = ?10, old_secret_until_ns = ?11, created_at_ns = ?12, "
    "expires_at_ns = ?13, revoked_at_ns = ?14, version = " NEXT_VERSION " WHERE key_id = ?1";
static const char key_note_use_sql[] =
    "UPDATE api_key SET used_at_ns = ?2, day_count = ?3, month_count = ?4 "
    "WHERE key_id = ?1 AND used_at_ns < ?2";
/* Never the newest change: versions only grow. */
static const char key_long_revoked_sql[] =
    "SELECT key_id FROM api_key WHERE tenant = ?1 AND revoked_at_ns BETWEEN 1 AND ?2 "
    "AND version < (SELECT max(version) FROM api_key) ORDER BY revoked_at_ns LIMIT 1";
static const char key_delete_sql[] = "DELETE FROM api_key WHERE key_id = ?1";
static const char key_count_sql[] = "SELECT count(*) FROM api_key WHERE tenant = ?1";
static const char keys_page_sql[] =
    "SELECT " KEY_COLUMNS " FROM api_key WHERE tenant = ?1 AND key_no < ?2 "
    "ORDER BY key_no DESC LIMIT ?3";
static const char key_version_sql[] = "SELECT coalesce(max(version), 0) FROM api_key";
static const char keys_changed_sql[] =
    "SELECT key_id FROM api_key WHERE version > ?1 ORDER BY version LIMIT ?2";

pgl_status pgl_identity_migrate(struct pgl_database *db)
{
    return pgl_migrate(db, "identity", identity_migrations,
                       sizeof identity_migrations / sizeof identity_migrations[0]);
}

static struct pgl_text copy(struct pgl_arena *arena, struct pgl_text text)
{
    return (struct pgl_text){ pgl_arena_string(arena, text), text.size };
}

/* False when the column holds none. */
static bool read_digest(const struct pgl_rows *rows, int column, uint8_t digest[])
{
    struct pgl_text bytes = pgl_column_blob(rows, column);
    if (bytes.size != PGL_DIGEST_BYTES)
        return false;
    memcpy(digest, bytes.data, bytes.size);
    return true;
}

static pgl_status key_of_row(const struct pgl_rows *rows, struct pgl_arena *arena,
                             struct key_row *row)
{
    *row = (struct key_row){ .number = pgl_column_i64(rows, 0),
                             .id = copy(arena, pgl_column_text(rows, 1)),
                             .tenant = copy(arena, pgl_column_text(rows, 2)),
                             .name = copy(arena, pgl_column_text(rows, 3)),
                             .subject = copy(arena, pgl_column_text(rows, 4)),
                             .role = (Role)pgl_column_i64(rows, 5),
                             .scopes = copy(arena, pgl_column_text(rows, 6)),
                             .cidrs = copy(arena, pgl_column_text(rows, 7)),
                             .plan = copy(arena, pgl_column_text(rows, 8)),
                             .old_secret_until_ns = pgl_column_i64(rows, 11),
                             .created_at_ns = pgl_column_i64(rows, 12),
                             .expires_at_ns = pgl_column_i64(rows, 13),
                             .revoked_at_ns = pgl_column_i64(rows, 14),
                             .used_at_ns = pgl_column_i64(rows, 15),
                             .version = pgl_column_i64(rows, 16),
                             .day_count = pgl_column_i64(rows, 17),
                             .month_count = pgl_column_i64(rows, 18) };
    if (!read_digest(rows, 9, row->secret))
        return PGL_FAIL(PGL_DATA_LOSS, "a key has lost its secret");
    row->has_old_secret = read_digest(rows, 10, row->old_secret);
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status key_get(const struct pgl_view *view, struct pgl_text id, const char *tenant,
                   struct key_row *row)
{
    struct pgl_rows rows = pgl_view_rows(view, tenant != NULL ? key_get_of_sql : key_get_sql);
    pgl_bind_text(&rows, id);
    if (tenant != NULL)
        pgl_bind_text(&rows, pgl_text_of(tenant));
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such key");
    pgl_status status = key_of_row(&rows, view->arena, row);
    pgl_rows_end(&rows);
    return status;
}

static pgl_status key_write(struct pgl_tx *tx, const char *sql, const struct key_row *row)
{
    struct pgl_rows rows = pgl_tx_rows(tx, sql);
    pgl_bind_text(&rows, row->id);
    pgl_bind_text(&rows, row->tenant);
    pgl_bind_text(&rows, row->name);
    pgl_bind_text(&rows, row->subject);
    pgl_bind_i64(&rows, row->role);
    pgl_bind_text(&rows, row->scopes);
    pgl_bind_text(&rows, row->cidrs);
    pgl_bind_text(&rows, row->plan);
    pgl_bind_blob(&rows, row->secret, sizeof row->secret);
    pgl_bind_blob(&rows, row->old_secret, row->has_old_secret ? sizeof row->old_secret : 0);
    pgl_bind_i64(&rows, row->old_secret_until_ns);
    pgl_bind_i64(&rows, row->created_at_ns);
    pgl_bind_i64(&rows, row->expires_at_ns);
    pgl_bind_i64(&rows, row->revoked_at_ns);
    return pgl_rows_run(&rows, NULL);
}

pgl_status key_insert(struct pgl_tx *tx, const struct key_row *row)
{
    return key_write(tx, key_insert_sql, row);
}

pgl_status key_update(struct pgl_tx *tx, const struct key_row *row)
{
    return key_write(tx, key_update_sql, row);
}

pgl_status key_note_use(struct pgl_tx *tx, const KeyUse *use)
{
    struct pgl_rows rows = pgl_tx_rows(tx, key_note_use_sql);
    pgl_bind_text(&rows, pgl_text_of(use->id));
    pgl_bind_i64(&rows, use->at_ns);
    pgl_bind_i64(&rows, use->day_count);
    pgl_bind_i64(&rows, use->month_count);
    return pgl_rows_run(&rows, NULL);
}

pgl_status key_long_revoked(const struct pgl_view *view, const char *tenant, int64_t before_ns,
                            struct pgl_text *id)
{
    struct pgl_rows rows = pgl_view_rows(view, key_long_revoked_sql);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    pgl_bind_i64(&rows, before_ns);
    PGL_TRY(pgl_rows_next(&rows));
    *id = rows.has_row ? copy(view->arena, pgl_column_text(&rows, 0)) : PGL_TEXT("");
    pgl_rows_end(&rows);
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status key_delete(struct pgl_tx *tx, struct pgl_text id)
{
    struct pgl_rows rows = pgl_tx_rows(tx, key_delete_sql);
    pgl_bind_text(&rows, id);
    return pgl_rows_run(&rows, NULL);
}

static pgl_status read_number(struct pgl_rows *rows, int64_t *number)
{
    PGL_TRY(pgl_rows_next(rows));
    *number = rows->has_row ? pgl_column_i64(rows, 0) : 0;
    pgl_rows_end(rows);
    return PGL_OK;
}

pgl_status key_count(const struct pgl_view *view, const char *tenant, int64_t *count)
{
    struct pgl_rows rows = pgl_view_rows(view, key_count_sql);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    return read_number(&rows, count);
}

pgl_status keys_page(const struct pgl_view *view, const char *tenant, int64_t below, int limit,
                     struct key_row *found, int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, keys_page_sql);
    pgl_bind_text(&rows, pgl_text_of(tenant));
    pgl_bind_i64(&rows, below);
    pgl_bind_i64(&rows, limit);
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        pgl_status status = key_of_row(&rows, view->arena, &found[*count]);
        if (!pgl_is_ok(status)) {
            pgl_rows_end(&rows);
            return status;
        }
    }
}

pgl_status key_newest_version(const struct pgl_view *view, int64_t *version)
{
    struct pgl_rows rows = pgl_view_rows(view, key_version_sql);
    return read_number(&rows, version);
}

pgl_status keys_changed(const struct pgl_view *view, int64_t after, int limit, char **ids,
                        int *count)
{
    struct pgl_rows rows = pgl_view_rows(view, keys_changed_sql);
    pgl_bind_i64(&rows, after);
    pgl_bind_i64(&rows, limit);
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
        ids[*count] = pgl_arena_string(view->arena, pgl_column_text(&rows, 0));
    }
}

pgl_status key_split(struct pgl_arena *arena, struct pgl_text joined, size_t count_max,
                     char ***names, size_t *count)
{
    *count = 0;
    *names = pgl_arena_alloc(arena, count_max * sizeof **names);
    while (*names != NULL && joined.size > 0 && *count < count_max)
        (*names)[(*count)++] = pgl_arena_string(arena, pgl_text_cut(&joined, ' '));
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}
