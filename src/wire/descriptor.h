/*
 * descriptor.h - the contract's files as protoc describes them, by name and by symbol.
 *
 * For:      gRPC's reflection.
 * Owner:    none; constant tables, made at build (scripts/embed_descriptors.py).
 * Threads:  any.
 * Bounds:   PGL_DESCRIPTOR_FILES_MAX files.
 */
#ifndef PGL_WIRE_DESCRIPTOR_H
#define PGL_WIRE_DESCRIPTOR_H

#include <stddef.h>

#include "base/text.h"

#define PGL_DESCRIPTOR_FILES_MAX 64 /* of the contract; 14 today */

struct pgl_descriptor_file {
    const char *name;      /* "panglot/orders/v1/orders.proto" */
    struct pgl_text bytes; /* a google.protobuf.FileDescriptorProto */
    const int *imports;    /* numbers of files, behind them -1 */
};

/* NULL for none. */
const struct pgl_descriptor_file *pgl_descriptor_named(const char *name);
/* "panglot.orders.v1.OrderService", or a method, message, field, enum or value. NULL for none. */
const struct pgl_descriptor_file *pgl_descriptor_of(const char *symbol);

/* The file and all that it imports, each once, itself first. Returns how many. */
size_t pgl_descriptor_closure(const struct pgl_descriptor_file *file,
                              const struct pgl_descriptor_file *all[PGL_DESCRIPTOR_FILES_MAX]);

#endif
