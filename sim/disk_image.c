/* disk_image.c - see disk_image.h. */
#include "disk_image.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* A write of `size` bytes at `at`, or, where that is no write, a new size of the file. */
struct pgl_sim_change {
    bool is_write;
    size_t at, size;
    size_t old_file_size;
    size_t before_at,
        before_size; /* what was overwritten or cut off; less than `size` past the end */
    size_t after_at; /* while power is lost: the bytes it wrote */
};

void pgl_sim_image_free(struct pgl_sim_image *image)
{
    free(image->bytes);
    free(image->changes);
    free(image->before);
    *image = (struct pgl_sim_image){ 0 };
}

/* Doubling, so that growth costs a constant per byte. */
static void *grown(void *memory, size_t *capacity, size_t wanted, size_t unit_bytes)
{
    if (wanted <= *capacity)
        return memory;
    size_t capacity_new = *capacity * 2 > wanted ? *capacity * 2 : wanted;
    memory = realloc(memory, capacity_new * unit_bytes);
    PGL_ASSERT(memory != NULL);
    *capacity = capacity_new;
    return memory;
}

static void set_size(struct pgl_sim_image *image, size_t size)
{
    if (size > image->size) {
        image->bytes = grown(image->bytes, &image->capacity, size, 1);
        memset(image->bytes + image->size, 0, size - image->size);
    }
    image->size = size;
}

/* Writing and syncing. */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t pgl_sim_image_read(const struct pgl_sim_image *image, void *bytes, size_t size, size_t at)
{
    if (at >= image->size)
        return 0;
    size_t there = least(size, image->size - at);
    memcpy(bytes, image->bytes + at, there);
    return there;
}

/* Remembers the change, and the `before_size` bytes at `before_from` that it will destroy. */
static void remember(struct pgl_sim_image *image, struct pgl_sim_change change, size_t before_from,
                     size_t before_size)
{
    change.old_file_size = image->size;
    change.before_at = image->before_size;
    change.before_size = before_size;
    if (before_size > 0) {
        image->before =
            grown(image->before, &image->before_capacity, image->before_size + before_size, 1);
        memcpy(image->before + image->before_size, image->bytes + before_from, before_size);
        image->before_size += before_size;
    }
    image->changes = grown(image->changes, &image->change_capacity, image->change_count + 1,
                           sizeof *image->changes);
    image->changes[image->change_count++] = change;
}

void pgl_sim_image_write(struct pgl_sim_image *image, const void *bytes, size_t size, size_t at)
{
    if (size == 0)
        return;
    size_t over = at < image->size ? least(size, image->size - at) : 0;
    remember(image, (struct pgl_sim_change){ .is_write = true, .at = at, .size = size }, at, over);
    if (at > image->size)
        set_size(image, at); /* a hole is zeros */
    if (at + size > image->size) {
        image->bytes = grown(image->bytes, &image->capacity, at + size, 1);
        image->size = at + size;
    }
    memcpy(image->bytes + at, bytes, size);
}

void pgl_sim_image_resize(struct pgl_sim_image *image, size_t size)
{
    if (size == image->size)
        return;
    size_t cut = size < image->size ? image->size - size : 0;
    remember(image, (struct pgl_sim_change){ .size = size }, size, cut);
    set_size(image, size);
}

void pgl_sim_image_sync(struct pgl_sim_image *image)
{
    image->change_count = 0;
    image->before_size = 0;
}

/* Losing power: back to the durable bytes, then forward through what survives. */

enum fate { FATE_KEPT, FATE_DROPPED, FATE_TORN, FATE_GARBLED };

/* How a file suffers. Independent fates alone would hardly ever show the plain cases. */
enum style { STYLE_NOTHING_KEPT, STYLE_ALL_KEPT, STYLE_PREFIX_KEPT, STYLE_ANY };

