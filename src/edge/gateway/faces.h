/*
 * faces.h - the other ways in (edge/face.h), as the gateway's HTTP server sees them.
 */
#ifndef PGL_EDGE_FACES_H
#define PGL_EDGE_FACES_H

#include "edge/face.h"

/* Whose request it is; NULL: the routes'. */
const struct edge_face *pgl_face_of(const struct pgl_http_request_head *head);

/* Before pgl_faces_open. */
PGL_MUST_USE pgl_status pgl_faces_add_metrics(struct pgl_edge *edge, struct pgl_registry *registry,
                                              struct pgl_arena *arena);
void pgl_faces_open(struct pgl_edge *edge);
/* Limits have changed. */
void pgl_faces_change(struct pgl_edge *edge);
void pgl_faces_close(struct pgl_edge *edge);

/* Callbacks of struct pgl_http_server_options. */
bool pgl_faces_want_pieces(void *owner, const struct pgl_http_request_head *head);
void pgl_faces_on_piece(void *owner, struct pgl_http_exchange *exchange, struct pgl_text piece,
                        bool is_last);
void pgl_faces_on_room(void *owner, struct pgl_http_exchange *exchange);
void pgl_faces_on_abandoned(void *owner, struct pgl_http_exchange *exchange);

/* The rule of a route that a face calls so; NULL for none. */
const struct pgl_rule *pgl_faces_route_named(struct pgl_text name);

/* True when the face has said so in its own words. */
bool pgl_faces_refuse(struct pgl_edge *edge, struct pgl_http_exchange *exchange, int http_status,
                      const char *reason);

#endif
