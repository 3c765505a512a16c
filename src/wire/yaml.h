/*
 * yaml.h - a configuration file as a flat list: sections of keys with values, two levels and no
 * more.
 *
 *     orders:
 *       deadline: 15m
 *     process:
 *       roles: [gateway, orders]
 *
 * Takes:    one document of block or flow style. A list of words is a value, joined by commas.
 * Refuses:  anchors, aliases, tags, directives but %YAML, a second document, a key that is there
 *           twice, a third level, keys that are no plain words, a value with NUL in it.
 * Bounds:   PGL_YAML_BYTES_MAX, PGL_YAML_ITEMS_MAX keys, PGL_YAML_LIST_MAX words of a list.
 * Memory:   keys and values lie in the arena, each with a NUL behind it.
 */
#ifndef PGL_WIRE_YAML_H
#define PGL_WIRE_YAML_H

#include <stddef.h>

#include "base/arena.h"

#define PGL_YAML_BYTES_MAX ((size_t)64 << 10)
#define PGL_YAML_ITEMS_MAX 512
#define PGL_YAML_LIST_MAX  64

struct pgl_yaml_item {
    const char *section, *key, *value; /* "orders", "deadline", "15m" */
    size_t line, column;               /* of the key, from 1 on */
};

struct pgl_yaml {
    struct pgl_yaml_item items[PGL_YAML_ITEMS_MAX];
    int count;
    size_t line, column; /* where it went wrong */
};

/* PGL_TOO_LARGE, PGL_MALFORMED (no YAML), PGL_INVALID (YAML that we refuse), PGL_EXHAUSTED (the
 * arena): `yaml->line` and `column` say where. */
PGL_MUST_USE pgl_status pgl_yaml_read(struct pgl_text text, struct pgl_arena *arena,
                                      struct pgl_yaml *yaml);

#endif
