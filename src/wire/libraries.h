/*
 * libraries.h - which versions of its libraries this floor runs on, as they say themselves.
 *
 * Owner:    the libraries; the texts are constant.
 * Threads:  any.
 */
#ifndef PGL_WIRE_LIBRARIES_H
#define PGL_WIRE_LIBRARIES_H

const char *pgl_wire_jansson_version(void);
const char *pgl_wire_nghttp2_version(void);
const char *pgl_wire_openssl_version(void);
const char *pgl_wire_protobuf_c_version(void);
const char *pgl_wire_yaml_version(void);
const char *pgl_wire_zlib_version(void);

#endif
