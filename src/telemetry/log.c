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

static void write_line(const struct pgl_log *log, int64_t wall_ns, enum pgl_log_level level,
                       const char *module, const char *event, const char *text)
{
    char line[LINE_BYTES];
    pgl_time_format(wall_ns, line);
    int size = PGL_TIME_TEXT_BYTES;
    /* Both names are ours, and short. */
    size += snprintf(line + size, sizeof line - (size_t)size, " %s %.64s %.64s %s",
                     level_names[level], module, event, text);
    if (size > LINE_BYTES - 1)
        size = LINE_BYTES - 1;
    for (int i = 0; i < size; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?';
    line[size] = '\n';
    log->write(log->self, (struct pgl_text){ line, (size_t)size + 1 });
}

static void say_left_out(const struct pgl_log *log, int64_t wall_ns,
                         const struct pgl_log_owed *owed)
{
    char text[LINE_BYTES];
    snprintf(text, sizeof text, "source=%.64s lines_left_out=%llu", owed->source,
             (unsigned long long)owed->lines);
    write_line(log, wall_ns, PGL_LOG_WARN, "telemetry", "lines-left-out", text);
}

static bool is_let_in(const struct pgl_log *log, int64_t wall_ns, const char *module)
{
    struct pgl_log_owed owed;
    if (log->cap == NULL)
        return true;
    bool is_in = pgl_log_cap_admit(log->cap, module, wall_ns, &owed);
    if (owed.lines > 0)
        say_left_out(log, wall_ns, &owed);
    return is_in;
}

void pgl_log(const struct pgl_log *log, enum pgl_log_level level, const char *module,
             const char *event, const char *format, ...)
{
    if (level < atomic_load_explicit(&log->least, memory_order_relaxed))
        return;
    int64_t wall_ns = log->wall_ns(log->self);
    if (!is_let_in(log, wall_ns, module))
        return;
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    write_line(log, wall_ns, level, module, event, text);
}

bool pgl_log_owes(const struct pgl_log *log)
{
    return log->cap != NULL && atomic_load_explicit(&log->cap->owes, memory_order_relaxed);
}

void pgl_log_say_left_out(const struct pgl_log *log, bool is_end)
{
    struct pgl_log_owed owed[PGL_LOG_SOURCES_MAX + 1];
    if (log->cap == NULL)
        return;
    int64_t wall_ns = log->wall_ns(log->self);
    int count = pgl_log_cap_take(log->cap, is_end ? PGL_NEVER_NS : wall_ns, owed);
    for (int i = 0; i < count; i++)
        say_left_out(log, wall_ns, &owed[i]);
}
