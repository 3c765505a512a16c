/* disk_os.c - small files on the real disk. */
#include "platform/real/real.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static pgl_status status_of_errno(void)
{
    switch (errno) {
    case ENOENT:
        return PGL_FAIL(PGL_NOT_FOUND, "no such file");
    case EACCES:
    case EPERM:
        return PGL_FAIL(PGL_DENIED, "the file may not be opened by this user");
    case ENOSPC:
        return PGL_FAIL(PGL_EXHAUSTED, "the disk is full");
    default:
        return PGL_FAIL(PGL_UNAVAILABLE, strerrorname_np(errno));
    }
}

static pgl_status make_folder(struct pgl_disk *disk, const char *path)
{
    (void)disk;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return status_of_errno();
    return PGL_OK;
}

static pgl_status read_descriptor(int file, size_t limit_bytes, struct pgl_arena *arena,
                                  struct pgl_text *content)
{
    struct stat facts;
    if (fstat(file, &facts) != 0)
        return status_of_errno();
    if (!S_ISREG(facts.st_mode) || (uint64_t)facts.st_size > limit_bytes)
        return PGL_FAIL(PGL_TOO_LARGE, "the file is too large");
    size_t size = (size_t)facts.st_size, have = 0;
    char *data = pgl_arena_alloc(arena, size + 1);
    if (data == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the file");
    while (have < size) {
        ssize_t got = read(file, data + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_of_errno();
        if (got == 0)
            break;
        have += (size_t)got;
    }
    data[have] = '\0';
    *content = (struct pgl_text){ data, have };
    return PGL_OK;
}

static pgl_status read_file(struct pgl_disk *disk, const char *path, size_t limit_bytes,
                            struct pgl_arena *arena, struct pgl_text *content)
{
    (void)disk;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return status_of_errno();
    pgl_status status = read_descriptor(file, limit_bytes, arena, content);
    close(file);
    return status;
}

static pgl_status write_descriptor(int file, struct pgl_text content)
{
    size_t put = 0;
    while (put < content.size) {
        ssize_t some = write(file, content.data + put, content.size - put);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return status_of_errno();
        put += (size_t)some;
    }
    return fsync(file) == 0 ? PGL_OK : status_of_errno();
}

/* A rename is durable once its folder is synced. */
static pgl_status sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return status_of_errno();
    pgl_status status = fsync(folder) == 0 ? PGL_OK : status_of_errno();
    close(folder);
    return status;
}

static pgl_status write_file(struct pgl_disk *disk, const char *path, struct pgl_text content)
{
    (void)disk;
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return PGL_FAIL(PGL_INVALID, "the path is too long");
    int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return status_of_errno();
    pgl_status status = write_descriptor(file, content);
    close(file);
    PGL_TRY(status);
    if (rename(beside, path) != 0)
        return status_of_errno();
    return sync_folder_of(path);
}

static pgl_status lock(struct pgl_disk *disk, const char *path)
{
    (void)disk;
    int file =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* stays open: the lock lives with it */
    if (file < 0)
        return status_of_errno();
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        return PGL_OK;
    pgl_status status = errno == EWOULDBLOCK
                            ? PGL_FAIL(PGL_CONFLICT, "another process uses this folder")
                            : status_of_errno();
    close(file);
    return status;
}

struct pgl_disk *pgl_real_disk(void)
{
    static const struct pgl_disk_ops ops = { make_folder, read_file, write_file, lock };
    static struct pgl_disk disk = { .ops = &ops, .vfs_name = NULL };
    return &disk;
}
