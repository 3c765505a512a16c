/* blame.c - see blame.h. */
#include "blame.h"

#include <stdarg.h>
#include <stdio.h>

void pgl_sim_blame(struct pgl_sim_blame *blame, const char *format, ...)
{
    va_list arguments;
    if (blame->is_set)
        return;
    blame->is_set = true;
    va_start(arguments, format);
    (void)vsnprintf(blame->text, sizeof blame->text, format, arguments);
    va_end(arguments);
}
