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

static void strike(void *owner);
static void restart(void *owner);

static int64_t up_to(struct pgl_sim_faults *faults, int64_t most)
{
    return (int64_t)pgl_random_below(&faults->random, (uint64_t)most + 1);
}

/* Up to that, and as often in its last thousandth as in its first half. */
static int64_t soon(struct pgl_sim_faults *faults, int64_t most)
{
    return up_to(faults, most >> pgl_random_below(&faults->random, 16));
}

static void set(struct pgl_sim_faults *faults, struct pgl_timer *timer, int64_t after_ns,
                void (*on_due)(void *owner))
{
    pgl_timer_set(&faults->loop->timers, timer, faults->loop->now_ns + after_ns, on_due, faults);
}

void pgl_sim_faults_open(struct pgl_sim_faults *faults, const struct pgl_sim_plan *plan,
                         struct pgl_sim_machine *machine, struct pgl_sim_sched *sched,
                         struct pgl_loop *loop)
{
    *faults = (struct pgl_sim_faults){
        .plan = plan, .machine = machine, .sched = sched, .loop = loop, .last_start = PGL_OK
    };
    pgl_random_seed(&faults->random, plan->seed, PGL_SIM_DRAWS_FAULTS);
}

/* ---- what the disk does by itself ---- */

static void inject_weather(struct pgl_sim_faults *faults)
{
    const struct pgl_sim_plan *plan = faults->plan;
    uint32_t syncs = PGL_SIM_CALL_BIT(PGL_SIM_SYNC);
    pgl_sim_disk_heal(faults->machine->disk);
    faults->is_armed = false;
    if (faults->is_healed)
        return;
    if (pgl_sim_plan_has(plan, PGL_SIM_FAULT_IO))
        pgl_sim_disk_inject(faults->machine->disk,
                            (struct pgl_sim_fault){ .effect = PGL_SIM_FAILS,
                                                    .calls = PGL_SIM_CALLS_ALL,
                                                    .per_million = plan->io_chance });
    if (pgl_sim_plan_has(plan, PGL_SIM_FAULT_DELAY))
        pgl_sim_disk_inject(
            faults->machine->disk,
            (struct pgl_sim_fault){ .effect = PGL_SIM_DELAYS,
                                    .calls = syncs,
                                    .per_million = plan->delay_chance,
                                    .delay_ns = 1 + up_to(faults, plan->delay_ns_max) });
}

/* One call fails while the process starts or soon after, when files are read that memory will have
 * later. */
static void fail_early(struct pgl_sim_faults *faults)
{
    struct pgl_sim_fault fault = { .effect = PGL_SIM_FAILS,
                                   .calls = PGL_SIM_CALL_BIT(PGL_SIM_READ) };
    fault.at = 1 + pgl_random_below(&faults->random, READS_OF_A_START);
    if (pgl_random_below(&faults->random, 4) == 0) {
        fault.calls = PGL_SIM_CALLS_ALL;
        fault.at = 1 + pgl_random_below(&faults->random, CALLS_OF_A_START);
    }
    pgl_sim_disk_inject(faults->machine->disk, fault);
}

/* The process will die of a call of the disk: of any, or of the sync of a log, behind which the
 * news is out. */
static void arm(struct pgl_sim_faults *faults, enum pgl_sim_effect effect)
{
    struct pgl_sim_fault fault = { .effect = effect, .calls = PGL_SIM_CALLS_ALL };
    if (faults->is_armed)
        return;
    faults->is_armed = true;
    fault.at = 1 + pgl_random_below(&faults->random, CALLS_UNTIL_DEATH);
    if (pgl_random_below(&faults->random, 2) == 0) {
        fault.calls = PGL_SIM_CALL_BIT(PGL_SIM_SYNC);
        fault.suffix = "-wal";
        fault.at = 1 + pgl_random_below(&faults->random, SYNCS_UNTIL_DEATH);
    }
    pgl_sim_disk_inject(faults->machine->disk, fault);
}

/* ---- death and return ---- */

