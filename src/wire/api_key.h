/*
 * api_key.h - the form of API keys, and what they may be given:
 *
 *     pgk_live_Zk3bT0pQw1_<43 characters of secret><6 characters of checksum>
 *
 * For:      the service that makes them, and the edge that reads them.
 * Bounds:   PGL_API_KEY_BYTES_MAX. Everything is of [0-9A-Za-z], so a key survives every shell.
 * Errors:   PGL_UNAUTHENTICATED with a fixed text for what cannot be a key. The checksum is no
 *           secret: it tells a slip of the pen and junk from a key without asking anybody, and lets
 *           scanners of repositories find keys that were published.
 * Secrets:  256 random bits, so a plain SHA-256 of them is enough to keep: there is nothing to
 *           guess that a slow hash would slow down.
 */
#ifndef PGL_WIRE_API_KEY_H
#define PGL_WIRE_API_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "wire/digest.h"

#define PGL_API_KEY_PREFIX        "pgk_"
#define PGL_API_KEY_ENV_BYTES_MAX 8 /* of [a-z0-9]: "live", "test" */
#define PGL_API_KEY_ID_BYTES      10
#define PGL_API_KEY_SECRET_BYTES  32
#define PGL_API_KEY_BYTES_MAX                                                                      \
    (4 + PGL_API_KEY_ENV_BYTES_MAX + 1 + PGL_API_KEY_ID_BYTES + 1 + 43 + 6)

struct pgl_api_key {
    struct pgl_text id;               /* its public name, inside the text that was read */
    uint8_t digest[PGL_DIGEST_BYTES]; /* of the secret: what is kept of it */
};

/* Whether it wants to be one. */
bool pgl_api_key_is_meant(struct pgl_text text);
PGL_MUST_USE pgl_status pgl_api_key_read(struct pgl_text text, struct pgl_api_key *key);

/* Returns how many characters were written; `id` has PGL_API_KEY_ID_BYTES. */
size_t pgl_api_key_write(struct pgl_text env, struct pgl_text id,
                         const uint8_t secret[PGL_API_KEY_SECRET_BYTES],
                         char out[PGL_API_KEY_BYTES_MAX]);
/* Of random bytes, without a NUL. */
void pgl_api_key_make_id(const uint8_t random[8], char id[PGL_API_KEY_ID_BYTES]);
bool pgl_api_key_is_id(struct pgl_text text);

/* ---- scopes: what a key may do, of what its role may ---- */

#define PGL_SCOPE_COUNT 10

/* A bit for "orders:write"; 0 for a name that we do not know. */
uint32_t pgl_scope_named(struct pgl_text name);
/* Of one number, 0 to PGL_SCOPE_COUNT - 1. */
const char *pgl_scope_name(int number);

#endif
