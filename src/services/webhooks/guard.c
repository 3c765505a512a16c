/* guard.c - see guard.h. */
#include "services/webhooks/guard.h"

#include "base/ip.h"

#define HTTPS_PORT 443
#define LABEL_MAX  63 /* RFC 1035 */

/* ---- which of them are nobody's public host ---- */

/* clang-format off */
static const struct pgl_ip_range refused_ipv6[] = {
    { { 0x20, 0x01, 0x0D, 0xB8 }, 32 },             /* documentation */
    { { 0x3F, 0xFF }, 20 },                         /* documentation */
    { { 0x20, 0x01 }, 23 },                         /* IETF protocols; Teredo is looked at before */
};
static const struct pgl_ip_range refused_ipv4[] = {
    { { 0 }, 8 },                                   /* this network */
    { { 10 }, 8 },                                  /* private */
    { { 100, 64 }, 10 },                            /* behind a carrier's NAT; some clouds' metadata */
    { { 127 }, 8 },                                 /* loopback */
    { { 168, 63, 129, 16 }, 32 },                   /* Azure's host, from within */
    { { 169, 254 }, 16 },                           /* link-local; metadata of clouds */
    { { 172, 16 }, 12 },                            /* private */
    { { 192, 0, 0 }, 24 },                          /* IETF protocols; Oracle's metadata */
    { { 192, 0, 2 }, 24 },                          /* documentation */
    { { 192, 31, 196 }, 24 },                       /* AS112 */
    { { 192, 52, 193 }, 24 },                       /* AMT */
    { { 192, 88, 99 }, 24 },                        /* relays of 6to4 */
    { { 192, 168 }, 16 },                           /* private */
    { { 192, 175, 48 }, 24 },                       /* AS112 */
    { { 198, 18 }, 15 },                            /* benchmarks */
    { { 198, 51, 100 }, 24 },                       /* documentation */
    { { 203, 0, 113 }, 24 },                        /* documentation */
    { { 224 }, 4 },                                 /* multicast */
    { { 240 }, 4 },                                 /* reserved, broadcast */
};
static const struct pgl_ip_range public_ipv6 = { { 0x20 }, 3 };
static const struct pgl_ip_range nat64 = { { 0x00, 0x64, 0xFF, 0x9B }, 96 };
static const struct pgl_ip_range six_to_four = { { 0x20, 0x02 }, 16 };
static const struct pgl_ip_range teredo = { { 0x20, 0x01 }, 32 };
/* clang-format on */

static bool is_public_ipv4(const uint8_t bytes[4])
{
    for (size_t i = 0; i < sizeof refused_ipv4 / sizeof refused_ipv4[0]; i++)
        if (pgl_ip_is_in(bytes, &refused_ipv4[i]))
            return false;
    return true;
}

/* A tunnel leads to the IPv4 addresses inside. */
static bool is_public(const pgl_ip *address)
{
    const uint8_t *bytes = address->bytes;
    if (pgl_ip_is_v4(address) || pgl_ip_is_in(bytes, &nat64))
        return is_public_ipv4(bytes + 12);
    if (pgl_ip_is_in(bytes, &six_to_four))
        return is_public_ipv4(bytes + 2);
    if (pgl_ip_is_in(bytes, &teredo)) {
        uint8_t client[4];
        for (int i = 0; i < 4; i++)
            client[i] = (uint8_t)~bytes[12 + i];
        return is_public_ipv4(bytes + 4) && is_public_ipv4(client);
    }
    for (size_t i = 0; i < sizeof refused_ipv6 / sizeof refused_ipv6[0]; i++)
        if (pgl_ip_is_in(bytes, &refused_ipv6[i]))
            return false;
    return pgl_ip_is_in(bytes, &public_ipv6);
}

bool pgl_webhook_address_is_fine(const char *text, bool loopback_too)
{
    pgl_ip address;
    if (!pgl_ip_read(pgl_text_of(text), &address))
        return false;
    return is_public(&address) || (loopback_too && pgl_ip_is_loopback(&address));
}

/* ---- URLs ---- */

