/*
 * real.h - the machine: OS clocks, kernel entropy, files, sockets by libuv, threads, signals.
 *
 * Owner:    the main program opens one for the life of the process.
 */
#ifndef PGL_PLATFORM_REAL_H
#define PGL_PLATFORM_REAL_H

#include "base/buffer.h"
#include "platform/platform.h"

struct pgl_platform *pgl_real_open(void);

/* The parts, each in a file of its own. */
struct pgl_clock pgl_real_clock(void);
struct pgl_entropy pgl_real_entropy(void);
struct pgl_disk *pgl_real_disk(void);
struct pgl_waiter *pgl_real_waiter_open(struct pgl_platform *platform);

/* A thread that runs `body(argument)`. PGL_EXHAUSTED when the system has none to give. */
struct pgl_real_thread;
PGL_MUST_USE pgl_status pgl_real_thread_start(const char *name, void (*body)(void *),
                                              void *argument, struct pgl_real_thread **thread);
void pgl_real_thread_join(struct pgl_real_thread *thread);

/* From now on SIGTERM, SIGINT and SIGHUP wake nobody but whoever waits here; SIGPIPE is ignored.
 * Call before any thread is started. */
void pgl_real_signals_take(void);
/* SIGTERM and SIGINT end the process again, as they do where nobody waits for them. */
void pgl_real_signals_give(void);
enum pgl_real_signal {
    PGL_SIGNAL_STOP,   /* SIGTERM or SIGINT */
    PGL_SIGNAL_RELOAD, /* SIGHUP */
    PGL_SIGNAL_ENDED   /* pgl_real_signals_end */
};
/* Blocks until one comes. */
enum pgl_real_signal pgl_real_signals_wait(void);
/* Any thread: there is nothing more to wait for. */
void pgl_real_signals_end(void);

/* Ends the process at once, without tidying up: for errors after which nothing can be trusted. */
void pgl_real_die(const char *why) __attribute__((noreturn));

/* Raises the number of files that the process may have open, as far as the system lets it. */
void pgl_real_allow_files(uint64_t count);

/* A variable of the environment; NULL when it is not set. */
const char *pgl_real_environment(const char *name);

/* What a process has cost so far; 0 is our own. PGL_NOT_FOUND when there is no such process. */
struct pgl_real_process {
    int64_t cpu_ns;       /* of all its threads, in steps of the kernel's clock: 10 ms */
    int64_t memory_bytes; /* resident now */
};
PGL_MUST_USE pgl_status pgl_real_process_read(int64_t pid, struct pgl_real_process *process);

/* A path from the root on, for another process to use; false when it does not fit. */
bool pgl_real_whole_path(const char *path, char *whole, size_t size);

/* Of the machine; a part of it may be in use. */
int64_t pgl_real_memory_bytes(void);

/* Of the libraries below, as they run here. */
const char *pgl_real_libc_version(void);
const char *pgl_real_libuv_version(void);

/* True when standard error is a terminal, so that progress is worth showing. */
bool pgl_real_is_watched(void);

/* A piece of work in a process of its own, which may die of it. One at a time. */
struct pgl_real_child {
    void (*work)(void *self, struct pgl_buffer *result);
    /* In the child, which has come to an assertion: it says what it can, in place of the result. */
    void (*last_words)(void *self, struct pgl_buffer *result);
    void *self;
};

/* What the child wrote. PGL_UNAVAILABLE: it died without a word. It dies with us. */
PGL_MUST_USE pgl_status pgl_real_run_child(const struct pgl_real_child *child,
                                           struct pgl_buffer *result);

#endif
