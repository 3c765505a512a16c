/*
 * parked.h - events that were set aside are taken up again, or given up: what operators do with the
 * keys that a consumer has parked (consumer.h).
 *
 * For:      saga/admin.h, which carries out what operators ask for.
 * Owner:    the consumer's writer; in its transactions. Lists are read from any view.
 * Bounds:   PGL_PARKED_GONE_MAX keys a transaction, since a rollback has to remember them.
 * Errors:   a status that is not OK says nothing about the event: the transaction is to be rolled
 *           back. That an event cannot be handled is an answer (PGL_REPLAY_FAILED).
 */
#ifndef PGL_EVENTS_PARKED_H
#define PGL_EVENTS_PARKED_H

#include "events/consumer.h"

/* ---- looking ---- */

struct pgl_parked_key {
    Log log; /* 0: there is none */
    struct pgl_text key;
    int64_t first_seq, count;
    int64_t at_ns, tries; /* of the first event */
    const char *why, *tenant;
};

/* The first parked key behind this one, by log and key; texts in the arena. */
PGL_MUST_USE pgl_status pgl_parked_next(const struct pgl_view *view, Log log, struct pgl_text key,
                                        struct pgl_parked_key *next);
PGL_MUST_USE pgl_status pgl_parked_get(const struct pgl_view *view, Log log, struct pgl_text key,
                                       struct pgl_parked_key *found);
/* Columns: seq, why, bytes. In order. */
struct pgl_rows pgl_parked_events_of(const struct pgl_view *view, Log log, struct pgl_text key,
                                     int64_t after, int64_t limit);

/* ---- in the consumer's transactions ---- */

enum pgl_replay_end {
    PGL_REPLAY_NOTHING, /* nothing is parked under this key */
    PGL_REPLAY_ONE,     /* the first event was handled, others follow */
    PGL_REPLAY_LAST,    /* it was the last one: the key flows again */
    PGL_REPLAY_FAILED   /* it cannot be handled; it stays, and what is behind it */
};

struct pgl_replay {
    int64_t aside_seq; /* this one was tried alone and failed behind its first write: not again */
    const char *why;   /* then, or when the end is FAILED */
    int64_t seq;       /* the event that was tried; set also when a status is returned */
    enum pgl_replay_end end;
};

/* The first parked event of the key, through the consumer's `handle`. */
PGL_MUST_USE pgl_status pgl_parked_replay(struct pgl_consumer *consumer, struct pgl_tx *tx,
                                          struct pgl_text key, struct pgl_replay *replay);

/* Gives all events of the key up, unhandled; how many they were. */
PGL_MUST_USE pgl_status pgl_parked_drop(struct pgl_consumer *consumer, struct pgl_tx *tx,
                                        struct pgl_text key, int64_t *count);

/* ---- for consumer.c ---- */

uint64_t pgl_parked_hash(struct pgl_text key);
/* `is_refused`: nothing was written, and it is the event's fault. Else the status is the writer's
 * business. */
PGL_MUST_USE pgl_status pgl_consumer_handle(struct pgl_consumer *consumer, struct pgl_tx *tx,
                                            int64_t seq, const Event *event, bool *is_refused);

#endif
