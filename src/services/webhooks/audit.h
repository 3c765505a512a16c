/*
 * audit.h - what an auditor of all services needs from Webhooks: whether it listens. While it does,
 * its positions are held against the logs, as everybody's are.
 *
 * For:      `panglot verify` and the simulator's auditor, over a snapshot.
 */
#ifndef PGL_WEBHOOKS_AUDIT_H
#define PGL_WEBHOOKS_AUDIT_H

#include "store/view.h"

/* Whether an endpoint is enabled. Without one nothing is read, and the positions are old. */
PGL_MUST_USE pgl_status pgl_webhooks_listens(const struct pgl_view *view, bool *listens);

#endif
