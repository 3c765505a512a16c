/* admin_intents.c - /api/v1/admin/intents: what is open at the provider, payment by payment. */
#include "base/time.h"
#include "contract/payments.h"
#include "edge/bff/admin.h"
#include "edge/bff/views.h"
#include "wire/json.h"

pgl_status intent_list_begin(struct pgl_request *request)
{
    struct admin_query query;
    ListIntentsRequest *ask = EDGE_NEW(request, LIST_INTENTS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(admin_read_query(request, ADMIN_BY_STATUS | ADMIN_BY_AGE, &query));
    ask->caller = &request->caller;
    ask->limit = query.limit;
    ask->cursor = query.cursor;
    ask->older_than_ns = PGL_SECONDS(query.older_than_s);
    ask->state = (IntentState)pgl_json_enum_named(INTENT_STATE_DESCRIPTOR, query.status);
    if (query.status[0] != '\0' && ask->state == INTENT_STATE_UNSPECIFIED)
        return PGL_FAIL(PGL_INVALID, "status: PLANNED, IN_FLIGHT, UNKNOWN or PARKED is expected");
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
