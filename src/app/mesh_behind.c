/* mesh_behind.c - see mesh_behind.h. */
#include "app/mesh_behind.h"

#define ARENA_CHUNK_BYTES 8192
#define ARENA_LIMIT_BYTES (256u << 10) /* the largest event, as it came and unpacked */

enum { BEHIND_ASK, BEHIND_HEAR, BEHIND_PAUSE };

static struct pgl_mesh_behind *behind_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_mesh_behind, flow);
}

static struct pgl_go behind_ask(struct pgl_flow *flow)
{
    struct pgl_mesh_behind *behind = behind_of(flow);
    pgl_arena_reset(&behind->arena);
    behind->ask = (ReadRequest)READ_REQUEST_INIT;
    behind->ask.after = -1;
    behind->ask.max = 1;
    behind->reply = (ReadResponse)READ_RESPONSE_INIT;
    behind->call.call =
        (struct pgl_call){ .ask = &behind->ask,
                           .reply = &behind->reply,
                           .arena = &behind->arena,
                           .deadline_ns = flow->loop->now_ns + PGL_MESH_BEHIND_POLL_NS };
    behind->left = 0;
    pgl_rpc_send(behind->rpc, &behind->log, EVENT_LOG_SERVICE_READ, &behind->call, flow,
                 &behind->left);
    return behind->left > 0 ? pgl_wait(BEHIND_HEAR) : pgl_go(BEHIND_HEAR);
}

static struct pgl_go behind_hear(struct pgl_flow *flow)
{
    struct pgl_mesh_behind *behind = behind_of(flow);
    int64_t now_ns = flow->loop->now_ns;
    if (pgl_is_ok(behind->call.call.status)) {
        behind->heard_ns = now_ns;
        atomic_store(&behind->is_behind, behind->reply.behind != 0);
    } else if (now_ns - behind->heard_ns > PGL_MESH_BEHIND_HOLD_NS)
        atomic_store(&behind->is_behind, false);
    return pgl_wait(BEHIND_PAUSE);
}

static struct pgl_go behind_pause(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_go(BEHIND_ASK);
}

static const struct pgl_step behind_steps[] = {
    /*               name             does         at most   when late: the callee minds it */
    [BEHIND_ASK] = { "behind.ask", behind_ask, 0, 0 },
    [BEHIND_HEAR] = { "behind.hear", behind_hear, 0, 0 },
    [BEHIND_PAUSE] = { "behind.pause", behind_pause, PGL_MESH_BEHIND_PAUSE_NS, BEHIND_PAUSE },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* it has no end */
}

void pgl_mesh_behind_start(struct pgl_mesh_behind *behind, struct pgl_rpc *rpc,
                           struct pgl_endpoint log)
{
    *behind = (struct pgl_mesh_behind){ .rpc = rpc, .log = log };
    pgl_arena_init(&behind->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    pgl_flow_start(&behind->flow, rpc->loop, behind_steps, BEHIND_ASK, on_done);
}

void pgl_mesh_behind_close(struct pgl_mesh_behind *behind)
{
    if (behind->rpc != NULL)
        pgl_arena_free(&behind->arena);
}
