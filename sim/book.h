/*
 * book.h - the auditor's own account of money, stock and orders: what all that was said comes to,
 * event by event, by rules of its own.
 *
 * For:      auditor.c. It shares nothing with the services but the contract: no tables, no
 *           machines, no SQL.
 * Owner:    the auditor.
 * Bounds:   as many orders as the run may have; memory grows with the events.
 * Errors:   what must not be is blamed, by the names of docs/verify.md; then the book is of no
 *           more use.
 *
 *   book.c        names, orders, the next event of a log
 *   book_rules.c  which event may follow which; what it does to an order and its money
 *   book_stock.c  what it does to the stock, with an order or without one
 */
#ifndef PGL_SIM_BOOK_H
#define PGL_SIM_BOOK_H

#include "base/id.h"
#include "base/map.h"
#include "blame.h"
#include "cards.h"
#include "contract/events.h"
#include "plan.h"

#define PGL_SIM_LOGS         5 /* by the numbers of enum Log */
#define PGL_SIM_SHARES_MAX   (PGL_SIM_LINES_MAX * PGL_SIM_WAREHOUSES)
#define PGL_SIM_REFUNDS_MAX  8
#define PGL_SIM_ACTION_BYTES 96
#define PGL_SIM_NOBODY       UINT32_MAX /* in place of the number of an order */

/* Bits of what was said of an order, by EventType. */
#define PGL_SIM_SAID(name) (UINT64_C(1) << EVENT_TYPE_##name)

#define PGL_SIM_REFUSALS                                                                           \
    (PGL_SIM_SAID(PAYMENT_DECLINED) | PGL_SIM_SAID(PAYMENT_VOIDED) |                               \
     PGL_SIM_SAID(PAYMENT_CAPTURE_FAILED))
#define PGL_SIM_VERDICTS (PGL_SIM_REFUSALS | PGL_SIM_SAID(PAYMENT_CAPTURED))
#define PGL_SIM_FINALS   (PGL_SIM_SAID(ORDER_CONFIRMED) | PGL_SIM_SAID(ORDER_CANCELLED))

struct pgl_sim_share {
    int sku, warehouse, line; /* the line counts from 0 */
    int64_t quantity;
    int64_t gone; /* of it, shipped or given up: no longer reserved */
    int64_t shipped;
};

enum pgl_sim_refund_state {
    PGL_SIM_REFUND_REQUESTED = 1,
    PGL_SIM_REFUND_DONE,
    PGL_SIM_REFUND_FAILED
};

struct pgl_sim_refund {
    enum pgl_sim_refund_state state;
    bool is_returned; /* Inventory has said what it came to */
    int64_t amount_minor;
    int64_t quantity[PGL_SIM_LINES_MAX];
    bool restocks[PGL_SIM_LINES_MAX];
};

struct pgl_sim_order {
    pgl_id id;
    uint64_t said;
    int customer;
    enum pgl_sim_card card;
    bool allows_partial;
    int64_t amount_minor, deadline_at_ns;
    char next_action[PGL_SIM_ACTION_BYTES]; /* empty: none */
    int line_count;
    struct pgl_sim_share lines[PGL_SIM_LINES_MAX]; /* without warehouses */
    int64_t reserved[PGL_SIM_LINES_MAX], refunded[PGL_SIM_LINES_MAX], released[PGL_SIM_LINES_MAX],
        restocked[PGL_SIM_LINES_MAX], shipped[PGL_SIM_LINES_MAX];
    int64_t reserved_minor, refunded_minor; /* refunded: really */
    Cause cancelled_by, voided_by;
    bool is_withdrawn; /* CANCELLED and not FAILED */
    bool is_complete;  /* nothing is left to be shipped */
    int share_count, refund_count, shipment_count;
    struct pgl_sim_share shares[PGL_SIM_SHARES_MAX]; /* of InventoryReserved */
    struct pgl_sim_refund refunds[PGL_SIM_REFUNDS_MAX];
    int64_t last_seq[PGL_SIM_LOGS];

    /* The auditor's: the rows as they were last seen, and when. */
    uint32_t wish; /* PGL_SIM_NOBODY until the row was seen */
    int state, cancel, decision;
    int64_t made_ns, final_ns;  /* when its event was heard, by the clock that nothing jumps */
    int64_t captured_at_bank;   /* as the bank's ledger has had it */
    bool has_heard_refusal;     /* Inventory has */
    bool is_tombstone;          /* of a reservation that was never made */
    uint64_t cancel_heard_look; /* the look in which Payments had heard of the cancel; 0: not yet */
    uint32_t parked;            /* of its events, in all files; some are set aside now */
    int64_t unparked_ns;        /* when the last of them was taken up again; 0: never */
    bool is_touched;
};

