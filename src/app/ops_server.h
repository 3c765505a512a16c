/*
 * ops_server.h - /livez, /readyz and /metrics of a process without the gateway, which has them
 * where clients come in: the same views (edge/ops), behind a listener of their own.
 *
 * Owner:    app/boot.h has one.
 * Threads:  the edge's loop, which has nothing else to do in such a process but to drain it.
 * Identity: whoever reaches the address may ask; there is none by default.
 * Bounds:   PGL_OPS_CONNECTIONS_MAX at once, each with one request at a time; no body.
 */
#ifndef PGL_APP_OPS_SERVER_H
#define PGL_APP_OPS_SERVER_H

#include "transport/http_server.h"

#define PGL_OPS_CONNECTIONS_MAX 32 /* each may hold a page of metrics, of 1 MiB at most */

struct pgl_boot;

struct pgl_ops_server {
    struct pgl_boot *boot;
    struct pgl_http_server http; /* its loop is NULL where there is none */
};

/* Listens at options.ops, if it has a host. It answers until the loop ends, also while the process
 * drains, so that who watches sees that. */
PGL_MUST_USE pgl_status pgl_ops_server_open(struct pgl_ops_server *ops, struct pgl_boot *boot);
/* When no loop runs any more. */
void pgl_ops_server_close(struct pgl_ops_server *ops);

#endif