void pgl_sim_faults_take_down(struct pgl_sim_faults *faults)
{
    set(faults, &faults->restart, 1 + up_to(faults, faults->plan->down_ns_max), restart);
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

static void restart(void *owner)
{
    struct pgl_sim_faults *faults = owner;
    inject_weather(faults);
    if (faults->power_goes_next && !faults->is_healed) {
        faults->power_goes_next = false;
        if (pgl_random_below(&faults->random, 4) == 0)
            arm(faults, PGL_SIM_CUTS_POWER);
        else
            set(faults, &faults->blackout, soon(faults, BLACKOUT_MAX_NS), black_out);
    }
    if (pgl_sim_plan_has(faults->plan, PGL_SIM_FAULT_IO) && !faults->is_healed &&
        pgl_random_below(&faults->random, 2) == 0)
        fail_early(faults);
    faults->last_start = pgl_sim_machine_start(faults->machine, NULL, NULL);
    if (!pgl_is_ok(faults->last_start))
        pgl_sim_faults_take_down(faults);
}

/* ---- strikes ---- */

static void kill_now_or_soon(struct pgl_sim_faults *faults)
{
    if (pgl_random_below(&faults->random, 4) == 0)
        end(faults, PGL_SIM_KILLED);
    else
        arm(faults, PGL_SIM_KILLS);
}

static void cut_power_now_or_soon(struct pgl_sim_faults *faults)
{
    if (pgl_random_below(&faults->random, 2) == 0)
        end(faults, PGL_SIM_WITHOUT_POWER);
    else
        arm(faults, PGL_SIM_CUTS_POWER);
}

static void kill_then_cut_power(struct pgl_sim_faults *faults)
{
    faults->power_goes_next = true;
    kill_now_or_soon(faults);
}

static void give_space(void *owner)
{
    struct pgl_sim_faults *faults = owner;
    pgl_sim_disk_set_capacity(faults->machine->disk, PGL_SIM_DISK_BYTES_MAX);
}

static void fill_disk(struct pgl_sim_faults *faults)
{
    int64_t used = pgl_sim_disk_used_bytes(faults->machine->disk);
    pgl_sim_disk_set_capacity(faults->machine->disk, used + up_to(faults, ROOM_MAX_BYTES));
    faults->struck[PGL_SIM_FAULT_FULL]++;
    set(faults, &faults->space, up_to(faults, SPACE_MAX_NS), give_space);
}

static void slow_a_loop(struct pgl_sim_faults *faults)
{
    int loop = (int)pgl_random_below(&faults->random, PGL_LOOP_COUNT);
    bool is_very_slow = pgl_random_below(&faults->random, 8) == 0;
    faults->struck[PGL_SIM_FAULT_SLOW]++;
    pgl_sim_sched_hold(
        faults->sched, loop,
        faults->loop->now_ns + (is_very_slow ? VERY_SLOW_NS : up_to(faults, SLOW_MAX_NS)));
}

static void jump(struct pgl_sim_faults *faults)
{
    struct pgl_twin *twin = &faults->machine->twin;
    int64_t by_ns = up_to(faults, 2 * JUMP_MAX_NS) - JUMP_MAX_NS;
    faults->struck[PGL_SIM_FAULT_CLOCK]++;
    twin->wall_ns += pgl_random_below(&faults->random, 2) == 0 ? by_ns : by_ns / 3600;
}

static void (*const strikes[PGL_SIM_FAULT_KINDS])(struct pgl_sim_faults *faults) = {
    [PGL_SIM_FAULT_KILL] = kill_now_or_soon,
    [PGL_SIM_FAULT_POWER] = cut_power_now_or_soon,
    [PGL_SIM_FAULT_KILL_POWER] = kill_then_cut_power,
    [PGL_SIM_FAULT_FULL] = fill_disk,
    [PGL_SIM_FAULT_SLOW] = slow_a_loop,
    [PGL_SIM_FAULT_CLOCK] = jump,
};

static void strike(void *owner)
{
    struct pgl_sim_faults *faults = owner;
    int kinds[PGL_SIM_FAULT_KINDS];
    uint64_t count = 0;
    if (faults->is_healed)
        return;
    for (int kind = 0; kind < PGL_SIM_FAULT_KINDS; kind++)
        if (strikes[kind] != NULL && pgl_sim_plan_has(faults->plan, (enum pgl_sim_fault_kind)kind))
            kinds[count++] = kind;
    if (count == 0)
        return;
    if (faults->machine->is_up || pgl_random_below(&faults->random, 8) == 0)
        strikes[kinds[pgl_random_below(&faults->random, count)]](faults);
    set(faults, &faults->strike, up_to(faults, 2 * faults->plan->quiet_ns), strike);
}

void pgl_sim_faults_start(struct pgl_sim_faults *faults)
{
    inject_weather(faults);
    set(faults, &faults->strike, up_to(faults, 2 * faults->plan->quiet_ns), strike);
}

void pgl_sim_faults_heal(struct pgl_sim_faults *faults)
{
    faults->is_healed = true;
    faults->power_goes_next = false;
    inject_weather(faults);
    give_space(faults);
    for (int loop = 0; loop < PGL_LOOP_COUNT; loop++)
        pgl_sim_sched_hold(faults->sched, loop, 0);
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
    default:
        return faults->struck[kind];
    }
}
