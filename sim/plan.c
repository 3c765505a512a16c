/* plan.c - see plan.h. */
#include "plan.h"

#include "base/time.h"
#include "events/log.h"
#include "purposes.h"

#define SOME         3 /* of how many faults one is left out, on average */
#define NEW          8 /* one SKU in so many is for sale, and its first goods have yet to arrive */
#define SCARCE       4 /* one run in so many has too little stock, too little credit */
#define QUIET_MIN_NS PGL_MILLISECONDS(20) /* so that something gets done between two strikes */
#define STRIKES_MORE 8 /* than are meant for the time that the orders alone would take */
#define AMPLE        INT64_C(1000000000)

#define DEAR_CHANCE_MAX 5000
#define REMOTE_CHANCE   300000

static const char *const fault_names[PGL_SIM_FAULT_KINDS] = {
    [PGL_SIM_FAULT_KILL] = "kill",
    [PGL_SIM_FAULT_POWER] = "power",
    [PGL_SIM_FAULT_KILL_POWER] = "kill-power",
    [PGL_SIM_FAULT_IO] = "io",
    [PGL_SIM_FAULT_FULL] = "full",
    [PGL_SIM_FAULT_DELAY] = "delay",
    [PGL_SIM_FAULT_DUPLICATES] = "duplicates",
    [PGL_SIM_FAULT_RESET] = "reset",
    [PGL_SIM_FAULT_SLOW] = "slow",
    [PGL_SIM_FAULT_CLOCK] = "clock",
    [PGL_SIM_FAULT_BANK] = "bank",
    [PGL_SIM_FAULT_OUTAGE] = "outage",
    [PGL_SIM_FAULT_HOOKS] = "hooks",
    [PGL_SIM_FAULT_BUGS] = "bugs",
};

const char *pgl_sim_fault_name(enum pgl_sim_fault_kind kind)
{
    return fault_names[kind];
}

static int64_t between(struct pgl_random *random, int64_t least, int64_t most)
{
    return least + (int64_t)pgl_random_below(random, (uint64_t)(most - least) + 1);
}

#define ONE_OF(random, table) (table)[pgl_random_below((random), sizeof(table) / sizeof(table)[0])]

static void draw_shop(struct pgl_sim_plan *plan, struct pgl_random *random)
{
    bool is_stock_scarce = pgl_random_below(random, SCARCE) != 0;
    bool is_credit_scarce = pgl_random_below(random, SCARCE) == 0;
    plan->customers = (int)between(random, 2, PGL_SIM_CUSTOMERS_MAX);
    plan->skus = (int)between(random, 1, PGL_SIM_SKUS_MAX);
    /* What all want, were it spread evenly: about four units an order, half of which is there. */
    int64_t fair = (int64_t)plan->orders * 2 / (plan->skus * PGL_SIM_WAREHOUSES) + 2;
    for (int sku = 0; sku < plan->skus; sku++) {
        plan->price_minor[sku] = between(random, 1, 5000);
        bool is_new = pgl_random_below(random, NEW) == 0;
        for (int warehouse = 0; warehouse < PGL_SIM_WAREHOUSES && !is_new; warehouse++)
            plan->stock[sku][warehouse] = is_stock_scarce ? between(random, 0, 2 * fair) : AMPLE;
    }
    plan->partial_percent = 50;
    int64_t orders_each = (int64_t)plan->orders / plan->customers + 1;
    for (int customer = 0; customer < plan->customers; customer++)
        plan->credit_minor[customer] =
            is_credit_scarce ? between(random, 1000, 8000 * orders_each) : AMPLE * 1000;
}

static void draw_customers(struct pgl_sim_plan *plan, struct pgl_random *random)
{
    static const int64_t arrivals_ns[] = { PGL_MICROSECONDS(500), PGL_MILLISECONDS(2),
                                           PGL_MILLISECONDS(10), PGL_MILLISECONDS(40) };
    static const uint32_t chances[] = { 0, 50000, 300000 };
    plan->arrival_ns = ONE_OF(random, arrivals_ns);
    plan->cancel_chance = ONE_OF(random, chances);
    plan->look_chance = ONE_OF(random, chances);
    plan->other_body_chance = ONE_OF(random, chances) / 4;
    plan->wrong_chance = ONE_OF(random, chances) / 4;
    plan->partial_chance = ONE_OF(random, chances);
    plan->deadline_chance = ONE_OF(random, chances);
    plan->ship_chance = ONE_OF(random, chances);
    plan->refund_chance = ONE_OF(random, chances);
    plan->act_chance = 500000;
    plan->moves = (int)between(random, 0, PGL_SIM_MOVES_MAX);
    plan->has_sales = pgl_random_below(random, 2) == 0;
    plan->has_counts = pgl_random_below(random, 4) == 0;
    if (pgl_sim_plan_has(plan, PGL_SIM_FAULT_DUPLICATES))
        plan->twin_chance = (uint32_t)between(random, 10000, 300000);
    if (pgl_sim_plan_has(plan, PGL_SIM_FAULT_RESET))
        plan->leave_chance = (uint32_t)between(random, 1000, 50000);
}

