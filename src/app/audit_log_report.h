/*
 * audit_log_report.h - the audit logs of all services in a cut: listed by time, and their chains
 * walked.
 */
#ifndef PGL_APP_AUDIT_LOG_REPORT_H
#define PGL_APP_AUDIT_LOG_REPORT_H

#include "app/cut.h"
#include "base/buffer.h"

#define PGL_AUDIT_LOG_LIST_MAX 1000

/* The newest `limit`, oldest of them first; a line each: JSON, or for people. */
PGL_MUST_USE pgl_status pgl_audit_log_write(const struct pgl_audit_cut *cut, int64_t limit,
                                            bool is_json, struct pgl_buffer *out);
/* A line a service: how many entries, the newest one's hash, and where the chain is broken. */
PGL_MUST_USE pgl_status pgl_audit_log_check(const struct pgl_audit_cut *cut, bool is_json,
                                            struct pgl_buffer *out, bool *is_whole);

#endif
