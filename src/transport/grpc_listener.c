/* grpc_listener.c - see grpc_listener.h. */
#include "transport/grpc_listener.h"

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    if (pgl_grpc_server_takes(&exchange->head))
        pgl_grpc_server_on_request(owner, exchange);
    else
        pgl_http_respond(exchange, 404, NULL, 0, PGL_TEXT("gRPC is spoken here\n"));
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    pgl_status why =
        status == 503 ? PGL_FAIL(PGL_EXHAUSTED, reason) : PGL_FAIL(PGL_MALFORMED, reason);
    if (!pgl_grpc_server_refuse(owner, exchange, why))
        pgl_http_respond(exchange, status, NULL, 0, pgl_text_of(reason));
}

static void on_abandoned(void *owner, struct pgl_http_exchange *exchange)
{
    (void)owner;
    pgl_grpc_server_on_abandoned(exchange);
}

static bool wants_pieces(void *owner, const struct pgl_http_request_head *head)
{
    (void)owner;
    return pgl_grpc_server_wants_pieces(head);
}

static void on_piece(void *owner, struct pgl_http_exchange *exchange, struct pgl_text piece,
                     bool is_last)
{
    (void)owner;
    pgl_grpc_server_on_piece(exchange, piece, is_last);
}

static void on_room(void *owner, struct pgl_http_exchange *exchange)
{
    (void)owner;
    pgl_grpc_server_on_room(exchange);
}

struct pgl_http_server_options pgl_grpc_listener_options(struct pgl_grpc_server *server)
{
    return (struct pgl_http_server_options){ .limits = PGL_HTTP_LIMITS_DEFAULT,
                                             .owner = server,
                                             .on_request = on_request,
                                             .refuse = refuse,
                                             .on_abandoned = on_abandoned,
                                             .wants_pieces = wants_pieces,
                                             .on_piece = on_piece,
                                             .on_room = on_room };
}
