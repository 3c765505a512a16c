/*
 * orders.h - what the handlers of Orders work on.
 *
 * Owner:    service.c; the writer loop, apart from what is constant.
 */
#ifndef PGL_ORDERS_ORDERS_H
#define PGL_ORDERS_ORDERS_H

#include "base/hash.h"
#include "base/time.h"
#include "contract/orders.h"
#include "events/log.h"
#include "services/orders/after_sql.h"
#include "services/orders/deadlines.h"
#include "services/orders/orders_sql.h"
#include "services/orders/waits.h"
#include "store/recent.h"
#include "store/tally.h"
#include "store/tx.h"

#define PGL_ORDER_LINES_MAX           100
#define PGL_ORDER_QUANTITY_MAX        10000
#define PGL_ORDER_REFUNDS_MAX         100 /* of one order */
#define PGL_ORDER_SHIPMENTS_SHOWN_MAX 100 /* the first ones; quantities count all */
#define PGL_ORDER_PAGE_MAX            100
#define PGL_ORDER_DEADLINE_MAX_S      86400 /* a card's hold lasts days: longer than this by far */
/* A page of one status looks at this many orders and then says where to go on: a rare status must
 * not hold the reader. */
#define PGL_ORDER_SCAN_MAX            1000

struct pgl_orders_options {
    int64_t deadline_ns; /* of a new order that does not name its own */
    int64_t total_minor_max;
    uint32_t generation;            /* entries of an index in memory, see store/recent.h */
    int64_t deadline_least_ns;      /* that an order may name */
    uint32_t open_max;              /* orders that are not settled; more are refused */
    uint32_t open_per_customer_max; /* of one customer, partners apart; 0: as many as they like */
};

#define PGL_ORDERS_OPTIONS_DEFAULT                                                                 \
    ((struct pgl_orders_options){ PGL_MINUTES(15), INT64_C(100000000000), 32768, PGL_SECONDS(30),  \
                                  1u << 20, 50 })

struct pgl_orders_state {
    struct pgl_orders_options options;
    struct pgl_event_log log;
    struct pgl_recent by_key, newest; /* order of an idempotency key; newest order of a customer */
    struct pgl_hash_key hash_key;
    struct pgl_tally tally;
    struct pgl_waits waits;
    struct pgl_deadlines deadlines;
};

/* One line's price, as Catalog gave it. */
struct order_price {
    int64_t unit_price_minor;
};

/* CreateOrder as the handler gets it: everything from outside is in it. */
struct create_order {
    const CreateOrderRequest *ask;
    pgl_status priced;          /* why there are no prices; no matter to an order that is there */
    struct order_price *prices; /* one a line */
    uint8_t fingerprint[FINGERPRINT_BYTES];
};

PGL_MUST_USE pgl_status pgl_orders_create(struct pgl_tx *tx, const struct create_order *create,
                                          CreateOrderResponse *reply);
PGL_MUST_USE pgl_status pgl_orders_cancel(struct pgl_tx *tx, const CancelOrderRequest *ask,
                                          CancelOrderResponse *reply);
PGL_MUST_USE pgl_status pgl_orders_refund(struct pgl_tx *tx, const RefundOrderRequest *ask,
                                          RefundOrderResponse *reply);
/* What Payments and Inventory say. */
PGL_MUST_USE pgl_status pgl_orders_hear(struct pgl_tx *tx, int64_t seq, const Event *event);

/* What can be said of a request without asking anybody. The text names the line. */
PGL_MUST_USE pgl_status pgl_order_check(const struct pgl_orders_options *options,
                                        const CreateOrderRequest *ask, struct pgl_arena *arena);

PGL_MUST_USE pgl_status pgl_orders_get(const struct pgl_view *view, const GetOrderRequest *ask,
                                       GetOrderResponse *reply);
PGL_MUST_USE pgl_status pgl_orders_story(const struct pgl_view *view, const ReadKeyRequest *ask,
                                         ReadKeyResponse *reply);

/* Where the list of one customer begins: the chain of previous_id leads on from there. */
struct order_page {
    const ListOrdersRequest *ask;
    pgl_id first;
};
/* On the writer's loop, between its transactions. */
PGL_MUST_USE pgl_status pgl_orders_newest(struct pgl_orders_state *orders,
                                          const ListOrdersRequest *ask, pgl_id *newest);
PGL_MUST_USE pgl_status pgl_orders_page(const struct pgl_view *view, const struct order_page *page,
                                        ListOrdersResponse *reply);

/* ---- shared by the files of this folder ---- */

/* The message of a row, in the arena. */
PGL_MUST_USE pgl_status order_show(const struct pgl_view *view, const struct order_row *row,
                                   Order **order);
