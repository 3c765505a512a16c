/* proxy_protocol.c - see proxy_protocol.h. */
#include "wire/proxy_protocol.h"

#include <string.h>

#define V2_HEAD_BYTES  16
#define SHORTEST_BYTES 15 /* of both versions: "PROXY UNKNOWN" and the end of the line */

static const char v1_begin[] = "PROXY ";
static const char v2_begin[] = "\r\n\r\n\0\r\nQUIT\n"; /* 12 bytes */

static enum pgl_proxy_result refuse(struct pgl_proxy_header *header, const char *why)
{
    header->why = why;
    return PGL_PROXY_REFUSED;
}

static enum pgl_proxy_result more(struct pgl_proxy_header *header, size_t wanted)
{
    header->wanted = wanted;
    return PGL_PROXY_MORE;
}

/* ---- text ---- */

static bool is_port(struct pgl_text text)
{
    int64_t port;
    return text.size >= 1 && text.size <= 5 && (text.data[0] != '0' || text.size == 1) &&
           text.data[0] != '-' && text.data[0] != '+' && pgl_is_ok(pgl_text_to_i64(text, &port)) &&
           port <= UINT16_MAX;
}

/* "TCP4 SOURCE DESTINATION PORT PORT" */
static bool read_v1_client(struct pgl_text line, pgl_ip *client)
{
    pgl_ip own;
    struct pgl_text family = pgl_text_cut(&line, ' ');
    bool is_v4 = pgl_text_is(family, "TCP4");
    if ((!is_v4 && !pgl_text_is(family, "TCP6")) || line.data == NULL ||
        !pgl_ip_read(pgl_text_cut(&line, ' '), client) || line.data == NULL ||
        !pgl_ip_read(pgl_text_cut(&line, ' '), &own) || line.data == NULL)
        return false;
    struct pgl_text from = pgl_text_cut(&line, ' ');
    return pgl_ip_is_v4(client) == is_v4 && pgl_ip_is_v4(&own) == is_v4 && line.data != NULL &&
           is_port(from) && is_port(line);
}

static enum pgl_proxy_result read_v1(struct pgl_text bytes, struct pgl_proxy_header *header)
{
    size_t most = bytes.size < PGL_PROXY_V1_BYTES_MAX ? bytes.size : PGL_PROXY_V1_BYTES_MAX;
    const char *end = memchr(bytes.data, '\n', most);
    if (end == NULL && most == PGL_PROXY_V1_BYTES_MAX)
        return refuse(header, "a line that is too long");
    if (end == NULL) /* the next byte may be the last one */
        return more(header, bytes.size < SHORTEST_BYTES ? SHORTEST_BYTES - bytes.size : 1);
    header->size = (size_t)(end - bytes.data) + 1;
    if (header->size < sizeof v1_begin || end[-1] != '\r')
        return refuse(header, "a line that does not end as lines do");
    struct pgl_text line = { bytes.data + sizeof v1_begin - 1, header->size - sizeof v1_begin - 1 };
    if (pgl_text_is(line, "UNKNOWN") || pgl_text_starts_with(line, PGL_TEXT("UNKNOWN ")))
        return PGL_PROXY_DONE;
    header->has_client = read_v1_client(line, &header->client);
    return header->has_client ? PGL_PROXY_DONE : refuse(header, "addresses that cannot be read");
}

/* ---- binary ---- */

enum { V2_VERSION = 0x20, V2_LOCAL = 0x20, V2_PROXY = 0x21 };
enum { V2_TCP_OVER_IPV4 = 0x11, V2_TCP_OVER_IPV6 = 0x21 };

static enum pgl_proxy_result read_v2(struct pgl_text bytes, struct pgl_proxy_header *header)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    if (bytes.size < V2_HEAD_BYTES)
        return more(header, V2_HEAD_BYTES - bytes.size);
    uint8_t command = at[12], family = at[13];
    size_t length = (size_t)at[14] << 8 | at[15];
    header->size = V2_HEAD_BYTES + length;
    if (command != V2_LOCAL && command != V2_PROXY)
        return refuse(header, "a version or command that is not known");
    if (header->size > PGL_PROXY_BYTES_MAX)
        return refuse(header, "a header that is too long");
    if (bytes.size < header->size)
        return more(header, header->size - bytes.size);
    if (command == V2_LOCAL || (family != V2_TCP_OVER_IPV4 && family != V2_TCP_OVER_IPV6))
        return PGL_PROXY_DONE; /* 2.2: of what is not known the real addresses are used */
    size_t address = family == V2_TCP_OVER_IPV4 ? 4 : PGL_IP_BYTES;
    if (length < 2 * (address + 2))
        return refuse(header, "a header without room for its addresses");
    if (address == 4)
        header->client.bytes[10] = header->client.bytes[11] = 0xFF;
    memcpy(header->client.bytes + PGL_IP_BYTES - address, at + V2_HEAD_BYTES, address);
    header->has_client = true;
    return PGL_PROXY_DONE;
}

static bool may_begin(struct pgl_text bytes, const char *begin, size_t size)
{
    return memcmp(bytes.data, begin, bytes.size < size ? bytes.size : size) == 0;
}

enum pgl_proxy_result pgl_proxy_read(struct pgl_text bytes, struct pgl_proxy_header *header)
{
    *header = (struct pgl_proxy_header){ .why = "" };
    if (bytes.size == 0)
        return more(header, SHORTEST_BYTES);
    if (may_begin(bytes, v2_begin, sizeof v2_begin - 1))
        return bytes.size < sizeof v2_begin - 1 ? more(header, SHORTEST_BYTES - bytes.size)
                                                : read_v2(bytes, header);
    if (may_begin(bytes, v1_begin, sizeof v1_begin - 1))
        return bytes.size < sizeof v1_begin - 1 ? more(header, SHORTEST_BYTES - bytes.size)
                                                : read_v1(bytes, header);
    return refuse(header, "no header of the PROXY protocol");
}
