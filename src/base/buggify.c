/* buggify.c - see buggify.h. */
#include "base/buggify.h"

/* clang-format off */
static const char *const names[PGL_BUGGIFY_POINTS] = {
    [PGL_BUGGIFY_LOOP_IDLE_TURN]         = "loop.idle-turn",
    [PGL_BUGGIFY_LOOP_SOCKETS_LATER]     = "loop.sockets-later",
    [PGL_BUGGIFY_LOOP_TIMERS_LATER]      = "loop.timers-later",
    [PGL_BUGGIFY_LOOP_FLOWS_LATER]       = "loop.flows-later",
    [PGL_BUGGIFY_WRITER_SHORT_BATCH]     = "writer.short-batch",
    [PGL_BUGGIFY_WRITER_COMMANDS_FIRST]  = "writer.commands-first",
    [PGL_BUGGIFY_WRITER_SPOILED]         = "writer.spoiled",
    [PGL_BUGGIFY_WRITER_DISK_FULL]       = "writer.disk-full",
    [PGL_BUGGIFY_WRITER_QUEUE_FULL]      = "writer.queue-full",
    [PGL_BUGGIFY_WRITER_CHECKPOINT]      = "writer.checkpoint",
    [PGL_BUGGIFY_WRITER_NO_CHECKPOINT]   = "writer.no-checkpoint",
    [PGL_BUGGIFY_READER_SHORT_SNAPSHOT]  = "reader.short-snapshot",
    [PGL_BUGGIFY_READER_TOO_LATE]        = "reader.too-late",
    [PGL_BUGGIFY_RECENT_TURNS_OVER]      = "recent.turns-over",
    [PGL_BUGGIFY_RECENT_WHOLE_SLICE]     = "recent.whole-slice",
    [PGL_BUGGIFY_LOG_RING_LOST]          = "log.ring-lost",
    [PGL_BUGGIFY_LOG_SHORT_READ]         = "log.short-read",
    [PGL_BUGGIFY_LOG_BUSY]               = "log.busy",
    [PGL_BUGGIFY_CONSUMER_SHORT_WORK]    = "consumer.short-work",
    [PGL_BUGGIFY_CONSUMER_NO_READ_AHEAD] = "consumer.no-read-ahead",
    [PGL_BUGGIFY_HTTP_REFUSES]           = "http.refuses",
    [PGL_BUGGIFY_HTTP_CLOSES]            = "http.closes",
    [PGL_BUGGIFY_RPC_REFUSES]            = "rpc.refuses",
    [PGL_BUGGIFY_EDGE_OVERLOADED]        = "edge.overloaded",
    [PGL_BUGGIFY_EDGE_FORGETS_TOKENS]    = "edge.forgets-tokens",
    [PGL_BUGGIFY_ORDERS_FORGET_PRICES]   = "orders.forget-prices",
};
/* clang-format on */

const char *pgl_buggify_name(enum pgl_buggify_point point)
{
    return names[point];
}
