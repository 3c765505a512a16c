/*
 * proxy_protocol.h - what a proxy that only passes bytes on says before them: whose they are. Both
 * versions, text and binary.
 *
 * For:      transport/proxy_door.h, which reads it from those who are trusted with it.
 * Owner:    none; functions only.
 * Bounds:   PGL_PROXY_V1_BYTES_MAX by the protocol; a binary header may have 64 KiB, and is taken
 *           up to PGL_PROXY_BYTES_MAX.
 * Errors:   whatever is not exactly what the protocol says is refused: nothing is guessed.
 * Source:   "The PROXY protocol, versions 1 & 2" (HAProxy), 2.1 and 2.2. What may follow the
 *           addresses (TLVs) is not looked at.
 */
#ifndef PGL_WIRE_PROXY_PROTOCOL_H
#define PGL_WIRE_PROXY_PROTOCOL_H

#include <stddef.h>

#include "base/ip.h"

#define PGL_PROXY_V1_BYTES_MAX 107
#define PGL_PROXY_BYTES_MAX    1024

enum pgl_proxy_result { PGL_PROXY_MORE, PGL_PROXY_DONE, PGL_PROXY_REFUSED };

struct pgl_proxy_header {
    size_t size;     /* DONE: of the header */
    size_t wanted;   /* MORE: as many bytes as can be read and are all of the header's */
    bool has_client; /* DONE: else the proxy speaks for itself, or does not know */
    pgl_ip client;
    const char *why; /* REFUSED */
};

/* `bytes` is all that has come. What is taken does not depend on the pieces it came in. */
enum pgl_proxy_result pgl_proxy_read(struct pgl_text bytes, struct pgl_proxy_header *header);

#endif
