/*
 * audit.h - a log and the positions in it, read from the file: for whoever looks whether they are
 * whole.
 *
 * For:      `panglot verify` and the simulator's auditor, over a snapshot.
 * Owner:    the view's. One walk at a time over one connection.
 * Memory:   an event's head lies in the walk's own arena until the next one is read.
 * Bounds:   a walk reads the table once, in order.
 */
#ifndef PGL_EVENTS_AUDIT_H
#define PGL_EVENTS_AUDIT_H

#include "contract/events.h"
#include "store/view.h"

struct pgl_log_state {
    int64_t epoch;
    int64_t low;  /* the first event that is kept; more than 1: older ones were pruned */
    int64_t high; /* the last event, as the log's head says; 0: none yet */
};

PGL_MUST_USE pgl_status pgl_log_state_read(const struct pgl_view *view,
                                           struct pgl_log_state *state);

/* ---- all events, by their numbers ---- */

struct pgl_log_walk {
    struct pgl_rows rows;
    struct pgl_arena arena;
    int64_t seq;
    const EventHead *head; /* NULL when the bytes are no event */
    bool is_there;         /* false behind the last */
};

void pgl_log_walk_begin(const struct pgl_view *view, struct pgl_log_walk *walk);
PGL_MUST_USE pgl_status pgl_log_walk_next(struct pgl_log_walk *walk);
/* Always, at the end as well. */
void pgl_log_walk_end(struct pgl_log_walk *walk);

/* ---- how far this file has read the logs of others ---- */

struct pgl_log_position {
    int64_t epoch, position, hash; /* all 0 when it has read nothing */
};

PGL_MUST_USE pgl_status pgl_log_position_read(const struct pgl_view *view, Log log,
                                              struct pgl_log_position *position);
/* In the producer's file: whether the event at that position is the one that was read
 * (docs/reliability.md: B3). */
PGL_MUST_USE pgl_status pgl_log_position_fits(const struct pgl_view *producer,
                                              const struct pgl_log_position *position, bool *fits);

/* Columns: log, seq, key, why. */
struct pgl_rows pgl_parked_events(const struct pgl_view *view);

#endif
