/*
 * sweep_bank.h - the payment provider of a shop that is swept: the bank of app/provider behind
 * Payments' port, without a network. It lives beyond the machine, so its ledger says what was
 * really taken, whatever becomes of the process that asked.
 *
 * Owner:    the shop.
 * Threads:  one.
 * Answers:  each call at once, while it is made; what is lost is lost behind its execution.
 * Memory:   its own, which never runs out: none of it is the process's.
 */
#ifndef PGL_SIM_SWEEP_BANK_H
#define PGL_SIM_SWEEP_BANK_H

#include "app/provider/bank.h"
#include "platform/twin.h"
#include "services/payments/provider.h"

struct pgl_shop_bank {
    struct pgl_provider_port port; /* first */
    struct pgl_bank *bank;
    struct pgl_twin *twin; /* its clock */
    bool *is_inside;       /* of the shop: false while the bank works */
    struct pgl_arena arena;
    int lost_captures; /* so many are executed and not answered */
};

void pgl_shop_bank_open(struct pgl_shop_bank *bank, uint64_t seed, struct pgl_twin *twin,
                        bool *is_inside);
void pgl_shop_bank_close(struct pgl_shop_bank *bank);

#endif
