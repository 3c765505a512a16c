/*
 * cut.h - all files of a platform as they were at one moment (docs/reliability.md: B10), for an
 * audit or a backup.
 *
 * Owner:    one thread; connections of its own, opened for one look and closed behind it.
 * Threads:  that one. `begin` while no writer is in a transaction; from then on they may write
 *           again: a snapshot stays what it was. It keeps the write-ahead logs from being emptied
 *           meanwhile.
 * Bounds:   an arena: 16 bytes a row of stock, and a page cache for each file.
 */
#ifndef PGL_APP_CUT_H
#define PGL_APP_CUT_H

#include "app/audit.h"

struct pgl_boot;
struct pgl_writer;

#define PGL_CUT_FILES 6 /* every file that the boot has */

/* Who writes one of them. */
struct pgl_writer *pgl_cut_writer(struct pgl_boot *boot, int i);

struct pgl_cut {
    struct pgl_database files[PGL_CUT_FILES];
    bool has[PGL_CUT_FILES]; /* those of this process */
    struct pgl_arena arena;
    struct pgl_audit_cut views;
};

/* The boot has its writers and services open. */
PGL_MUST_USE pgl_status pgl_cut_open(struct pgl_cut *cut, struct pgl_boot *boot);
PGL_MUST_USE pgl_status pgl_cut_begin(struct pgl_cut *cut);
/* Also right after an open that failed. */
void pgl_cut_close(struct pgl_cut *cut);

#endif
