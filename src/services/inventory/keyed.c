/* keyed.c - see keyed.h. */
#include "services/inventory/keyed.h"

#include "saga/audit_log.h"
#include "saga/idempotency.h"

pgl_status keyed_begin(struct pgl_tx *tx, const Caller *caller, const char *key, int method,
                       const ProtobufCMessage *bare, const ProtobufCMessageDescriptor *reply,
                       struct keyed *keyed)
{
    *keyed = (struct keyed){ .caller = caller, .key = { caller->tenant, caller->subject, key } };
    struct pgl_text request;
    PGL_TRY(pgl_idempotency_key_check(key));
    PGL_TRY(pgl_message_pack_text(bare, pgl_tx_arena(tx), &request));
    PGL_TRY(receipt_get(&tx->view, &keyed->key, &keyed->receipt));
    if (!keyed->receipt.is_there) {
        keyed->receipt.method = method;
        keyed->receipt.request = request;
        return PGL_OK;
    }
    if (keyed->receipt.method != method || !pgl_text_equal(keyed->receipt.request, request))
        return PGL_FAIL(PGL_INVALID, "Idempotency-Key: it was used for another request");
    return pgl_message_unpack(reply, pgl_tx_arena(tx), keyed->receipt.response, &keyed->first);
}

pgl_status keyed_end(struct pgl_tx *tx, struct keyed *keyed, const ProtobufCMessage *reply,
                     const char *action, const char *target, const char *outcome)
{
    PGL_TRY(pgl_message_pack_text(reply, pgl_tx_arena(tx), &keyed->receipt.response));
    PGL_TRY(receipt_insert(tx, &keyed->key, &keyed->receipt));
    return pgl_audit_log_append(tx, keyed->caller, action, target, "", outcome);
}
