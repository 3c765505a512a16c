/*
 * http_metrics.h - what the server of one loop counts, under its names ("panglot_http_...").
 */
#ifndef PGL_TRANSPORT_HTTP_METRICS_H
#define PGL_TRANSPORT_HTTP_METRICS_H

#include "telemetry/registry.h"
#include "transport/http_server.h"

/* The server has to outlive the registry. */
void pgl_http_server_add_metrics(const struct pgl_http_server *server,
                                 struct pgl_registry *registry);

#endif
