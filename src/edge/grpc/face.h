/*
 * face.h - gRPC, gRPC-Web and Connect on the edge's port: every service of the contract, by the
 * table in services.c.
 */
#ifndef PGL_EDGE_GRPC_FACE_H
#define PGL_EDGE_GRPC_FACE_H

#include "edge/face.h"

extern const struct edge_face edge_grpc_face;

/* ---- call.c */
void edge_grpc_fail(struct pgl_request *request, pgl_status status);
void edge_grpc_respond(struct pgl_request *request);

#endif
