/* admin_name.c - see admin_name.h. */
#include "saga/admin_name.h"

#include "base/id.h"

static const char *const names[] = {
    [LOG_UNSPECIFIED] = "",      [LOG_CATALOG] = "catalog",     [LOG_ORDERS] = "orders",
    [LOG_PAYMENTS] = "payments", [LOG_INVENTORY] = "inventory", [LOG_WEBHOOKS] = "webhooks",
};
#define NAME_COUNT (sizeof names / sizeof names[0])

const char *pgl_log_name(Log log)
{
    return (size_t)log < NAME_COUNT ? names[log] : "";
}

static Log log_named(struct pgl_text name)
{
    for (size_t i = 1; i < NAME_COUNT; i++)
        if (pgl_text_is(name, names[i]))
            return (Log)i;
    return LOG_UNSPECIFIED;
}

static const char *hex_of(struct pgl_arena *arena, struct pgl_text bytes)
{
    char *hex = pgl_arena_zalloc(arena, 2 * bytes.size + 1);
    if (hex == NULL)
        return "";
    pgl_hex_encode((const uint8_t *)bytes.data, bytes.size, hex);
    return hex;
}

const char *pgl_parked_name_write(struct pgl_arena *arena, Log service, Log log,
                                  struct pgl_text key)
{
    return pgl_arena_printf(arena, "%s.%s.%s", pgl_log_name(service), pgl_log_name(log),
                            hex_of(arena, key));
}

pgl_status pgl_parked_name_read(struct pgl_arena *arena, const char *text,
                                struct pgl_parked_name *name)
{
    static const pgl_status wrong = { PGL_INVALID,
                                      "id: an order's id or SERVICE.LOG.KEY is expected" };
    struct pgl_text left = pgl_text_of(text);
    pgl_id id;
    *name = (struct pgl_parked_name){ LOG_UNSPECIFIED, LOG_UNSPECIFIED, { NULL, 0 } };
    bool is_order = pgl_is_ok(pgl_id_parse(left, &id));
    struct pgl_text service = pgl_text_cut(&left, '.'), log = pgl_text_cut(&left, '.');
    size_t size = is_order ? sizeof id.bytes : left.size / 2;
    uint8_t *key = pgl_arena_alloc(arena, size + 1);
    if (key == NULL)
        return PGL_NO_MEMORY;
    name->key = (struct pgl_text){ (const char *)key, size };
    if (is_order) {
        memcpy(key, id.bytes, sizeof id.bytes);
        return PGL_OK;
    }
    name->service = log_named(service);
    name->log = log_named(log);
    bool is_name = name->service != LOG_UNSPECIFIED && name->log != LOG_UNSPECIFIED &&
                   left.data != NULL && pgl_is_ok(pgl_hex_decode(left, key, size));
    return is_name ? PGL_OK : wrong;
}

static bool is_word(struct pgl_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_part = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '.' || c == '-' || c == '_';
        if (!is_part)
            return false;
    }
    return true;
}

const char *pgl_key_text(struct pgl_arena *arena, struct pgl_text key)
{
    pgl_id id;
    if (is_word(key))
        return pgl_arena_printf(arena, "%.*s", PGL_TEXT_ARGS(key));
    if (key.size != sizeof id.bytes)
        return hex_of(arena, key);
    char *text = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
    memcpy(id.bytes, key.data, sizeof id.bytes);
    if (text == NULL)
        return "";
    pgl_id_format(id, text);
    return text;
}

const char *pgl_job_name_write(struct pgl_arena *arena, Log service, int64_t number)
{
    return pgl_arena_printf(arena, "%s-%lld", pgl_log_name(service), (long long)number);
}

pgl_status pgl_job_name_read(const char *text, Log *service, int64_t *number)
{
    struct pgl_text left = pgl_text_of(text);
    *service = log_named(pgl_text_cut(&left, '-'));
    bool is_name =
        *service != LOG_UNSPECIFIED && pgl_is_ok(pgl_text_to_i64(left, number)) && *number > 0;
    return is_name ? PGL_OK : PGL_FAIL(PGL_NOT_FOUND, "there is no such job");
}
