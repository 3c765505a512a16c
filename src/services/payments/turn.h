/*
 * turn.h - one change of one payment, in one transaction: what the machine's step asks for is done
 * in the ledger or planned for the provider, what there is to say is said, and the rows are
 * written.
 *
 * For:      handle.c, which hears events, and intents.c, which hears from the provider.
 * Owner:    the handler's stack.
 * Threads:  the writer's.
 */
#ifndef PGL_PAYMENTS_TURN_H
#define PGL_PAYMENTS_TURN_H

#include "services/payments/card_sql.h"
#include "services/payments/desk.h"
#include "services/payments/provider.h"

struct payment_turn {
    struct pgl_tx *tx;
    struct payment_desk *desk;
    const Event *event;                 /* that was heard; NULL for an answer of the provider */
    const struct provider_call *answer; /* NULL for an event */

    struct payment_row row;
    enum payment_state state_before;
    bool is_new;
    PaymentAuthorized *promise; /* what was ordered; NULL until somebody needs it */

    /* Only of payments whose money is outside. */
    bool is_outside;
    struct card_row card;
    bool has_card, has_new_card; /* there is one; it is to be written */
    struct intent_row intent;
    bool has_intent, is_planned; /* one is open; another one is to be */
    int64_t taking_minor;        /* decided in this turn */
    int64_t books_minor;         /* learnt to be taken; the rest of the hold is free */
    bool has_books;
};

/* Begins it with the rows there are; one that is not there yet is new and empty, of `tenant`. */
PGL_MUST_USE pgl_status payment_turn_begin(struct payment_turn *turn, const pgl_id *order_id,
                                           const char *tenant);
/* For those who ask: PGL_NOT_FOUND where there is none that they may see. */
PGL_MUST_USE pgl_status payment_turn_begin_for(struct payment_turn *turn, const pgl_id *order_id,
                                               const Caller *caller);
/* A new order's row. */
PGL_MUST_USE pgl_status payment_turn_fill_in(struct payment_turn *turn, const OrderCreated *order);

/* What the provider's answer tells of the money, the handle and the reasons; before the step, and
 * before anything is written: PGL_CONFLICT is for a person. */
PGL_MUST_USE pgl_status payment_turn_learn(struct payment_turn *turn, enum payment_input outcome);
/* What a capture takes, as it was decided. */
PGL_MUST_USE pgl_status payment_turn_expected(struct payment_turn *turn, int64_t *expected_minor);
/* Books what was learnt; behind the step, which may know better. */
PGL_MUST_USE pgl_status payment_turn_book(struct payment_turn *turn);

/* Does what the step asks for, and says what it says. */
PGL_MUST_USE pgl_status payment_turn_carry(struct payment_turn *turn, struct payment_step step);

/* The rows, the intent apart where it was there and stays. */
PGL_MUST_USE pgl_status payment_turn_write(struct payment_turn *turn);

#endif
