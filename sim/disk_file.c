/* disk_file.c - one open file, as SQLite handles it. */
#include "disk_inside.h"

#include <string.h>

#include "base/assert.h"

static struct pgl_sim_file *sim_file(sqlite3_file *file)
{
    return (struct pgl_sim_file *)file;
}

static bool is_dead(const struct pgl_sim_file *self)
{
    return self->disk->is_dead || self->life != self->disk->life;
}

/* A file of a process that died stays dead, though another one lives on the disk by now. */
static int begin(struct pgl_sim_file *self, enum pgl_sim_call call)
{
    return is_dead(self) ? SQLITE_IOERR : pgl_sim_call(self->disk, call, self->name, NULL);
}

static int file_close(sqlite3_file *file)
{
    struct pgl_sim_file *self = sim_file(file);
    pgl_sim_shm_unmap(self);
    if (!is_dead(self)) {
        pgl_sim_file_unlock(self, SQLITE_LOCK_NONE);
        if (self->is_deleted_on_close)
            (void)self->disk->vfs.xDelete(&self->disk->vfs, self->name, 0);
    }
    pgl_sim_inode_release(self->inode);
    self->disk->open_count--;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    struct pgl_sim_file *self = sim_file(file);
    int rc = begin(self, PGL_SIM_READ);
    if (rc != SQLITE_OK)
        return rc;
    size_t there = pgl_sim_image_read(&self->inode->image, bytes, (size_t)size, (size_t)at);
    memset((char *)bytes + there, 0, (size_t)size - there);
    return there == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    struct pgl_sim_file *self = sim_file(file);
    struct pgl_sim_flight flight = { self->inode, bytes, (size_t)size, (size_t)at };
    if (is_dead(self))
        return SQLITE_IOERR;
    int rc = pgl_sim_call(self->disk, PGL_SIM_WRITE, self->name, &flight);
    if (rc != SQLITE_OK)
        return rc;

    size_t fits = flight.size;
    size_t file_size = self->inode->image.size;
    if (flight.at + flight.size > file_size) {
        size_t limit = file_size + pgl_sim_room(self->disk);
        if (flight.at + flight.size > limit)
            fits = limit > flight.at ? limit - flight.at : 0;
    }
    pgl_sim_image_write(&self->inode->image, bytes, fits, flight.at);
    if (fits == flight.size)
        return SQLITE_OK;
    self->disk->counts.full_writes++;
    return SQLITE_FULL;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct pgl_sim_file *self = sim_file(file);
    int rc = begin(self, PGL_SIM_TRUNCATE);
    if (rc != SQLITE_OK)
        return rc;
    size_t file_size = self->inode->image.size;
    if ((size_t)size > file_size && (size_t)size - file_size > pgl_sim_room(self->disk))
        return SQLITE_FULL;
    pgl_sim_image_resize(&self->inode->image, (size_t)size);
    return SQLITE_OK;
}

/* After an fsync that failed the kernel may take the pages for clean: later ones succeed in vain.
 */
static int sync_bytes(struct pgl_sim_file *self)
{
    int rc = begin(self, PGL_SIM_SYNC);
    if (rc == PGL_SIM_PRETEND)
        return SQLITE_OK;
    if (rc != SQLITE_OK) {
        self->inode->is_sync_broken = true;
        return rc;
    }
    if (!self->inode->is_sync_broken)
        pgl_sim_image_sync(&self->inode->image);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    struct pgl_sim_file *self = sim_file(file);
    int rc = sync_bytes(self);
    if (rc != SQLITE_OK || !self->syncs_directory)
        return rc;
    rc = begin(self, PGL_SIM_SYNC_DIRECTORY);
    if (rc == SQLITE_OK)
        pgl_sim_sync_directory(self->disk, self->name);
    if (rc == SQLITE_OK || rc == PGL_SIM_PRETEND) {
        self->syncs_directory = false;
        return SQLITE_OK;
    }
    return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct pgl_sim_file *self = sim_file(file);
    int rc = begin(self, PGL_SIM_SIZE);
    *size = (sqlite3_int64)self->inode->image.size;
    return rc;
}

static int file_lock(sqlite3_file *file, int level)
{
    int rc = begin(sim_file(file), PGL_SIM_LOCK);
    return rc == SQLITE_OK ? pgl_sim_file_lock(sim_file(file), level) : rc;
}

static int file_unlock(sqlite3_file *file, int level)
{
    if (is_dead(sim_file(file)))
        return SQLITE_IOERR;
    pgl_sim_file_unlock(sim_file(file), level);
    return SQLITE_OK;
}

static int file_check_reserved_lock(sqlite3_file *file, int *is_reserved)
{
    int rc = begin(sim_file(file), PGL_SIM_LOCK);
    *is_reserved = sim_file(file)->inode->writer != NULL;
    return rc;
}

/* As in the unix VFS: a negative number asks, others set. */
static int file_control(sqlite3_file *file, int op, void *argument)
{
    struct pgl_sim_file *self = sim_file(file);
    if (op != SQLITE_FCNTL_PERSIST_WAL)
        return SQLITE_NOTFOUND;
    int *persists = argument;
    if (*persists < 0)
        *persists = self->keeps_wal;
    else
        self->keeps_wal = *persists != 0;
    return SQLITE_OK;
}

static int file_sector_size(sqlite3_file *file)
{
    (void)file;
    return PGL_SIM_SECTOR_BYTES;
}

static int file_device_characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as the unix VFS says; see pgl_sim_image_lose_power
                                              */
}

static int file_shm_map(sqlite3_file *file, int region, int region_bytes, int extend,
                        void volatile **memory)
{
    int rc = begin(sim_file(file), PGL_SIM_SHM_MAP);
    *memory = NULL;
    return rc == SQLITE_OK ? pgl_sim_shm_map(sim_file(file), region, region_bytes, extend, memory)
                           : rc;
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    struct pgl_sim_file *self = sim_file(file);
    bool is_unlock = (flags & SQLITE_SHM_UNLOCK) != 0;
    int rc = !is_unlock ? begin(self, PGL_SIM_SHM_LOCK) : is_dead(self) ? SQLITE_IOERR : SQLITE_OK;
    return rc == SQLITE_OK ? pgl_sim_shm_lock(self, offset, count, flags) : rc;
}

static void file_shm_barrier(sqlite3_file *file)
{
    (void)file; /* one thread */
}

static int file_shm_unmap(sqlite3_file *file, int is_deleted)
{
    (void)is_deleted; /* the memory goes with its last user in any case */
    pgl_sim_shm_unmap(sim_file(file));
    return SQLITE_OK;
}

const sqlite3_io_methods pgl_sim_file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_device_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};
