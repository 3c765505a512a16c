/*
 * print.h - messages of the contract for people: a table of many, a list of the fields of one.
 *
 * Owner:    none; functions only.
 * Bounds:   PGL_PRINT_COLUMNS_MAX columns; a cell is cut at PGL_PRINT_CELL_BYTES, in the last
 *           column not at all.
 */
#ifndef PGL_APP_CTL_PRINT_H
#define PGL_APP_CTL_PRINT_H

#include "base/buffer.h"
#include "wire/message.h"

#define PGL_PRINT_COLUMNS_MAX 12
#define PGL_PRINT_CELL_BYTES  52 /* SERVICE.LOG.KEY of an order */

/* `columns`: names of the contract's fields, between blanks. */
void pgl_print_table(const char *columns, ProtobufCMessage *const *rows, size_t count,
                     struct pgl_buffer *out);

/* Every field, a line each; messages inside are indented. */
void pgl_print_fields(const ProtobufCMessage *message, int indent, struct pgl_buffer *out);

#endif
