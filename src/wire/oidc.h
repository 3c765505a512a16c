/*
 * oidc.h - what an OpenID Connect issuer says of itself (OpenID Connect Discovery 1.0, 3).
 *
 * For:      finding an issuer's keys.
 * Bounds:   PGL_OIDC_BYTES_MAX of document; a URL as long as url.h takes.
 */
#ifndef PGL_WIRE_OIDC_H
#define PGL_WIRE_OIDC_H

#include "base/text.h"
#include "wire/url.h"

#define PGL_OIDC_BYTES_MAX (64u << 10)

/* Where the keys of `issuer` are. PGL_MALFORMED for what is no such document; PGL_INVALID when it
 * is another issuer's: 4.3 of it. */
PGL_MUST_USE pgl_status pgl_oidc_read(struct pgl_text document, struct pgl_text issuer,
                                      char jwks_uri[PGL_URL_BYTES_MAX + 1]);

#endif
