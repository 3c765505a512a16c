/* worker.c - see worker.h. */
#include "services/payments/worker.h"

#include <stdlib.h>

#include "base/assert.h"
#include "services/payments/card_rules.h"
#include "services/payments/provider_answer.h"

#define SLOT_ARENA_CHUNK_BYTES 8192
#define SLOT_ARENA_LIMIT_BYTES (1u << 20) /* the largest order's promise, unpacked */
#define OFFER_AGAIN_NS         PGL_MILLISECONDS(100)
#define SLOW_BURST_PER         5                    /* of what a second may have, so much at once */
#define SAID_NS                PGL_MILLISECONDS(10) /* where there is none, it is said */
#define OTHERS_EVERY           4 /* of the claims of what is slow, one where the awaited are last */

/* What the worker asks of the writer; nobody else can. */
enum inner_method { INNER_CLAIM, INNER_SETTLE, INNER_METHOD_COUNT };

PGL_COMMAND(pgl_intents_claim, struct card_claim, struct card_claimed)
PGL_COMMAND(pgl_intents_settle, struct card_settle, struct card_settled)

static const struct pgl_method inner_methods[INNER_METHOD_COUNT] = {
    [INNER_CLAIM] = { PGL_METHOD_COMMAND, .command = pgl_intents_claim_command },
    [INNER_SETTLE] = { PGL_METHOD_COMMAND, .command = pgl_intents_settle_command },
};

/* ---- when to look ---- */

enum { CLAIM_IDLE, CLAIM_LOOK, CLAIM_TAKEN };

/* Not while it waits for the writer: the answer would find it gone on. */
static void wake_claimer(struct card_worker *worker)
{
    if (worker->claimer.step == CLAIM_IDLE)
        pgl_flow_wake(&worker->claimer);
}

static void look(void *owner)
{
    struct card_worker *worker = owner;
    worker->is_nudged = true;
    wake_claimer(worker);
}

/* At the latest then; an earlier look stays. */
static void look_in(struct card_worker *worker, int64_t in_ns)
{
    int64_t due_ns = worker->loop->now_ns + (in_ns > 0 ? in_ns : 0);
    if (!worker->look.is_set || worker->look.due_ns > due_ns)
        pgl_timer_set(&worker->loop->timers, &worker->look, due_ns, look, worker);
}

static void take_nudge(void *owner, struct pgl_message *message)
{
    look(owner);
    pgl_message_reply(message);
}

/* ---- the breaker ---- */

/* What an answer says of the provider, whatever it says of the money. */
static enum pgl_breaker_result result_of(const struct provider_call *call)
{
    switch (call->seen) {
    case PROVIDER_SEEN_OUTCOME:
    case PROVIDER_SEEN_REFUSED:
    case PROVIDER_SEEN_KEY_BUSY:
    case PROVIDER_SEEN_OUR_BUG:
    case PROVIDER_SEEN_NO_OBJECT:
        return PGL_BREAKER_WELL;
    case PROVIDER_SEEN_NOT_SENT: /* also when it is busy (429), which it says while it works */
        return call->http_status != 0 ? PGL_BREAKER_WELL : PGL_BREAKER_FAILED;
    case PROVIDER_SEEN_UNKNOWN:
    case PROVIDER_SEEN_BURNT:
    case PROVIDER_SEEN_FORBIDDEN:
    case PROVIDER_SEEN_COUNT:
        break;
    }
    return PGL_BREAKER_FAILED;
}

static void show_breaker(struct card_worker *worker, enum pgl_breaker_state before)
{
    enum pgl_breaker_state now = worker->breaker.state;
    if (now == before)
        return;
    static const char *const names[] = { "closed", "open", "half-open" };
    pgl_counter_set(&worker->breaker_state, (uint64_t)now);
    pgl_log(&worker->loop->log, PGL_LOG_WARN, "payments", "provider-breaker", "state=%s was=%s",
            names[now], names[before]);
    if (now == PGL_BREAKER_CLOSED) /* what has piled up meanwhile is not sent all at once */
        worker->fresh_from_ns = worker->loop->wall_ns;
}

