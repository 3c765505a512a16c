/*
 * audit_log.h - what operators and support did, written in the transaction that did it, each entry
 * chained to the one before by a hash: whoever changes an old one has to change all that follow.
 *
 * For:      handlers of commands that they may send. `panglot audit-log` reads it.
 * Owner:    each service has its own, in its own file.
 * Threads:  the writer's for append; any view for reading.
 * Bounds:   texts are cut at PGL_AUDIT_TEXT_BYTES; the log itself is kept for good: an entry a
 *           deed of a person, 300 bytes.
 * Limits:   who takes away the newest entries leaves a chain that is whole. The hash of the newest
 *           one, written down elsewhere, shows it.
 *
 *     PGL_TRY(pgl_audit_log_append(tx, ask->caller, "order.cancel", ask->id, "", "requested"));
 */
#ifndef PGL_SAGA_AUDIT_LOG_H
#define PGL_SAGA_AUDIT_LOG_H

#include "contract/common.h"
#include "store/tx.h"

#define PGL_AUDIT_TEXT_BYTES 500
#define PGL_AUDIT_HASH_BYTES 32
#define PGL_REASON_BYTES_MAX 500 /* of an operator's reason */

/* Writes nothing for a caller who is not of the staff. */
PGL_MUST_USE pgl_status pgl_audit_log_append(struct pgl_tx *tx, const Caller *caller,
                                             const char *action, const char *target,
                                             const char *reason, const char *outcome);

/* PGL_INVALID without a reason, or with one that is too long. */
PGL_MUST_USE pgl_status pgl_reason_check(const char *reason);

struct pgl_audit_row {
    int64_t seq, at_ns;
    /* borrowed from the statement */
    struct pgl_text tenant, actor, action, target, reason, outcome;
    uint8_t hash[PGL_AUDIT_HASH_BYTES];
};

/* Behind `after`, oldest first; `next` ends it when there is none. */
struct pgl_rows pgl_audit_log_behind(const struct pgl_view *view, int64_t after);
/* Below `before` (0: from the newest), newest first; of one tenant, or of all where it is NULL. */
struct pgl_rows pgl_audit_log_below(const struct pgl_view *view, int64_t before,
                                    const char *tenant);
void pgl_audit_log_read(const struct pgl_rows *rows, struct pgl_audit_row *row);

struct pgl_audit_chain {
    int64_t entries;
    uint8_t hash[PGL_AUDIT_HASH_BYTES]; /* of the newest; zero when there is none */
    /* the first that does not follow from the one before; 0: none */
    int64_t broken_seq;
};

/* Walks all of it. A chain that is broken is an answer, not an error. */
PGL_MUST_USE pgl_status pgl_audit_log_verify(const struct pgl_view *view,
                                             struct pgl_audit_chain *chain);

/* The tables of saga/sql: the audit log, and jobs (admin.h). */
PGL_MUST_USE pgl_status pgl_saga_migrate(struct pgl_database *db);

#endif
