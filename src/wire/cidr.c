/* cidr.c - see cidr.h. */
#include "wire/cidr.h"

#define GROUPS 8

#define REFUSE(text) PGL_FAIL(PGL_INVALID, (text))

static const pgl_status no_address = { PGL_INVALID, "not a numeric address" };

static pgl_status read_v4(struct pgl_text text, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        struct pgl_text part = pgl_text_cut(&text, '.');
        int64_t value;
        bool has_zero = part.size > 1 && part.data[0] == '0';
        bool has_next = text.data != NULL;
        if (has_zero || part.size > 3 || has_next != (i < 3) ||
            !pgl_is_ok(pgl_text_to_i64(part, &value)) || value < 0 || value > 255)
            return no_address;
        out[i] = (uint8_t)value;
    }
    return PGL_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_group(struct pgl_text text, uint8_t out[2])
{
    unsigned value = 0;
    if (text.size == 0 || text.size > 4)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        int digit = hex_value(text.data[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return true;
}

/* "a:b:c", or with an IPv4 address in place of the last two; "" is none. False for what is no
 * list of groups. */
static bool read_groups(struct pgl_text text, uint8_t out[16], int *count, bool may_end_in_v4)
{
    *count = 0;
    if (text.size == 0)
        return true;
    while (text.data != NULL) {
        struct pgl_text group = pgl_text_cut(&text, ':');
        bool is_v4 = text.data == NULL && group.size > 4 && may_end_in_v4;
        if (*count + (is_v4 ? 2 : 1) > GROUPS)
            return false;
        if (is_v4 ? !pgl_is_ok(read_v4(group, out + 2 * *count))
                  : !read_group(group, out + 2 * *count))
            return false;
        *count += is_v4 ? 2 : 1;
    }
    return true;
}

/* RFC 4291, 2.2: "::" once, for one group or more of zeros. */
static pgl_status read_v6(struct pgl_text text, uint8_t out[16])
{
    const char *gap = text.size >= 2 ? memmem(text.data, text.size, "::", 2) : NULL;
    uint8_t back[16];
    int front_count, back_count = 0;
    struct pgl_text front = text, behind = { NULL, 0 };
    memset(out, 0, 16);
    if (gap != NULL) {
        front.size = (size_t)(gap - text.data);
        behind = (struct pgl_text){ gap + 2, text.size - front.size - 2 };
    }
    if (!read_groups(front, out, &front_count, gap == NULL) ||
        !read_groups(behind, back, &back_count, true))
        return no_address;
    if (gap == NULL ? front_count != GROUPS : front_count + back_count >= GROUPS)
        return no_address;
    memcpy(out + 16 - 2 * back_count, back, 2 * (size_t)back_count);
    return PGL_OK;
}

static bool is_v4(struct pgl_text text)
{
    return text.size == 0 || memchr(text.data, ':', text.size) == NULL;
}

pgl_status pgl_address_bytes_read(struct pgl_text text, struct pgl_address_bytes *address)
{
    if (!is_v4(text))
        return read_v6(text, address->bytes);
    memset(address->bytes, 0, sizeof address->bytes);
    address->bytes[10] = address->bytes[11] = 0xFF;
    return read_v4(text, address->bytes + 12);
}

/* Whether the first `bits` of both are the same. */
static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
    size_t whole = (size_t)bits / 8;
    unsigned mask = 0xFF00u >> (bits % 8) & 0xFF;
    return memcmp(a, b, whole) == 0 && (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool ends_in_zeros(const uint8_t *bytes, int bits)
{
    for (int i = bits; i < 128; i++)
        if (bytes[i / 8] & 0x80u >> (i % 8))
            return false;
    return true;
}

pgl_status pgl_cidr_read(struct pgl_text text, struct pgl_cidr *cidr)
{
    struct pgl_text length = text, address = pgl_text_cut(&length, '/');
    int width = is_v4(address) ? 32 : 128;
    int64_t bits = width;
    PGL_TRY(pgl_address_bytes_read(address, &cidr->first));
    bool has_zero = length.size > 1 && length.data[0] == '0';
    if (length.data != NULL &&
        (has_zero || !pgl_is_ok(pgl_text_to_i64(length, &bits)) || bits < 0 || bits > width))
        return REFUSE("not a prefix length");
    cidr->bits = (int)bits + 128 - width;
    if (!ends_in_zeros(cidr->first.bytes, cidr->bits))
        return REFUSE("there are bits behind the prefix");
    return PGL_OK;
}

bool pgl_cidr_has(const struct pgl_cidr *cidr, const struct pgl_address_bytes *address)
{
    return same_bits(cidr->first.bytes, address->bytes, cidr->bits);
}
