/* admin_intents.c - /api/v1/admin/intents: what is open at the provider, payment by payment. */
#include "base/time.h"
#include "contract/payments.h"
#include "edge/bff/admin.h"
#include "edge/bff/views.h"

static IntentState state_named(const char *name)
{
    char full[64] = "INTENT_STATE_";
    size_t prefix = strlen(full), size = strlen(name);
    if (size == 0 || size >= sizeof full - prefix)
        return INTENT_STATE_UNSPECIFIED;
    memcpy(full + prefix, name, size + 1);
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(INTENT_STATE_DESCRIPTOR, full);
    return value != NULL ? (IntentState)value->value : INTENT_STATE_UNSPECIFIED;
}

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
    ask->state = state_named(query.status);
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
