/*
 * ledger.h - the in-house ledger of credit lines: what stands in the place of a bank for payments
 * of the method `account`. A hold blocks credit, posting turns it into a debt to the merchant,
 * releasing gives it back.
 *
 * For:      the handlers of payments; operators and imports, who open lines. A card's money is
 *           booked here as well, on the provider's account, who keeps no line of ours.
 * Threads:  the writer's.
 * Errors:   too little credit is an answer. A ledger that does not fit its payment is PGL_INTERNAL.
 *
 * Nothing of no worth is written: an amount of zero needs no line, and leaves no hold and no
 * transfer.
 */
#ifndef PGL_PAYMENTS_LEDGER_H
#define PGL_PAYMENTS_LEDGER_H

#include "services/payments/payments_sql.h"

#define PGL_CREDIT_MINOR_MAX INT64_C(9007199254740991) /* 2^53 - 1: JSON numbers are exact so far */
#define PGL_OWNER_BYTES_MAX  255                       /* of a tenant's or customer's name */

/* Blocks the whole amount of a new payment, or says that the credit does not reach. Opens a line of
 * `default_credit_minor` for a customer who has none in this currency. */
PGL_MUST_USE pgl_status pgl_ledger_hold(struct pgl_tx *tx, struct payment_row *row,
                                        int64_t default_credit_minor, bool *is_held);

/* Takes `captured_minor` of what is held; the rest is released. */
PGL_MUST_USE pgl_status pgl_ledger_post(struct pgl_tx *tx, struct payment_row *row,
                                        int64_t captured_minor);

/* Gives all that is held back. */
PGL_MUST_USE pgl_status pgl_ledger_release(struct pgl_tx *tx, struct payment_row *row);

/* Gives `amount_minor` of what was taken back. */
PGL_MUST_USE pgl_status pgl_ledger_refund(struct pgl_tx *tx, struct payment_row *row,
                                          int64_t refund_no, int64_t amount_minor);

/* What a credit line has to be, whoever brings it: a row of an import, a call. */
PGL_MUST_USE pgl_status pgl_credit_line_check(const char *tenant, const char *customer,
                                              const char *currency, int64_t credit_minor);

/* Opens the line or changes its limit. What is held or posted already stays, also above a lowered
 * limit. */
PGL_MUST_USE pgl_status pgl_payments_put_credit(struct pgl_tx *tx, const char *tenant,
                                                const char *customer, const char *currency,
                                                int64_t credit_minor);

#endif
