/* choices.c - see choices.h. */
#include "choices.h"

#include "base/list.h"
#include "purposes.h"

static bool strikes(const struct pgl_buggify *self, enum pgl_buggify_point point)
{
    struct pgl_sim_choices *choices =
        PGL_CONTAINER((struct pgl_buggify *)(uintptr_t)self, struct pgl_sim_choices, buggify);
    choices->seen[point]++;
    if (choices->is_healed || !pgl_sim_chance(choices, PGL_SIM_BUG, point, choices->seen[point],
                                              choices->chance[point], 0, NULL))
        return false;
    choices->hits[point]++;
    return true;
}

void pgl_sim_choices_open(struct pgl_sim_choices *choices, const struct pgl_sim_plan *plan,
                          const struct pgl_sim_script *script, struct pgl_sim_script *record)
{
    *choices = (struct pgl_sim_choices){ .script = script, .record = record };
    for (uint64_t kind = 0; kind < PGL_SIM_CHOICE_KINDS; kind++)
        pgl_random_seed(&choices->random[kind], plan->seed, PGL_SIM_DRAWS_CHOICES + (kind << 16));
    choices->buggify.strikes = strikes;
    for (int point = 0; point < PGL_BUGGIFY_POINTS; point++)
        choices->chance[point] = plan->bug_chance[point];
}

struct pgl_random *pgl_sim_choices_random(struct pgl_sim_choices *choices,
                                          enum pgl_sim_choice_kind kind)
{
    return &choices->random[kind];
}

void pgl_sim_note(struct pgl_sim_choices *choices, struct pgl_sim_choice choice)
{
    if (choices->record != NULL)
        pgl_sim_script_add(choices->record, choice);
}

bool pgl_sim_chance(struct pgl_sim_choices *choices, enum pgl_sim_choice_kind kind, int64_t where,
                    uint64_t at, uint32_t per_million, int64_t most, int64_t *amount)
{
    struct pgl_random *random = &choices->random[kind];
    int64_t drawn = 0;
    if (choices->script != NULL) {
        const struct pgl_sim_choice *found = pgl_sim_script_find(choices->script, kind, where, at);
        if (found == NULL)
            return false;
        drawn = found->amount;
    } else {
        if (per_million == 0 || !pgl_random_chance(random, per_million))
            return false;
        if (amount != NULL)
            drawn = (int64_t)pgl_random_below(random, (uint64_t)most + 1);
    }
    if (amount != NULL)
        *amount = drawn;
    pgl_sim_note(choices, (struct pgl_sim_choice){ kind, at, where, drawn });
    return true;
}
