/*
 * feed.h - a log as EventLogService.Read serves it: the same long poll as a consumer's, with the
 * events as messages.
 *
 * Owner:    a service, on the loop of its flows; unpacking is done there and not in the writer's
 *           turn.
 * Bounds:   PGL_FEED_READS_MAX reads at once, more are refused; PGL_FEED_EVENTS_MAX events an
 *           answer.
 */
#ifndef PGL_EVENTS_FEED_H
#define PGL_EVENTS_FEED_H

#include "events/log.h"
#include "runtime/call.h"

#define PGL_FEED_READS_MAX  8
#define PGL_FEED_EVENTS_MAX PGL_LOG_READ_EVENTS_MAX

struct pgl_feed {
    struct pgl_loop *loop;
    struct pgl_event_log *log;
    struct pgl_mailbox replies;
    struct pgl_feed_read {
        struct pgl_log_read read;
        struct pgl_call *call; /* NULL when free */
    } * reads;
};

PGL_MUST_USE pgl_status pgl_feed_open(struct pgl_feed *feed, struct pgl_loop *loop,
                                      struct pgl_event_log *log);
void pgl_feed_close(struct pgl_feed *feed);

/* Answers a call of EventLogService.Read, now or later. */
void pgl_feed_read(struct pgl_feed *feed, struct pgl_call *call);

#endif
