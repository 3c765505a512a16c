/*
 * log.h - a service's own events: appended in the transaction that made them true, numbered in
 * commit order without holes, and served to whoever reads on from a position. The outbox is the
 * log.
 *
 * Owner:    the service's writer loop.
 * Threads:  its loop's; others send struct pgl_log_read to `reads`.
 * Bounds:   the newest events lie in a ring of PGL_LOG_RING_SLOTS / PGL_LOG_RING_BYTES; older ones
 *           are read from the table, PGL_LOG_READ_EVENTS_MAX at a time. PGL_LOG_READERS_MAX reads
 *           come in at once, and each waits in its reader's memory.
 * Order:    what a reader is given is on disk (docs/reliability.md: B2).
 */
#ifndef PGL_EVENTS_LOG_H
#define PGL_EVENTS_LOG_H

#include "base/buffer.h"
#include "contract/events.h"
#include "events/keep.h"
#include "runtime/loop.h"
#include "store/writer.h"

#define PGL_LOG_RING_SLOTS      16384      /* a power of two */
#define PGL_LOG_RING_BYTES      (4u << 20) /* a power of two; about 250 bytes an event */
#define PGL_LOG_READ_EVENTS_MAX 512        /* one batch of a consumer */
#define PGL_LOG_READ_BYTES      (256u << 10)
#define PGL_LOG_READERS_MAX     64
#define PGL_EVENT_BYTES_MAX     (64u << 10) /* 100 lines of the longest SKUs are 20 KiB */

/* Asks for what comes behind `after`; PGL_GONE where that was pruned. Answered when there is
 * something, or when time is up with nothing. */
struct pgl_log_read {
    struct pgl_message message;
    int64_t after;    /* below 0: what comes from now on */
    int64_t until_ns; /* monotonic; PGL_NEVER_NS waits for ever */
    /* Who says 0 has read nothing yet, and begins at the oldest that is kept. Not of a consumer:
     * what it has not handled and was pruned is missing. */
    bool is_of_newcomer;
    /* Set on a reader's first read: what it remembers of the event `after`. Another one there, or
     * none: PGL_DATA_LOSS. */
    bool is_first;
    int reader;      /* of a registered reader its number, 0 for others */
    int64_t handled; /* what it has on its own disk */
    int64_t epoch;
    int64_t hash;

    /* The answer: `count` records of a uint32_t length and that many bytes, from after + 1 on. */
    uint8_t bytes[PGL_LOG_READ_BYTES];
    size_t size;
    int count;
    int64_t high; /* the last event of the log */
    pgl_status status;

    struct pgl_timer late;
    struct pgl_log_read *next_waiting;
    struct pgl_event_log *log;
};

/* Whom a consumer reads from: a log of this process, or one that another process serves. */
struct pgl_log_source {
    struct pgl_mailbox *reads; /* takes struct pgl_log_read */
    Log log;
    /* Before the loops run: one more reader that has to keep up. The number of its reads, from 1
     * on. */
    int (*keep_up)(struct pgl_log_source *source, const char *reader, int64_t position);
};

struct pgl_event_log {
    struct pgl_log_source source;
    struct pgl_participant participant;
    struct pgl_writer *writer;
    Log log;
    int64_t epoch;
    int64_t next_seq;     /* inside the transaction */
    int64_t durable_high; /* behind the last commit */

    struct pgl_log_slot {
        uint64_t start; /* counted over the life of the ring */
        uint32_t size;
    } * slots;
    uint8_t *ring;
    uint32_t ring_slots, ring_bytes; /* powers of two */
    uint64_t ring_end, ring_durable_end;
    int64_t ring_first_seq; /* older events are in the table only */
    struct pgl_buffer packed;

    struct pgl_mailbox reads;
    struct pgl_log_read *waiting;
    struct pgl_keep keep;
    struct pgl_counter appended;
};

/* Joins the writer as a participant. Its file has the tables of events/sql. */
PGL_MUST_USE pgl_status pgl_log_open(struct pgl_event_log *log, Log name,
                                     struct pgl_writer *writer);
void pgl_log_close(struct pgl_event_log *log);

/* Before the loops run, and never more than there is: for the simulator, where everything has to
 * overflow. Powers of two; `bytes` holds at least one event. */
void pgl_log_shrink_ring(struct pgl_event_log *log, uint32_t slots, uint32_t bytes);

/* Appends in the transaction; time, cause and trace are filled in from it. `seq` may be NULL. */
PGL_MUST_USE pgl_status pgl_log_append(struct pgl_event_log *log, struct pgl_tx *tx, Event *event,
                                       int64_t *seq);

/* How a reader recognises an event that it has seen. */
int64_t pgl_event_hash(struct pgl_text bytes);

/* The id of an event: made of what identifies it, so that it needs no place on disk (UUIDv8). */
pgl_id pgl_event_id(Log log, int64_t epoch, int64_t seq);

PGL_MUST_USE pgl_status pgl_events_migrate(struct pgl_database *db);

#endif
