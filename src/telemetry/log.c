/* log.c - see log.h. */
#include "telemetry/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"

#define LINE_BYTES 1024

static const char *const level_names[] = { "debug", "info", "warn", "error" };

bool pgl_log_level_read(struct pgl_text name, enum pgl_log_level *level)
{
    for (int l = PGL_LOG_DEBUG; l <= PGL_LOG_ERROR; l++)
        if (pgl_text_is(name, level_names[l])) {
            *level = (enum pgl_log_level)l;
            return true;
        }
    return false;
}

void pgl_log(const struct pgl_log *log, enum pgl_log_level level, const char *module,
             const char *event, const char *format, ...)
{
    if (level < atomic_load_explicit(&log->least, memory_order_relaxed))
        return;
    char line[LINE_BYTES];
    pgl_time_format(log->wall_ns(log->self), line);
    int size = PGL_TIME_TEXT_BYTES;
    /* Both names are ours, and short. */
    size += snprintf(line + size, sizeof line - (size_t)size, " %s %.64s %.64s ",
                     level_names[level], module, event);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + size, sizeof line - (size_t)size, format, args);
    va_end(args);
    size = more < 0 ? size : size + more;
    if (size > LINE_BYTES - 1)
        size = LINE_BYTES - 1;
    for (int i = 0; i < size; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?';
    line[size] = '\n';
    log->write(log->self, (struct pgl_text){ line, (size_t)size + 1 });
}
