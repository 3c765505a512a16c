/*
 * cidr.h - ranges of addresses (RFC 4632; RFC 4291, 2.3): "10.1.0.0/16", "2001:db8::/32".
 *
 * For:      from where an API key may be used.
 * Memory:   values only.
 * Errors:   strict: no leading zeros, no bits behind the prefix, so that a range has one meaning.
 */
#ifndef PGL_WIRE_CIDR_H
#define PGL_WIRE_CIDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Both kinds in one: an IPv4 address is kept as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
struct pgl_address_bytes {
    uint8_t bytes[16];
};

struct pgl_cidr {
    struct pgl_address_bytes first;
    int bits; /* of 128 */
};

/* A numeric address, IPv4 or IPv6, without a zone. PGL_INVALID else. */
PGL_MUST_USE pgl_status pgl_address_bytes_read(struct pgl_text text,
                                               struct pgl_address_bytes *address);

/* An address, which is then the only one, or an address with a prefix length. */
PGL_MUST_USE pgl_status pgl_cidr_read(struct pgl_text text, struct pgl_cidr *cidr);

bool pgl_cidr_has(const struct pgl_cidr *cidr, const struct pgl_address_bytes *address);

#endif
