/*
 * epoch.h - behind a restore every log has another epoch, so that nobody mistakes its new numbers
 * for those that were given before (docs/reliability.md: B4). Files of one cut know where they
 * stand in each other's logs, so their positions go along.
 *
 * For:      `panglot restore`, before anything else has written to the files.
 */
#ifndef PGL_EVENTS_EPOCH_H
#define PGL_EVENTS_EPOCH_H

#include "contract/events.h"
#include "store/tx.h"

struct pgl_epoch {
    Log log;
    int64_t before, after;
};

/* Of the log of this file. */
PGL_MUST_USE pgl_status pgl_epoch_read(const struct pgl_view *view, struct pgl_epoch *epoch);

/* Raises the file's own, if it has one (`own` is 0 for a file that only reads), and takes its
 * positions in the others along. PGL_DATA_LOSS when a position is of another epoch: then the files
 * are of no one cut. */
PGL_MUST_USE pgl_status pgl_epochs_raise(struct pgl_tx *tx, Log own, const struct pgl_epoch *epochs,
                                         int count);

#endif
