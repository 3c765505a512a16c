/* hints.c - see hints.h. */
#include "services/payments/hints.h"

#include "services/payments/intents.h"
#include "services/payments/card_sql.h"
#include "wire/digest.h"
#include "wire/json_scan.h"

/* ---- the signature ---- */

static bool read_hex(struct pgl_text text, uint8_t digest[PGL_DIGEST_BYTES])
{
    if (text.size != 2 * PGL_DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0)
            return false;
        digest[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : digest[i / 2] | value);
    }
    return true;
}

struct signatures {
    struct pgl_text time; /* as it stands there */
    int64_t at_s;
    uint8_t digests[PGL_HINT_SIGNATURES_MAX][PGL_DIGEST_BYTES];
    int count;
};

/* Schemes that we do not know are passed over. */
static pgl_status read_signatures(struct pgl_text field, struct signatures *signatures)
{
    *signatures = (struct signatures){ 0 };
    while (field.data != NULL) {
        struct pgl_text value = pgl_text_trim(pgl_text_cut(&field, ','));
        struct pgl_text name = pgl_text_cut(&value, '=');
        if (pgl_text_is(name, "t"))
            signatures->time = value;
        else if (pgl_text_is(name, "v1") && value.data != NULL &&
                 signatures->count < PGL_HINT_SIGNATURES_MAX &&
                 read_hex(value, signatures->digests[signatures->count]))
            signatures->count++;
    }
    bool has_time = signatures->time.data != NULL &&
                    pgl_is_ok(pgl_text_to_i64(signatures->time, &signatures->at_s)) &&
                    signatures->at_s >= 0 && signatures->at_s < INT64_MAX / PGL_SECONDS(1);
    return has_time && signatures->count > 0
               ? PGL_OK
               : PGL_FAIL(PGL_MALFORMED, "Stripe-Signature: t=... and v1=... are expected");
}

pgl_status pgl_hint_verify(struct pgl_text secret, struct pgl_text field, struct pgl_text body,
                           int64_t now_ns, struct pgl_arena *arena)
{
    struct signatures signatures;
    uint8_t digest[PGL_DIGEST_BYTES];
    if (secret.size == 0)
        return PGL_FAIL(PGL_NOT_FOUND, "no webhooks are taken here");
    PGL_TRY(read_signatures(field, &signatures));
    char *bytes = pgl_arena_alloc(arena, signatures.time.size + 1 + body.size + 1);
    if (bytes == NULL)
        return PGL_NO_MEMORY;
    memcpy(bytes, signatures.time.data, signatures.time.size);
    bytes[signatures.time.size] = '.';
    if (body.size > 0)
        memcpy(bytes + signatures.time.size + 1, body.data, body.size);
    pgl_hmac_sha256(secret, (struct pgl_text){ bytes, signatures.time.size + 1 + body.size },
                    digest);
    bool is_theirs = false;
    for (int i = 0; i < signatures.count; i++)
        is_theirs |= pgl_digest_equal(signatures.digests[i], digest);
    int64_t age_ns = now_ns - signatures.at_s * PGL_SECONDS(1);
    if (!is_theirs || age_ns > PGL_HINT_TOLERANCE_NS || age_ns < -PGL_HINT_TOLERANCE_NS)
        return PGL_FAIL(PGL_DENIED, "Stripe-Signature: not the provider's, or too old");
    return PGL_OK;
}

/* ---- the body ---- */

/* A member on the way to what is wanted: {"id", "data": {"object": {"metadata": {"order_id"}}}}. */
static const struct hint_path {
    const char *name;
    int inner; /* the level behind it; 0: it is a text that is wanted */
} hint_paths[][2] = {
    { { "id", 0 }, { "data", 1 } },
    { { "object", 2 }, { NULL, 0 } },
    { { "metadata", 3 }, { NULL, 0 } },
    { { "order_id", 0 }, { NULL, 0 } },
};

struct found {
    struct pgl_text id, order_id;
};

static pgl_status read_level(struct pgl_json_scan *scan, int level, struct found *found);

static pgl_status read_member(struct pgl_json_scan *scan, int level, struct pgl_text name,
                              struct found *found)
{
    enum pgl_json_kind kind;
    PGL_TRY(pgl_json_scan_value(scan, &kind));
    for (int i = 0; i < 2; i++) {
        const struct hint_path *path = &hint_paths[level][i];
        if (path->name == NULL || !pgl_text_is(name, path->name))
            continue;
        if (path->inner > 0 && kind == PGL_JSON_OBJECT)
            return read_level(scan, path->inner, found);
        if (path->inner == 0 && kind == PGL_JSON_STRING)
            return pgl_json_scan_string(scan, level == 0 ? &found->id : &found->order_id);
    }
    return pgl_json_scan_skip(scan, kind);
}

static pgl_status read_level(struct pgl_json_scan *scan, int level, struct found *found)
{
    uint32_t count = 0;
    PGL_TRY(pgl_json_scan_enter(scan));
    for (;;) {
        struct pgl_text name;
        PGL_TRY(pgl_json_scan_member(scan, &count, &name));
        if (name.data == NULL)
            return PGL_OK;
        PGL_TRY(read_member(scan, level, name, found));
    }
}

pgl_status pgl_hint_read(struct pgl_text body, struct pgl_arena *arena, struct card_hint *hint)
{
    static const struct pgl_json_limits limits = {
        .depth_max = 16, .keys_max = 256, .nodes_max = 10000, .string_bytes_max = 16384
    };
    struct pgl_json_scan scan;
    struct found found = { { NULL, 0 }, { NULL, 0 } };
    enum pgl_json_kind kind;
    pgl_json_scan_init(&scan, arena, body, &limits);
    PGL_TRY(pgl_json_scan_value(&scan, &kind));
    if (kind != PGL_JSON_OBJECT)
        return PGL_FAIL(PGL_MALFORMED, "an event of the provider is expected");
    PGL_TRY(read_level(&scan, 0, &found));
    PGL_TRY(pgl_json_scan_end(&scan));
    if (found.id.size == 0 || found.id.size > PGL_HINT_ID_BYTES_MAX)
        return PGL_FAIL(PGL_MALFORMED, "an event of the provider with its id is expected");
    hint->event_id = found.id;
    if (!pgl_is_ok(pgl_id_parse(found.order_id, &hint->order_id)))
        hint->order_id = (pgl_id){ { 0 } }; /* of nothing that we have made */
    return PGL_OK;
}

pgl_status pgl_hint_take(struct pgl_tx *tx, const struct card_hint *hint, TakeHintResponse *reply)
{
    bool is_new, is_there;
    int64_t refund_sum, refund_no;
    PGL_TRY(hint_take(tx, hint->event_id, pgl_tx_now_ns(tx) - PGL_HINT_MEMORY_NS, &is_new));
    reply->is_of_use = false;
    if (!is_new || pgl_id_is_zero(hint->order_id))
        return PGL_OK;
    PGL_TRY(pgl_intents_hasten(tx, &hint->order_id, 0, true, &is_there));
    reply->is_of_use = is_there;
    if (is_there)
        return PGL_OK;
    PGL_TRY(refunds_pending(&tx->view, &hint->order_id, &refund_sum, &refund_no));
    if (refund_no > 0)
        PGL_TRY(pgl_intents_hasten(tx, &hint->order_id, refund_no, true, &is_there));
    reply->is_of_use = is_there;
    return PGL_OK;
}
