/* run.c - see run.h. */
#include "run.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"
#include "customers.h"
#include "faults.h"
#include "hooks.h"
#include "saga/clock.h"
#include "services/catalog/catalog_sql.h"
#include "services/inventory/stock.h"
#include "services/payments/ledger.h"

#define CHAOS_AFTER_NS   PGL_SECONDS(1)   /* beyond the last order */
#define SETTLE_NS_MAX    PGL_SECONDS(120) /* beyond the last deadline */
/* of webhooks: the waits behind five attempts that failed */
#define TELL_NS_MAX      PGL_MINUTES(150)
#define PACE_EVERY_NS    PGL_SECONDS(1)
#define VERIFY_EVERY     8 /* starts */
/* Bytes: a start takes large tables, and uses little of them; from the kernel they come empty. */
#define MAPPED_FROM      (1 << 20)
#define WATCH_EVERY_MASK 0xFFF /* steps */

enum phase { CHAOS, SETTLING, LOOKING, OVER };

struct run {
    struct pgl_sim_plan plan;
    struct pgl_sim_choices choices;
    struct pgl_sim_report *report;
    struct pgl_sim_machine machine;
    struct pgl_loop outside;
    struct pgl_waiter *waiter; /* of the outside */
    struct pgl_sim_sched sched;
    struct pgl_sim_auditor auditor;
    struct pgl_sim_customers customers;
    struct pgl_sim_faults faults;
    struct pgl_sim_bank bank;
    struct pgl_sim_hooks hooks;
    struct pgl_sim_listener listener;
    enum phase phase;
    int64_t until_ns; /* of the phase */
    int64_t healed_ns, pace_ns;
    bool waits_for_webhooks;
    bool rests;
    uint64_t moved; /* commits and calls of the bank when it was last looked whether it rests */
    int64_t up_ns, down_since_ns, down_ns; /* when it came up and went down; in all */
};

/* ---- opening the shop ---- */

static pgl_status put_products(struct pgl_tx *tx, void *argument)
{
    const struct pgl_sim_plan *plan = argument;
    for (int sku = 0; sku < plan->skus; sku++) {
        char name[16];
        Product product = PRODUCT_INIT;
        snprintf(name, sizeof name, "S-%d", sku);
        product.sku = product.name = name;
        product.currency = (char *)(uintptr_t) "USD";
        product.price_minor = plan->price_minor[sku];
        product.active = true;
        PGL_TRY(product_put(tx, &product));
    }
    return PGL_OK;
}

static pgl_status put_stock(struct pgl_tx *tx, void *argument)
{
    const struct pgl_sim_plan *plan = argument;
    for (int sku = 0; sku < plan->skus; sku++)
        for (int warehouse = 0; warehouse < PGL_SIM_WAREHOUSES; warehouse++) {
            char name[16];
            snprintf(name, sizeof name, "S-%d", sku);
            if (plan->stock[sku][warehouse] == 0)
                continue; /* Inventory has never heard of it */
            PGL_TRY(pgl_inventory_put_stock(tx, pgl_text_of(name),
                                            pgl_text_of(pgl_sim_warehouses[warehouse]),
                                            plan->stock[sku][warehouse]));
        }
    return PGL_OK;
}

static pgl_status put_credit(struct pgl_tx *tx, void *argument)
{
    const struct pgl_sim_plan *plan = argument;
    for (int customer = 0; customer < plan->customers; customer++) {
        char name[16];
        snprintf(name, sizeof name, "C-%d", customer);
        PGL_TRY(pgl_payments_put_credit(tx, "default", name, "USD", plan->credit_minor[customer]));
    }
    return PGL_OK;
}

static pgl_status fill_shop(struct pgl_boot *boot, void *self)
{
    struct run *run = self;
    PGL_TRY(pgl_writer_run_now(&boot->writers[PGL_FILE_CATALOG], put_products, &run->plan));
    PGL_TRY(pgl_writer_run_now(&boot->writers[PGL_FILE_INVENTORY], put_stock, &run->plan));
    return pgl_writer_run_now(&boot->writers[PGL_FILE_PAYMENTS], put_credit, &run->plan);
}

