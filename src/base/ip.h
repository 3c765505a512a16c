/*
 * ip.h - numeric IP addresses and ranges of them.
 *
 * For:      who may connect from where, which proxies are believed, where a webhook may go.
 * Memory:   values. An IPv4 address is kept as ::ffff:a.b.c.d, so that there is one kind.
 * Source:   RFC 4291, 2.2 for text; no zone, no leading zeros in a decimal. Written as RFC 5952 has
 *           it.
 */
#ifndef PGL_BASE_IP_H
#define PGL_BASE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define PGL_IP_BYTES      16
#define PGL_IP_TEXT_BYTES 40 /* and a NUL */

typedef struct pgl_ip {
    uint8_t bytes[PGL_IP_BYTES];
} pgl_ip;

/* The addresses whose first `bits` are these. */
struct pgl_ip_range {
    uint8_t bytes[PGL_IP_BYTES];
    int bits;
};

/* False for anything that is no address. */
bool pgl_ip_read(struct pgl_text text, pgl_ip *ip);
bool pgl_ip_read_v6(struct pgl_text text, pgl_ip *ip);

/* With a NUL behind. */
void pgl_ip_write(const pgl_ip *ip, char text[PGL_IP_TEXT_BYTES]);

bool pgl_ip_is_v4(const pgl_ip *ip); /* its four bytes are the last ones */
bool pgl_ip_is_loopback(const pgl_ip *ip);

/* ADDRESS/BITS, or an address for itself alone; no bit may be set beyond. */
bool pgl_ip_range_read(struct pgl_text text, struct pgl_ip_range *range);
bool pgl_ip_is_in(const uint8_t *bytes, const struct pgl_ip_range *range);
bool pgl_ip_is_among(const pgl_ip *ip, const struct pgl_ip_range *ranges, int count);

#endif
