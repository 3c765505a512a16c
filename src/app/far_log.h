/*
 * far_log.h - a log of another process, as its readers here see it: the reads of a near log, asked
 * by EventLogService.Follow.
 *
 * For:      consumers of services whose producers run elsewhere (events/consumer.h).
 * Owner:    app/mesh.h, on a loop that services share; readers borrow `source`.
 * Threads:  its loop's; readers send to the mailbox.
 * Bounds:   PGL_FAR_LOG_READS_MAX reads out at once. A read is asked for PGL_FAR_LOG_POLL_NS at a
 *           time, so that a producer that stops has not long to wait for it.
 * Errors:   what says nothing about the log is PGL_UNAVAILABLE, and the reader asks again:
 *           PGL_DATA_LOSS and PGL_NOT_FOUND alone are the log's.
 */
#ifndef PGL_APP_FAR_LOG_H
#define PGL_APP_FAR_LOG_H

#include "base/time.h"
#include "events/log.h"
#include "transport/rpc.h"

#define PGL_FAR_LOG_READS_MAX   8
#define PGL_FAR_LOG_READERS_MAX 4
#define PGL_FAR_LOG_POLL_NS     PGL_MILLISECONDS(500)

struct pgl_far_log {
    struct pgl_log_source source;
    struct pgl_rpc *rpc;
    struct pgl_endpoint endpoint;
    struct pgl_mailbox reads;
    const char *readers[PGL_FAR_LOG_READERS_MAX]; /* that have to keep up, by number - 1 */
    int reader_count;
    struct pgl_far_read {
        struct pgl_flow flow;
        struct pgl_far_log *log;
        struct pgl_log_read *read; /* NULL when free */
        struct pgl_arena arena;
        FollowRequest ask;
        FollowResponse reply;
        struct pgl_rpc_call call;
        int left;
    } slots[PGL_FAR_LOG_READS_MAX];
};

/* `rpc` and `endpoint` are of the same loop. */
void pgl_far_log_open(struct pgl_far_log *far, Log name, struct pgl_rpc *rpc,
                      struct pgl_endpoint endpoint);
/* When the loop runs no more. */
void pgl_far_log_close(struct pgl_far_log *far);

#endif
