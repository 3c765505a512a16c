/*
 * address_os.h - where a socket listens or connects to: a numeric address and a port, or
 * "unix:PATH".
 *
 * For:      net_uv.c.
 * Bounds:   a path may be longer than a socket's address has room for; then its folder is held
 *           open, and the address goes through that.
 */
#ifndef PGL_PLATFORM_REAL_ADDRESS_OS_H
#define PGL_PLATFORM_REAL_ADDRESS_OS_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"

struct pgl_real_address {
    struct sockaddr_storage storage;
    socklen_t size;
    const char *path; /* in `host`; NULL for a numeric address */
    int folder;       /* -1 for none */
};

PGL_MUST_USE pgl_status pgl_real_address_open(struct pgl_real_address *address, const char *host,
                                              uint16_t port);
void pgl_real_address_close(struct pgl_real_address *address);

#endif
