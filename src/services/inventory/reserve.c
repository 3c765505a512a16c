/* reserve.c - see reserve.h. */
#include "services/inventory/reserve.h"

#include "base/assert.h"
#include "base/money.h"

/* Where an order goes, and the regions of warehouses from near to far. The last row is for the rest
 * of the world; a region that a row leaves out is farther than those it names. */
/* clang-format off */
static const struct {
    const char *ship_to;
    const char *near_to_far[3];
} ways[] = {
    { "EU",    { "EU",   "US",   "APAC" } },
    { "UK",    { "EU",   "US",   "APAC" } },
    { "MEA",   { "EU",   "APAC", "US"   } },
    { "US",    { "US",   "EU",   "APAC" } },
    { "CA",    { "US",   "EU",   "APAC" } },
    { "LATAM", { "US",   "EU",   "APAC" } },
    { "APAC",  { "APAC", "US",   "EU"   } },
    { "",      { "EU",   "US",   "APAC" } },
};
/* clang-format on */

#define WAY_COUNT    (sizeof ways / sizeof ways[0])
#define REGION_COUNT (int)(sizeof ways[0].near_to_far / sizeof ways[0].near_to_far[0])

static int distance(const char *ship_to, const char *region)
{
    size_t way = 0;
    while (way < WAY_COUNT - 1 && strcmp(ways[way].ship_to, ship_to) != 0)
        way++;
    int far = 0;
    while (far < REGION_COUNT && strcmp(ways[way].near_to_far[far], region) != 0)
        far++;
    return far;
}

/* The warehouse to ask first among those that have some; -1 when none has. */
static int best_warehouse(const int distances[], const int64_t available[], int count)
{
    int best = -1;
    for (int i = 0; i < count; i++) {
        if (available[i] <= 0)
            continue;
        bool is_better = best < 0 || distances[i] < distances[best] ||
                         (distances[i] == distances[best] && available[i] > available[best]);
        if (is_better)
            best = i;
    }
    return best;
}

pgl_status pgl_reserve_plan(struct pgl_arena *arena, const struct pgl_names *names,
                            const char *ship_to, const struct pgl_wish *wishes, size_t count,
                            struct pgl_plan *plan)
{
    PGL_ASSERT(count <= PGL_LINES_MAX);
    int distances[PGL_WAREHOUSES_MAX];
    for (int i = 0; i < names->warehouse_count; i++)
        distances[i] = distance(ship_to, names->warehouses[i].region);

    size_t shares_max = count * (size_t)names->warehouse_count;
    *plan = (struct pgl_plan){ 0 };
    plan->shares = pgl_arena_alloc(arena, shares_max * sizeof plan->shares[0]);
    plan->missing = pgl_arena_alloc(arena, count * sizeof plan->missing[0]);
    if (plan->shares == NULL || plan->missing == NULL)
        return PGL_NO_MEMORY;

    for (size_t wish = 0; wish < count; wish++) {
        int64_t *available = wishes[wish].available;
        int64_t rest = wishes[wish].quantity;
        int at;
        while (rest > 0 &&
               (at = best_warehouse(distances, available, names->warehouse_count)) >= 0) {
            int64_t taken = rest < available[at] ? rest : available[at];
            plan->shares[plan->share_count++] =
                (struct pgl_share){ wish, &names->warehouses[at], taken };
            available[at] -= taken;
            rest -= taken;
        }
        plan->missing[wish] = rest;
        plan->is_short |= rest > 0;
    }
    return PGL_OK;
}

/* ---- a part of an order ---- */

static bool add_up(Line *const *lines, size_t count, const int64_t *missing, int64_t *sum_minor)
{
    *sum_minor = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t quantity = lines[i]->quantity - (missing != NULL ? missing[i] : 0), minor;
        if (!pgl_is_ok(pgl_money_times(lines[i]->unit_price_minor, quantity, &minor)) ||
            !pgl_is_ok(pgl_money_add(*sum_minor, minor, sum_minor)))
            return false;
    }
    return true;
}

bool pgl_reserve_is_enough(Line *const *lines, size_t count, const int64_t *missing,
                           int64_t percent)
{
    int64_t ordered_minor, there_minor;
    bool is_any = false;
    for (size_t i = 0; i < count; i++)
        is_any |= missing[i] < lines[i]->quantity;
    if (!is_any || !add_up(lines, count, NULL, &ordered_minor) ||
        !add_up(lines, count, missing, &there_minor))
        return false;
    /* Divided, so that nothing overflows: there / ordered >= percent / 100, rounded up. */
    int64_t least_minor =
        ordered_minor / 100 * percent + (ordered_minor % 100 * percent + 99) / 100;
    return there_minor >= least_minor;
}
