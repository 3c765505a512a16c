/*
 * grpc_call.h - what the files of the gRPC server share; for grpc_*.c and connect.c only.
 *
 *   grpc_server.c   a request becomes a call, or is refused
 *   grpc_call.c     its life: messages in, the handler, its deadline, its end
 *   grpc_answer.c   what goes out: heads, messages, trailers, by face
 *   grpc_connect.c  what Connect does in its own way
 */
#ifndef PGL_TRANSPORT_GRPC_CALL_H
#define PGL_TRANSPORT_GRPC_CALL_H

#include "transport/grpc_server.h"

#define PGL_GRPC_FIELDS_MAX (2 * PGL_GRPC_METADATA_MAX + 8)

/* ---- grpc_call.c ---- */

/* From the head on; the deadline is `timeout_ns` from the exchange's start, within the limits. */
void pgl_grpc_call_start(struct pgl_grpc_call *call, int64_t timeout_ns);
/* The next bytes of the body, with messages of gRPC in it. */
void pgl_grpc_call_feed(struct pgl_grpc_call *call, struct pgl_text piece, bool is_last);
/* The one message of a call whose body is nothing else (Connect). */
void pgl_grpc_call_feed_whole(struct pgl_grpc_call *call, struct pgl_text message, bool is_packed);
/* Nobody waits any more. */
void pgl_grpc_call_stop(struct pgl_grpc_call *call, pgl_status why);
void pgl_grpc_call_has_room(struct pgl_grpc_call *call);
/* Before the exchange ends: timers and buffers. */
void pgl_grpc_call_free(struct pgl_grpc_call *call);

/* ---- grpc_answer.c ---- */

/* Takes the message, or says why not. */
PGL_MUST_USE pgl_status pgl_grpc_write(struct pgl_grpc_call *call, const ProtobufCMessage *reply);
/* More of what is unsent. True when all of it is gone. */
bool pgl_grpc_write_on(struct pgl_grpc_call *call);
/* Trailers and the end of the exchange. */
void pgl_grpc_write_end(struct pgl_grpc_call *call);
/* The media type of the call's answers. */
struct pgl_text pgl_grpc_media(const struct pgl_grpc_call *call);
struct pgl_rich_error pgl_grpc_error_of(struct pgl_grpc_call *call);

/* ---- grpc_connect.c ---- */

/* The head's own rules, and the one message. */
void pgl_connect_begin(struct pgl_grpc_call *call);
PGL_MUST_USE pgl_status pgl_connect_write(struct pgl_grpc_call *call,
                                          const ProtobufCMessage *reply);
void pgl_connect_end(struct pgl_grpc_call *call);

/* ---- grpc_server.c ---- */

/* Of what is answered before its handler has it: whether that may be. */
PGL_MUST_USE pgl_status pgl_grpc_charge(struct pgl_grpc_server *server,
                                        struct pgl_http_exchange *exchange);

#endif
