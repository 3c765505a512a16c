/* faults.c - see faults.h. */
#include "faults.h"

#include "base/time.h"
#include "purposes.h"

#define CALLS_UNTIL_DEATH 600 /* about what ten orders cost */
#define SYNCS_UNTIL_DEATH 8
#define CALLS_OF_A_START  600 /* four files, and the first reads of each log */
#define READS_OF_A_START  140
#define BLACKOUT_MAX_NS                                                                            \
    PGL_MILLISECONDS(200) /* after a start: long enough to act on what is not on disk */
#define ROOM_MAX_BYTES (64 << 10)
#define SPACE_MAX_NS   PGL_SECONDS(2)
#define SLOW_MAX_NS    PGL_MILLISECONDS(400)
#define VERY_SLOW_NS   PGL_SECONDS(7) /* beyond every deadline of a call */
#define JUMP_MAX_NS    PGL_HOURS(2)
#define DOWN_MIN_NS    PGL_MICROSECONDS(10)
#define EARLY          250000 /* the chance that a start sees a bad call */

static void strike(void *owner);
static void restart(void *owner);

static int64_t up_to(struct pgl_sim_faults *faults, int64_t most)
{
    return (int64_t)pgl_random_below(&faults->random, (uint64_t)most + 1);
}

static bool is_one_in(struct pgl_sim_faults *faults, uint64_t count)
{
    return pgl_random_below(&faults->random, count) == 0;
}

static void set(struct pgl_sim_faults *faults, struct pgl_timer *timer, int64_t after_ns,
                void (*on_due)(void *owner))
{
    pgl_timer_set(&faults->loop->timers, timer, faults->loop->now_ns + after_ns, on_due, faults);
}

void pgl_sim_faults_open(struct pgl_sim_faults *faults, const struct pgl_sim_plan *plan,
                         struct pgl_sim_choices *choices, struct pgl_sim_machine *machine,
                         struct pgl_sim_sched *sched, struct pgl_sim_bank *bank,
                         struct pgl_loop *loop)
{
    *faults = (struct pgl_sim_faults){ .plan = plan,
                                       .choices = choices,
                                       .machine = machine,
                                       .sched = sched,
                                       .bank = bank,
                                       .loop = loop,
                                       .last_start = PGL_OK };
    pgl_random_seed(&faults->random, plan->seed, PGL_SIM_DRAWS_FAULTS);
}

/* ---- what the disk does by itself ---- */

static bool has(const struct pgl_sim_faults *faults, enum pgl_sim_fault_kind kind)
{
    return pgl_sim_plan_has(faults->plan, kind);
}

static bool call_fails(void *self, struct pgl_sim_fault *fault)
{
    struct pgl_sim_faults *faults = self;
    (void)fault;
    return pgl_sim_chance(faults->choices, PGL_SIM_IO, 0, ++faults->calls, faults->plan->io_chance,
                          0, NULL);
}

static bool sync_is_slow(void *self, struct pgl_sim_fault *fault)
{
    struct pgl_sim_faults *faults = self;
    return pgl_sim_chance(faults->choices, PGL_SIM_SLOW_SYNC, 0, ++faults->syncs,
                          faults->plan->delay_chance, faults->plan->delay_ns_max, &fault->delay_ns);
}

static void inject_weather(struct pgl_sim_faults *faults)
{
    struct pgl_sim_disk *disk = faults->machine->disk;
    pgl_sim_disk_heal(disk);
    faults->is_armed = false;
    if (faults->is_healed)
        return;
    if (has(faults, PGL_SIM_FAULT_IO))
        pgl_sim_disk_inject(disk, (struct pgl_sim_fault){ .effect = PGL_SIM_FAILS,
                                                          .calls = PGL_SIM_CALLS_ALL,
                                                          .draws = call_fails,
                                                          .self = faults });
    if (has(faults, PGL_SIM_FAULT_DELAY))
        pgl_sim_disk_inject(disk, (struct pgl_sim_fault){ .effect = PGL_SIM_DELAYS,
                                                          .calls = PGL_SIM_CALL_BIT(PGL_SIM_SYNC),
                                                          .draws = sync_is_slow,
                                                          .self = faults });
}

/* One call fails while the process starts or soon after, when files are read that memory will have
 * later. */
