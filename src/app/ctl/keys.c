/* keys.c - see keys.h. */
#include "app/ctl/keys.h"

#include "base/time.h"
#include "contract/identity.h"
#include "wire/json.h"

#define ENTRIES_MAX 32

static char *text_of(const char *text)
{
    return pgl_message_string(text != NULL ? text : "");
}

static pgl_status split(struct pgl_ctl *ctl, const char *list, char ***entries, size_t *count)
{
    struct pgl_text left = pgl_text_of(list);
    *count = 0;
    *entries = pgl_arena_alloc(&ctl->arena, ENTRIES_MAX * sizeof **entries);
    while (*entries != NULL && left.data != NULL && *count < ENTRIES_MAX)
        (*entries)[(*count)++] = pgl_arena_string(&ctl->arena, pgl_text_cut(&left, ','));
    if (left.data != NULL && *entries != NULL)
        return PGL_FAIL(PGL_INVALID, "a list has at most 32 entries");
    return ctl->arena.is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

/* In small letters as well. */
static pgl_status read_role(struct pgl_ctl *ctl, const char *name, Role *role)
{
    char *upper = name != NULL ? pgl_arena_string(&ctl->arena, pgl_text_of(name)) : NULL;
    *role = ROLE_UNSPECIFIED;
    if (upper == NULL)
        return name != NULL ? PGL_NO_MEMORY : PGL_OK;
    for (char *c = upper; *c != '\0'; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    *role = (Role)pgl_json_enum_named(ROLE_DESCRIPTOR, upper);
    return *role != ROLE_UNSPECIFIED
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID,
                          "--role: customer, partner, warehouse, support or operator is expected");
}

static pgl_status new_key(struct pgl_ctl *ctl, const struct pgl_ctl_key_wish *wish,
                          const ProtobufCMessage **body)
{
    NewKey *key = pgl_message_new(NEW_KEY_DESCRIPTOR, &ctl->arena);
    if (key == NULL)
        return PGL_NO_MEMORY;
    key->name = text_of(wish->name);
    key->subject = text_of(wish->owner);
    key->plan = text_of(wish->plan);
    key->expires_in_s = wish->expires_ns / PGL_SECONDS(1);
    *body = &key->base;
    PGL_TRY(read_role(ctl, wish->role, &key->role));
    PGL_TRY(split(ctl, wish->scopes, &key->scopes, &key->n_scopes));
    return split(ctl, wish->cidrs, &key->cidrs, &key->n_cidrs);
}

static pgl_status rotation(struct pgl_ctl *ctl, const struct pgl_ctl_key_wish *wish,
                           const ProtobufCMessage **body)
{
    KeyRotation *rotation = pgl_message_new(KEY_ROTATION_DESCRIPTOR, &ctl->arena);
    if (rotation == NULL)
        return PGL_NO_MEMORY;
    rotation->overlap_s = wish->overlap_ns / PGL_SECONDS(1);
    rotation->at_once = wish->at_once;
    *body = &rotation->base;
    return PGL_OK;
}

pgl_status pgl_ctl_key_body(struct pgl_ctl *ctl, const char *verb,
                            const struct pgl_ctl_key_wish *wish, const ProtobufCMessage **body)
{
    return strcmp(verb, "create") == 0 ? new_key(ctl, wish, body) : rotation(ctl, wish, body);
}
