/* http_metrics.c - see http_metrics.h. */
#include "transport/http_metrics.h"

static const struct {
    const char *name, *help, *labels;
    enum pgl_metric_kind kind;
    size_t offset;
} rows[] = {
#define ROW(name, help, labels, kind, field)                                                       \
    {                                                                                              \
        "panglot_http_" name, help, labels, PGL_METRIC_##kind,                                     \
            offsetof(struct pgl_http_metrics, field)                                               \
    }
    ROW("connections", "Connections that are open.", "", GAUGE, connections_open),
    ROW("connections_total", "Connections by what became of them when they came.",
        "outcome=\"accepted\"", COUNTER, connections_accepted),
    ROW("connections_total", "Connections by what became of them when they came.",
        "outcome=\"refused\"", COUNTER, connections_refused),
    ROW("http2_connections_total", "Connections that speak HTTP/2.", "", COUNTER,
        http2_connections),
    ROW("http2_complaints_total", "Those ended for what their peer did.", "", COUNTER,
        http2_complaints),
    ROW("exchanges", "Requests that are not answered, or not written yet.", "", GAUGE,
        exchanges_open),
    ROW("abandoned_total", "Requests whose client went away.", "", COUNTER, abandoned),
    ROW("refused_total", "What was no request, came too late, or was too much.", "", COUNTER,
        refusals),
    ROW("overloads_total", "Requests without an answer, for want of memory.", "", COUNTER,
        overloads),
    ROW("late_total", "What was not waited for any longer.", "part=\"head\"", COUNTER, late_heads),
    ROW("late_total", "What was not waited for any longer.", "part=\"body\"", COUNTER, late_bodies),
    ROW("late_total", "What was not waited for any longer.", "part=\"answer\"", COUNTER,
        late_writes),
    ROW("bytes_total", "Bytes of connections.", "way=\"in\"", COUNTER, bytes_in),
    ROW("bytes_total", "Bytes of connections.", "way=\"out\"", COUNTER, bytes_out),
    ROW("buffers_bytes", "Memory of connections and requests.", "", GAUGE, buffers_bytes),
#undef ROW
};

void pgl_http_server_add_metrics(const struct pgl_http_server *server,
                                 struct pgl_registry *registry)
{
    pgl_registry_add(registry, "panglot_http_proxied_total",
                     "Connections from proxies, by whether they said whose they are.",
                     PGL_METRIC_COUNTER, "outcome=\"through\"", &server->proxy_door.through);
    pgl_registry_add(registry, "panglot_http_proxied_total",
                     "Connections from proxies, by whether they said whose they are.",
                     PGL_METRIC_COUNTER, "outcome=\"refused\"", &server->proxy_door.refused);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *metrics = (const char *)&server->metrics;
        pgl_registry_add(registry, rows[i].name, rows[i].help, rows[i].kind, rows[i].labels,
                         (const struct pgl_counter *)(const void *)(metrics + rows[i].offset));
    }
}
