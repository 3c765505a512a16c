/*
 * audit_log_sql.h - the statements over the audit log; for this folder only.
 */
#ifndef PGL_SAGA_AUDIT_LOG_SQL_H
#define PGL_SAGA_AUDIT_LOG_SQL_H

#include "saga/audit_log.h"

/* 0 and zeroes when there is none. */
PGL_MUST_USE pgl_status audit_log_last(const struct pgl_view *view, int64_t *seq,
                                       uint8_t hash[PGL_AUDIT_HASH_BYTES]);
PGL_MUST_USE pgl_status audit_log_insert(struct pgl_tx *tx, const struct pgl_audit_row *row);

#endif
