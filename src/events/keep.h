/*
 * keep.h - how much of a log is kept, and whether those who have to read it do
 * (docs/reliability.md: B9).
 *
 * For:      events/log.h, which has one.
 * Owner:    the log's writer loop; the two gauges are for any thread.
 * Keeps:    every event that a registered reader has not handled, and the last one that it has; the
 *           newest `events`; those younger than `age_ns`. What is older than all of that goes, a
 *           slice of PGL_KEEP_SLICE a transaction, between other work, every PGL_KEEP_LOOK_NS.
 * Bounds:   PGL_KEEP_READERS_MAX readers. Until `events` are there nothing is looked at.
 */
#ifndef PGL_EVENTS_KEEP_H
#define PGL_EVENTS_KEEP_H

#include "base/time.h"
#include "runtime/timers.h"
#include "store/writer.h"
#include "telemetry/metrics.h"

#define PGL_KEEP_READERS_MAX 8
#define PGL_KEEP_SLICE       256
#define PGL_KEEP_LOOK_NS     PGL_SECONDS(10)

struct pgl_keep_options {
    int64_t events; /* at least 1 */
    int64_t age_ns;
};

#define PGL_KEEP_OPTIONS_DEFAULT ((struct pgl_keep_options){ 1000000, PGL_HOURS(24 * 7) })

struct pgl_event_log;

struct pgl_keep {
    struct pgl_participant participant;
    struct pgl_event_log *log;
    struct pgl_keep_options options;
    struct pgl_keep_reader {
        const char *name;
        bool is_heard;         /* its position is known; until then everything is kept */
        int64_t position;      /* handled, and on its disk */
        int64_t mark, mark_ns; /* the log's end at that moment: it has not come there yet */
    } readers[PGL_KEEP_READERS_MAX];
    int reader_count;

    int64_t low, durable_low; /* the first event that is kept: in the transaction, on disk */
    bool is_due;              /* there may be something to prune */
    bool is_timer_set;
    struct pgl_timer look;
    struct pgl_counter behind; /* events that the slowest reader has not handled */
    /* monotonic; how long it has been without catching up; 0: not */
    struct pgl_counter behind_since;
    struct pgl_counter pruned;
};

PGL_MUST_USE pgl_status pgl_keep_open(struct pgl_keep *keep, struct pgl_event_log *log,
                                      struct pgl_writer *writer);

/* Before the loops run: one more that has to keep up. Its number, from 1 on. */
int pgl_keep_register(struct pgl_keep *keep, const char *name, int64_t position);
/* The same for a reader in another process, whose position is not known before it asks. */
int pgl_keep_expect(struct pgl_keep *keep, const char *name);
/* Any thread: the number of a reader; 0 when nobody of that name was registered. */
int pgl_keep_find(const struct pgl_keep *keep, const char *name);
/* A registered reader asks, and has handled all up to here. */
void pgl_keep_note(struct pgl_keep *keep, int reader, int64_t position);

/* Any thread: somebody is so far behind that more would only make it worse. */
#define PGL_KEEP_BEHIND_EVENTS 50000
#define PGL_KEEP_BEHIND_NS     PGL_SECONDS(60)
bool pgl_keep_is_behind(const struct pgl_keep *keep, int64_t now_ns);

#endif
