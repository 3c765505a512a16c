/*
 * backup.h - a cut of all files, copied into a folder of its own while the platform goes on.
 *
 * Owner:    one thread, which has the cut (cut.h).
 * Bounds:   PGL_BACKUP_SLICE_PAGES a step. The write-ahead logs cannot be emptied meanwhile and
 *           grow with the load.
 * Result:   the folder has every database, the signing key, and last of all manifest.json with the
 *           size and SHA-256 of each: without it, it is no backup.
 * Errors:   what was written stays for whoever looks; the folder has to be new or empty.
 */
#ifndef PGL_APP_BACKUP_H
#define PGL_APP_BACKUP_H

#include "app/cut.h"
#include "contract/ops.h"
#include "platform/disk.h"
#include "store/copy.h"

#define PGL_BACKUP_MANIFEST       "manifest.json"
#define PGL_BACKUP_FORMAT         1
#define PGL_BACKUP_SLICE_PAGES    2048 /* 8 MiB */
#define PGL_BACKUP_FILES_MAX      16
#define PGL_BACKUP_MANIFEST_BYTES 65536

struct pgl_backup {
    struct pgl_boot *boot;
    struct pgl_cut *cut;
    struct pgl_arena arena;
    const char *folder;
    const atomic_bool *is_stopping; /* NULL: nothing can stop it */

    struct pgl_copy copy;
    bool is_copying; /* the file `at` */
    int at;
    Backup manifest;
    BackupFile *files[PGL_BACKUP_FILES_MAX];
    bool is_part, is_done;
};

/* The folder is made, if there is none. */
PGL_MUST_USE pgl_status pgl_backup_begin(struct pgl_backup *backup, struct pgl_boot *boot,
                                         struct pgl_cut *cut, const char *folder);
/* For a cut over several processes: the files of this one, into a folder that is there, without key
 * and manifest. */
PGL_MUST_USE pgl_status pgl_backup_begin_part(struct pgl_backup *backup, struct pgl_boot *boot,
                                              struct pgl_cut *cut, const char *folder);
/* A slice; until `is_done`. */
PGL_MUST_USE pgl_status pgl_backup_go_on(struct pgl_backup *backup);
/* Always. */
void pgl_backup_end(struct pgl_backup *backup);

/* "orders.db: 1200 of 5300 pages" */
void pgl_backup_say(const struct pgl_backup *backup, struct pgl_buffer *out);

/* Size and SHA-256 of a file, copied to `to` where it is not NULL. */
PGL_MUST_USE pgl_status pgl_backup_measure(struct pgl_disk *disk, struct pgl_arena *arena,
                                           const char *from, const char *to,
                                           const atomic_bool *is_stopping, BackupFile *file);

#endif
