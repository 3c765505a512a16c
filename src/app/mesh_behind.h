/*
 * mesh_behind.h - whether a log of another process has readers that are far behind, so that the
 * gateway takes no orders that would only wait (docs/reliability.md: B9).
 *
 * How:      a short Read of what comes from now on, whose answer says so, and a pause: what is
 *           known is a poll and PGL_MESH_BEHIND_PAUSE_NS old, about 1.3 s at most, while the log's
 *           process answers. Where it does not, what was known holds for PGL_MESH_BEHIND_HOLD_NS;
 *           then nobody is behind, since nobody is known to be.
 * Owner:    app/mesh.h, one for each log that is far of a gateway.
 * Threads:  the loop's; `is_behind` is for any.
 * Bounds:   one call at a time, of one event.
 */
#ifndef PGL_APP_MESH_BEHIND_H
#define PGL_APP_MESH_BEHIND_H

#include <stdatomic.h>

#include "base/time.h"
#include "contract/events.h"
#include "transport/rpc.h"

#define PGL_MESH_BEHIND_POLL_NS  PGL_MILLISECONDS(250) /* the log's process may have to end */
#define PGL_MESH_BEHIND_PAUSE_NS PGL_SECONDS(1)
#define PGL_MESH_BEHIND_HOLD_NS  PGL_SECONDS(10)

struct pgl_mesh_behind {
    struct pgl_flow flow; /* without an end */
    struct pgl_rpc *rpc;
    struct pgl_endpoint log;
    struct pgl_arena arena; /* of one answer */
    struct pgl_rpc_call call;
    ReadRequest ask;
    ReadResponse reply;
    int left;
    int64_t heard_ns;
    atomic_bool is_behind;
};

/* Begins with the loop of `rpc`. `log` has an EventLogService. */
void pgl_mesh_behind_start(struct pgl_mesh_behind *behind, struct pgl_rpc *rpc,
                           struct pgl_endpoint log);
/* When no loop runs any more; also of one that was never started. */
void pgl_mesh_behind_close(struct pgl_mesh_behind *behind);

#endif
