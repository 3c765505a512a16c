/* keys.c - see keys.h. */
#include "app/keys.h"

#include "base/time.h"

struct pgl_jwt_policy pgl_keys_policy(void)
{
    return (struct pgl_jwt_policy){ .issuer = PGL_TEXT("panglot"),
                                    .audience = PGL_TEXT("panglot"),
                                    .leeway_ns = PGL_JWT_LEEWAY_DEFAULT_NS,
                                    .lifetime_max_ns = PGL_JWT_LIFETIME_MAX_NS };
}

pgl_status pgl_keys_read(struct pgl_platform *platform, struct pgl_arena *arena, const char *folder,
                         struct pgl_key *key)
{
    struct pgl_text pem;
    const char *path = pgl_arena_printf(arena, "%s/" PGL_KEY_FILE, folder);
    PGL_TRY(platform->disk->ops->read_file(platform->disk, path, PGL_KEY_PEM_BYTES, arena, &pem));
    return pgl_key_read_pem(pem, key);
}

static pgl_status make_key(struct pgl_boot *boot)
{
    char pem[PGL_KEY_PEM_BYTES];
    size_t size;
    PGL_TRY(pgl_key_generate(&boot->key));
    PGL_TRY(pgl_key_write_pem(&boot->key, pem, &size));
    pgl_status written = boot->platform->disk->ops->write_file(
        boot->platform->disk, pgl_boot_path(boot, PGL_KEY_FILE), (struct pgl_text){ pem, size });
    explicit_bzero(pem, sizeof pem);
    return written;
}

pgl_status pgl_keys_open(struct pgl_boot *boot)
{
    pgl_status read = pgl_keys_read(boot->platform, &boot->arena, boot->options.data, &boot->key);
    if (read.code == PGL_NOT_FOUND)
        read = make_key(boot);
    PGL_TRY(read);
    pgl_key_set_init(&boot->keys);
    return pgl_key_set_add(&boot->keys, &boot->key);
}
