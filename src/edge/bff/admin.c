/* admin.c - see admin.h. */
#include "edge/bff/admin.h"

#define LIMIT_USUAL 20
#define LIMIT_MAX   100
#define AGE_MAX_S   INT64_C(1000000000)

static const char *const services[ADMIN_SERVICES] = { "orders", "payments", "inventory" };

pgl_status admin_service_bit(struct pgl_text name, unsigned *bits)
{
    *bits = name.size == 0 ? ADMIN_ALL : 0;
    for (int i = 0; i < ADMIN_SERVICES; i++)
        if (pgl_text_is(name, services[i]))
            *bits = 1u << i;
    return *bits != 0 ? PGL_OK
                      : PGL_FAIL(PGL_INVALID, "service: orders, payments or inventory is expected");
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

/* ---- parameters ---- */

static pgl_status read_number(struct pgl_text value, int64_t least, int64_t most, int64_t *number,
                              const char *expected)
{
    bool is_right =
        pgl_is_ok(pgl_text_to_i64(value, number)) && *number >= least && *number <= most;
    return is_right ? PGL_OK : PGL_FAIL(PGL_INVALID, expected);
}

/* `*is_known`: the view has such a parameter. */
static pgl_status read_pair(struct pgl_request *request, unsigned parameters,
                            const struct pgl_http_field *pair, struct admin_query *query,
                            bool *is_known)
{
    int64_t number;
    *is_known = true;
    if (pgl_text_is(pair->name, "limit")) {
        PGL_TRY(read_number(pair->value, 1, LIMIT_MAX, &number, "limit: 1 to 100 is expected"));
        query->limit = (int32_t)number;
    } else if (pgl_text_is(pair->name, "cursor")) {
        query->cursor = pgl_arena_string(request->arena, pair->value);
    } else if (parameters & ADMIN_BY_SERVICE && pgl_text_is(pair->name, "service")) {
        return admin_service_bit(pair->value, &query->services);
    } else if (parameters & ADMIN_BY_WHY && pgl_text_is(pair->name, "why")) {
        query->why = pgl_arena_string(request->arena, pair->value);
    } else if (parameters & ADMIN_BY_STATUS && pgl_text_is(pair->name, "status")) {
        query->status = pgl_arena_string(request->arena, pair->value);
    } else if (parameters & ADMIN_BY_AGE && pgl_text_is(pair->name, "olderThanS")) {
        return read_number(pair->value, 0, AGE_MAX_S, &query->older_than_s,
                           "olderThanS: 0 to 1000000000 is expected");
    } else if (parameters & ADMIN_BY_LATE && pgl_text_is(pair->name, "late")) {
        query->is_late = pgl_text_is(pair->value, "true");
        return query->is_late || pgl_text_is(pair->value, "false")
                   ? PGL_OK
                   : PGL_FAIL(PGL_INVALID, "late: true or false is expected");
    } else {
        *is_known = false;
    }
    return PGL_OK;
}

pgl_status admin_read_query(struct pgl_request *request, unsigned parameters,
                            struct admin_query *query)
{
    *query = (struct admin_query){ .limit = LIMIT_USUAL,
                                   .cursor = pgl_message_string(""),
                                   .why = pgl_message_string(""),
                                   .status = pgl_message_string(""),
                                   .services = ADMIN_ALL };
    struct pgl_text left = request->exchange->head.query;
    for (;;) {
        struct pgl_http_field pair;
        bool is_there, is_known;
        PGL_TRY(pgl_http_query_next(request->arena, &left, &pair, &is_there));
        if (!is_there)
            return request->arena->is_exhausted ? ADMIN_NO_MEMORY : PGL_OK;
        PGL_TRY(read_pair(request, parameters, &pair, query, &is_known));
        if (!is_known)
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(request->arena, "%.*s: not a parameter of this list",
                                             PGL_TEXT_ARGS(pair.name)));
    }
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
    edge_add_field(request, PGL_TEXT("Cache-Control"), PGL_TEXT("no-store"));
    return edge_reply_json(request, status, message);
}
