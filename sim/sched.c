/* sched.c - see sched.h. */
#include "sched.h"

#include "base/time.h"
#include "purposes.h"

#define RESHUFFLE_TURNS 4000 /* on average, in runs by priority */

void pgl_sim_sched_note(struct pgl_sim_sched *sched, uint64_t what)
{
    sched->trace = (sched->trace ^ what) * 0x9e3779b97f4a7c15u;
    sched->trace ^= sched->trace >> 29;
}

static void reshuffle(struct pgl_sim_sched *sched)
{
    for (int l = 0; l < PGL_SIM_LOOP_COUNT; l++)
        sched->rank[l] = (uint32_t)pgl_random_next(&sched->random);
    sched->reshuffle_at = sched->turns + 1 + pgl_random_below(&sched->random, 2 * RESHUFFLE_TURNS);
}

void pgl_sim_sched_open(struct pgl_sim_sched *sched, const struct pgl_sim_plan *plan,
                        struct pgl_sim_machine *machine, struct pgl_loop *outside)
{
    *sched = (struct pgl_sim_sched){ .machine = machine,
                                     .outside = outside,
                                     .is_by_priority = plan->is_by_priority,
                                     .turn_ns_max = plan->turn_ns_max };
    pgl_random_seed(&sched->random, plan->seed,
                    PGL_SIM_DRAWS_TURNS + ((uint64_t)plan->turns << 16));
    reshuffle(sched);
}

void pgl_sim_sched_forget(struct pgl_sim_sched *sched)
{
    for (int l = 0; l < PGL_LOOP_COUNT; l++) {
        sched->has_more[l] = false;
        sched->held_until_ns[l] = 0;
    }
}

void pgl_sim_sched_heal(struct pgl_sim_sched *sched)
{
    sched->is_by_priority = false;
}

void pgl_sim_sched_hold(struct pgl_sim_sched *sched, int loop, int64_t until_ns)
{
    sched->held_until_ns[loop] = until_ns;
}

/* NULL for those of a process that is not there. */
static struct pgl_loop *loop_at(struct pgl_sim_sched *sched, int loop)
{
    if (loop == PGL_SIM_LOOP_OUTSIDE)
        return sched->outside;
    return sched->machine->is_up ? &sched->machine->boot->loops[loop] : NULL;
}

/* When the loop's next turn is due; the past for at once. */
static int64_t due_ns(struct pgl_sim_sched *sched, int l)
{
    const struct pgl_loop *loop = loop_at(sched, l);
    if (loop == NULL)
        return PGL_NEVER_NS;
    int64_t due = sched->has_more[l] ? 0 : pgl_loop_next_ns(loop);
    if (due == PGL_NEVER_NS)
        return due;
    return due > sched->held_until_ns[l] ? due : sched->held_until_ns[l];
}

static int choose(struct pgl_sim_sched *sched, const int ready[], int count)
{
    if (!sched->is_by_priority)
        return ready[pgl_random_below(&sched->random, (uint64_t)count)];
    if (sched->turns >= sched->reshuffle_at)
        reshuffle(sched);
    int best = ready[0];
    for (int i = 1; i < count; i++)
        if (sched->rank[ready[i]] < sched->rank[best])
            best = ready[i];
    return best;
}

static void turn(struct pgl_sim_sched *sched, int l)
{
    struct pgl_twin *twin = &sched->machine->twin;
    sched->turns++;
    pgl_sim_sched_note(sched, (uint64_t)twin->now_ns * PGL_SIM_LOOP_COUNT + (uint64_t)l);
    sched->has_more[l] = pgl_loop_turn(loop_at(sched, l));
    pgl_twin_advance(twin,
                     1 + (int64_t)pgl_random_below(&sched->random, (uint64_t)sched->turn_ns_max));
}

bool pgl_sim_sched_step(struct pgl_sim_sched *sched)
{
    struct pgl_twin *twin = &sched->machine->twin;
    int ready[PGL_SIM_LOOP_COUNT], count = 0;
    int64_t next_ns = PGL_NEVER_NS;
    pgl_twin_note_news(twin);
    for (int l = 0; l < PGL_SIM_LOOP_COUNT; l++) {
        int64_t due = due_ns(sched, l);
        if (due <= twin->now_ns)
            ready[count++] = l;
        else if (due < next_ns)
            next_ns = due;
    }
    if (count > 0) {
        turn(sched, choose(sched, ready, count));
        return true;
    }
    int64_t news_ns = pgl_twin_next_ns(twin);
    if (news_ns > twin->now_ns && news_ns < next_ns) /* else it is noted, and its loop is held */
        next_ns = news_ns;
    if (next_ns != PGL_NEVER_NS)
        pgl_twin_advance(twin, next_ns - twin->now_ns);
    return next_ns != PGL_NEVER_NS;
}