static void on_up(void *self)
{
    struct run *run = self;
    run->up_ns = run->machine.twin.now_ns;
    run->down_ns += run->down_since_ns > 0 ? run->up_ns - run->down_since_ns : 0;
    pgl_sim_auditor_meet(&run->auditor);
    if (run->machine.starts % VERIFY_EVERY == 0)
        pgl_sim_auditor_ask_verify(&run->auditor, false);
    if (run->phase == CHAOS)
        pgl_sim_customers_return(&run->customers);
}

static void break_connections(struct run *run)
{
    pgl_sim_client_break(&run->customers.client);
    pgl_sim_followers_break(&run->customers.followers);
}

/* Of the servers beyond the machine. */
static bool work_outside(void *owner)
{
    struct run *run = owner;
    bool has_more = pgl_sim_bank_work(&run->bank);
    return pgl_sim_listener_work(&run->listener) || has_more;
}

static void on_down(void *self, enum pgl_sim_death death)
{
    struct run *run = self;
    run->down_since_ns = run->machine.twin.now_ns;
    pgl_sim_sched_forget(&run->sched);
    pgl_sim_auditor_part(&run->auditor);
    if (death == PGL_SIM_WITHOUT_POWER)
        break_connections(run);
}

static void open_run(struct run *run)
{
    struct pgl_sim_blame *blame = &run->report->blame;
    struct pgl_sim_machine *machine = &run->machine;
    pgl_sim_machine_open(machine, &run->plan);
    machine->twin.platform.buggify = &run->choices.buggify;
    machine->on_up = on_up;
    machine->on_down = on_down;
    machine->self = run;
    run->waiter = machine->twin.platform.waiter_open(&machine->twin.platform);
    pgl_loop_init(&run->outside, "outside", &machine->twin.platform, run->waiter);
    pgl_sim_sched_open(&run->sched, &run->plan, machine, &run->outside);
    pgl_sim_auditor_open(&run->auditor, &run->plan, machine, &run->sched, &run->bank,
                         &run->customers.journal, blame);
    pgl_sim_customers_open(&run->customers, &run->plan, &run->choices, &run->outside, machine,
                           &run->auditor, &run->bank, &run->listener, blame);
    pgl_sim_bank_open(&run->bank, &run->plan, &run->choices, &run->outside, blame);
    pgl_sim_listener_open(&run->listener, &run->plan, &run->choices, &run->outside, &run->auditor,
                          blame);
    run->outside.work = work_outside;
    run->outside.owner = run;
    pgl_sim_hooks_open(&run->hooks, &run->plan, &run->bank, &run->outside, &run->customers.client,
                       blame);
    pgl_sim_faults_open(&run->faults, &run->plan, &run->choices, machine, &run->sched, &run->bank,
                        &run->outside);
}

static void close_run(struct run *run)
{
    pgl_sim_machine_end(&run->machine, PGL_SIM_KILLED);
    pgl_sim_listener_close(&run->listener);
    pgl_sim_bank_close(&run->bank); /* clears timers: before what other timers lie in is gone */
    pgl_sim_hooks_close(&run->hooks);
    pgl_sim_customers_close(&run->customers);
    run->waiter->ops->close(run->waiter);
    pgl_sim_machine_close(&run->machine);
    pgl_sim_auditor_close(&run->auditor);
}

static bool start(struct run *run, pgl_status (*prepare)(struct pgl_boot *boot, void *self))
{
    pgl_status status = pgl_sim_machine_start(&run->machine, prepare, run);
    if (!pgl_is_ok(status))
        pgl_sim_blame(&run->report->blame, "L1: it does not start: %s", status.text);
    return pgl_is_ok(status);
}

