/*
 * feed.h - a log as EventLogService serves it: the same long poll as a consumer's, with the events
 * as messages (Read), or as they were written for services in other processes (Follow).
 *
 * For:      a service with flows of its own passes its calls on (pgl_feed_read); for one without,
 *           `calls` is the mailbox and the pgl_feed_..._method the rows of its table.
 * Owner:    a service or app/boot.c, on a loop that services share; unpacking is done there and not
 *           in the writer's turn.
 * Bounds:   PGL_FEED_READS_MAX reads at once, more are refused; PGL_FEED_EVENTS_MAX events looked
 *           at for an answer, of which it has those of the types that were asked for.
 */
#ifndef PGL_EVENTS_FEED_H
#define PGL_EVENTS_FEED_H

#include "events/log.h"
#include "runtime/call.h"

#define PGL_FEED_READS_MAX  16
#define PGL_FEED_EVENTS_MAX PGL_LOG_READ_EVENTS_MAX
#define PGL_FEED_TYPES_MAX  32 /* that a read asks for; there are fewer in any log */

struct pgl_feed {
    struct pgl_loop *loop;
    struct pgl_event_log *log;
    struct pgl_mailbox calls, replies;
    struct pgl_feed_read {
        struct pgl_log_read read;
        struct pgl_call *call; /* NULL when free */
        bool is_follow;
    } * reads;
};

PGL_MUST_USE pgl_status pgl_feed_open(struct pgl_feed *feed, struct pgl_loop *loop,
                                      struct pgl_event_log *log);
void pgl_feed_close(struct pgl_feed *feed);

/* Answers a call of EventLogService.Read, or of Follow, now or later. */
void pgl_feed_read(struct pgl_feed *feed, struct pgl_call *call);
void pgl_feed_follow(struct pgl_feed *feed, struct pgl_call *call);
/* The same as methods, for whom the feed is the service. */
void pgl_feed_read_method(void *feed, struct pgl_call *call);
void pgl_feed_follow_method(void *feed, struct pgl_call *call);

#endif
