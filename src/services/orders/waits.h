/*
 * waits.h - callers that wait for news of one order: long polls, answered behind the commit that
 * changed it.
 *
 * Owner:    the writer loop; a participant of its transactions.
 * Bounds:   PGL_WAITS_MAX callers, more are refused; each waits until its call's deadline, or for
 *           another second at most when it is given up.
 */
#ifndef PGL_ORDERS_WAITS_H
#define PGL_ORDERS_WAITS_H

#include "base/map.h"
#include "store/writer.h"

#define PGL_WAITS_MAX 5000 /* as many streams as the edge serves */

struct pgl_wait;

struct pgl_waits {
    struct pgl_participant participant;
    struct pgl_writer *writer;
    struct pgl_mailbox mailbox; /* struct pgl_call of OrderService.WaitOrder */
    struct pgl_map by_order;    /* hash of the id -> first struct pgl_wait */
    uint32_t count;
    pgl_id *changed; /* by the transaction; empty while nobody waits */
    uint32_t changed_count, changed_capacity;
};

PGL_MUST_USE pgl_status pgl_waits_open(struct pgl_waits *waits, struct pgl_writer *writer);
void pgl_waits_close(struct pgl_waits *waits);

/* In a transaction: this order changes its state. */
void pgl_waits_note(struct pgl_waits *waits, pgl_id order_id);

#endif