/* ---- the phases ---- */

static void settle(struct run *run)
{
    run->phase = SETTLING;
    run->healed_ns = run->pace_ns = run->machine.twin.now_ns;
    run->until_ns = run->healed_ns + run->plan.deadline_ns + SETTLE_NS_MAX;
    pgl_sim_faults_heal(&run->faults);
    pgl_sim_sched_heal(&run->sched);
    pgl_sim_listener_heal(&run->listener);
}

/* All faults are gone, and yet something is left to be done. */
static void complain_of_unrest(struct run *run)
{
    const char *unrest = pgl_sim_auditor_unrest(&run->auditor);
    if (!run->machine.is_up)
        pgl_sim_blame(&run->report->blame, "L1: it does not start: %s",
                      run->faults.last_start.text);
    if (unrest != NULL)
        pgl_sim_blame(&run->report->blame, "L1: it does not come to rest: %s", unrest);
    unrest = pgl_sim_listener_misses(&run->listener);
    if (unrest != NULL)
        pgl_sim_blame(&run->report->blame, "%s", unrest);
    pgl_sim_customers_complain(&run->customers);
    pgl_sim_blame(&run->report->blame, "L1: it does not come to its end");
}

/* Where the calendar jumps, the program cannot know how long it was down. */
static void check_pace(struct run *run)
{
    bool may_lose = pgl_sim_plan_has(&run->plan, PGL_SIM_FAULT_CLOCK);
    if (run->machine.twin.now_ns < run->pace_ns || !run->machine.is_up)
        return;
    run->pace_ns = run->machine.twin.now_ns + PACE_EVERY_NS;
    if (pgl_sim_auditor_has_parked(&run->auditor))
        pgl_sim_replay(&run->customers);
    pgl_sim_auditor_check_pace(
        &run->auditor, run->healed_ns > run->up_ns ? run->healed_ns : run->up_ns,
        may_lose ? run->down_ns + run->machine.deaths * (PGL_TICK_NS + PACE_EVERY_NS) : 0);
}

/* All orders are looked at for it: only when something has happened since the last time. */
static bool is_at_rest(struct run *run)
{
    if (run->auditor.looks + run->bank.asked == run->moved)
        return run->rests;
    run->rests = pgl_sim_auditor_unrest(&run->auditor) == NULL;
    run->moved = run->auditor.looks + run->bank.asked; /* it has looked itself */
    return run->rests;
}

/* All orders may be at rest for long before: a webhook that was not taken comes again later and
 * later. */
static bool all_is_told(struct run *run)
{
    bool is_told = pgl_sim_listener_misses(&run->listener) == NULL;
    if (!is_told && !run->waits_for_webhooks) {
        run->waits_for_webhooks = true;
        run->until_ns = run->machine.twin.now_ns + TELL_NS_MAX;
        pgl_sim_redeliver(&run->customers);
    }
    return is_told;
}

static void enter_next_phase(struct run *run)
{
    int64_t now_ns = run->machine.twin.now_ns;
    bool all_is_known = run->machine.is_up && pgl_sim_customers_are_done(&run->customers);
    switch (run->phase) {
    case CHAOS:
        if (run->customers.placed < run->plan.orders)
            run->until_ns = now_ns + CHAOS_AFTER_NS;
        else if (now_ns >= run->until_ns)
            settle(run);
        return;
    case SETTLING:
        check_pace(run);
        if (all_is_known && is_at_rest(run) && all_is_told(run)) {
            pgl_sim_auditor_scan(&run->auditor, true);
            run->phase = LOOKING;
            pgl_sim_customers_look_again(&run->customers);
        } else if (now_ns >= run->until_ns) {
            complain_of_unrest(run);
        }
        return;
    case LOOKING:
        pgl_sim_customers_look_again(&run->customers);
        if (pgl_sim_customers_are_done(&run->customers))
            run->phase = OVER;
        else if (now_ns >= run->until_ns)
            complain_of_unrest(run);
        return;
    case OVER:
        return;
    }
}

