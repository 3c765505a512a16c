/*
 * cloud_event.h - an event as the outside is told of it: CloudEvents 1.0 in JSON, structured mode
 * and the batch format.
 *
 * For:      the answers of GET /api/v1/events, the bodies of webhooks.
 * Owner:    none; functions only.
 * Bounds:   the buffer's.
 *
 *   id               the event's, made of its log, the log's epoch and its number
 *   source           "/panglot/orders": source and id are its identity
 *   subject          the order's id; of a stock event the SKU
 *   sequence         its number in its log, of equal width, so that texts sort as numbers
 *   traceparent      of the request that it came from (the Distributed Tracing extension)
 *   dataschema       names the schema that /asyncapi.json has
 */
#ifndef PGL_WIRE_CLOUD_EVENT_H
#define PGL_WIRE_CLOUD_EVENT_H

#include "base/buffer.h"
#include "wire/public_event.h"

#define PGL_CLOUD_EVENT_MEDIA       "application/cloudevents+json"
#define PGL_CLOUD_EVENT_BATCH_MEDIA "application/cloudevents-batch+json"
#define PGL_CLOUD_EVENT_SOURCE      "/panglot/"
#define PGL_CLOUD_EVENT_SCHEMA      "urn:panglot:schema:"

/* Appends. PGL_NOT_FOUND for an event that the outside is not told of, and nothing is written;
 * PGL_MALFORMED for one that is not what its type says. */
PGL_MUST_USE pgl_status pgl_cloud_event_write(const LoggedEvent *logged, struct pgl_arena *arena,
                                              struct pgl_buffer *out);

#endif
