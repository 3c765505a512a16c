/*
 * reader.h - answers questions from snapshots of one file, beside its writer.
 *
 * Owner:    app/boot.c opens it on a loop of its own, after the file's writer.
 * Bounds:   PGL_READER_QUEUE_MAX questions wait; PGL_READER_SNAPSHOT_MAX share a snapshot, so that
 *           none is held long: a long read keeps the write-ahead log from being emptied
 *           (docs/reliability.md: B6).
 */
#ifndef PGL_STORE_READER_H
#define PGL_STORE_READER_H

#include "runtime/loop.h"
#include "store/view.h"

#define PGL_READER_QUEUE_MAX    1024
#define PGL_READER_SNAPSHOT_MAX 64

struct pgl_reader {
    struct pgl_loop *loop;
    struct pgl_database db;
    struct pgl_mailbox queries;
    struct pgl_message *first, **last;
    void *context;
};

PGL_MUST_USE pgl_status pgl_reader_open(struct pgl_reader *reader, struct pgl_loop *loop,
                                        const struct pgl_database_options *options, void *context);
void pgl_reader_close(struct pgl_reader *reader);

#endif
