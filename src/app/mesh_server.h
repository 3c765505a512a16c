/*
 * mesh_server.h - where a process serves its services to the other processes of the platform: gRPC,
 * and behind it the same endpoints as near callers have.
 *
 * For:      mesh.c.
 * Owner:    the mesh, on the services' loop.
 * Identity: with TLS both sides show a certificate, whose names are those of roles ("orders"); who
 *           may call which method is the table in mesh_rights.c, and nobody may by default. Without
 *           TLS everybody is let in, so it has to be asked for, and listens on loopback alone.
 * Bounds:   PGL_MESH_CALLS_MAX at once, and the queues of whom they are for.
 */
#ifndef PGL_APP_MESH_SERVER_H
#define PGL_APP_MESH_SERVER_H

#include "app/mesh.h"

#define PGL_MESH_CALLS_MAX 8192 /* two gateways that have all they may have out */

PGL_MUST_USE pgl_status pgl_mesh_server_open(struct pgl_mesh *mesh);
uint16_t pgl_mesh_server_port(const struct pgl_mesh_server *server);
/* Any thread, both: takes no new call, and has answered all. */
void pgl_mesh_server_drain(struct pgl_mesh_server *server);
bool pgl_mesh_server_is_idle(const struct pgl_mesh_server *server);
/* When no loop runs any more. */
void pgl_mesh_server_close(struct pgl_mesh_server *server);

#endif
