/* query.c - see query.h. */
#include "edge/query.h"

#include <string.h>

#include "base/assert.h"

static pgl_status complain(struct pgl_request *request, struct pgl_text name, const char *what)
{
    return PGL_FAIL(PGL_INVALID,
                    pgl_arena_printf(request->arena, "%.*s: %s", PGL_TEXT_ARGS(name), what));
}

static bool is_among(struct pgl_text words, struct pgl_text value)
{
    while (words.data != NULL)
        if (pgl_text_equal(pgl_text_cut(&words, '|'), value))
            return true;
    return false;
}

/* "A, B or C is expected" */
static const char *words_expected(struct pgl_arena *arena, struct pgl_text words)
{
    const char *text = "";
    while (words.data != NULL) {
        struct pgl_text word = pgl_text_cut(&words, '|');
        bool is_last = words.data == NULL, is_first = text[0] == '\0';
        text = pgl_arena_printf(arena, "%s%s%.*s", text,
                                is_first  ? ""
                                : is_last ? " or "
                                          : ", ",
                                PGL_TEXT_ARGS(word));
    }
    return pgl_arena_printf(arena, "%s is expected", text);
}

static pgl_status check(struct pgl_request *request, const struct pgl_query_param *param,
                        struct pgl_text value)
{
    struct pgl_text name = pgl_text_of(param->name);
    int64_t number;
    switch (param->type) {
    case PGL_QUERY_TEXT:
        return PGL_OK;
    case PGL_QUERY_NUMBER:
        if (pgl_is_ok(pgl_text_to_i64(value, &number)) && number >= param->least &&
            number <= param->most)
            return PGL_OK;
        return complain(request, name,
                        pgl_arena_printf(request->arena, "%lld to %lld is expected",
                                         (long long)param->least, (long long)param->most));
    case PGL_QUERY_FLAG:
        if (pgl_text_is(value, "true") || pgl_text_is(value, "false"))
            return PGL_OK;
        return complain(request, name, "true or false is expected");
    case PGL_QUERY_WORD:
        if (is_among(pgl_text_of(param->words), value))
            return PGL_OK;
        return complain(request, name, words_expected(request->arena, pgl_text_of(param->words)));
    }
    return PGL_OK;
}

static int place_of(const struct pgl_request *request, struct pgl_text name)
{
    const struct pgl_query_param *table = request->route->query;
    for (int i = 0; table[i].name != NULL; i++)
        if (pgl_text_is(name, table[i].name))
            return i;
    return -1;
}

static pgl_status take(struct pgl_request *request, const struct pgl_http_field *pair)
{
    int place = place_of(request, pair->name);
    if (place < 0)
        return complain(request, pair->name, "not a parameter here");
    if (request->query[place].data != NULL)
        return complain(request, pair->name, "it stands twice");
    PGL_TRY(check(request, &request->route->query[place], pair->value));
    char *copy = pgl_arena_string(request->arena, pair->value);
    request->query[place] = (struct pgl_text){ copy, pair->value.size };
    return copy != NULL ? PGL_OK : PGL_NO_MEMORY;
}

pgl_status edge_read_query(struct pgl_request *request)
{
    const struct pgl_query_param *table = request->route->query;
    struct pgl_text left = request->exchange->head.query;
    size_t count = 0;
    if (table == NULL)
        return PGL_OK;
    while (table[count].name != NULL)
        count++;
    request->query = pgl_arena_zalloc(request->arena, count * sizeof request->query[0]);
    if (request->query == NULL)
        return PGL_NO_MEMORY;
    for (;;) {
        struct pgl_http_field pair;
        bool is_there;
        PGL_TRY(pgl_http_query_next(request->arena, &left, &pair, &is_there));
        if (!is_there)
            return request->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
        PGL_TRY(take(request, &pair));
    }
}

bool edge_query_has(const struct pgl_request *request, const char *name)
{
    return request->route->query != NULL && place_of(request, pgl_text_of(name)) >= 0;
}

static struct pgl_text value_of(const struct pgl_request *request, const char *name)
{
    PGL_ASSERT(request->route->query != NULL);
    int place = place_of(request, pgl_text_of(name));
    PGL_ASSERT(place >= 0);
    return request->query[place];
}

bool edge_query_is_there(const struct pgl_request *request, const char *name)
{
    return value_of(request, name).data != NULL;
}

char *edge_query_text(const struct pgl_request *request, const char *name)
{
    struct pgl_text value = value_of(request, name);
    return pgl_message_string(value.data != NULL ? value.data : "");
}

int64_t edge_query_number(const struct pgl_request *request, const char *name, int64_t usual)
{
    int64_t number = usual;
    struct pgl_text value = value_of(request, name);
    return value.data != NULL && pgl_is_ok(pgl_text_to_i64(value, &number)) ? number : usual;
}

bool edge_query_flag(const struct pgl_request *request, const char *name)
{
    return pgl_text_is(value_of(request, name), "true");
}

const char *edge_query_without(struct pgl_request *request, const char *name)
{
    const char *rest = "";
    size_t name_size = strlen(name);
    struct pgl_text left = request->exchange->head.query;
    while (left.data != NULL && rest != NULL) { /* escapes and all */
        struct pgl_text pair = pgl_text_cut(&left, '&');
        bool is_it = pair.size > name_size && memcmp(pair.data, name, name_size) == 0 &&
                     pair.data[name_size] == '=';
        if (pair.size > 0 && !is_it)
            rest = pgl_arena_printf(request->arena, "%s&%.*s", rest, PGL_TEXT_ARGS(pair));
    }
    return rest;
}
