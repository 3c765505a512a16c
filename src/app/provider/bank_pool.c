/* bank_pool.c - numbered records, their ids, and how they are kept and come back. */
#include <stddef.h>

#include "app/provider/bank_inside.h"
#include "base/hash.h"

#define BLOCK_SLOTS 256u
#define ID_DIGITS   24 /* hexadecimal: 8 of the number, 16 of the salt */

/* ---- pools ---- */

bool bank_pool_init(struct bank_pool *pool, struct pgl_arena *arena, size_t element_bytes,
                    uint32_t slots_max)
{
    pool->element_bytes = element_bytes;
    pool->slots_max = slots_max;
    pool->blocks = pgl_arena_zalloc(arena, (slots_max / BLOCK_SLOTS + 1) * sizeof(void *));
    return pool->blocks != NULL;
}

void *bank_pool_slot(struct bank_pool *pool, struct pgl_arena *arena, uint32_t slot)
{
    if (slot >= pool->slots_max)
        return NULL;
    void **block = &pool->blocks[slot / BLOCK_SLOTS];
    if (*block == NULL)
        *block = pgl_arena_zalloc(arena, BLOCK_SLOTS * pool->element_bytes);
    return *block != NULL ? bank_pool_at(pool, slot) : NULL;
}

void *bank_pool_at(const struct bank_pool *pool, uint32_t slot)
{
    return (char *)pool->blocks[slot / BLOCK_SLOTS] + slot % BLOCK_SLOTS * pool->element_bytes;
}

/* ---- ids ---- */

uint64_t bank_hash(const void *bytes, size_t size, uint64_t purpose)
{
    return pgl_hash((struct pgl_hash_key){ 0x70726F7669646572u, purpose }, bytes, size);
}

uint64_t bank_salt(const struct pgl_bank *bank, uint64_t purpose, uint64_t number)
{
    uint64_t of[] = { bank->options.seed, number, (uint64_t)bank->now_ns };
    return bank_hash(of, sizeof of, purpose);
}

void bank_id_write(const char *prefix, uint64_t number, uint64_t salt, char out[BANK_ID_BYTES])
{
    uint8_t bytes[12];
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    for (int i = 0; i < 8; i++)
        bytes[4 + i] = (uint8_t)(salt >> (56 - 8 * i));
    memcpy(out, prefix, 3);
    pgl_hex_encode(bytes, sizeof bytes, out + 3);
    out[3 + ID_DIGITS] = '\0';
}

/* The number in an id, which its salt has to fit: who guesses one finds nothing. */
static bool read_id(const char *prefix, struct pgl_text id, uint32_t *number, uint64_t *salt)
{
    uint8_t bytes[12];
    *number = 0;
    *salt = 0;
    if (id.size != 3 + ID_DIGITS || memcmp(id.data, prefix, 3) != 0 ||
        !pgl_is_ok(pgl_hex_decode((struct pgl_text){ id.data + 3, ID_DIGITS }, bytes, 12)))
        return false;
    for (int i = 0; i < 4; i++)
        *number = *number << 8 | bytes[i];
    for (int i = 4; i < 12; i++)
        *salt = *salt << 8 | bytes[i];
    return true;
}

struct intent *bank_find_intent(const struct pgl_bank *bank, struct pgl_text id)
{
    uint32_t number;
    uint64_t salt;
    if (!read_id("pi_", id, &number, &salt) || number >= bank->intent_count)
        return NULL;
    struct intent *intent = bank_intent(bank, number);
    return intent->row.salt == salt ? intent : NULL;
}

struct refund *bank_find_refund(const struct pgl_bank *bank, struct pgl_text id)
{
    uint32_t number;
    uint64_t salt;
    if (!read_id("re_", id, &number, &salt) || number >= bank->refund_count)
        return NULL;
    struct refund *refund = bank_refund(bank, number);
    return refund->row.salt == salt ? refund : NULL;
}

struct pgl_text bank_order_of(const struct intent *intent)
{
    return bank_metadata_find(intent->row.metadata, intent->row.metadata_bytes, "order_id");
}

