/*
 * hot.h - answers that many ask for at the same moment: one that anyone may keep for some seconds,
 * and that is asked for hundreds of times a second, is given for a tenth of a second before the
 * service is asked anew.
 *
 * For:      the gateway. Who may come, what it costs them and what their answer gets on its way out
 *           is as for any other request.
 * Owner:    the edge.
 * Threads:  the edge's loop.
 * Bounds:   EDGE_HOT_PLACES targets of EDGE_HOT_TARGET_BYTES_MAX with answers of
 *           EDGE_HOT_ANSWER_BYTES_MAX; what is longer is never kept, and a target finds its place
 *           taken while the one in it is asked for as often.
 * Rule:     an answer is as old as the question that brought it. A change of what is shown, made
 *           through this gateway, makes it forget all.
 */
#ifndef PGL_EDGE_HOT_H
#define PGL_EDGE_HOT_H

#include "edge/request.h"

#define EDGE_HOT_PLACES           256u
#define EDGE_HOT_TARGET_BYTES_MAX 128u
#define EDGE_HOT_ANSWER_BYTES_MAX 2048u /* body and fields */

struct edge_hot;

/* NULL without memory. */
struct edge_hot *edge_hot_open(struct pgl_hash_key key);
void edge_hot_close(struct edge_hot *hot); /* NULL is fine */

/* Fills the answer in, and true, when there is one. Counts the request. */
bool edge_hot_find(struct edge_hot *hot, struct pgl_request *request);
/* What the view has answered, before it gets what goes with every answer. */
void edge_hot_keep(struct edge_hot *hot, const struct pgl_request *request);
/* All of it. */
void edge_hot_forget(struct edge_hot *hot);

#endif
