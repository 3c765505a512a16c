/*
 * base64.h - bytes as text, RFC 4648.
 *
 * For:      keys and tokens (url alphabet, no padding) and headers that want the standard alphabet.
 * Bounds:   the caller's array; PGL_BASE64_BYTES and PGL_BASE64URL_BYTES say how large it must be.
 * Errors:   reading is strict, so that a value has exactly one spelling: no padding, no blanks, no
 *           bits left over. A lenient reader would let one token pass under many cache keys.
 */
#ifndef PGL_WIRE_BASE64_H
#define PGL_WIRE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* What `size` bytes become: section 4 with padding, section 5 without. No NUL is written. */
#define PGL_BASE64_BYTES(size)    (((size) + 2) / 3 * 4)
#define PGL_BASE64URL_BYTES(size) (((size)*4 + 2) / 3)

/* Both return how many characters they wrote. */
size_t pgl_base64_encode(const uint8_t *bytes, size_t size, char *out);
size_t pgl_base64url_encode(const uint8_t *bytes, size_t size, char *out);

/* PGL_MALFORMED for anything but the one right spelling; PGL_TOO_LARGE beyond `capacity`. */
PGL_MUST_USE pgl_status pgl_base64url_decode(struct pgl_text text, uint8_t *out, size_t capacity,
                                             size_t *size);

/* For peers who may spell as they like: either alphabet, with padding or without. */
PGL_MUST_USE pgl_status pgl_base64_decode_any(struct pgl_text text, uint8_t *out, size_t capacity,
                                              size_t *size);

#endif
