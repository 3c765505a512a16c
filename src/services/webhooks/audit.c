/* audit.c - see audit.h. */
#include "services/webhooks/audit.h"

#include "services/webhooks/webhooks_sql.h"

pgl_status pgl_webhooks_listens(const struct pgl_view *view, bool *listens)
{
    int64_t enabled;
    PGL_TRY(endpoint_count_enabled(view->db, &enabled));
    *listens = enabled > 0;
    return PGL_OK;
}
