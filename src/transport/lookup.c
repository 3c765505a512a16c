/* lookup.c - see lookup.h. */
#include "transport/lookup.h"

/* Addresses come as lines. One that is longer than any address is none, and is passed over. */
static void take_line(struct pgl_lookup *lookup)
{
    bool is_address = lookup->line_bytes > 0 && lookup->line_bytes < PGL_PEER_BYTES;
    if (is_address && lookup->count < PGL_LOOKUP_ADDRESSES_MAX) {
        char *address = lookup->addresses[lookup->count++];
        memcpy(address, lookup->line, lookup->line_bytes);
        address[lookup->line_bytes] = '\0';
    }
    lookup->line_bytes = 0;
}

static void take(struct pgl_lookup *lookup, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            take_line(lookup);
        else if (lookup->line_bytes < PGL_PEER_BYTES)
            lookup->line[lookup->line_bytes++] = bytes[i];
    }
}

static void end(struct pgl_lookup *lookup, pgl_status status)
{
    pgl_lookup_stop(lookup);
    lookup->status = status;
    lookup->is_done = true;
}

static void read_answer(struct pgl_lookup *lookup)
{
    char bytes[256];
    size_t got;
    for (;;) {
        switch (lookup->socket->ops->read(lookup->socket, bytes, sizeof bytes, &got)) {
        case PGL_IO_DONE:
            take(lookup, bytes, got);
            break;
        case PGL_IO_WAIT:
            return;
        case PGL_IO_END:
            end(lookup, lookup->count > 0 ? PGL_OK : PGL_FAIL(PGL_NOT_FOUND, "no such name"));
            return;
        case PGL_IO_BROKEN:
            end(lookup, PGL_FAIL(PGL_UNAVAILABLE, "the resolver does not answer"));
            return;
        }
    }
}

static void on_ready(void *owner)
{
    struct pgl_lookup *lookup = owner;
    read_answer(lookup);
    if (lookup->is_done && lookup->flow != NULL)
        pgl_flow_wake(lookup->flow);
}

void pgl_lookup_start(struct pgl_lookup *lookup, struct pgl_loop *loop, const char *name,
                      struct pgl_flow *flow)
{
    *lookup = (struct pgl_lookup){ .status = PGL_OK, .flow = flow };
    pgl_status status = PGL_FAIL(PGL_UNAVAILABLE, "the resolver does not answer, it is said");
    if (!pgl_loop_is_struck(loop, PGL_BUGGIFY_LOOKUP_FAILS))
        status =
            loop->waiter->ops->resolve(loop->waiter, name, &loop->ready_sockets, &lookup->socket);
    if (!pgl_is_ok(status)) {
        end(lookup, status);
        return;
    }
    lookup->socket->on_ready = on_ready;
    lookup->socket->owner = lookup;
    read_answer(lookup);
}

void pgl_lookup_stop(struct pgl_lookup *lookup)
{
    if (lookup->socket != NULL)
        lookup->socket->ops->close(lookup->socket);
    lookup->socket = NULL;
}
