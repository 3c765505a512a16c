/*
 * vfs.c - see vfs.h.
 *
 * Why gathering is safe. A frame of the WAL is read by its own connection, through this same file,
 * or by others once the wal-index says that it is valid. So it is enough that nothing gathered is
 * left
 *
 * - when this file is read there, measured, cut or synced: each of these flushes first;
 * - when the wal-index is published. SQLite does that after the last frame of a commit, which says
 * in its header that it is the last; its page flushes. (With synchronous=FULL a sync follows, with
 * NORMAL it does not, so the sync is not what we may wait for.) A commit that has to correct
 * checksums rewrites frame headers behind that; these do not continue the last write, and such
 * writes are never gathered;
 * - when the write lock is given back after a rollback: frames left over would land on the frames
 * of the next writer. So that unlock, which reaches the database's file, flushes the WAL.
 *
 * After a failed flush the bytes are kept, because SQLite counts them as written, and tried again
 * at the next occasion; only the write that failed is not among them.
 */
#include "store/vfs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/assert.h"

/* From SQLite's WAL format: a frame header, with the database's size in a commit's last frame, else
 * 0; and the number of the write lock among those of xShmLock. */
#define FRAME_HEADER_BYTES  24
#define FRAME_DATABASE_SIZE 4
#define WAL_WRITE_LOCK      0
#define NOTHING_CONTINUES   (-1)

struct shim {
    sqlite3_vfs vfs; /* first: SQLite's view of us */
    sqlite3_vfs *base;
    char name[];
};

struct shim_file {
    sqlite3_file file;         /* first: SQLite's view of us */
    sqlite3_file *base;        /* lies behind this struct, in the memory that SQLite gave */
    struct shim_file *partner; /* a database's WAL and the WAL's database; else NULL */
    struct pgl_vfs_file_counts counts;

    /* Of a WAL only: */
    bool is_gathering;
    bool is_commit_begun; /* the last write was the header of a commit's last frame */
    sqlite3_int64 end_at; /* where the last write ended */
    sqlite3_int64 gathered_at;
    int gathered_bytes;
    uint8_t *gathered; /* PGL_VFS_GATHER_BYTES, or NULL before the first need */
};

static const sqlite3_io_methods methods_without_shm, methods_with_shm;

static struct shim_file *shim_file(sqlite3_file *file)
{
    return (struct shim_file *)file;
}

static sqlite3_file *base_of(sqlite3_file *file)
{
    return shim_file(file)->base;
}

/* Writing: the reason why this file exists. */

static int base_write(struct shim_file *self, const void *bytes, int size, sqlite3_int64 at)
{
    self->counts.writes_made++;
    self->counts.written_bytes += (uint64_t)size;
    return self->base->pMethods->xWrite(self->base, bytes, size, at);
}

static int flush(struct shim_file *wal)
{
    if (wal->gathered_bytes == 0)
        return SQLITE_OK;
    int rc = base_write(wal, wal->gathered, wal->gathered_bytes, wal->gathered_at);
    if (rc == SQLITE_OK)
        wal->gathered_bytes = 0;
    return rc;
}

static bool can_gather(struct shim_file *wal, int size)
{
    if (size > PGL_VFS_GATHER_BYTES)
        return false;
    if (wal->gathered == NULL)
        wal->gathered = sqlite3_malloc(PGL_VFS_GATHER_BYTES);
    return wal->gathered != NULL;
}

static int gather(struct shim_file *wal, const void *bytes, int size, sqlite3_int64 at)
{
    if (wal->gathered_bytes + size > PGL_VFS_GATHER_BYTES) {
        int rc = flush(wal);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (wal->gathered_bytes == 0)
        wal->gathered_at = at;
    memcpy(wal->gathered + wal->gathered_bytes, bytes, (size_t)size);
    wal->gathered_bytes += size;
    if (!wal->is_commit_begun)
        return SQLITE_OK;

    int rc = flush(wal);
    if (rc != SQLITE_OK)
        wal->gathered_bytes -= size; /* SQLite will believe the page unwritten, and must be right */
    return rc;
}

static int wal_write(struct shim_file *wal, const void *bytes, int size, sqlite3_int64 at)
{
    int rc;
    if (at == wal->end_at && can_gather(wal, size)) {
        rc = gather(wal, bytes, size, at);
    } else {
        rc = flush(wal); /* first: the new bytes may lie over the gathered ones */
        if (rc == SQLITE_OK)
            rc = base_write(wal, bytes, size, at);
    }
    static const uint8_t not_the_last[4];
    wal->is_commit_begun = rc == SQLITE_OK && size == FRAME_HEADER_BYTES &&
                           memcmp((const uint8_t *)bytes + FRAME_DATABASE_SIZE, not_the_last,
                                  sizeof not_the_last) != 0;
    wal->end_at = rc == SQLITE_OK ? at + size : NOTHING_CONTINUES;
    return rc;
}

static int shim_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    struct shim_file *self = shim_file(file);
    self->counts.writes_asked++;
    return self->is_gathering ? wal_write(self, bytes, size, at)
                              : base_write(self, bytes, size, at);
}