static pgl_breaker_ticket admit(struct card_worker *worker, int64_t *wait_ns)
{
    enum pgl_breaker_state before = worker->breaker.state;
    pgl_breaker_ticket ticket = pgl_breaker_admit(&worker->breaker, worker->loop->now_ns, wait_ns);
    show_breaker(worker, before);
    return ticket;
}

static void note(struct card_worker *worker, pgl_breaker_ticket ticket,
                 enum pgl_breaker_result result)
{
    enum pgl_breaker_state before = worker->breaker.state;
    if (ticket != 0)
        pgl_breaker_note(&worker->breaker, ticket, result, worker->loop->now_ns);
    show_breaker(worker, before);
}

/* Somebody has to look at our key; until then nothing is gained by calling. */
static void note_forbidden(struct card_worker *worker, const struct provider_call *call)
{
    enum pgl_breaker_state before = worker->breaker.state;
    pgl_counter_add(&worker->forbidden, 1);
    pgl_log(&worker->loop->log, PGL_LOG_ERROR, "payments", "provider-forbids", "status=%d code=%s",
            call->http_status, call->code);
    pgl_breaker_trip(&worker->breaker, worker->loop->now_ns);
    show_breaker(worker, before);
}

/* ---- one call ---- */

enum { SLOT_CALL, SLOT_OUTCOME, SLOT_OFFER, SLOT_WAIT, SLOT_SETTLED };

static struct card_slot *slot_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct card_slot, flow);
}

static struct pgl_go slot_call(struct pgl_flow *flow)
{
    struct card_slot *slot = slot_of(flow);
    struct card_worker *worker = slot->worker;
    const struct card_task *task = &slot->task;
    slot->call = (struct provider_call){ .verb = task->verb,
                                         .order_id = task->order_id,
                                         .handle = task->handle,
                                         .refund_handle = task->refund_handle,
                                         .key = task->key,
                                         .currency = task->currency,
                                         .card_token = task->card_token,
                                         .amount_minor = task->amount_minor,
                                         .refund_no = task->refund_no,
                                         .timeout_ns = worker->options.call_ns };
    worker->port->start(worker->port, &slot->call, flow);
    return slot->call.is_out ? pgl_wait(SLOT_OUTCOME) : pgl_go(SLOT_OUTCOME);
}

static int64_t retry_in(struct card_worker *worker, int64_t tries)
{
    if (pgl_loop_is_struck(worker->loop, PGL_BUGGIFY_CARD_RETRY_AT_ONCE))
        return 0;
    if (pgl_loop_is_struck(worker->loop, PGL_BUGGIFY_CARD_RETRY_LATE))
        return worker->retry.cap_ns;
    return pgl_retry_draw_ns(&worker->retry, (uint32_t)tries, &worker->random);
}

static struct pgl_go slot_outcome(struct pgl_flow *flow)
{
    struct card_slot *slot = slot_of(flow);
    struct card_worker *worker = slot->worker;
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_ANSWER_LOST))
        pgl_provider_no_answer(&slot->call, true);
    PGL_ASSERT(slot->call.seen < PROVIDER_SEEN_COUNT);
    pgl_counter_add(&worker->seen[slot->call.verb][slot->call.seen], 1);
    if (slot->call.seen == PROVIDER_SEEN_FORBIDDEN)
        note_forbidden(worker, &slot->call);
    note(worker, slot->ticket, result_of(&slot->call));
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_OUTCOME_DROPPED)) {
        look_in(worker, worker->options.lease_ns);
        return pgl_done(); /* as if we had died: the lease ends */
    }
    slot->ticket = admit(worker, NULL); /* for what may follow at once */
    slot->settle = (struct card_settle){
        .epoch = worker->epoch,
        .task = &slot->task,
        .call = &slot->call,
        .retry_in_ns = retry_in(worker, slot->task.tries),
        .wants_next =
            slot->ticket != 0 && !pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_NO_FOLLOW_UP),
    };
    return pgl_go(SLOT_OFFER);
}

