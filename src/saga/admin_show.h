/*
 * admin_show.h - rows as operators are shown them; for this folder only.
 */
#ifndef PGL_SAGA_ADMIN_SHOW_H
#define PGL_SAGA_ADMIN_SHOW_H

#include "saga/admin.h"

#define PGL_ADMIN_AGE_MAX_S INT64_C(1000000000)

/* PGL_DENIED for whoever is no operator. */
PGL_MUST_USE pgl_status admin_check_caller(const Caller *caller);

PGL_MUST_USE pgl_status admin_show_job(const struct pgl_admin *admin, struct pgl_arena *arena,
                                       const struct pgl_admin_job *row, Job **job);
/* PGL_NOT_FOUND also for another tenant's. */
PGL_MUST_USE pgl_status admin_find_job(const struct pgl_admin *admin, const struct pgl_view *view,
                                       const Caller *caller, const char *name,
                                       struct pgl_admin_job *job);
/* What a job is over. */
const char *admin_what_over(struct pgl_arena *arena, const struct pgl_admin_job *job);

#endif
