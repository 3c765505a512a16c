/*
 * http_bytes.h - which byte may stand where in HTTP, by table. For the files of this folder.
 */
#ifndef PGL_WIRE_HTTP_BYTES_H
#define PGL_WIRE_HTTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum pgl_http_byte {
    PGL_HTTP_TOKEN = 1,  /* RFC 9110, 5.6.2: methods and field names */
    PGL_HTTP_TARGET = 2, /* RFC 3986, 2: every character of a URI but '#', which is never sent */
    PGL_HTTP_HOST = 4,   /* letters, digits, '.', '-', '_': no escapes in a host name of ours */
};

extern const uint8_t pgl_http_bytes[256];

static inline bool pgl_http_byte_is(char c, enum pgl_http_byte class)
{
    return (pgl_http_bytes[(uint8_t)c] & class) != 0;
}

/* How many bytes of `text`, from its start, are of the class. */
static inline size_t pgl_http_run(struct pgl_text text, enum pgl_http_byte class)
{
    size_t size = 0;
    while (size < text.size && pgl_http_byte_is(text.data[size], class))
        size++;
    return size;
}

/* Not empty, and of nothing else. */
static inline bool pgl_http_all(struct pgl_text text, enum pgl_http_byte class)
{
    return text.size > 0 && pgl_http_run(text, class) == text.size;
}

/* Where the first control byte other than a tab stands in [from, end), or `end`. */
size_t pgl_http_find_control(const char *data, size_t from, size_t end);

/* RFC 9110, 7.2; a port may not be empty here. Escapes, user names and other alphabets are refused:
 * a name that two programs may read in two ways is no name to route by. */
bool pgl_http_is_host(struct pgl_text host);

/* -1 for what is no hexadecimal digit. */
int pgl_http_hex_value(char c);

#endif