struct pgl_sim_said {
    int64_t hash;
    uint32_t order; /* PGL_SIM_NOBODY for a receipt */
    EventType type;
};

struct pgl_sim_book {
    const struct pgl_sim_plan *plan;
    struct pgl_sim_blame *blame;

    struct pgl_sim_order *orders;
    uint32_t order_count, order_capacity;
    struct pgl_map by_id; /* hash of the id -> number */

    struct pgl_sim_said *said[PGL_SIM_LOGS]; /* [seq - 1] */
    int64_t high[PGL_SIM_LOGS], capacity[PGL_SIM_LOGS];

    int64_t on_hand[PGL_SIM_SKUS_MAX][PGL_SIM_WAREHOUSES],
        reserved[PGL_SIM_SKUS_MAX][PGL_SIM_WAREHOUSES];
    int64_t short_to_say[PGL_SIM_SKUS_MAX][PGL_SIM_WAREHOUSES]; /* 0: nothing */
    int64_t held_minor[PGL_SIM_CUSTOMERS_MAX], posted_minor[PGL_SIM_CUSTOMERS_MAX];
    uint32_t receipts, sales, counts, shipments, refunds;
};

void pgl_sim_book_open(struct pgl_sim_book *book, const struct pgl_sim_plan *plan,
                       struct pgl_sim_blame *blame);
void pgl_sim_book_close(struct pgl_sim_book *book);

/* The next event of a log. Its number in the orders, or PGL_SIM_NOBODY for an event of none. */
uint32_t pgl_sim_book_hear(struct pgl_sim_book *book, Log log, int64_t seq, int64_t hash,
                           const Event *event);

/* True when what the event answers to is in the book. */
bool pgl_sim_book_knows_cause(const struct pgl_sim_book *book, const Event *event);

/* NULL for an order that nobody has heard of. */
struct pgl_sim_order *pgl_sim_book_find(const struct pgl_sim_book *book, pgl_id id);

static inline bool pgl_sim_has_said(const struct pgl_sim_order *order, uint64_t any_of)
{
    return (order->said & any_of) != 0;
}

static inline bool pgl_sim_is_by_card(const struct pgl_sim_order *order)
{
    return order->card != PGL_SIM_ACCOUNT;
}

/* For people: "PaymentVoided", and all that was said of an order, each with a blank before it. */
#define PGL_SIM_SAID_BYTES 480
const char *pgl_sim_event_name(EventType type);
const char *pgl_sim_said_text(const struct pgl_sim_order *order, char text[PGL_SIM_SAID_BYTES]);

/* The names of the shop's things: "S-3", "C-12", the codes of warehouses. -1 for no such name. */
int pgl_sim_sku_of(const struct pgl_sim_plan *plan, struct pgl_text name);
int pgl_sim_customer_of(const struct pgl_sim_plan *plan, struct pgl_text name);
int pgl_sim_warehouse_of(struct pgl_text code);
extern const char *const pgl_sim_warehouses[PGL_SIM_WAREHOUSES];

/* ---- shared by the files book*.c ---- */

/* NULL for an event that may not be about an order. */
struct pgl_sim_rule {
    Log log;
    bool repeats;                           /* comes once a refund, once a parcel */
    uint64_t needs_all, needs_one, forbids; /* said of the order before */
    void (*apply)(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event);
};
const struct pgl_sim_rule *pgl_sim_rule_of(EventType type);

void pgl_sim_book_reserve(struct pgl_sim_book *book, struct pgl_sim_order *order,
                          const Event *event);
void pgl_sim_book_refuse(struct pgl_sim_book *book, struct pgl_sim_order *order,
                         const Event *event);
void pgl_sim_book_release(struct pgl_sim_book *book, struct pgl_sim_order *order,
                          const Event *event);
void pgl_sim_book_ship(struct pgl_sim_book *book, struct pgl_sim_order *order, const Event *event);
void pgl_sim_book_return(struct pgl_sim_book *book, struct pgl_sim_order *order,
                         const Event *event);

/* An event about a SKU. False when it is about something else. */
bool pgl_sim_book_hear_stock(struct pgl_sim_book *book, const Event *event);

#endif
