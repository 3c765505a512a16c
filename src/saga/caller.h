/*
 * caller.h - what a caller's role lets them do, where it is more than one service's business.
 *
 * Owner:    none; functions only. `caller` may be NULL: nobody.
 */
#ifndef PGL_SAGA_CALLER_H
#define PGL_SAGA_CALLER_H

#include <stdbool.h>

#include "contract/common.h"

/* All that concerns the customers of their tenant; whoever does not, their own only. */
static inline bool pgl_caller_sees_tenant(const Caller *caller)
{
    return caller != NULL && (caller->role == ROLE_PARTNER || caller->role == ROLE_SUPPORT ||
                              caller->role == ROLE_OPERATOR);
}

/* What goes on inside; what they do is kept in the audit log. */
static inline bool pgl_caller_is_staff(const Caller *caller)
{
    return caller != NULL && (caller->role == ROLE_SUPPORT || caller->role == ROLE_OPERATOR);
}

static inline bool pgl_caller_is_operator(const Caller *caller)
{
    return caller != NULL && caller->role == ROLE_OPERATOR;
}

#endif
