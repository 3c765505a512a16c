/* limits.c - /api/v1/limits: what holds for the caller who asks, as for placing an order, since
 * more holds for nothing else. Asking is charged like any read; what is shown is how it is then. */
#include "contract/edge.h"

#include "edge/bff/views.h"

static const pgl_status no_memory = { PGL_EXHAUSTED, "no memory for this request" };

static LimitState *state_of(struct pgl_request *request, const struct edge_standing *standing)
{
    LimitState *state = EDGE_NEW(request, LIMIT_STATE_DESCRIPTOR);
    if (state == NULL)
        return NULL;
    state->policy = pgl_message_string(standing->name);
    state->quota = standing->quota;
    state->window_s = standing->window_s;
    state->left = standing->left;
    state->reset_s = standing->reset_s;
    return state;
}

pgl_status limits_begin(struct pgl_request *request)
{
    struct edge_admission what = { .address = request->client,
                                   .rule = &request->route->rule,
                                   .class = PGL_CLASS_ORDER,
                                   .caller = &request->caller };
    struct edge_moment moment = { request->edge->loop->now_ns, request->edge->loop->wall_ns };
    struct edge_verdict verdict = { .standing_count = 0 };
    LimitStates *states = EDGE_NEW(request, LIMIT_STATES_DESCRIPTOR);
    LimitState **items = pgl_arena_alloc(request->arena, EDGE_STANDINGS_MAX * sizeof items[0]);
    if (states == NULL || items == NULL)
        return no_memory;
    edge_stand(&request->edge->limits, &what, moment, &verdict);
    for (int i = 0; i < verdict.standing_count; i++)
        if ((items[i] = state_of(request, &verdict.standings[i])) == NULL)
            return no_memory;
    states->items = items;
    states->n_items = (size_t)verdict.standing_count;
    return edge_reply_json(request, 200, &states->base);
}
