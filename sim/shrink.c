/* shrink.c - see shrink.h. */
#include "shrink.h"

#include <string.h>

#define FEW_ORDERS    16 /* then a run is cheap, and is tried with other turns as well */
#define OTHER_TURNS   4
#define RUN_IN_ORDERS 4 /* what a run costs besides its orders */
#define RULE_BYTES    8
#define ROUNDS_MAX    6

struct shrink {
    const struct pgl_sim_run_options *options;
    pgl_sim_runner *run;
    struct pgl_sim_shrunk *best;
    char rule[RULE_BYTES];
    uint32_t runs, cost;
};

/* "A7" of "A7: more is reserved than was sold". */
static void rule_of(const struct pgl_sim_blame *blame, char rule[RULE_BYTES])
{
    size_t size = strcspn(blame->text, ":");
    size = size < RULE_BYTES - 1 ? size : RULE_BYTES - 1;
    memcpy(rule, blame->text, size);
    rule[size] = '\0';
}

static bool is_spent(const struct shrink *shrink)
{
    return shrink->runs >= PGL_SIM_SHRINK_RUNS_MAX || shrink->cost >= PGL_SIM_SHRINK_ORDERS_MAX;
}

/* What was drawn or found in a script, as far as the run has come, is the next script. */
static void run_once(struct shrink *shrink, const struct pgl_sim_script *script,
                     struct pgl_sim_shrunk *result)
{
    struct pgl_sim_run_options options = *shrink->options;
    if (script != NULL)
        pgl_sim_script_copy(&result->script, script);
    else
        pgl_sim_script_open(&result->script, options.seed, options.orders, options.faults);
    pgl_sim_script_clear(&result->script);
    options.script = script;
    options.record = &result->script;
    shrink->run(&options, &result->report);
    for (uint32_t i = result->report.placed; i < result->script.orders; i++)
        pgl_sim_script_leave_out(&result->script, i);
    pgl_sim_script_sort(&result->script);
    shrink->runs++;
    shrink->cost += pgl_sim_script_placed(&result->script) + RUN_IN_ORDERS;
}

static bool try_once(struct shrink *shrink, const struct pgl_sim_script *candidate)
{
    struct pgl_sim_shrunk result;
    char rule[RULE_BYTES];
    run_once(shrink, candidate, &result);
    rule_of(&result.report.blame, rule);
    bool is_same = result.report.blame.is_set && strcmp(rule, shrink->rule) == 0;
    struct pgl_sim_script *worse = is_same ? &shrink->best->script : &result.script;
    pgl_sim_script_close(worse);
    if (is_same)
        *shrink->best = result;
    return is_same;
}

/* Takes the candidate, which becomes the best so far if it goes wrong in the same way. */
static bool try_candidate(struct shrink *shrink, struct pgl_sim_script *candidate)
{
    uint32_t others = pgl_sim_script_placed(candidate) <= FEW_ORDERS ? OTHER_TURNS : 0;
    bool is_same = false;
    pgl_sim_script_sort(candidate);
    for (uint32_t i = 0; i <= others && !is_same && !is_spent(shrink); i++) {
        is_same = try_once(shrink, candidate);
        candidate->turns++;
    }
    pgl_sim_script_close(candidate);
    return is_same;
}

/* ---- pieces ---- */

/* The best so far without some of its choices. */
static void copy_without(const struct pgl_sim_script *from,
                         bool (*is_out)(const struct pgl_sim_choice *choice, int64_t which),
                         int64_t which, struct pgl_sim_script *to)
{
    pgl_sim_script_copy(to, from);
    pgl_sim_script_clear(to);
    for (uint32_t i = 0; i < from->count; i++)
        if (!is_out(&from->choices[i], which))
            pgl_sim_script_add(to, from->choices[i]);
}

static bool is_of_kind(const struct pgl_sim_choice *choice, int64_t kind)
{
    return (int64_t)choice->kind == kind;
}

static bool is_of_point(const struct pgl_sim_choice *choice, int64_t point)
{
    return choice->kind == PGL_SIM_BUG && choice->where == point;
}

static bool drop_alike(struct shrink *shrink,
                       bool (*is_out)(const struct pgl_sim_choice *choice, int64_t which),
                       int64_t count)
{
    bool has_dropped = false;
    for (int64_t which = 0; which < count && !is_spent(shrink); which++) {
        struct pgl_sim_script candidate;
        copy_without(&shrink->best->script, is_out, which, &candidate);
        if (candidate.count < shrink->best->script.count)
            has_dropped |= try_candidate(shrink, &candidate);
        else
            pgl_sim_script_close(&candidate);
    }
    return has_dropped;
}

