/*
 * choices.h - what befalls a run: drawn from its seed, or as its script says.
 *
 * For:      faults.c, customers.c, client.c and the points of base/buggify.h: each asks at every
 *           occasion whether it happens this time.
 * Owner:    the run.
 * Repeats:  each kind has a stream of numbers of its own, so that one does not reshuffle another.
 */
#ifndef PGL_SIM_CHOICES_H
#define PGL_SIM_CHOICES_H

#include "base/buggify.h"
#include "script.h"

struct pgl_sim_choices {
    const struct pgl_sim_script *script; /* sorted; NULL: it is drawn */
    struct pgl_sim_script *record;       /* what has happened; NULL: nobody writes it down */
    struct pgl_random random[PGL_SIM_CHOICE_KINDS];

    /* The points in the program: */
    struct pgl_buggify buggify;
    bool is_healed; /* none of them strikes any more */
    uint32_t chance[PGL_BUGGIFY_POINTS];
    uint64_t seen[PGL_BUGGIFY_POINTS], hits[PGL_BUGGIFY_POINTS];
};

void pgl_sim_choices_open(struct pgl_sim_choices *choices, const struct pgl_sim_plan *plan,
                          const struct pgl_sim_script *script, struct pgl_sim_script *record);

/* True: it happens, where it is drawn with this chance, and then with an amount up to `most`
 * (NULL: it has none). */
bool pgl_sim_chance(struct pgl_sim_choices *choices, enum pgl_sim_choice_kind kind, int64_t where,
                    uint64_t at, uint32_t per_million, int64_t most, int64_t *amount);

/* Without a chance: it was drawn elsewhere, from this stream, and happens. */
struct pgl_random *pgl_sim_choices_random(struct pgl_sim_choices *choices,
                                          enum pgl_sim_choice_kind kind);
void pgl_sim_note(struct pgl_sim_choices *choices, struct pgl_sim_choice choice);

static inline bool pgl_sim_is_scripted(const struct pgl_sim_choices *choices)
{
    return choices->script != NULL;
}

#endif
