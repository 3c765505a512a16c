/*
 * consumer.h - reads another service's log in order, and handles each event once: position, effects
 * and what is said in turn commit together, or not at all.
 *
 * Owner:    the consuming service's writer loop.
 * Bounds:   two reads of at most PGL_LOG_READ_EVENTS_MAX events each: one is handled while the next
 *           is fetched. A consumer pulls, so it cannot be flooded.
 * Errors:   an event that cannot be handled parks its key: it and all later events of that key are
 *           set aside in order, the others flow on. A log that is not what it was halts the pair
 *           and pages; nothing is guessed. A producer that could not look is asked again.
 */
#ifndef PGL_EVENTS_CONSUMER_H
#define PGL_EVENTS_CONSUMER_H

#include "base/map.h"
#include "events/audit.h"
#include "events/log.h"

/* beyond it the consumer halts: something is thoroughly wrong */
#define PGL_PARKED_KEYS_MAX  100000
#define PGL_PARKED_WHY_BYTES 128
#define PGL_PARKED_GONE_MAX  64 /* keys that one transaction takes up again; see events/parked.h */

struct pgl_consumer_chunk {
    struct pgl_log_read read;
    bool is_asked;          /* the producer has it */
    bool is_full;           /* has events still to be handled */
    int done, durable_done; /* events handled: in the transaction, committed */
    size_t at, durable_at;  /* bytes of read.bytes */
};

/* Why an event is parked that is not its own fault. */
#define PGL_PARKED_BEHIND "an earlier event of this key is parked"
#define PGL_PARKED_STRUCK "the simulator has it parked"

struct pgl_consumer {
    struct pgl_participant participant;
    struct pgl_writer *writer;
    struct pgl_log_source *source;
    Log log;
    int reader; /* its number at the log, 0 where it is not registered */
    /* Not OK before its first write: the key is parked. */
    pgl_status (*handle)(struct pgl_tx *tx, int64_t seq, const Event *event);

    struct pgl_mailbox replies;
    struct pgl_consumer_chunk *chunks; /* two */
    int current;                       /* whose events are handled */
    int64_t position, durable_position, epoch, hash;
    int64_t high; /* of the producer, when it last answered */
    bool is_first_read, is_halted;
    bool is_stopped, is_stale; /* reads nothing; and what it has asked for is not wanted any more */
    struct pgl_timer again;    /* set while the producer could not answer */
    int64_t aside_seq;         /* this event was tried alone and failed: it is parked; 0 for none */
    char aside_why[PGL_PARKED_WHY_BYTES];
    struct pgl_map parked_keys;                   /* those of the transaction included */
    uint64_t fresh_keys[PGL_LOG_READ_EVENTS_MAX]; /* which are these */
    int fresh_key_count, fresh_count;             /* keys and events that the transaction parks */
    uint64_t gone_keys[PGL_PARKED_GONE_MAX];      /* that are no longer parked, once it commits */
    int gone_key_count, gone_count;               /* keys and events likewise */
    struct pgl_counter handled;
    struct pgl_counter parked, lag, halted; /* gauges; halted is 0 or 1 */
};

/* Joins the writer. `handle` is called in its transactions. */
PGL_MUST_USE pgl_status pgl_consumer_open(struct pgl_consumer *consumer, struct pgl_writer *writer,
                                          struct pgl_log_source *source,
                                          pgl_status (*handle)(struct pgl_tx *tx, int64_t seq,
                                                               const Event *event));
/* Before start, where orders wait for it: the log keeps what it has not handled, and notices when
 * it does not keep up (keep.h). `reader` is the name of its service. */
void pgl_consumer_keep_up(struct pgl_consumer *consumer, const char *reader);
/* Asks for the first events; the loops may run or not yet. */
void pgl_consumer_start(struct pgl_consumer *consumer);

/* ---- for a consumer that does not always listen ---- */

/* Behind a commit or before the loops run: reads no more, and has no opinion on what comes
 * still. */
void pgl_consumer_stop(struct pgl_consumer *consumer);
/* In the transaction: the position from which a stopped one will go on. Then, behind its commit,
 * the same place; whatever halted it is forgotten. */
PGL_MUST_USE pgl_status pgl_consumer_place(struct pgl_tx *tx, Log log,
                                           const struct pgl_log_position *place);
void pgl_consumer_go_on(struct pgl_consumer *consumer, const struct pgl_log_position *place);

void pgl_consumer_close(struct pgl_consumer *consumer);

#endif
