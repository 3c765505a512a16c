/* call_command.c - panglot call: any method of the contract over gRPC, messages as JSON. */
#include <stdio.h>
#include <string.h>

#include "app/bench/drive.h"
#include "app/commands.h"
#include "app/options.h"
#include "base/ip.h"
#include "edge/grpc/services.h"
#include "platform/real/real.h"
#include "transport/grpc_channel.h"
#include "wire/json.h"
#include "wire/url.h"

#define MESSAGES_MAX      100 /* words of one command */
#define MESSAGE_BYTES_MAX PGL_GRPC_EDGE_MESSAGE_BYTES_MAX
#define ANSWERS_BYTES_MAX (4 * MESSAGE_BYTES_MAX) /* of one answer: unpacked, and as JSON */
#define CONNECT_NS        PGL_SECONDS(5)
#define PACK_BYTES_MIN    1

struct options {
    const char *url, *token, *authorities, *service;
    int64_t within_ns; /* 0: nothing is said */
    bool packs;
};

struct caller {
    struct options options;
    struct pgl_loop loop;
    struct pgl_arena arena;   /* what is asked, and texts */
    struct pgl_arena answers; /* one at a time */
    struct pgl_url url;
    struct pgl_tls_context *tls;
    struct pgl_grpc_channel channel;
    struct pgl_grpc_stream stream;
    struct pgl_http_field fields[2];
    const ProtobufCMethodDescriptor *method;
    enum pgl_grpc_kind kind;
    ProtobufCMessage *asks[MESSAGES_MAX];
    int ask_count, sent;
    bool is_over;
    pgl_status end;
};

/* ---- what there is to call ---- */

static const char *kind_text(enum pgl_grpc_kind kind)
{
    switch (kind) {
    case PGL_GRPC_UNARY:
        return "";
    case PGL_GRPC_CLIENT_STREAM:
        return "takes a stream";
    case PGL_GRPC_SERVER_STREAM:
        return "answers with a stream";
    case PGL_GRPC_BIDI:
        return "takes a stream, answers with one";
    }
    return "";
}

static void list_methods(void)
{
    for (size_t s = 0; s < EDGE_GRPC_SERVICES_WITH_REFLECTION; s++) {
        const struct pgl_grpc_service *service = &edge_grpc_services[s];
        for (unsigned m = 0; m < service->contract->n_methods; m++)
            if (service->methods[m].handler != NULL)
                printf("%s/%s%s%s\n", pgl_grpc_service_name(service),
                       service->contract->methods[m].name,
                       service->methods[m].kind != PGL_GRPC_UNARY ? "  " : "",
                       kind_text(service->methods[m].kind));
    }
}

/* "panglot.orders.v1.OrderService/GetOrder", or as much of its end as is one method's only. */
static pgl_status find_method(struct caller *caller, const char *name)
{
    int found = 0;
    for (size_t s = 0; s < EDGE_GRPC_SERVICES_WITH_REFLECTION; s++) {
        const struct pgl_grpc_service *service = &edge_grpc_services[s];
        for (unsigned m = 0; m < service->contract->n_methods; m++) {
            const char *path =
                pgl_arena_printf(&caller->arena, "/%s/%s", pgl_grpc_service_name(service),
                                 service->contract->methods[m].name);
            if (path == NULL)
                return PGL_NO_MEMORY;
            size_t path_size = strlen(path), size = strlen(name);
            bool is_whole = strcmp(path + 1, name) == 0;
            bool is_end = size < path_size && strcmp(path + path_size - size, name) == 0 &&
                          strchr("/.", path[path_size - size - 1]) != NULL;
            if (service->methods[m].handler == NULL || (!is_whole && !is_end))
                continue;
            caller->method = &service->contract->methods[m];
            caller->kind = service->methods[m].kind;
            caller->stream.path = path;
            if (is_whole)
                return PGL_OK;
            found++;
        }
    }
    if (found == 1)
        return PGL_OK;
    return found == 0 ? PGL_FAIL(PGL_NOT_FOUND, "there is no such method; 'panglot call' lists all")
                      : PGL_FAIL(PGL_INVALID, "several methods end so; say more of the name");
}

/* ---- messages ---- */

static pgl_status read_asks(struct caller *caller, const char **words)
{
    bool takes_stream = caller->kind == PGL_GRPC_CLIENT_STREAM || caller->kind == PGL_GRPC_BIDI;
    static const char *const nothing[] = { "{}", NULL };
    const char *const *texts = words[0] != NULL || takes_stream ? words : nothing;
    for (; texts[caller->ask_count] != NULL; caller->ask_count++) {
        void *message;
        PGL_TRY(pgl_json_read_proto3(caller->method->input, &caller->arena,
                                     pgl_text_of(texts[caller->ask_count]),
                                     &pgl_json_request_limits, &message));
        caller->asks[caller->ask_count] = message;
    }
    return takes_stream || caller->ask_count == 1
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "the method takes one message");
}

