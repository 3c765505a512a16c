/*
 * adapter.c URL KEYFILE - the adapter of payments, by hand: a line of standard input is a call, a
 * line of standard output is what was seen of it, as JSON.
 *
 *     create ORDER_ID AMOUNT CURRENCY CARD_TOKEN KEY
 *     authorize HANDLE KEY        capture HANDLE AMOUNT KEY       void HANDLE KEY
 *     get HANDLE                  refund HANDLE AMOUNT KEY ORDER_ID NO
 *     get_refund HANDLE           find_refund HANDLE ORDER_ID NO
 *     find ORDER_ID               list SINCE
 *
 * For tests that try it against what others have made of Stripe's API.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "platform/real/real.h"
#include "runtime/thread.h"
#include "services/payments/provider_http.h"

#define WORDS_MAX 6
#define LINE_MAX_ 1024

struct caller {
    struct pgl_flow flow;
    struct pgl_thread thread;
    struct pgl_loop loop;
    struct pgl_provider_http provider;
    struct provider_call call;
    struct provider_object page[PGL_PROVIDER_PAGE_MAX];
};

static const char *const seen_names[PROVIDER_SEEN_COUNT] = {
    [PROVIDER_SEEN_OUTCOME] = "OUTCOME",     [PROVIDER_SEEN_UNKNOWN] = "UNKNOWN",
    [PROVIDER_SEEN_REFUSED] = "REFUSED",     [PROVIDER_SEEN_KEY_BUSY] = "KEY_BUSY",
    [PROVIDER_SEEN_NOT_SENT] = "NOT_SENT",   [PROVIDER_SEEN_FORBIDDEN] = "FORBIDDEN",
    [PROVIDER_SEEN_OUR_BUG] = "OUR_BUG",     [PROVIDER_SEEN_BURNT] = "BURNT",
    [PROVIDER_SEEN_NO_OBJECT] = "NO_OBJECT",
};

/* What the words behind a verb are: o an order's id, h a handle, r a refund's, n its number,
 * a an amount, c a currency, t a card token, k a key, s seconds. */
static const struct {
    const char *name;
    enum provider_verb verb;
    const char *words;
} verbs[] = {
    { "create", PROVIDER_CREATE, "oactk" },
    { "authorize", PROVIDER_AUTHORIZE, "hk" },
    { "capture", PROVIDER_CAPTURE, "hak" },
    { "void", PROVIDER_VOID, "hk" },
    { "get", PROVIDER_GET, "h" },
    { "refund", PROVIDER_REFUND, "hakon" },
    { "find_refund", PROVIDER_FIND_REFUND, "hon" },
    { "get_refund", PROVIDER_GET_REFUND, "r" },
    { "find", PROVIDER_FIND, "o" },
    { "list", PROVIDER_LIST, "s" },
};

static bool take_word(struct provider_call *call, char kind, const char *word)
{
    switch (kind) {
    case 'o':
        return pgl_is_ok(pgl_id_parse(pgl_text_of(word), &call->order_id));
    case 'h':
        call->handle = word;
        return true;
    case 'r':
        call->refund_handle = word;
        return true;
    case 'n':
        return pgl_is_ok(pgl_text_to_i64(pgl_text_of(word), &call->refund_no));
    case 'a':
        return pgl_is_ok(pgl_text_to_i64(pgl_text_of(word), &call->amount_minor));
    case 'c':
        call->currency = word;
        return true;
    case 't':
        call->card_token = word;
        return true;
    case 'k':
        call->key = word;
        return true;
    default:
        return pgl_is_ok(pgl_text_to_i64(pgl_text_of(word), &call->since_s));
    }
}

static bool read_call(struct provider_call *call, char *line)
{
    char *rest = NULL;
    const char *name = strtok_r(line, " \n", &rest);
    for (size_t v = 0; name != NULL && v < sizeof verbs / sizeof verbs[0]; v++) {
        if (strcmp(name, verbs[v].name) != 0)
            continue;
        call->verb = verbs[v].verb;
        for (const char *kind = verbs[v].words; *kind != '\0'; kind++) {
            const char *word = strtok_r(NULL, " \n", &rest);
            if (word == NULL || !take_word(call, *kind, word))
                return false;
        }
        return true;
    }
    return false;
}

static struct pgl_go begin(struct pgl_flow *flow)
{
    struct caller *caller = PGL_CONTAINER(flow, struct caller, flow);
    caller->provider.port.start(&caller->provider.port, &caller->call, flow);
    return caller->call.is_out ? pgl_wait(1) : pgl_go(1);
}

static struct pgl_go end(struct pgl_flow *flow)
{
    pgl_thread_stop(&PGL_CONTAINER(flow, struct caller, flow)->thread);
    return pgl_done();
}

static const struct pgl_step steps[] = { { "call.begin", begin, 0, 0 }, { "call.end", end, 0, 0 } };

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* the caller's */
}

static void print_seen(const struct provider_call *call)
{
    const struct provider_object *object = &call->object;
    printf("{\"seen\":\"%s\",\"http\":%d,\"handle\":\"%s\",\"status\":%d,\"amount\":%lld,"
           "\"capturable\":%lld,\"captured\":%lld,\"refunded\":%lld,\"code\":\"%s\","
           "\"action\":\"%s\",\"refund\":\"%s\",\"refund_is_done\":%s,\"page\":%d,"
           "\"has_more\":%s}\n",
           seen_names[call->seen], call->http_status, object->handle, object->status,
           (long long)object->amount_minor, (long long)object->capturable_minor,
           (long long)object->captured_minor, (long long)object->refunded_minor, call->code,
           call->next_action, call->refund_handle_out, call->refund_is_done ? "true" : "false",
           call->page_count, call->has_more ? "true" : "false");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct caller caller;
    char line[LINE_MAX_];
    if (argc != 3) {
        fprintf(stderr, "usage: adapter URL KEYFILE\n");
        return 2;
    }
    pgl_real_signals_take();
    struct pgl_platform *platform = pgl_real_open();
    const struct pgl_provider_http_options options = { .base_url = argv[1], .key_file = argv[2] };
    caller.thread.waiter = platform->waiter_open(platform);
    pgl_loop_init(&caller.loop, "adapter", platform, caller.thread.waiter);
    caller.thread.loops[caller.thread.loop_count++] = &caller.loop;
    pgl_status status = pgl_provider_http_open(&caller.provider, &caller.loop, &options);
    while (pgl_is_ok(status) && fgets(line, sizeof line, stdin) != NULL) {
        caller.call = (struct provider_call){ .page = caller.page };
        if (!read_call(&caller.call, line)) {
            status = PGL_FAIL(PGL_INVALID, "no call");
            break;
        }
        atomic_store(&caller.thread.is_stopping, false);
        pgl_flow_start(&caller.flow, &caller.loop, steps, 0, on_done);
        status = pgl_thread_run(&caller.thread);
        print_seen(&caller.call);
    }
    if (!pgl_is_ok(status))
        fprintf(stderr, "adapter: %s\n", status.text);
    pgl_provider_http_close(&caller.provider);
    caller.thread.waiter->ops->close(caller.thread.waiter);
    return pgl_is_ok(status) ? 0 : 1;
}
