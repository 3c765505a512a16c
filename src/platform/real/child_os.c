/* child_os.c - a piece of work in a process of its own: it may die, and we hear of it. */
#include "platform/real/real.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES            (64u << 10)
#define EXIT_FAILURE_OF_CHILD 1

/* The child's, for its signal handler: a process has one piece of work. */
static const struct pgl_real_child *at_work;
static struct pgl_buffer *so_far;
static int way_home;

static void send_home(const struct pgl_buffer *result)
{
    for (size_t at = 0; at < result->size;) {
        ssize_t put = write(way_home, result->data + at, result->size - at);
        if (put < 0 && errno != EINTR)
            _exit(EXIT_FAILURE_OF_CHILD);
        at += put > 0 ? (size_t)put : 0;
    }
    _exit(result->is_full ? EXIT_FAILURE_OF_CHILD : 0);
}

/* An assertion: we are where it stands, in our own code, and not just anywhere. */
static void on_abort(int signal_number)
{
    (void)signal_number;
    signal(SIGABRT, SIG_DFL);
    pgl_buffer_clear(so_far);
    at_work->last_words(at_work->self, so_far);
    send_home(so_far);
}

static void be_child(const struct pgl_real_child *child, pid_t parent, int out,
                     struct pgl_buffer *result)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before we had said so */
        _exit(EXIT_FAILURE_OF_CHILD);
    at_work = child;
    so_far = result;
    way_home = out;
    signal(SIGABRT, on_abort);
    child->work(child->self, result);
    fflush(stdout);
    send_home(result);
}

static bool read_all(int in, struct pgl_buffer *result)
{
    for (;;) {
        char *room = pgl_buffer_room(result, READ_BYTES);
        ssize_t got = room != NULL ? read(in, room, READ_BYTES) : -1;
        if (got == 0)
            return true;
        if (got < 0 && (room == NULL || errno != EINTR))
            return false;
        result->size += got > 0 ? (size_t)got : 0;
    }
}

pgl_status pgl_real_run_child(const struct pgl_real_child *child, struct pgl_buffer *result)
{
    int ends[2], ended = 0;
    pgl_buffer_clear(result);
    fflush(stdout);
    if (pipe(ends) != 0)
        return PGL_FAIL(PGL_EXHAUSTED, "no pipe to a child");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        close(ends[0]);
        be_child(child, parent, ends[1], result);
    }
    close(ends[1]);
    bool is_read = pid > 0 && read_all(ends[0], result);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        continue;
    if (pid < 0)
        return PGL_FAIL(PGL_EXHAUSTED, "no process for a child");
    return is_read && WIFEXITED(ended) && WEXITSTATUS(ended) == 0
               ? PGL_OK
               : PGL_FAIL(PGL_UNAVAILABLE, "the child died without a word");
}
