/* disk_os.c - small files on the real disk. */
#include "platform/real/real.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_PIECE_BYTES 65536

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

static pgl_status write_all(int file, struct pgl_text content)
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
    return PGL_OK;
}

static pgl_status write_descriptor(int file, struct pgl_text content)
{
    PGL_TRY(write_all(file, content));
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

/* The file stays open, the lock lives with it: its number, and one more. */
static pgl_status lock(struct pgl_disk *disk, const char *path, pgl_disk_lock *lock)
{
    (void)disk;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return status_of_errno();
    *lock = file + 1;
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        return PGL_OK;
    *lock = 0;
    pgl_status status = errno == EWOULDBLOCK
                            ? PGL_FAIL(PGL_CONFLICT, "another process uses this folder")
                            : status_of_errno();
    close(file);
    return status;
}

static void unlock(struct pgl_disk *disk, pgl_disk_lock *lock)
{
    (void)disk;
    if (*lock != 0)
        close(*lock - 1);
    *lock = 0;
}

/* ---- copies of a folder ---- */

static pgl_status is_empty(struct pgl_disk *disk, const char *folder, bool *is_empty)
{
    (void)disk;
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return status_of_errno();
    *is_empty = true;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *is_empty = false;
    closedir(entries);
    return PGL_OK;
}

static pgl_status copy_pieces(int from, int to, pgl_status (*look)(void *, struct pgl_text),
                              void *self)
{
    char room[COPY_PIECE_BYTES];
    for (;;) {
        ssize_t got = read(from, room, sizeof room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_of_errno();
        struct pgl_text piece = { room, (size_t)got };
        if (got == 0)
            return PGL_OK;
        PGL_TRY(look(self, piece));
        if (to >= 0)
            PGL_TRY(write_all(to, piece));
    }
}

static pgl_status copy_file(struct pgl_disk *disk, const char *from, const char *to,
                            pgl_status (*look)(void *, struct pgl_text), void *self)
{
    (void)disk;
    int source = open(from, O_RDONLY | O_CLOEXEC), target = -1;
    if (source < 0)
        return status_of_errno();
    pgl_status status = PGL_OK;
    if (to != NULL && (target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
        status = status_of_errno();
    if (pgl_is_ok(status))
        status = copy_pieces(source, target, look, self);
    if (pgl_is_ok(status) && target >= 0 && fsync(target) != 0)
        status = status_of_errno();
    if (target >= 0)
        close(target);
    close(source);
    return pgl_is_ok(status) && to != NULL ? sync_folder_of(to) : status;
}

static pgl_status rename_folder(struct pgl_disk *disk, const char *from, const char *to)
{
    (void)disk;
    if (rename(from, to) != 0)
        return status_of_errno();
    return sync_folder_of(to);
}

static pgl_status remove_path(struct pgl_disk *disk, const char *path)
{
    (void)disk;
    return remove(path) == 0 ? PGL_OK : status_of_errno();
}

struct pgl_disk *pgl_real_disk(void)
{
    static const struct pgl_disk_ops ops = {
        make_folder, read_file, write_file,    lock,        unlock,
        is_empty,    copy_file, rename_folder, remove_path,
    };
    static struct pgl_disk disk = { .ops = &ops, .vfs_name = NULL };
    return &disk;
}
