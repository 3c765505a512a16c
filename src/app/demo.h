/*
 * demo.h - a shop to try things in: products, stock in three warehouses, customers with ample
 * credit.
 */
#ifndef PGL_APP_DEMO_H
#define PGL_APP_DEMO_H

#include "app/boot.h"

/* What a demo does not hold its visitors to. */
void pgl_demo_options(struct pgl_boot_options *options);

/* Fills an empty folder; does nothing in one that has products. Before the loops run. */
PGL_MUST_USE pgl_status pgl_demo_load(struct pgl_boot *boot);

/* Prints a customer's token and what to try with it. */
void pgl_demo_say(struct pgl_boot *boot, const char *url);

#endif
