/* service.c - what Payments offers, and what it hears. */
#include "services/payments/service.h"

#include "base/assert.h"
#include "events/feed.h"
#include "saga/audit_log.h"
#include "services/payments/answers.h"
#include "services/payments/payments_sql.h"

PGL_QUERY(pgl_payments_get, GetPaymentRequest, GetPaymentResponse)
PGL_QUERY(pgl_payments_story, ReadKeyRequest, ReadKeyResponse)
PGL_COMMAND(pgl_payments_put_credit_line, PutCreditLineRequest, PutCreditLineResponse)

/* clang-format off */
const struct pgl_method pgl_payments_methods[PAYMENT_SERVICE_METHOD_COUNT] = {
    [PAYMENT_SERVICE_GET_PAYMENT]     = { PGL_METHOD_QUERY, .query = pgl_payments_get_query },
    [PAYMENT_SERVICE_PUT_CREDIT_LINE] = { PGL_METHOD_COMMAND,
                                          .command = pgl_payments_put_credit_line_command },
};

const struct pgl_method pgl_payments_log_methods[EVENT_LOG_SERVICE_METHOD_COUNT] = {
    [EVENT_LOG_SERVICE_READ] = { PGL_METHOD_FLOW, .flow = pgl_feed_method },
    [EVENT_LOG_SERVICE_READ_KEY] = { PGL_METHOD_QUERY, .query = pgl_payments_story_query },
};
/* clang-format on */

static struct pgl_admin *admin_of(void *context)
{
    return &((struct pgl_payments *)context)->admin;
}
PGL_ADMIN_METHODS(pgl_payments_admin_methods, admin_of)

pgl_status pgl_payments_open(struct pgl_payments *payments, struct pgl_writer *writer,
                             const struct pgl_payments_options *options)
{
    PGL_ASSERT(options->default_credit_minor >= 0);
    *payments = (struct pgl_payments){ .writer = writer };
    writer->context = payments;
    payments->desk.default_credit_minor = options->default_credit_minor;
    pgl_admin_init(&payments->admin, LOG_PAYMENTS);
    PGL_TRY(pgl_events_migrate(&writer->db));
    PGL_TRY(pgl_saga_migrate(&writer->db));
    PGL_TRY(pgl_payments_migrate(&writer->db));
    PGL_TRY(pgl_tally_open(&payments->desk.tally, writer, PAYMENT_STATE_COUNT,
                           payment_count_get_sql, payment_count_put_sql));
    return pgl_log_open(&payments->desk.log, LOG_PAYMENTS, writer);
}

pgl_status pgl_payments_connect(struct pgl_payments *payments, struct pgl_event_log *orders,
                                struct pgl_event_log *inventory)
{
    PGL_TRY(pgl_consumer_open(&payments->orders, payments->writer, orders, pgl_payments_handle));
    PGL_TRY(
        pgl_consumer_open(&payments->inventory, payments->writer, inventory, pgl_payments_handle));
    pgl_admin_add_consumer(&payments->admin, &payments->orders);
    pgl_admin_add_consumer(&payments->admin, &payments->inventory);
    return pgl_admin_open(&payments->admin, payments->writer, NULL, 0);
}

void pgl_payments_start(struct pgl_payments *payments)
{
    pgl_consumer_start(&payments->orders);
    pgl_consumer_start(&payments->inventory);
}

void pgl_payments_close(struct pgl_payments *payments)
{
    pgl_consumer_close(&payments->orders);
    pgl_consumer_close(&payments->inventory);
    pgl_log_close(&payments->desk.log);
}
