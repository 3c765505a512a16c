/*
 * desk.h - what the handlers of Payments know of their service beside their transaction.
 *
 * Owner:    service.c opens it; the writer's.
 */
#ifndef PGL_PAYMENTS_DESK_H
#define PGL_PAYMENTS_DESK_H

#include "events/log.h"
#include "services/payments/card_options.h"
#include "services/payments/nudge.h"
#include "store/tally.h"

#define PGL_METHOD_ACCOUNT       "account"
#define PGL_METHOD_CARD          "card"
#define PGL_DECLINED_NO_CREDIT   "insufficient_credit"
#define PGL_DECLINED_NOT_OFFERED "method_not_offered"
#define PGL_DECLINED_NO_CARD     "card_token_missing"

#define PGL_CARD_TOKEN_BYTES_MAX     255
#define PGL_WEBHOOK_SECRET_BYTES_MAX 255

struct payment_desk {
    struct pgl_event_log log;
    struct pgl_tally tally;
    struct pgl_counter orphans; /* stock was set aside for orders that we do not know: an alarm */
    struct pgl_counter parked;  /* intents for a person: an alarm */
    int64_t default_credit_minor;

    bool offers_cards;
    struct pgl_card_options card;
    int64_t epoch; /* of this run, once a worker is there */
    struct payment_nudge nudge;
    char webhook_secret[PGL_WEBHOOK_SECRET_BYTES_MAX + 1]; /* "": no webhooks are taken */
};

#endif
