/*
 * webhooks_sql.h - the statements over endpoints and deliveries; for this folder only.
 */
#ifndef PGL_WEBHOOKS_WEBHOOKS_SQL_H
#define PGL_WEBHOOKS_WEBHOOKS_SQL_H

#include "services/webhooks/webhooks.h"

PGL_MUST_USE pgl_status pgl_webhooks_migrate(struct pgl_database *db);

/* Texts in the arena. */
struct endpoint_row {
    pgl_id id;
    struct pgl_text tenant, url, types, description;
    EndpointState state;
    DisabledBecause because;
    uint8_t secret[PGL_WEBHOOK_SECRET_BYTES], old_secret[PGL_WEBHOOK_SECRET_BYTES];
    bool has_old_secret;
    int64_t old_secret_until_ns, created_at_ns, failing_since_ns, quiet_until_ns;
    int64_t version, waiting, delivered, dead; /* counted by the file itself; not written */
};

/* Of one tenant, or (`tenant` NULL) of any. PGL_NOT_FOUND when there is none: also when it is
 * another tenant's. */
PGL_MUST_USE pgl_status endpoint_get(const struct pgl_view *view, pgl_id id, const char *tenant,
                                     struct endpoint_row *row);
PGL_MUST_USE pgl_status endpoint_insert(struct pgl_tx *tx, const struct endpoint_row *row);
PGL_MUST_USE pgl_status endpoint_update(struct pgl_tx *tx, const struct endpoint_row *row);
PGL_MUST_USE pgl_status endpoint_delete(struct pgl_tx *tx, pgl_id id);
/* In the order of their ids, those of one tenant, or (`tenant` NULL) all; the enabled ones alone,
 * or all. */
PGL_MUST_USE pgl_status endpoints_read(const struct pgl_view *view, const char *tenant,
                                       bool enabled_only, struct endpoint_row **rows, int *count);
PGL_MUST_USE pgl_status endpoint_is_url_taken(const struct pgl_view *view, struct pgl_text tenant,
                                              struct pgl_text url, bool *is_taken);
PGL_MUST_USE pgl_status endpoint_count_enabled(struct pgl_database *db, int64_t *count);

/* In endpoints.c: for a reason that no operator gave. */
PGL_MUST_USE pgl_status endpoint_disable(struct pgl_tx *tx, struct endpoint_row *row,
                                         DisabledBecause because);

struct delivery_row {
    int64_t number;
    pgl_id endpoint, event;
    struct pgl_text type, body;
    DeliveryState state;
    int64_t attempts, created_at_ns, since_ns, due_ns, last_ns, status;
    struct pgl_text problem;
};

/* `number` is given by the file. */
PGL_MUST_USE pgl_status delivery_insert(struct pgl_tx *tx, const struct delivery_row *row);
/* Without its body. PGL_NOT_FOUND when there is none. */
PGL_MUST_USE pgl_status delivery_get(const struct pgl_view *view, int64_t number,
                                     struct delivery_row *row);
/* What an attempt or an operator changes. */
PGL_MUST_USE pgl_status delivery_update(struct pgl_tx *tx, const struct delivery_row *row);
PGL_MUST_USE pgl_status delivery_drop_oldest(struct pgl_tx *tx, pgl_id endpoint,
                                             DeliveryState state);
PGL_MUST_USE pgl_status deliveries_delete(struct pgl_tx *tx, pgl_id endpoint);
/* With their bodies, those due first. */
PGL_MUST_USE pgl_status deliveries_due(const struct pgl_view *view, pgl_id endpoint, int64_t now_ns,
                                       int limit, struct delivery_row *rows, int *count);
/* PGL_NEVER_NS when nothing waits for a moment behind `now_ns`. */
PGL_MUST_USE pgl_status delivery_next_due(const struct pgl_view *view, pgl_id endpoint,
                                          int64_t now_ns, int64_t *next_ns);
/* Numbers below `below` and from `from` on, newest first, without bodies; of all endpoints of the
 * tenant when `endpoint` is zero, of all states when that is unspecified. */
PGL_MUST_USE pgl_status deliveries_page(const struct pgl_view *view, const char *tenant,
                                        pgl_id endpoint, DeliveryState state, int64_t from,
                                        int64_t below, int limit, struct delivery_row *rows,
                                        int *count);
/* The numbers of one state from `from` to `to`, oldest first. */
PGL_MUST_USE pgl_status deliveries_range(const struct pgl_view *view, pgl_id endpoint,
                                         DeliveryState state, int64_t from, int64_t to, int limit,
                                         int64_t *numbers, int *count);
PGL_MUST_USE pgl_status delivery_newest(const struct pgl_view *view, int64_t *number);

#endif
