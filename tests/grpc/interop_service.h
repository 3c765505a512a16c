/*
 * interop_service.h - grpc.testing.TestService as gRPC's interop clients expect it, over our
 * server.
 */
#ifndef PGL_TESTS_GRPC_INTEROP_SERVICE_H
#define PGL_TESTS_GRPC_INTEROP_SERVICE_H

#include "transport/grpc_server.h"

extern const struct pgl_grpc_service interop_services[2];

#endif
