/*
 * report.h - what a load found, for people and for programs.
 */
#ifndef PGL_APP_BENCH_REPORT_H
#define PGL_APP_BENCH_REPORT_H

#include "app/bench/load.h"

/* Nothing lost, nothing left open, and no answer but 201. */
bool pgl_report_is_good(const struct pgl_load *load);

void pgl_report_write(const struct pgl_load *load, struct pgl_buffer *out);
void pgl_report_write_json(const struct pgl_load *load, struct pgl_buffer *out);

#endif
