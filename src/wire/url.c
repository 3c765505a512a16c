/* url.c - see url.h. */
#include "wire/url.h"

#include "wire/http_bytes.h"

static bool take_prefix(struct pgl_text *text, struct pgl_text prefix)
{
    struct pgl_text front = { text->data, text->size < prefix.size ? text->size : prefix.size };
    if (!pgl_text_equal_nocase(front, prefix))
        return false;
    text->data += prefix.size;
    text->size -= prefix.size;
    return true;
}

static bool is_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool all_in(struct pgl_text text, const char *set)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_in(text.data[i], set))
            return false;
    return text.size > 0;
}

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdefABCDEF"

/* Cuts the host off the authority; what is left begins with the port's colon, or is empty. */
static bool take_host(struct pgl_text *left, struct pgl_text *host)
{
    bool has_brackets = left->size > 0 && left->data[0] == '[';
    size_t at = 0;
    while (at < left->size && left->data[at] != (has_brackets ? ']' : ':'))
        at++;
    if (has_brackets && at == left->size)
        return false;
    *host = (struct pgl_text){ left->data + has_brackets, at - has_brackets };
    *left = (struct pgl_text){ left->data + at + has_brackets, left->size - at - has_brackets };
    return host->size <= PGL_URL_HOST_BYTES_MAX &&
           (has_brackets ? all_in(*host, HEX ":.") && memchr(host->data, ':', host->size) != NULL
                         : pgl_http_all(*host, PGL_HTTP_HOST));
}

static bool read_port(struct pgl_text left, uint16_t *port)
{
    int64_t number;
    if (left.size == 0)
        return true;
    struct pgl_text digits = { left.data + 1, left.size - 1 };
    if (left.data[0] != ':' || !all_in(digits, DIGITS) ||
        !pgl_is_ok(pgl_text_to_i64(digits, &number)) || number < 1 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

pgl_status pgl_url_read(struct pgl_text text, struct pgl_url *url)
{
    *url = (struct pgl_url){ .port = 80 };
    if (text.size > PGL_URL_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "the URL is too long");
    if (take_prefix(&text, PGL_TEXT("https://"))) {
        url->is_tls = true;
        url->port = 443;
    } else if (!take_prefix(&text, PGL_TEXT("http://"))) {
        return PGL_FAIL(PGL_INVALID, "a URL that begins with http:// or https:// is expected");
    }
    size_t size = 0;
    while (size < text.size && !is_in(text.data[size], "/?#"))
        size++;
    struct pgl_text left = { text.data, size };
    url->authority = left;
    url->target = (struct pgl_text){ text.data + size, text.size - size };
    if (!take_host(&left, &url->host) || !read_port(left, &url->port))
        return PGL_FAIL(PGL_INVALID, "a host is expected, and a port if any, and nothing else");
    bool has_fragment = memchr(url->target.data, '#', url->target.size) != NULL;
    if (url->target.size > 0 &&
        (url->target.data[0] != '/' || has_fragment || !pgl_http_all(url->target, PGL_HTTP_TARGET)))
        return PGL_FAIL(PGL_INVALID, "a path is expected behind the host, without a fragment");
    return PGL_OK;
}