uint32_t bank_find_order(const struct pgl_bank *bank, struct pgl_text order_id)
{
    const uint64_t *found =
        pgl_map_get(&bank->orders, bank_hash(order_id.data, order_id.size, PGL_BANK_INTENT));
    if (found == NULL)
        return BANK_NONE;
    uint32_t number = (uint32_t)*found;
    return pgl_text_equal(bank_order_of(bank_intent(bank, number)), order_id) ? number : BANK_NONE;
}

/* ---- records ---- */

/* The last one of its order that was made so far is the previous one of this. */
static bool link_to_order(struct pgl_bank *bank, struct intent *intent)
{
    struct pgl_text order_id = bank_order_of(intent);
    intent->previous_of_order = BANK_NONE;
    if (order_id.data == NULL)
        return true;
    intent->previous_of_order = bank_find_order(bank, order_id);
    uint64_t hash = bank_hash(order_id.data, order_id.size, PGL_BANK_INTENT);
    return pgl_is_ok(pgl_map_put(&bank->orders, hash, intent->number));
}

struct intent *bank_intent_add(struct pgl_bank *bank, const struct intent_row *row)
{
    struct intent *intent = bank_pool_slot(&bank->intents, &bank->arena, bank->intent_count);
    if (intent == NULL)
        return NULL;
    intent->row = *row;
    intent->bank = bank;
    intent->number = bank->intent_count;
    intent->last_transfer = intent->last_refund = BANK_NONE;
    if (!link_to_order(bank, intent))
        return NULL;
    bank->intent_count++;
    return intent;
}

struct refund *bank_refund_add(struct pgl_bank *bank, const struct refund_row *row)
{
    struct refund *refund = bank_pool_slot(&bank->refunds, &bank->arena, bank->refund_count);
    if (refund == NULL)
        return NULL;
    struct intent *intent = bank_intent(bank, row->intent);
    refund->row = *row;
    refund->bank = bank;
    refund->number = bank->refund_count++;
    refund->previous_of_intent = intent->last_refund;
    intent->last_refund = refund->number;
    return refund;
}

static void keep(const struct pgl_bank *bank, enum pgl_bank_kind kind, uint64_t number,
                 const void *record, size_t bytes)
{
    if (bank->options.keep != NULL)
        bank->options.keep(bank->options.keep_self, kind, number,
                           (struct pgl_text){ record, bytes });
}

void bank_keep_intent(const struct intent *intent)
{
    keep(intent->bank, PGL_BANK_INTENT, intent->number, &intent->row,
         offsetof(struct intent_row, metadata) + intent->row.metadata_bytes);
}

void bank_keep_refund(const struct refund *refund)
{
    keep(refund->bank, PGL_BANK_REFUND, refund->number, &refund->row,
         offsetof(struct refund_row, metadata) + refund->row.metadata_bytes);
}

void bank_keep_transfer(struct pgl_bank *bank, uint32_t number)
{
    keep(bank, PGL_BANK_TRANSFER, number, bank_transfer(bank, number), sizeof(struct transfer));
}

void bank_keep_key(struct pgl_bank *bank, uint64_t number)
{
    keep(bank, PGL_BANK_KEY, number, bank_key(bank, number), sizeof(struct key_row));
}

void bank_forget_key(struct pgl_bank *bank)
{
    uint64_t number = bank->key_first++;
    const struct key_row *key = bank_key(bank, number);
    const uint64_t *known = pgl_map_get(&bank->key_numbers, key->hash[0]);
    if (known != NULL && *known == number)
        pgl_map_remove(&bank->key_numbers, key->hash[0]);
    keep(bank, PGL_BANK_KEY, number, "", 0);
}

/* ---- what comes back ---- */

static const pgl_status foreign = { PGL_MALFORMED, "a record that is none of this program's" };

