/*
 * csv.h - tables as text (RFC 4180): a header line, then rows of as many columns.
 *
 * For:      imports of products and stock.
 * Owner:    whoever holds the struct; it borrows the text, which must outlive what was read from
 *           it.
 * Bounds:   PGL_CSV_COLUMNS_MAX, PGL_CSV_FIELD_BYTES_MAX; the text by the caller, who holds it
 *           whole.
 * Memory:   fields are parts of the text; only one with doubled quotes is copied, into the arena.
 *           The header needs one that lives as long as the reader, a row one that may be reset
 *           after it.
 * Errors:   PGL_MALFORMED with the line on which the row began, counted from 1: `line 17: 3 columns
 *           are expected, 2 found`. PGL_EXHAUSTED when the arena is full. After one nothing more is
 *           read.
 *
 * Lines end with CRLF or LF, the last one also with nothing. A byte order mark is passed over.
 * Refused: bytes that are not UTF-8, NUL, a bare CR, a quote inside a field that does not begin
 * with one, and columns without a name or with another's.
 */
#ifndef PGL_WIRE_CSV_H
#define PGL_WIRE_CSV_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_CSV_COLUMNS_MAX     64          /* a wide spreadsheet; ours have a dozen */
#define PGL_CSV_FIELD_BYTES_MAX (64 * 1024) /* a long description, four times over */

struct pgl_csv {
    const char *at, *end;
    int64_t line; /* of the row last read */
    int64_t next_line;
    uint32_t column_count;
    struct pgl_text columns[PGL_CSV_COLUMNS_MAX]; /* the header */
};

/* Reads the header. */
PGL_MUST_USE pgl_status pgl_csv_open(struct pgl_csv *csv, struct pgl_arena *arena,
                                     struct pgl_text text);

/* Whether there is another row, and its `column_count` fields. */
PGL_MUST_USE pgl_status pgl_csv_next(struct pgl_csv *csv, struct pgl_arena *arena,
                                     struct pgl_text fields[PGL_CSV_COLUMNS_MAX], bool *is_there);

/* Where a column stands; -1 when the header has none of that name. */
int pgl_csv_column(const struct pgl_csv *csv, const char *name);

#endif
