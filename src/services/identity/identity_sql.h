/*
 * identity_sql.h - the statements over keys; for this folder only.
 */
#ifndef PGL_IDENTITY_IDENTITY_SQL_H
#define PGL_IDENTITY_IDENTITY_SQL_H

#include "services/identity/identity.h"

PGL_MUST_USE pgl_status pgl_identity_migrate(struct pgl_database *db);

/* Texts in the arena. */
struct key_row {
    int64_t number; /* given by the file */
    struct pgl_text id, tenant, name, subject, scopes, cidrs, plan;
    Role role;
    uint8_t secret[PGL_DIGEST_BYTES], old_secret[PGL_DIGEST_BYTES];
    bool has_old_secret;
    int64_t old_secret_until_ns, created_at_ns, expires_at_ns, revoked_at_ns;
    int64_t used_at_ns, day_count, month_count; /* not written with the others */
    int64_t version;
};

/* Of one tenant, or (`tenant` NULL) of any. PGL_NOT_FOUND when there is none: also when it is
 * another tenant's. */
PGL_MUST_USE pgl_status key_get(const struct pgl_view *view, struct pgl_text id, const char *tenant,
                                struct key_row *row);
/* Both give it a version of its own. PGL_ALREADY_EXISTS for a second key of one id. */
PGL_MUST_USE pgl_status key_insert(struct pgl_tx *tx, const struct key_row *row);
PGL_MUST_USE pgl_status key_update(struct pgl_tx *tx, const struct key_row *row);
/* Only forwards. */
PGL_MUST_USE pgl_status key_note_use(struct pgl_tx *tx, const KeyUse *use);
/* The first of those that were revoked before; "" when there is none. */
PGL_MUST_USE pgl_status key_long_revoked(const struct pgl_view *view, const char *tenant,
                                         int64_t before_ns, struct pgl_text *id);
PGL_MUST_USE pgl_status key_delete(struct pgl_tx *tx, struct pgl_text id);
PGL_MUST_USE pgl_status key_count(const struct pgl_view *view, const char *tenant, int64_t *count);
/* Numbers below `below`, newest first. */
PGL_MUST_USE pgl_status keys_page(const struct pgl_view *view, const char *tenant, int64_t below,
                                  int limit, struct key_row *rows, int *count);
/* 0 when there are no keys. */
PGL_MUST_USE pgl_status key_newest_version(const struct pgl_view *view, int64_t *version);
/* Ids whose version is above `after`, the oldest change first. */
PGL_MUST_USE pgl_status keys_changed(const struct pgl_view *view, int64_t after, int limit,
                                     char **ids, int *count);

/* What a column holds with blanks in between, as a list. */
PGL_MUST_USE pgl_status key_split(struct pgl_arena *arena, struct pgl_text joined, size_t count_max,
                                  char ***names, size_t *count);

#endif
