/* libraries.c - see libraries.h. */
#include "wire/libraries.h"

#include <jansson.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <protobuf-c/protobuf-c.h>
#include <yaml.h>
#include <zlib.h>

const char *pgl_wire_jansson_version(void)
{
    return jansson_version_str();
}

const char *pgl_wire_nghttp2_version(void)
{
    return nghttp2_version(0)->version_str;
}

const char *pgl_wire_openssl_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

const char *pgl_wire_protobuf_c_version(void)
{
    return protobuf_c_version();
}

const char *pgl_wire_yaml_version(void)
{
    return yaml_get_version_string();
}

const char *pgl_wire_zlib_version(void)
{
    return zlibVersion();
}
