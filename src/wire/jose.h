/*
 * jose.h - what the readers of keys and tokens share: JSON that is not trusted. For this folder
 * only.
 *
 * Bounds:   the caller bounds the size; nesting is bounded here, before jansson recurses into it.
 * Errors:   PGL_MALFORMED with a fixed text. Duplicate members, bad UTF-8, lone surrogates, NUL,
 *           trailing bytes and anything but an object are refused.
 */
#ifndef PGL_WIRE_JOSE_H
#define PGL_WIRE_JOSE_H

#include <jansson.h>

#include "base/text.h"

/* The deepest that makes sense: keys -> key -> key_ops, or a vendor's claim of objects in a list.
 */
#define PGL_JOSE_DEPTH_MAX 8

/* The caller gives `*object` back with json_decref. */
PGL_MUST_USE pgl_status pgl_jose_parse(struct pgl_text text, json_t **object);

/* A string member; {NULL, 0} when absent or of another type. Borrowed from `object`. */
struct pgl_text pgl_jose_text(const json_t *object, const char *name);

/* 1 to 64 of [A-Za-z0-9._-]: safe in logs, paths, SQL and labels. */
bool pgl_jose_is_plain(struct pgl_text name);

#endif
