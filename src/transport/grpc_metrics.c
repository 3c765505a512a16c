/* grpc_metrics.c - see grpc_metrics.h. */
#include "transport/grpc_metrics.h"

#include "transport/grpc_call.h"

/* What became of a call, as its caller sees it. */
enum outcome { DONE, REFUSED, FAILED, OUTCOMES };

static const char *const outcome_names[OUTCOMES] = { "done", "refused", "failed" };

/* Of a service, by method. */
struct pgl_grpc_counts {
    struct pgl_counter by[OUTCOMES];
};

static const struct {
    const char *name, *help;
    enum pgl_metric_kind kind;
    size_t offset;
} rows[] = {
#define ROW(name, help, kind, field)                                                               \
    {                                                                                              \
        "panglot_grpc_" name, help, PGL_METRIC_##kind, offsetof(struct pgl_grpc_metrics, field)    \
    }
    ROW("calls_open", "Calls that have not ended.", GAUGE, calls_open),
    ROW("no_calls_total", "What was no call at all: answered 405, 415 or 505.", COUNTER, refusals),
    ROW("messages_in_total", "Messages that came.", COUNTER, messages_in),
    ROW("messages_out_total", "Messages that were sent.", COUNTER, messages_out),
    ROW("late_total", "Calls that were not done in their time.", COUNTER, late),
    ROW("cancelled_total", "Calls whose client went away.", COUNTER, cancelled),
#undef ROW
};

static void add_whole(const struct pgl_grpc_metrics *metrics, const char *labels,
                      struct pgl_registry *registry, struct pgl_arena *arena)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        pgl_registry_add(
            registry, rows[i].name, rows[i].help, rows[i].kind, labels,
            (const struct pgl_counter *)(const void *)((const char *)metrics + rows[i].offset));
    for (int status = 0; status < PGL_GRPC_STATUS_COUNT; status++)
        pgl_registry_add(
            registry, "panglot_grpc_statuses_total", "Calls by the status that they ended with.",
            PGL_METRIC_COUNTER,
            pgl_arena_printf(arena, "%s,status=\"%s\"", labels, pgl_grpc_status_name(status)),
            &metrics->failures[status]);
}

static void add_method(const struct pgl_grpc_counts *counts, const char *labels, const char *name,
                       const char *method, struct pgl_registry *registry, struct pgl_arena *arena)
{
    for (int outcome = 0; outcome < OUTCOMES; outcome++)
        pgl_registry_add(registry, "panglot_grpc_calls_total",
                         "Calls by what became of them: failed is what the caller had no part in.",
                         PGL_METRIC_COUNTER,
                         pgl_arena_printf(arena, "%s,method=\"%s/%s\",outcome=\"%s\"", labels, name,
                                          method, outcome_names[outcome]),
                         &counts->by[outcome]);
}

pgl_status pgl_grpc_metrics_add(const struct pgl_grpc_server *server,
                                struct pgl_grpc_server_options *options, const char *listener,
                                struct pgl_registry *registry, struct pgl_arena *arena)
{
    const char *labels = pgl_arena_printf(arena, "listener=\"%s\"", listener);
    size_t service_count = (size_t)options->service_count;
    options->counts = pgl_arena_zalloc(arena, service_count * sizeof options->counts[0]);
    if (options->counts == NULL)
        return PGL_NO_MEMORY;
    add_whole(&server->metrics, labels, registry, arena);
    for (size_t s = 0; s < service_count; s++) {
        const struct pgl_grpc_service *service = &options->services[s];
        unsigned method_count = service->contract->n_methods;
        struct pgl_grpc_counts *counts = pgl_arena_zalloc(arena, method_count * sizeof *counts);
        if (counts == NULL)
            return PGL_NO_MEMORY;
        options->counts[s] = counts;
        for (unsigned m = 0; m < method_count; m++)
            if (service->methods[m].handler != NULL)
                add_method(&counts[m], labels, pgl_grpc_service_name(service),
                           service->contract->methods[m].name, registry, arena);
    }
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static enum outcome outcome_of(enum pgl_code code)
{
    int http = pgl_code_http(code);
    return code == PGL_CODE_OK ? DONE : http >= 500 ? FAILED : REFUSED;
}

void pgl_grpc_metrics_note(struct pgl_grpc_call *call)
{
    struct pgl_grpc_server *server = call->server;
    pgl_counter_add(&server->metrics.failures[pgl_code_grpc(call->status.code)], 1);
    if (server->options.counts == NULL || call->service == NULL)
        return;
    struct pgl_grpc_counts *counts =
        server->options.counts[call->service - server->options.services];
    pgl_counter_add(&counts[call->method].by[outcome_of(call->status.code)], 1);
}
