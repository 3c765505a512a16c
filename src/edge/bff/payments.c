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
    edge_add_field(request, PGL_TEXT("Cache-Control"), PGL_TEXT("no-store"));
    return edge_reply_json(request, 200, &reply->payment->base);
}
