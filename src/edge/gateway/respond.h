/*
 * respond.h - what every answer gets on its way out: who may keep it, its tag, whether it is sent
 * at all (304), packed or not, and what browsers are to mind.
 *
 * Packed is what anyone may see, and nothing else: the size of a packed answer tells of what is in
 * it, and whoever can have text of theirs put beside a secret learns the secret from sizes
 * (BREACH).
 *
 * Owner:    none; functions only.
 * Bounds:   answers below EDGE_PACK_BYTES_MIN are sent as they are.
 */
#ifndef PGL_EDGE_RESPOND_H
#define PGL_EDGE_RESPOND_H

#include "edge/request.h"

#define EDGE_PACK_BYTES_MIN 1024 /* below, it saves no packet */

/* Of a request whose status, body and fields a view has filled in. */
void edge_finish_answer(struct pgl_request *request);

/* Fills the answer in where it was given a moment ago. */
bool edge_find_ready(struct pgl_request *request);

/* OPTIONS, of a path or of "*" (RFC 9110, 9.3.7): the methods there are, in the arena. False where
 * there is no such path. */
bool edge_find_options(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                       const char **allow);
/* Tells them, and answers a browser's preflight. */
void edge_answer_options(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                         const char *allow);

#endif
