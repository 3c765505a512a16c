/*
 * import.h - a file of products into a running platform, part by part: a request takes no more than
 * PGL_IMPORT_PART_BYTES. Each part is taken whole or not at all; all of them are tried before the
 * first one is taken. Whoever is interrupted begins again: what is there already is left alone.
 *
 * Owner:    a command's own thread.
 * Bounds:   a file of PGL_IMPORT_FILE_BYTES_MAX; a part ends with a line.
 */
#ifndef PGL_APP_CTL_IMPORT_H
#define PGL_APP_CTL_IMPORT_H

#include "app/ctl/ask.h"
#include "contract/catalog.h"

#define PGL_IMPORT_PART_BYTES     (64u << 10)
#define PGL_IMPORT_FILE_BYTES_MAX (1u << 30)

/* The sums of all parts, or of those up to the first that is wrong, with its errors by lines of the
 * file. */
PGL_MUST_USE pgl_status pgl_ctl_import(struct pgl_ctl *ctl, struct pgl_platform *platform,
                                       const char *file, bool is_trial, ImportReport *sum);

/* The next part of a table: whole lines, at most `bytes_max`; of CSV a line may go on inside
 * quotes. Empty at the end, and where a line is longer than that. */
struct pgl_text pgl_import_part(struct pgl_text *left, bool is_csv, size_t bytes_max,
                                int64_t *lines);

#endif