static void send_more(struct caller *caller)
{
    pgl_status status = PGL_OK;
    if (caller->ask_count == 0)
        status = pgl_grpc_stream_send_end(&caller->stream);
    while (caller->sent < caller->ask_count && pgl_is_ok(status)) {
        status = pgl_grpc_stream_send(&caller->stream, caller->asks[caller->sent],
                                      caller->sent == caller->ask_count - 1);
        caller->sent += pgl_is_ok(status);
    }
    /* no room: on_room goes on; gone already: on_end follows */
    if (pgl_is_ok(status) || status.code == PGL_EXHAUSTED || status.code == PGL_CANCELLED)
        return;
    pgl_grpc_stream_cancel(&caller->stream);
    caller->end = status;
    caller->is_over = true;
}

static pgl_status on_message(struct pgl_grpc_stream *stream, struct pgl_text bytes)
{
    struct caller *caller = stream->owner;
    struct pgl_buffer out;
    void *message;
    pgl_arena_reset(&caller->answers);
    PGL_TRY(pgl_message_unpack(caller->method->output, &caller->answers, bytes, &message));
    pgl_buffer_init(&out, ANSWERS_BYTES_MAX);
    pgl_json_write_proto3(message, &out);
    pgl_buffer_add_char(&out, '\n');
    bool is_full = out.is_full;
    if (!is_full)
        fwrite(out.data, 1, out.size, stdout);
    pgl_buffer_free(&out);
    bool is_out = fflush(stdout) == 0;
    if (is_full)
        return PGL_FAIL(PGL_TOO_LARGE, "an answer is larger than is printed here");
    return is_out ? PGL_OK : PGL_FAIL(PGL_CANCELLED, "nobody reads the answers");
}

static void on_room(struct pgl_grpc_stream *stream)
{
    send_more(stream->owner);
}

static void on_end(struct pgl_grpc_stream *stream, const struct pgl_grpc_end *end)
{
    struct caller *caller = stream->owner;
    caller->is_over = true;
    caller->end = end->status;
    if (end->was_never_seen && !end->was_reset)
        caller->end = end->cause.code == PGL_UNAVAILABLE
                          ? PGL_FAIL(PGL_UNAVAILABLE, "nobody answers there")
                          : end->cause;
}

/* ---- the way there ---- */

static pgl_status open_tls(struct caller *caller)
{
    struct pgl_tls_client_options options = { .is_http2 = true };
    struct pgl_disk *disk = caller->loop.platform->disk;
    if (caller->options.authorities != NULL)
        PGL_TRY(disk->ops->read_file(disk, caller->options.authorities, PGL_TLS_PEM_BYTES_MAX,
                                     &caller->arena, &options.authorities));
    return pgl_tls_client_context_open_with(&options, &caller->tls);
}

static bool is_localhost(const struct pgl_url *url)
{
    return pgl_text_is(url->host, "localhost");
}

static pgl_status read_url(struct caller *caller)
{
    pgl_ip address;
    PGL_TRY(pgl_url_read(pgl_text_of(caller->options.url), &caller->url));
    return is_localhost(&caller->url) || pgl_ip_read(caller->url.host, &address)
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "--url: a numeric host is expected, or localhost");
}

static pgl_status open_channel(struct caller *caller)
{
    const struct pgl_url *url = &caller->url;
    const char *name = pgl_arena_string(&caller->arena, url->host);
    struct pgl_grpc_channel_options options = {
        .host = is_localhost(url) ? "127.0.0.1" : name,
        .port = url->port,
        .authority = pgl_arena_string(&caller->arena, url->authority),
        .streams_max = 1,
        .message_bytes_max = MESSAGE_BYTES_MAX,
        .again = { PGL_MILLISECONDS(100), PGL_SECONDS(1), 2 },
    };
    if (name == NULL || options.authority == NULL)
        return PGL_NO_MEMORY;
    if (url->is_tls) {
        PGL_TRY(open_tls(caller));
        options.tls = &caller->tls;
        options.tls_name = name;
    }
    pgl_grpc_channel_open(&caller->channel, &caller->loop, &options);
    return PGL_OK;
}

static pgl_status open_stream(struct caller *caller)
{
    static const struct pgl_grpc_stream_handler handler = { .on_message = on_message,
                                                            .on_room = on_room,
                                                            .on_end = on_end };
    struct pgl_grpc_stream *stream = &caller->stream;
    const struct options *options = &caller->options;
    if (options->token != NULL) {
        const char *bearer = pgl_arena_printf(&caller->arena, "Bearer %s", options->token);
        if (bearer == NULL)
            return PGL_NO_MEMORY;
        caller->fields[stream->field_count++] =
            (struct pgl_http_field){ PGL_TEXT("authorization"), pgl_text_of(bearer) };
    }
    if (options->service != NULL)
        caller->fields[stream->field_count++] =
            (struct pgl_http_field){ PGL_TEXT("panglot-service"), pgl_text_of(options->service) };
    stream->handler = &handler;
    stream->owner = caller;
    stream->fields = caller->fields;
    stream->deadline_ns =
        options->within_ns > 0 ? caller->loop.now_ns + options->within_ns : PGL_NEVER_NS;
    stream->arena = &caller->arena;
    stream->takes_packed = true;
    stream->pack_bytes_min = options->packs ? PACK_BYTES_MIN : 0;
    return pgl_grpc_stream_open(&caller->channel, stream);
}

