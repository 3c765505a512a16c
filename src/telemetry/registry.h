/*
 * registry.h - the list of all metrics, put together at start by whoever knows the parts, read by
 * /metrics.
 *
 * Owner:    app/boot.c fills it before the loops run; constant afterwards.
 * Bounds:   PGL_METRICS_MAX rows.
 */
#ifndef PGL_TELEMETRY_REGISTRY_H
#define PGL_TELEMETRY_REGISTRY_H

#include "base/buffer.h"
#include "telemetry/metrics.h"

#define PGL_METRICS_MAX 2048 /* 110 routes of 5 rows, 170 methods of 3, 300 of the services */

enum pgl_metric_kind { PGL_METRIC_COUNTER, PGL_METRIC_GAUGE, PGL_METRIC_LATENCY };

struct pgl_metric {
    const char *name; /* as Prometheus wants it, unit at the end: panglot_commits_total */
    const char *help;
    enum pgl_metric_kind kind;
    const char *labels; /* service="orders",state="pending"; may be empty */
    const struct pgl_counter *counter;
    const struct pgl_latency *latency;
};

struct pgl_registry {
    struct pgl_metric metrics[PGL_METRICS_MAX];
    int count;
};

void pgl_registry_add(struct pgl_registry *registry, const char *name, const char *help,
                      enum pgl_metric_kind kind, const char *labels,
                      const struct pgl_counter *counter);
void pgl_registry_add_latency(struct pgl_registry *registry, const char *name, const char *help,
                              const char *labels, const struct pgl_latency *latency);

/* Prometheus text format 0.0.4: the rows of one name are one group, however they were added. */
void pgl_registry_write(const struct pgl_registry *registry, struct pgl_buffer *out);

#endif
