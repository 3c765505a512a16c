/* disk.c - see disk.h: names and their two levels, death and restart, whole files. */
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "disk_inside.h"

enum { PURPOSE_DISK = 0xd15c, PURPOSE_SQLITE = 0x5917 };

struct pgl_sim_disk *pgl_sim_disk_open(const char *name, uint64_t seed, struct pgl_sim_world world)
{
    struct pgl_sim_disk *disk = calloc(1, sizeof *disk);
    PGL_ASSERT(disk != NULL && strlen(name) < sizeof disk->name);
    PGL_ASSERT(sqlite3_initialize() == SQLITE_OK && sqlite3_vfs_find(name) == NULL);
    (void)snprintf(disk->name, sizeof disk->name, "%s", name);
    disk->world = world;
    disk->capacity_bytes = PGL_SIM_DISK_BYTES_MAX;
    pgl_random_seed(&disk->random, seed, PURPOSE_DISK);
    pgl_random_seed(&disk->sqlite_asks, seed, PURPOSE_SQLITE);
    pgl_sim_vfs_fill(disk);
    PGL_ASSERT(sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK);
    return disk;
}

void pgl_sim_disk_close(struct pgl_sim_disk *disk)
{
    PGL_ASSERT(disk->open_count == 0);
    (void)sqlite3_vfs_unregister(&disk->vfs);
    for (uint32_t i = 0; i < disk->entry_count; i++) {
        pgl_sim_inode_release(disk->entries[i].live);
        pgl_sim_inode_release(disk->entries[i].durable);
    }
    free(disk);
}

void pgl_sim_sqlite_seed(uint64_t seed)
{
    int any_but_zero =
        (int)((seed ^ seed >> 32) % (INT32_MAX - 1)) + 1; /* 0 would mean: from entropy */
    (void)sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, any_but_zero, NULL);
}

/* Death and life. */

static void forget_process(struct pgl_sim_inode *inode)
{
    if (inode == NULL)
        return;
    pgl_sim_shm_orphan(inode);
    inode->shared_count = 0;
    inode->writer = NULL;
    inode->is_pending = false;
}

static void die(struct pgl_sim_disk *disk)
{
    disk->is_dead = true;
    memset(disk->locks, 0, sizeof disk->locks);
    for (uint32_t i = 0; i < disk->entry_count; i++) {
        forget_process(disk->entries[i].live);
        forget_process(disk->entries[i].durable);
    }
}

void pgl_sim_disk_kill(struct pgl_sim_disk *disk)
{
    if (disk->is_dead)
        return;
    disk->counts.kills++;
    die(disk);
}

static void set_level(struct pgl_sim_inode **level, struct pgl_sim_inode *inode)
{
    if (inode != NULL)
        inode->references++;
    pgl_sim_inode_release(*level);
    *level = inode;
}

/* What has a name on either level is drawn once; what has none is gone. */
static void damage_bytes(struct pgl_sim_disk *disk, struct pgl_sim_inode *inode)
{
    if (inode != NULL)
        pgl_sim_image_lose_power(&inode->image, &disk->random, &disk->counts.damage);
}

void pgl_sim_disk_lose_power(struct pgl_sim_disk *disk)
{
    disk->counts.power_losses++;
    die(disk);
    for (uint32_t i = 0; i < disk->entry_count; i++) {
        struct pgl_sim_entry *entry = &disk->entries[i];
        damage_bytes(disk, entry->live);
        if (entry->live == entry->durable)
            continue;
        damage_bytes(disk, entry->durable);
        if (pgl_random_below(&disk->random, 2) == 0) {
            disk->counts.entries_kept++;
            set_level(&entry->durable, entry->live);
        } else {
            disk->counts.entries_lost++;
            set_level(&entry->live, entry->durable);
        }
    }
}

void pgl_sim_disk_restart(struct pgl_sim_disk *disk)
{
    PGL_ASSERT(disk->is_dead);
    disk->is_dead = false;
    disk->life++;
    for (uint32_t i = 0; i < disk->entry_count; i++)
        if (disk->entries[i].live != NULL)
            disk->entries[i].live->is_sync_broken = false;
}

bool pgl_sim_disk_is_dead(const struct pgl_sim_disk *disk)
{
    return disk->is_dead;
}

/* Names. */

static int find_index(const struct pgl_sim_disk *disk, const char *name)
{
    for (uint32_t i = 0; i < disk->entry_count; i++)
        if (strcmp(disk->entries[i].name, name) == 0)
            return (int)i;
    return -1;
}

struct pgl_sim_entry *pgl_sim_entry_find(struct pgl_sim_disk *disk, const char *name)
{
    int index = find_index(disk, name);
    return index < 0 ? NULL : &disk->entries[index];
}

struct pgl_sim_entry *pgl_sim_entry_get(struct pgl_sim_disk *disk, const char *name)
{
    PGL_ASSERT(disk != NULL);
    struct pgl_sim_entry *entry = pgl_sim_entry_find(disk, name);
    if (entry != NULL)
        return entry;
    PGL_ASSERT(disk->entry_count < PGL_SIM_DISK_FILES_MAX && strlen(name) < sizeof entry->name);
    entry = &disk->entries[disk->entry_count++];
    (void)snprintf(entry->name, sizeof entry->name, "%s", name);
    return entry;
}

struct pgl_sim_inode *pgl_sim_inode_new(void)
{
    struct pgl_sim_inode *inode = calloc(1, sizeof *inode);
    PGL_ASSERT(inode != NULL);
    inode->references = 1;
    return inode;
}

void pgl_sim_inode_release(struct pgl_sim_inode *inode)
{
    if (inode == NULL || --inode->references > 0)
        return;
    pgl_sim_shm_orphan(inode);
    pgl_sim_image_free(&inode->image);
    free(inode);
}