/* Nobody there is soon told; whoever is there is waited for as long as was said. */
static void wait_for_end(struct caller *caller)
{
    int64_t connect_by_ns = caller->loop.now_ns + CONNECT_NS;
    send_more(caller);
    while (!caller->is_over) {
        bool is_out = pgl_grpc_stream_is_out(&caller->stream);
        if (!is_out && caller->loop.now_ns >= connect_by_ns) {
            pgl_grpc_stream_cancel(&caller->stream);
            caller->end = PGL_FAIL(PGL_UNAVAILABLE, "nobody answers there");
            return;
        }
        pgl_drive_turn(&caller->loop, is_out ? PGL_NEVER_NS : connect_by_ns);
    }
}

static pgl_status call(struct caller *caller, struct pgl_platform *platform)
{
    struct pgl_waiter *waiter = platform->waiter_open(platform);
    if (waiter == NULL)
        return PGL_NO_MEMORY;
    pgl_loop_init(&caller->loop, "call", platform, waiter);
    pgl_loop_turn(&caller->loop); /* what time it is */
    pgl_status status = open_channel(caller);
    if (pgl_is_ok(status)) {
        status = open_stream(caller);
        if (pgl_is_ok(status)) {
            wait_for_end(caller);
            status = caller->end;
        }
        pgl_grpc_channel_close(&caller->channel);
    }
    pgl_tls_context_close(caller->tls);
    waiter->ops->close(waiter);
    return status;
}

int pgl_call_command(struct pgl_platform *platform, int argc, char **argv)
{
    static const char *words[1 + MESSAGES_MAX + 1]; /* NULL behind the last */
    static struct caller caller;
    caller = (struct caller){ .options = { .url = "http://127.0.0.1:8080" } };
    /* clang-format off */
    const struct pgl_option table[] = {
        { "--url", "URL", PGL_OPTION_TEXT, &caller.options.url, 0, "where the platform listens (http://127.0.0.1:8080)" },
        { "--token", "TOKEN", PGL_OPTION_TEXT, &caller.options.token, 0, "who calls: what 'panglot token' prints, or an API key" },
        { "--ca", "FILE", PGL_OPTION_TEXT, &caller.options.authorities, 0, "for https: whose certificates are believed, in PEM (the machine's)" },
        { "--service", "NAME", PGL_OPTION_TEXT, &caller.options.service, 0, "of AdminService: orders, payments, inventory, webhooks or identity" },
        { "--within", "TIME", PGL_OPTION_DURATION, &caller.options.within_ns, 0, "the deadline of the call: 500ms, 30s (as long as the platform allows)" },
        { "--gzip", NULL, PGL_OPTION_SWITCH, &caller.options.packs, 0, "messages go out packed; packed answers are always taken" },
    };
    /* clang-format on */
    const struct pgl_command command = {
        .name = "call",
        .arguments = "[METHOD [JSON...]] [--token TOKEN]",
        .summary =
            "Calls a method over gRPC; without one, lists all there are. A name may be cut in "
            "front:\nOrderService/GetOrder, or GetOrder where only one is called so. A message is "
            "protocol\nbuffers' JSON, {} where nothing is said; a method that takes a stream gets "
            "one a word.\nPrints each answer as one line of JSON, as it comes.\n\nExits 0 when it "
            "ended well, 1 with the status when it did not, 2 when it was asked wrongly.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .words = words,
        .words_max = 1 + MESSAGES_MAX,
    };
    memset(words, 0, sizeof words);
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (words[0] == NULL) {
        list_methods();
        return PGL_EXIT_DONE;
    }
    pgl_arena_init(&caller.arena, 65536, MESSAGES_MAX * 4 * MESSAGE_BYTES_MAX);
    pgl_arena_init(&caller.answers, 65536, ANSWERS_BYTES_MAX);
    int code = PGL_EXIT_USAGE;
    pgl_status status = find_method(&caller, words[0]);
    if (pgl_is_ok(status))
        status = read_asks(&caller, words + 1);
    if (pgl_is_ok(status))
        status = read_url(&caller);
    if (pgl_is_ok(status)) {
        code = PGL_EXIT_WRONG;
        status = call(&caller, platform);
    }
    if (pgl_is_ok(status))
        code = PGL_EXIT_DONE;
    else
        fprintf(stderr, "panglot call: %s: %s: %s\n", words[0], pgl_code_name(status.code),
                status.text);
    pgl_arena_free(&caller.arena);
    pgl_arena_free(&caller.answers);
    return code;
}
