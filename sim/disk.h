/*
 * disk.h - the simulated disk: a machine's files in memory, as a SQLite VFS that can forget.
 *
 * For:      the simulator and its crash sweeps. One disk is one machine with one process on it;
 *           SQLite reaches it as the VFS of the disk's name, alone or below another one.
 * Owner:    whoever opened it. Connections of a dead process are still closed by their owner; that
 *           changes nothing on the disk.
 * Threads:  one. Locks never wait, they answer SQLITE_BUSY.
 * Bounds:   PGL_SIM_DISK_FILES_MAX names ever used; PGL_SIM_DISK_FAULTS_MAX rules at once; the
 *           capacity, beyond which writes say that the disk is full.
 * Errors:   SQLite's codes to SQLite. From the moment of death every call of that process fails
 *           with SQLITE_IOERR and changes nothing, until the restart.
 * Repeats:  what happens depends on the seed, the calls and the world's functions alone, once
 *           SQLite's own stream of random numbers is seeded too.
 *
 * Files and directory entries have two levels. A write is in the page cache, a sync brings the file
 * to the disk; a file created, deleted or renamed over is so on the disk once its directory is
 * synced, which SQLite asks for with its journals and WALs, as its unix VFS does. When the process
 * is killed the page cache stays, still unsynced. When power fails each unsynced write is kept,
 * dropped, torn or garbled, and each unsynced entry is kept or taken back. Shared memory and locks
 * vanish in both cases.
 */
#ifndef PGL_SIM_DISK_H
#define PGL_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "disk_image.h"
#include "platform/disk.h"

#define PGL_SIM_DISK_FILES_MAX  64 /* a process has some ten files */
#define PGL_SIM_DISK_FAULTS_MAX 16 /* rules of one run */
#define PGL_SIM_DISK_NAME_BYTES 64
#define PGL_SIM_DISK_BYTES_MAX  ((int64_t)1 << 30) /* capacity, unless set: a runaway ends here */

struct pgl_sim_disk;

/* The time that files and SQLite's date functions see, and who is told that a call takes long. */
struct pgl_sim_world {
    void *context;
    int64_t (*wall_ns)(void *context);
    void (*wait)(void *context, int64_t wait_ns);
};

/* Registers the VFS `name`. Never NULL: a simulator that cannot start stops. */
struct pgl_sim_disk *pgl_sim_disk_open(const char *name, uint64_t seed, struct pgl_sim_world world);

/* All connections must be closed. */
void pgl_sim_disk_close(struct pgl_sim_disk *disk);

/* SQLite has one stream of random numbers for the whole program (WAL salts, random rowids): call
 * this before a run that is to be repeated. */
void pgl_sim_sqlite_seed(uint64_t seed);

/* Death and life. */

/* The process dies here. Does nothing when dead. */
void pgl_sim_disk_kill(struct pgl_sim_disk *disk);

/* Power fails: the process dies if it lived, and what was not synced is drawn. */
void pgl_sim_disk_lose_power(struct pgl_sim_disk *disk);

/* The next process may open files. It must be dead. */
void pgl_sim_disk_restart(struct pgl_sim_disk *disk);

bool pgl_sim_disk_is_dead(const struct pgl_sim_disk *disk);

/* Faults. */

enum pgl_sim_call {
    PGL_SIM_OPEN,
    PGL_SIM_DELETE,
    PGL_SIM_ACCESS,
    PGL_SIM_READ,
    PGL_SIM_WRITE,
    PGL_SIM_TRUNCATE,
    PGL_SIM_SYNC,
    PGL_SIM_SYNC_DIRECTORY,
    PGL_SIM_RENAME,
    PGL_SIM_SIZE,
    PGL_SIM_LOCK,
    PGL_SIM_SHM_MAP,
    PGL_SIM_SHM_LOCK,
    PGL_SIM_CALL_COUNT
};

#define PGL_SIM_CALL_BIT(call) (1u << (call))
#define PGL_SIM_CALLS_ALL      ((1u << PGL_SIM_CALL_COUNT) - 1)

