/*
 * open.h - orders without an end, for operators: which they are, and since when.
 *
 * Bounds:   there is no index of states, since every order would write to it: a page begins where
 *           deadlines.h has noted that all before are final, walks over ORDER_OPEN_LOOK_MAX rows,
 *           oldest first, and then says where to go on.
 */
#ifndef PGL_ORDERS_OPEN_H
#define PGL_ORDERS_OPEN_H

#include "contract/admin.h"
#include "store/view.h"

#define ORDER_OPEN_LOOK_MAX 20000 /* 10 ms of the reader */

PGL_MUST_USE pgl_status pgl_orders_list_open(const struct pgl_view *view,
                                             const ListOpenRequest *ask, ListOpenResponse *reply);

/* Behind `after`, oldest first, without those that are known to be final. Columns: order_id, state,
 * created_at_ns, deadline_at_ns; of another tenant's order the state is -1. */
struct pgl_rows order_ages_behind(const struct pgl_view *view, const pgl_id *after, int limit,
                                  struct pgl_text tenant);

#endif
