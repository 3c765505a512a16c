/* api_key.c - see api_key.h. */
#include "wire/api_key.h"

#include "base/assert.h"

#define SECRET_CHARS   43 /* 62^43 > 2^256 */
#define CHECKSUM_CHARS 6  /* 62^6 > 2^32 */

#define REFUSE(text) PGL_FAIL(PGL_UNAUTHENTICATED, (text))

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool are_digits(struct pgl_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]))
            return false;
    return true;
}

static bool is_env(struct pgl_text env)
{
    for (size_t i = 0; i < env.size; i++)
        if (env.data[i] >= 'A' && env.data[i] <= 'Z')
            return false;
    return env.size > 0 && env.size <= PGL_API_KEY_ENV_BYTES_MAX && are_digits(env);
}

/* A number of any length, big endian; it is used up. */
static void write_number(uint8_t *bytes, size_t size, char *out, size_t width)
{
    for (size_t at = width; at-- > 0;) {
        unsigned rest = 0;
        for (size_t i = 0; i < size; i++) {
            rest = rest << 8 | bytes[i];
            bytes[i] = (uint8_t)(rest / 62);
            rest %= 62;
        }
        out[at] = digits[rest];
    }
}

/* CRC-32 (ISO 3309, as in zlib), over all that comes before it. */
static void write_checksum(struct pgl_text text, char out[CHECKSUM_CHARS])
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < text.size; i++) {
        crc ^= (uint8_t)text.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    crc = ~crc;
    uint8_t bytes[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                         (uint8_t)crc };
    write_number(bytes, sizeof bytes, out, CHECKSUM_CHARS);
}

bool pgl_api_key_is_meant(struct pgl_text text)
{
    return pgl_text_starts_with(text, PGL_TEXT(PGL_API_KEY_PREFIX));
}

pgl_status pgl_api_key_read(struct pgl_text text, struct pgl_api_key *key)
{
    static const pgl_status no_key = { PGL_UNAUTHENTICATED, "not an API key" };
    char checksum[CHECKSUM_CHARS];
    if (text.size > PGL_API_KEY_BYTES_MAX || !pgl_api_key_is_meant(text))
        return no_key;
    struct pgl_text rest = { text.data + 4, text.size - 4 };
    struct pgl_text env = pgl_text_cut(&rest, '_');
    key->id = pgl_text_cut(&rest, '_');
    if (!is_env(env) || !pgl_api_key_is_id(key->id) || rest.size != SECRET_CHARS + CHECKSUM_CHARS ||
        !are_digits(rest))
        return no_key;
    write_checksum((struct pgl_text){ text.data, text.size - CHECKSUM_CHARS }, checksum);
    if (memcmp(checksum, rest.data + SECRET_CHARS, CHECKSUM_CHARS) != 0)
        return REFUSE("the API key has a wrong checksum");
    pgl_sha256((struct pgl_text){ rest.data, SECRET_CHARS }, key->digest);
    return PGL_OK;
}

size_t pgl_api_key_write(struct pgl_text env, struct pgl_text id,
                         const uint8_t secret[PGL_API_KEY_SECRET_BYTES],
                         char out[PGL_API_KEY_BYTES_MAX])
{
    uint8_t number[PGL_API_KEY_SECRET_BYTES];
    size_t size = 4;
    PGL_ASSERT(is_env(env) && pgl_api_key_is_id(id));
    memcpy(out, PGL_API_KEY_PREFIX, 4);
    memcpy(out + size, env.data, env.size);
    size += env.size;
    out[size++] = '_';
    memcpy(out + size, id.data, id.size);
    size += id.size;
    out[size++] = '_';
    memcpy(number, secret, sizeof number);
    write_number(number, sizeof number, out + size, SECRET_CHARS);
    size += SECRET_CHARS;
    write_checksum((struct pgl_text){ out, size }, out + size);
    return size + CHECKSUM_CHARS;
}

void pgl_api_key_make_id(const uint8_t random[8], char id[PGL_API_KEY_ID_BYTES])
{
    uint8_t number[8];
    memcpy(number, random, sizeof number);
    write_number(number, sizeof number, id, PGL_API_KEY_ID_BYTES);
}

bool pgl_api_key_is_id(struct pgl_text text)
{
    return text.size == PGL_API_KEY_ID_BYTES && are_digits(text);
}

/* ---- scopes ---- */

static const char *const scope_names[PGL_SCOPE_COUNT] = {
    "orders:read",     "orders:write",  "catalog:read", "catalog:write",  "inventory:read",
    "inventory:write", "payments:read", "events:read",  "webhooks:write", "admin",
};

uint32_t pgl_scope_named(struct pgl_text name)
{
    for (int i = 0; i < PGL_SCOPE_COUNT; i++)
        if (pgl_text_is(name, scope_names[i]))
            return 1u << i;
    return 0;
}

const char *pgl_scope_name(int number)
{
    PGL_ASSERT(number >= 0 && number < PGL_SCOPE_COUNT);
    return scope_names[number];
}
