/* peer.c - see peer.h. */
#include "transport/peer.h"

#include <string.h>

#define GROUPS_OF_64 4
#define GROUPS       8

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The groups up to "::" or the end; `*at` is left there. */
static int read_groups(const char **at, uint16_t groups[GROUPS])
{
    int count = 0;
    while (count < GROUPS && hex_value(**at) >= 0) {
        uint16_t group = 0;
        for (; hex_value(**at) >= 0; (*at)++)
            group = (uint16_t)(group << 4 | hex_value(**at));
        groups[count++] = group;
        if (**at != ':' || (*at)[1] == ':')
            break;
        (*at)++;
    }
    return count;
}

/* What "::" leaves out is zero, and how much that is shows from what follows it. */
static void read_prefix(const char *address, uint16_t prefix[GROUPS_OF_64])
{
    uint16_t front[GROUPS] = { 0 }, back[GROUPS] = { 0 };
    const char *at = address;
    int front_count = read_groups(&at, front), back_count = 0;
    if (at[0] == ':' && at[1] == ':') {
        at += 2;
        back_count = read_groups(&at, back);
    }
    for (int i = 0; i < back_count; i++)
        if (GROUPS - back_count + i >= front_count)
            front[GROUPS - back_count + i] = back[i];
    memcpy(prefix, front, GROUPS_OF_64 * sizeof prefix[0]);
}

uint64_t pgl_peer_key(struct pgl_hash_key key, const char *address)
{
    uint16_t prefix[GROUPS_OF_64];
    const char *last_colon = strrchr(address, ':');
    if (last_colon == NULL)
        return pgl_hash(key, address, strlen(address));
    if (strchr(last_colon, '.') != NULL)
        return pgl_hash(key, last_colon + 1, strlen(last_colon + 1));
    read_prefix(address, prefix);
    return pgl_hash(key, prefix, sizeof prefix);
}
