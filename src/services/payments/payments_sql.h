/*
 * payments_sql.h - the statements over payments, accounts and transfers; for this folder only.
 *
 * Memory:   texts of a row lie in the view's arena.
 */
#ifndef PGL_PAYMENTS_SQL_H
#define PGL_PAYMENTS_SQL_H

#include "contract/common.h"
#include "services/payments/payment_machine.h"
#include "store/migrate.h"
#include "store/tx.h"

PGL_MUST_USE pgl_status pgl_payments_migrate(struct pgl_database *db);

/* ---- payments ---- */

struct payment_row {
    pgl_id order_id;
    const char *tenant, *customer, *method, *decline_code, *currency;
    struct payment_facts facts;
    int64_t amount_minor;
    int64_t authorized_minor, captured_minor, released_minor, hold_minor, refunded_minor;
    int64_t account_id;
    int64_t emitted; /* in the table */
    int64_t says;    /* bits to be added to it: what is said in this transaction */
    int64_t last_event_seq;
};

/* Without what was ordered. PGL_NOT_FOUND when there is none. For ourselves: an event or the
 * provider has named the order. */
PGL_MUST_USE pgl_status payment_get(const struct pgl_view *view, const pgl_id *order_id,
                                    struct payment_row *row);
/* For those who ask: whose it has to be is in the statement. Another's is not found. */
PGL_MUST_USE pgl_status payment_get_of(const struct pgl_view *view, const pgl_id *order_id,
                                       const char *tenant, struct payment_row *row);
PGL_MUST_USE pgl_status payment_get_for(const struct pgl_view *view, const pgl_id *order_id,
                                        const Caller *caller, struct payment_row *row);
/* What was ordered: PaymentAuthorized, packed. */
PGL_MUST_USE pgl_status payment_get_promise(const struct pgl_view *view, const pgl_id *order_id,
                                            struct pgl_text *promise);
PGL_MUST_USE pgl_status payment_insert(struct pgl_tx *tx, const struct payment_row *row,
                                       struct pgl_text promise);
/* Only what can change behind the insert: machine, money, events. */
PGL_MUST_USE pgl_status payment_update(struct pgl_tx *tx, const struct payment_row *row);
/* Of a card, also why it was declined; of an orphan, what it turned out to be about. */
PGL_MUST_USE pgl_status payment_update_card(struct pgl_tx *tx, const struct payment_row *row);
PGL_MUST_USE pgl_status payment_update_op(struct pgl_tx *tx, const pgl_id *order_id,
                                          enum op_state op_state);

extern const char payment_count_get_sql[], payment_count_put_sql[]; /* for store/tally.h */

/* ---- accounts ---- */

#define MERCHANT_ACCOUNT_ID 0
#define PROVIDER_ACCOUNT_ID (-1) /* what the provider of cards has taken, and owes us */

/* 0 when the customer has no line in this currency. */
PGL_MUST_USE pgl_status account_find(const struct pgl_view *view, const char *tenant,
                                     const char *customer, const char *currency,
                                     int64_t *account_id);
PGL_MUST_USE pgl_status account_insert(struct pgl_tx *tx, const char *tenant, const char *customer,
                                       const char *currency, int64_t credit_minor);
PGL_MUST_USE pgl_status account_put_credit(struct pgl_tx *tx, int64_t account_id,
                                           int64_t credit_minor);

/* The guard is in the statement: not held when the credit does not reach. */
PGL_MUST_USE pgl_status account_hold(struct pgl_tx *tx, int64_t account_id, int64_t amount_minor,
                                     bool *is_held);
/* Takes `hold_minor` off what is held and adds `posted_minor` to what is posted. */
PGL_MUST_USE pgl_status account_settle(struct pgl_tx *tx, int64_t account_id, int64_t hold_minor,
                                       int64_t posted_minor);

/* Gives back what was posted. */
PGL_MUST_USE pgl_status account_refund(struct pgl_tx *tx, int64_t account_id, int64_t amount_minor);

enum transfer_kind { TRANSFER_CAPTURE = 1, TRANSFER_REFUND = 2 };

struct transfer_row {
    pgl_id order_id;
    enum transfer_kind kind;
    int64_t refund_no; /* 0: of the capture */
    int64_t debit_account, credit_account, amount_minor;
    const char *currency;
};

PGL_MUST_USE pgl_status transfer_insert(struct pgl_tx *tx, const struct transfer_row *row);

#endif
