/* libraries_os.c - which versions of its libraries the machine's side runs on, as they say. */
#include "platform/real/real.h"

#include <gnu/libc-version.h>
#include <uv.h>

const char *pgl_real_libc_version(void)
{
    return gnu_get_libc_version();
}

const char *pgl_real_libuv_version(void)
{
    return uv_version_string();
}
