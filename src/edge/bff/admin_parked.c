/* admin_parked.c - /api/v1/admin/parked: events that could not be handled, key by key, service by
 * service. */
#include "base/time.h"
#include "edge/bff/admin.h"
#include "edge/bff/views.h"

struct parked_view {
    int32_t limit;
    int first; /* the service that the page begins in */
    ListParkedResponse replies[ADMIN_SERVICES];
};

static ListParkedRequest *question(struct pgl_request *request)
{
    ListParkedRequest *ask = EDGE_NEW(request, LIST_PARKED_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return NULL;
    ask->caller = &request->caller;
    int64_t older_than_s = edge_query_number(request, "olderThanS", 0);
    ask->why = edge_query_text(request, "why");
    ask->limit = edge_query_limit(request);
    if (older_than_s > 0)
        ask->until_ns = request->edge->loop->wall_ns - PGL_SECONDS(older_than_s);
    return ask;
}

pgl_status parked_list_begin(struct pgl_request *request)
{
    unsigned asked;
    char *cursor = edge_query_text(request, "cursor");
    struct parked_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    if (view == NULL)
        return ADMIN_NO_MEMORY;
    request->view = view;
    view->limit = edge_query_limit(request);
    PGL_TRY(admin_service_bit(pgl_text_of(edge_query_text(request, "service")), &asked));
    if (cursor[0] != '\0' && !pgl_is_ok(admin_service_of(cursor, '.', &view->first)))
        return PGL_FAIL(PGL_INVALID, "cursor: not one that we gave");
    for (int i = view->first; i < ADMIN_SERVICES; i++) {
        ListParkedRequest *ask = question(request);
        view->replies[i] = (ListParkedResponse)LIST_PARKED_RESPONSE_INIT;
        if ((asked & (1u << i)) == 0)
            continue;
        if (ask != NULL && i == view->first)
            ask->after = cursor;
        PGL_TRY(edge_ask(request, &request->edge->admins[i], ADMIN_SERVICE_LIST_PARKED, ask,
                         &view->replies[i]));
    }
    /* a cursor may stand in a service that is not asked for: then there is nothing */
    return request->call_count > 0 ? PGL_OK
                                   : PGL_FAIL(PGL_INVALID, "cursor: it is another service's");
}

/* Of a service whose list goes on nothing behind it is shown: the cursor is its place. */
static bool add_service(const struct parked_view *view, const ListParkedResponse *reply,
                        ListParkedResponse *page)
{
    for (size_t i = 0; i < reply->n_items; i++) {
        if (page->n_items == (size_t)view->limit) {
            page->next = page->items[page->n_items - 1]->id;
            return false;
        }
        page->items[page->n_items++] = reply->items[i];
    }
    page->next = reply->next;
    return reply->next[0] == '\0';
}

pgl_status parked_list_next(struct pgl_request *request)
{
    struct parked_view *view = request->view;
    for (int i = 0; i < request->call_count; i++)
        PGL_TRY(edge_answer(request, i));
    ListParkedResponse *page = EDGE_NEW(request, LIST_PARKED_RESPONSE_DESCRIPTOR);
    ParkedKey **items = pgl_arena_alloc(request->arena, (size_t)view->limit * sizeof items[0]);
    if (page == NULL || items == NULL)
        return ADMIN_NO_MEMORY;
    page->items = items;
    for (int i = view->first; i < ADMIN_SERVICES; i++)
        if (!add_service(view, &view->replies[i], page))
            break;
    return admin_reply(request, 200, &page->base);
}

pgl_status parked_get_begin(struct pgl_request *request)
{
    int service;
    GetParkedRequest *ask = EDGE_NEW(request, GET_PARKED_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(admin_service_of(request->params[0].data, '.', &service));
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, GET_PARKED_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->admins[service], ADMIN_SERVICE_GET_PARKED, ask,
                    request->view);
}

pgl_status parked_get_next(struct pgl_request *request)
{
    const GetParkedResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return admin_reply(request, 200, &reply->base);
}
