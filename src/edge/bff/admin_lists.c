/*
 * admin_lists.c - /api/v1/admin/audit-log and /api/v1/admin/jobs: lists of every service, newest
 * first. Each service is asked for a page; of all that came the newest make the page, and the
 * cursor has each service's place.
 */
#include "edge/bff/admin.h"
#include "edge/bff/views.h"

struct list_view {
    int32_t limit;
    int64_t places[ADMIN_AUDITED];
    ListAuditResponse audits[ADMIN_AUDITED];
    ListJobsResponse jobs[ADMIN_SERVICES];
};

static pgl_status begin(struct pgl_request *request, struct list_view **out)
{
    struct list_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    if (view == NULL)
        return ADMIN_NO_MEMORY;
    view->limit = edge_query_limit(request);
    request->view = *out = view;
    return admin_read_places(edge_query_text(request, "cursor"), view->places);
}

/* What of the piles goes on the page, and where each pile goes on: items have falling numbers. */
static size_t take_page(const struct list_view *view, struct admin_pile piles[ADMIN_AUDITED],
                        int64_t (*at_ns)(const void *), int64_t (*number)(const void *),
                        void **page, int64_t places[ADMIN_AUDITED])
{
    size_t count = 0;
    memcpy(places, view->places, sizeof view->places);
    while (count < (size_t)view->limit) {
        int newest = admin_newest(piles, at_ns);
        if (newest < 0)
            break;
        void *item = piles[newest].items[piles[newest].taken++];
        places[newest] = number(item);
        page[count++] = item;
    }
    return count;
}

/* A pile that came as long as it was asked for may go on, and so may one that is not used up. */
static bool is_more(const struct list_view *view, const struct admin_pile piles[ADMIN_AUDITED])
{
    for (int i = 0; i < ADMIN_AUDITED; i++)
        if (piles[i].taken < piles[i].count || piles[i].count == (size_t)view->limit)
            return true;
    return false;
}

/* ---- the audit log ---- */

pgl_status audit_list_begin(struct pgl_request *request)
{
    struct list_view *view;
    PGL_TRY(begin(request, &view));
    for (int i = 0; i < ADMIN_AUDITED; i++) {
        ListAuditRequest *ask = EDGE_NEW(request, LIST_AUDIT_REQUEST_DESCRIPTOR);
        if (ask == NULL)
            return ADMIN_NO_MEMORY;
        ask->caller = &request->caller;
        ask->before = view->places[i];
        ask->limit = view->limit;
        view->audits[i] = (ListAuditResponse)LIST_AUDIT_RESPONSE_INIT;
        PGL_TRY(edge_ask(request, &request->edge->admins[i], ADMIN_SERVICE_LIST_AUDIT, ask,
                         &view->audits[i]));
    }
    return PGL_OK;
}

static int64_t audit_at_ns(const void *item)
{
    return ((const AuditEntry *)item)->at_ns;
}

static int64_t audit_number(const void *item)
{
    return ((const AuditEntry *)item)->seq;
}

pgl_status audit_list_next(struct pgl_request *request)
{
    struct list_view *view = request->view;
    struct admin_pile piles[ADMIN_AUDITED];
    int64_t places[ADMIN_AUDITED];
    for (int i = 0; i < ADMIN_AUDITED; i++) {
        PGL_TRY(edge_answer(request, i));
        piles[i] =
            (struct admin_pile){ (void **)view->audits[i].items, view->audits[i].n_items, 0 };
    }
    AuditList *list = EDGE_NEW(request, AUDIT_LIST_DESCRIPTOR);
    void **page = pgl_arena_alloc(request->arena, (size_t)view->limit * sizeof page[0]);
    if (list == NULL || page == NULL)
        return ADMIN_NO_MEMORY;
    list->n_items = take_page(view, piles, audit_at_ns, audit_number, page, places);
    list->items = (AuditEntry **)page;
    if (is_more(view, piles))
        list->next = admin_write_places(request, places);
    return admin_reply(request, 200, &list->base);
}

/* ---- jobs ---- */

pgl_status job_list_begin(struct pgl_request *request)
{
    struct list_view *view;
    PGL_TRY(begin(request, &view));
    for (int i = 0; i < ADMIN_SERVICES; i++) {
        ListJobsRequest *ask = EDGE_NEW(request, LIST_JOBS_REQUEST_DESCRIPTOR);
        if (ask == NULL)
            return ADMIN_NO_MEMORY;
        ask->caller = &request->caller;
        ask->before = view->places[i];
        ask->limit = view->limit;
        view->jobs[i] = (ListJobsResponse)LIST_JOBS_RESPONSE_INIT;
        PGL_TRY(edge_ask(request, &request->edge->admins[i], ADMIN_SERVICE_LIST_JOBS, ask,
                         &view->jobs[i]));
    }
    return PGL_OK;
}

static int64_t job_at_ns(const void *item)
{
    return ((const Job *)item)->created_at_ns;
}

/* "orders-7" */
static int64_t job_number(const void *item)
{
    int64_t number;
    struct pgl_text left = pgl_text_of(((const Job *)item)->id);
    pgl_text_cut(&left, '-');
    return pgl_is_ok(pgl_text_to_i64(left, &number)) ? number : 0;
}

pgl_status job_list_next(struct pgl_request *request)
{
    struct list_view *view = request->view;
    struct admin_pile piles[ADMIN_AUDITED] = { { NULL, 0, 0 } };
    int64_t places[ADMIN_AUDITED];
    for (int i = 0; i < ADMIN_SERVICES; i++) {
        PGL_TRY(edge_answer(request, i));
        piles[i] = (struct admin_pile){ (void **)view->jobs[i].items, view->jobs[i].n_items, 0 };
    }
    JobList *list = EDGE_NEW(request, JOB_LIST_DESCRIPTOR);
    void **page = pgl_arena_alloc(request->arena, (size_t)view->limit * sizeof page[0]);
    if (list == NULL || page == NULL)
        return ADMIN_NO_MEMORY;
    list->n_items = take_page(view, piles, job_at_ns, job_number, page, places);
    list->items = (Job **)page;
    if (is_more(view, piles))
        list->next = admin_write_places(request, places);
    return admin_reply(request, 200, &list->base);
}
