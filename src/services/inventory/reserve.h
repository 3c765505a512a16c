/*
 * reserve.h - from which warehouses the lines of an order are served.
 *
 * A line is served by the nearest warehouse that has some; what that one lacks comes from the next.
 * Of equally near ones the fullest is asked first, which needs the fewest parcels; of equally full
 * ones that with the lowest id. Lines are served in their order, and one that names the same SKU as
 * an earlier one finds what that has left.
 *
 * For:      handle.c, before it writes anything.
 * Owner:    nobody; all is pure. The plan lies in the arena.
 * Bounds:   PGL_LINES_MAX lines, PGL_WAREHOUSES_MAX shares a line.
 */
#ifndef PGL_INVENTORY_RESERVE_H
#define PGL_INVENTORY_RESERVE_H

#include "base/arena.h"
#include "contract/events.h"
#include "services/inventory/names.h"

#define PGL_LINES_MAX 100 /* of one order */

struct pgl_wish {
    int64_t quantity;
    int64_t *available; /* by warehouse; wishes for one SKU share it, and the plan draws from it */
};

struct pgl_share {
    size_t wish;
    const struct pgl_warehouse *warehouse;
    int64_t quantity;
};

struct pgl_plan {
    struct pgl_share *shares; /* wish by wish */
    size_t share_count;
    int64_t *missing; /* by wish: how much of it is nowhere */
    bool is_short;    /* some of any wish is missing */
};

/* `ship_to` is the region where the order goes; one that is not in the table of ways has an order
 * too. */
PGL_MUST_USE pgl_status pgl_reserve_plan(struct pgl_arena *arena, const struct pgl_names *names,
                                         const char *ship_to, const struct pgl_wish *wishes,
                                         size_t count, struct pgl_plan *plan);

/* Of an order that may be served in part: there is something of it, and at least `percent` of what
 * its lines cost. `missing` is that of the plan. */
bool pgl_reserve_is_enough(Line *const *lines, size_t count, const int64_t *missing,
                           int64_t percent);

#endif
