/*
 * guard.h - where a webhook may go: to a host on the public internet, over TLS, and nowhere else.
 *
 * For:      taking an endpoint's URL, and again before each delivery, with every address that its
 *           name leads to. We connect to the address that was looked at, and follow no redirect: a
 *           name that leads elsewhere a moment later gains nothing by it.
 * Owner:    none; pure functions.
 * Source:   the registries of special addresses of IANA (RFC 6890), RFC 6052 (NAT64), RFC 3056
 *           (6to4), RFC 4380 (Teredo). Hosts as the URL Standard of the WHATWG reads them: what
 *           ends in a number is an IPv4 address or nothing.
 */
#ifndef PGL_WEBHOOKS_GUARD_H
#define PGL_WEBHOOKS_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define PGL_WEBHOOK_URL_BYTES_MAX 2048
#define PGL_WEBHOOK_HOST_BYTES    254 /* 253 of a name (RFC 1035), and a NUL */

/* A URL taken apart. `target` is a slice of it. */
struct pgl_webhook_url {
    char host[PGL_WEBHOOK_HOST_BYTES]; /* in lower case; an IPv6 address without its brackets */
    uint16_t port;
    bool is_tls, is_ipv6;
    struct pgl_text target; /* path and query; empty for "/" */
};

/* PGL_INVALID with what is wrong with it. `loopback_too`: plain http and any port as well, to this
 * machine alone; for tests and demonstrations. */
PGL_MUST_USE pgl_status pgl_webhook_url_read(struct pgl_text text, bool loopback_too,
                                             struct pgl_webhook_url *url);

/* A numeric address, as inet_ntop writes it; anything that it cannot read is refused. */
bool pgl_webhook_address_is_fine(const char *address, bool loopback_too);

#endif
