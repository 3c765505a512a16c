/* keys.c - see keys.h. */
#include "app/keys.h"

#include "base/time.h"

#define OLD_KEY_NS         (2 * PGL_JWT_LIFETIME_MAX_NS)
#define OLD_KEYS_BYTES_MAX (64u << 10)
#define KEY_ARENA_BYTES    (4u * OLD_KEYS_BYTES_MAX)

struct pgl_jwt_policy pgl_keys_policy(void)
{
    return (struct pgl_jwt_policy){ .issuer = PGL_TEXT("panglot"),
                                    .audience = PGL_TEXT("panglot"),
                                    .leeway_ns = PGL_JWT_LEEWAY_DEFAULT_NS,
                                    .lifetime_max_ns = PGL_JWT_LIFETIME_MAX_NS };
}

/* ---- the one that signs ---- */

pgl_status pgl_keys_read(struct pgl_platform *platform, struct pgl_arena *arena, const char *folder,
                         struct pgl_key *key)
{
    struct pgl_text pem;
    const char *path = pgl_arena_printf(arena, "%s/" PGL_KEY_FILE, folder);
    PGL_TRY(platform->disk->ops->read_file(platform->disk, path, PGL_KEY_PEM_BYTES, arena, &pem));
    return pgl_key_read_pem(pem, key);
}

static pgl_status write_file(struct pgl_boot *boot, const char *name, struct pgl_text content)
{
    struct pgl_disk *disk = boot->platform->disk;
    return disk->ops->write_file(disk, pgl_boot_path(boot, name), content);
}

static pgl_status write_key(struct pgl_boot *boot, const struct pgl_key *key)
{
    char pem[PGL_KEY_PEM_BYTES];
    size_t size;
    PGL_TRY(pgl_key_write_pem(key, pem, &size));
    pgl_status written = write_file(boot, PGL_KEY_FILE, (struct pgl_text){ pem, size });
    explicit_bzero(pem, sizeof pem);
    return written;
}

static pgl_status make_key(struct pgl_boot *boot)
{
    PGL_TRY(pgl_key_generate(&boot->key));
    return write_key(boot, &boot->key);
}

/* ---- those before it: a line each, "UNTIL {"keys":[...]}", in seconds of 1970 ---- */

static pgl_status take_line(struct pgl_old_keys *old, struct pgl_text line, int64_t now_ns)
{
    struct pgl_key_set set;
    int64_t until_s;
    struct pgl_text until = pgl_text_cut(&line, ' ');
    if (!pgl_is_ok(pgl_text_to_i64(until, &until_s)) || until_s < 0 ||
        until_s > INT64_MAX / PGL_SECONDS(1) || old->count == PGL_OLD_KEYS_MAX)
        return PGL_FAIL(PGL_DATA_LOSS, PGL_OLD_KEYS_FILE ": not as we write it");
    pgl_key_set_init(&set);
    PGL_TRY(pgl_key_set_read(&set, line));
    if (PGL_SECONDS(until_s) > now_ns) { /* the key's count goes over to the list */
        old->keys[old->count++] = (struct pgl_old_key){ set.keys[0], PGL_SECONDS(until_s) };
        set.count = 0;
    }
    pgl_key_set_free(&set);
    return PGL_OK;
}

static pgl_status read_old(struct pgl_boot *boot)
{
    struct pgl_disk *disk = boot->platform->disk;
    struct pgl_text content;
    pgl_status read = disk->ops->read_file(disk, pgl_boot_path(boot, PGL_OLD_KEYS_FILE),
                                           OLD_KEYS_BYTES_MAX, &boot->arena, &content);
    if (read.code == PGL_NOT_FOUND)
        return PGL_OK;
    PGL_TRY(read);
    while (content.size > 0)
        PGL_TRY(take_line(&boot->old_keys, pgl_text_cut(&content, '\n'),
                          pgl_clock_wall_ns(&boot->platform->clock)));
    return PGL_OK;
}

