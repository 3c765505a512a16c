/* open_sql.c - see open.h. */
#include "services/orders/open.h"

static const char ages_behind_sql[] =
    "SELECT order_id, iif(tenant = ?3, state, -1), created_at_ns, deadline_at_ns FROM orders "
    "WHERE order_id >= max(?1, (SELECT final_below FROM order_clock WHERE id = 1)) "
    "AND order_id <> ?1 ORDER BY order_id LIMIT ?2";

struct pgl_rows order_ages_behind(const struct pgl_view *view, const pgl_id *after, int limit,
                                  struct pgl_text tenant)
{
    struct pgl_rows rows = pgl_view_rows(view, ages_behind_sql);
    pgl_bind_id(&rows, after);
    pgl_bind_i64(&rows, limit);
    pgl_bind_text(&rows, tenant);
    return rows;
}
