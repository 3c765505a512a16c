/* adaptive.c - see adaptive.h. */
#include "resilience/adaptive.h"

#include <string.h>

#include "base/assert.h"

#define LATE_PER_CENT 10              /* so that nine of ten are in time */
#define REST_NS       PGL_SECONDS(60) /* between two looks for it, give or take a tenth */
#define SCALE         1024u
#define BUFFER_SCALE  1280u /* a quarter above rest is no overload: noise */

static void begin_window(struct pgl_adaptive *adaptive, int64_t now_ns)
{
    adaptive->window_from_ns = now_ns;
    adaptive->count = adaptive->late_count = adaptive->busiest = 0;
    memset(adaptive->loads, 0, sizeof adaptive->loads);
}

void pgl_adaptive_init(struct pgl_adaptive *adaptive, struct pgl_adaptive_options options,
                       uint64_t seed, int64_t now_ns)
{
    PGL_ASSERT(options.least > 0 && options.least <= options.most && options.window_count > 0);
    *adaptive = (struct pgl_adaptive){ .options = options, .limit = options.most };
    pgl_random_seed(&adaptive->random, seed, 0x61646170);
    begin_window(adaptive, now_ns);
}

static uint32_t within(const struct pgl_adaptive_options *options, uint32_t limit)
{
    limit = limit < options->most ? limit : options->most;
    return limit > options->least ? limit : options->least;
}

void pgl_adaptive_change(struct pgl_adaptive *adaptive, struct pgl_adaptive_options options,
                         int64_t now_ns)
{
    if (options.policy != adaptive->options.policy || options.policy == PGL_ADAPTIVE_FIXED) {
        pgl_adaptive_init(adaptive, options, pgl_random_next(&adaptive->random), now_ns);
        return;
    }
    adaptive->options = options;
    adaptive->limit = within(&options, adaptive->limit);
    if (adaptive->limit_to_keep > 0)
        adaptive->limit_to_keep = within(&options, adaptive->limit_to_keep);
}

/* ---- loads: steps of a fourth of a doubling ---- */

static uint32_t step_of(uint32_t load)
{
    if (load < 2)
        return 0;
    uint32_t doublings = 31 - (uint32_t)__builtin_clz(load);
    uint32_t fourth = doublings >= 2 ? load >> (doublings - 2) & 3 : load << (2 - doublings) & 3;
    uint32_t step = doublings * 4 + fourth;
    return step < PGL_ADAPTIVE_LOADS ? step : PGL_ADAPTIVE_LOADS - 1;
}

static uint32_t load_of(uint32_t step)
{
    return (4 + step % 4) << (step / 4) >> 2;
}

static uint32_t median(const struct pgl_adaptive *adaptive)
{
    uint32_t step = 0, seen = adaptive->loads[0];
    while (2 * seen < adaptive->count && step + 1 < PGL_ADAPTIVE_LOADS)
        seen += adaptive->loads[++step];
    uint32_t load = load_of(step);
    return load > 0 ? load : 1;
}

/* ---- policies ---- */

/* The limit was in somebody's way, or near it: else that all went well says nothing about more. */
static bool was_used(const struct pgl_adaptive *adaptive)
{
    return 2 * (uint64_t)adaptive->busiest >= adaptive->limit;
}

static uint32_t by_aimd(const struct pgl_adaptive *adaptive)
{
    if (adaptive->late_count * 100 <= adaptive->count * LATE_PER_CENT)
        return adaptive->limit + was_used(adaptive);
    bool is_far_off = median(adaptive) >= 2 * PGL_ADAPTIVE_IN_TIME;
    return adaptive->limit - (is_far_off ? adaptive->limit / 2 : (adaptive->limit + 9) / 10);
}

static uint32_t root(uint32_t number)
{
    uint32_t found = 0;
    while ((uint64_t)(found + 1) * (found + 1) <= number)
        found++;
    return found;
}

static void look_for_rest(struct pgl_adaptive *adaptive)
{
    adaptive->limit_to_keep = adaptive->limit;
    adaptive->limit = adaptive->options.least;
}

static void found_rest(struct pgl_adaptive *adaptive, int64_t now_ns)
{
    uint64_t tenth_ns = REST_NS / 10;
    adaptive->rest_load = median(adaptive);
    adaptive->rest_until_ns = now_ns + REST_NS - (int64_t)tenth_ns +
                              (int64_t)pgl_random_below(&adaptive->random, 2 * tenth_ns + 1);
    adaptive->limit = adaptive->limit_to_keep;
    adaptive->limit_to_keep = 0;
}

static uint32_t by_gradient(struct pgl_adaptive *adaptive, int64_t now_ns)
{
    if (adaptive->limit_to_keep > 0)
        found_rest(adaptive, now_ns);
    if (adaptive->rest_load == 0 || now_ns >= adaptive->rest_until_ns) {
        look_for_rest(adaptive);
        return adaptive->limit;
    }
    uint64_t gradient = (uint64_t)adaptive->rest_load * BUFFER_SCALE / median(adaptive);
    gradient = gradient > 2 * SCALE ? 2 * SCALE : gradient < SCALE / 2 ? SCALE / 2 : gradient;
    uint32_t limit = (uint32_t)(adaptive->limit * gradient / SCALE) + root(adaptive->limit);
    return limit > adaptive->limit && !was_used(adaptive) ? adaptive->limit : limit;
}

static void close_window(struct pgl_adaptive *adaptive, int64_t now_ns)
{
    const struct pgl_adaptive_options *options = &adaptive->options;
    uint32_t limit = adaptive->limit;
    switch (options->policy) {
    case PGL_ADAPTIVE_AIMD:
        limit = by_aimd(adaptive);
        break;
    case PGL_ADAPTIVE_GRADIENT:
        limit = by_gradient(adaptive, now_ns);
        break;
    case PGL_ADAPTIVE_FIXED:
        break;
    }
    adaptive->limit = within(options, limit);
    begin_window(adaptive, now_ns);
}

void pgl_adaptive_note(struct pgl_adaptive *adaptive, uint32_t in_flight, uint32_t load,
                       int64_t began_ns, int64_t now_ns)
{
    if (began_ns < adaptive->window_from_ns)
        return;
    adaptive->count++;
    adaptive->late_count += load > PGL_ADAPTIVE_IN_TIME;
    adaptive->loads[step_of(load)]++;
    if (in_flight > adaptive->busiest)
        adaptive->busiest = in_flight;
    if (adaptive->count >= adaptive->options.window_count &&
        now_ns - adaptive->window_from_ns >= adaptive->options.window_ns)
        close_window(adaptive, now_ns);
}
