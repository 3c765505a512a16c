/* reflection.c - grpc.reflection.v1 and v1alpha, whose messages are the same: what is served, and
 * the contract's files. */
#include "contract/reflection.h"

#include "edge/grpc/services.h"
#include "wire/descriptor.h"

/* Members of the two one-ofs. */
#define ASKED(name)    GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define ANSWERED(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

enum { NOT_FOUND = 5, UNIMPLEMENTED = 12 }; /* of grpc-status */

static ServerReflectionResponse *fail(struct pgl_grpc_call *call, ServerReflectionResponse *reply,
                                      int code, const char *text)
{
    ErrorResponse *error = pgl_message_new(ERROR_RESPONSE_DESCRIPTOR, &call->pieces);
    if (error == NULL)
        return NULL;
    error->error_code = code;
    error->error_message = pgl_message_string(text);
    reply->message_response_case = ANSWERED(ERROR_RESPONSE);
    reply->error_response = error;
    return reply;
}

static ServerReflectionResponse *list(struct pgl_grpc_call *call, ServerReflectionResponse *reply)
{
    const struct pgl_grpc_server_options *options = &call->server->options;
    size_t count = (size_t)options->service_count;
    ListServiceResponse *all = pgl_message_new(LIST_SERVICE_RESPONSE_DESCRIPTOR, &call->pieces);
    ServiceResponse **services = pgl_arena_alloc(&call->pieces, count * sizeof *services);
    if (all == NULL || services == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        services[i] = pgl_message_new(SERVICE_RESPONSE_DESCRIPTOR, &call->pieces);
        if (services[i] == NULL)
            return NULL;
        services[i]->name = pgl_message_string(pgl_grpc_service_name(&options->services[i]));
    }
    all->n_service = count;
    all->service = services;
    reply->message_response_case = ANSWERED(LIST_SERVICES_RESPONSE);
    reply->list_services_response = all;
    return reply;
}

static ServerReflectionResponse *show(struct pgl_grpc_call *call, ServerReflectionResponse *reply,
                                      const struct pgl_descriptor_file *file)
{
    const struct pgl_descriptor_file *all[PGL_DESCRIPTOR_FILES_MAX];
    if (file == NULL)
        return fail(call, reply, NOT_FOUND, "there is no such file or symbol");
    size_t count = pgl_descriptor_closure(file, all);
    FileDescriptorResponse *files =
        pgl_message_new(FILE_DESCRIPTOR_RESPONSE_DESCRIPTOR, &call->pieces);
    ProtobufCBinaryData *bytes = pgl_arena_alloc(&call->pieces, count * sizeof *bytes);
    if (files == NULL || bytes == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        bytes[i] =
            (ProtobufCBinaryData){ all[i]->bytes.size, (uint8_t *)(uintptr_t)all[i]->bytes.data };
    files->n_file_descriptor_proto = count;
    files->file_descriptor_proto = bytes;
    reply->message_response_case = ANSWERED(FILE_DESCRIPTOR_RESPONSE);
    reply->file_descriptor_response = files;
    return reply;
}

/* NULL without memory. */
static ServerReflectionResponse *answer(struct pgl_grpc_call *call, ServerReflectionRequest *ask)
{
    ServerReflectionResponse *reply =
        pgl_message_new(SERVER_REFLECTION_RESPONSE_DESCRIPTOR, &call->pieces);
    if (reply == NULL)
        return NULL;
    reply->valid_host = ask->host;
    reply->original_request = ask;
    switch (ask->message_request_case) {
    case ASKED(FILE_BY_FILENAME):
        return show(call, reply, pgl_descriptor_named(ask->file_by_filename));
    case ASKED(FILE_CONTAINING_SYMBOL):
        return show(call, reply, pgl_descriptor_of(ask->file_containing_symbol));
    case ASKED(LIST_SERVICES):
        return list(call, reply);
    case ASKED(FILE_CONTAINING_EXTENSION):
    case ASKED(ALL_EXTENSION_NUMBERS_OF_TYPE):
        return fail(call, reply, NOT_FOUND, "proto3 has no extensions");
    default:
        return fail(call, reply, UNIMPLEMENTED, "nothing that is known here was asked");
    }
}

/* One question waits while its answer has no room; the answer is made again then. */
static void tell(struct pgl_grpc_call *call, ServerReflectionRequest *ask)
{
    struct edge_grpc_request *of = call->owner;
    ServerReflectionResponse *reply = answer(call, ask);
    pgl_status status = reply != NULL ? pgl_grpc_send(call, &reply->base) : PGL_NO_MEMORY;
    of->ask = status.code == PGL_EXHAUSTED && reply != NULL ? ask : NULL;
    if (of->ask != NULL)
        pgl_grpc_hold(call);
    else if (!pgl_is_ok(status))
        edge_grpc_stream_end(of, status);
    else
        pgl_grpc_go_on(call);
}

static void begin(struct pgl_grpc_call *call)
{
    pgl_grpc_hold(call); /* until it is let in */
    (void)edge_grpc_start(call);
}

pgl_status edge_grpc_reflection_begin(struct pgl_request *request)
{
    struct edge_grpc_request *of = edge_grpc_of(request);
    edge_grpc_stream_begin(of);
    pgl_grpc_go_on(of->call);
    return PGL_OK;
}

static void take(struct pgl_grpc_call *call, void *ask)
{
    tell(call, ask);
}

static void on_room(struct pgl_grpc_call *call)
{
    struct edge_grpc_request *of = call->owner;
    if (of->ask != NULL)
        tell(call, of->ask);
}

static void asked_all(struct pgl_grpc_call *call)
{
    edge_grpc_stream_end(call->owner, PGL_OK);
}

static void on_stop(struct pgl_grpc_call *call, pgl_status why)
{
    struct edge_grpc_request *of = call->owner;
    if (of->request.is_stream) /* else the gateway's flow has it, and ends it */
        edge_grpc_stream_end(of, why);
}

const struct pgl_grpc_handler edge_grpc_reflection_handler = { begin, take, asked_all, on_room,
                                                               on_stop };
