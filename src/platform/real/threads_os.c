/* threads_os.c - threads, signals, and what the process was started with. */
#include "platform/real/real.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/assert.h"

struct pgl_real_thread {
    pthread_t handle;
    void (*body)(void *);
    void *argument;
};

static void *run(void *argument)
{
    struct pgl_real_thread *thread = argument;
    thread->body(thread->argument);
    return NULL;
}

pgl_status pgl_real_thread_start(const char *name, void (*body)(void *), void *argument,
                                 struct pgl_real_thread **thread)
{
    struct pgl_real_thread *made = calloc(1, sizeof *made);
    if (made == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a thread");
    made->body = body;
    made->argument = argument;
    if (pthread_create(&made->handle, NULL, run, made) != 0) {
        free(made);
        return PGL_FAIL(PGL_EXHAUSTED, "the system gives no more threads");
    }
    char short_name[16] = ""; /* the kernel's limit */
    strncpy(short_name, name, sizeof short_name - 1);
    pthread_setname_np(made->handle, short_name);
    *thread = made;
    return PGL_OK;
}

void pgl_real_thread_join(struct pgl_real_thread *thread)
{
    pthread_join(thread->handle, NULL);
    free(thread);
}

#define ENDED SIGUSR1 /* from ourselves */

static void taken_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, ENDED);
}

void pgl_real_signals_take(void)
{
    sigset_t set;
    taken_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGHUP, SIG_DFL); /* under nohup it is ignored, and then nobody could wait for it */
    signal(SIGPIPE, SIG_IGN);
}

void pgl_real_signals_give(void)
{
    sigset_t set; /* SIGHUP stays: what runs for hours may outlive its terminal */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

enum pgl_real_signal pgl_real_signals_wait(void)
{
    sigset_t set;
    int which;
    taken_signals(&set);
    while (sigwait(&set, &which) != 0)
        continue;
    if (which == SIGHUP)
        return PGL_SIGNAL_RELOAD;
    return which == ENDED ? PGL_SIGNAL_ENDED : PGL_SIGNAL_STOP;
}

void pgl_real_signals_end(void)
{
    kill(getpid(), ENDED);
}

void pgl_real_allow_files(uint64_t count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count)
        return;
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* without it fewer connections are taken, no more */
}

const char *pgl_real_environment(const char *name)
{
    return getenv(name);
}

bool pgl_real_is_watched(void)
{
    return isatty(STDERR_FILENO);
}

#define EXIT_IO_ERROR 74 /* sysexits.h: EX_IOERR */

void pgl_real_die(const char *why)
{
    ssize_t ignored = write(STDERR_FILENO, "panglot: ", 9);
    ignored = write(STDERR_FILENO, why, strlen(why));
    ignored = write(STDERR_FILENO, "\n", 1);
    (void)ignored;
    _exit(EXIT_IO_ERROR);
}
