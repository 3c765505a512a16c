/* card_rules.c - see card_rules.h. */
#include "services/payments/card_rules.h"

#include <stdio.h>

#define PARK(why) OUTCOME_UNKNOWN, CARD_WAIT_NONE, why

/* clang-format off */
struct judged {
    enum payment_input outcome;
    enum card_wait wait;
    const char *parked_because;
};

/* What was sent. An OUTCOME is looked at more closely. */
static const struct judged sent[PROVIDER_SEEN_COUNT] = {
    [PROVIDER_SEEN_OUTCOME]   = { OUTCOME_UNKNOWN, CARD_WAIT_NONE,    NULL },
    [PROVIDER_SEEN_UNKNOWN]   = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_REFUSED]   = { OUTCOME_UNKNOWN, CARD_WAIT_NONE,    NULL }, /* asked before it is believed */
    [PROVIDER_SEEN_KEY_BUSY]  = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_NOT_SENT]  = { OUTCOME_AGAIN,   CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_FORBIDDEN] = { OUTCOME_AGAIN,   CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_OUR_BUG]   = { PARK("the provider does not understand us") },
    [PROVIDER_SEEN_BURNT]     = { OUTCOME_UNKNOWN, CARD_WAIT_NONE,    NULL },
    [PROVIDER_SEEN_NO_OBJECT] = { PARK("the provider does not know the object") },
};

/* What was asked: nothing but an OUTCOME tells anything. */
static const struct judged asked[PROVIDER_SEEN_COUNT] = {
    [PROVIDER_SEEN_OUTCOME]   = { OUTCOME_UNKNOWN, CARD_WAIT_NONE,    NULL },
    [PROVIDER_SEEN_UNKNOWN]   = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_REFUSED]   = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_KEY_BUSY]  = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_NOT_SENT]  = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_FORBIDDEN] = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_OUR_BUG]   = { PARK("the provider does not understand us") },
    [PROVIDER_SEEN_BURNT]     = { OUTCOME_UNKNOWN, CARD_WAIT_BACKOFF, NULL },
    [PROVIDER_SEEN_NO_OBJECT] = { PARK("the provider does not know the object") },
};

const char *const pgl_card_seen_names[PROVIDER_SEEN_COUNT] = {
    [PROVIDER_SEEN_OUTCOME]   = "outcome",
    [PROVIDER_SEEN_UNKNOWN]   = "unknown",
    [PROVIDER_SEEN_REFUSED]   = "refused",
    [PROVIDER_SEEN_KEY_BUSY]  = "key_busy",
    [PROVIDER_SEEN_NOT_SENT]  = "not_sent",
    [PROVIDER_SEEN_FORBIDDEN] = "forbidden",
    [PROVIDER_SEEN_OUR_BUG]   = "our_bug",
    [PROVIDER_SEEN_BURNT]     = "burnt",
    [PROVIDER_SEEN_NO_OBJECT] = "no_object",
};

const char *const pgl_card_verb_names[PROVIDER_VERB_COUNT] = {
    "create", "authorize", "capture", "void", "refund", "get", "get_refund", "find_refund", "find", "list",
};

const char *const pgl_card_op_names[INTENT_OP_REFUND + 1] = {
    "none", "create", "authorize", "capture", "void", "find", "refund",
};

/* By the operation; of one that was lost sight of, behind that. */
static const struct {
    enum provider_verb send, ask;
} verbs[INTENT_OP_REFUND + 1] = {
    [PAYMENT_OP_CREATE]    = { PROVIDER_CREATE,    PROVIDER_CREATE }, /* no handle to ask by */
    [PAYMENT_OP_AUTHORIZE] = { PROVIDER_AUTHORIZE, PROVIDER_GET },
    [PAYMENT_OP_CAPTURE]   = { PROVIDER_CAPTURE,   PROVIDER_GET },
    [PAYMENT_OP_VOID]      = { PROVIDER_VOID,      PROVIDER_GET },
    [PAYMENT_OP_FIND]      = { PROVIDER_FIND,      PROVIDER_FIND },
    [INTENT_OP_REFUND]     = { PROVIDER_REFUND,    PROVIDER_FIND_REFUND },
};
/* clang-format on */