static void fail_early(struct pgl_sim_faults *faults, uint64_t start)
{
    struct pgl_sim_fault fault = { .effect = PGL_SIM_FAILS };
    uint32_t chance = has(faults, PGL_SIM_FAULT_IO) ? EARLY : 0;
    int64_t at;
    if (pgl_sim_chance(faults->choices, PGL_SIM_BAD_READ, 0, start, chance * 3 / 4,
                       READS_OF_A_START - 1, &at))
        fault.calls = PGL_SIM_CALL_BIT(PGL_SIM_READ);
    else if (pgl_sim_chance(faults->choices, PGL_SIM_BAD_CALL, 0, start, chance / 4,
                            CALLS_OF_A_START - 1, &at))
        fault.calls = PGL_SIM_CALLS_ALL;
    else
        return;
    fault.at = 1 + (uint64_t)at;
    pgl_sim_disk_inject(faults->machine->disk, fault);
}

/* The process will die of a call of the disk: of any, or of the sync of a log, behind which the
 * news is out. */
static void arm(struct pgl_sim_faults *faults, enum pgl_sim_effect effect, bool is_sync,
                int64_t calls)
{
    struct pgl_sim_fault fault = { .effect = effect,
                                   .calls = PGL_SIM_CALLS_ALL,
                                   .at = 1 + (uint64_t)calls };
    if (faults->is_armed)
        return;
    faults->is_armed = true;
    if (is_sync) {
        fault.calls = PGL_SIM_CALL_BIT(PGL_SIM_SYNC);
        fault.suffix = "-wal";
    }
    pgl_sim_disk_inject(faults->machine->disk, fault);
}

/* ---- death and return ---- */

void pgl_sim_faults_take_down(struct pgl_sim_faults *faults)
{
    uint64_t number = (uint64_t)faults->machine->deaths + faults->machine->failed_starts;
    int64_t down_ns;
    if (!pgl_sim_chance(faults->choices, PGL_SIM_DOWN, 0, number, 1000000,
                        faults->plan->down_ns_max, &down_ns))
        down_ns = DOWN_MIN_NS;
    set(faults, &faults->restart, 1 + down_ns, restart);
}

static void end(struct pgl_sim_faults *faults, enum pgl_sim_death death)
{
    bool was_up = faults->machine->is_up;
    faults->struck[PGL_SIM_FAULT_KILL] += was_up && death == PGL_SIM_KILLED;
    pgl_sim_machine_end(faults->machine, death);
    if (was_up)
        pgl_sim_faults_take_down(faults);
}

static void black_out(void *owner)
{
    struct pgl_sim_faults *faults = owner;
    if (faults->is_healed)
        return;
    faults->struck[PGL_SIM_FAULT_KILL_POWER]++;
    end(faults, PGL_SIM_WITHOUT_POWER);
}

/* Soon after this start the power goes. */
static void plan_blackout(struct pgl_sim_faults *faults, uint64_t start)
{
    uint32_t chance = faults->power_goes_next ? 1000000 : 0;
    int64_t most_ns = BLACKOUT_MAX_NS >> (chance > 0 ? up_to(faults, 15) : 0), amount;
    faults->power_goes_next = false;
    if (faults->is_healed)
        return;
    if (pgl_sim_chance(faults->choices, PGL_SIM_BLACKOUT_AT_CALL, 0, start, chance / 4,
                       CALLS_UNTIL_DEATH - 1, &amount))
        arm(faults, PGL_SIM_CUTS_POWER, false, amount);
    else if (pgl_sim_chance(faults->choices, PGL_SIM_BLACKOUT, 0, start, chance, most_ns, &amount))
        set(faults, &faults->blackout, amount, black_out);
}

static void restart(void *owner)
{
    struct pgl_sim_faults *faults = owner;
    uint64_t start = faults->machine->starts;
    struct pgl_random random;
    pgl_random_seed(&random, faults->plan->seed, PGL_SIM_DRAWS_STARTS + (start << 16));
    inject_weather(faults);
    plan_blackout(faults, start);
    if (!faults->is_healed)
        fail_early(faults, start);
    faults->machine->options.orders.generation = pgl_sim_draw_generation(&random);
    faults->last_start = pgl_sim_machine_start(faults->machine, NULL, NULL);
    if (!pgl_is_ok(faults->last_start))
        pgl_sim_faults_take_down(faults);
}

/* ---- strikes ---- */

static void give_space(void *owner)
{
    struct pgl_sim_faults *faults = owner;
    pgl_sim_disk_set_capacity(faults->machine->disk, PGL_SIM_DISK_BYTES_MAX);
}

static void fill_disk(struct pgl_sim_faults *faults, const struct pgl_sim_choice *choice)
{
    int64_t used = pgl_sim_disk_used_bytes(faults->machine->disk);
    pgl_sim_disk_set_capacity(faults->machine->disk, used + choice->where);
    faults->struck[PGL_SIM_FAULT_FULL]++;
    set(faults, &faults->space, choice->amount, give_space);
}

