/*
 * disk_inside.h - what the files disk*.c share, and nobody else sees.
 *
 * disk.c holds names, death and whole files; disk_vfs.c and disk_file.c speak with SQLite;
 * disk_lock.c has the locks and the shared memory of one file; disk_fault.c decides what becomes of
 * a call.
 */
#ifndef PGL_SIM_DISK_INSIDE_H
#define PGL_SIM_DISK_INSIDE_H

#include <sqlite3.h>

#include "base/random.h"
#include "disk.h"

#define PGL_SIM_SECTOR_BYTES 4096

/* A verdict on a call besides SQLite's own: answer SQLITE_OK and do nothing. */
#define PGL_SIM_PRETEND (-1)

struct pgl_sim_file;

/* The wal-index of one database, shared by the connections of one process. It outlives the process
 * until its last connection is closed, because SQLite still looks at it then. */
struct pgl_sim_shm {
    struct pgl_sim_inode *inode; /* NULL when its process is dead */
    uint32_t users;
    uint32_t region_count;
    void **regions;
    uint32_t shared[SQLITE_SHM_NLOCK]; /* how many hold it so */
    uint32_t exclusive;                /* a bit a lock */
};

/* A file without its name: it lives on while it is open. */
struct pgl_sim_inode {
    struct pgl_sim_image image;
    uint32_t references; /* entries (each level) and open files */
    bool is_sync_broken;
    struct pgl_sim_shm *shm;
    /* SQLite's file locks, of the living process: */
    uint32_t shared_count;
    struct pgl_sim_file *writer; /* holds RESERVED or more */
    bool is_pending;             /* the writer waits for the last reader: no new ones */
};

struct pgl_sim_entry {
    char name[PGL_SIM_DISK_NAME_BYTES];
    struct pgl_sim_inode *live;    /* what the process sees; NULL: no such file */
    struct pgl_sim_inode *durable; /* what is there after a loss of power, if it is taken back */
};

struct pgl_sim_rule {
    struct pgl_sim_fault fault;
    uint64_t seen;
};

#define PGL_SIM_DISK_LOCKS_MAX 16 /* one a file of a platform, and some to spare */
#define PGL_SIM_LOCK_BYTES     64

struct pgl_sim_disk {
    sqlite3_vfs vfs;
    char name[PGL_SIM_DISK_NAME_BYTES];
    struct pgl_sim_world world;
    struct pgl_random random;      /* what becomes of calls and bytes */
    struct pgl_random sqlite_asks; /* what SQLite draws */
    uint64_t life;                 /* the number of the process */
    bool is_dead, is_looked_on;
    char locks[PGL_SIM_DISK_LOCKS_MAX][PGL_SIM_LOCK_BYTES]; /* paths; empty where there is none */
    uint32_t open_count;
    int64_t capacity_bytes;
    struct pgl_sim_entry entries[PGL_SIM_DISK_FILES_MAX];
    uint32_t entry_count;
    struct pgl_sim_rule rules[PGL_SIM_DISK_FAULTS_MAX];
    uint32_t rule_count;
    struct pgl_sim_disk_counts counts;
    uint64_t trace;
};

/* One open file of one process. */
struct pgl_sim_file {
    sqlite3_file file; /* first: SQLite's view */
    struct pgl_sim_disk *disk;
    struct pgl_sim_inode *inode;
    const char *name; /* of its entry, or "" */
    uint64_t life;
    bool is_deleted_on_close;
    bool syncs_directory; /* a new journal or WAL, until its first sync */
    bool keeps_wal;       /* SQLITE_FCNTL_PERSIST_WAL */
    int lock;
    struct pgl_sim_shm *shm;
    uint32_t shm_shared, shm_exclusive; /* a bit a lock */
};

/* disk.c */
struct pgl_sim_entry *pgl_sim_entry_find(struct pgl_sim_disk *disk, const char *name);
struct pgl_sim_entry *pgl_sim_entry_get(struct pgl_sim_disk *disk, const char *name);
struct pgl_sim_inode *pgl_sim_inode_new(void);           /* with one reference */
void pgl_sim_inode_release(struct pgl_sim_inode *inode); /* NULL too */
void pgl_sim_sync_directory(struct pgl_sim_disk *disk,
                            const char *name);        /* the one that `name` is in */
size_t pgl_sim_room(const struct pgl_sim_disk *disk); /* bytes until it is full */

/* disk_vfs.c */
void pgl_sim_vfs_fill(struct pgl_sim_disk *disk);

/* disk_file.c */
extern const sqlite3_io_methods pgl_sim_file_methods;

/* disk_lock.c */
int pgl_sim_file_lock(struct pgl_sim_file *self, int level);
void pgl_sim_file_unlock(struct pgl_sim_file *self, int level);
int pgl_sim_shm_map(struct pgl_sim_file *self, int region, int region_bytes, int extend,
                    void volatile **memory);
int pgl_sim_shm_lock(struct pgl_sim_file *self, int offset, int count, int flags);
void pgl_sim_shm_unmap(struct pgl_sim_file *self);
void pgl_sim_shm_orphan(struct pgl_sim_inode *inode);

/* disk_fault.c: counts a call on the file `name` and says what becomes of it: SQLITE_OK, an error
 * or PGL_SIM_PRETEND. `flight` is what the call would write, for a death in its midst; else NULL.
 */
struct pgl_sim_flight {
    struct pgl_sim_inode *inode;
    const void *bytes;
    size_t size, at;
};

int pgl_sim_call(struct pgl_sim_disk *disk, enum pgl_sim_call call, const char *name,
                 const struct pgl_sim_flight *flight);

#endif
