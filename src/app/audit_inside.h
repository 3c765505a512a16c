/*
 * audit_inside.h - what the files of an audit share; for them only.
 *
 *     audit.c          the table of invariants, and the order of the work
 *     audit_orders.c   the rows of all services, side by side: what is to hold for each order
 *     audit_logs.c     the events, and how far they are read
 *     audit_files.c    what the services check in their own files, and the index of keys
 */
#ifndef PGL_APP_AUDIT_INSIDE_H
#define PGL_APP_AUDIT_INSIDE_H

#include "app/audit.h"
#include "app/balance.h"
#include "events/audit.h"
#include "services/inventory/audit.h"
#include "services/orders/audit.h"
#include "services/payments/audit.h"

/* Two lists that have to agree, and whose invariant that is. */
enum audit_balance {
    BALANCE_CREATED, /* orders there are: their rows, and OrderCreated in the log */
    BALANCE_SAID,    /* what else was said: as bits of rows, and in the logs */
    /* the last event of each order: in its row, and at the end of its chain in the log */
    BALANCE_CHAIN,
    BALANCE_KEYS, /* idempotency keys: of the rows, and in the index */
    BALANCE_COUNT
};

/* Who reads whose log: docs/saga.md. */
struct audit_reader {
    enum pgl_audited_log reader, log;
};
#define AUDIT_READERS 5
extern const struct audit_reader audit_readers[AUDIT_READERS];

/* A log's name on the bus, and in messages. */
extern const struct audit_log {
    Log log;
    const char *name;
} audit_logs[PGL_AUDITED_LOGS];

struct audit {
    const struct pgl_audit_cut *cut;
    struct pgl_audit_report *report;
    struct pgl_balance balances[BALANCE_COUNT];
    bool is_naming; /* everything is read once more, for the balances that were not even */
    struct pgl_log_state logs[PGL_AUDITED_LOGS];
    struct pgl_log_position positions[AUDIT_READERS];
    struct pgl_inventory_audit stock;
    pgl_id keys_watermark;
    struct pgl_map recent_keys; /* hashes of the idempotency keys of orders above it */
    int64_t steps;
};

/* One order as all services see it. */
struct joined {
    pgl_id order_id;
    bool has_order, has_payment, has_reservation;
    struct pgl_order_facts order;
    struct pgl_payments_row payment;
    struct pgl_reservation reservation;
    int64_t taken_minor; /* what the ledger has taken from the customer */
    int captures;        /* in so many postings */
};

const struct pgl_view *audit_view(const struct audit *audit, enum pgl_audited_log log);

/* Once a row, in every walk. */
PGL_MUST_USE pgl_status audit_go_on(struct audit *audit);

/* Of an event, as part of a key in BALANCE_CHAIN; any number will do, also one out of a damaged
 * row. */
static inline int64_t audit_event_part(enum pgl_audited_log log, int64_t seq)
{
    return (int64_t)((uint64_t)seq * PGL_AUDITED_LOGS + log);
}

void audit_note(struct audit *audit, enum pgl_invariant invariant, const char *name,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
void audit_note_order(struct audit *audit, enum pgl_invariant invariant, pgl_id order_id,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- audit_orders.c ---- */

PGL_MUST_USE pgl_status audit_walk_orders(struct audit *audit);

bool audit_a1(const struct audit *audit, const struct joined *order);
bool audit_a2(const struct audit *audit, const struct joined *order);
bool audit_a3(const struct audit *audit, const struct joined *order);
bool audit_a4(const struct audit *audit, const struct joined *order);
bool audit_a5(const struct audit *audit, const struct joined *order);
bool audit_a6(const struct audit *audit, const struct joined *order);
bool audit_a12(const struct audit *audit, const struct joined *order);
bool audit_q1(const struct audit *audit, const struct joined *order);
bool audit_q2(const struct audit *audit, const struct joined *order);
bool audit_q3(const struct audit *audit, const struct joined *order);
bool audit_q6(const struct audit *audit, const struct joined *order);
bool audit_q7(const struct audit *audit, const struct joined *order);

/* ---- audit_logs.c ---- */

/* States and positions; whether the platform is at rest. */
PGL_MUST_USE pgl_status audit_read_positions(struct audit *audit);
PGL_MUST_USE pgl_status audit_walk_logs(struct audit *audit);

PGL_MUST_USE pgl_status audit_a8(struct audit *audit, enum pgl_invariant invariant);
PGL_MUST_USE pgl_status audit_q4(struct audit *audit, enum pgl_invariant invariant);

/* ---- audit_files.c ---- */

/* Before a walk over the orders, for each of them, and behind it. */
PGL_MUST_USE pgl_status audit_begin_keys(struct audit *audit);
PGL_MUST_USE pgl_status audit_put_key(struct audit *audit, const struct pgl_order_facts *order);
PGL_MUST_USE pgl_status audit_walk_index(struct audit *audit);

PGL_MUST_USE pgl_status audit_money(struct audit *audit, enum pgl_invariant invariant);
PGL_MUST_USE pgl_status audit_a7(struct audit *audit, enum pgl_invariant invariant);
PGL_MUST_USE pgl_status audit_s1(struct audit *audit, enum pgl_invariant invariant);
PGL_MUST_USE pgl_status audit_q5(struct audit *audit, enum pgl_invariant invariant);

#endif
