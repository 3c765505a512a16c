/*
 * condition.h - entity tags and the requests that depend on them (RFC 9110, 8.8.3 and 13).
 *
 * What has a version is tagged "VERSION.HASH": the version counts what people change, the hash is
 * of the bytes. A change is asked for with If-Match, and of the tag the version alone decides:
 * stock that moves meanwhile is no lost update.
 *
 * Owner:    none; functions only.
 * Bounds:   EDGE_CONDITION_TAGS_MAX tags in a condition of a change.
 */
#ifndef PGL_EDGE_CONDITION_H
#define PGL_EDGE_CONDITION_H

#include "edge/request.h"

#define EDGE_CONDITION_TAGS_MAX 8

/* If-None-Match of a GET: whether the list has the tag, weakly compared, or is "*". */
bool edge_tag_is_among(struct pgl_text list, struct pgl_text tag);

/* The condition of a change, for the service. Without one it is refused (428), since two who change
 * at once would not see each other. `may_be_new`: If-None-Match: * is one. */
PGL_MUST_USE pgl_status edge_read_condition(struct pgl_request *request, bool may_be_new,
                                            Condition **condition);

#endif
