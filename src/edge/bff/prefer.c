/* prefer.c - see prefer.h. */
#include "edge/bff/prefer.h"

#include "base/time.h"

#define LOOK_NS PGL_SECONDS(1)

/* ---- the field ---- */

static void take_preference(struct pgl_text preference, struct edge_prefer *prefer)
{
    struct pgl_text value = pgl_text_cut(&preference, ';'); /* parameters are nobody's here */
    struct pgl_text name = pgl_text_trim(pgl_text_cut(&value, '='));
    int64_t seconds;
    value = pgl_text_trim(value);
    if (pgl_text_equal_nocase(name, PGL_TEXT("wait")) &&
        pgl_is_ok(pgl_text_to_i64(value, &seconds)) && seconds > 0)
        prefer->wait_s = seconds < EDGE_WAIT_S_MAX ? seconds : EDGE_WAIT_S_MAX;
    if (pgl_text_equal_nocase(name, PGL_TEXT("return")))
        prefer->is_minimal = pgl_text_equal_nocase(value, PGL_TEXT("minimal"));
}

struct edge_prefer edge_read_prefer(const struct pgl_request *request)
{
    struct edge_prefer prefer = { 0, false };
    const struct pgl_http_request_head *head = &request->exchange->head;
    for (size_t i = 0; i < head->field_count; i++) {
        struct pgl_text left = head->fields[i].value;
        if (!pgl_text_equal_nocase(head->fields[i].name, PGL_TEXT("prefer")))
            continue;
        while (left.size > 0)
            take_preference(pgl_text_cut(&left, ','), &prefer);
    }
    return prefer;
}

/* ---- the wait ---- */

struct wait {
    int64_t until_ns; /* monotonic */
    char *id;
    int64_t version; /* seen */
    int status;
    bool is_over;
    WaitOrderResponse changes;
    GetOrderResponse order;
};

static bool is_final(OrderStatus status)
{
    return status == ORDER_STATUS_CONFIRMED || status == ORDER_STATUS_FAILED ||
           status == ORDER_STATUS_CANCELLED;
}

static pgl_status ask_changes(struct pgl_request *request, struct wait *wait)
{
    int64_t look_ns = request->edge->loop->now_ns + LOOK_NS;
    WaitOrderRequest *ask = EDGE_NEW(request, WAIT_ORDER_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return PGL_NO_MEMORY;
    ask->caller = &request->caller;
    ask->id = wait->id;
    ask->after_version = wait->version;
    wait->changes = (WaitOrderResponse)WAIT_ORDER_RESPONSE_INIT;
    edge_next_round(request);
    return edge_ask_until(request, &request->edge->orders, ORDER_SERVICE_WAIT_ORDER, ask,
                          &wait->changes, request->arena,
                          look_ns < wait->until_ns ? look_ns : wait->until_ns);
}

static pgl_status ask_order(struct pgl_request *request, struct wait *wait)
{
    GetOrderRequest *ask = EDGE_NEW(request, GET_ORDER_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return PGL_NO_MEMORY;
    ask->caller = &request->caller;
    ask->id = wait->id;
    wait->is_over = true;
    wait->order = (GetOrderResponse)GET_ORDER_RESPONSE_INIT;
    edge_next_round(request);
    return edge_ask(request, &request->edge->orders, ORDER_SERVICE_GET_ORDER, ask, &wait->order);
}

static pgl_status say_applied(struct pgl_request *request, int64_t wait_s)
{
    const char *applied = pgl_arena_printf(request->arena, "wait=%lld", (long long)wait_s);
    if (applied == NULL)
        return PGL_NO_MEMORY;
    edge_add_field(request, PGL_TEXT("Preference-Applied"), pgl_text_of(applied));
    return PGL_OK;
}

pgl_status edge_wait_begin(struct pgl_request *request, const Order *order, int status,
                           bool *is_waiting)
{
    struct edge_prefer prefer = edge_read_prefer(request);
    *is_waiting = false;
    if (prefer.wait_s == 0)
        return PGL_OK;
    PGL_TRY(say_applied(request, prefer.wait_s));
    if (is_final(order->status))
        return PGL_OK;
    struct wait *wait = pgl_arena_zalloc(request->arena, sizeof *wait);
    if (wait == NULL)
        return PGL_NO_MEMORY;
    wait->until_ns = request->edge->loop->now_ns + PGL_SECONDS(prefer.wait_s);
    wait->id = order->id;
    wait->version = order->version;
    wait->status = status;
    request->wait = wait;
    request->verdict.waits_on_purpose = true;
    *is_waiting = true;
    return ask_changes(request, wait);
}

pgl_status edge_wait_next(struct pgl_request *request, const Order **order, int *status)
{
    struct wait *wait = request->wait;
    const struct pgl_edge *edge = request->edge;
    *order = NULL;
    *status = wait->status;
    PGL_TRY(edge_answer(request, 0));
    if (wait->is_over) {
        *order = wait->order.order;
        return PGL_OK;
    }
    bool has_ended = false;
    for (size_t i = 0; i < wait->changes.n_changes; i++) {
        wait->version = wait->changes.changes[i]->version;
        has_ended = has_ended || is_final(wait->changes.changes[i]->status);
    }
    bool is_time_up = edge->loop->now_ns >= wait->until_ns || edge->http.is_draining ||
                      request->exchange->is_abandoned;
    return has_ended || is_time_up ? ask_order(request, wait) : ask_changes(request, wait);
}
