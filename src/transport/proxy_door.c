/* proxy_door.c - see proxy_door.h. */
#include "transport/proxy_door.h"

#include "base/assert.h"
#include "wire/proxy_protocol.h"

struct visitor {
    struct pgl_proxy_door *door;
    struct pgl_socket *socket;
    struct pgl_list place; /* in door->free or door->waiting */
    int64_t since_ns;
    bool is_tls, is_told; /* told: it only waits for a place */
    size_t size;
    char bytes[PGL_PROXY_BYTES_MAX];
};

pgl_status pgl_proxy_door_open(struct pgl_proxy_door *door, struct pgl_loop *loop,
                               struct pgl_arena *arena,
                               const struct pgl_proxy_door_options *options)
{
    *door = (struct pgl_proxy_door){ .loop = loop, .options = *options };
    pgl_list_init(&door->free);
    pgl_list_init(&door->waiting);
    if (options->proxy_count == 0)
        return PGL_OK;
    struct visitor *visitors = pgl_arena_zalloc(arena, options->visitors_max * sizeof *visitors);
    if (visitors == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a listener");
    for (uint32_t i = 0; i < options->visitors_max; i++) {
        visitors[i].door = door;
        pgl_list_init(&visitors[i].place);
        pgl_list_append(&door->free, &visitors[i].place);
    }
    return PGL_OK;
}

bool pgl_proxy_door_is_for(const struct pgl_proxy_door *door, const char *peer)
{
    pgl_ip ip;
    return door->options.proxy_count > 0 && pgl_ip_read(pgl_text_of(peer), &ip) &&
           pgl_ip_is_among(&ip, door->options.proxies, door->options.proxy_count);
}

/* ---- time ---- */

static struct visitor *first(struct pgl_proxy_door *door)
{
    return door->waiting.next == NULL || pgl_list_is_empty(&door->waiting)
               ? NULL
               : PGL_CONTAINER(door->waiting.next, struct visitor, place);
}

static void on_due(void *owner);

static void arm(struct pgl_proxy_door *door)
{
    const struct visitor *oldest = first(door);
    if (door->timer.is_set)
        pgl_timer_clear(&door->loop->timers, &door->timer);
    if (oldest != NULL)
        pgl_timer_set(&door->loop->timers, &door->timer, oldest->since_ns + door->options.header_ns,
                      on_due, door);
}

/* Empties a place; what was in it is the caller's. */
static struct pgl_socket *leave(struct visitor *visitor)
{
    struct pgl_socket *socket = visitor->socket;
    visitor->socket = NULL;
    pgl_list_remove(&visitor->place);
    pgl_list_append(&visitor->door->free, &visitor->place);
    arm(visitor->door);
    return socket;
}

static void lose(struct visitor *visitor, const char *why)
{
    struct pgl_proxy_door *door = visitor->door;
    struct pgl_socket *socket = leave(visitor);
    pgl_counter_add(&door->refused, 1);
    pgl_log(&door->loop->log, PGL_LOG_DEBUG, "transport", "proxy-refused", "peer=%s text=\"%s\"",
            socket->peer, why);
    socket->ops->close(socket);
}

static void on_due(void *owner)
{
    struct pgl_proxy_door *door = owner;
    struct visitor *oldest;
    while ((oldest = first(door)) != NULL &&
           door->loop->now_ns - oldest->since_ns >= door->options.header_ns)
        lose(oldest, oldest->is_told ? "there was no place for it"
                                     : "it does not say whose the connection is");
    arm(door);
}

void pgl_proxy_door_close(struct pgl_proxy_door *door)
{
    struct visitor *visitor;
    while ((visitor = first(door)) != NULL)
        lose(visitor, "nobody is let in any more");
}

/* ---- the way through ---- */

static bool go_through(struct visitor *visitor)
{
    struct pgl_proxy_door *door = visitor->door;
    if (!door->options.on_through(door->options.owner, visitor->socket, visitor->is_tls))
        return false;
    leave(visitor);
    pgl_counter_add(&door->through, 1);
    return true;
}

static void take_header(struct visitor *visitor, const struct pgl_proxy_header *header)
{
    _Static_assert(sizeof visitor->socket->peer >= PGL_IP_TEXT_BYTES, "an address fits");
    if (header->has_client)
        pgl_ip_write(&header->client, visitor->socket->peer);
    visitor->is_told = true;
    (void)go_through(visitor);
}

void pgl_proxy_door_offer(struct pgl_proxy_door *door)
{
    struct pgl_list *node = door->waiting.next, *next;
    for (bool has_place = true; has_place && node != NULL && node != &door->waiting; node = next) {
        struct visitor *visitor = PGL_CONTAINER(node, struct visitor, place);
        next = node->next;
        if (visitor->is_told)
            has_place = go_through(visitor);
    }
}

/* Never a byte beyond the header: what follows is HTTP's, or TLS's. */
static void on_ready(void *owner)
{
    struct visitor *visitor = owner;
    struct pgl_proxy_header header;
    enum pgl_proxy_result result;
    if (visitor->is_told)
        return;
    while ((result = pgl_proxy_read((struct pgl_text){ visitor->bytes, visitor->size }, &header)) ==
           PGL_PROXY_MORE) {
        struct pgl_socket *socket = visitor->socket;
        size_t got = 0;
        PGL_ASSERT(header.wanted > 0 && header.wanted <= sizeof visitor->bytes - visitor->size);
        enum pgl_io io =
            socket->ops->read(socket, visitor->bytes + visitor->size, header.wanted, &got);
        if (io == PGL_IO_WAIT)
            return;
        if (io != PGL_IO_DONE) {
            lose(visitor, "the connection has ended");
            return;
        }
        visitor->size += got;
    }
    if (result == PGL_PROXY_DONE)
        take_header(visitor, &header);
    else
        lose(visitor, header.why);
}

void pgl_proxy_door_take(struct pgl_proxy_door *door, struct pgl_socket *socket, bool is_tls)
{
    struct pgl_list *node = pgl_list_take_first(&door->free);
    if (node == NULL) {
        pgl_counter_add(&door->refused, 1);
        socket->ops->close(socket);
        return;
    }
    struct visitor *visitor = PGL_CONTAINER(node, struct visitor, place);
    visitor->socket = socket;
    visitor->since_ns = door->loop->now_ns;
    visitor->is_tls = is_tls;
    visitor->is_told = false;
    visitor->size = 0;
    pgl_list_append(&door->waiting, &visitor->place);
    socket->on_ready = on_ready;
    socket->owner = visitor;
    if (!door->timer.is_set)
        arm(door);
}