PGL_MUST_USE pgl_status order_show_refund(const struct pgl_view *view, const struct order_row *row,
                                          const struct order_refund_row *refund,
                                          OrderRefund **shown);
/* As it was first answered. */
PGL_MUST_USE pgl_status order_show_created(struct pgl_arena *arena, const struct order_row *row,
                                           Order **order);
/* The changes behind `after_version`, oldest first. */
PGL_MUST_USE pgl_status order_show_changes(struct pgl_arena *arena, const struct order_row *row,
                                           int64_t after_version, WaitOrderResponse *reply);

/* What is shown of a line and not kept: its place counts, from 1. */
void order_number_lines(Order *order);

/* An id in the caller's text; PGL_NOT_FOUND for what cannot be one. */
PGL_MUST_USE pgl_status order_parse_id(const char *text, pgl_id *id);

struct order_step order_step_of(const struct order_row *order, enum order_input input);
/* Appends an event about the order and notes it in the row, which the caller then writes. */
PGL_MUST_USE pgl_status order_say(struct pgl_tx *tx, struct order_row *order, Event *event);
/* What is shown changes beside the state: raises the version when the row is written. */
void order_note_change(struct order_row *order, ChangeKind kind);
/* Writes the row of an order that was in state `before`, and tells whoever waits for it. */
PGL_MUST_USE pgl_status order_write(struct pgl_tx *tx, struct order_row *order,
                                    enum order_state before);

/* Why the order is as it is, as far as this event tells; else what was known before. */
struct pgl_text order_reason_of(struct pgl_tx *tx, const struct order_row *order,
                                const Event *heard);

/* ---- beside the state; a function each for what may be noted, before the row is written ---- */

struct order_lines {
    const Order *body; /* with SKUs and prices */
    struct order_line_row *rows;
    size_t count; /* of both */
};
/* Of a row that was read with all its columns; `body` is the row's, or NULL where nobody has
 * unpacked it yet. */
PGL_MUST_USE pgl_status order_lines_load(const struct pgl_view *view, const struct order_row *order,
                                         const Order *body, struct order_lines *lines);
PGL_MUST_USE pgl_status order_lines_write(struct pgl_tx *tx, struct order_row *order,
                                          const struct order_lines *lines);
/* NULL for a number that no line has. */
struct order_line_row *order_line_at(const struct order_lines *lines, int32_t line_no);
/* Adds what so many of a line come to. */
PGL_MUST_USE pgl_status order_line_worth(const struct order_lines *lines, int32_t line_no,
                                         int64_t quantity, int64_t *sum_minor);
/* Less than everything may have been paid: fills the event's lines. */
PGL_MUST_USE pgl_status order_confirm_lines(struct pgl_tx *tx, struct order_row *order,
                                            const PaymentCaptured *captured, OrderConfirmed *said);

PGL_MUST_USE pgl_status order_note_refunded(struct pgl_tx *tx, struct order_row *order,
                                            const Event *event);
PGL_MUST_USE pgl_status order_note_refund_failed(struct pgl_tx *tx, struct order_row *order,
                                                 const Event *event);
PGL_MUST_USE pgl_status order_note_shipped(struct pgl_tx *tx, struct order_row *order,
                                           const Event *event);
PGL_MUST_USE pgl_status order_note_returned(struct pgl_tx *tx, struct order_row *order,
                                            const Event *event);
/* With this event nothing is left to be shipped. */
bool order_is_all_sent(const struct order_row *order, const Event *event);
PGL_MUST_USE pgl_status order_note_all_sent(struct pgl_tx *tx, struct order_row *order);

/* Somebody, or the deadline, asks to take the order back: a wish, said once. */
PGL_MUST_USE pgl_status order_ask_cancel(struct pgl_tx *tx, struct order_row *order,
                                         enum order_input input, bool *is_said);

/* Opens both indexes in memory and feeds them what their tables do not have yet. */
PGL_MUST_USE pgl_status order_keys_open(struct pgl_orders_state *orders, struct pgl_writer *writer);
void order_keys_close(struct pgl_orders_state *orders);

/* The order that was made with this key, or none; then `*place` is where a new one goes. */
PGL_MUST_USE pgl_status order_find_by_key(struct pgl_tx *tx, const CreateOrderRequest *ask,
                                          struct order_row *order, bool *is_there, int64_t *place);

int64_t order_hash_of_key(const struct pgl_orders_state *orders, struct pgl_text tenant,
                          struct pgl_text customer, struct pgl_text key);
int64_t order_hash_of_customer(const struct pgl_orders_state *orders, struct pgl_text tenant,
                               struct pgl_text customer);

#endif
