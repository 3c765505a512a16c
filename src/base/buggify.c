/* buggify.c - see buggify.h. */
#include "base/buggify.h"

#define NAME_OF(name, text) text,
static const char *const names[PGL_BUGGIFY_POINTS] = { PGL_BUGGIFY_LIST(NAME_OF) };

const char *pgl_buggify_name(enum pgl_buggify_point point)
{
    return names[point];
}
