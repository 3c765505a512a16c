/* registry.c - see registry.h. */
#include "telemetry/registry.h"

#include <string.h>

#include "base/assert.h"

/* Behind the last of its name, or of all: the rows of a name are one group in what is written. */
static void add(struct pgl_registry *registry, struct pgl_metric metric)
{
    struct pgl_metric *metrics = registry->metrics;
    PGL_ASSERT(registry->count < PGL_METRICS_MAX);
    int at = registry->count;
    while (at > 0 && strcmp(metrics[at - 1].name, metric.name) != 0)
        at--;
    if (at == 0)
        at = registry->count;
    memmove(metrics + at + 1, metrics + at, (size_t)(registry->count - at) * sizeof *metrics);
    metrics[at] = metric;
    registry->count++;
}

void pgl_registry_add(struct pgl_registry *registry, const char *name, const char *help,
                      enum pgl_metric_kind kind, const char *labels,
                      const struct pgl_counter *counter)
{
    add(registry, (struct pgl_metric){ name, help, kind, labels, counter, NULL });
}

void pgl_registry_add_latency(struct pgl_registry *registry, const char *name, const char *help,
                              const char *labels, const struct pgl_latency *latency)
{
    add(registry, (struct pgl_metric){ name, help, PGL_METRIC_LATENCY, labels, NULL, latency });
}

static const char *const kind_names[] = { "counter", "gauge", "histogram" };

static void write_value(const struct pgl_metric *metric, struct pgl_buffer *out)
{
    const char *open = metric->labels[0] != '\0' ? "{" : "",
               *close = metric->labels[0] != '\0' ? "}" : "";
    pgl_buffer_printf(out, "%s%s%s%s %llu\n", metric->name, open, metric->labels, close,
                      (unsigned long long)pgl_counter_read(metric->counter));
}

static void write_latency(const struct pgl_metric *metric, struct pgl_buffer *out)
{
    const char *comma = metric->labels[0] != '\0' ? "," : "";
    unsigned long long sum = 0;
    for (int i = 0; i <= PGL_LATENCY_BUCKETS; i++) {
        sum += pgl_counter_read(&metric->latency->buckets[i]);
        pgl_buffer_printf(out, "%s_bucket{%s%sle=\"", metric->name, metric->labels, comma);
        if (i < PGL_LATENCY_BUCKETS)
            pgl_buffer_printf(out, "%g\"} %llu\n", pgl_latency_bounds_s[i], sum);
        else
            pgl_buffer_printf(out, "+Inf\"} %llu\n", sum);
    }
    const char *open = metric->labels[0] != '\0' ? "{" : "",
               *close = metric->labels[0] != '\0' ? "}" : "";
    pgl_buffer_printf(out, "%s_sum%s%s%s %.9g\n", metric->name, open, metric->labels, close,
                      (double)pgl_counter_read(&metric->latency->sum_ns) / 1e9);
    pgl_buffer_printf(out, "%s_count%s%s%s %llu\n", metric->name, open, metric->labels, close, sum);
}

void pgl_registry_write(const struct pgl_registry *registry, struct pgl_buffer *out)
{
    for (int i = 0; i < registry->count; i++) {
        const struct pgl_metric *metric = &registry->metrics[i];
        if (i == 0 || strcmp(metric->name, registry->metrics[i - 1].name) != 0)
            pgl_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
                              metric->name, kind_names[metric->kind]);
        if (metric->kind == PGL_METRIC_LATENCY)
            write_latency(metric, out);
        else
            write_value(metric, out);
    }
}
