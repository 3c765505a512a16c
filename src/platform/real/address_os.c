/* address_os.c - see address_os.h. */
#include "platform/real/address_os.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH_PREFIX "unix:"

/* Leaves the socket's name in the folder. */
static pgl_status shorten(struct pgl_real_address *address, char *name, size_t size)
{
    char folder[PATH_MAX], file[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s", address->path) >= (int)sizeof folder)
        return PGL_FAIL(PGL_INVALID, "the path is too long");
    memcpy(file, folder, sizeof file);
    address->folder = open(dirname(folder), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (address->folder < 0)
        return PGL_FAIL(PGL_NOT_FOUND, "the folder of the socket is not there");
    if (snprintf(name, size, "/proc/self/fd/%d/%s", address->folder, basename(file)) >= (int)size)
        return PGL_FAIL(PGL_INVALID, "the name of the socket is too long");
    return PGL_OK;
}

static pgl_status open_path(struct pgl_real_address *address)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&address->storage;
    un->sun_family = AF_UNIX;
    address->size = sizeof *un;
    if (snprintf(un->sun_path, sizeof un->sun_path, "%s", address->path) < (int)sizeof un->sun_path)
        return PGL_OK;
    pgl_status shortened = shorten(address, un->sun_path, sizeof un->sun_path);
    if (!pgl_is_ok(shortened))
        pgl_real_address_close(address);
    return shortened;
}

pgl_status pgl_real_address_open(struct pgl_real_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->storage;
    memset(address, 0, sizeof *address);
    address->folder = -1;
    if (strncmp(host, PATH_PREFIX, strlen(PATH_PREFIX)) == 0) {
        address->path = host + strlen(PATH_PREFIX);
        return open_path(address);
    }
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address->size = sizeof *v4;
        return PGL_OK;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address->size = sizeof *v6;
        return PGL_OK;
    }
    return PGL_FAIL(PGL_INVALID, "not a numeric address");
}

void pgl_real_address_close(struct pgl_real_address *address)
{
    if (address->folder >= 0)
        close(address->folder);
    address->folder = -1;
}
