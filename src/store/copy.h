/*
 * copy.h - a snapshot of a file, copied into another file slice by slice while its writer goes on.
 *
 * For:      backups (app/backup.h).
 * Owner:    whoever holds the struct; the source's connection is borrowed, in a read transaction
 *           that was begun before: what is copied is that snapshot, whatever is written meanwhile.
 * Bounds:   a slice is as many pages as the caller says; the source's write-ahead log cannot be
 *           emptied while it lasts.
 * Errors:   PGL_UNAVAILABLE (the disk is full), PGL_DATA_LOSS. What is there of the copy then is
 *           none.
 */
#ifndef PGL_STORE_COPY_H
#define PGL_STORE_COPY_H

#include "store/database.h"

struct sqlite3_backup;

struct pgl_copy {
    struct sqlite3 *target;
    struct sqlite3_backup *backup;
    int64_t pages, pages_left; /* known behind the first slice */
    bool is_done;              /* and on disk */
};

/* Makes the file at `path`; there must be none. */
PGL_MUST_USE pgl_status pgl_copy_begin(struct pgl_copy *copy, const struct pgl_database *source,
                                       const char *path, const char *vfs_name);
PGL_MUST_USE pgl_status pgl_copy_go_on(struct pgl_copy *copy, int pages);
/* Always, also right after a begin that failed. */
void pgl_copy_end(struct pgl_copy *copy);

#endif
