/* admin_jobs.c - wishes over many things: started, looked at, cancelled. */
#include "edge/bff/admin.h"
#include "edge/bff/views.h"

struct start_view {
    StartJobResponse replies[ADMIN_SERVICES];
    int count;
};

/* Whom the wish concerns: the service that it names, else those that its ids name, else all. */
static pgl_status services_of(const NewJob *wish, unsigned *services)
{
    PGL_TRY(admin_service_bit(pgl_text_of(wish->service), services));
    if (wish->service[0] != '\0' || wish->n_ids == 0)
        return PGL_OK;
    unsigned named = 0;
    for (size_t i = 0; i < wish->n_ids; i++) {
        int service;
        bool is_named = pgl_is_ok(admin_service_of(wish->ids[i], '.', &service));
        named |= is_named ? 1u << service : ADMIN_ALL;
    }
    *services = named;
    return PGL_OK;
}

static pgl_status start(struct pgl_request *request, JobKind kind, unsigned only)
{
    void *body;
    char *key;
    unsigned services;
    struct start_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    if (view == NULL)
        return ADMIN_NO_MEMORY;
    request->view = view;
    PGL_TRY(edge_idempotency_key(request, &key));
    PGL_TRY(edge_read_body(request, NEW_JOB_DESCRIPTOR, &body));
    PGL_TRY(services_of(body, &services));
    if ((services & only) == 0)
        return PGL_FAIL(PGL_INVALID, "service: this one has no such jobs");
    for (int i = 0; i < ADMIN_SERVICES; i++) {
        if ((services & only & (1u << i)) == 0)
            continue;
        StartJobRequest *ask = EDGE_NEW(request, START_JOB_REQUEST_DESCRIPTOR);
        if (ask == NULL)
            return ADMIN_NO_MEMORY;
        ask->caller = &request->caller;
        ask->idempotency_key = key;
        ask->kind = kind;
        ask->job = body;
        view->replies[view->count] = (StartJobResponse)START_JOB_RESPONSE_INIT;
        PGL_TRY(edge_ask(request, &request->edge->admins[i], ADMIN_SERVICE_START_JOB, ask,
                         &view->replies[view->count++]));
    }
    return PGL_OK;
}

pgl_status parked_replay_begin(struct pgl_request *request)
{
    return start(request, JOB_KIND_REPLAY_PARKED, ADMIN_ALL);
}

pgl_status parked_drop_begin(struct pgl_request *request)
{
    return start(request, JOB_KIND_DROP_PARKED, ADMIN_ALL);
}

pgl_status intent_retry_begin(struct pgl_request *request)
{
    return start(request, JOB_KIND_RETRY_INTENTS, 1u << 1);
}

pgl_status intent_settle_begin(struct pgl_request *request)
{
    return start(request, JOB_KIND_SETTLE_INTENTS, 1u << 1);
}

pgl_status job_started_next(struct pgl_request *request)
{
    struct start_view *view = request->view;
    JobList *list = EDGE_NEW(request, JOB_LIST_DESCRIPTOR);
    Job **jobs = pgl_arena_alloc(request->arena, ADMIN_SERVICES * sizeof jobs[0]);
    bool is_replayed = true;
    if (list == NULL || jobs == NULL)
        return ADMIN_NO_MEMORY;
    list->items = jobs;
    for (int i = 0; i < request->call_count; i++) {
        PGL_TRY(edge_answer(request, i));
        jobs[list->n_items++] = view->replies[i].job;
        is_replayed &= view->replies[i].replayed;
    }
    if (is_replayed)
        edge_add_field(request, PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true"));
    return admin_reply(request, 202, &list->base);
}

/* ---- one job ---- */

pgl_status job_get_begin(struct pgl_request *request)
{
    int service;
    GetJobRequest *ask = EDGE_NEW(request, GET_JOB_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(admin_service_of(request->params[0].data, '-', &service));
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, GET_JOB_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->admins[service], ADMIN_SERVICE_GET_JOB, ask,
                    request->view);
}

pgl_status job_get_next(struct pgl_request *request)
{
    const GetJobResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return admin_reply(request, 200, &reply->job->base);
}

pgl_status job_cancel_begin(struct pgl_request *request)
{
    int service;
    void *body;
    CancelJobRequest *ask = EDGE_NEW(request, CANCEL_JOB_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return ADMIN_NO_MEMORY;
    PGL_TRY(admin_service_of(request->params[0].data, '-', &service));
    PGL_TRY(edge_read_body(request, REASON_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->id = pgl_message_string(request->params[0].data);
    ask->reason = ((const Reason *)body)->reason;
    request->view = EDGE_NEW(request, CANCEL_JOB_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->admins[service], ADMIN_SERVICE_CANCEL_JOB, ask,
                    request->view);
}

pgl_status job_cancel_next(struct pgl_request *request)
{
    const CancelJobResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return admin_reply(request, 200, &reply->job->base);
}