static struct pgl_go slot_offer(struct pgl_flow *flow)
{
    struct card_slot *slot = slot_of(flow);
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_SETTLES_LATER))
        return pgl_wait(SLOT_WAIT);
    pgl_arena_reset(&slot->arena);
    slot->rpc_call.call = (struct pgl_call){ .ask = &slot->settle,
                                             .reply = &slot->settled,
                                             .arena = &slot->arena,
                                             .deadline_ns = PGL_NEVER_NS };
    pgl_rpc_send(&slot->worker->rpc, &slot->worker->self, INNER_SETTLE, &slot->rpc_call, flow,
                 &slot->left);
    return slot->left > 0 ? pgl_wait(SLOT_SETTLED) : pgl_go(SLOT_SETTLED);
}

static struct pgl_go slot_wait(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_go(SLOT_OFFER);
}

/* The writer is short of something just now: it has to hear of it all the same. */
static bool is_passing(pgl_status status)
{
    return status.code == PGL_EXHAUSTED || status.code == PGL_UNAVAILABLE;
}

static struct pgl_go slot_settled(struct pgl_flow *flow)
{
    struct card_slot *slot = slot_of(flow);
    struct card_worker *worker = slot->worker;
    pgl_status status = slot->rpc_call.call.status;
    if (is_passing(status))
        return pgl_wait(SLOT_WAIT); /* nobody wakes it */
    if (!pgl_is_ok(status))
        pgl_log(&worker->loop->log, PGL_LOG_WARN, "payments", "outcome-refused",
                "code=%s text=\"%s\"", pgl_code_name(status.code), status.text);
    if (pgl_is_ok(status) && slot->settled.has_next) {
        slot->task = slot->settled.next;
        return pgl_go(SLOT_CALL);
    }
    if (pgl_is_ok(status) && slot->settled.due_at_ns != 0)
        look_in(worker, slot->settled.due_at_ns - worker->loop->wall_ns);
    note(worker, slot->ticket, PGL_BREAKER_UNTOLD);
    return pgl_done();
}

static const struct pgl_step slot_steps[] = {
    /*                 name             does          at most          when late */
    [SLOT_CALL] = { "card.call", slot_call, 0, 0 }, /* the port minds the time */
    [SLOT_OUTCOME] = { "card.outcome", slot_outcome, 0, 0 },
    [SLOT_OFFER] = { "card.offer", slot_offer, 0, 0 },
    [SLOT_WAIT] = { "card.wait", slot_wait, OFFER_AGAIN_NS, SLOT_OFFER },
    [SLOT_SETTLED] = { "card.settled", slot_settled, 0, 0 },
};

static void give_slot_back(struct card_worker *worker, struct card_slot *slot)
{
    pgl_list_append(&worker->free_slots, &slot->free);
    worker->free_count++;
    pgl_counter_set(&worker->in_flight, (uint64_t)(worker->options.calls_max - worker->free_count));
}

static void on_slot_done(struct pgl_flow *flow)
{
    struct card_slot *slot = slot_of(flow);
    give_slot_back(slot->worker, slot);
    wake_claimer(slot->worker); /* it may wait for room */
}

static void start_slot(struct card_worker *worker, const struct card_task *task,
                       pgl_breaker_ticket ticket)
{
    struct pgl_list *node = pgl_list_take_first(&worker->free_slots);
    PGL_ASSERT(node != NULL);
    struct card_slot *slot = PGL_CONTAINER(node, struct card_slot, free);
    worker->free_count--;
    slot->task = *task;
    slot->ticket = ticket;
    pgl_flow_start(&slot->flow, worker->loop, slot_steps, SLOT_CALL, on_slot_done);
}

/* ---- the claimer ---- */

static struct card_worker *worker_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct card_worker, claimer);
}

static struct pgl_go claim_idle(struct pgl_flow *flow)
{
    struct card_worker *worker = worker_of(flow);
    bool is_nudged =
        worker->is_nudged || pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_LOOKS_AGAIN);
    bool can_look = worker->free_count > 0 && is_nudged;
    return can_look ? pgl_go(CLAIM_LOOK) : pgl_wait(CLAIM_IDLE);
}

