/*
 * bank_server.h - the payment provider of a run: the bank of app/provider behind HTTP, on the
 * simulated network and beyond the machine, whose deaths it survives.
 *
 * For:      a run with card payments. Its ledger is the judge: nothing of Payments is in it.
 * Owner:    the run.
 * Threads:  the outside loop's.
 * Faults:   of each request by chance: slow, silent, reset before or behind the execution, executed
 *           late, 500 before or behind it, 429, half an answer; and by strikes: down for a while.
 *           Webhooks are lost, doubled, late, or forged.
 * Bounds:   PGL_SIM_BANK_SLOW_MAX answers wait to be given; one more is given at once.
 */
#ifndef PGL_SIM_BANK_SERVER_H
#define PGL_SIM_BANK_SERVER_H

#include "app/provider/bank.h"
#include "base/id.h"
#include "blame.h"
#include "choices.h"
#include "platform/twin.h"
#include "transport/http_server.h"

#define PGL_SIM_BANK_PORT       9090
#define PGL_SIM_BANK_URL        "http://10.0.0.2:9090"
#define PGL_SIM_BANK_KEY        "sk_test_simulated"
#define PGL_SIM_BANK_SECRET     "whsec_simulated"
#define PGL_SIM_BANK_SLOW_MAX   256
#define PGL_SIM_SIGNATURE_BYTES 128

struct pgl_sim_webhook {
    struct pgl_text body; /* until the call returns */
    char signature[PGL_SIM_SIGNATURE_BYTES];
    bool is_forged;
};

struct pgl_sim_bank_slow {
    struct pgl_sim_bank *bank;
    struct pgl_http_exchange *exchange; /* NULL: a free place */
    struct pgl_bank_answer answer;
    struct pgl_timer timer;
};

struct pgl_sim_bank {
    const struct pgl_sim_plan *plan;
    struct pgl_sim_choices *choices;
    struct pgl_loop *loop;
    struct pgl_sim_blame *blame;
    struct pgl_bank *bank;
    struct pgl_http_server http;
    bool is_down, is_healed;
    int64_t healed_ns, outage_ended_ns;
    struct pgl_sim_bank_slow slow[PGL_SIM_BANK_SLOW_MAX];
    struct pgl_timer tick, back;
    struct pgl_arena arena; /* of one event */
    uint64_t asked, events;
    uint64_t struck; /* requests that something befell */
    uint64_t outages, hooks_bent;

    /* Given a webhook, to be delivered after a while. NULL: nobody listens. */
    void (*deliver)(void *self, const struct pgl_sim_webhook *webhook, int64_t after_ns);
    void *deliver_self;
};

void pgl_sim_bank_open(struct pgl_sim_bank *bank, const struct pgl_sim_plan *plan,
                       struct pgl_sim_choices *choices, struct pgl_loop *loop,
                       struct pgl_sim_blame *blame);
void pgl_sim_bank_close(struct pgl_sim_bank *bank);
/* Of the loop's work. */
bool pgl_sim_bank_work(struct pgl_sim_bank *bank);

/* Nobody answers for so long; also who was being answered. */
void pgl_sim_bank_go_down(struct pgl_sim_bank *bank, int64_t for_ns);
/* It is there, and nothing befalls requests any more. */
void pgl_sim_bank_heal(struct pgl_sim_bank *bank);

/* A customer does what the bank wants to see done, at the address that it gave. */
void pgl_sim_bank_act(struct pgl_sim_bank *bank, struct pgl_text url);

struct pgl_bank_order pgl_sim_bank_order(const struct pgl_sim_bank *bank, pgl_id order_id);

/* Its books are in order by themselves; everything is looked at. */
void pgl_sim_bank_audit(struct pgl_sim_bank *bank);

#endif