static bool is_key_forgotten(const struct intent_row *intent, int64_t now_ns,
                             const struct pgl_card_options *options)
{
    return intent->first_sent_at_ns != 0 && now_ns - intent->first_sent_at_ns >= options->forget_ns;
}

enum provider_verb pgl_card_verb(const struct intent_row *intent, int64_t now_ns,
                                 const struct pgl_card_options *options)
{
    if (intent->op_state == OP_PLANNED)
        return verbs[intent->op].send;
    if (intent->op == PAYMENT_OP_CREATE && is_key_forgotten(intent, now_ns, options))
        return PROVIDER_FIND;
    if (intent->op == INTENT_OP_REFUND && intent->refund_handle[0] != '\0')
        return PROVIDER_GET_REFUND;
    return verbs[intent->op].ask;
}

bool pgl_card_is_send(enum provider_verb verb)
{
    return verb <= PROVIDER_REFUND;
}

static struct card_verdict verdict_of(const struct judged *judged)
{
    return (struct card_verdict){ .outcome = judged->outcome,
                                  .refund = REFUND_PENDING,
                                  .wait = judged->wait,
                                  .parked_because = judged->parked_because };
}

/* Nothing has come of what was sent: is it sent again, and with which key? */
static struct card_verdict again(const struct intent_row *intent, int64_t now_ns,
                                 const struct pgl_card_options *options)
{
    struct card_verdict verdict = { .outcome = OUTCOME_AGAIN,
                                    .refund = REFUND_PENDING,
                                    .wait = CARD_WAIT_BACKOFF };
    if (is_key_forgotten(intent, now_ns, options)) {
        verdict.outcome = OUTCOME_UNKNOWN; /* from here on it is only asked */
    } else if (intent->sent_seen == PROVIDER_SEEN_BURNT) {
        bool is_settled = now_ns - intent->sent_at_ns >= options->settle_ns;
        verdict.outcome = is_settled ? OUTCOME_AGAIN : OUTCOME_UNKNOWN;
        verdict.takes_new_key = is_settled;
        verdict.wait = is_settled ? CARD_WAIT_NONE : CARD_WAIT_SETTLE;
    }
    return verdict;
}

/* The object as it is now, said by the answer to what was sent, or to a question. */
static struct card_verdict learn(const struct intent_row *intent, const struct provider_call *call,
                                 int64_t now_ns, const struct pgl_card_options *options)
{
    enum payment_op op = (enum payment_op)intent->op;
    struct card_verdict verdict = { .refund = REFUND_PENDING };
    if (op == PAYMENT_OP_CREATE) {
        verdict.outcome = OUTCOME_CREATED;
        return verdict;
    }
    verdict.outcome = pgl_payment_outcome_of(op, call->object.status);
    bool was_refused = intent->sent_seen == PROVIDER_SEEN_REFUSED && !pgl_card_is_send(call->verb);
    if (verdict.outcome == OUTCOME_AGAIN && was_refused && op == PAYMENT_OP_AUTHORIZE)
        verdict.outcome = OUTCOME_DECLINED;
    else if (verdict.outcome == OUTCOME_AGAIN && was_refused && op == PAYMENT_OP_CAPTURE)
        verdict.outcome = OUTCOME_CAPTURE_REFUSED;
    else if (verdict.outcome == OUTCOME_AGAIN)
        return again(intent, now_ns, options);
    else if (verdict.outcome == OUTCOME_UNKNOWN)
        verdict.wait = CARD_WAIT_BACKOFF;
    else if (verdict.outcome == OUTCOME_ACTION_REQUIRED)
        verdict.wait = CARD_WAIT_ACTION;
    return verdict;
}

/* The refund itself, said by the answer to what was sent, or found by the number that it was sent
 * with: what others have refunded there is not taken for it. */