/* As many as there is room for and the breaker lets through. */
static void take_tickets(struct card_worker *worker)
{
    int64_t wait_ns = SAID_NS;
    worker->ticket_count = 0;
    bool has_none = pgl_loop_is_struck(worker->loop, PGL_BUGGIFY_CARD_NO_TICKET);
    while (!has_none && worker->ticket_count < PGL_CARD_CLAIM_MAX &&
           worker->ticket_count < worker->free_count) {
        pgl_breaker_ticket ticket = admit(worker, &wait_ns);
        if (ticket == 0)
            break;
        worker->tickets[worker->ticket_count++] = ticket;
        if (pgl_loop_is_struck(worker->loop, PGL_BUGGIFY_CARD_ONE_TICKET))
            break;
    }
    if (worker->ticket_count == 0)
        look_in(worker, wait_ns);
}

static int take_tokens(struct card_worker *worker, int most)
{
    int64_t wait_ns = SAID_NS;
    int count = 0;
    bool has_none = pgl_loop_is_struck(worker->loop, PGL_BUGGIFY_CARD_NO_TOKEN);
    while (!has_none && count < most &&
           pgl_bucket_take(&worker->slow_bucket, &worker->slow_rate, 1, worker->loop->now_ns,
                           &wait_ns))
        count++;
    if (count < most)
        look_in(worker, wait_ns);
    return count;
}

static struct pgl_go claim_look(struct pgl_flow *flow)
{
    struct card_worker *worker = worker_of(flow);
    worker->is_nudged = false;
    bool is_soon = pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_SWEEPS_SOON);
    look_in(worker, is_soon ? OFFER_AGAIN_NS : worker->options.sweep_ns);
    take_tickets(worker);
    if (worker->ticket_count == 0)
        return pgl_go(CLAIM_IDLE);
    /* Tokens are taken only when there is something to spend them on. */
    int slow_max = worker->has_slow ? take_tokens(worker, (worker->ticket_count + 1) / 2) : 0;
    worker->slow_claims += slow_max > 0;
    bool is_others_turn = worker->slow_claims % OTHERS_EVERY == 0 ||
                          pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_OTHERS_TURN);
    worker->claim = (struct card_claim){ .epoch = worker->epoch,
                                         .fresh_from_ns = worker->fresh_from_ns,
                                         .fresh_max = worker->ticket_count - slow_max,
                                         .slow_max = slow_max,
                                         .is_others_turn = is_others_turn,
                                         .is_reconciled = worker->is_reconciled != NULL &&
                                                          *worker->is_reconciled };
    pgl_arena_reset(&worker->arena);
    worker->rpc_call.call = (struct pgl_call){ .ask = &worker->claim,
                                               .reply = worker->claimed,
                                               .arena = &worker->arena,
                                               .deadline_ns = PGL_NEVER_NS };
    pgl_rpc_send(&worker->rpc, &worker->self, INNER_CLAIM, &worker->rpc_call, flow, &worker->left);
    return worker->left > 0 ? pgl_wait(CLAIM_TAKEN) : pgl_go(CLAIM_TAKEN);
}

static struct pgl_go claim_taken(struct pgl_flow *flow)
{
    struct card_worker *worker = worker_of(flow);
    pgl_status status = worker->rpc_call.call.status;
    struct card_claimed *claimed = worker->claimed;
    if (!pgl_is_ok(status)) {
        claimed->count = 0;
        claimed->has_more_fresh = false;
        look_in(worker, OFFER_AGAIN_NS);
        if (!is_passing(status))
            pgl_log(&worker->loop->log, PGL_LOG_ERROR, "payments", "claim-refused",
                    "code=%s text=\"%s\"", pgl_code_name(status.code), status.text);
    } else {
        bool had_slow = worker->has_slow;
        worker->has_slow = claimed->has_slow;
        /* On with what is slow as fast as its tokens come, and not only once a sweep. */
        bool is_moving = !had_slow || claimed->count > 0;
        worker->is_nudged |= claimed->has_more_fresh || (claimed->has_slow && is_moving);
    }
    if (claimed->count > 0 && pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_CARD_CLAIM_LOST)) {
        claimed->count = 0; /* as if we had died: the leases end */
        look_in(worker, worker->options.lease_ns);
    }
    for (int i = 0; i < worker->ticket_count; i++)
        if (i < claimed->count)
            start_slot(worker, &claimed->tasks[i], worker->tickets[i]);
        else
            note(worker, worker->tickets[i], PGL_BREAKER_UNTOLD);
    pgl_counter_set(&worker->in_flight, (uint64_t)(worker->options.calls_max - worker->free_count));
    return pgl_go(CLAIM_IDLE);
}