static pgl_status restore_intent(struct pgl_bank *bank, uint64_t number, struct pgl_text record)
{
    struct intent_row row = { 0 };
    size_t fixed_bytes = offsetof(struct intent_row, metadata);
    if (number != bank->intent_count || record.size < fixed_bytes || record.size > sizeof row)
        return foreign;
    memcpy(&row, record.data, record.size);
    bool is_sound = row.metadata_bytes == record.size - fixed_bytes &&
                    row.state.status < INTENT_STATUS_COUNT && row.state.error < BANK_ERROR_COUNT &&
                    row.state.cancel_reason < CANCEL_REASON_COUNT &&
                    row.state.card < bank_card_count &&
                    (row.metadata_bytes == 0 || row.metadata[row.metadata_bytes - 1] == '\0');
    struct intent *intent = is_sound ? bank_intent_add(bank, &row) : NULL;
    if (intent == NULL)
        return foreign;
    bank_intent_await(intent);
    return bank_currency_fits(bank, row.currency) ? PGL_OK : foreign;
}

static pgl_status restore_refund(struct pgl_bank *bank, uint64_t number, struct pgl_text record)
{
    struct refund_row row = { 0 };
    size_t fixed_bytes = offsetof(struct refund_row, metadata);
    if (number != bank->refund_count || record.size < fixed_bytes || record.size > sizeof row)
        return foreign;
    memcpy(&row, record.data, record.size);
    bool is_sound = row.metadata_bytes == record.size - fixed_bytes &&
                    row.intent < bank->intent_count && row.status < REFUND_STATUS_COUNT &&
                    (row.metadata_bytes == 0 || row.metadata[row.metadata_bytes - 1] == '\0');
    struct refund *refund = is_sound ? bank_refund_add(bank, &row) : NULL;
    if (refund == NULL)
        return foreign;
    bank_refund_await(refund);
    return PGL_OK;
}

static pgl_status restore_transfer(struct pgl_bank *bank, uint64_t number, struct pgl_text record)
{
    struct transfer kept;
    if (number != bank->transfer_count || record.size != sizeof kept)
        return foreign;
    memcpy(&kept, record.data, sizeof kept);
    return bank_transfer_restore(bank, &kept);
}

/* A key that was busy is free again: its request was forgotten with the process, unexecuted. */
static pgl_status restore_key(struct pgl_bank *bank, uint64_t number, struct pgl_text record)
{
    struct key_row kept;
    if (record.size != sizeof kept || number < bank->key_next)
        return foreign;
    memcpy(&kept, record.data, sizeof kept);
    if (bank->key_next == 0)
        bank->key_first = number;
    bool has_room = number - bank->key_first < bank->keys.slots_max;
    for (; has_room && bank->key_next <= number; bank->key_next++) {
        struct key_row *key = bank_pool_slot(&bank->keys, &bank->arena,
                                             (uint32_t)(bank->key_next % bank->keys.slots_max));
        if (key == NULL)
            return PGL_NO_MEMORY;
        *key = (struct key_row){ .made_ns = kept.made_ns };
    }
    if (!has_room || kept.outcome.error >= BANK_ERROR_COUNT ||
        (kept.outcome.intent != BANK_NONE && kept.outcome.intent >= bank->intent_count) ||
        (kept.outcome.refund != BANK_NONE && kept.outcome.refund >= bank->refund_count))
        return foreign;
    if (kept.is_busy)
        return PGL_OK;
    *bank_key(bank, number) = kept;
    return pgl_map_put(&bank->key_numbers, kept.hash[0], number);
}

pgl_status pgl_bank_restore(struct pgl_bank *bank, enum pgl_bank_kind kind, uint64_t number,
                            struct pgl_text record)
{
    switch (kind) {
    case PGL_BANK_INTENT:
        return restore_intent(bank, number, record);
    case PGL_BANK_REFUND:
        return restore_refund(bank, number, record);
    case PGL_BANK_TRANSFER:
        return restore_transfer(bank, number, record);
    case PGL_BANK_KEY:
        return restore_key(bank, number, record);
    case PGL_BANK_KIND_COUNT:
        break;
    }
    return foreign;
}