static struct card_verdict learn_refund(const struct intent_row *intent,
                                        const struct provider_call *call)
{
    struct card_verdict verdict = { .outcome = OUTCOME_UNKNOWN,
                                    .refund = REFUND_PENDING,
                                    .wait = CARD_WAIT_ACTION }; /* a bank may take days */
    if (call->verb == PROVIDER_FIND_REFUND && call->refund_found_minor != intent->amount_minor)
        verdict.parked_because = "it is there, of another amount";
    else if (call->refund_has_failed)
        verdict.refund = REFUND_FAILED;
    else if (call->refund_is_done)
        verdict.refund = REFUND_DONE;
    return verdict;
}

/* There is none with our number. */
static bool is_no_refund(const struct intent_row *intent, const struct provider_call *call)
{
    return intent->op == INTENT_OP_REFUND && call->verb == PROVIDER_FIND_REFUND &&
           call->seen == PROVIDER_SEEN_NO_OBJECT && call->http_status != 404;
}

static struct card_verdict miss_refund(const struct intent_row *intent, int64_t now_ns,
                                       const struct pgl_card_options *options)
{
    struct card_verdict failed = { .outcome = OUTCOME_UNKNOWN, .refund = REFUND_FAILED };
    return intent->sent_seen == PROVIDER_SEEN_REFUSED ? failed : again(intent, now_ns, options);
}

/* The customer's card is refused at once, or is none: no mistake of ours. */
static bool is_no_card(const struct intent_row *intent, const struct provider_call *call)
{
    if (intent->op != PAYMENT_OP_CREATE || call->verb != PROVIDER_CREATE)
        return false;
    return call->seen == PROVIDER_SEEN_REFUSED || call->seen == PROVIDER_SEEN_NO_OBJECT ||
           (call->seen == PROVIDER_SEEN_OUR_BUG && strcmp(call->code, "resource_missing") == 0);
}

/* What holds for one operation only, and not for the others. */
static bool is_special(const struct intent_row *intent, const struct provider_call *call,
                       struct card_verdict *verdict)
{
    *verdict = (struct card_verdict){ .outcome = OUTCOME_CANCELLED, .refund = REFUND_PENDING };
    if (is_no_card(intent, call)) {
        verdict->outcome = OUTCOME_DECLINED; /* there is no object that could be asked about */
        return true;
    }
    if (intent->op == PAYMENT_OP_CREATE &&
        (call->seen == PROVIDER_SEEN_BURNT || call->seen == PROVIDER_SEEN_NO_OBJECT)) {
        verdict->outcome = OUTCOME_AGAIN; /* a second object without money does no harm */
        verdict->takes_new_key = true;
        verdict->wait = call->seen == PROVIDER_SEEN_BURNT ? CARD_WAIT_SETTLE : CARD_WAIT_BACKOFF;
        return true;
    }
    /* What is not there holds nothing. */
    return (intent->op == PAYMENT_OP_VOID || intent->op == PAYMENT_OP_FIND) &&
           call->seen == PROVIDER_SEEN_NO_OBJECT;
}

struct card_verdict pgl_card_judge(const struct intent_row *intent,
                                   const struct provider_call *call, int64_t now_ns,
                                   const struct pgl_card_options *options)
{
    struct card_verdict special;
    if (is_special(intent, call, &special))
        return special;
    if (is_no_refund(intent, call))
        return miss_refund(intent, now_ns, options);
    if (call->seen != PROVIDER_SEEN_OUTCOME)
        return verdict_of(pgl_card_is_send(call->verb) ? &sent[call->seen] : &asked[call->seen]);
    return intent->op == INTENT_OP_REFUND ? learn_refund(intent, call)
                                          : learn(intent, call, now_ns, options);
}

void pgl_card_key(const struct intent_row *intent, char key[PGL_PROVIDER_KEY_BYTES])
{
    char id[PGL_ID_TEXT_BYTES];
    pgl_id_format(intent->order_id, id);
    if (intent->refund_no > 0)
        snprintf(key, PGL_PROVIDER_KEY_BYTES, "pgl-%.*s-refund%lld-%lld", PGL_ID_TEXT_BYTES, id,
                 (long long)intent->refund_no, (long long)intent->attempt);
    else
        snprintf(key, PGL_PROVIDER_KEY_BYTES, "pgl-%.*s-%s-%lld", PGL_ID_TEXT_BYTES, id,
                 pgl_card_op_names[intent->op], (long long)intent->attempt);
}
