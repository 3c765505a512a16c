/* assert.c - the last words of a process with a bug. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void pgl_assert_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "fatal base assert condition=\"%s\" at=%s:%d function=%s\n", condition, file,
            line, function);
    abort();
}
