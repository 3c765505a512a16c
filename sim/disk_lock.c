/*
 * disk_lock.c - locks and shared memory, among the connections of one process on one thread:
 * nothing ever waits, SQLITE_BUSY is the answer.
 */
#include "disk_inside.h"

#include <stdlib.h>

#include "base/assert.h"

/* File locks: SHARED by many; RESERVED by one, the writer; PENDING while it waits for the readers
 * to go; EXCLUSIVE when they have. */

static int lock_for_writing(struct pgl_sim_file *self, int level)
{
    struct pgl_sim_inode *inode = self->inode;
    if (inode->writer != NULL && inode->writer != self)
        return SQLITE_BUSY;
    inode->writer = self;
    if (level == SQLITE_LOCK_RESERVED) {
        self->lock = level;
        return SQLITE_OK;
    }
    inode->is_pending = true;
    self->lock = inode->shared_count > 1 ? SQLITE_LOCK_PENDING : level;
    return self->lock == level ? SQLITE_OK : SQLITE_BUSY;
}

int pgl_sim_file_lock(struct pgl_sim_file *self, int level)
{
    if (self->lock >= level)
        return SQLITE_OK;
    if (level > SQLITE_LOCK_SHARED)
        return lock_for_writing(self, level);
    if (self->inode->is_pending)
        return SQLITE_BUSY;
    self->inode->shared_count++;
    self->lock = SQLITE_LOCK_SHARED;
    return SQLITE_OK;
}

void pgl_sim_file_unlock(struct pgl_sim_file *self, int level)
{
    if (self->lock <= level)
        return;
    if (self->inode->writer == self) {
        self->inode->writer = NULL;
        self->inode->is_pending = false;
    }
    if (level == SQLITE_LOCK_NONE)
        self->inode->shared_count--;
    self->lock = level;
}

/* Shared memory. */

static struct pgl_sim_shm *shm_of(struct pgl_sim_file *self)
{
    if (self->shm != NULL)
        return self->shm;
    if (self->inode->shm == NULL) {
        self->inode->shm = calloc(1, sizeof *self->inode->shm);
        PGL_ASSERT(self->inode->shm != NULL);
        self->inode->shm->inode = self->inode;
    }
    self->shm = self->inode->shm;
    self->shm->users++;
    return self->shm;
}

int pgl_sim_shm_map(struct pgl_sim_file *self, int region, int region_bytes, int extend,
                    void volatile **memory)
{
    struct pgl_sim_shm *shm = shm_of(self);
    *memory = NULL;
    if ((uint32_t)region >= shm->region_count && !extend)
        return SQLITE_OK;
    if ((uint32_t)region >= shm->region_count) {
        shm->regions = realloc(shm->regions, ((size_t)region + 1) * sizeof *shm->regions);
        PGL_ASSERT(shm->regions != NULL);
        while (shm->region_count <= (uint32_t)region) {
            void *fresh = calloc(1, (size_t)region_bytes);
            PGL_ASSERT(fresh != NULL);
            shm->regions[shm->region_count++] = fresh;
        }
    }
    *memory = shm->regions[region];
    return SQLITE_OK;
}

static void shm_unlock(struct pgl_sim_file *self, uint32_t mask)
{
    for (uint32_t i = 0; i < SQLITE_SHM_NLOCK; i++)
        if ((self->shm_shared & mask & (1u << i)) != 0)
            self->shm->shared[i]--;
    self->shm->exclusive &= ~(self->shm_exclusive & mask);
    self->shm_shared &= ~mask;
    self->shm_exclusive &= ~mask;
}

int pgl_sim_shm_lock(struct pgl_sim_file *self, int offset, int count, int flags)
{
    struct pgl_sim_shm *shm = shm_of(self);
    uint32_t mask = ((1u << count) - 1) << offset;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        shm_unlock(self, mask);
        return SQLITE_OK;
    }
    if ((shm->exclusive & ~self->shm_exclusive & mask) != 0)
        return SQLITE_BUSY;
    if ((flags & SQLITE_SHM_SHARED) != 0) {
        PGL_ASSERT(count == 1);
        if ((self->shm_shared & mask) == 0)
            shm->shared[offset]++;
        self->shm_shared |= mask;
        return SQLITE_OK;
    }
    for (int i = offset; i < offset + count; i++) {
        uint32_t own = self->shm_shared >> i & 1;
        if (shm->shared[i] > own)
            return SQLITE_BUSY;
    }
    shm->exclusive |= mask;
    self->shm_exclusive |= mask;
    return SQLITE_OK;
}

void pgl_sim_shm_unmap(struct pgl_sim_file *self)
{
    struct pgl_sim_shm *shm = self->shm;
    if (shm == NULL)
        return;
    shm_unlock(self, ~0u);
    self->shm = NULL;
    if (--shm->users > 0)
        return;
    if (shm->inode != NULL)
        shm->inode->shm = NULL;
    for (uint32_t i = 0; i < shm->region_count; i++)
        free(shm->regions[i]);
    free(shm->regions);
    free(shm);
}

void pgl_sim_shm_orphan(struct pgl_sim_inode *inode)
{
    if (inode->shm != NULL)
        inode->shm->inode = NULL;
    inode->shm = NULL;
}
