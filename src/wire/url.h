/*
 * url.h - where to call: the parts of an http or https URL that a client needs (RFC 3986, made
 * strict).
 *
 * For:      addresses that people configure: a provider's, those of webhooks.
 * Memory:   nothing is copied; all parts are slices of the text.
 * Errors:   PGL_INVALID. Refused beyond the grammar: user names (they hide where a URL leads),
 *           fragments, port 0, percent-encoded hosts, zones of IPv6 addresses.
 */
#ifndef PGL_WIRE_URL_H
#define PGL_WIRE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

#define PGL_URL_BYTES_MAX      2048
#define PGL_URL_HOST_BYTES_MAX 253

struct pgl_url {
    bool is_tls;
    struct pgl_text host; /* a name or a numeric address, without brackets */
    /* as Host says it: with brackets, and with the port if one is given */
    struct pgl_text authority;
    uint16_t port;
    struct pgl_text target; /* path and query; empty for none: then ask for "/" */
};

PGL_MUST_USE pgl_status pgl_url_read(struct pgl_text text, struct pgl_url *url);

#endif