static void step(struct run *run)
{
    if (pgl_sim_machine_is_dying(&run->machine)) {
        pgl_sim_machine_end(&run->machine, PGL_SIM_KILLED);
        pgl_sim_faults_take_down(&run->faults);
    }
    pgl_sim_auditor_glance(&run->auditor);
    enter_next_phase(run);
    if (run->phase == OVER || pgl_sim_sched_step(&run->sched))
        return;
    if (run->phase == CHAOS) /* nobody has anything to wait for any more */
        settle(run);
    else
        complain_of_unrest(run);
}

/* What is on disk once the power is gone is all that there was. */
static void read_once_more(struct run *run)
{
    pgl_sim_machine_end(&run->machine, PGL_SIM_WITHOUT_POWER);
    if (!start(run, NULL))
        return;
    pgl_sim_auditor_scan(&run->auditor, true);
    pgl_sim_auditor_ask_verify(&run->auditor, true);
}

static void write_report(struct run *run)
{
    struct pgl_sim_report *report = run->report;
    const struct pgl_sim_book *book = &run->auditor.book;
    pgl_sim_sched_note(&run->sched, pgl_sim_disk_call_count(run->machine.disk, PGL_SIM_CALLS_ALL));
    report->hash = run->sched.trace;
    report->placed = run->customers.placed;
    report->orders = book->order_count;
    for (uint32_t i = 0; i < book->order_count; i++) {
        const struct pgl_sim_order *order = &book->orders[i];
        bool is_cancelled = pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CANCELLED));
        report->confirmed += pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CONFIRMED));
        report->cancelled += is_cancelled && order->is_withdrawn;
        report->failed += is_cancelled && !order->is_withdrawn;
    }
    report->starts = run->machine.starts;
    report->crashes = run->machine.deaths;
    report->turns = run->sched.turns;
    report->commits = run->auditor.commits;
    report->requests = run->customers.client.asked;
    report->messages = run->customers.followers.messages;
    report->deliveries = run->listener.deliveries;
    report->virtual_ns = run->machine.twin.now_ns;
    for (int kind = 0; kind < PGL_SIM_FAULT_KINDS; kind++)
        report->faults[kind] = pgl_sim_faults_count(&run->faults, (enum pgl_sim_fault_kind)kind);
    memcpy(report->bugs, run->choices.hits, sizeof report->bugs);
    report->faults[PGL_SIM_FAULT_DUPLICATES] = run->customers.twins_sent;
    report->faults[PGL_SIM_FAULT_RESET] = run->customers.client.left;
}

void pgl_sim_run(const struct pgl_sim_run_options *options, struct pgl_sim_report *report)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    struct run *run = calloc(1, sizeof *run);
    PGL_ASSERT(run != NULL);
    *report = (struct pgl_sim_report){ 0 };
    run->report = report;
    const struct pgl_sim_script *script = options->script;
    run->plan = script != NULL ? pgl_sim_plan_draw(script->seed, script->orders, script->faults)
                               : pgl_sim_plan_draw(options->seed, options->orders, options->faults);
    run->plan.turns = script != NULL ? script->turns : 0;
    pgl_sim_choices_open(&run->choices, &run->plan, script, options->record);
    open_run(run);
    if (options->log_write != NULL)
        run->machine.twin.platform.log_write = options->log_write;
    if (start(run, fill_shop)) {
        pgl_sim_customers_start(&run->customers);
        pgl_sim_faults_start(&run->faults);
    }
    for (uint64_t steps = 0; run->phase != OVER && !report->blame.is_set; steps++) {
        step(run);
        if (options->watch != NULL && (steps & WATCH_EVERY_MASK) == 0)
            options->watch(options->self, run->customers.placed);
    }
    if (!report->blame.is_set)
        read_once_more(run);
    write_report(run);
    close_run(run);
    free(run);
}
