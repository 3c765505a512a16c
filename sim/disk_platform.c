/* disk_platform.c - see disk_platform.h. */
#include "disk_platform.h"

static struct pgl_sim_disk *disk_of(struct pgl_disk *disk)
{
    return PGL_CONTAINER(disk, struct pgl_sim_files, base)->disk;
}

static pgl_status make_folder(struct pgl_disk *disk, const char *path)
{
    (void)disk, (void)path; /* a name with a slash in it needs none here */
    return PGL_OK;
}

static pgl_status read_file(struct pgl_disk *disk, const char *path, size_t limit_bytes,
                            struct pgl_arena *arena, struct pgl_text *content)
{
    char *bytes = pgl_arena_alloc(arena, limit_bytes);
    if (bytes == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a file");
    size_t size;
    PGL_TRY(pgl_sim_disk_read_file(disk_of(disk), path, bytes, limit_bytes, &size));
    *content = (struct pgl_text){ bytes, size };
    return PGL_OK;
}

static pgl_status write_file(struct pgl_disk *disk, const char *path, struct pgl_text content)
{
    return pgl_sim_disk_write_file(disk_of(disk), path, content);
}

static pgl_status lock(struct pgl_disk *disk, const char *path, pgl_disk_lock *lock)
{
    return pgl_sim_disk_lock(disk_of(disk), path, lock);
}

static void unlock(struct pgl_disk *disk, pgl_disk_lock *lock)
{
    pgl_sim_disk_unlock(disk_of(disk), lock);
}

/* Nobody copies a folder here. */
static const struct pgl_disk_ops file_ops = {
    .make_folder = make_folder,
    .read_file = read_file,
    .write_file = write_file,
    .lock = lock,
    .unlock = unlock,
};

static int64_t wall_ns(void *context)
{
    return ((const struct pgl_twin *)context)->wall_ns;
}

static void take_time(void *context, int64_t wait_ns)
{
    pgl_twin_advance(context, wait_ns);
}

void pgl_sim_files_give(struct pgl_sim_files *files, struct pgl_sim_disk *disk,
                        const char *vfs_name, struct pgl_twin *twin)
{
    *files = (struct pgl_sim_files){ { &file_ops, vfs_name }, disk };
    twin->platform.disk = &files->base;
}

struct pgl_sim_world pgl_sim_world_of(struct pgl_twin *twin)
{
    return (struct pgl_sim_world){ twin, wall_ns, take_time };
}
