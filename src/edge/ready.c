/* ready.c - see ready.h. */
#include "edge/ready.h"

#include <stdlib.h>
#include <string.h>

pgl_status pgl_ready_open(struct pgl_ready *ready, struct pgl_hash_key seed)
{
    ready->hash_key = seed;
    ready->slots = calloc(PGL_READY_SLOTS, sizeof ready->slots[0]);
    return ready->slots != NULL ? PGL_OK : PGL_FAIL(PGL_EXHAUSTED, "no memory for answers");
}

void pgl_ready_close(struct pgl_ready *ready)
{
    free(ready->slots);
    ready->slots = NULL;
}

static struct pgl_ready_slot *slot_of(const struct pgl_ready *ready, struct pgl_text target)
{
    uint64_t hash = pgl_hash(ready->hash_key, target.data, target.size);
    return &ready->slots[hash & (PGL_READY_SLOTS - 1)];
}

const struct pgl_ready_slot *pgl_ready_find(const struct pgl_ready *ready, struct pgl_text target,
                                            int64_t now_ns)
{
    if (ready->slots == NULL)
        return NULL;
    const struct pgl_ready_slot *slot = slot_of(ready, target);
    bool is_it = slot->until_ns > now_ns && slot->key_size == target.size &&
                 memcmp(slot->key, target.data, target.size) == 0;
    return is_it ? slot : NULL;
}

void pgl_ready_keep(struct pgl_ready *ready, struct pgl_text target, struct pgl_text tag,
                    struct pgl_text body, int64_t now_ns)
{
    if (ready->slots == NULL || target.size == 0 || target.size > PGL_READY_KEY_BYTES ||
        tag.size > PGL_READY_TAG_BYTES || body.size > PGL_READY_BODY_BYTES)
        return;
    struct pgl_ready_slot *slot = slot_of(ready, target);
    slot->until_ns = now_ns + PGL_READY_NS;
    slot->key_size = (uint16_t)target.size;
    slot->tag_size = (uint16_t)tag.size;
    slot->body_size = (uint16_t)body.size;
    memcpy(slot->key, target.data, target.size);
    memcpy(slot->tag, tag.data, tag.size);
    memcpy(slot->body, body.data, body.size);
}

void pgl_ready_clear(struct pgl_ready *ready)
{
    for (int i = 0; ready->slots != NULL && i < PGL_READY_SLOTS; i++)
        ready->slots[i].until_ns = 0;
}
