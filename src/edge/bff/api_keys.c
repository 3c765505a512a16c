/* api_keys.c - /api/v1/admin/api-keys: keys of programs that ask us. */
#include "contract/identity.h"

#include "edge/bff/admin.h"
#include "edge/bff/views.h"
#include "edge/condition.h"
#include "edge/trust.h"

static pgl_status ask_for(struct pgl_request *request, int method, const void *ask,
                          const ProtobufCMessageDescriptor *reply)
{
    request->view = EDGE_NEW(request, reply);
    return edge_ask(request, &request->edge->identity, method, ask, request->view);
}

/* What this edge knows of the key is forgotten before anybody is told; other edges hear of it. */
static pgl_status reply_key(struct pgl_request *request, int status)
{
    const KeyResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    edge_key_cache_forget(request->edge->trust->keys, pgl_text_of(reply->key->id));
    request->version = reply->key->version;
    return admin_reply(request, status, &reply->key->base);
}

pgl_status api_key_shown_next(struct pgl_request *request)
{
    return reply_key(request, 200);
}

pgl_status api_key_made_next(struct pgl_request *request)
{
    return reply_key(request, 201);
}

pgl_status api_key_create_begin(struct pgl_request *request)
{
    CreateKeyRequest *ask = EDGE_NEW(request, CREATE_KEY_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(edge_read_body(request, NEW_KEY_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->key = body;
    return ask_for(request, IDENTITY_SERVICE_CREATE_KEY, ask, KEY_RESPONSE_DESCRIPTOR);
}

pgl_status api_key_list_begin(struct pgl_request *request)
{
    ListKeysRequest *ask = EDGE_NEW(request, LIST_KEYS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    ask->caller = &request->caller;
    ask->limit = edge_query_limit(request);
    ask->cursor = edge_query_text(request, "cursor");
    return ask_for(request, IDENTITY_SERVICE_LIST_KEYS, ask, LIST_KEYS_RESPONSE_DESCRIPTOR);
}

pgl_status api_key_list_next(struct pgl_request *request)
{
    const ListKeysResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return admin_reply(request, 200, &reply->base);
}

pgl_status api_key_get_begin(struct pgl_request *request)
{
    KeyRequest *ask = EDGE_NEW(request, KEY_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    return ask_for(request, IDENTITY_SERVICE_GET_KEY, ask, KEY_RESPONSE_DESCRIPTOR);
}

pgl_status api_key_change_begin(struct pgl_request *request)
{
    ChangeKeyRequest *ask = EDGE_NEW(request, CHANGE_KEY_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(edge_read_condition(request, false, &ask->condition));
    PGL_TRY(edge_read_body(request, KEY_CHANGE_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    ask->change = body;
    return ask_for(request, IDENTITY_SERVICE_CHANGE_KEY, ask, KEY_RESPONSE_DESCRIPTOR);
}

pgl_status api_key_rotate_begin(struct pgl_request *request)
{
    RotateKeyRequest *ask = EDGE_NEW(request, ROTATE_KEY_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(edge_read_body(request, KEY_ROTATION_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    ask->rotation = body;
    return ask_for(request, IDENTITY_SERVICE_ROTATE_KEY, ask, KEY_RESPONSE_DESCRIPTOR);
}

pgl_status api_key_revoke_begin(struct pgl_request *request)
{
    RevokeKeyRequest *ask = EDGE_NEW(request, REVOKE_KEY_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(edge_read_body(request, REASON_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    ask->reason = ((const Reason *)body)->reason;
    return ask_for(request, IDENTITY_SERVICE_REVOKE_KEY, ask, KEY_RESPONSE_DESCRIPTOR);
}
