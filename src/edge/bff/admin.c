/* admin.c - see admin.h. */
#include "edge/bff/admin.h"

static const char *const services[ADMIN_SERVICES] = { "orders", "payments", "inventory",
                                                      "webhooks" };

pgl_status admin_service_bit(struct pgl_text name, unsigned *bits)
{
    *bits = name.size == 0 ? ADMIN_ALL : 0;
    for (int i = 0; i < ADMIN_SERVICES; i++)
        if (pgl_text_is(name, services[i]))
            *bits = 1u << i;
    return *bits != 0 ? PGL_OK
                      : PGL_FAIL(PGL_INVALID, "service: orders, payments, inventory or webhooks is "
                                              "expected");
}

pgl_status admin_service_of(const char *name, char separator, int *service)
{
    struct pgl_text left = pgl_text_of(name);
    struct pgl_text first = pgl_text_cut(&left, separator);
    for (int i = 0; i < ADMIN_SERVICES; i++)
        if (left.data != NULL && pgl_text_is(first, services[i])) {
            *service = i;
            return PGL_OK;
        }
    return PGL_FAIL(PGL_NOT_FOUND, "there is nothing of this name");
}

/* ---- pages ---- */

pgl_status admin_read_places(const char *cursor, int64_t places[ADMIN_AUDITED])
{
    struct pgl_text left = pgl_text_of(cursor);
    memset(places, 0, ADMIN_AUDITED * sizeof places[0]);
    if (left.size == 0)
        return PGL_OK;
    for (int i = 0; i < ADMIN_AUDITED; i++) {
        struct pgl_text number = pgl_text_cut(&left, '.');
        if (!pgl_is_ok(pgl_text_to_i64(number, &places[i])) || places[i] < 0)
            return PGL_FAIL(PGL_INVALID, "cursor: not one that we gave");
    }
    return left.data == NULL ? PGL_OK : PGL_FAIL(PGL_INVALID, "cursor: not one that we gave");
}

char *admin_write_places(struct pgl_request *request, const int64_t places[ADMIN_AUDITED])
{
    return pgl_message_string(pgl_arena_printf(
        request->arena, "%lld.%lld.%lld.%lld.%lld", (long long)places[0], (long long)places[1],
        (long long)places[2], (long long)places[3], (long long)places[4]));
}

int admin_newest(struct admin_pile piles[ADMIN_AUDITED], int64_t (*at_ns)(const void *item))
{
    int newest = -1;
    for (int i = 0; i < ADMIN_AUDITED; i++) {
        if (piles[i].taken == piles[i].count)
            continue;
        if (newest < 0 ||
            at_ns(piles[i].items[piles[i].taken]) > at_ns(piles[newest].items[piles[newest].taken]))
            newest = i;
    }
    return newest;
}

pgl_status admin_reply(struct pgl_request *request, int status, const ProtobufCMessage *message)
{
    return edge_reply_json(request, status, message);
}
