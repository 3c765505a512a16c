/*
 * keyed.h - a command that is carried out once for each key of its caller, however often it is
 * asked for; asked again, the first answer comes again.
 *
 * For:      handlers that people call: goods in, sales, counts, parcels.
 * Owner:    the handler; all lies in the arena of its transaction.
 * Errors:   PGL_MALFORMED for what is no key; PGL_INVALID for a key that was used for another
 *           request, of this method or another.
 */
#ifndef PGL_INVENTORY_KEYED_H
#define PGL_INVENTORY_KEYED_H

#include "contract/common.h"
#include "services/inventory/inventory_sql.h"
#include "wire/message.h"

struct keyed {
    const Caller *caller;
    struct receipt_key key;
    struct receipt receipt;
    void *first; /* the first answer, unpacked; NULL when the key is new */
};

/* `bare` is the request without its caller, whose role may be another the next time; `reply` is
 * what an answer of this method is. */
PGL_MUST_USE pgl_status keyed_begin(struct pgl_tx *tx, const Caller *caller, const char *key,
                                    int method, const ProtobufCMessage *bare,
                                    const ProtobufCMessageDescriptor *reply, struct keyed *keyed);
/* Keeps the answer; and what was done, if an operator did it (saga/audit_log.h). */
PGL_MUST_USE pgl_status keyed_end(struct pgl_tx *tx, struct keyed *keyed,
                                  const ProtobufCMessage *reply, const char *action,
                                  const char *target, const char *outcome);

#endif
