/*
 * keys.h - what `panglot ctl keys` sends: wishes about API keys, from options.
 *
 * Memory:   in the arena of the ctl.
 */
#ifndef PGL_APP_CTL_KEYS_H
#define PGL_APP_CTL_KEYS_H

#include "app/ctl/ask.h"

struct pgl_ctl_key_wish {
    const char *name, *scopes, *cidrs, *role, *plan, *owner; /* NULL: not said; lists by commas */
    int64_t expires_ns, overlap_ns;                          /* 0: not said */
    bool at_once;
};

/* The body of create or rotate. PGL_INVALID for what cannot be read. */
PGL_MUST_USE pgl_status pgl_ctl_key_body(struct pgl_ctl *ctl, const char *verb,
                                         const struct pgl_ctl_key_wish *wish,
                                         const ProtobufCMessage **body);

#endif
