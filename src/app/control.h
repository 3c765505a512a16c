/*
 * control.h - what commands ask a running platform, over the socket DIR/control.sock (mode 0600):
 * HTTP/1.1.
 *
 *     GET /verify                    an audit of all files
 *     GET /audit-log?limit=N         what operators did, the newest
 *     GET /audit-log/verify          whether somebody has changed it
 *     POST /signing-key              a new key signs tokens; "at-once" in the body drops the old
 *                                    ones; of the process that has the edge
 *     POST /part                     of a process with some of the roles: its files into that
 *                                    folder, as of a moment that its peers share: it says "held",
 *                                    and holds until POST /release, which comes once all do
 *     POST /backup                   all files into the folder that the body names; lines of
 *                                    progress, then "done" or "failed: why"
 *
 * As JSON, or as text for `Accept: text/plain`; with `Panglot-Clean: yes` or `no`.
 *
 * How:      all writers are asked to begin no transaction, which takes as long as their running
 *           ones; the cut is taken, a read each file; they go on. That is milliseconds. The look
 *           then runs on this loop's own thread, which does nothing else.
 * Owner:    app/boot.c.
 * Threads:  the audit's loop.
 * Bounds:   PGL_CONTROL_WAITING_MAX askers; one look at a time. Who asks while one runs gets the
 *           next.
 */
#ifndef PGL_APP_CONTROL_H
#define PGL_APP_CONTROL_H

#include "app/backup.h"
#include "app/cut.h"
#include "base/time.h"
#include "edge/trust.h"
#include "runtime/flow.h"
#include "store/writer.h"
#include "transport/http_server.h"

#define PGL_CONTROL_SOCKET           "control.sock"
#define PGL_CONTROL_JOINT_NS         PGL_SECONDS(2) /* writers hold so long for the others */
#define PGL_CONTROL_WAITING_MAX      16
#define PGL_CONTROL_ANSWER_BYTES_MAX (1u << 20) /* every invariant with all its offenders: 100 KB */

struct pgl_control_task;

struct pgl_control {
    struct pgl_boot *boot;
    struct pgl_loop *loop;
    const atomic_bool *is_stopping; /* of the thread */
    struct pgl_http_server http;
    bool is_open;
    struct pgl_http_exchange *waiting[PGL_CONTROL_WAITING_MAX];    /* in the order of asking */
    const struct pgl_control_task *tasks[PGL_CONTROL_WAITING_MAX]; /* what each has asked for */
    int waiting_count, served_count; /* the first ones, served by the look that is under way */

    struct pgl_flow flow;
    bool is_busy;
    struct pgl_mailbox held; /* writers that hold, and those that go on */
    struct pgl_writer_hold holds[PGL_CUT_FILES];
    int held_count, hold_count;
    bool is_released; /* of a joint look: all others hold, too */
    int64_t asked_ns; /* when the writers were asked to hold */
    int64_t held_ns;  /* how long it took until they went on */
    struct pgl_cut cut;
    pgl_status status; /* of the look */
    bool is_clean;
    struct pgl_audit_report report;
    struct pgl_buffer said; /* by others than the audit */
    struct pgl_backup backup;
    struct edge_key_news next_keys; /* of a rotation: the edge is told before they are used */
    struct pgl_mailbox told;
    bool is_told;
};

/* Listens; where the folder can hold no socket, the log says so and nobody can ask. Nothing runs
 * yet. */
void pgl_control_open(struct pgl_control *control, struct pgl_boot *boot, struct pgl_loop *loop,
                      const atomic_bool *is_stopping);
/* When no loop runs any more; also after an open that failed, or none. */
void pgl_control_close(struct pgl_control *control);

bool pgl_control_wants_text(const struct pgl_http_exchange *exchange);

/* ---- from another process ---- */

struct pgl_control_question {
    const char *method, *target;
    struct pgl_text body;
    bool is_json;
    bool is_streamed; /* the answer is lines; the last one is the verdict */
    void (*on_line)(void *self, struct pgl_text line); /* of progress; NULL: nobody looks */
    void *self;
    const char *socket; /* in the folder */
};

/* The name of the socket of a process with these roles. */
const char *pgl_control_socket(struct pgl_arena *arena, uint32_t roles);

/* What the process that listens at the socket answers, appended to `out`. Blocks. PGL_NOT_FOUND
 * when nobody listens there; PGL_UNAVAILABLE when there is no answer, or it refuses: its own words
 * are the status' text then, which lies in `out`. */
PGL_MUST_USE pgl_status pgl_control_ask(struct pgl_platform *platform, const char *folder,
                                        const struct pgl_control_question *question,
                                        struct pgl_buffer *out, bool *is_clean);

#endif