/* What could see the gathered bytes: flush, then as the base does. */

static int shim_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    struct shim_file *self = shim_file(file);
    if (at < self->gathered_at + self->gathered_bytes && at + size > self->gathered_at) {
        int rc = flush(self);
        if (rc != SQLITE_OK)
            return rc;
    }
    self->counts.reads++;
    self->counts.read_bytes += (uint64_t)size;
    return self->base->pMethods->xRead(self->base, bytes, size, at);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc = flush(shim_file(file));
    shim_file(file)->end_at = NOTHING_CONTINUES; /* what is gathered never lies behind a hole */
    return rc != SQLITE_OK ? rc : base_of(file)->pMethods->xTruncate(base_of(file), size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    int rc = flush(shim_file(file));
    if (rc != SQLITE_OK)
        return rc;
    shim_file(file)->counts.syncs++;
    return base_of(file)->pMethods->xSync(base_of(file), flags);
}

static int shim_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int rc = flush(shim_file(file));
    return rc != SQLITE_OK ? rc : base_of(file)->pMethods->xFileSize(base_of(file), size);
}

/* After this nothing is left, whatever happened. What cannot be written here was rolled back: a
 * commit has flushed itself, or failed. */
static void flush_or_forget(struct shim_file *wal)
{
    (void)flush(wal);
    wal->gathered_bytes = 0;
}

static int shim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    struct shim_file *wal = shim_file(file)->partner;
    if (wal != NULL && offset == WAL_WRITE_LOCK && (flags & SQLITE_SHM_UNLOCK) != 0)
        flush_or_forget(wal);
    return base_of(file)->pMethods->xShmLock(base_of(file), offset, count, flags);
}

static int shim_close(sqlite3_file *file)
{
    struct shim_file *self = shim_file(file);
    flush_or_forget(self);
    sqlite3_free(self->gathered);
    if (self->partner != NULL)
        self->partner->partner = NULL;
    return self->base->pMethods->xClose(self->base);
}

/* The rest of a file passes through. */

static int shim_file_control(sqlite3_file *file, int op, void *argument)
{
    struct shim_file *self = shim_file(file);
    if (op != PGL_VFS_FCNTL_COUNTS)
        return self->base->pMethods->xFileControl(self->base, op, argument);
    struct pgl_vfs_counts *counts = argument;
    *counts = (struct pgl_vfs_counts){ .database = self->counts };
    if (self->partner != NULL)
        counts->wal = self->partner->counts;
    return SQLITE_OK;
}

static int shim_lock(sqlite3_file *file, int level)
{
    return base_of(file)->pMethods->xLock(base_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return base_of(file)->pMethods->xUnlock(base_of(file), level);
}

static int shim_check_reserved_lock(sqlite3_file *file, int *is_reserved)
{
    return base_of(file)->pMethods->xCheckReservedLock(base_of(file), is_reserved);
}

static int shim_sector_size(sqlite3_file *file)
{
    return base_of(file)->pMethods->xSectorSize(base_of(file));
}

static int shim_device_characteristics(sqlite3_file *file)
{
    return base_of(file)->pMethods->xDeviceCharacteristics(base_of(file));
}

static int shim_shm_map(sqlite3_file *file, int page, int page_bytes, int extend,
                        void volatile **memory)
{
    return base_of(file)->pMethods->xShmMap(base_of(file), page, page_bytes, extend, memory);
}

static void shim_shm_barrier(sqlite3_file *file)
{
    base_of(file)->pMethods->xShmBarrier(base_of(file));
}

static int shim_shm_unmap(sqlite3_file *file, int is_deleted)
{
    return base_of(file)->pMethods->xShmUnmap(base_of(file), is_deleted);
}

/* Version 3 would add xFetch, that is memory-mapped reads: not used here, since an I/O error in
 * them is a SIGBUS. A base without shared memory must be seen to have none. */
/* clang-format off */
#define METHODS_OF_VERSION_1                                                                           \
    .xClose = shim_close,                  .xRead = shim_read,                                         \
    .xWrite = shim_write,                  .xTruncate = shim_truncate,                                 \
    .xSync = shim_sync,                    .xFileSize = shim_file_size,                                \
    .xLock = shim_lock,                    .xUnlock = shim_unlock,                                     \
    .xCheckReservedLock = shim_check_reserved_lock, .xFileControl = shim_file_control,                 \
    .xSectorSize = shim_sector_size,       .xDeviceCharacteristics = shim_device_characteristics

static const sqlite3_io_methods methods_without_shm = { .iVersion = 1, METHODS_OF_VERSION_1 };
static const sqlite3_io_methods methods_with_shm = {
    .iVersion = 2, METHODS_OF_VERSION_1,
    .xShmMap = shim_shm_map,               .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,       .xShmUnmap = shim_shm_unmap,
};
/* clang-format on */

/* The VFS itself. */

static struct shim *shim_of(sqlite3_vfs *vfs)
{
    return (struct shim *)vfs;
}

static size_t own_bytes(void)
{
    size_t align = _Alignof(max_align_t);
    return (sizeof(struct shim_file) + align - 1) / align * align;
}

/* A WAL is gathered where its database is one of ours, so that we see its locks; and where a write
 * harms no bytes beside it, since otherwise SQLite pads each commit behind its last frame. */
static void gather_from_now(struct shim_file *wal, const char *path)
{
    sqlite3_file *database = sqlite3_database_file_object(path);
    if (database->pMethods != &methods_with_shm)
        return;
    if (!(wal->base->pMethods->xDeviceCharacteristics(wal->base) &
          SQLITE_IOCAP_POWERSAFE_OVERWRITE))
        return;
    wal->is_gathering = true;
    wal->partner = shim_file(database);
    wal->partner->partner = wal;
}

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                     int *out_flags)
{
    struct shim_file *self = shim_file(file);
    *self = (struct shim_file){ .base = (sqlite3_file *)((char *)file + own_bytes()),
                                .end_at = NOTHING_CONTINUES };
    sqlite3_vfs *base = shim_of(vfs)->base;
    int rc = base->xOpen(base, path, self->base, flags, out_flags);
    if (rc != SQLITE_OK) {
        if (self->base->pMethods != NULL)
            (void)self->base->pMethods->xClose(self->base);
        return rc;
    }
    self->file.pMethods =
        self->base->pMethods->iVersion >= 2 ? &methods_with_shm : &methods_without_shm;
    if ((flags & SQLITE_OPEN_WAL) != 0)
        gather_from_now(self, path);
    return SQLITE_OK;
}

