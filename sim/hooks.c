/* hooks.c - see hooks.h. */
#include "hooks.h"

#include <stdio.h>

#include "base/time.h"

#define TARGET      "/api/v1/payments/provider-webhooks"
#define BYTES_MAX   (64u << 10)
#define PATIENCE_NS PGL_SECONDS(2)
#define AGAIN_NS    PGL_MILLISECONDS(50)
#define TRIES_MAX   5

static void send(void *owner);

static void set(struct pgl_sim_hook *hook, int64_t after_ns)
{
    pgl_timer_set(&hook->hooks->loop->timers, &hook->timer, hook->hooks->loop->now_ns + after_ns,
                  send, hook);
}

static void try_again(struct pgl_sim_hook *hook)
{
    hook->is_used = ++hook->tries < TRIES_MAX;
    hook->hooks->lost += !hook->is_used;
    if (hook->is_used)
        set(hook, AGAIN_NS << hook->tries);
}

/* The bank's clock never jumps; where the shop's does, a signature may be of another time. */
static void on_answer(void *owner, const struct pgl_sim_answer *answer)
{
    struct pgl_sim_hook *hook = owner;
    struct pgl_sim_hooks *hooks = hook->hooks;
    bool is_taken = answer->status >= 200 && answer->status < 300;
    bool may_be_late = pgl_sim_plan_has(hooks->plan, PGL_SIM_FAULT_CLOCK);
    if (answer->status == 0 || answer->status >= 500) {
        try_again(hook);
        return;
    }
    hook->is_used = false;
    hooks->taken += is_taken;
    hooks->refused += !is_taken;
    if (is_taken ? hook->is_forged : !hook->is_forged && !may_be_late)
        pgl_sim_blame(hooks->blame, "H10: a webhook that was %s was answered %d: %.*s",
                      hook->is_forged ? "forged" : "signed", answer->status,
                      (int)(answer->body.size < 200 ? answer->body.size : 200), answer->body.data);
}

static void send(void *owner)
{
    struct pgl_sim_hook *hook = owner;
    hook->ask = (struct pgl_sim_ask){ .method = "POST",
                                      .long_body = pgl_buffer_text(&hook->body),
                                      .signature = pgl_text_of(hook->signature),
                                      .patience_ns = PATIENCE_NS,
                                      .on_answer = on_answer,
                                      .owner = hook };
    snprintf(hook->ask.target, sizeof hook->ask.target, TARGET);
    if (!pgl_sim_client_send(hook->hooks->client, &hook->ask))
        try_again(hook);
}

static void deliver(void *self, const struct pgl_sim_webhook *webhook, int64_t after_ns)
{
    struct pgl_sim_hooks *hooks = self;
    for (int i = 0; i < PGL_SIM_HOOKS_MAX; i++) {
        struct pgl_sim_hook *hook = &hooks->all[i];
        if (hook->is_used)
            continue;
        hook->is_used = true;
        hook->is_forged = webhook->is_forged;
        hook->tries = 0;
        pgl_buffer_clear(&hook->body);
        pgl_buffer_add_text(&hook->body, webhook->body);
        memcpy(hook->signature, webhook->signature, sizeof hook->signature);
        set(hook, after_ns);
        return;
    }
    hooks->lost++;
}

void pgl_sim_hooks_open(struct pgl_sim_hooks *hooks, const struct pgl_sim_plan *plan,
                        struct pgl_sim_bank *bank, struct pgl_loop *loop,
                        struct pgl_sim_client *client, struct pgl_sim_blame *blame)
{
    *hooks = (struct pgl_sim_hooks){ .plan = plan, .loop = loop, .client = client, .blame = blame };
    for (int i = 0; i < PGL_SIM_HOOKS_MAX; i++) {
        hooks->all[i].hooks = hooks;
        pgl_buffer_init(&hooks->all[i].body, BYTES_MAX);
    }
    bank->deliver = deliver;
    bank->deliver_self = hooks;
}

void pgl_sim_hooks_close(struct pgl_sim_hooks *hooks)
{
    for (int i = 0; i < PGL_SIM_HOOKS_MAX; i++)
        pgl_buffer_free(&hooks->all[i].body);
}