static const char bad_host[] = "url: a host on the public internet is expected";

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters, digits, dashes inside, underscores (which are found in names). */
static bool is_label(struct pgl_text label)
{
    if (label.size < 1 || label.size > LABEL_MAX || label.data[0] == '-' ||
        label.data[label.size - 1] == '-')
        return false;
    for (size_t i = 0; i < label.size; i++) {
        char c = label.data[i];
        if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return true;
}

/* Decimal, or with 0x: then the URL Standard takes the whole for an IPv4 address. */
static bool is_number(struct pgl_text label)
{
    size_t i = label.size >= 2 && label.data[0] == '0' && label.data[1] == 'x' ? 2 : 0;
    bool is_hex = i == 2;
    for (; i < label.size; i++) {
        char c = label.data[i];
        if (!is_digit(c) && !(is_hex && c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

static bool ends_with(struct pgl_text text, const char *end)
{
    size_t size = strlen(end);
    return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

/* Names that never lead to the public internet (RFC 6761, 6762, 8375, ICANN on .internal). */
static bool is_private_name(struct pgl_text host)
{
    static const char *const ends[] = { ".localhost", ".local", ".internal", ".home.arpa",
                                        ".invalid",   ".test",  ".onion",    ".in-addr.arpa",
                                        ".ip6.arpa",  ".lan",   ".corp",     ".home" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(host, ends[i]))
            return true;
    return false;
}

static bool is_public_name(struct pgl_text host)
{
    struct pgl_text left = host, label = { NULL, 0 };
    int labels = 0;
    for (; left.data != NULL; labels++) {
        label = pgl_text_cut(&left, '.');
        if (!is_label(label))
            return false;
    }
    return labels >= 2 && !is_number(label) && !is_private_name(host);
}

/* The host as it stands, "localhost" included where this machine is fine. */
static bool is_host_fine(const struct pgl_webhook_url *url, bool loopback_too)
{
    pgl_ip address;
    struct pgl_text host = pgl_text_of(url->host);
    if (url->is_ipv6 ? pgl_ip_read_v6(host, &address) : pgl_ip_read(host, &address))
        return pgl_webhook_address_is_fine(url->host, loopback_too);
    if (url->is_ipv6)
        return false;
    return is_public_name(host) || (loopback_too && pgl_text_is(host, "localhost"));
}

static bool is_this_machine(const struct pgl_webhook_url *url)
{
    pgl_ip address;
    return strcmp(url->host, "localhost") == 0 ||
           (pgl_ip_read(pgl_text_of(url->host), &address) && pgl_ip_is_loopback(&address));
}

static pgl_status read_port(struct pgl_text text, struct pgl_webhook_url *url)
{
    int64_t port = 0;
    if (text.data == NULL)
        return PGL_OK;
    if (text.size < 1 || text.size > 5 || !is_digit(text.data[0]) ||
        !pgl_is_ok(pgl_text_to_i64(text, &port)) || port < 1 || port > 65535)
        return PGL_FAIL(PGL_INVALID, "url: its port is no port");
    url->port = (uint16_t)port;
    return PGL_OK;
}

/* HOST, HOST:PORT, [IPV6], [IPV6]:PORT. */
static pgl_status read_authority(struct pgl_text text, struct pgl_webhook_url *url)
{
    struct pgl_text host = text, port = { NULL, 0 };
    url->is_ipv6 = text.size > 0 && text.data[0] == '[';
    if (memchr(text.data, '@', text.size) != NULL)
        return PGL_FAIL(PGL_INVALID, "url: without a user and password");
    if (url->is_ipv6) {
        port = (struct pgl_text){ text.data + 1, text.size - 1 };
        host = pgl_text_cut(&port, ']');
        if (port.data == NULL || (port.size > 0 && port.data[0] != ':'))
            return PGL_FAIL(PGL_INVALID, bad_host);
        port = port.size > 0 ? (struct pgl_text){ port.data + 1, port.size - 1 }
                             : (struct pgl_text){ NULL, 0 };
    } else {
        port = text;
        host = pgl_text_cut(&port, ':');
    }
    if (host.size < 1 || host.size >= sizeof url->host)
        return PGL_FAIL(PGL_INVALID, bad_host);
    for (size_t i = 0; i < host.size; i++)
        url->host[i] = lower(host.data[i]);
    url->host[host.size] = '\0';
    return memchr(url->host, '\0', host.size) == NULL ? read_port(port, url)
                                                      : PGL_FAIL(PGL_INVALID, bad_host);
}

static bool has_scheme(struct pgl_text *text, struct pgl_text scheme)
{
    if (text->size < scheme.size ||
        !pgl_text_equal_nocase((struct pgl_text){ text->data, scheme.size }, scheme))
        return false;
    *text = (struct pgl_text){ text->data + scheme.size, text->size - scheme.size };
    return true;
}

/* Visible ASCII without what readers of URLs disagree about. */
static bool is_plain(struct pgl_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' || strchr("\\\"<>^`{|}#", text.data[i]))
            return false;
    return true;
}

pgl_status pgl_webhook_url_read(struct pgl_text text, bool loopback_too,
                                struct pgl_webhook_url *url)
{
    *url = (struct pgl_webhook_url){ .is_tls = true };
    if (text.size > PGL_WEBHOOK_URL_BYTES_MAX || !is_plain(text))
        return PGL_FAIL(PGL_INVALID, "url: at most 2048 visible ASCII characters, no fragment");
    if (!has_scheme(&text, PGL_TEXT("https://"))) {
        if (!loopback_too || !has_scheme(&text, PGL_TEXT("http://")))
            return PGL_FAIL(PGL_INVALID, "url: https:// is expected");
        url->is_tls = false;
    }
    size_t host_bytes = 0;
    while (host_bytes < text.size && strchr("/?", text.data[host_bytes]) == NULL)
        host_bytes++;
    url->port = url->is_tls ? HTTPS_PORT : 80;
    PGL_TRY(read_authority((struct pgl_text){ text.data, host_bytes }, url));
    url->target = (struct pgl_text){ text.data + host_bytes, text.size - host_bytes };
    if (!is_host_fine(url, loopback_too))
        return PGL_FAIL(PGL_INVALID, bad_host);
    if (url->target.size > 0 && url->target.data[0] != '/')
        return PGL_FAIL(PGL_INVALID, "url: a path goes before its query");
    if (is_this_machine(url))
        return PGL_OK; /* it was let through because any port is fine there */
    return url->is_tls && url->port == HTTPS_PORT
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "url: https on port 443 is expected");
}
