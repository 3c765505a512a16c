/*
 * time.h - spans and instants are int64_t nanoseconds inside, RFC 3339 outside.
 */
#ifndef PGL_BASE_TIME_H
#define PGL_BASE_TIME_H

#include <stdint.h>

#include "base/text.h"

/* clang-format off */
#define PGL_MICROSECONDS(n)  ((int64_t)(n) * 1000)
#define PGL_MILLISECONDS(n)  ((int64_t)(n) * 1000000)
#define PGL_SECONDS(n)       ((int64_t)(n) * 1000000000)
#define PGL_MINUTES(n)       (PGL_SECONDS(60) * (n))
#define PGL_HOURS(n)         (PGL_SECONDS(3600) * (n))
#define PGL_NEVER_NS         INT64_MAX
/* clang-format on */

#define PGL_TIME_TEXT_BYTES 24 /* 2026-01-31T23:59:59.123Z, no NUL */

/* UTC with milliseconds; years 1970 to 9999. */
void pgl_time_format(int64_t wall_ns, char out[PGL_TIME_TEXT_BYTES]);

/* The month of UTC around an instant: its beginning, and that of the next. */
void pgl_time_month(int64_t wall_ns, int64_t *from_ns, int64_t *until_ns);

#endif
