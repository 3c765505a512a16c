/* http_client.c - see http_client.h. */
#include "transport/http_client.h"

#include "base/assert.h"
#include "transport/tls_socket.h"

/* the longest head, and as much again for a read behind it */
#define IN_BYTES           (32u << 10)
#define OUT_BYTES_MAX      (2u << 20) /* a request with the largest body that our server takes */
#define READS_IN_A_ROW_MAX 8          /* of a peer who sends faster than others are served */

static const struct pgl_http1_limits limits = {
    .start_line_bytes_max = 8192,
    .target_bytes_max = 4096,
    .head_bytes_max = 16384,
    .field_count_max = PGL_HTTP_FIELDS_MAX,
    .extension_bytes_max = 64,
    .trailer_bytes_max = 8192,
};

static void on_ready(void *owner);

void pgl_http_client_init(struct pgl_http_client *client, struct pgl_loop *loop,
                          size_t body_bytes_max)
{
    *client = (struct pgl_http_client){ .loop = loop, .status = PGL_OK };
    pgl_buffer_init(&client->body, body_bytes_max);
    pgl_buffer_init(&client->in, IN_BYTES);
    pgl_buffer_init(&client->out, OUT_BYTES_MAX);
}

void pgl_http_client_free(struct pgl_http_client *client)
{
    pgl_http_client_close(client);
    pgl_buffer_free(&client->body);
    pgl_buffer_free(&client->in);
    pgl_buffer_free(&client->out);
}

static void close_socket(struct pgl_http_client *client)
{
    if (client->socket != NULL)
        client->socket->ops->close(client->socket);
    client->socket = NULL;
}

void pgl_http_client_close(struct pgl_http_client *client)
{
    close_socket(client);
    client->stage = PGL_HTTP_CLIENT_CLOSED;
}

bool pgl_http_client_is_open(const struct pgl_http_client *client)
{
    return client->socket != NULL;
}

static pgl_status reach(struct pgl_http_client *client, const char *address, uint16_t port,
                        struct pgl_socket **socket)
{
    struct pgl_loop *loop = client->loop;
    pgl_http_client_close(client);
    pgl_buffer_clear(&client->out);
    client->has_sent = false;
    if (pgl_buffer_room(&client->in, IN_BYTES - client->in.size) ==
        NULL) /* never moves from now on */
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a connection");
    if (pgl_loop_is_struck(loop, PGL_BUGGIFY_CLIENT_NOT_REACHED))
        return PGL_FAIL(PGL_UNAVAILABLE, "it is not reached, it is said");
    return loop->waiter->ops->connect(loop->waiter, address, port, &loop->ready_sockets, socket);
}

static void take_socket(struct pgl_http_client *client, struct pgl_socket *socket, bool is_tls)
{
    client->socket = socket;
    client->socket->on_ready = on_ready;
    client->socket->owner = client;
    client->is_tls = is_tls;
    client->stage = PGL_HTTP_CLIENT_READY;
    client->status = PGL_OK;
}

pgl_status pgl_http_client_connect(struct pgl_http_client *client, const char *host, uint16_t port)
{
    struct pgl_socket *socket;
    PGL_TRY(reach(client, host, port, &socket));
    take_socket(client, socket, false);
    return PGL_OK;
}

pgl_status pgl_http_client_connect_tls(struct pgl_http_client *client, const char *address,
                                       uint16_t port, struct pgl_tls_context *context,
                                       const char *server_name)
{
    struct pgl_socket *plain, *socket;
    struct pgl_tls *tls;
    PGL_TRY(reach(client, address, port, &plain));
    pgl_status status = pgl_tls_client_open(context, server_name, client->loop->wall_ns, &tls);
    if (!pgl_is_ok(status)) {
        plain->ops->close(plain);
        return status;
    }
    PGL_TRY(pgl_tls_socket_open(plain, tls, &socket));
    take_socket(client, socket, true);
    return PGL_OK;
}

static void wake(struct pgl_http_client *client)
{
    if (client->flow != NULL)
        pgl_flow_wake(client->flow);
}

static void fail(struct pgl_http_client *client, pgl_status status)
{
    close_socket(client);
    client->stage = PGL_HTTP_CLIENT_FAILED;
    client->status = status;
    wake(client);
}

/* What the connection died of: TLS knows better, if it was TLS. */
static void fail_broken(struct pgl_http_client *client, const char *text)
{
    pgl_status failure = client->is_tls ? pgl_tls_socket_failure(client->socket) : PGL_OK;
    fail(client, pgl_is_ok(failure) ? PGL_FAIL(PGL_UNAVAILABLE, text) : failure);
}

/* False when the connection is gone. */
static bool write_out(struct pgl_http_client *client)
{
    struct pgl_socket *socket = client->socket;
    if (client->out.size > 0) {
        struct pgl_span span = { client->out.data, client->out.size };
        size_t put = 0;
        if (pgl_loop_is_struck(client->loop, PGL_BUGGIFY_CLIENT_SENDS_LITTLE))
            span.size = 1;
        enum pgl_io io = socket->ops->write(socket, &span, 1, &put);
        if (io == PGL_IO_END || io == PGL_IO_BROKEN) {
            fail_broken(client, "the connection is broken");
            return false;
        }
        pgl_buffer_consume(&client->out, put);
        if (put > 0 && !client->has_sent) {
            client->has_sent = true;
            wake(client);
        }
        if (pgl_loop_is_struck(client->loop, PGL_BUGGIFY_CLIENT_BREAKS_SENDING)) {
            fail_broken(client, "the connection is broken, it is said");
            return false;
        }
    }
    socket->ops->want(socket, true, client->out.size > 0);
    return true;
}

