/* payments.c - /api/v1/payments: the money of an order. */
#include "contract/payments.h"

#include "edge/bff/views.h"

pgl_status payment_get_begin(struct pgl_request *request)
{
    GetPaymentRequest *ask = EDGE_NEW(request, GET_PAYMENT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    ask->caller = &request->caller;
    ask->order_id = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, GET_PAYMENT_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_GET_PAYMENT, ask,
                    request->view);
}

pgl_status payment_get_next(struct pgl_request *request)
{
    const GetPaymentResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return edge_reply_json(request, 200, &reply->payment->base);
}

/* ---- the provider's webhooks ---- */

static pgl_status give_body(struct pgl_request *request, TakeHintRequest *ask)
{
    struct pgl_text signature, body = request->exchange->body;
    PGL_TRY(edge_find_field(request, PGL_TEXT("stripe-signature"), &signature));
    if (signature.size == 0)
        return PGL_FAIL(PGL_MALFORMED, "Stripe-Signature: this header is required here");
    char *copy = pgl_arena_string(request->arena, signature);
    if (copy == NULL)
        return PGL_NO_MEMORY;
    ask->signature = copy;
    ask->body = (ProtobufCBinaryData){ body.size, (uint8_t *)body.data };
    return PGL_OK;
}

/* As it came: the signature is over these bytes, and Payments knows the secret. */
pgl_status provider_hint_begin(struct pgl_request *request)
{
    TakeHintRequest *ask = EDGE_NEW(request, TAKE_HINT_REQUEST_DESCRIPTOR);
    request->view = EDGE_NEW(request, TAKE_HINT_RESPONSE_DESCRIPTOR);
    if (ask == NULL || request->view == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    PGL_TRY(give_body(request, ask));
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_TAKE_HINT, ask,
                    request->view);
}

/* Whether it was of use is not the sender's business, who would send it again. */
pgl_status provider_hint_next(struct pgl_request *request)
{
    PGL_TRY(edge_answer(request, 0));
    request->status = 204;
    return PGL_OK;
}

/* ---- reconciliation ---- */

static pgl_status show_report(struct pgl_request *request, int status, const Reconciliation *report)
{
    return edge_reply_json(request, status, &report->base);
}

pgl_status reconcile_begin(struct pgl_request *request)
{
    ReconcileRequest *ask = EDGE_NEW(request, RECONCILE_REQUEST_DESCRIPTOR);
    request->view = EDGE_NEW(request, RECONCILE_RESPONSE_DESCRIPTOR);
    if (ask == NULL || request->view == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    ask->caller = &request->caller;
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_RECONCILE, ask,
                    request->view);
}

pgl_status reconcile_next(struct pgl_request *request)
{
    const ReconcileResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return show_report(request, 202, reply->report);
}

pgl_status reconciliation_get_begin(struct pgl_request *request)
{
    GetReconciliationRequest *ask = EDGE_NEW(request, GET_RECONCILIATION_REQUEST_DESCRIPTOR);
    request->view = EDGE_NEW(request, GET_RECONCILIATION_RESPONSE_DESCRIPTOR);
    if (ask == NULL || request->view == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for this request");
    ask->caller = &request->caller;
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_GET_RECONCILIATION, ask,
                    request->view);
}

pgl_status reconciliation_get_next(struct pgl_request *request)
{
    const GetReconciliationResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return show_report(request, 200, reply->report);
}
