/* ledger.c - see ledger.h. */
#include "services/payments/ledger.h"

#include "base/assert.h"
#include "base/money.h"

static pgl_status find_or_open(struct pgl_tx *tx, const struct payment_row *row,
                               int64_t default_credit_minor, int64_t *account_id)
{
    PGL_TRY(account_find(&tx->view, row->tenant, row->customer, row->currency, account_id));
    if (*account_id != 0)
        return PGL_OK;
    PGL_TRY(account_insert(tx, row->tenant, row->customer, row->currency, default_credit_minor));
    return account_find(&tx->view, row->tenant, row->customer, row->currency, account_id);
}

pgl_status pgl_ledger_hold(struct pgl_tx *tx, struct payment_row *row, int64_t default_credit_minor,
                           bool *is_held)
{
    PGL_ASSERT(row->authorized_minor == 0 && row->account_id == 0);
    *is_held = true;
    if (row->amount_minor == 0)
        return PGL_OK;
    int64_t account_id;
    PGL_TRY(find_or_open(tx, row, default_credit_minor, &account_id));
    PGL_TRY(account_hold(tx, account_id, row->amount_minor, is_held));
    if (!*is_held)
        return PGL_OK;
    row->account_id = account_id;
    row->authorized_minor = row->hold_minor = row->amount_minor;
    return PGL_OK;
}

/* Ends the hold: a part is captured, the rest is free again. */
static pgl_status settle(struct pgl_tx *tx, struct payment_row *row, int64_t captured_minor)
{
    PGL_ASSERT(captured_minor >= 0 && captured_minor <= row->hold_minor);
    if (row->hold_minor == 0)
        return PGL_OK;
    if (row->account_id != PROVIDER_ACCOUNT_ID) /* which keeps its own books */
        PGL_TRY(account_settle(tx, row->account_id, row->hold_minor, captured_minor));
    row->captured_minor = captured_minor;
    row->released_minor = row->hold_minor - captured_minor;
    row->hold_minor = 0;
    return PGL_OK;
}

pgl_status pgl_ledger_post(struct pgl_tx *tx, struct payment_row *row, int64_t captured_minor)
{
    PGL_TRY(settle(tx, row, captured_minor));
    if (captured_minor == 0)
        return PGL_OK;
    struct transfer_row transfer = { .order_id = row->order_id,
                                     .kind = TRANSFER_CAPTURE,
                                     .debit_account = row->account_id,
                                     .credit_account = MERCHANT_ACCOUNT_ID,
                                     .amount_minor = captured_minor,
                                     .currency = row->currency };
    return transfer_insert(tx, &transfer);
}

pgl_status pgl_ledger_release(struct pgl_tx *tx, struct payment_row *row)
{
    return settle(tx, row, 0);
}

pgl_status pgl_ledger_refund(struct pgl_tx *tx, struct payment_row *row, int64_t refund_no,
                             int64_t amount_minor)
{
    PGL_ASSERT(amount_minor >= 0 && row->refunded_minor + amount_minor <= row->captured_minor);
    if (amount_minor == 0)
        return PGL_OK;
    if (row->account_id != PROVIDER_ACCOUNT_ID)
        PGL_TRY(account_refund(tx, row->account_id, amount_minor));
    row->refunded_minor += amount_minor;
    struct transfer_row transfer = { .order_id = row->order_id,
                                     .kind = TRANSFER_REFUND,
                                     .refund_no = refund_no,
                                     .debit_account = MERCHANT_ACCOUNT_ID,
                                     .credit_account = row->account_id,
                                     .amount_minor = amount_minor,
                                     .currency = row->currency };
    return transfer_insert(tx, &transfer);
}

/* ---- credit lines ---- */

/* A name that can stand in a log line and in a table. */
static bool is_name(const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > PGL_OWNER_BYTES_MAX)
        return false;
    for (const char *at = name; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return true;
}

pgl_status pgl_credit_line_check(const char *tenant, const char *customer, const char *currency,
                                 int64_t credit_minor)
{
    if (!is_name(tenant))
        return PGL_FAIL(PGL_INVALID,
                        "tenant: 1 to 255 bytes without control characters are expected");
    if (!is_name(customer))
        return PGL_FAIL(PGL_INVALID,
                        "customer: 1 to 255 bytes without control characters are expected");
    if (!pgl_currency_is_known(pgl_text_of(currency)))
        return PGL_FAIL(PGL_INVALID, "currency: a code of ISO 4217 is expected");
    if (credit_minor < 0 || credit_minor > PGL_CREDIT_MINOR_MAX)
        return PGL_FAIL(PGL_INVALID, "creditMinor: 0 to 9007199254740991 is expected");
    return PGL_OK;
}

pgl_status pgl_payments_put_credit(struct pgl_tx *tx, const char *tenant, const char *customer,
                                   const char *currency, int64_t credit_minor)
{
    PGL_TRY(pgl_credit_line_check(tenant, customer, currency, credit_minor));
    int64_t account_id;
    PGL_TRY(account_find(&tx->view, tenant, customer, currency, &account_id));
    if (account_id == 0)
        return account_insert(tx, tenant, customer, currency, credit_minor);
    return account_put_credit(tx, account_id, credit_minor);
}