/* ---- asking ---- */

static void forget_answer(struct pgl_http_client *client, bool asks_head)
{
    PGL_ASSERT(client->socket != NULL);
    PGL_ASSERT(client->stage == PGL_HTTP_CLIENT_READY || client->stage == PGL_HTTP_CLIENT_ANSWERED);
    client->stage = PGL_HTTP_CLIENT_ASKED;
    client->asks_head = asks_head;
    client->has_sent = false;
    client->head.status = 0;
    pgl_buffer_clear(&client->in);
    pgl_buffer_clear(&client->body);
    pgl_http1_parser_init(&client->parser, &limits);
}

static void send_out(struct pgl_http_client *client)
{
    if (client->out.is_full)
        fail(client, PGL_FAIL(PGL_TOO_LARGE, "the request is too large"));
    else
        write_out(client);
}

pgl_status pgl_http_client_send(struct pgl_http_client *client,
                                const struct pgl_http1_request *request, struct pgl_text body)
{
    PGL_TRY(pgl_http1_write_request(&client->out, request));
    forget_answer(client, pgl_text_is(request->method, "HEAD"));
    pgl_buffer_add_text(&client->out, body);
    send_out(client);
    return PGL_OK;
}

void pgl_http_client_send_bytes(struct pgl_http_client *client, struct pgl_text bytes,
                                bool asks_head)
{
    forget_answer(client, asks_head);
    pgl_buffer_add_text(&client->out, bytes);
    send_out(client);
}

/* ---- the answer ---- */

static void end_answer(struct pgl_http_client *client, struct pgl_text input)
{
    if (input.size > 0) { /* nobody asked for more */
        fail(client, PGL_FAIL(PGL_MALFORMED, "bytes behind the answer"));
        return;
    }
    client->stage = PGL_HTTP_CLIENT_ANSWERED;
    if (!client->head.is_keep_alive)
        close_socket(client);
}

static void take_body(struct pgl_http_client *client, struct pgl_text input)
{
    struct pgl_text piece;
    for (;;) {
        switch (pgl_http1_read_body(&client->framing, &input, &piece)) {
        case PGL_HTTP1_MORE:
            client->in.size = client->parser.head_bytes; /* the head stays, the rest was copied */
            return;
        case PGL_HTTP1_PIECE:
            pgl_buffer_add_text(&client->body, piece);
            if (!client->body.is_full)
                break;
            fail(client, PGL_FAIL(PGL_TOO_LARGE, "the answer is too large"));
            return;
        case PGL_HTTP1_DONE:
            end_answer(client, input);
            return;
        case PGL_HTTP1_REFUSED:
            fail(client, PGL_FAIL(PGL_MALFORMED, client->framing.refusal.reason));
            return;
        }
    }
}

static void take_head(struct pgl_http_client *client)
{
    struct pgl_buffer *in = &client->in;
    enum pgl_http1_result result = pgl_http1_read_response(&client->parser, in->data, in->size,
                                                           client->asks_head, &client->head);
    while (result == PGL_HTTP1_DONE && client->head.status < 200) {
        /* RFC 9110, 15.2: the real one is still to come. */
        pgl_buffer_consume(in, client->parser.head_bytes);
        pgl_http1_parser_init(&client->parser, &limits);
        result = pgl_http1_read_response(&client->parser, in->data, in->size, client->asks_head,
                                         &client->head);
    }
    if (result == PGL_HTTP1_REFUSED)
        fail(client, PGL_FAIL(PGL_MALFORMED, client->parser.refusal.reason));
    if (result != PGL_HTTP1_DONE)
        return;
    client->stage = PGL_HTTP_CLIENT_ANSWERING;
    pgl_http1_body_init(&client->framing, &limits, client->head.content_length,
                        client->head.is_chunked, UINT64_MAX);
    size_t head_bytes = client->parser.head_bytes;
    take_body(client, (struct pgl_text){ in->data + head_bytes, in->size - head_bytes });
}

/* False when there is nothing more to read now. */
static bool read_some(struct pgl_http_client *client)
{
    struct pgl_buffer *in = &client->in;
    size_t room = in->capacity - in->size, got = 0;
    if (pgl_loop_is_struck(client->loop, PGL_BUGGIFY_CLIENT_BREAKS_HEARING)) {
        fail_broken(client, "the connection was closed, it is said");
        return false;
    }
    if (room > 1 && pgl_loop_is_struck(client->loop, PGL_BUGGIFY_CLIENT_HEARS_LITTLE))
        room = 1;
    enum pgl_io io = client->socket->ops->read(client->socket, in->data + in->size, room, &got);
    if (io == PGL_IO_WAIT)
        return false;
    if (io != PGL_IO_DONE) {
        fail_broken(client, "the connection was closed");
        return false;
    }
    struct pgl_text fresh = { in->data + in->size, got };
    in->size += got;
    if (client->stage == PGL_HTTP_CLIENT_ASKED)
        take_head(client);
    else if (client->stage == PGL_HTTP_CLIENT_ANSWERING)
        take_body(client, fresh);
    else
        fail(client, PGL_FAIL(PGL_MALFORMED, "an answer to nothing"));
    wake(client);
    return got == room;
}

static void on_ready(void *owner)
{
    struct pgl_http_client *client = owner;
    if (!write_out(client))
        return;
    for (int i = 0; i < READS_IN_A_ROW_MAX && client->socket != NULL; i++)
        if (!read_some(client))
            return;
}
