/*
 * vfs.h - what lies between SQLite and its disk: a VFS stacked on another one.
 *
 * For:      fewer system calls. SQLite writes a commit to its WAL as two small writes a frame; here
 *           they are gathered and reach the disk as few large ones. And for counting what a file
 *           costs.
 * Owner:    a registered VFS lasts until unregistered; its files belong to their connections.
 * Threads:  register and unregister at start and end; a file belongs to the thread of its
 *           connection.
 * Bounds:   PGL_VFS_GATHER_BYTES a connection that writes, taken at its first commit. Without that
 *           memory writes simply go straight through.
 * Errors:   the base's own, one write late at most: what was gathered is on the base before xWrite
 *           of a commit's last page returns, so a commit is never acknowledged on less than without
 *           us.
 */
#ifndef PGL_STORE_VFS_H
#define PGL_STORE_VFS_H

#include <stdint.h>

#include "base/status.h"

/* Thirty frames of 4 KiB pages. SQLite's unix VFS masks a write's length to 17 bits, so a gathered
 * write must stay below 128 KiB. */
#define PGL_VFS_GATHER_BYTES 126976

/* sqlite3_file_control(db, "main", PGL_VFS_FCNTL_COUNTS, struct pgl_vfs_counts *). SQLite leaves
 * numbers above 100 to applications; this one spells "PG". */
#define PGL_VFS_FCNTL_COUNTS 0x5047

/* What one connection did to one file since it was opened. */
struct pgl_vfs_file_counts {
    uint64_t reads, read_bytes;
    uint64_t writes_asked; /* by SQLite */
    uint64_t writes_made;  /* of the base */
    uint64_t written_bytes;
    uint64_t syncs;
};

struct pgl_vfs_counts {
    struct pgl_vfs_file_counts database, wal;
};

/* Registers the VFS `name` on top of `base_name`, or of SQLite's default one where that is NULL;
 * never as the default. Connections ask for it by name. */
PGL_MUST_USE pgl_status pgl_vfs_register(const char *name, const char *base_name);

/* No connection may be using it. Nothing happens if there is none of that name. */
void pgl_vfs_unregister(const char *name);

#endif
