/*
 * keys.h - the keys of a data folder. One signs the tokens of `panglot token`: it is made at the
 * first start and kept in DIR/signing-key.pem (mode 0600). Those before it are in DIR/old-keys:
 * what they have signed is good as long as a token may live, twice over. Both are published at
 * /.well-known/jwks.json. Production brings its own issuer.
 *
 * A new key is known to the edge before it is in the file that others sign with, and its
 * predecessor stays: nobody is shown a 401 because of a rotation.
 *
 * Bounds:   PGL_OLD_KEYS_MAX old keys; then a rotation is refused until one has ended, or drops
 *           them all.
 */
#ifndef PGL_APP_KEYS_H
#define PGL_APP_KEYS_H

#include "app/boot.h"
#include "wire/jwt.h"

#define PGL_KEY_FILE      "signing-key.pem"
#define PGL_OLD_KEYS_FILE "old-keys"

/* What our own tokens say, and what we ask of any. */
struct pgl_jwt_policy pgl_keys_policy(void);

/* Reads the folder's key, or makes it; and the old ones. */
PGL_MUST_USE pgl_status pgl_keys_open(struct pgl_boot *boot);
/* Right after an open that failed, too. */
void pgl_keys_close(struct pgl_boot *boot);

/* Only reads it: for a command beside a running platform. PGL_NOT_FOUND in a folder that was never
 * started. */
PGL_MUST_USE pgl_status pgl_keys_read(struct pgl_platform *platform, struct pgl_arena *arena,
                                      const char *folder, struct pgl_key *key);

/* ---- a rotation, of one at a time: begin; let the edge have `keys`, if there is one; end ---- */

/* Makes the next key. `at_once`: whatever was signed before is good for nothing. */
PGL_MUST_USE pgl_status pgl_keys_rotate_begin(struct pgl_boot *boot, bool at_once);
/* Writes it down: from now on it signs. */
PGL_MUST_USE pgl_status pgl_keys_rotate_end(struct pgl_boot *boot);

#endif
