/*
 * sweep_shop.h - a small shop on a machine that can be made to fail at any call of its disk: the
 * real services of app/boot.h, one loop after another on one thread.
 *
 * For:      the sweeps (sweep_test.c). Requests come in where the edge would send them.
 * Owner:    the test; one shop at a time, since it registers its VFS by name.
 * Threads:  one.
 * Repeats:  the same seed and the same requests make the same calls of the disk.
 */
#ifndef PGL_SIM_SWEEP_SHOP_H
#define PGL_SIM_SWEEP_SHOP_H

#include "app/boot.h"
#include "disk_platform.h"
#include "platform/twin.h"
#include "sweep_bank.h"

#define PGL_SHOP_DISK      "sweep-disk"
#define PGL_SHOP_VFS       "sweep-panglot"
#define PGL_SHOP_FOLDER    "data"
#define PGL_SHOP_FILES_MAX 16

/* The files of a folder at rest, to begin with. */
struct pgl_shop_files {
    struct pgl_arena arena;
    struct {
        const char *name;
        struct pgl_text content;
    } files[PGL_SHOP_FILES_MAX];
    int count;
};

struct pgl_shop {
    struct pgl_twin twin;
    struct pgl_sim_files files; /* as the platform has them; below it: */
    struct pgl_sim_disk *disk;
    struct pgl_shop_bank bank; /* beyond the machine: processes come and go */
    struct pgl_boot *boot;     /* of the living process */
    bool is_up;
    bool is_inside; /* what is shipped runs, and not what stands around it */

    /* Who asks: has its turn behind each of the others, so that no answer is seen too late. */
    struct pgl_waiter *waiter;
    struct pgl_loop client;
    struct pgl_mailbox replies;
};

/* What is sold, and what of it lies in all warehouses together. */
struct pgl_shop_ware {
    const char *sku;
    int64_t price_minor;
    int64_t eu, us; /* on hand */
};
extern const struct pgl_shop_ware pgl_shop_wares[]; /* ends with a NULL */

#define PGL_SHOP_CREDIT_MINOR 100000 /* of every customer */

/* On these files, or on an empty disk (NULL). Nothing is started. */
void pgl_shop_open(struct pgl_shop *shop, uint64_t seed, const struct pgl_shop_files *files);
void pgl_shop_close(struct pgl_shop *shop);

/* A process on what the last one has left; the wares are put in place unless they are there. A
 * process that cannot start has ended. Replies to `replies` come to `take_reply`, with `owner`, in
 * the client's turns. */
PGL_MUST_USE pgl_status pgl_shop_start(struct pgl_shop *shop,
                                       void (*take_reply)(void *owner, struct pgl_message *message),
                                       void *owner);
/* Every loop has a turn, until one does not survive it. True when more is due at once. */
bool pgl_shop_pass(struct pgl_shop *shop);
/* It is dead, or one of its loops has failed for good: there are no further turns. */
bool pgl_shop_is_over(const struct pgl_shop *shop);
/* Dies here, whatever it was doing; nothing is written or answered any more. */
void pgl_shop_end(struct pgl_shop *shop);

/* What lies on the disk, for shops that are to begin there. Not while a process runs. */
void pgl_shop_keep(struct pgl_shop *shop, struct pgl_shop_files *files);
void pgl_shop_files_free(struct pgl_shop_files *files);

#endif
