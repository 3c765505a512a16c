/*
 * rfc3339.h - an instant as text, read; base/time.h writes it.
 */
#ifndef PGL_WIRE_RFC3339_H
#define PGL_WIRE_RFC3339_H

#include "base/status.h"
#include "base/text.h"

/* UTC only ("Z"), up to nine digits of a second, from 1970 to where int64_t ends in 2262; no leap
 * second, which our instants cannot name. PGL_INVALID else. */
PGL_MUST_USE pgl_status pgl_rfc3339_parse(struct pgl_text text, int64_t *wall_ns);

#endif
