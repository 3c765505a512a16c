/*
 * migrate.h - brings a file's tables up to date: each module's numbered steps, each once, in one
 * transaction. From the first release on they are only ever added to; a file whose steps were
 * others is not opened.
 */
#ifndef PGL_STORE_MIGRATE_H
#define PGL_STORE_MIGRATE_H

#include <stddef.h>

#include "store/database.h"

struct pgl_migration {
    int number; /* 1, 2, 3 ... */
    const char *name;
    const char *sql;
};

/* PGL_CONFLICT when the file is newer than this program, or was made by other steps. */
PGL_MUST_USE pgl_status pgl_migrate(struct pgl_database *db, const char *module,
                                    const struct pgl_migration *migrations, size_t count);

#endif