static void slow_a_loop(struct pgl_sim_faults *faults, const struct pgl_sim_choice *choice)
{
    faults->struck[PGL_SIM_FAULT_SLOW]++;
    if (choice->where >= 0 && choice->where < PGL_LOOP_COUNT)
        pgl_sim_sched_hold(faults->sched, (int)choice->where,
                           faults->loop->now_ns + choice->amount);
}

static void jump(struct pgl_sim_faults *faults, const struct pgl_sim_choice *choice)
{
    faults->struck[PGL_SIM_FAULT_CLOCK]++;
    faults->machine->twin.wall_ns += choice->amount;
}

static void apply(struct pgl_sim_faults *faults, const struct pgl_sim_choice *choice)
{
    pgl_sim_note(faults->choices, *choice);
    switch ((int)choice->kind) {
    case PGL_SIM_KILL:
        end(faults, PGL_SIM_KILLED);
        return;
    case PGL_SIM_KILL_AT_CALL:
    case PGL_SIM_KILL_AT_SYNC:
        arm(faults, PGL_SIM_KILLS, choice->kind == PGL_SIM_KILL_AT_SYNC, choice->amount);
        return;
    case PGL_SIM_POWER:
        end(faults, PGL_SIM_WITHOUT_POWER);
        return;
    case PGL_SIM_POWER_AT_CALL:
    case PGL_SIM_POWER_AT_SYNC:
        arm(faults, PGL_SIM_CUTS_POWER, choice->kind == PGL_SIM_POWER_AT_SYNC, choice->amount);
        return;
    case PGL_SIM_FULL:
        fill_disk(faults, choice);
        return;
    case PGL_SIM_SLOW:
        slow_a_loop(faults, choice);
        return;
    case PGL_SIM_CLOCK:
        jump(faults, choice);
        return;
    case PGL_SIM_BANK_DOWN:
        pgl_sim_bank_go_down(faults->bank, choice->amount);
        return;
    default:
        return;
    }
}

static struct pgl_sim_choice draw_death(struct pgl_sim_faults *faults, uint64_t now_one_in,
                                        enum pgl_sim_choice_kind now)
{
    struct pgl_sim_choice choice = { .kind = now };
    if (is_one_in(faults, now_one_in))
        return choice;
    bool is_sync = is_one_in(faults, 2);
    choice.kind = (enum pgl_sim_choice_kind)(now + (is_sync ? 2 : 1));
    choice.amount = up_to(faults, (is_sync ? SYNCS_UNTIL_DEATH : CALLS_UNTIL_DEATH) - 1);
    return choice;
}

static struct pgl_sim_choice draw_kill(struct pgl_sim_faults *faults)
{
    return draw_death(faults, 4, PGL_SIM_KILL);
}

static struct pgl_sim_choice draw_power(struct pgl_sim_faults *faults)
{
    return draw_death(faults, 2, PGL_SIM_POWER);
}

static struct pgl_sim_choice draw_kill_then_power(struct pgl_sim_faults *faults)
{
    faults->power_goes_next = true;
    return draw_kill(faults);
}

static struct pgl_sim_choice draw_full(struct pgl_sim_faults *faults)
{
    int64_t room = up_to(faults, ROOM_MAX_BYTES);
    return (struct pgl_sim_choice){ PGL_SIM_FULL, 0, room, up_to(faults, SPACE_MAX_NS) };
}

static struct pgl_sim_choice draw_slow(struct pgl_sim_faults *faults)
{
    int64_t loop = up_to(faults, PGL_LOOP_COUNT - 1);
    int64_t for_ns = is_one_in(faults, 8) ? VERY_SLOW_NS : up_to(faults, SLOW_MAX_NS);
    return (struct pgl_sim_choice){ PGL_SIM_SLOW, 0, loop, for_ns };
}

static struct pgl_sim_choice draw_jump(struct pgl_sim_faults *faults)
{
    int64_t by_ns = up_to(faults, 2 * JUMP_MAX_NS) - JUMP_MAX_NS;
    return (struct pgl_sim_choice){ PGL_SIM_CLOCK, 0, 0,
                                    is_one_in(faults, 2) ? by_ns : by_ns / 3600 };
}

static struct pgl_sim_choice draw_outage(struct pgl_sim_faults *faults)
{
    return (struct pgl_sim_choice){ PGL_SIM_BANK_DOWN, 0, 0,
                                    up_to(faults, faults->plan->outage_ns_max) };
}