/* Those after which the disk is not as it was before. */
#define PGL_SIM_CALLS_CHANGING                                                                     \
    (PGL_SIM_CALL_BIT(PGL_SIM_OPEN) | PGL_SIM_CALL_BIT(PGL_SIM_DELETE) |                           \
     PGL_SIM_CALL_BIT(PGL_SIM_WRITE) | PGL_SIM_CALL_BIT(PGL_SIM_TRUNCATE) |                        \
     PGL_SIM_CALL_BIT(PGL_SIM_SYNC) | PGL_SIM_CALL_BIT(PGL_SIM_SYNC_DIRECTORY) |                   \
     PGL_SIM_CALL_BIT(PGL_SIM_RENAME))

enum pgl_sim_effect {
    PGL_SIM_FAILS, /* with the I/O error of its kind. After a failed sync further syncs of that file
                      say yes and do nothing until the restart, as after an fsync that failed */
    PGL_SIM_FILLS, /* writes only: with SQLITE_FULL, as if nothing had fitted */
    PGL_SIM_KILLS, /* the call is not done; of a write a part may be */
    PGL_SIM_CUTS_POWER,
    PGL_SIM_DELAYS, /* done, but the world waits first */
    PGL_SIM_LIES,   /* syncs only: says yes and does nothing */
    PGL_SIM_EFFECT_COUNT
};

struct pgl_sim_fault {
    enum pgl_sim_effect effect;
    uint32_t calls;       /* PGL_SIM_CALL_BITs */
    const char *suffix;   /* only files whose name ends so; NULL: all. Borrowed until healed */
    uint64_t at;          /* the how manieth such call from now, the next one is 1; 0: by chance */
    uint32_t per_million; /* the chance, where `at` is 0 */
    /* Instead of a chance; may set the delay. NULL: none. */
    bool (*draws)(void *self, struct pgl_sim_fault *fault);
    void *self;
    bool is_lasting; /* with `at`: and all such calls after it */
    int64_t delay_ns;
};

void pgl_sim_disk_inject(struct pgl_sim_disk *disk, struct pgl_sim_fault fault);

/* Forgets all faults. */
void pgl_sim_disk_heal(struct pgl_sim_disk *disk);

/* While somebody looks who is not of this world (the auditor), calls are neither counted nor
 * struck. */
void pgl_sim_disk_look_on(struct pgl_sim_disk *disk, bool is_looking);

/* A write that would need more fails with SQLITE_FULL after what fits. */
void pgl_sim_disk_set_capacity(struct pgl_sim_disk *disk, int64_t capacity_bytes);
int64_t pgl_sim_disk_used_bytes(const struct pgl_sim_disk *disk);

struct pgl_sim_disk_counts {
    uint64_t calls[PGL_SIM_CALL_COUNT];
    uint64_t faults[PGL_SIM_EFFECT_COUNT];
    uint64_t kills, power_losses, full_writes;
    uint64_t entries_kept, entries_lost;
    struct pgl_sim_damage damage;
};

const struct pgl_sim_disk_counts *pgl_sim_disk_counts(const struct pgl_sim_disk *disk);

/* Of the calls counted above, those in `calls`. */
uint64_t pgl_sim_disk_call_count(const struct pgl_sim_disk *disk, uint32_t calls);

/* Of all calls so far and of all bytes now: equal in runs that went the same way. */
uint64_t pgl_sim_disk_digest(const struct pgl_sim_disk *disk);

/* What a process does with files besides SQLite. */

/* Replaces the whole file: a new one is written, synced, renamed over it, and the directory synced.
 * On failure the old or the new one is there, whole. */
PGL_MUST_USE pgl_status pgl_sim_disk_write_file(struct pgl_sim_disk *disk, const char *name,
                                                struct pgl_text text);

/* PGL_NOT_FOUND; PGL_TOO_LARGE where it does not fit. */
PGL_MUST_USE pgl_status pgl_sim_disk_read_file(struct pgl_sim_disk *disk, const char *name,
                                               char *bytes, size_t capacity, size_t *size);

bool pgl_sim_disk_has_file(const struct pgl_sim_disk *disk, const char *name);

/* PGL_CONFLICT when taken; ends with the process, or by unlock. */
PGL_MUST_USE pgl_status pgl_sim_disk_lock(struct pgl_sim_disk *disk, const char *path,
                                          pgl_disk_lock *lock);
void pgl_sim_disk_unlock(struct pgl_sim_disk *disk, pgl_disk_lock *lock);

#endif
