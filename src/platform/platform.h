/*
 * platform.h - everything outside the program, as one argument. Behind it stands the machine
 * (platform/real) or the simulator; nothing else may tell them apart.
 */
#ifndef PGL_PLATFORM_PLATFORM_H
#define PGL_PLATFORM_PLATFORM_H

#include "base/buggify.h"
#include "platform/clock.h"
#include "platform/disk.h"
#include "platform/entropy.h"
#include "platform/waiter.h"

struct pgl_platform {
    struct pgl_clock clock;
    struct pgl_entropy entropy;
    struct pgl_disk *disk;
    /* A new waiter; NULL without resources. */
    struct pgl_waiter *(*waiter_open)(struct pgl_platform *platform);
    const struct pgl_buggify *buggify; /* NULL but in a simulation */
    /* Where log lines go. Any thread. */
    void (*log_write)(struct pgl_platform *platform, struct pgl_text line);
};

#endif
