/*
 * admin_work.h - how a job is worked off; for this folder only.
 */
#ifndef PGL_SAGA_ADMIN_WORK_H
#define PGL_SAGA_ADMIN_WORK_H

#include "saga/admin.h"

const struct pgl_admin_deed *admin_find_deed(const struct pgl_admin *admin, JobKind kind);

/* One unit: one event replayed, one key dropped or looked at, one order. At the end the state is
 * JOB_STATE_DONE. */
PGL_MUST_USE pgl_status admin_do_one(struct pgl_admin *admin, struct pgl_tx *tx,
                                     struct pgl_admin_job *job);

#endif
