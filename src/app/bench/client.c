/* client.c - see client.h. */
#include "app/bench/client.h"

#include "base/assert.h"

/* The largest answers are pages of products; a stream of endings has no length. */
#define BODY_BYTES_MAX UINT64_MAX

static const struct pgl_http1_limits limits = PGL_HTTP1_LIMITS_DEFAULT;

pgl_status pgl_client_init(struct pgl_client *client, struct pgl_loop *loop,
                           const struct pgl_address *address, struct pgl_arena *arena,
                           size_t out_bytes_max, size_t in_bytes_max)
{
    *client = (struct pgl_client){ .loop = loop,
                                   .address = address,
                                   .out_bytes_max = out_bytes_max,
                                   .in_bytes_max = in_bytes_max };
    client->out = pgl_arena_alloc(arena, out_bytes_max);
    client->in = pgl_arena_alloc(arena, in_bytes_max);
    return client->out != NULL && client->in != NULL
               ? PGL_OK
               : PGL_FAIL(PGL_EXHAUSTED, "no memory for a connection");
}

void pgl_client_close(struct pgl_client *client)
{
    if (client->socket != NULL)
        client->socket->ops->close(client->socket);
    client->socket = NULL;
    client->is_asking = false;
}

static void give_up(struct pgl_client *client)
{
    bool was_asking = client->is_asking;
    pgl_client_close(client);
    if (was_asking)
        client->events->on_broken(client->owner);
}

/* ---- asking ---- */

/* False when the connection is broken. */
static bool write_rest(struct pgl_client *client)
{
    while (client->sent_bytes < client->out_size) {
        size_t put;
        struct pgl_span rest = { client->out + client->sent_bytes,
                                 client->out_size - client->sent_bytes };
        switch (client->socket->ops->write(client->socket, &rest, 1, &put)) {
        case PGL_IO_DONE:
            client->sent_bytes += put;
            break;
        case PGL_IO_WAIT:
            client->socket->ops->want(client->socket, true, true);
            return true;
        case PGL_IO_END:
        case PGL_IO_BROKEN:
            return false;
        }
    }
    client->socket->ops->want(client->socket, true, false);
    return true;
}

static void on_ready(void *owner);

/* The socket is noted when it is connected; the request is written then. */
static bool connect_socket(struct pgl_client *client)
{
    struct pgl_waiter *waiter = client->loop->waiter;
    if (!pgl_is_ok(waiter->ops->connect(waiter, client->address->host, client->address->port,
                                        &client->loop->ready_sockets, &client->socket)))
        return false;
    client->socket->on_ready = on_ready;
    client->socket->owner = client;
    return true;
}

void pgl_client_send(struct pgl_client *client)
{
    PGL_ASSERT(!client->is_asking && client->out_size <= client->out_bytes_max);
    bool is_new = client->socket == NULL;
    client->is_asking = true;
    client->is_in_body = false;
    client->sent_bytes = client->in_size = 0;
    if (is_new ? !connect_socket(client) : !write_rest(client))
        give_up(client);
}

/* ---- reading the answer ---- */

static void end_answer(struct pgl_client *client)
{
    client->is_asking = false;
    if (!client->is_keep_alive)
        pgl_client_close(client);
    client->events->on_end(client->owner); /* it may ask again: nothing is touched behind this */
}

/* Takes a head off the input when one is whole. False when it never will be one. */
static bool take_head(struct pgl_client *client, struct pgl_text *input)
{
    struct pgl_http1_parser parser;
    struct pgl_http_response_head head;
    pgl_http1_parser_init(&parser, &limits);
    switch (pgl_http1_read_response(&parser, input->data, input->size, false, &head)) {
    case PGL_HTTP1_MORE: /* read again from its beginning: most answers come in one piece */
        return input->size < client->in_bytes_max;
    case PGL_HTTP1_DONE:
        break;
    case PGL_HTTP1_PIECE:
    case PGL_HTTP1_REFUSED:
        return false;
    }
    input->data += parser.head_bytes;
    input->size -= parser.head_bytes;
    client->is_in_body = true;
    client->is_keep_alive = head.is_keep_alive;
    pgl_http1_body_init(&client->body, &limits, head.content_length, head.is_chunked,
                        BODY_BYTES_MAX);
    client->events->on_head(client->owner, &head);
    return true;
}

/* What is left of the input stays for the next read. */
static void take_input(struct pgl_client *client)
{
    struct pgl_text input = { client->in, client->in_size }, piece;
    enum pgl_http1_result result = PGL_HTTP1_MORE;
    if (!client->is_in_body && !take_head(client, &input)) {
        give_up(client);
        return;
    }
    if (client->is_in_body) {
        while ((result = pgl_http1_read_body(&client->body, &input, &piece)) == PGL_HTTP1_PIECE)
            client->events->on_piece(client->owner, piece);
        memmove(client->in, input.data, input.size);
        client->in_size = input.size;
    }
    bool is_unasked = result == PGL_HTTP1_DONE && input.size > 0;
    if (result == PGL_HTTP1_REFUSED || is_unasked)
        give_up(client);
    else if (result == PGL_HTTP1_DONE)
        end_answer(client);
}

static void on_ready(void *owner)
{
    struct pgl_client *client = owner;
    size_t got;
    if (client->is_asking && client->sent_bytes < client->out_size && !write_rest(client)) {
        give_up(client);
        return;
    }
    enum pgl_io io = client->socket->ops->read(client->socket, client->in + client->in_size,
                                               client->in_bytes_max - client->in_size, &got);
    if (io == PGL_IO_WAIT)
        return;
    if (io != PGL_IO_DONE ||
        !client->is_asking) { /* an idle connection that ends is no news to anybody */
        give_up(client);
        return;
    }
    client->in_size += got;
    take_input(client);
}