/* Without `size` of the things that are in it, from the `first` on. False: it has no more. */
static bool cut_orders(const struct pgl_sim_script *from, uint32_t first, uint32_t size,
                       struct pgl_sim_script *to)
{
    uint32_t number = 0, out = 0;
    pgl_sim_script_copy(to, from);
    for (uint32_t i = 0; i < from->orders; i++) {
        if (!pgl_sim_script_has_order(from, i))
            continue;
        if (number >= first && number < first + size) {
            pgl_sim_script_leave_out(to, i);
            out++;
        }
        number++;
    }
    return out > 0;
}

static bool cut_choices(const struct pgl_sim_script *from, uint32_t first, uint32_t size,
                        struct pgl_sim_script *to)
{
    pgl_sim_script_copy(to, from);
    pgl_sim_script_clear(to);
    for (uint32_t i = 0; i < from->count; i++)
        if (i < first || i >= first + size)
            pgl_sim_script_add(to, from->choices[i]);
    return to->count < from->count;
}

static bool drop_pieces(struct shrink *shrink, uint32_t count,
                        bool (*cut)(const struct pgl_sim_script *from, uint32_t first,
                                    uint32_t size, struct pgl_sim_script *to))
{
    bool has_dropped = false;
    for (uint32_t size = (count + 1) / 2; size > 0; size /= 2)
        for (uint32_t first = 0; !is_spent(shrink);) {
            struct pgl_sim_script candidate;
            if (!cut(&shrink->best->script, first, size, &candidate)) {
                pgl_sim_script_close(&candidate);
                break;
            }
            if (try_candidate(shrink, &candidate))
                has_dropped = true; /* what came behind it is now at its place */
            else
                first += size;
        }
    return has_dropped;
}

/* Shorter delays, nearer calls. */
static bool lessen(struct shrink *shrink)
{
    bool has_lessened = false;
    for (uint32_t i = 0; i < shrink->best->script.count; i++)
        for (int64_t by = 0; by <= 4 && i < shrink->best->script.count; by += 4) {
            int64_t amount = shrink->best->script.choices[i].amount;
            struct pgl_sim_script candidate;
            if (amount == 0 || is_spent(shrink))
                break;
            pgl_sim_script_copy(&candidate, &shrink->best->script);
            candidate.choices[i].amount = by == 0 ? 0 : amount / by;
            has_lessened |= try_candidate(shrink, &candidate);
        }
    return has_lessened;
}

/* ---- the hunt ---- */

static const struct {
    uint32_t orders, runs;
} hunts[] = { { 2, 150 }, { 4, 150 }, { 8, 120 }, { 16, 80 }, { 40, 40 } };

/* A small run that goes wrong in the same way, in place of the large one. */
static void hunt(struct shrink *shrink)
{
    const struct pgl_sim_run_options *whole = shrink->options;
    for (size_t i = 0; i < sizeof hunts / sizeof hunts[0]; i++)
        for (uint32_t n = 1; n <= hunts[i].runs && hunts[i].orders < whole->orders; n++) {
            struct pgl_sim_run_options small = *whole;
            small.orders = hunts[i].orders;
            small.seed = whole->seed + n;
            shrink->options = &small;
            bool is_found = try_once(shrink, NULL);
            shrink->options = whole;
            if (is_found)
                return;
        }
}

bool pgl_sim_shrink(const struct pgl_sim_run_options *options, pgl_sim_runner *run,
                    struct pgl_sim_shrunk *shrunk)
{
    struct shrink shrink = { .options = options, .run = run, .best = shrunk };
    run_once(&shrink, options->script, shrunk);
    rule_of(&shrunk->report.blame, shrink.rule);
    if (shrunk->report.blame.is_set && options->script == NULL)
        hunt(&shrink);
    shrink.runs = shrink.cost = 0;
    bool goes_on = shrunk->report.blame.is_set;
    for (int round = 0; round < ROUNDS_MAX && goes_on; round++) {
        goes_on = drop_alike(&shrink, is_of_kind, PGL_SIM_CHOICE_KINDS);
        goes_on |= drop_alike(&shrink, is_of_point, PGL_BUGGIFY_POINTS);
        goes_on |= drop_pieces(&shrink, pgl_sim_script_placed(&shrunk->script), cut_orders);
        goes_on |= drop_pieces(&shrink, shrunk->script.count, cut_choices);
        goes_on |= lessen(&shrink);
        goes_on &= !is_spent(&shrink);
    }
    shrunk->runs = shrink.runs;
    return shrunk->report.blame.is_set;
}
