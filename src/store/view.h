/*
 * view.h - a snapshot to read from. It has no function that writes.
 *
 * Owner:    a reader for its own, a writer for the one inside its transaction; borrowed for one
 *           question.
 */
#ifndef PGL_STORE_VIEW_H
#define PGL_STORE_VIEW_H

#include "base/arena.h"
#include "store/database.h"

struct pgl_view {
    struct pgl_database *db;
    struct pgl_arena *arena; /* for what is answered */
    void *context;           /* the service's */
};

static inline struct pgl_rows pgl_view_rows(const struct pgl_view *view, const char *sql)
{
    return pgl_rows_begin(view->db, sql);
}

#endif
