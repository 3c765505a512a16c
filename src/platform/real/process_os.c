/* process_os.c - what a process costs, as the kernel tells it (proc(5)), and what there is. */
#include "platform/real/real.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define STAT_FIELD_UTIME 14
#define STAT_FIELD_STIME 15
#define STAT_FIELD_RSS   24

static bool read_whole(const char *path, char *content, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t got = read(file, content, size - 1); /* these files come in one piece */
    close(file);
    if (got <= 0)
        return false;
    content[got] = '\0';
    return true;
}

/* The number that stands in a place of /proc/PID/stat, counted from 1; behind the name, which may
 * hold anything. */
static int64_t stat_number(const char *stat, int field)
{
    struct pgl_text rest = pgl_text_of(strrchr(stat, ')'));
    int64_t number = 0;
    pgl_text_cut(&rest, ' ');
    for (int at = 3; at < field; at++)
        pgl_text_cut(&rest, ' ');
    return pgl_is_ok(pgl_text_to_i64(pgl_text_cut(&rest, ' '), &number)) ? number : 0;
}

pgl_status pgl_real_process_read(int64_t pid, struct pgl_real_process *process)
{
    char path[48] = "/proc/self/stat", stat[1024];
    if (pid != 0)
        snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    if (!read_whole(path, stat, sizeof stat) || strrchr(stat, ')') == NULL)
        return PGL_FAIL(PGL_NOT_FOUND, "there is no such process");
    int64_t ticks = stat_number(stat, STAT_FIELD_UTIME) + stat_number(stat, STAT_FIELD_STIME);
    process->cpu_ns = ticks * (PGL_SECONDS(1) / sysconf(_SC_CLK_TCK));
    process->memory_bytes = stat_number(stat, STAT_FIELD_RSS) * sysconf(_SC_PAGESIZE);
    return PGL_OK;
}

int64_t pgl_real_memory_bytes(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

bool pgl_real_whole_path(const char *path, char *whole, size_t size)
{
    char here[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
        return false;
    int length = snprintf(whole, size, "%s%s%s", here, path[0] != '/' ? "/" : "", path);
    return length > 0 && (size_t)length < size;
}
