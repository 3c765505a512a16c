/*
 * admin_sql.h - the statements over jobs; for this folder only.
 *
 * Memory:   what is read lies in the view's arena.
 */
#ifndef PGL_SAGA_ADMIN_SQL_H
#define PGL_SAGA_ADMIN_SQL_H

#include "saga/admin.h"

/* The oldest that runs; id 0 when none does. */
PGL_MUST_USE pgl_status job_running(const struct pgl_view *view, struct pgl_admin_job *job);
PGL_MUST_USE pgl_status job_count_running(const struct pgl_view *view, int64_t *count);
/* id 0 when there is none. */
PGL_MUST_USE pgl_status job_get(const struct pgl_view *view, int64_t id, const char *tenant,
                                struct pgl_admin_job *job);
PGL_MUST_USE pgl_status job_by_key(const struct pgl_view *view, const StartJobRequest *ask,
                                   struct pgl_admin_job *job);
/* The first below `before` (0: the newest). */
PGL_MUST_USE pgl_status job_below(const struct pgl_view *view, int64_t before, const char *tenant,
                                  struct pgl_admin_job *job);

/* Gives it its id. */
PGL_MUST_USE pgl_status job_insert(struct pgl_tx *tx, struct pgl_admin_job *job);
/* Writes all that can change. */
PGL_MUST_USE pgl_status job_update(struct pgl_tx *tx, const struct pgl_admin_job *job);

#endif
