/*
 * json_scan.h - JSON read piece by piece, by whoever knows what should come (RFC 8259, made
 * strict).
 *
 * For:      json_read.c, and any reader whose shape is not a message: ask what comes (`_value`),
 *           take it (`_string`, `_number`, `_enter` and `_member` or `_element`, `_skip`), and at
 *           last `_end`.
 * Owner:    whoever holds the struct; it borrows the bytes.
 * Bounds:   the limits given; depth, keys, values and string sizes are counted while reading.
 * Memory:   a string without escapes is a part of the bytes; others are decoded into the arena.
 * Errors:   PGL_MALFORMED with the byte, counted from 1; PGL_EXHAUSTED. After one nothing more is
 *           read.
 *
 * Refused beyond the grammar: bad UTF-8, half surrogate pairs, NUL, a BOM, and members given twice
 * (here in `_skip`; a reader of known members watches for them itself).
 */
#ifndef PGL_WIRE_JSON_SCAN_H
#define PGL_WIRE_JSON_SCAN_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

struct pgl_json_limits {
    uint32_t depth_max;
    uint32_t keys_max;  /* in one object */
    uint32_t nodes_max; /* values in all */
    uint32_t string_bytes_max;
};

enum pgl_json_kind {
    PGL_JSON_NONE,
    PGL_JSON_OBJECT,
    PGL_JSON_ARRAY,
    PGL_JSON_STRING,
    PGL_JSON_NUMBER,
    PGL_JSON_TRUE,
    PGL_JSON_FALSE,
    PGL_JSON_NULL
};

struct pgl_json_number {
    struct pgl_text text; /* as it stands there */
    bool is_whole;        /* no fraction and no exponent, not even .0 or e0 */
    bool fits;            /* whole and in int64_t */
    int64_t value;        /* when it fits */
};

struct pgl_json_scan {
    const char *begin, *at, *end;
    struct pgl_arena *arena;
    const struct pgl_json_limits *limits;
    uint32_t depth, nodes;
    bool is_proto3; /* for json_read.c: which of its two sets of rules holds */
};

void pgl_json_scan_init(struct pgl_json_scan *scan, struct pgl_arena *arena, struct pgl_text bytes,
                        const struct pgl_json_limits *limits);

/* What comes next: call once before taking each value. Takes true, false and null itself. */
PGL_MUST_USE pgl_status pgl_json_scan_value(struct pgl_json_scan *scan, enum pgl_json_kind *kind);

PGL_MUST_USE pgl_status pgl_json_scan_string(struct pgl_json_scan *scan, struct pgl_text *string);
PGL_MUST_USE pgl_status pgl_json_scan_number(struct pgl_json_scan *scan,
                                             struct pgl_json_number *number);

/* Steps into an object or array. */
PGL_MUST_USE pgl_status pgl_json_scan_enter(struct pgl_json_scan *scan);

/* The name of the next member, or data == NULL behind the last one. *count starts at 0. */
PGL_MUST_USE pgl_status pgl_json_scan_member(struct pgl_json_scan *scan, uint32_t *count,
                                             struct pgl_text *name);

/* Whether there is another element. *count starts at 0. */
PGL_MUST_USE pgl_status pgl_json_scan_element(struct pgl_json_scan *scan, uint32_t *count,
                                              bool *is_there);

/* Passes over the value that `_value` has announced, checking it. */
PGL_MUST_USE pgl_status pgl_json_scan_skip(struct pgl_json_scan *scan, enum pgl_json_kind kind);

/* Nothing but blanks may be left. */
PGL_MUST_USE pgl_status pgl_json_scan_end(struct pgl_json_scan *scan);

/* PGL_MALFORMED at the byte reached. */
pgl_status pgl_json_scan_fail(struct pgl_json_scan *scan, const char *what);

#endif
