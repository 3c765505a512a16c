/* customers_help.c - what those who work here do beside the goods: an operator helps an order on,
 * looks over all, has webhooks told; see customers.h. What they say of the bank is what its ledger
 * has, and cannot change any more. */
#include "customers.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/time.h"

#define HELP_MAX_NS   PGL_SECONDS(8) /* by then a lost answer is being looked up */
#define HURRIES       8
#define HELP_NUMBER   32   /* of the first errand: behind those of a customer */
#define REPLAY_NUMBER 1000 /* of the first one that is no chance */

static void write_help(struct pgl_sim_errand *errand, const char *deed)
{
    char id[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id_format(pgl_sim_wish_of(errand)->id, id);
    errand->ask.method = "POST";
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/admin/sagas/%s/%s", id, deed);
}

/* ---- one order ---- */

void pgl_sim_ask_retry(struct pgl_sim_errand *errand)
{
    write_help(errand, "retry");
    snprintf(errand->ask.body, sizeof errand->ask.body, "{\"reason\":\"it takes long\"}");
}

/* Nothing may be open of it any more, or it is being tried: both are answers. */
void pgl_sim_judge_retry(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    const struct pgl_sim_order *order = pgl_sim_errand_order(errand);
    if (answer->status == 404 || answer->status == 409)
        return;
    if (pgl_sim_errand_expects(errand, answer, 202) && order != NULL && !pgl_sim_is_by_card(order))
        pgl_sim_blame(errand->customers->blame,
                      "H15: k-%u is paid by account, and is tried at the bank", errand->about);
}

/* NULL while the ledger may still change, where an object is open or another may be made; and where
 * the shop has heard of it. */
static const char *news_at_bank(const struct pgl_sim_errand *errand)
{
    const struct pgl_sim_customers *customers = errand->customers;
    const struct pgl_sim_order *order =
        pgl_sim_book_find(&customers->auditor->book, pgl_sim_wish_of(errand)->id);
    if (order == NULL || !pgl_sim_has_said(order, PGL_SIM_SAID(PAYMENT_AUTHORIZED)) ||
        pgl_sim_has_said(order, PGL_SIM_VERDICTS))
        return NULL;
    const struct pgl_bank_order there = pgl_sim_bank_order(customers->bank, order->id);
    if (there.intents != 1 || there.open > 0 || there.held_minor > 0)
        return NULL;
    return there.captures > 0 ? "CAPTURED" : "CANCELLED";
}

bool pgl_sim_may_settle(const struct pgl_sim_errand *errand)
{
    return news_at_bank(errand) != NULL;
}

void pgl_sim_ask_settle(struct pgl_sim_errand *errand)
{
    const char *outcome = news_at_bank(errand);
    PGL_ASSERT(outcome != NULL);
    write_help(errand, "settle");
    errand->is_of_capture = strcmp(outcome, "CAPTURED") == 0;
    snprintf(errand->ask.body, sizeof errand->ask.body,
             "{\"outcome\":\"%s\",\"reason\":\"so the ledger has it\"}", outcome);
}

/* The shop may have heard of it meanwhile. */
void pgl_sim_judge_settle(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    char said[PGL_SIM_SAID_BYTES];
    const struct pgl_sim_order *order = pgl_sim_errand_order(errand);
    if (answer->status == 404 || answer->status == 409)
        return;
    if (!pgl_sim_errand_expects(errand, answer, 200) || order == NULL)
        return;
    uint64_t verdict = errand->is_of_capture ? PGL_SIM_SAID(PAYMENT_CAPTURED) : PGL_SIM_REFUSALS;
    if (!pgl_sim_has_said(order, verdict))
        pgl_sim_blame(errand->customers->blame, "H15: k-%u was settled, and yet was said:%s",
                      errand->about, pgl_sim_said_text(order, said));
}

/* ---- all ---- */

void pgl_sim_ask_replay(struct pgl_sim_errand *errand)
{
    errand->ask.method = "POST";
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/admin/parked/replay");
    snprintf(errand->ask.key, sizeof errand->ask.key, "p-%u-%u", errand->about, errand->number);
    snprintf(errand->ask.body, sizeof errand->ask.body,
             "{\"all\":true,\"reason\":\"in case there is some\"}");
}

void pgl_sim_replay(struct pgl_sim_customers *customers)
{
    pgl_sim_errand_start(customers, PGL_SIM_REPLAY, 0, REPLAY_NUMBER + customers->replays++, 0);
}

void pgl_sim_ask_reconcile(struct pgl_sim_errand *errand)
{
    errand->ask.method = "POST";
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/admin/reconciliation");
}

void pgl_sim_judge_accepted(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    (void)pgl_sim_errand_expects(errand, answer, 202);
}

/* ---- webhooks ---- */

void pgl_sim_ask_subscribe(struct pgl_sim_errand *errand)
{
    errand->ask.method = "POST";
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/webhooks");
    pgl_sim_listener_subscribe(errand->customers->listener, errand->ask.body,
                               sizeof errand->ask.body);
}

void pgl_sim_judge_subscribe(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    if (pgl_sim_errand_expects(errand, answer, 201))
        pgl_sim_listener_subscribed(errand->customers->listener,
                                    pgl_sim_answer_member(answer, "id"),
                                    pgl_sim_answer_member(answer, "secret"));
}

void pgl_sim_ask_redeliver(struct pgl_sim_errand *errand)
{
    errand->ask.method = "POST";
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/webhooks/%s/redeliver",
             errand->customers->listener->id);
    snprintf(errand->ask.body, sizeof errand->ask.body,
             "{\"from\":%u,\"to\":4000000000,\"state\":\"WAITING\"}", errand->number);
}

void pgl_sim_judge_redeliver(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    int64_t next = 0;
    if (pgl_sim_errand_expects(errand, answer, 202) &&
        pgl_is_ok(pgl_text_to_i64(pgl_sim_answer_member(answer, "nextFrom"), &next)) && next > 0)
        pgl_sim_errand_start(errand->customers, PGL_SIM_REDELIVER, 0, (uint32_t)next, 0);
}

void pgl_sim_redeliver(struct pgl_sim_customers *customers)
{
    if (customers->listener->number >= 0)
        pgl_sim_errand_start(customers, PGL_SIM_REDELIVER, 0, 1, 0);
}

/* ---- when ---- */

void pgl_sim_may_help(struct pgl_sim_errand *errand)
{
    static const enum pgl_sim_errand_kind helps[] = { PGL_SIM_RETRY,     PGL_SIM_RETRY,
                                                      PGL_SIM_SETTLE,    PGL_SIM_SETTLE,
                                                      PGL_SIM_RECONCILE, PGL_SIM_REPLAY,
                                                      PGL_SIM_REDELIVER };
    struct pgl_sim_customers *customers = errand->customers;
    struct pgl_random *random = &pgl_sim_wish_of(errand)->random;
    for (uint32_t i = 0; i < sizeof helps / sizeof helps[0]; i++) {
        bool is_of_one = helps[i] == PGL_SIM_RETRY || helps[i] == PGL_SIM_SETTLE;
        uint32_t chance =
            is_of_one ? customers->plan->help_chance : customers->plan->look_over_chance;
        if (helps[i] == PGL_SIM_REDELIVER && customers->listener->number < 0)
            continue; /* nobody has subscribed yet */
        pgl_sim_errand_may_start(customers, helps[i], errand->about, HELP_NUMBER + i, chance,
                                 HELP_MAX_NS >> pgl_random_below(random, HURRIES));
    }
}
