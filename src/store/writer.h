/*
 * writer.h - the one writer of one file, with group commit.
 *
 * A turn takes what is waiting, up to a limit: BEGIN, the participants' work (events first), each
 * command's handler, COMMIT with one sync for all of them; only then are the commands answered and
 * the participants told. Idle, a command commits alone and at once; busy, the batch grows with the
 * load.
 *
 * Owner:    app/boot.c opens it on a loop of its own.
 * Threads:  its loop's; others send calls to `commands`.
 * Bounds:   PGL_WRITER_QUEUE_MAX commands wait, more are refused (PGL_EXHAUSTED); `batch_max` a
 *           transaction.
 * Errors:   a handler that fails behind its first write spoils the batch: it is rolled back and run
 *           again one unit at a time, and that one alone is refused. A full disk answers
 *           PGL_UNAVAILABLE, to commands that come meanwhile as well, and events are tried again.
 *           An I/O error stops the process and nobody is answered: what is on disk is not known
 *           (docs/reliability.md: B8).
 */
#ifndef PGL_STORE_WRITER_H
#define PGL_STORE_WRITER_H

#include "runtime/loop.h"
#include "store/tx.h"

#define PGL_WRITER_QUEUE_MAX 1024

/* A module with state in memory that has to move with the transaction, or with work of its own in
 * it. */
struct pgl_participant {
    void *self;
    /* How many units wait (a unit is one event). NULL: never any. */
    int (*waiting)(void *self);
    /* Does at most `limit` units, all their writes included. */
    pgl_status (*work)(void *self, struct pgl_tx *tx, int limit);
    /* The unit that was tried alone cannot be done for this reason (borrowed): the next try has to
     * set it aside. */
    void (*refused)(void *self, pgl_status why);
    /* The last writes before COMMIT. NULL: none. */
    pgl_status (*prepare)(void *self, struct pgl_tx *tx);
    void (*committed)(void *self);
    void (*rolled_back)(void *self);
    struct pgl_participant *next;
};

/* Asks a writer to begin no transaction (docs/reliability.md: B10), and later to go on. It is
 * answered between two of them; what comes meanwhile waits. */
struct pgl_writer_hold {
    struct pgl_message message;
    bool is_wanted;
};

struct pgl_writer_metrics {
    struct pgl_counter commits, units, rollbacks, checkpoints;
    struct pgl_counter wal_pages;
    struct pgl_latency commit_latency;
};

struct pgl_writer_options {
    struct pgl_database_options database;
    int batch_max;             /* units in one transaction */
    int checkpoint_pages;      /* of the write-ahead log: then it is copied, busy or not */
    int checkpoint_idle_pages; /* the same when nothing waits */
};

struct pgl_writer {
    struct pgl_loop *loop;
    struct pgl_database db;
    struct pgl_writer_options options;
    struct pgl_mailbox commands;
    struct pgl_mailbox holds;             /* struct pgl_writer_hold; one at a time */
    struct pgl_participant *participants; /* in the order of joining */
    struct pgl_id_maker ids;
    struct pgl_arena arena; /* for events; emptied with each batch */
    void *context;          /* the service's, for its handlers */

    struct pgl_message *first, **last; /* commands taken from the mailbox, not yet run */
    int queued;
    /* Still to be run alone, after the batch that they were in was rolled back. */
    int commands_alone, events_alone;
    struct pgl_timer retry; /* set while the disk is full */
    bool is_waiting_to_retry;
    bool is_held; /* see struct pgl_writer_hold */

    /* After COMMIT, before anybody is answered; NULL for none. The simulator's auditor looks
     * here. */
    void (*on_commit)(void *self);
    void *on_commit_self;
    struct pgl_writer_metrics metrics;
};

/* Opens the file. Nothing runs yet. */
PGL_MUST_USE pgl_status pgl_writer_open(struct pgl_writer *writer, struct pgl_loop *loop,
                                        const struct pgl_writer_options *options, void *context);
void pgl_writer_join(struct pgl_writer *writer, struct pgl_participant *participant);
void pgl_writer_close(struct pgl_writer *writer);

/* One transaction before the loop runs (first rows, imports); all or nothing. */
PGL_MUST_USE pgl_status pgl_writer_run_now(struct pgl_writer *writer,
                                           pgl_status (*body)(struct pgl_tx *tx, void *argument),
                                           void *argument);

#endif
