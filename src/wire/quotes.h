/*
 * quotes.h - JSON in the tables of tests, without a backslash before each quote.
 */
#ifndef PGL_WIRE_QUOTES_H
#define PGL_WIRE_QUOTES_H

#include "base/arena.h"

/* A copy with " for each ', and a NUL behind it. */
static inline struct pgl_text quoted(struct pgl_arena *arena, struct pgl_text text)
{
    char *copy = pgl_arena_string(arena, text);
    for (size_t i = 0; i < text.size; i++)
        if (copy[i] == '\'')
            copy[i] = '"';
    return (struct pgl_text){ copy, text.size };
}

#endif
