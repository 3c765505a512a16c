/*
 * grpc_metrics.h - what a server of calls counts, under its names ("panglot_grpc_..."): by status,
 * and by method what became of its calls.
 *
 * For:      edge/grpc, app/mesh_server.c; each has a listener's name.
 * Bounds:   the methods of the options' services, three rows each, also where they are not offered;
 *           a call of any other counts by its status alone.
 */
#ifndef PGL_TRANSPORT_GRPC_METRICS_H
#define PGL_TRANSPORT_GRPC_METRICS_H

#include "telemetry/registry.h"
#include "transport/grpc_server.h"

/* Before pgl_grpc_server_open, whose `options` are completed by it: services are in them. The
 * server has to outlive the registry, and the counters lie in the arena. */
PGL_MUST_USE pgl_status pgl_grpc_metrics_add(const struct pgl_grpc_server *server,
                                             struct pgl_grpc_server_options *options,
                                             const char *listener, struct pgl_registry *registry,
                                             struct pgl_arena *arena);

/* For grpc_call.c, at the end of a call. */
void pgl_grpc_metrics_note(struct pgl_grpc_call *call);

#endif
