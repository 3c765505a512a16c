/*
 * card_rules.h - what is to be asked of the provider about an intent, and what its answer, or its
 * silence, means (docs/saga.md, 7.3).
 *
 * For:      the handlers that claim and settle intents. Two tables in card_rules.c.
 * Owner:    nobody; all is pure.
 */
#ifndef PGL_PAYMENTS_CARD_RULES_H
#define PGL_PAYMENTS_CARD_RULES_H

#include "services/payments/card_options.h"
#include "services/payments/card_sql.h"
#include "services/payments/provider.h"

enum card_wait {
    CARD_WAIT_NONE,
    CARD_WAIT_BACKOFF, /* longer each time, with jitter; as long as the provider asks for */
    CARD_WAIT_SETTLE,  /* until nothing sent with the old key can still be on its way */
    CARD_WAIT_ACTION   /* the customer is at it */
};

struct card_verdict {
    enum payment_input outcome; /* for the machine; of a refund: UNKNOWN or AGAIN while pending */
    enum refund_state refund;   /* of a refund */
    enum card_wait wait;
    bool takes_new_key;
    const char *parked_because; /* NULL: it is not */
};

/* What is to be done next: sent, or asked. */
enum provider_verb pgl_card_verb(const struct intent_row *intent, int64_t now_ns,
                                 const struct pgl_card_options *options);

/* True for what changes something at the provider, and so carries a key. */
bool pgl_card_is_send(enum provider_verb verb);

/* The intent as it was when the call was made. */
struct card_verdict pgl_card_judge(const struct intent_row *intent,
                                   const struct provider_call *call, int64_t now_ns,
                                   const struct pgl_card_options *options);

/* pgl-<order id>-<op>-<attempt>; of a refund with its number behind the op. */
void pgl_card_key(const struct intent_row *intent, char key[PGL_PROVIDER_KEY_BYTES]);

extern const char *const pgl_card_verb_names[PROVIDER_VERB_COUNT];
extern const char *const pgl_card_seen_names[PROVIDER_SEEN_COUNT];
extern const char *const pgl_card_op_names[INTENT_OP_REFUND + 1];

#endif