static const struct pgl_step claim_steps[] = {
    /*                 name            does         at most  when late: a timer of its own */
    [CLAIM_IDLE] = { "card.idle", claim_idle, 0, 0 },
    [CLAIM_LOOK] = { "card.look", claim_look, 0, 0 },
    [CLAIM_TAKEN] = { "card.taken", claim_taken, 0, 0 },
};

static void on_claimer_done(struct pgl_flow *flow)
{
    (void)flow; /* it has no end */
}

/* ---- opening ---- */

static pgl_status open_slots(struct card_worker *worker)
{
    worker->slots = calloc((size_t)worker->options.calls_max, sizeof worker->slots[0]);
    worker->claimed = calloc(1, sizeof *worker->claimed);
    pgl_list_init(&worker->free_slots);
    if (worker->slots == NULL || worker->claimed == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for calls of the provider");
    for (int i = 0; i < worker->options.calls_max; i++) {
        struct card_slot *slot = &worker->slots[i];
        slot->worker = worker;
        pgl_arena_init(&slot->arena, SLOT_ARENA_CHUNK_BYTES, SLOT_ARENA_LIMIT_BYTES);
        pgl_list_init(&slot->free);
        give_slot_back(worker, slot);
    }
    return PGL_OK;
}

pgl_status card_worker_open(struct card_worker *worker, struct pgl_loop *loop,
                            struct pgl_mailbox *commands, struct pgl_provider_port *port,
                            const struct pgl_card_options *options, int64_t epoch)
{
    int64_t burst = options->slow_per_s / SLOW_BURST_PER;
    *worker = (struct card_worker){
        .loop = loop,
        .port = port,
        .options = *options,
        .epoch = epoch,
        .self = { .methods = inner_methods, .commands = commands },
        .retry = { options->retry_base_ns, options->retry_cap_ns, 2 },
        .slow_rate = { PGL_SECONDS(1) / options->slow_per_s, burst > 0 ? burst : 1 },
        .fresh_from_ns = pgl_clock_wall_ns(&loop->platform->clock),
    };
    if (worker->options.calls_max > PGL_CARD_CALLS_MAX)
        worker->options.calls_max = PGL_CARD_CALLS_MAX;
    pgl_random_seed(&worker->random, pgl_entropy_u64(&loop->platform->entropy), 1);
    pgl_breaker_init(&worker->breaker, PGL_BREAKER_DEFAULT,
                     pgl_entropy_u64(&loop->platform->entropy));
    pgl_arena_init(&worker->arena, SLOT_ARENA_CHUNK_BYTES, SLOT_ARENA_LIMIT_BYTES);
    pgl_rpc_open(&worker->rpc, loop);
    pgl_mailbox_open(&worker->nudges, loop, 1, take_nudge, worker);
    return open_slots(worker);
}

void card_worker_start(struct card_worker *worker)
{
    worker->is_nudged = true; /* what an earlier run has left */
    pgl_flow_start(&worker->claimer, worker->loop, claim_steps, CLAIM_IDLE, on_claimer_done);
}

void card_worker_close(struct card_worker *worker)
{
    if (worker->loop == NULL)
        return;
    for (int i = 0; worker->slots != NULL && i < worker->options.calls_max; i++)
        pgl_arena_free(&worker->slots[i].arena);
    pgl_arena_free(&worker->arena);
    free(worker->slots);
    free(worker->claimed);
}
