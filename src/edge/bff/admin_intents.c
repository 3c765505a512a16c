/* admin_intents.c - /api/v1/admin/intents: what is open at the provider, payment by payment. */
#include "base/time.h"
#include "contract/payments.h"
#include "edge/bff/admin.h"
#include "edge/bff/views.h"
#include "wire/json.h"

pgl_status intent_list_begin(struct pgl_request *request)
{
    ListIntentsRequest *ask = EDGE_NEW(request, LIST_INTENTS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    ask->caller = &request->caller;
    ask->limit = edge_query_limit(request);
    ask->cursor = edge_query_text(request, "cursor");
    ask->older_than_ns = PGL_SECONDS(edge_query_number(request, "olderThanS", 0));
    ask->state = (IntentState)pgl_json_enum_named(INTENT_STATE_DESCRIPTOR,
                                                  edge_query_text(request, "status"));
    request->view = EDGE_NEW(request, LIST_INTENTS_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->payments, PAYMENT_SERVICE_LIST_INTENTS, ask,
                    request->view);
}

pgl_status intent_list_next(struct pgl_request *request)
{
    const ListIntentsResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return admin_reply(request, 200, &reply->base);
}
