/* names.c - see names.h. */
#include "services/inventory/names.h"

#include "base/assert.h"

/* A multiple of the arena's alignment. */
#define SKU_NAMES_BYTES (((PGL_SKUS_MAX + 1) * (size_t)(PGL_SKU_BYTES_MAX + 1) + 15) & ~(size_t)15)

pgl_status pgl_names_open(struct pgl_names *names, struct pgl_hash_key hash_key)
{
    *names = (struct pgl_names){ .hash_key = hash_key };
    pgl_map_init(&names->skus, PGL_SKUS_MAX);
    pgl_arena_init(&names->memory, SKU_NAMES_BYTES, SKU_NAMES_BYTES);
    names->sku_names = pgl_arena_alloc(&names->memory, SKU_NAMES_BYTES);
    return names->sku_names != NULL ? PGL_OK : PGL_FAIL(PGL_EXHAUSTED, "no memory for names");
}

void pgl_names_close(struct pgl_names *names)
{
    pgl_map_free(&names->skus);
    pgl_arena_free(&names->memory);
}

bool pgl_sku_is_valid(struct pgl_text sku)
{
    if (sku.size == 0 || sku.size > PGL_SKU_BYTES_MAX)
        return false;
    for (size_t i = 0; i < sku.size; i++) {
        char c = sku.data[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
            return false;
    }
    return true;
}

/*
 * The key under which `sku` is, or would be, in the map. Two names with one hash are unlikely and
 * not impossible: the second takes the next free key. The last added is removed first, so no chain
 * breaks.
 */
static uint64_t key_of(const struct pgl_names *names, struct pgl_text sku, int64_t *id)
{
    uint64_t key = pgl_hash(names->hash_key, sku.data, sku.size);
    for (;; key++) {
        const uint64_t *found = pgl_map_get(&names->skus, key);
        *id = found != NULL ? (int64_t)*found : 0;
        if (found == NULL || pgl_text_is(sku, names->sku_names[*found]))
            return key;
    }
}

int64_t pgl_names_sku(const struct pgl_names *names, struct pgl_text sku)
{
    int64_t id;
    key_of(names, sku, &id);
    return id;
}

pgl_status pgl_names_add_sku(struct pgl_names *names, struct pgl_text sku, int64_t *id)
{
    PGL_ASSERT(pgl_sku_is_valid(sku));
    uint64_t key = key_of(names, sku, id);
    PGL_ASSERT(*id == 0);
    if (names->sku_count == PGL_SKUS_MAX)
        return PGL_FAIL(PGL_EXHAUSTED, "there are as many SKUs as fit");
    PGL_TRY(pgl_map_put(&names->skus, key, (uint64_t)names->sku_count + 1));
    *id = ++names->sku_count;
    memcpy(names->sku_names[*id], sku.data, sku.size);
    names->sku_names[*id][sku.size] = '\0';
    return PGL_OK;
}

void pgl_names_committed(struct pgl_names *names)
{
    names->durable_sku_count = names->sku_count;
}

void pgl_names_rolled_back(struct pgl_names *names)
{
    for (; names->sku_count > names->durable_sku_count; names->sku_count--) {
        int64_t id;
        uint64_t key = key_of(names, pgl_text_of(names->sku_names[names->sku_count]), &id);
        PGL_ASSERT(id == names->sku_count);
        pgl_map_remove(&names->skus, key);
    }
}

const struct pgl_warehouse *pgl_names_warehouse(const struct pgl_names *names, struct pgl_text code)
{
    for (int i = 0; i < names->warehouse_count; i++)
        if (pgl_text_is(code, names->warehouses[i].code))
            return &names->warehouses[i];
    return NULL;
}

pgl_status pgl_names_add_warehouse(struct pgl_names *names, struct pgl_text code,
                                   struct pgl_text region)
{
    if (names->warehouse_count == PGL_WAREHOUSES_MAX)
        return PGL_FAIL(PGL_EXHAUSTED, "there are more warehouses than fit");
    if (code.size > PGL_WAREHOUSE_CODE_BYTES_MAX || region.size > PGL_WAREHOUSE_REGION_BYTES_MAX)
        return PGL_FAIL(PGL_DATA_LOSS, "a warehouse has a name that is longer than it may be");
    struct pgl_warehouse *added = &names->warehouses[names->warehouse_count++];
    *added = (struct pgl_warehouse){ .id = names->warehouse_count };
    memcpy(added->code, code.data, code.size);
    memcpy(added->region, region.data, region.size);
    return PGL_OK;
}
