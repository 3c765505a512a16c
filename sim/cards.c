/* cards.c - see cards.h. */
#include "cards.h"

/* clang-format off */
const struct pgl_sim_card_rule pgl_sim_card_rules[PGL_SIM_CARDS] = {
    [PGL_SIM_ACCOUNT]        = { NULL,                                      false, false, false },
    [PGL_SIM_CARD_GOOD]      = { "pm_card_visa",                            false, false, false },
    [PGL_SIM_CARD_DECLINED]  = { "pm_card_chargeDeclined",                  true,  false, false },
    [PGL_SIM_CARD_POOR]      = { "pm_card_chargeDeclinedInsufficientFunds", true,  false, false },
    [PGL_SIM_CARD_ASKS]      = { "pm_card_authenticationRequired",          false, false, false },
    [PGL_SIM_CARD_KEEPS]     = { "pm_card_captureFails",                    false, true,  false },
    [PGL_SIM_CARD_FORGETS]   = { "pm_card_holdExpires",                     false, true,  false },
    [PGL_SIM_CARD_SLOW]      = { "pm_card_slow",                            false, false, false },
    [PGL_SIM_CARD_NO_RETURN] = { "pm_card_refundFails",                     false, false, true  },
};
/* clang-format on */

int pgl_sim_card_of(struct pgl_text method, struct pgl_text token)
{
    if (pgl_text_is(method, "account"))
        return PGL_SIM_ACCOUNT;
    for (int card = 1; card < PGL_SIM_CARDS && pgl_text_is(method, "card"); card++)
        if (pgl_text_is(token, pgl_sim_card_rules[card].token))
            return card;
    return -1;
}
