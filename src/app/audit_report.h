/*
 * audit_report.h - what an audit has found, for people and for programs.
 *
 * Owner:    the caller; about 90 KB.
 * Bounds:   PGL_OFFENDERS_MAX offenders of an invariant are named, all are counted;
 *           PGL_CURRENCIES_MAX currencies have sums of their own.
 */
#ifndef PGL_APP_AUDIT_REPORT_H
#define PGL_APP_AUDIT_REPORT_H

#include "base/buffer.h"
#include "services/inventory/reservation_machine.h"
#include "services/orders/order_machine.h"
#include "services/payments/payment_machine.h"

#define PGL_OFFENDERS_MAX  20
#define PGL_CURRENCIES_MAX 32 /* a shop has a handful; what is beyond goes to the last */

/* docs/verify.md; S1 is ours. The order is that of the output. */
enum pgl_invariant {
    PGL_A1,
    PGL_A2,
    PGL_A3,
    PGL_A4,
    PGL_A5,
    PGL_A6,
    PGL_A7,
    PGL_A8,
    PGL_A9,
    PGL_A10,
    PGL_A11,
    PGL_A12,
    PGL_A13,
    PGL_S1,
    PGL_Q1,
    PGL_Q2,
    PGL_Q3,
    PGL_Q4,
    PGL_Q5,
    PGL_Q6,
    PGL_Q7,
    PGL_INVARIANT_COUNT
};

struct pgl_offender {
    char name[112]; /* an order's id, or what else is wrong */
    char what[112];
};

struct pgl_finding {
    bool is_looked_at; /* false for Q1-Q7 while there is work to do */
    int64_t checked;   /* orders, events, rows: whatever it is about */
    int64_t violations;
    bool is_more; /* there are more than could be counted */
    struct pgl_offender offenders[PGL_OFFENDERS_MAX];
    int offender_count;
};

/* In minor units. */
struct pgl_currency_sums {
    char currency[4];
    int64_t ordered, confirmed;                   /* of orders: all, and those CONFIRMED */
    int64_t authorized, captured, released, held; /* of payments */
};

enum pgl_audited_log {
    PGL_LOG_OF_ORDERS,
    PGL_LOG_OF_PAYMENTS,
    PGL_LOG_OF_INVENTORY,
    PGL_AUDITED_LOGS
};

struct pgl_audit_report {
    bool is_clean;
    bool is_at_rest; /* every log is read to its end */
    int64_t orders[ORDER_STATE_COUNT], payments[PAYMENT_STATE_COUNT];
    int64_t reservations[RESERVATION_STATE_COUNT];
    struct pgl_currency_sums currencies[PGL_CURRENCIES_MAX];
    int currency_count;
    int64_t stock_rows, reserved, held, committed, shortfalls;
    int64_t events[PGL_AUDITED_LOGS];
    int64_t parked;
    int64_t lag; /* events still to be read, over all readers */
    struct pgl_finding findings[PGL_INVARIANT_COUNT];
};

/* Counts a violation, and names it if there is room. */
void pgl_audit_report_note(struct pgl_audit_report *report, enum pgl_invariant invariant,
                           const char *name, const char *what);

void pgl_audit_report_write_text(const struct pgl_audit_report *report, struct pgl_buffer *out);
void pgl_audit_report_write_json(const struct pgl_audit_report *report, struct pgl_buffer *out);

/* "CONFIRMED"; "?" for a number that is no state of the machine. */
const char *pgl_audit_state_name(const struct pgl_machine *machine, int64_t state);

#endif
