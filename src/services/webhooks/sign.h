/*
 * sign.h - how a delivery shows that it comes from us: Standard Webhooks 1.0, the symmetric scheme.
 *
 *     webhook-id          the event's id: the same for every attempt, so that it is taken once
 *     webhook-timestamp   of this attempt, in seconds
 *     webhook-signature   "v1," and HMAC-SHA-256 over `id.timestamp.body` in base64; two of them
 *                         with a blank in between while a secret is being replaced
 *
 * Owner:    none; pure functions.
 */
#ifndef PGL_WEBHOOKS_SIGN_H
#define PGL_WEBHOOKS_SIGN_H

#include "base/arena.h"
#include "services/webhooks/webhooks.h"

/* "whsec_" and the secret in base64; NULL when the arena is full. */
char *pgl_webhook_secret_text(struct pgl_arena *arena,
                              const uint8_t secret[PGL_WEBHOOK_SECRET_BYTES]);

/* The value of webhook-signature, in the arena; NULL when it is full. */
const char *pgl_webhook_signature(struct pgl_arena *arena,
                                  const uint8_t secrets[][PGL_WEBHOOK_SECRET_BYTES],
                                  int secret_count, const char *id, int64_t timestamp_s,
                                  struct pgl_text body);

#endif