static size_t directory_size(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash == NULL ? 0 : (size_t)(slash - name);
}

void pgl_sim_sync_directory(struct pgl_sim_disk *disk, const char *name)
{
    size_t size = directory_size(name);
    for (uint32_t i = 0; i < disk->entry_count; i++) {
        struct pgl_sim_entry *entry = &disk->entries[i];
        if (directory_size(entry->name) == size && memcmp(entry->name, name, size) == 0)
            set_level(&entry->durable, entry->live);
    }
}

int64_t pgl_sim_disk_used_bytes(const struct pgl_sim_disk *disk)
{
    int64_t used = 0;
    for (uint32_t i = 0; i < disk->entry_count; i++)
        if (disk->entries[i].live != NULL)
            used += (int64_t)disk->entries[i].live->image.size;
    return used;
}

size_t pgl_sim_room(const struct pgl_sim_disk *disk)
{
    int64_t used = pgl_sim_disk_used_bytes(disk);
    return used < disk->capacity_bytes ? (size_t)(disk->capacity_bytes - used) : 0;
}

uint64_t pgl_sim_disk_digest(const struct pgl_sim_disk *disk)
{
    uint64_t digest = disk->trace;
    for (uint32_t i = 0; i < disk->entry_count; i++) {
        const struct pgl_sim_entry *entry = &disk->entries[i];
        struct pgl_hash_key key = { digest, i };
        if (entry->live != NULL)
            digest = pgl_hash(key, entry->live->image.bytes, entry->live->image.size);
    }
    return digest;
}

/* Whole files. */

static pgl_status status_of(int rc)
{
    if (rc == SQLITE_OK || rc == PGL_SIM_PRETEND)
        return PGL_OK;
    if (rc == SQLITE_FULL)
        return PGL_FAIL(PGL_EXHAUSTED, "the disk is full");
    return PGL_FAIL(PGL_UNAVAILABLE, "an error of the disk");
}

static pgl_status write_and_rename(struct pgl_sim_disk *disk, const char *name,
                                   struct pgl_text text, struct pgl_sim_inode *fresh)
{
    struct pgl_sim_flight flight = { fresh, text.data, text.size, 0 };
    PGL_TRY(status_of(pgl_sim_call(disk, PGL_SIM_WRITE, name, &flight)));
    if (text.size > pgl_sim_room(disk))
        return status_of(SQLITE_FULL);
    pgl_sim_image_write(&fresh->image, text.data, text.size, 0);

    int rc = pgl_sim_call(disk, PGL_SIM_SYNC, name, NULL);
    PGL_TRY(status_of(rc));
    if (rc == SQLITE_OK)
        pgl_sim_image_sync(&fresh->image);

    PGL_TRY(status_of(pgl_sim_call(disk, PGL_SIM_RENAME, name, NULL)));
    set_level(&pgl_sim_entry_get(disk, name)->live, fresh);

    rc = pgl_sim_call(disk, PGL_SIM_SYNC_DIRECTORY, name, NULL);
    PGL_TRY(status_of(rc));
    if (rc == SQLITE_OK)
        pgl_sim_sync_directory(disk, name);
    return PGL_OK;
}

/* The new file has no name of its own before it takes the old one's: nobody would look for it. */
pgl_status pgl_sim_disk_write_file(struct pgl_sim_disk *disk, const char *name,
                                   struct pgl_text text)
{
    struct pgl_sim_inode *fresh = pgl_sim_inode_new();
    pgl_status status = write_and_rename(disk, name, text, fresh);
    pgl_sim_inode_release(fresh);
    return status;
}

pgl_status pgl_sim_disk_read_file(struct pgl_sim_disk *disk, const char *name, char *bytes,
                                  size_t capacity, size_t *size)
{
    PGL_TRY(status_of(pgl_sim_call(disk, PGL_SIM_READ, name, NULL)));
    const struct pgl_sim_entry *entry = pgl_sim_entry_find(disk, name);
    if (entry == NULL || entry->live == NULL)
        return PGL_FAIL(PGL_NOT_FOUND, "no such file");
    if (entry->live->image.size > capacity)
        return PGL_FAIL(PGL_TOO_LARGE, "the file is larger than was expected");
    *size = pgl_sim_image_read(&entry->live->image, bytes, capacity, 0);
    return PGL_OK;
}

bool pgl_sim_disk_has_file(const struct pgl_sim_disk *disk, const char *name)
{
    int index = find_index(disk, name);
    return index >= 0 && disk->entries[index].live != NULL;
}

pgl_status pgl_sim_disk_lock(struct pgl_sim_disk *disk, const char *path, pgl_disk_lock *lock)
{
    int place = -1;
    if (disk->is_dead)
        return status_of(SQLITE_IOERR);
    for (int i = 0; i < PGL_SIM_DISK_LOCKS_MAX; i++) {
        if (strncmp(disk->locks[i], path, PGL_SIM_LOCK_BYTES - 1) == 0)
            return PGL_FAIL(PGL_CONFLICT, "another process uses this data directory");
        if (disk->locks[i][0] == '\0' && place < 0)
            place = i;
    }
    if (place < 0)
        return PGL_FAIL(PGL_EXHAUSTED, "so many locks nobody has");
    snprintf(disk->locks[place], PGL_SIM_LOCK_BYTES, "%s", path);
    *lock = place + 1;
    return PGL_OK;
}

/* A process that died has none any more: its place may be another's. */
void pgl_sim_disk_unlock(struct pgl_sim_disk *disk, pgl_disk_lock *lock)
{
    if (*lock != 0 && !disk->is_dead)
        disk->locks[*lock - 1][0] = '\0';
    *lock = 0;
}
