/* copy.c - see copy.h. */
#include "store/copy.h"

#include <sqlite3.h>

#include "base/assert.h"

static pgl_status status_of(int result)
{
    switch (result & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
        return PGL_OK;
    case SQLITE_FULL:
        return PGL_FAIL(PGL_UNAVAILABLE, "the disk is full");
    case SQLITE_NOMEM:
        return PGL_FAIL(PGL_UNAVAILABLE, "no memory for a copy");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
        return PGL_FAIL(PGL_UNAVAILABLE, "the copy cannot be written there");
    default:
        return PGL_FAIL(PGL_DATA_LOSS, sqlite3_errstr(result));
    }
}

pgl_status pgl_copy_begin(struct pgl_copy *copy, const struct pgl_database *source,
                          const char *path, const char *vfs_name)
{
    *copy = (struct pgl_copy){ .target = NULL };
    PGL_ASSERT(pgl_database_is_in_transaction(source));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, &copy->target, flags, vfs_name);
    if (result == SQLITE_OK) /* a commit of the whole, synced once at the end */
        result = sqlite3_exec(copy->target, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return status_of(result);
    copy->backup = sqlite3_backup_init(copy->target, "main", source->handle, "main");
    return copy->backup != NULL ? PGL_OK : status_of(sqlite3_errcode(copy->target));
}

pgl_status pgl_copy_go_on(struct pgl_copy *copy, int pages)
{
    int result = sqlite3_backup_step(copy->backup, pages);
    copy->pages = sqlite3_backup_pagecount(copy->backup);
    copy->pages_left = sqlite3_backup_remaining(copy->backup);
    copy->is_done = result == SQLITE_DONE;
    return status_of(result);
}

void pgl_copy_end(struct pgl_copy *copy)
{
    sqlite3_backup_finish(copy->backup);
    sqlite3_close(copy->target);
    *copy = (struct pgl_copy){ .target = NULL };
}
