/*
 * intent_jobs.h - operators help many open operations on at once, as jobs of saga/admin.h: each as
 * operators.h does it for one.
 *
 * By filter: `why` is part of the name of what was seen when the operation was last tried,
 * `olderThanS` counts from when it was planned. A retry is for what is open of an order, refunds
 * included; an outcome is settled for the payment alone.
 */
#ifndef PGL_PAYMENTS_INTENT_JOBS_H
#define PGL_PAYMENTS_INTENT_JOBS_H

#include "saga/admin.h"

#define PGL_INTENT_JOB_COUNT 2
extern const struct pgl_admin_deed pgl_intent_jobs[PGL_INTENT_JOB_COUNT];

#endif
