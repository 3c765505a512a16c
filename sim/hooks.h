/*
 * hooks.h - the bank's webhooks on their way to the shop: sent again while nobody answers, and
 * judged by what is answered.
 *
 * Owner:    the run.
 * Threads:  the outside loop's.
 * Bounds:   PGL_SIM_HOOKS_MAX on their way; one more is lost, as webhooks may be.
 */
#ifndef PGL_SIM_HOOKS_H
#define PGL_SIM_HOOKS_H

#include "bank_server.h"
#include "client.h"

#define PGL_SIM_HOOKS_MAX 64

struct pgl_sim_hook {
    struct pgl_sim_hooks *hooks;
    bool is_used, is_forged;
    int tries;
    struct pgl_buffer body;
    char signature[PGL_SIM_SIGNATURE_BYTES];
    struct pgl_sim_ask ask;
    struct pgl_timer timer;
};

struct pgl_sim_hooks {
    const struct pgl_sim_plan *plan;
    struct pgl_loop *loop;
    struct pgl_sim_client *client;
    struct pgl_sim_blame *blame;
    struct pgl_sim_hook all[PGL_SIM_HOOKS_MAX];
    uint64_t taken, refused, lost;
};

/* The bank gives its webhooks here from now on. */
void pgl_sim_hooks_open(struct pgl_sim_hooks *hooks, const struct pgl_sim_plan *plan,
                        struct pgl_sim_bank *bank, struct pgl_loop *loop,
                        struct pgl_sim_client *client, struct pgl_sim_blame *blame);
void pgl_sim_hooks_close(struct pgl_sim_hooks *hooks);

#endif
