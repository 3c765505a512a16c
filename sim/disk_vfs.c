/* disk_vfs.c - the disk's names, clock and dice, as SQLite asks for them. */
#include "disk_inside.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"

/* From noon of 24 November 4714 BC, where SQLite's time begins, to 1970. */
#define JULIAN_MS_OF_1970 INT64_C(210866760000000)

static struct pgl_sim_disk *disk_of(sqlite3_vfs *vfs)
{
    return (struct pgl_sim_disk *)vfs->pAppData;
}

static int find_or_create(struct pgl_sim_disk *disk, struct pgl_sim_file *self, const char *path,
                          int flags)
{
    if (path == NULL) { /* temporary: never has a name */
        self->inode = pgl_sim_inode_new();
        self->name = "";
        return SQLITE_OK;
    }
    struct pgl_sim_entry *entry = pgl_sim_entry_find(disk, path);
    bool is_there = entry != NULL && entry->live != NULL;
    if (is_there ? (flags & SQLITE_OPEN_EXCLUSIVE) != 0 : (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    if (!is_there) {
        entry = pgl_sim_entry_get(disk, path);
        entry->live = pgl_sim_inode_new();
        self->syncs_directory =
            (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
    }
    entry->live->references++;
    self->inode = entry->live;
    self->name = entry->name;
    self->is_deleted_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *out_flags)
{
    struct pgl_sim_disk *disk = disk_of(vfs);
    struct pgl_sim_file *self = (struct pgl_sim_file *)file;
    *self = (struct pgl_sim_file){ .disk = disk, .life = disk->life };
    int rc = pgl_sim_call(disk, PGL_SIM_OPEN, path != NULL ? path : "", NULL);
    if (rc == SQLITE_OK)
        rc = find_or_create(disk, self, path, flags);
    if (rc != SQLITE_OK)
        return rc;
    disk->open_count++;
    self->file.pMethods = &pgl_sim_file_methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
    struct pgl_sim_disk *disk = disk_of(vfs);
    int rc = pgl_sim_call(disk, PGL_SIM_DELETE, path, NULL);
    if (rc != SQLITE_OK)
        return rc;
    struct pgl_sim_entry *entry = pgl_sim_entry_find(disk, path);
    if (entry == NULL || entry->live == NULL)
        return SQLITE_IOERR_DELETE_NOENT;
    pgl_sim_inode_release(entry->live);
    entry->live = NULL;
    if (!sync_directory)
        return SQLITE_OK;
    rc = pgl_sim_call(disk, PGL_SIM_SYNC_DIRECTORY, path, NULL);
    if (rc == SQLITE_OK)
        pgl_sim_sync_directory(disk, path);
    return rc == PGL_SIM_PRETEND ? SQLITE_OK : rc;
}

/* As the unix VFS answers: an empty file does not exist. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *answer)
{
    struct pgl_sim_disk *disk = disk_of(vfs);
    int rc = pgl_sim_call(disk, PGL_SIM_ACCESS, path, NULL);
    const struct pgl_sim_entry *entry = pgl_sim_entry_find(disk, path);
    *answer = entry != NULL && entry->live != NULL &&
              (flags != SQLITE_ACCESS_EXISTS || entry->live->image.size > 0);
    return rc;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *path, int size, char *full)
{
    (void)vfs;
    int needed = snprintf(full, (size_t)size, "%s", path);
    return needed < size ? SQLITE_OK : SQLITE_CANTOPEN_FULLPATH;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *bytes)
{
    pgl_random_fill(&disk_of(vfs)->sqlite_asks, bytes, (size_t)size);
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    const struct pgl_sim_world *world = &disk_of(vfs)->world;
    world->wait(world->context, PGL_MICROSECONDS(microseconds));
    return microseconds;
}

static int vfs_current_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *julian_ms)
{
    const struct pgl_sim_world *world = &disk_of(vfs)->world;
    *julian_ms = JULIAN_MS_OF_1970 + world->wall_ns(world->context) / PGL_MILLISECONDS(1);
    return SQLITE_OK;
}

static int vfs_current_time(sqlite3_vfs *vfs, double *julian_day)
{
    sqlite3_int64 julian_ms;
    int rc = vfs_current_time_int64(vfs, &julian_ms);
    *julian_day = (double)julian_ms / 86400000.0;
    return rc;
}

static int vfs_get_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs, (void)size, (void)text;
    return 0;
}

void pgl_sim_vfs_fill(struct pgl_sim_disk *disk)
{
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct pgl_sim_file),
        .mxPathname =
            PGL_SIM_DISK_NAME_BYTES - (int)sizeof "-journal", /* room for SQLite's suffixes */
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_current_time,
        .xCurrentTimeInt64 = vfs_current_time_int64,
        .xGetLastError = vfs_get_last_error,
    };
}
