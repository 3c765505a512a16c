/* reconcile_rules.c - see reconcile_rules.h. */
#include "services/payments/reconcile_rules.h"

#include <stdio.h>

/* clang-format off */
const char *const reconcile_verdict_names[RECONCILE_VERDICT_COUNT] = {
    [RECONCILE_FINE]         = "fine",
    [RECONCILE_YOUNG]        = "young",
    [RECONCILE_CANCEL]       = "cancelled",
    [RECONCILE_UNKNOWN_HERE] = "captured there for an order that is not here",
    [RECONCILE_TWICE]        = "captured there on an object that is not the payment's",
    [RECONCILE_ONLY_THERE]   = "captured there, not here",
    [RECONCILE_ONLY_HERE]    = "captured here, not there",
    [RECONCILE_AMOUNT]       = "captured here and there, not the same amount",
    [RECONCILE_REFUNDED]     = "refunded here and there, not the same amount",
};
/* clang-format on */

static void put_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

pgl_status reconcile_look(const struct pgl_view *view, const pgl_id *order_id,
                          struct reconcile_ours *ours)
{
    struct payment_row row;
    struct card_row card;
    struct intent_row intent;
    int64_t pending_minor, first_no;
    bool has_card;
    *ours = (struct reconcile_ours){ 0 };
    pgl_status status = payment_get(view, order_id, &row);
    if (status.code == PGL_NOT_FOUND)
        return PGL_OK;
    PGL_TRY(status);
    PGL_TRY(card_get(view, order_id, &card, &has_card));
    PGL_TRY(intent_get(view, order_id, 0, &intent, &ours->has_intent));
    PGL_TRY(refunds_pending(view, order_id, &pending_minor, &first_no));
    ours->is_there = true;
    ours->has_intent |= first_no > 0;
    ours->state = row.facts.state;
    ours->captured_minor = row.captured_minor;
    ours->refunded_minor = row.refunded_minor;
    put_text(ours->currency, sizeof ours->currency, row.currency);
    put_text(ours->handle, sizeof ours->handle, has_card ? card.handle : "");
    return PGL_OK;
}

static enum reconcile_verdict judge_captured(const struct provider_object *object,
                                             const struct reconcile_ours *ours, bool is_its)
{
    if (!ours->is_there)
        return RECONCILE_UNKNOWN_HERE;
    if (!is_its)
        return RECONCILE_TWICE;
    if (ours->has_intent)
        return RECONCILE_FINE; /* we are about to hear of it */
    if (ours->state != PAYMENT_CAPTURED)
        return RECONCILE_ONLY_THERE;
    if (object->captured_minor != ours->captured_minor ||
        strcmp(object->currency, ours->currency) != 0)
        return RECONCILE_AMOUNT;
    bool is_refunded_alike =
        object->refunded_minor == PROVIDER_UNTOLD || object->refunded_minor == ours->refunded_minor;
    return is_refunded_alike ? RECONCILE_FINE : RECONCILE_REFUNDED;
}

enum reconcile_verdict reconcile_judge(const struct provider_object *object,
                                       const struct reconcile_ours *ours, int64_t now_ns)
{
    bool is_its = ours->is_there && strcmp(object->handle, ours->handle) == 0;
    if (object->status == PROVIDER_CAPTURED)
        return judge_captured(object, ours, is_its);
    if (is_its && ours->state == PAYMENT_CAPTURED && ours->captured_minor > 0)
        return RECONCILE_ONLY_HERE;
    bool is_live = is_its && (ours->has_intent || ours->state == PAYMENT_AUTHORIZED);
    if (object->status == PROVIDER_CANCELLED || is_live)
        return RECONCILE_FINE;
    /* Made, and we have yet to hear of it: it is the payment's. By a calendar that was set it may
     * look old, and without the provider it gets so. */
    bool may_be_its = ours->is_there && ours->has_intent && ours->handle[0] == '\0';
    bool is_young = now_ns - object->created_s * PGL_SECONDS(1) < PGL_RECONCILE_YOUNG_NS;
    return is_young || may_be_its ? RECONCILE_YOUNG : RECONCILE_CANCEL;
}
