/*
 * proto3_json.c - turns messages of the contract into protocol buffers' JSON and back, for
 * proto3_json.py. It reads "SERVICE/METHOD in|out json|bytes SIZE" and that many bytes, again and
 * again, and answers in the other form: "ok SIZE" and the bytes, or "no WHY".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/grpc/services.h"
#include "wire/json.h"
#include "wire/message.h"

#define BYTES_MAX (1 << 20)

static const ProtobufCMessageDescriptor *find(const char *service, const char *method, bool is_in)
{
    for (int i = 0; i < EDGE_GRPC_SERVICES; i++) {
        const ProtobufCServiceDescriptor *found = edge_grpc_services[i].contract;
        for (unsigned n = 0; strcmp(found->name, service) == 0 && n < found->n_methods; n++)
            if (strcmp(found->methods[n].name, method) == 0)
                return is_in ? found->methods[n].input : found->methods[n].output;
    }
    fprintf(stderr, "no method %s/%s\n", service, method);
    exit(EXIT_FAILURE);
}

int main(void)
{
    static const struct pgl_json_limits roomy = { 64, 256, 1 << 20, BYTES_MAX };
    static char bytes[BYTES_MAX];
    char service[128], method[64], side[4], form[8];
    struct pgl_arena arena;
    struct pgl_buffer out;
    size_t size;
    pgl_arena_init(&arena, 64 * 1024, 64 << 20);
    pgl_buffer_init(&out, BYTES_MAX);
    while (scanf("%127[^/]/%63s %3s %7s %zu", service, method, side, form, &size) == 5) {
        if (getchar() != '\n' || size > sizeof bytes || fread(bytes, 1, size, stdin) != size)
            return EXIT_FAILURE;
        const ProtobufCMessageDescriptor *type = find(service, method, strcmp(side, "in") == 0);
        bool is_json = strcmp(form, "json") == 0;
        struct pgl_text text = { bytes, size };
        void *message = NULL;
        pgl_status status = is_json ? pgl_json_read_proto3(type, &arena, text, &roomy, &message)
                                    : pgl_message_unpack(type, &arena, text, &message);
        pgl_buffer_clear(&out);
        if (pgl_is_ok(status) && is_json)
            pgl_message_pack(message, &out);
        else if (pgl_is_ok(status))
            pgl_json_write_proto3(message, &out);
        if (!pgl_is_ok(status))
            printf("no %s\n", status.text);
        else
            printf("ok %zu\n", out.size);
        fwrite(out.data, 1, out.size, stdout);
        fflush(stdout);
        pgl_arena_reset(&arena);
    }
    pgl_buffer_free(&out);
    pgl_arena_free(&arena);
    return EXIT_SUCCESS;
}
