/* real.c - the machine, put together. */
#include "platform/real/real.h"

#include <unistd.h>

/* One write a line, so that lines of several threads do not mix. */
static void log_write(struct pgl_platform *platform, struct pgl_text line)
{
    (void)platform;
    ssize_t ignored = write(STDERR_FILENO, line.data, line.size); /* nowhere left to report to */
    (void)ignored;
}

struct pgl_platform *pgl_real_open(void)
{
    static struct pgl_platform platform; /* there is one machine */
    platform = (struct pgl_platform){
        .clock = pgl_real_clock(),
        .entropy = pgl_real_entropy(),
        .disk = pgl_real_disk(),
        .waiter_open = pgl_real_waiter_open,
        .log_write = log_write,
    };
    return &platform;
}
