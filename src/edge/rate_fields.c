/*
 * rate_fields.c - how callers stand, as header fields: draft-ietf-httpapi-ratelimit-headers-10,
 * whose values are lists of structured fields (RFC 9651). See admit.h.
 */
#include "edge/admit.h"
#include "wire/base64.h"

#define PARTITION_BYTES     8
#define STANDING_BYTES_MOST 160 /* a name of 32, three numbers of 20, the partition */

struct pen {
    char *at;
};

static void put_text(struct pen *pen, struct pgl_text text)
{
    memcpy(pen->at, text.data, text.size);
    pen->at += text.size;
}

static void put_number(struct pen *pen, int64_t number)
{
    char digits[20];
    size_t count = 0;
    do
        digits[sizeof digits - ++count] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put_text(pen, (struct pgl_text){ digits + sizeof digits - count, count });
}

/* "user"; names have no quotes, see limits.c */
static void put_name(struct pen *pen, const char *name)
{
    put_text(pen, PGL_TEXT("\""));
    put_text(pen, pgl_text_of(name));
    put_text(pen, PGL_TEXT("\""));
}

/* ;pk=:AAAAAAAAAAA=: */
static void put_partition(struct pen *pen, uint64_t partition)
{
    uint8_t bytes[PARTITION_BYTES];
    memcpy(bytes, &partition, sizeof bytes);
    put_text(pen, PGL_TEXT(";pk=:"));
    pen->at += pgl_base64_encode(bytes, sizeof bytes, pen->at);
    put_text(pen, PGL_TEXT(":"));
}

static struct pgl_text write_list(const struct edge_verdict *verdict, struct pgl_arena *arena,
                                  bool is_policy)
{
    size_t most = (size_t)verdict->standing_count * STANDING_BYTES_MOST;
    char *out = most > 0 ? pgl_arena_alloc(arena, most) : NULL;
    struct pen pen = { out };
    if (out == NULL)
        return (struct pgl_text){ NULL, 0 };
    for (int i = 0; i < verdict->standing_count; i++) {
        const struct edge_standing *standing = &verdict->standings[i];
        if (i > 0)
            put_text(&pen, PGL_TEXT(", "));
        put_name(&pen, standing->name);
        put_text(&pen, is_policy ? PGL_TEXT(";q=") : PGL_TEXT(";r="));
        put_number(&pen, is_policy ? standing->quota : standing->left);
        put_text(&pen, is_policy ? PGL_TEXT(";w=") : PGL_TEXT(";t="));
        put_number(&pen, is_policy ? standing->window_s : standing->reset_s);
        put_partition(&pen, standing->partition);
    }
    return (struct pgl_text){ out, (size_t)(pen.at - out) };
}

struct pgl_text edge_write_policies(const struct edge_verdict *verdict, struct pgl_arena *arena)
{
    return write_list(verdict, arena, true);
}

struct pgl_text edge_write_standings(const struct edge_verdict *verdict, struct pgl_arena *arena)
{
    return write_list(verdict, arena, false);
}
