/*
 * watch.h - wakes those who wait for news of the logs (GET /api/v1/events?wait=).
 *
 * How:      while anybody waits for news of a log, one long poll of it is out, however many wait.
 *           Its answer comes behind the commit of the news, and wakes those to whom it is any. A
 *           log that cannot be asked wakes all: each hears why by a question of its own.
 * Owner:    app/boot.c; the edge's loop.
 * Bounds:   EVENTS_WAITS_MAX wait at a time, more are refused with PGL_EXHAUSTED; one question a
 *           log, of EVENTS_POLL_NS at most.
 */
#ifndef PGL_EDGE_EVENTS_WATCH_H
#define PGL_EDGE_EVENTS_WATCH_H

#include "contract/events.h"
#include "edge/request.h"

#define EVENTS_LOGS      3
#define EVENTS_WAITS_MAX 256
#define EVENTS_POLL_NS   PGL_SECONDS(1)

/* One wait, as a call: answered with `has_news`, or without when its deadline has come. */
struct events_wait_ask {
    bool wants[EVENTS_LOGS];
    int64_t high[EVENTS_LOGS]; /* where the logs ended when the asker looked; more is news */
};
struct events_wait_reply {
    bool has_news;
};

enum { EVENTS_WAIT }; /* the one method */

struct events_watch {
    struct pgl_edge *edge;
    struct pgl_endpoint self; /* takes waits */
    struct pgl_mailbox waits;
    struct events_wait *waiting;
    int count;
    struct events_poll {
        struct events_watch *watch;
        int log;
        int64_t high; /* as far as is known while somebody waits */
        struct pgl_flow flow;
        struct pgl_arena arena; /* of one question and its answer */
        struct pgl_rpc_call call;
        int left;
        ReadRequest ask;
        ReadResponse reply;
    } polls[EVENTS_LOGS];
};

/* Before the edge's loop runs. */
void events_watch_open(struct events_watch *watch, struct pgl_edge *edge);
/* When no loop runs any more. */
void events_watch_close(struct events_watch *watch);

#endif
