/* tls_door.c - see tls_door.h. */
#include "transport/tls_door.h"

#include "base/assert.h"
#include "base/time.h"
#include "transport/tls_socket.h"

#define STEPS_PER_TURN 8                     /* a signature and a key exchange each: 2 ms in all */
#define GIVES_WAY_NS   PGL_MILLISECONDS(500) /* several round trips */

/* A connection on its way. */
struct visitor {
    struct pgl_tls_door *door;
    struct pgl_socket *socket;
    uint64_t client;
    int64_t since_ns;
    struct pgl_list place; /* in door->free or door->waiting */
    struct pgl_list due;
};

static void on_due(void *owner);

pgl_status pgl_tls_door_open(struct pgl_tls_door *door, struct pgl_loop *loop,
                             struct pgl_arena *arena, const struct pgl_tls_door_options *options)
{
    *door = (struct pgl_tls_door){ .loop = loop, .options = *options };
    pgl_list_init(&door->free);
    pgl_list_init(&door->waiting);
    pgl_list_init(&door->due);
    struct visitor *visitors = pgl_arena_zalloc(arena, options->handshakes_max * sizeof *visitors);
    if (visitors == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a listener");
    for (uint32_t i = 0; i < options->handshakes_max; i++) {
        visitors[i].door = door;
        pgl_list_init(&visitors[i].place);
        pgl_list_init(&visitors[i].due);
        pgl_list_append(&door->free, &visitors[i].place);
    }
    return PGL_OK;
}

/* ---- places ---- */

static struct visitor *first(struct pgl_tls_door *door)
{
    return pgl_list_is_empty(&door->waiting)
               ? NULL
               : PGL_CONTAINER(door->waiting.next, struct visitor, place);
}

/* When the first of those who wait has to go: sooner, when somebody else wants its place. */
static void arm(struct pgl_tls_door *door)
{
    const struct visitor *oldest = first(door);
    pgl_timer_clear(&door->loop->timers, &door->timer);
    if (oldest != NULL)
        pgl_timer_set(
            &door->loop->timers, &door->timer,
            oldest->since_ns + (door->is_asked_for ? GIVES_WAY_NS : door->options.handshake_ns),
            on_due, door);
}

/* Empties a place; what was in it is the caller's. */
static struct pgl_socket *leave(struct visitor *visitor)
{
    struct pgl_tls_door *door = visitor->door;
    struct pgl_socket *socket = visitor->socket;
    visitor->socket = NULL;
    pgl_list_remove(&visitor->due);
    pgl_list_remove(&visitor->place);
    pgl_list_append(&door->free, &visitor->place);
    pgl_counter_set(&door->metrics.open, --door->count);
    if (door->is_asked_for) {
        door->is_asked_for = false;
        door->options.on_place(door->options.owner);
    }
    arm(door);
    return socket;
}

static void lose(struct visitor *visitor, struct pgl_counter *why)
{
    struct pgl_tls_door *door = visitor->door;
    uint64_t client = visitor->client;
    struct pgl_socket *socket = leave(visitor);
    pgl_counter_add(why, 1);
    socket->ops->close(socket);
    door->options.on_lost(door->options.owner, client);
}

static void on_due(void *owner)
{
    struct pgl_tls_door *door = owner;
    struct visitor *oldest;
    int64_t now_ns = door->loop->now_ns;
    while ((oldest = first(door)) != NULL) {
        if (now_ns - oldest->since_ns >= door->options.handshake_ns)
            lose(oldest, &door->metrics.late);
        else if (door->is_asked_for && now_ns - oldest->since_ns >= GIVES_WAY_NS)
            lose(oldest, &door->metrics.gave_way);
        else
            break;
    }
    arm(door);
}

bool pgl_tls_door_has_place(struct pgl_tls_door *door)
{
    if (!pgl_list_is_empty(&door->free))
        return true;
    door->is_asked_for = true;
    on_due(door);
    if (!pgl_list_is_empty(&door->free))
        return true;
    return false;
}

void pgl_tls_door_close(struct pgl_tls_door *door)
{
    struct visitor *visitor;
    door->is_asked_for = false;
    while ((visitor = first(door)) != NULL)
        lose(visitor, &door->metrics.failed);
}

/* ---- the way through ---- */

static void on_news(void *owner)
{
    struct visitor *visitor = owner;
    if (pgl_list_is_empty(&visitor->due))
        pgl_list_append(&visitor->door->due, &visitor->due);
}

/* A socket through TLS; the plain one is gone when there is none. */
static struct pgl_socket *wrap(struct pgl_tls_door *door, struct pgl_socket *plain)
{
    struct pgl_tls *tls;
    struct pgl_socket *socket;
    pgl_status status =
        pgl_tls_server_open(door->options.contexts->current, door->loop->wall_ns, &tls);
    if (!pgl_is_ok(status)) {
        plain->ops->close(plain);
        return NULL;
    }
    status = pgl_tls_socket_open(plain, tls, &socket);
    return pgl_is_ok(status) ? socket : NULL;
}

bool pgl_tls_door_take(struct pgl_tls_door *door, struct pgl_socket *plain, uint64_t client)
{
    PGL_ASSERT(!pgl_list_is_empty(&door->free));
    struct pgl_socket *socket = wrap(door, plain);
    if (socket == NULL)
        return false;
    struct visitor *visitor =
        PGL_CONTAINER(pgl_list_take_first(&door->free), struct visitor, place);
    visitor->socket = socket;
    visitor->client = client;
    visitor->since_ns = door->loop->now_ns;
    pgl_list_append(&door->waiting, &visitor->place);
    pgl_counter_set(&door->metrics.open, ++door->count);
    pgl_tls_socket_hold(socket, on_news, visitor);
    if (!door->timer.is_set)
        arm(door);
    return true;
}

static void go_on(struct visitor *visitor)
{
    struct pgl_tls_door *door = visitor->door;
    uint64_t client = visitor->client;
    switch (pgl_tls_socket_go_on(visitor->socket)) {
    case PGL_TLS_WAIT:
        break;
    case PGL_TLS_DONE:
        pgl_counter_add(&door->metrics.through, 1);
        door->options.on_through(door->options.owner, leave(visitor), client);
        break;
    case PGL_TLS_END:
    case PGL_TLS_BROKEN:
        pgl_log(&door->loop->log, PGL_LOG_DEBUG, "transport", "handshake-failed",
                "peer=%s text=\"%s\"", visitor->socket->peer,
                pgl_tls_socket_failure(visitor->socket).text);
        lose(visitor, &door->metrics.failed);
        break;
    }
}

bool pgl_tls_door_work(struct pgl_tls_door *door)
{
    struct pgl_list *node;
    for (int i = 0; i < STEPS_PER_TURN && (node = pgl_list_take_first(&door->due)) != NULL; i++)
        go_on(PGL_CONTAINER(node, struct visitor, due));
    return !pgl_list_is_empty(&door->due);
}
