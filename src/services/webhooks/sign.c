/* sign.c - see sign.h. */
#include "services/webhooks/sign.h"

#include "wire/base64.h"
#include "wire/digest.h"

char *pgl_webhook_secret_text(struct pgl_arena *arena,
                              const uint8_t secret[PGL_WEBHOOK_SECRET_BYTES])
{
    char text[PGL_BASE64_BYTES(PGL_WEBHOOK_SECRET_BYTES)];
    size_t size = pgl_base64_encode(secret, PGL_WEBHOOK_SECRET_BYTES, text);
    const char *shown = pgl_arena_printf(arena, "whsec_%.*s", (int)size, text);
    return arena->is_exhausted ? NULL : (char *)(uintptr_t)shown;
}

const char *pgl_webhook_signature(struct pgl_arena *arena,
                                  const uint8_t secrets[][PGL_WEBHOOK_SECRET_BYTES],
                                  int secret_count, const char *id, int64_t timestamp_s,
                                  struct pgl_text body)
{
    const char *head = pgl_arena_printf(arena, "%s.%lld.", id, (long long)timestamp_s);
    size_t head_bytes = strlen(head);
    char *signed_bytes = pgl_arena_alloc(arena, head_bytes + body.size);
    if (signed_bytes == NULL)
        return NULL;
    memcpy(signed_bytes, head, head_bytes);
    memcpy(signed_bytes + head_bytes, body.data, body.size);
    const char *value = "";
    for (int s = 0; s < secret_count; s++) {
        uint8_t digest[PGL_DIGEST_BYTES];
        char text[PGL_BASE64_BYTES(PGL_DIGEST_BYTES)];
        pgl_hmac_sha256((struct pgl_text){ (const char *)secrets[s], PGL_WEBHOOK_SECRET_BYTES },
                        (struct pgl_text){ signed_bytes, head_bytes + body.size }, digest);
        size_t size = pgl_base64_encode(digest, sizeof digest, text);
        value = pgl_arena_printf(arena, "%s%sv1,%.*s", value, s > 0 ? " " : "", (int)size, text);
    }
    return arena->is_exhausted ? NULL : value;
}
