/* client.c - see client.h. */
#include "edge/client.h"

#define HOPS_MAX 32 /* more proxies than anybody has */

static bool is_trusted(const struct edge_limits *limits, const pgl_ip *ip)
{
    return pgl_ip_is_among(ip, limits->rules->proxies, limits->rules->proxy_count);
}

/* Cuts off the last hop; `left` keeps what is before, with data NULL at the end. */
static struct pgl_text cut_last(struct pgl_text *left)
{
    size_t at = left->size;
    while (at > 0 && left->data[at - 1] != ',')
        at--;
    struct pgl_text hop = { left->data + at, left->size - at };
    *left = at > 0 ? (struct pgl_text){ left->data, at - 1 } : (struct pgl_text){ NULL, 0 };
    return pgl_text_trim(hop);
}

/* ADDRESS, ADDRESS:PORT (IPv4), [ADDRESS] or [ADDRESS]:PORT. */
static struct pgl_text without_port(struct pgl_text hop)
{
    struct pgl_text left = hop;
    if (hop.size > 0 && hop.data[0] == '[') {
        left = (struct pgl_text){ hop.data + 1, hop.size - 1 };
        return pgl_text_cut(&left, ']');
    }
    struct pgl_text address = pgl_text_cut(&left, ':');
    bool has_port = left.data != NULL && memchr(left.data, ':', left.size) == NULL;
    return has_port ? address : hop;
}

struct walk {
    struct pgl_text client; /* as far as it is known */
    int hops;
};

/* Through one field, from the right. False when the walk is over. */
static bool walk_on(struct walk *walk, const struct edge_limits *limits, struct pgl_text left)
{
    while (left.data != NULL) {
        pgl_ip ip;
        struct pgl_text hop = without_port(cut_last(&left));
        if (++walk->hops > HOPS_MAX || !pgl_ip_read(hop, &ip))
            return false;
        walk->client = hop;
        if (!is_trusted(limits, &ip))
            return false;
    }
    return true;
}

const char *edge_client_address(const struct edge_limits *limits, const char *peer,
                                const struct pgl_http_request_head *head, struct pgl_arena *arena)
{
    struct walk walk = { pgl_text_of(peer), 0 };
    pgl_ip ip;
    if (limits->rules->proxy_count == 0 || !pgl_ip_read(walk.client, &ip) ||
        !is_trusted(limits, &ip))
        return peer;
    for (size_t i = head->field_count; i-- > 0;)
        if (pgl_text_equal_nocase(head->fields[i].name, PGL_TEXT("x-forwarded-for")) &&
            !walk_on(&walk, limits, head->fields[i].value))
            break;
    const char *copy = pgl_arena_string(arena, walk.client);
    return copy != NULL ? copy : peer;
}