static uint8_t *go_back(struct pgl_sim_image *image)
{
    uint8_t *after = NULL;
    size_t after_size = 0, after_capacity = 0;
    for (size_t i = image->change_count; i-- > 0;) {
        struct pgl_sim_change *change = &image->changes[i];
        size_t restored_at = change->size; /* of a cut: where the file ended after it */
        if (change->is_write) {
            restored_at = change->at;
            after = grown(after, &after_capacity, after_size + change->size, 1);
            memcpy(after + after_size, image->bytes + change->at, change->size);
            change->after_at = after_size;
            after_size += change->size;
        }
        set_size(image, change->old_file_size);
        if (change->before_size > 0)
            memcpy(image->bytes + restored_at, image->before + change->before_at,
                   change->before_size);
    }
    return after;
}

/* Each sector of the write lives or not; a garbled write may also leave anything in it. */
static void write_some_sectors(struct pgl_sim_image *image, const struct pgl_sim_change *change,
                               const uint8_t *after, size_t sector_bytes, bool is_garbled,
                               struct pgl_random *random)
{
    for (size_t at = change->at, end = change->at + change->size; at < end;) {
        size_t next = least((at / sector_bytes + 1) * sector_bytes, end);
        uint64_t drawn = pgl_random_below(random, is_garbled ? 3 : 2);
        if (drawn > 0 && next > image->size)
            set_size(image, next);
        if (drawn == 1)
            memcpy(image->bytes + at, after + (at - change->at), next - at);
        else if (drawn == 2)
            pgl_random_fill(random, image->bytes + at, next - at);
        at = next;
    }
}

static enum fate draw_fate(enum style style, size_t i, size_t prefix, struct pgl_random *random)
{
    static const enum fate any[] = { FATE_KEPT,    FATE_KEPT,    FATE_KEPT, FATE_DROPPED,
                                     FATE_DROPPED, FATE_DROPPED, FATE_TORN, FATE_GARBLED };
    switch (style) {
    case STYLE_NOTHING_KEPT:
        return FATE_DROPPED;
    case STYLE_ALL_KEPT:
        return FATE_KEPT;
    case STYLE_PREFIX_KEPT:
        return i < prefix ? FATE_KEPT : i == prefix ? FATE_TORN : FATE_DROPPED;
    case STYLE_ANY:
        break;
    }
    return any[pgl_random_below(random, sizeof any / sizeof any[0])];
}

static void apply(struct pgl_sim_image *image, const struct pgl_sim_change *change,
                  const uint8_t *after, enum fate fate, size_t sector_bytes,
                  struct pgl_random *random, struct pgl_sim_damage *damage)
{
    if (fate == FATE_DROPPED) {
        damage->dropped++;
        /* The length of a file is kept elsewhere and may survive without the bytes. */
        if (change->is_write && change->at + change->size > image->size &&
            pgl_random_below(random, 4) == 0)
            set_size(image, change->at + change->size);
    } else if (!change->is_write) {
        damage->kept++;
        set_size(image, change->size);
    } else if (fate == FATE_KEPT) {
        damage->kept++;
        if (change->at + change->size > image->size)
            set_size(image, change->at + change->size);
        memcpy(image->bytes + change->at, after, change->size);
    } else {
        *(fate == FATE_TORN ? &damage->torn : &damage->garbled) += 1;
        write_some_sectors(image, change, after, sector_bytes, fate == FATE_GARBLED, random);
    }
}

void pgl_sim_image_lose_power(struct pgl_sim_image *image, struct pgl_random *random,
                              struct pgl_sim_damage *damage)
{
    static const enum style styles[] = { STYLE_NOTHING_KEPT, STYLE_ALL_KEPT, STYLE_PREFIX_KEPT,
                                         STYLE_ANY,          STYLE_ANY,      STYLE_ANY };
    if (image->change_count == 0)
        return;
    enum style style = styles[pgl_random_below(random, sizeof styles / sizeof styles[0])];
    size_t prefix = pgl_random_below(random, image->change_count);
    size_t sector_bytes = pgl_random_below(random, 2) == 0 ? 512 : 4096;

    uint8_t *after = go_back(image);
    for (size_t i = 0; i < image->change_count; i++) {
        const struct pgl_sim_change *change = &image->changes[i];
        const uint8_t *bytes = change->is_write ? after + change->after_at : NULL;
        enum fate fate = draw_fate(style, i, prefix, random);
        apply(image, change, bytes, fate, sector_bytes, random, damage);
    }
    free(after);
    pgl_sim_image_sync(image);
}
