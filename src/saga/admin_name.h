/*
 * admin_name.h - what operators call parked keys and jobs: "orders.payments.01a2...", "orders-7".
 */
#ifndef PGL_SAGA_ADMIN_NAME_H
#define PGL_SAGA_ADMIN_NAME_H

#include "base/arena.h"
#include "contract/events.h"

/* "orders"; "" for none. */
const char *pgl_log_name(Log log);

struct pgl_parked_name {
    Log service, log;    /* 0: any */
    struct pgl_text key; /* in the arena */
};

const char *pgl_parked_name_write(struct pgl_arena *arena, Log service, Log log,
                                  struct pgl_text key);
/* The whole name, or only an order's id. PGL_INVALID for what is neither. */
PGL_MUST_USE pgl_status pgl_parked_name_read(struct pgl_arena *arena, const char *text,
                                             struct pgl_parked_name *name);

/* A key as a person writes it: a SKU, an order's id, or hexadecimal. */
const char *pgl_key_text(struct pgl_arena *arena, struct pgl_text key);

const char *pgl_job_name_write(struct pgl_arena *arena, Log service, int64_t number);
/* PGL_NOT_FOUND for what is no name of a job. */
PGL_MUST_USE pgl_status pgl_job_name_read(const char *text, Log *service, int64_t *number);

#endif
