/* clock_os.c - the system's clocks, and the kernel's randomness. */
#include "platform/real/real.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/assert.h"
#include "base/time.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return PGL_SECONDS(now.tv_sec) + now.tv_nsec;
}

static int64_t monotonic_ns(void *self)
{
    (void)self;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t wall_ns(void *self)
{
    (void)self;
    return read_clock(CLOCK_REALTIME);
}

struct pgl_clock pgl_real_clock(void)
{
    return (struct pgl_clock){ monotonic_ns, wall_ns, NULL };
}

static void entropy_fill(void *self, void *bytes, size_t size)
{
    (void)self;
    uint8_t *at = bytes;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        PGL_ASSERT(got > 0);
        at += got;
        size -= (size_t)got;
    }
}

struct pgl_entropy pgl_real_entropy(void)
{
    return (struct pgl_entropy){ entropy_fill, NULL };
}
