/*
 * disk_image.h - the bytes of one simulated file: as the page cache has them, and what of it a loss
 * of power would take back.
 *
 * For:      disk.c. Knows nothing of SQLite.
 * Owner:    whoever holds the struct. Method:   `bytes` is what every reader sees. A list remembers
 *           each change since the last sync and what it overwrote. So reads and writes are copies,
 *           a sync forgets the list, and only a loss of power, which is rare, does work: it goes
 *           back to the durable bytes, then forward again through whatever survives.
 * Memory:   from malloc, growing; a simulator without memory stops.
 */
#ifndef PGL_SIM_DISK_IMAGE_H
#define PGL_SIM_DISK_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

struct pgl_sim_change;

struct pgl_sim_image {
    uint8_t *bytes;
    size_t size, capacity;
    struct pgl_sim_change *changes; /* not synced, in order */
    size_t change_count, change_capacity;
    uint8_t *before; /* what they overwrote, one behind another */
    size_t before_size, before_capacity;
};

/* What losses of power did to unsynced changes. */
struct pgl_sim_damage {
    uint64_t kept, dropped, torn, garbled;
};

/* A zeroed image is an empty, durable file. */
void pgl_sim_image_free(struct pgl_sim_image *image);

/* How many bytes there were to read. */
size_t pgl_sim_image_read(const struct pgl_sim_image *image, void *bytes, size_t size, size_t at);

void pgl_sim_image_write(struct pgl_sim_image *image, const void *bytes, size_t size, size_t at);
void pgl_sim_image_resize(struct pgl_sim_image *image, size_t size);
void pgl_sim_image_sync(struct pgl_sim_image *image);

/* Each unsynced change is kept, dropped, torn at sector borders or garbled in some of its sectors;
 * what remains is durable. No byte beside a change is harmed (SQLITE_IOCAP_POWERSAFE_OVERWRITE). */
void pgl_sim_image_lose_power(struct pgl_sim_image *image, struct pgl_random *random,
                              struct pgl_sim_damage *damage);

#endif
