/*
 * grpc_listener.h - a pgl_http_server that serves calls and nothing else: between roles, in tests,
 * in benches. The edge has other things on its port and passes on itself.
 */
#ifndef PGL_TRANSPORT_GRPC_LISTENER_H
#define PGL_TRANSPORT_GRPC_LISTENER_H

#include "transport/grpc_server.h"

/* Every callback, with the usual limits; what is no call is answered 404. `server` is the options'
 * owner and outlives the listener. */
struct pgl_http_server_options pgl_grpc_listener_options(struct pgl_grpc_server *server);

#endif
