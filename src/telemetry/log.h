/*
 * log.h - one line is one event: `at level module event key=value ...`.
 *
 * Owner:    the platform's sink; whoever logs borrows it.
 * Threads:  any; a line is one write.
 * Bounds:   a line has at most 1,024 bytes, the rest is cut. Control bytes are written as '?', so
 *           that no outside text can make a line of its own. With a cap a source (`module`) writes
 *           so many lines a second, see log_cap.h; the rest is left out, counted, and when the
 *           second is over it is said how many:
 *
 *               at warn telemetry lines-left-out source=edge lines_left_out=4711
 *
 * Never:    a token, a card or a body.
 */
#ifndef PGL_TELEMETRY_LOG_H
#define PGL_TELEMETRY_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "telemetry/log_cap.h"

enum pgl_log_level { PGL_LOG_DEBUG, PGL_LOG_INFO, PGL_LOG_WARN, PGL_LOG_ERROR };

struct pgl_log {
    void (*write)(void *self, struct pgl_text line);
    int64_t (*wall_ns)(void *self);
    void *self;
    _Atomic enum pgl_log_level least; /* lines below it are dropped; may change at any time */
    struct pgl_log_cap *cap;          /* of the whole process; NULL for none */
};

/* "debug", "info", "warn", "error"; false for anything else. */
bool pgl_log_level_read(struct pgl_text name, enum pgl_log_level *level);

/* `module` is a literal. `format` gives the key=value part and may be empty. */
void pgl_log(const struct pgl_log *log, enum pgl_log_level level, const char *module,
             const char *event, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Lines were left out, and pgl_log_say_left_out has to be called when the second is over. */
bool pgl_log_owes(const struct pgl_log *log);
/* What was left out in seconds that are over, or at the end of the process in any: a line a source,
 * whatever the least level is. A source that goes on writing says it by itself. */
void pgl_log_say_left_out(const struct pgl_log *log, bool is_end);

#endif
