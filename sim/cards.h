/*
 * cards.h - the cards that customers of a run pay with, and what may come of each: what the bank
 * promises of its test cards, written down once more.
 */
#ifndef PGL_SIM_CARDS_H
#define PGL_SIM_CARDS_H

#include <stdbool.h>

#include "base/text.h"

enum pgl_sim_card {
    PGL_SIM_ACCOUNT, /* no card at all */
    PGL_SIM_CARD_GOOD,
    PGL_SIM_CARD_DECLINED,
    PGL_SIM_CARD_POOR,
    PGL_SIM_CARD_ASKS,     /* the customer has to do something first, and may not */
    PGL_SIM_CARD_KEEPS,    /* holds, and is never captured */
    PGL_SIM_CARD_FORGETS,  /* its holds expire soon */
    PGL_SIM_CARD_SLOW,     /* its bank takes a while */
    PGL_SIM_CARD_NO_RETURN /* takes no money back */
};
#define PGL_SIM_CARDS (PGL_SIM_CARD_NO_RETURN + 1)

struct pgl_sim_card_rule {
    const char *token;
    bool is_declined, may_fail_capture, fails_refunds;
};

extern const struct pgl_sim_card_rule pgl_sim_card_rules[PGL_SIM_CARDS];

/* -1: none of ours. */
int pgl_sim_card_of(struct pgl_text method, struct pgl_text token);

#endif
