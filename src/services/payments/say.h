/* say.h - what a payment says: the one event of a step, from the rows as they will be written. */
#ifndef PGL_PAYMENTS_SAY_H
#define PGL_PAYMENTS_SAY_H

#include "services/payments/turn.h"

PGL_MUST_USE pgl_status payment_say(struct payment_turn *turn, const struct payment_step *step);

/* What was ordered, from the row; once a turn. */
PGL_MUST_USE pgl_status payment_need_promise(struct payment_turn *turn);

/* For what may be said several times: how a refund ended. */
PGL_MUST_USE pgl_status payment_say_refund(struct payment_turn *turn, Event *event);

#endif
