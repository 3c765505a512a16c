/* names_uv.c - see names_uv.h. */
#include "platform/real/names_uv.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES 1024 /* twenty of the longest addresses; more are dropped */

struct name {
    struct pgl_socket socket;
    struct pgl_real_names *names;
    uv_getaddrinfo_t request;
    bool is_asked;  /* the request is libuv's */
    bool is_closed; /* nobody waits: it goes when libuv gives it back */
    bool is_broken;
    size_t size, read_bytes;
    char answer[ANSWER_BYTES];
};

static enum pgl_io name_read(struct pgl_socket *socket, void *bytes, size_t size, size_t *got)
{
    struct name *name = PGL_CONTAINER(socket, struct name, socket);
    size_t left = name->size - name->read_bytes;
    *got = left < size ? left : size;
    if (name->is_asked)
        return PGL_IO_WAIT;
    if (name->is_broken)
        return PGL_IO_BROKEN;
    if (left == 0)
        return PGL_IO_END;
    memcpy(bytes, name->answer + name->read_bytes, *got);
    name->read_bytes += *got;
    return PGL_IO_DONE;
}

static void name_close(struct pgl_socket *socket)
{
    struct name *name = PGL_CONTAINER(socket, struct name, socket);
    pgl_list_remove(&socket->ready);
    name->is_closed = true;
    if (!name->is_asked)
        free(name);
    else
        uv_cancel((uv_req_t *)&name->request); /* where it has not begun; on_answer comes anyhow */
}

static void add_line(struct name *name, const struct sockaddr *address)
{
    char text[PGL_PEER_BYTES];
    const void *from = address->sa_family == AF_INET6
                           ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                           : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    if ((address->sa_family != AF_INET && address->sa_family != AF_INET6) ||
        inet_ntop(address->sa_family, from, text, sizeof text) == NULL)
        return;
    size_t size = strlen(text);
    if (size + 1 > sizeof name->answer - name->size)
        return;
    memcpy(name->answer + name->size, text, size);
    name->answer[name->size + size] = '\n';
    name->size += size + 1;
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct name *name = PGL_CONTAINER(request, struct name, request);
    name->names->out_count--;
    name->is_asked = false;
    name->is_broken = status != 0 && status != UV_EAI_NONAME && status != UV_EAI_NODATA;
    for (struct addrinfo *at = found; at != NULL; at = at->ai_next)
        add_line(name, at->ai_addr);
    uv_freeaddrinfo(found);
    if (name->is_closed)
        free(name);
    else
        pgl_socket_note(&name->socket);
}

/* True when the name is an address itself. */
static bool take_numeric(struct name *name, const char *text)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { .v6 = { 0 } };
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1)
        address.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1)
        address.any.sa_family = AF_INET6;
    else
        return false;
    add_line(name, &address.any);
    return true;
}

pgl_status pgl_real_names_ask(struct pgl_real_names *names, const char *text,
                              struct pgl_list *ready_list, struct pgl_socket **socket)
{
    static const struct pgl_socket_ops ops = { .read = name_read, .close = name_close };
    static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    if (text[0] == '\0' || strlen(text) >= PGL_NAME_BYTES)
        return PGL_FAIL(PGL_INVALID, "not a name of a host");
    if (names->out_count >= PGL_NAMES_OUT_MAX)
        return PGL_FAIL(PGL_EXHAUSTED, "too many names are looked up at once");
    struct name *name = calloc(1, sizeof *name);
    if (name == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a lookup");
    name->socket.ops = &ops;
    name->socket.ready_list = ready_list;
    name->names = names;
    pgl_list_init(&name->socket.ready);
    if (!take_numeric(name, text)) {
        if (uv_getaddrinfo(names->loop, &name->request, on_answer, text, NULL, &hints) != 0) {
            free(name);
            return PGL_FAIL(PGL_INVALID, "not a name of a host");
        }
        name->is_asked = true;
        names->out_count++;
    }
    *socket = &name->socket;
    return PGL_OK;
}