uint32_t pgl_sim_draw_generation(struct pgl_random *random)
{
    static const uint32_t generations[] = { 48, 100, 200, 400, 32768 };
    return ONE_OF(random, generations);
}

static void draw_program(struct pgl_sim_plan *plan, struct pgl_random *random)
{
    static const int64_t deadlines_ns[] = { PGL_MILLISECONDS(200), PGL_SECONDS(2), PGL_SECONDS(20),
                                            PGL_MINUTES(1) };
    static const int batches[] = { 1, 2, 3, 8, 64, 512 };
    static const uint32_t slots[] = { 4, 64, PGL_LOG_RING_SLOTS };
    static const uint32_t bytes[] = { PGL_EVENT_BYTES_MAX, PGL_LOG_RING_BYTES };
    static const int pages[] = { 4, 64, 8192 };
    static const int caches_kib[] = { 64, 1024, 24 * 1024 };
    static const int64_t turns_ns[] = { PGL_MICROSECONDS(2), PGL_MICROSECONDS(50),
                                        PGL_MICROSECONDS(500) };
    static const int64_t networks_ns[] = { 0, PGL_MICROSECONDS(200), PGL_MILLISECONDS(5) };
    plan->deadline_ns = ONE_OF(random, deadlines_ns);
    plan->batch_max = ONE_OF(random, batches);
    plan->generation = pgl_sim_draw_generation(random);
    plan->ring_slots = ONE_OF(random, slots);
    plan->ring_bytes = ONE_OF(random, bytes);
    plan->checkpoint_pages = ONE_OF(random, pages);
    plan->checkpoint_idle_pages = ONE_OF(random, pages);
    plan->writer_cache_kib = ONE_OF(random, caches_kib);
    plan->reader_cache_kib = ONE_OF(random, caches_kib);
    plan->splits_io = pgl_random_below(random, 4) == 0;
    plan->is_by_priority = pgl_random_below(random, 4) == 0;
    plan->turn_ns_max = ONE_OF(random, turns_ns);
    plan->network_ns_max = ONE_OF(random, networks_ns);
}

static void draw_faults(struct pgl_sim_plan *plan, struct pgl_random *random)
{
    int64_t length_ns = plan->arrival_ns * plan->orders;
    int64_t strikes = between(random, 2, 4 + plan->orders / 40);
    plan->quiet_ns = length_ns / strikes + QUIET_MIN_NS;
    plan->strikes_max = (uint32_t)strikes + STRIKES_MORE;
    plan->down_ns_max = between(random, PGL_MILLISECONDS(1), PGL_SECONDS(2));
    plan->delay_ns_max = between(random, PGL_MILLISECONDS(1), PGL_MILLISECONDS(200));
    plan->delay_chance = (uint32_t)between(random, 1000, 100000);
    /* A restart makes some hundred calls, an order about fifty: few enough to get somewhere. */
    plan->io_chance = (uint32_t)between(random, 1, 300);
}

/* Behind these a writer rests for a quarter of a second, a signature is checked again, or a person
 * has to come: often, nothing else would happen. */
static bool is_dear(int point)
{
    return point == PGL_BUGGIFY_CONSUMER_NO_MEMORY || point == PGL_BUGGIFY_WRITER_DISK_FULL ||
           point == PGL_BUGGIFY_WRITER_LONG_PAUSE || point == PGL_BUGGIFY_EDGE_FORGETS_TOKENS ||
           point == PGL_BUGGIFY_CONSUMER_PARKS;
}

/* The program seldom comes by: a run in which nothing happens there shows nothing. */
static bool is_remote(int point)
{
    return point == PGL_BUGGIFY_RECONCILE_FAILS || point == PGL_BUGGIFY_RECONCILE_LOOKS_TWICE ||
           point == PGL_BUGGIFY_HOOKS_ONE_AT_ONCE || point == PGL_BUGGIFY_HOOKS_RECORD_LATER ||
           point == PGL_BUGGIFY_STREAM_SHOWS_LIFE || point == PGL_BUGGIFY_EVENTS_GIVE_UP ||
           point == PGL_BUGGIFY_EVENTS_SHORT_LOOK || point == PGL_BUGGIFY_EVENTS_ONE_AT_ONCE ||
           point == PGL_BUGGIFY_RECONCILE_STOPS || point == PGL_BUGGIFY_STREAM_ASKS_BRIEFLY ||
           point == PGL_BUGGIFY_WAITS_SAY_NOTHING;
}