static int shim_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xDelete(base, path, sync_directory);
}

static int shim_access(sqlite3_vfs *vfs, const char *path, int flags, int *answer)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xAccess(base, path, flags, answer);
}

static int shim_full_pathname(sqlite3_vfs *vfs, const char *path, int size, char *full)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xFullPathname(base, path, size, full);
}

static int shim_randomness(sqlite3_vfs *vfs, int size, char *bytes)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xRandomness(base, size, bytes);
}

static int shim_sleep(sqlite3_vfs *vfs, int microseconds)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xSleep(base, microseconds);
}

static int shim_current_time(sqlite3_vfs *vfs, double *julian_day)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xCurrentTime(base, julian_day);
}

static int shim_current_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *julian_ms)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xCurrentTimeInt64(base, julian_ms);
}

static int shim_get_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    sqlite3_vfs *base = shim_of(vfs)->base;
    return base->xGetLastError != NULL ? base->xGetLastError(base, size, text) : 0;
}

pgl_status pgl_vfs_register(const char *name, const char *base_name)
{
    if (sqlite3_vfs_find(name) != NULL)
        return PGL_FAIL(PGL_ALREADY_EXISTS, "a SQLite VFS of that name is registered");
    sqlite3_vfs *base = sqlite3_vfs_find(base_name);
    if (base == NULL)
        return PGL_FAIL(PGL_NOT_FOUND, "no SQLite VFS of that name to stand on");
    if (base->iVersion < 2)
        return PGL_FAIL(PGL_UNIMPLEMENTED, "a SQLite VFS older than version 2");

    size_t name_bytes = strlen(name) + 1;
    struct shim *shim = sqlite3_malloc64(sizeof *shim + name_bytes);
    if (shim == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a SQLite VFS");
    memcpy(shim->name, name, name_bytes);
    shim->base = base;
    shim->vfs = (sqlite3_vfs){
        .iVersion = 2, /* system calls are replaced at the base, extensions are not loaded at all */
        .szOsFile = (int)own_bytes() + base->szOsFile,
        .mxPathname = base->mxPathname,
        .zName = shim->name,
        .xOpen = shim_open,
        .xDelete = shim_delete,
        .xAccess = shim_access,
        .xFullPathname = shim_full_pathname,
        .xRandomness = shim_randomness,
        .xSleep = shim_sleep,
        .xCurrentTime = shim_current_time,
        .xCurrentTimeInt64 = shim_current_time_int64,
        .xGetLastError = shim_get_last_error,
    };
    if (sqlite3_vfs_register(&shim->vfs, 0) != SQLITE_OK) {
        sqlite3_free(shim);
        return PGL_FAIL(PGL_UNAVAILABLE, "SQLite does not take a VFS");
    }
    return PGL_OK;
}

void pgl_vfs_unregister(const char *name)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(name);
    if (vfs == NULL || vfs->xOpen != shim_open)
        return;
    (void)sqlite3_vfs_unregister(vfs);
    sqlite3_free(vfs);
}