static pgl_status write_old(struct pgl_boot *boot)
{
    struct pgl_old_keys *old = &boot->old_keys;
    struct pgl_buffer out;
    pgl_status status = PGL_OK;
    pgl_buffer_init(&out, OLD_KEYS_BYTES_MAX);
    for (int i = 0; i < old->count && pgl_is_ok(status); i++) {
        struct pgl_key_set one;
        pgl_key_set_init(&one);
        status = pgl_key_set_add(&one, &old->keys[i].key);
        pgl_buffer_printf(&out, "%lld ", (long long)(old->keys[i].until_ns / PGL_SECONDS(1)));
        pgl_key_set_write(&one, &out);
        pgl_buffer_add_char(&out, '\n');
        pgl_key_set_free(&one);
    }
    if (pgl_is_ok(status))
        status = out.is_full ? PGL_NO_MEMORY
                             : write_file(boot, PGL_OLD_KEYS_FILE, pgl_buffer_text(&out));
    pgl_buffer_free(&out);
    return status;
}

static void drop_old(struct pgl_old_keys *old, int i)
{
    pgl_key_close(&old->keys[i].key);
    old->count--;
    memmove(&old->keys[i], &old->keys[i + 1], (size_t)(old->count - i) * sizeof old->keys[0]);
}

/* ---- all of them ---- */

static pgl_status fill_set(struct pgl_boot *boot)
{
    PGL_TRY(pgl_key_set_add(&boot->keys, &boot->key));
    for (int i = 0; i < boot->old_keys.count; i++) {
        pgl_status added = pgl_key_set_add(&boot->keys, &boot->old_keys.keys[i].key);
        if (added.code != PGL_ALREADY_EXISTS) /* of a rotation that did not end */
            PGL_TRY(added);
    }
    return PGL_OK;
}

pgl_status pgl_keys_open(struct pgl_boot *boot)
{
    pgl_status read = pgl_keys_read(boot->platform, &boot->arena, boot->options.data, &boot->key);
    if (read.code == PGL_NOT_FOUND)
        read = make_key(boot);
    PGL_TRY(read);
    PGL_TRY(read_old(boot));
    pgl_key_set_init(&boot->keys);
    return fill_set(boot);
}

void pgl_keys_close(struct pgl_boot *boot)
{
    pgl_key_set_free(&boot->keys);
    while (boot->old_keys.count > 0)
        drop_old(&boot->old_keys, boot->old_keys.count - 1);
    pgl_key_close(&boot->next_key);
    pgl_key_close(&boot->key);
}

/* ---- a rotation ---- */

/* The key that signs now joins the old ones. It stays where it is as well, until the end. */
static pgl_status retire(struct pgl_boot *boot, int64_t now_ns)
{
    struct pgl_old_keys *old = &boot->old_keys;
    struct pgl_key_set one;
    for (int i = old->count - 1; i >= 0; i--)
        if (old->keys[i].until_ns <= now_ns || strcmp(old->keys[i].key.kid, boot->key.kid) == 0)
            drop_old(old, i);
    if (old->count == PGL_OLD_KEYS_MAX)
        return PGL_FAIL(PGL_CONFLICT, "30 old keys are still good: wait, or give --at-once");
    pgl_key_set_init(&one);
    PGL_TRY(pgl_key_set_add(&one, &boot->key));
    old->keys[old->count++] = (struct pgl_old_key){ one.keys[0], now_ns + OLD_KEY_NS };
    return PGL_OK;
}

pgl_status pgl_keys_rotate_begin(struct pgl_boot *boot, bool at_once)
{
    struct pgl_old_keys *old = &boot->old_keys;
    pgl_key_close(&boot->next_key); /* of one that did not end */
    pgl_key_set_free(&boot->keys);
    PGL_TRY(pgl_key_generate(&boot->next_key));
    if (!at_once)
        PGL_TRY(retire(boot, pgl_clock_wall_ns(&boot->platform->clock)));
    while (at_once && old->count > 0)
        drop_old(old, old->count - 1);
    PGL_TRY(pgl_key_set_add(&boot->keys, &boot->next_key));
    for (int i = old->count - 1; i >= 0; i--)
        PGL_TRY(pgl_key_set_add(&boot->keys, &old->keys[i].key));
    return PGL_OK;
}

/* The old ones first: a key that is in both files is a key, one that is in neither is a 401. */
pgl_status pgl_keys_rotate_end(struct pgl_boot *boot)
{
    PGL_TRY(write_old(boot));
    PGL_TRY(write_key(boot, &boot->next_key));
    pgl_key_close(&boot->key);
    boot->key = boot->next_key;
    boot->next_key = (struct pgl_key){ 0 };
    return PGL_OK;
}
