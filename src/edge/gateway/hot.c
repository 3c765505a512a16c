/* hot.c - see hot.h. */
#include "edge/gateway/hot.h"

#include <stdlib.h>

#include "base/time.h"

#define MOMENT_NS  PGL_MILLISECONDS(100)
#define HOT_ASKS   32 /* in such a moment: what fewer ask for costs the service little */
#define FIELDS_MAX 4

/* A target's, and its answer. */
struct place {
    uint64_t hash;
    int64_t since_ns; /* the moment in which `asked` counts */
    uint32_t asked;
    bool is_hot;
    int64_t asked_ns; /* when the question of this answer was asked; 0: there is none */
    struct pgl_text target, body;
    struct pgl_http_field fields[FIELDS_MAX];
    size_t field_count;
    int64_t version;
    char room[EDGE_HOT_TARGET_BYTES_MAX + EDGE_HOT_ANSWER_BYTES_MAX];
};

struct edge_hot {
    struct pgl_hash_key key;
    struct place places[EDGE_HOT_PLACES];
};

struct edge_hot *edge_hot_open(struct pgl_hash_key key)
{
    struct edge_hot *hot = calloc(1, sizeof *hot);
    if (hot != NULL)
        hot->key = key;
    return hot;
}

void edge_hot_close(struct edge_hot *hot)
{
    free(hot);
}

/* Anybody would get the same, from nobody in particular. */
static bool may_be_shared(const struct pgl_request *request)
{
    const struct pgl_route *route = request->route;
    return (route->cache == PGL_CACHE_SECONDS || route->cache == PGL_CACHE_MINUTES) &&
           (route->rule.roles & PGL_RULE_ANYONE) != 0 && route->method == PGL_HTTP_GET &&
           request->face == NULL &&
           request->exchange->head.target.size <= EDGE_HOT_TARGET_BYTES_MAX;
}

static struct place *place_of(struct edge_hot *hot, struct pgl_text target, uint64_t *hash)
{
    *hash = pgl_hash(hot->key, target.data, target.size);
    return &hot->places[*hash % EDGE_HOT_PLACES];
}

/* NULL while another target has the place. */
static struct place *count(struct edge_hot *hot, struct pgl_text target, int64_t now_ns)
{
    uint64_t hash;
    struct place *place = place_of(hot, target, &hash);
    bool is_over = now_ns - place->since_ns >= MOMENT_NS;
    if (place->hash != hash) {
        bool is_wanted = place->is_hot && now_ns - place->since_ns < 2 * MOMENT_NS;
        if (is_wanted || !is_over)
            return NULL;
        *place = (struct place){ .hash = hash, .since_ns = now_ns };
    } else if (is_over) {
        place->is_hot = place->asked >= HOT_ASKS;
        place->since_ns = now_ns;
        place->asked = 0;
    }
    place->is_hot |= ++place->asked >= HOT_ASKS;
    return place;
}

bool edge_hot_find(struct edge_hot *hot, struct pgl_request *request)
{
    struct pgl_text target = request->exchange->head.target;
    int64_t now_ns = request->edge->loop->now_ns;
    if (hot == NULL || !may_be_shared(request))
        return false;
    const struct place *place = count(hot, target, now_ns);
    if (place == NULL || !place->is_hot || place->asked_ns == 0 ||
        now_ns - place->asked_ns >= MOMENT_NS || !pgl_text_equal(place->target, target))
        return false;
    char *body = pgl_arena_alloc(request->arena, place->body.size + 1);
    if (body == NULL)
        return false;
    memcpy(body, place->body.data, place->body.size);
    request->status = 200;
    request->version = place->version;
    request->body = (struct pgl_text){ body, place->body.size };
    for (size_t i = 0; i < place->field_count; i++) /* the place may be another's by the end */
        edge_add_field(request, place->fields[i].name,
                       pgl_text_of(pgl_arena_string(request->arena, place->fields[i].value)));
    return true;
}

static struct pgl_text copy(struct pgl_text text, char **at)
{
    struct pgl_text copied = { *at, text.size };
    memcpy(*at, text.data, text.size);
    *at += text.size;
    return copied;
}

static bool fits(const struct pgl_request *request)
{
    size_t size = request->body.size;
    for (size_t i = 0; i < request->field_count; i++)
        size += request->fields[i].name.size + request->fields[i].value.size;
    return request->field_count <= FIELDS_MAX && size <= EDGE_HOT_ANSWER_BYTES_MAX;
}

void edge_hot_keep(struct edge_hot *hot, const struct pgl_request *request)
{
    uint64_t hash;
    if (hot == NULL || request->status != 200 || request->is_problem || !may_be_shared(request) ||
        !fits(request))
        return;
    struct place *place = place_of(hot, request->exchange->head.target, &hash);
    if (place->hash != hash || !place->is_hot || place->asked_ns >= request->exchange->started_ns)
        return;
    char *at = place->room;
    place->target = copy(request->exchange->head.target, &at);
    place->body = copy(request->body, &at);
    place->field_count = request->field_count;
    for (size_t i = 0; i < request->field_count; i++) {
        place->fields[i].name = request->fields[i].name; /* a literal */
        place->fields[i].value = copy(request->fields[i].value, &at);
    }
    place->version = request->version;
    place->asked_ns = request->exchange->started_ns;
}

void edge_hot_forget(struct edge_hot *hot)
{
    for (size_t i = 0; hot != NULL && i < EDGE_HOT_PLACES; i++)
        hot->places[i].asked_ns = 0;
}