/* A quarter of the points, half of the remote ones, each as seldom or as often as it likes. */
static void draw_bugs(struct pgl_sim_plan *plan, struct pgl_random *random)
{
    static const uint32_t chances[] = { 300, 5000, 50000, 300000 };
    for (int point = 0; point < PGL_BUGGIFY_POINTS; point++) {
        bool exists = pgl_random_below(random, is_remote(point) ? 2 : 4) == 0;
        uint32_t chance = ONE_OF(random, chances);
        if (is_remote(point))
            chance = REMOTE_CHANCE;
        if (is_dear(point) && chance > DEAR_CHANCE_MAX)
            chance = DEAR_CHANCE_MAX;
        if (exists && pgl_sim_plan_has(plan, PGL_SIM_FAULT_BUGS))
            plan->bug_chance[point] = chance;
    }
}

static void draw_bank(struct pgl_sim_plan *plan, struct pgl_random *random)
{
    static const uint32_t cards[] = { 0, 200000, 500000, 1000000 };
    static const uint32_t chances[] = { 0, 0, 2000, 20000, 100000 };
    static const int64_t slow_ns[] = { PGL_MILLISECONDS(1), PGL_MILLISECONDS(100), PGL_SECONDS(3) };
    static const int calls[] = { 1, 4, 64 };
    static const int rates[] = { 20, 200, 5000 };
    static const int64_t reconcile_ns[] = { 0, 0, PGL_SECONDS(1), PGL_SECONDS(10) };
    plan->card_chance = ONE_OF(random, cards);
    plan->short_hold_ns = between(random, PGL_MILLISECONDS(1), PGL_MILLISECONDS(300));
    plan->slow_card_ns = between(random, PGL_MILLISECONDS(1), PGL_SECONDS(1));
    plan->bank_late_ns = between(random, PGL_MILLISECONDS(1), PGL_SECONDS(3));
    plan->bank_slow_ns_max = ONE_OF(random, slow_ns);
    plan->outage_ns_max = between(random, PGL_MILLISECONDS(10), PGL_SECONDS(20));
    for (int bend = 0; bend < PGL_SIM_BANK_BENDS; bend++) {
        uint32_t chance = ONE_OF(random, chances);
        plan->bank_chance[bend] = pgl_sim_plan_has(plan, PGL_SIM_FAULT_BANK) ? chance : 0;
    }
    plan->hook_chance = pgl_sim_plan_has(plan, PGL_SIM_FAULT_HOOKS) ? 200000 : 0;
    plan->card = (struct pgl_card_options)PGL_CARD_OPTIONS_DEFAULT;
    plan->card.calls_max = ONE_OF(random, calls);
    plan->card.slow_per_s = ONE_OF(random, rates);
    plan->card.call_ns = between(random, PGL_MILLISECONDS(50), PGL_SECONDS(2));
    plan->card.retry_base_ns = PGL_MILLISECONDS(20);
    plan->card.retry_cap_ns = PGL_SECONDS(1);
    /* A key is burnt for longer than a late request may take. */
    plan->card.settle_ns = plan->bank_late_ns + PGL_SECONDS(4);
    plan->card.lease_ns = plan->card.call_ns + PGL_SECONDS(1);
    plan->card.action_ns = PGL_MILLISECONDS(200);
    plan->card.sweep_ns = between(random, PGL_MILLISECONDS(50), PGL_SECONDS(1));
    plan->card.reconcile_every_ns = ONE_OF(random, reconcile_ns);
}

/* Those who only want to know. */
static void draw_others(struct pgl_sim_plan *plan, struct pgl_random *random)
{
    static const uint32_t chances[] = { 0, 0, 20000, 200000 };
    static const enum pgl_sim_listens listens[] = {
        PGL_SIM_LISTENS_TO_NONE,      PGL_SIM_LISTENS_TO_NONE,   PGL_SIM_LISTENS_TO_NONE,
        PGL_SIM_LISTENS_TO_CONFIRMED, PGL_SIM_LISTENS_TO_ORDERS, PGL_SIM_LISTENS_TO_ALL
    };
    plan->follow_chance = ONE_OF(random, chances);
    plan->read_chance = ONE_OF(random, chances);
    plan->listens = ONE_OF(random, listens);
    plan->listener_chance = ONE_OF(random, chances);
    if (!pgl_sim_plan_has(plan, PGL_SIM_FAULT_HOOKS))
        plan->listener_chance = 0;
    plan->help_chance = ONE_OF(random, chances);
    plan->look_over_chance = plan->help_chance / 20;
}

struct pgl_sim_plan pgl_sim_plan_draw(uint64_t seed, uint32_t orders, uint32_t allowed)
{
    struct pgl_sim_plan plan = { .seed = seed, .orders = orders };
    struct pgl_random random;
    pgl_random_seed(&random, seed, PGL_SIM_DRAWS_PLAN);
    for (int kind = 0; kind < PGL_SIM_FAULT_KINDS; kind++)
        if (pgl_random_below(&random, SOME) != 0)
            plan.faults |= PGL_SIM_FAULT_BIT(kind);
    plan.faults &= allowed;
    draw_shop(&plan, &random);
    draw_customers(&plan, &random);
    draw_program(&plan, &random);
    draw_faults(&plan, &random);
    draw_bank(&plan, &random);
    draw_bugs(&plan, &random);
    draw_others(&plan, &random);
    return plan;
}
