/*
 * idempotency.h - the key by which a caller asks for one thing once, however often it has to ask.
 *
 * For:      services whose commands make something (an order, a receipt of goods). Where the key is
 *           kept, and what is answered the second time, is the service's.
 * Bounds:   PGL_IDEMPOTENCY_KEY_BYTES_MAX.
 */
#ifndef PGL_SAGA_IDEMPOTENCY_H
#define PGL_SAGA_IDEMPOTENCY_H

#include "base/status.h"

#define PGL_IDEMPOTENCY_KEY_BYTES_MAX 255 /* as others who take such keys have it */

/* PGL_MALFORMED for what is no key. */
PGL_MUST_USE pgl_status pgl_idempotency_key_check(const char *key);

#endif
