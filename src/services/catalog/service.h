/*
 * service.h - Catalog: products and their prices.
 *
 * Owner:    app/boot.c. Its writer and its reader have loops of their own.
 */
#ifndef PGL_CATALOG_SERVICE_H
#define PGL_CATALOG_SERVICE_H

#include "contract/catalog.h"
#include "store/reader.h"
#include "store/writer.h"

extern const struct pgl_method pgl_catalog_methods[CATALOG_SERVICE_METHOD_COUNT];

/* Brings an open writer's file up to date. */
PGL_MUST_USE pgl_status pgl_catalog_open(struct pgl_writer *writer);

#endif
