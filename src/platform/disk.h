/*
 * disk.h - the files that are no databases (keys, locks), and the name of the VFS for those that
 * are.
 *
 * Threads:  the thread that starts the program.
 * Bounds:   whole small files only, the caller says how small; copies of any size, piece by piece.
 * Errors:   PGL_NOT_FOUND, PGL_CONFLICT (locked by another process), PGL_UNAVAILABLE (everything
 *           else).
 */
#ifndef PGL_PLATFORM_DISK_H
#define PGL_PLATFORM_DISK_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

struct pgl_disk;

typedef int pgl_disk_lock; /* 0: none, as in memory that was cleared */

struct pgl_disk_ops {
    PGL_MUST_USE pgl_status (*make_folder)(struct pgl_disk *disk, const char *path);
    PGL_MUST_USE pgl_status (*read_file)(struct pgl_disk *disk, const char *path,
                                         size_t limit_bytes, struct pgl_arena *arena,
                                         struct pgl_text *content);
    /* All or nothing, and durable when it returns: written beside, synced, renamed. Mode 0600. */
    PGL_MUST_USE pgl_status (*write_file)(struct pgl_disk *disk, const char *path,
                                          struct pgl_text content);
    /* Held until it is given back, or the process ends, however it ends. */
    PGL_MUST_USE pgl_status (*lock)(struct pgl_disk *disk, const char *path, pgl_disk_lock *lock);
    /* None: nothing happens. */
    void (*unlock)(struct pgl_disk *disk, pgl_disk_lock *lock);

    /* For copies of a folder. */

    /* PGL_NOT_FOUND when there is none. */
    PGL_MUST_USE pgl_status (*is_empty)(struct pgl_disk *disk, const char *folder, bool *is_empty);
    /* Shows every piece to `look`, which ends it by saying so; `to` may be NULL: then it is only
     * read. Durable when it returns; mode 0600. */
    PGL_MUST_USE pgl_status (*copy_file)(struct pgl_disk *disk, const char *from, const char *to,
                                         pgl_status (*look)(void *self, struct pgl_text piece),
                                         void *self);
    /* In the place of an empty folder, or of none; durable when it returns. */
    PGL_MUST_USE pgl_status (*rename_folder)(struct pgl_disk *disk, const char *from,
                                             const char *to);
    /* A file, or an empty folder. PGL_NOT_FOUND when there is none. */
    PGL_MUST_USE pgl_status (*remove)(struct pgl_disk *disk, const char *path);
};

struct pgl_disk {
    const struct pgl_disk_ops *ops;
    const char *vfs_name; /* what SQLite is to open databases with; NULL for its default */
};

#endif
