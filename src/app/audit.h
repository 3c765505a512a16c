/*
 * audit.h - does a platform's data keep what the saga promises? The invariants, as a table, and
 * what looks at them.
 *
 * For:      `panglot verify`: over a stopped folder, or beside a running platform over a cut of its
 *           files.
 * Owner:    the caller's thread; the views of the cut are borrowed.
 * Method:   one walk over the rows of all services, side by side in the order of the orders' ids;
 *           one walk over each log; and each service's own checks of its own file. Nothing is
 *           looked up row by row.
 * Bounds:   memory that does not grow with the number of orders. Seconds for a million of them, so
 *           not on a loop that has anything else to do.
 * Errors:   a file that cannot be read. What the files say wrongly is no error but a finding.
 */
#ifndef PGL_APP_AUDIT_H
#define PGL_APP_AUDIT_H

#include <stdatomic.h>

#include "app/audit_report.h"
#include "base/hash.h"
#include "store/view.h"

struct audit;
struct joined;

/* A row of the table. One of `holds` and `look` may be NULL; a balance may add to what they
 * find. */
struct pgl_invariant_row {
    const char *id, *says;
    bool is_of_rest; /* true of a platform that has nothing left to do */
    bool (*holds)(const struct audit *audit, const struct joined *order);
    pgl_status (*look)(struct audit *audit, enum pgl_invariant invariant);
    const char *not_seen; /* what of it these files cannot tell; NULL: nothing */
};

extern const struct pgl_invariant_row pgl_invariants[PGL_INVARIANT_COUNT];

/* All files as they were at one moment (docs/reliability.md: B10). */
struct pgl_audit_cut {
    struct pgl_view orders, payments, inventory; /* contexts as their readers have them */
    struct pgl_view webhooks;       /* how far it has read, and its audit log; may be elsewhere */
    struct pgl_view identity;       /* for its audit log alone */
    struct pgl_hash_key key;        /* random */
    const atomic_bool *is_stopping; /* looked at along the way; NULL: nobody stops it */
};

/* PGL_CANCELLED when it was stopped. */
PGL_MUST_USE pgl_status pgl_audit(const struct pgl_audit_cut *cut, struct pgl_audit_report *report);

#endif