static struct pgl_sim_choice (*const draws[PGL_SIM_FAULT_KINDS])(struct pgl_sim_faults *faults) = {
    [PGL_SIM_FAULT_KILL] = draw_kill,
    [PGL_SIM_FAULT_POWER] = draw_power,
    [PGL_SIM_FAULT_KILL_POWER] = draw_kill_then_power,
    [PGL_SIM_FAULT_FULL] = draw_full,
    [PGL_SIM_FAULT_SLOW] = draw_slow,
    [PGL_SIM_FAULT_CLOCK] = draw_jump,
    [PGL_SIM_FAULT_OUTAGE] = draw_outage,
};

static void strike_by_chance(struct pgl_sim_faults *faults)
{
    struct pgl_sim_choice choice = { .kind = PGL_SIM_TICK };
    int kinds[PGL_SIM_FAULT_KINDS];
    uint64_t count = 0;
    for (int kind = 0; kind < PGL_SIM_FAULT_KINDS; kind++)
        if (draws[kind] != NULL && has(faults, (enum pgl_sim_fault_kind)kind))
            kinds[count++] = kind;
    if (count == 0)
        return;
    if (faults->machine->is_up || is_one_in(faults, 8))
        choice = draws[kinds[pgl_random_below(&faults->random, count)]](faults);
    choice.at = (uint64_t)faults->strike.due_ns;
    apply(faults, &choice);
    if (++faults->strikes < faults->plan->strikes_max)
        set(faults, &faults->strike, up_to(faults, 2 * faults->plan->quiet_ns), strike);
}

static void set_next(struct pgl_sim_faults *faults)
{
    const struct pgl_sim_script *script = faults->choices->script;
    if (faults->next < script->count && script->choices[faults->next].kind < PGL_SIM_STRIKES)
        pgl_timer_set(&faults->loop->timers, &faults->strike,
                      (int64_t)script->choices[faults->next].at, strike, faults);
}

static void strike(void *owner)
{
    struct pgl_sim_faults *faults = owner;
    if (faults->is_healed) { /* a turn of the outside all the same */
        pgl_sim_note(faults->choices, (struct pgl_sim_choice){
                                          PGL_SIM_TICK, (uint64_t)faults->strike.due_ns, 0, 0 });
        return;
    }
    if (!pgl_sim_is_scripted(faults->choices)) {
        strike_by_chance(faults);
        return;
    }
    apply(faults, &faults->choices->script->choices[faults->next++]);
    set_next(faults);
}

void pgl_sim_faults_start(struct pgl_sim_faults *faults)
{
    inject_weather(faults);
    if (pgl_sim_is_scripted(faults->choices))
        set_next(faults);
    else
        set(faults, &faults->strike, up_to(faults, 2 * faults->plan->quiet_ns), strike);
}

void pgl_sim_faults_heal(struct pgl_sim_faults *faults)
{
    faults->is_healed = true;
    faults->power_goes_next = false;
    faults->choices->is_healed = true;
    inject_weather(faults);
    give_space(faults);
    pgl_sim_bank_heal(faults->bank);
    for (int loop = 0; loop < PGL_LOOP_COUNT; loop++)
        pgl_sim_sched_hold(faults->sched, loop, 0);
}

static uint64_t bugs(const struct pgl_sim_choices *choices)
{
    uint64_t hits = 0;
    for (int point = 0; point < PGL_BUGGIFY_POINTS; point++)
        hits += choices->hits[point];
    return hits;
}

uint64_t pgl_sim_faults_count(const struct pgl_sim_faults *faults, enum pgl_sim_fault_kind kind)
{
    const struct pgl_sim_disk_counts *disk = pgl_sim_disk_counts(faults->machine->disk);
    switch ((int)kind) {
    case PGL_SIM_FAULT_KILL:
        return faults->struck[kind] + disk->faults[PGL_SIM_KILLS];
    case PGL_SIM_FAULT_POWER:
        return disk->power_losses;
    case PGL_SIM_FAULT_IO:
        return disk->faults[PGL_SIM_FAILS];
    case PGL_SIM_FAULT_DELAY:
        return disk->faults[PGL_SIM_DELAYS];
    case PGL_SIM_FAULT_BANK:
        return faults->bank->struck;
    case PGL_SIM_FAULT_OUTAGE:
        return faults->bank->outages;
    case PGL_SIM_FAULT_HOOKS:
        return faults->bank->hooks_bent;
    case PGL_SIM_FAULT_BUGS:
        return bugs(faults->choices);
    default:
        return faults->struck[kind];
    }
}
