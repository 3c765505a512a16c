/*
 * log_cap.h - how many lines a source may write in a second; a source is the module of its lines.
 *
 * For:      a fault that comes back with every request, which would fill the disk of the log, and
 *           hold up whoever writes it.
 * Owner:    whoever has the process's loops (app/boot.c); their logs borrow it. Zeroed is open.
 * Threads:  any, at once; no lock, and none waits for another.
 * Bounds:   PGL_LOG_LINES_MAX lines a source and second, whatever their level. PGL_LOG_SOURCES_MAX
 *           sources; those that come later share one more row, whose name is "others".
 * Time:     the wall clock of the caller. A line whose clock is a few seconds behind that of its
 *           source's last one counts as of the same second; further behind, the clock was set back
 *           and a second begins.
 */
#ifndef PGL_TELEMETRY_LOG_CAP_H
#define PGL_TELEMETRY_LOG_CAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "telemetry/metrics.h"

/* At 1,024 bytes a line this is 1 MB/s, which a disk takes; nobody reads as fast, and the thousand
 * that are there say what is wrong. */
#define PGL_LOG_LINES_MAX   1000
#define PGL_LOG_SOURCES_MAX 32 /* there are ten of ours */

struct pgl_log_cap {
    struct pgl_log_row {
        _Atomic(const char *) name;
        _Atomic uint64_t lines; /* the second, and how many lines wanted to be written in it */
    } rows[PGL_LOG_SOURCES_MAX + 1];
    atomic_bool owes; /* somebody's lines were left out, and it was perhaps not said yet */
    struct pgl_counter left_out;
};

struct pgl_log_owed {
    const char *source;
    uint64_t lines; /* left out in a second that is over; 0 for none */
};

/* True when a line may be written now. `owed` is to be said before it, by this caller alone.
 * `source` lives as long as the cap. */
bool pgl_log_cap_admit(struct pgl_log_cap *cap, const char *source, int64_t wall_ns,
                       struct pgl_log_owed *owed);

/* What is owed of seconds that are over by `wall_ns`, each to one caller; the number of rows. For
 * sources that have fallen silent. */
int pgl_log_cap_take(struct pgl_log_cap *cap, int64_t wall_ns,
                     struct pgl_log_owed owed[PGL_LOG_SOURCES_MAX + 1]);

#endif
