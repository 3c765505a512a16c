/* base64.c - see base64.h. */
#include "wire/base64.h"

static const char standard_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Without padding. */
static size_t encode(const char *alphabet, const uint8_t *bytes, size_t size, char *out)
{
    size_t written = 0;
    uint32_t bits = 0;
    int held = 0; /* how many low bits of `bits` are still to be written */
    for (size_t i = 0; i < size; i++) {
        bits = (bits & 0xFF) << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            out[written++] = alphabet[bits >> (held - 6) & 63];
    }
    if (held > 0)
        out[written++] = alphabet[bits << (6 - held) & 63];
    return written;
}

size_t pgl_base64_encode(const uint8_t *bytes, size_t size, char *out)
{
    size_t written = encode(standard_alphabet, bytes, size, out);
    while (written % 4 != 0)
        out[written++] = '=';
    return written;
}

size_t pgl_base64url_encode(const uint8_t *bytes, size_t size, char *out)
{
    return encode(url_alphabet, bytes, size, out);
}

static int letter_or_digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return -1;
}

static int url_value(char c)
{
    if (c == '-')
        return 62;
    return c == '_' ? 63 : letter_or_digit_value(c);
}

static int any_value(char c)
{
    if (c == '+')
        return 62;
    return c == '/' ? 63 : url_value(c);
}

static pgl_status decode(int (*value_of)(char c), struct pgl_text text, uint8_t *out,
                         size_t capacity, size_t *size)
{
    if (text.size % 4 == 1)
        return PGL_FAIL(PGL_MALFORMED, "base64 of an impossible length");
    if (text.size / 4 * 3 + text.size % 4 * 3 / 4 > capacity)
        return PGL_FAIL(PGL_TOO_LARGE, "base64 is too long");

    size_t written = 0;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = value_of(text.data[i]);
        if (value < 0)
            return PGL_FAIL(PGL_MALFORMED, "not a base64 character");
        bits = (bits & 0x3F) << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[written++] = (uint8_t)(bits >> held);
        }
    }
    /* RFC 4648, 3.5: bits left over must be zero, or one value had several spellings */
    if ((bits & ((1U << held) - 1)) != 0)
        return PGL_FAIL(PGL_MALFORMED, "base64 with bits left over");
    *size = written;
    return PGL_OK;
}

pgl_status pgl_base64url_decode(struct pgl_text text, uint8_t *out, size_t capacity, size_t *size)
{
    return decode(url_value, text, out, capacity, size);
}

pgl_status pgl_base64_decode_any(struct pgl_text text, uint8_t *out, size_t capacity, size_t *size)
{
    bool is_padded = text.size > 0 && text.size % 4 == 0;
    for (int i = 0; i < 2 && is_padded && text.data[text.size - 1] == '='; i++)
        text.size--;
    return decode(any_value, text, out, capacity, size);
}
