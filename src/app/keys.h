/*
 * keys.h - the key of a data folder: made at the first start, kept in DIR/signing-key.pem (mode
 * 0600), published at /.well-known/jwks.json. It signs the tokens of `panglot token`; production
 * brings its own issuer.
 */
#ifndef PGL_APP_KEYS_H
#define PGL_APP_KEYS_H

#include "app/boot.h"
#include "wire/jwt.h"

#define PGL_KEY_FILE "signing-key.pem"

/* What our own tokens say, and what we ask of any. */
struct pgl_jwt_policy pgl_keys_policy(void);

/* Reads the folder's key, or makes it. */
PGL_MUST_USE pgl_status pgl_keys_open(struct pgl_boot *boot);

/* Only reads it: for a command beside a running platform. PGL_NOT_FOUND in a folder that was never
 * started. */
PGL_MUST_USE pgl_status pgl_keys_read(struct pgl_platform *platform, struct pgl_arena *arena,
                                      const char *folder, struct pgl_key *key);

#endif
