/*
 * condition.h - whether a change may be made that was asked for of one version of a thing.
 *
 * Owner:    none; functions only.
 */
#ifndef PGL_SAGA_CONDITION_H
#define PGL_SAGA_CONDITION_H

#include <stdbool.h>

#include "base/status.h"
#include "contract/common.h"

/* `version` of what is there now; 0: nothing is. No condition (NULL) holds always. PGL_CHANGED. */
static inline pgl_status pgl_condition_check(const Condition *condition, int64_t version)
{
    if (condition == NULL)
        return PGL_OK;
    if (condition->absent && version != 0)
        return PGL_FAIL(PGL_CHANGED, "there is one already");
    if (condition->exists && version == 0)
        return PGL_FAIL(PGL_CHANGED, "there is none");
    for (size_t i = 0; i < condition->n_versions; i++)
        if (condition->versions[i] == version)
            return PGL_OK;
    return condition->n_versions == 0
               ? PGL_OK
               : PGL_FAIL(PGL_CHANGED, "somebody has changed it meanwhile: look at it again");
}

#endif
