/* id.c - see id.h. */
#include "base/id.h"

#include "base/assert.h"

#define NS_PER_MS 1000000

void pgl_id_maker_init(struct pgl_id_maker *maker, uint64_t seed)
{
    pgl_random_seed(&maker->random, seed, 0x6964);
    maker->last = (pgl_id){ { 0 } };
}

void pgl_id_maker_stay_above(struct pgl_id_maker *maker, pgl_id floor)
{
    if (pgl_id_compare(floor, maker->last) > 0)
        maker->last = floor;
}

static void set_version_and_variant(pgl_id *id)
{
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0F) | 0x70);
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3F) | 0x80);
}

/* Adds one to the 122 free bits, stepping over the version and the variant. */
static pgl_id successor(pgl_id id)
{
    static const uint8_t free_bits[16] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0xFF,
                                           0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    for (int i = 15; i >= 0; i--) {
        uint8_t kept = (uint8_t)(id.bytes[i] & ~free_bits[i]);
        uint8_t next = (uint8_t)((id.bytes[i] + 1) & free_bits[i]);
        id.bytes[i] = (uint8_t)(kept | next);
        if (next != 0)
            return id;
    }
    PGL_ASSERT(false && "ids are used up");
    return id;
}

pgl_id pgl_id_make(struct pgl_id_maker *maker, int64_t wall_ns)
{
    pgl_id id;
    uint64_t ms = wall_ns > 0 ? (uint64_t)(wall_ns / NS_PER_MS) : 0;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    pgl_random_fill(&maker->random, id.bytes + 6, 10);
    set_version_and_variant(&id);
    /* Within the millisecond of the last id, or behind it: count up from there. */
    if (memcmp(id.bytes, maker->last.bytes, 6) <= 0 && !pgl_id_is_zero(maker->last))
        id = successor(maker->last);
    maker->last = id;
    return id;
}

/* Where the dashes stand in the text form: before the bytes 4, 6, 8 and 10. */
static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void pgl_id_format(pgl_id id, char out[PGL_ID_TEXT_BYTES])
{
    for (int i = 0; i < 16; i++) {
        if (dash_before(i))
            *out++ = '-';
        pgl_hex_encode(&id.bytes[i], 1, out);
        out += 2;
    }
}

pgl_status pgl_id_parse(struct pgl_text text, pgl_id *id)
{
    if (text.size != PGL_ID_TEXT_BYTES)
        return PGL_FAIL(PGL_INVALID, "an id has 36 characters");
    const char *at = text.data;
    pgl_id parsed;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i) && *at++ != '-')
            return PGL_FAIL(PGL_INVALID, "an id has the form 8-4-4-4-12");
        PGL_TRY(pgl_hex_decode((struct pgl_text){ at, 2 }, &parsed.bytes[i], 1));
        at += 2;
    }
    *id = parsed;
    return PGL_OK;
}
