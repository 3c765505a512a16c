/* condition.c - see condition.h. */
#include "edge/condition.h"

/* The next tag of a list, its quotes and a weak one's W/ included; false at the end, and for what
 * is no list of tags. Commas may stand inside the quotes. */
static bool next_tag(struct pgl_text *list, struct pgl_text *tag)
{
    size_t at = 0;
    while (at < list->size &&
           (list->data[at] == ' ' || list->data[at] == ',' || list->data[at] == '\t'))
        at++;
    size_t begin = at;
    if (list->size - at >= 2 && list->data[at] == 'W' && list->data[at + 1] == '/')
        at += 2;
    if (at == list->size || list->data[at++] != '"')
        return false;
    while (at < list->size && list->data[at] != '"')
        at++;
    if (at == list->size)
        return false;
    at++;
    *tag = (struct pgl_text){ list->data + begin, at - begin };
    *list = (struct pgl_text){ list->data + at, list->size - at };
    return true;
}

static bool is_weak(struct pgl_text tag)
{
    return tag.data[0] == 'W';
}

static struct pgl_text without_weakness(struct pgl_text tag)
{
    return is_weak(tag) ? (struct pgl_text){ tag.data + 2, tag.size - 2 } : tag;
}

bool edge_tag_is_among(struct pgl_text list, struct pgl_text tag)
{
    struct pgl_text one;
    if (pgl_text_is(list, "*"))
        return true;
    while (next_tag(&list, &one))
        if (pgl_text_equal(without_weakness(one), without_weakness(tag)))
            return true;
    return false;
}

/* "7.93ab" and "7" are of version 7. A weak tag, and one that is none of ours, are of no version
 * (RFC 9110, 13.1.1: the comparison is a strong one). */
static int64_t version_of(struct pgl_text tag)
{
    int64_t version;
    if (is_weak(tag))
        return 0;
    struct pgl_text inside = { tag.data + 1, tag.size - 2 };
    struct pgl_text number = pgl_text_cut(&inside, '.');
    return pgl_is_ok(pgl_text_to_i64(number, &version)) && version > 0 ? version : 0;
}

static pgl_status read_match(struct pgl_request *request, struct pgl_text list,
                             Condition *condition)
{
    struct pgl_text tag;
    condition->exists = true;
    condition->versions =
        pgl_arena_alloc(request->arena, EDGE_CONDITION_TAGS_MAX * sizeof condition->versions[0]);
    if (condition->versions == NULL)
        return PGL_NO_MEMORY;
    if (pgl_text_is(list, "*"))
        return PGL_OK;
    while (next_tag(&list, &tag)) {
        if (condition->n_versions == EDGE_CONDITION_TAGS_MAX)
            return PGL_FAIL(PGL_INVALID, "If-Match: at most 8 tags");
        condition->versions[condition->n_versions++] = version_of(tag);
    }
    return condition->n_versions > 0
               ? PGL_OK
               : PGL_FAIL(PGL_MALFORMED, "If-Match: an ETag in quotes, or * is expected");
}

pgl_status edge_read_condition(struct pgl_request *request, bool may_be_new, Condition **condition)
{
    struct pgl_text match, none_match;
    PGL_TRY(edge_find_field(request, PGL_TEXT("if-match"), &match));
    PGL_TRY(edge_find_field(request, PGL_TEXT("if-none-match"), &none_match));
    *condition = EDGE_NEW(request, CONDITION_DESCRIPTOR);
    if (*condition == NULL)
        return PGL_NO_MEMORY;
    if (match.size > 0)
        return read_match(request, match, *condition);
    if (may_be_new && pgl_text_is(none_match, "*")) {
        (*condition)->absent = true;
        return PGL_OK;
    }
    return PGL_FAIL(PGL_UNCONDITIONAL,
                    may_be_new ? "If-Match with the ETag that you have seen, or If-None-Match: * "
                                 "for a new one, is required here"
                               : "If-Match with the ETag that you have seen is required here");
}
