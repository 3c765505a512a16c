/* ip.c - see ip.h. */
#include "base/ip.h"

#include <stdio.h>

static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };

/* Four decimal numbers without leading zeros. */
static bool read_ipv4(struct pgl_text text, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        struct pgl_text part = pgl_text_cut(&text, '.');
        int64_t number;
        if (part.size == 0 || part.size > 3 || part.data[0] == '-' ||
            (part.size > 1 && part.data[0] == '0') || (i < 3) != (text.data != NULL) ||
            !pgl_is_ok(pgl_text_to_i64(part, &number)) || number > 255)
            return false;
        out[i] = (uint8_t)number;
    }
    return true;
}

static bool read_group(struct pgl_text text, uint8_t out[2])
{
    char digits[4] = { '0', '0', '0', '0' };
    if (text.size < 1 || text.size > 4)
        return false;
    memcpy(digits + 4 - text.size, text.data, text.size);
    return pgl_is_ok(pgl_hex_decode((struct pgl_text){ digits, 4 }, out, 2));
}

/* Groups with colons in between, of which the last may be an IPv4 address; how many bytes they
 * are, -1 for anything else. */
static int read_groups(struct pgl_text text, uint8_t out[PGL_IP_BYTES])
{
    int size = 0;
    while (text.data != NULL && text.size > 0) {
        struct pgl_text part = pgl_text_cut(&text, ':');
        bool is_ipv4 = text.data == NULL && memchr(part.data, '.', part.size) != NULL;
        int bytes = is_ipv4 ? 4 : 2;
        if (size + bytes > PGL_IP_BYTES || (text.data != NULL && text.size == 0) ||
            !(is_ipv4 ? read_ipv4(part, out + size) : read_group(part, out + size)))
            return -1;
        size += bytes;
    }
    return size;
}

static bool read_v6(struct pgl_text text, uint8_t out[PGL_IP_BYTES])
{
    size_t gap = 0;
    while (gap + 1 < text.size && (text.data[gap] != ':' || text.data[gap + 1] != ':'))
        gap++;
    if (gap + 1 >= text.size)
        return read_groups(text, out) == PGL_IP_BYTES;
    uint8_t head[PGL_IP_BYTES], tail[PGL_IP_BYTES];
    int head_bytes = read_groups((struct pgl_text){ text.data, gap }, head);
    int tail_bytes =
        read_groups((struct pgl_text){ text.data + gap + 2, text.size - gap - 2 }, tail);
    if (head_bytes < 0 || tail_bytes < 0 || head_bytes + tail_bytes > PGL_IP_BYTES - 2)
        return false;
    memset(out, 0, PGL_IP_BYTES);
    memcpy(out, head, (size_t)head_bytes);
    memcpy(out + PGL_IP_BYTES - tail_bytes, tail, (size_t)tail_bytes);
    return true;
}

bool pgl_ip_read_v6(struct pgl_text text, pgl_ip *ip)
{
    return read_v6(text, ip->bytes);
}

bool pgl_ip_read(struct pgl_text text, pgl_ip *ip)
{
    memcpy(ip->bytes, mapped, sizeof mapped);
    return read_ipv4(text, ip->bytes + sizeof mapped) || read_v6(text, ip->bytes);
}

/* RFC 5952, 4.2: the longest run of two or more groups of zeros, the first of several; where it
 * begins, and in `*count` how many; 0 for none. */
static int longest_gap(const uint16_t groups[8], int *count)
{
    int begin = 0;
    *count = 0;
    for (int i = 0; i < 8; i++) {
        int end = i;
        while (end < 8 && groups[end] == 0)
            end++;
        if (end - i > 1 && end - i > *count) {
            begin = i;
            *count = end - i;
        }
    }
    return begin;
}

void pgl_ip_write(const pgl_ip *ip, char text[PGL_IP_TEXT_BYTES])
{
    uint16_t groups[8];
    int gap_count, at = 0;
    const uint8_t *b = ip->bytes;
    if (pgl_ip_is_v4(ip)) {
        snprintf(text, PGL_IP_TEXT_BYTES, "%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
        return;
    }
    for (int i = 0; i < 8; i++)
        groups[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
    int gap = longest_gap(groups, &gap_count);
    for (int i = 0; i < 8; i++) {
        size_t left = (size_t)(PGL_IP_TEXT_BYTES - at);
        if (gap_count > 0 && i == gap) {
            at += snprintf(text + at, left, "::");
            i += gap_count - 1;
        } else {
            bool is_first = at == 0 || text[at - 1] == ':';
            at += snprintf(text + at, left, "%s%x", is_first ? "" : ":", groups[i]);
        }
    }
}

bool pgl_ip_is_v4(const pgl_ip *ip)
{
    return memcmp(ip->bytes, mapped, sizeof mapped) == 0;
}

bool pgl_ip_is_loopback(const pgl_ip *ip)
{
    static const pgl_ip one = { { [15] = 1 } };
    return memcmp(ip, &one, sizeof one) == 0 || (pgl_ip_is_v4(ip) && ip->bytes[12] == 127);
}

bool pgl_ip_is_in(const uint8_t *bytes, const struct pgl_ip_range *range)
{
    int whole = range->bits / 8, left = range->bits % 8;
    if (memcmp(bytes, range->bytes, (size_t)whole) != 0)
        return false;
    return left == 0 || (bytes[whole] ^ range->bytes[whole]) >> (8 - left) == 0;
}

static bool has_bits_beyond(const struct pgl_ip_range *range)
{
    for (int bit = range->bits; bit < 8 * PGL_IP_BYTES; bit++)
        if (range->bytes[bit / 8] & 0x80 >> bit % 8)
            return true;
    return false;
}

bool pgl_ip_range_read(struct pgl_text text, struct pgl_ip_range *range)
{
    pgl_ip ip;
    struct pgl_text bits_text = text, address = pgl_text_cut(&bits_text, '/');
    if (!pgl_ip_read(address, &ip))
        return false;
    int64_t most = memchr(address.data, ':', address.size) == NULL ? 32 : 8 * PGL_IP_BYTES;
    int64_t bits = most;
    if (bits_text.data != NULL &&
        (bits_text.size > 3 || !pgl_is_ok(pgl_text_to_i64(bits_text, &bits)) || bits < 0 ||
         bits > most))
        return false;
    memcpy(range->bytes, ip.bytes, sizeof ip.bytes);
    range->bits = (int)(bits + 8 * PGL_IP_BYTES - most);
    return !has_bits_beyond(range);
}

bool pgl_ip_is_among(const pgl_ip *ip, const struct pgl_ip_range *ranges, int count)
{
    for (int i = 0; i < count; i++)
        if (pgl_ip_is_in(ip->bytes, &ranges[i]))
            return true;
    return false;
}
