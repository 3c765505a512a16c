/* text.c - see text.h. */
#include "base/text.h"

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool pgl_text_equal_nocase(struct pgl_text a, struct pgl_text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    return true;
}

bool pgl_text_starts_with(struct pgl_text text, struct pgl_text prefix)
{
    return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

struct pgl_text pgl_text_trim(struct pgl_text text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

struct pgl_text pgl_text_cut(struct pgl_text *text, char separator)
{
    struct pgl_text whole = *text;
    const char *at = whole.size ? memchr(whole.data, separator, whole.size) : NULL;
    if (at == NULL) {
        *text = (struct pgl_text){ NULL, 0 };
        return whole;
    }
    size_t before = (size_t)(at - whole.data);
    *text = (struct pgl_text){ at + 1, whole.size - before - 1 };
    return (struct pgl_text){ whole.data, before };
}

pgl_status pgl_text_to_i64(struct pgl_text text, int64_t *value)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t at = negative ? 1 : 0;
    if (at == text.size)
        return PGL_FAIL(PGL_INVALID, "a whole number is expected");
    int64_t sum = 0;
    for (; at < text.size; at++) {
        char c = text.data[at];
        if (c < '0' || c > '9')
            return PGL_FAIL(PGL_INVALID, "a whole number is expected");
        int digit = c - '0';
        if (__builtin_mul_overflow(sum, (int64_t)10, &sum) ||
            __builtin_sub_overflow(sum, (int64_t)digit, &sum)) /* below 0 there is one more */
            return PGL_FAIL(PGL_INVALID, "the number is too large");
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, sum, &sum))
        return PGL_FAIL(PGL_INVALID, "the number is too large");
    *value = sum;
    return PGL_OK;
}

/* RFC 3629, section 4: the byte sequences allowed, by first byte. */
static size_t utf8_length(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return 1;
    uint8_t low = 0x80, high = 0xBF; /* what the second byte may be */
    size_t length;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        low = first == 0xE0 ? 0xA0 : 0x80;
        high = first == 0xED ? 0x9F : 0xBF;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        low = first == 0xF0 ? 0x90 : 0x80;
        high = first == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (left < length || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

bool pgl_text_is_utf8(struct pgl_text text)
{
    const uint8_t *at = (const uint8_t *)text.data;
    size_t left = text.size;
    while (left > 0) {
        size_t length = utf8_length(at, left);
        if (length == 0)
            return false;
        at += length;
        left -= length;
    }
    return true;
}

void pgl_hex_encode(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

pgl_status pgl_hex_decode(struct pgl_text text, uint8_t *bytes, size_t size)
{
    if (text.size != 2 * size)
        return PGL_FAIL(PGL_INVALID, "hexadecimal digits of another length are expected");
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text.data[2 * i]), low = hex_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return PGL_FAIL(PGL_INVALID, "not a hexadecimal digit");
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return PGL_OK;
}
