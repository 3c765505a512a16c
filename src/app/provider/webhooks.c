/* webhooks.c - see webhooks.h. */
#include "app/provider/webhooks.h"

#include <stdio.h>

#include "base/time.h"
#include "wire/digest.h"

#define ANSWER_NS       PGL_SECONDS(5)
#define RETRY_NS        PGL_MILLISECONDS(500)
#define BACK_IN_LINE_NS PGL_MILLISECONDS(50) /* that a late one waits for others, at most */
#define BODY_BYTES_MAX  65536                /* of an answer, which nobody reads */

enum { W_TAKE, W_LATE, W_SEND, W_READ, W_RETRY, W_FAIL };

static struct pgl_bank_hooks *webhooks_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_bank_hooks, flow);
}

/* ---- signing ---- */

pgl_status pgl_bank_hooks_sign(const char *secret, int64_t at_s, struct pgl_text body,
                               struct pgl_arena *arena, char out[PGL_WEBHOOK_SIGNED_TEXT])
{
    uint8_t digest[PGL_DIGEST_BYTES];
    const char *text = pgl_arena_printf(arena, "%lld.%.*s", (long long)at_s, PGL_TEXT_ARGS(body));
    if (arena->is_exhausted)
        return PGL_NO_MEMORY;
    pgl_hmac_sha256(pgl_text_of(secret), pgl_text_of(text), digest);
    int size = snprintf(out, PGL_WEBHOOK_SIGNED_TEXT, "t=%lld,v1=", (long long)at_s);
    pgl_hex_encode(digest, sizeof digest, out + size);
    out[size + 2 * PGL_DIGEST_BYTES] = '\0';
    return PGL_OK;
}

bool pgl_bank_hooks_read_url(const char *url, struct pgl_bank_hooks_options *options)
{
    struct pgl_text rest = pgl_text_of(url);
    const struct pgl_text scheme = PGL_TEXT("http://"), local = PGL_TEXT("localhost:");
    if (!pgl_text_starts_with(rest, scheme))
        return false;
    rest = (struct pgl_text){ rest.data + scheme.size, rest.size - scheme.size };
    struct pgl_text host = pgl_text_cut(&rest, '/');
    options->path = rest.data != NULL ? rest.data - 1 : "/";
    if (!pgl_text_starts_with(host, local))
        return pgl_address_read(host, &options->address);
    char numeric[32];
    snprintf(numeric, sizeof numeric, "127.0.0.1:%.*s", (int)(host.size - local.size),
             host.data + local.size);
    return pgl_address_read(pgl_text_of(numeric), &options->address);
}

/* ---- the line ---- */

static bool hit(struct pgl_bank_hooks *webhooks, enum pgl_provider_fault fault)
{
    return pgl_faults_hit(webhooks->faults, webhooks->random, fault);
}

static void finish(struct pgl_bank_hook *webhook)
{
    pgl_message_reply(&webhook->message);
}

void pgl_bank_hooks_give(struct pgl_bank_hooks *webhooks, struct pgl_bank_hook *webhook)
{
    webhook->tries = 0;
    webhook->has_waited = false;
    webhook->times_left = hit(webhooks, PGL_FAULT_WEBHOOK_TWICE) ? 2 : 1;
    if (hit(webhooks, PGL_FAULT_WEBHOOK_LOST)) {
        finish(webhook);
        return;
    }
    pgl_list_append(&webhooks->line, &webhook->in_line);
    if (webhooks->is_idle)
        pgl_flow_wake(&webhooks->flow);
}

static struct pgl_go take(struct pgl_flow *flow)
{
    struct pgl_bank_hooks *webhooks = webhooks_of(flow);
    struct pgl_list *first = pgl_list_take_first(&webhooks->line);
    webhooks->is_idle = first == NULL;
    if (first == NULL)
        return pgl_wait(W_TAKE);
    struct pgl_bank_hook *webhook = PGL_CONTAINER(first, struct pgl_bank_hook, in_line);
    if (!webhook->has_waited && hit(webhooks, PGL_FAULT_WEBHOOK_LATE)) {
        webhook->has_waited = true;
        pgl_list_append(&webhooks->line, &webhook->in_line);
        return pgl_wait(W_LATE); /* so that there is something behind it */
    }
    webhooks->sending = webhook;
    return pgl_go(W_SEND);
}

static struct pgl_go look_again(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_go(W_TAKE);
}

/* ---- sending ---- */

static pgl_status send(struct pgl_bank_hooks *webhooks)
{
    struct pgl_bank_hook *webhook = webhooks->sending;
    const struct pgl_bank_hooks_options *options = &webhooks->options;
    char signature[PGL_WEBHOOK_SIGNED_TEXT] = "";
    char host[64];
    int64_t now_s = webhooks->loop->wall_ns / PGL_SECONDS(1);
    if (options->secret != NULL)
        PGL_TRY(
            pgl_bank_hooks_sign(options->secret, now_s, webhook->body, &webhook->arena, signature));
    snprintf(host, sizeof host, "%s:%u", options->address.host, options->address.port);
    const struct pgl_http_field fields[] = {
        { PGL_TEXT("Content-Type"), PGL_TEXT("application/json; charset=utf-8") },
        { PGL_TEXT("Stripe-Signature"), pgl_text_of(signature) },
    };
    const struct pgl_http1_request request = {
        .method = PGL_TEXT("POST"),
        .target = pgl_text_of(options->path),
        .host = pgl_text_of(host),
        .content_length = (int64_t)webhook->body.size,
        .fields = fields,
        .field_count = options->secret != NULL ? 2 : 1,
    };
    if (!pgl_http_client_is_open(&webhooks->client))
        PGL_TRY(pgl_http_client_connect(&webhooks->client, options->address.host,
                                        options->address.port));
    return pgl_http_client_send(&webhooks->client, &request, webhook->body);
}

static struct pgl_go begin_send(struct pgl_flow *flow)
{
    return pgl_is_ok(send(webhooks_of(flow))) ? pgl_wait(W_READ) : pgl_go(W_FAIL);
}

static struct pgl_go read_answer(struct pgl_flow *flow)
{
    struct pgl_bank_hooks *webhooks = webhooks_of(flow);
    struct pgl_bank_hook *webhook = webhooks->sending;
    switch (webhooks->client.stage) {
    case PGL_HTTP_CLIENT_READY:
    case PGL_HTTP_CLIENT_ASKED:
    case PGL_HTTP_CLIENT_ANSWERING:
        return pgl_wait(W_READ);
    case PGL_HTTP_CLIENT_CLOSED:
    case PGL_HTTP_CLIENT_FAILED:
        return pgl_go(W_FAIL);
    case PGL_HTTP_CLIENT_ANSWERED:
        break;
    }
    if (webhooks->client.head.status / 100 != 2)
        return pgl_go(W_FAIL);
    pgl_counter_add(&webhooks->sent, 1);
    if (--webhook->times_left > 0)
        return pgl_go(W_SEND);
    webhooks->sending = NULL;
    finish(webhook);
    return pgl_go(W_TAKE);
}

static struct pgl_go fail(struct pgl_flow *flow)
{
    struct pgl_bank_hooks *webhooks = webhooks_of(flow);
    pgl_http_client_close(&webhooks->client);
    if (++webhooks->sending->tries < PGL_WEBHOOK_TRIES)
        return pgl_wait(W_RETRY);
    pgl_counter_add(&webhooks->dropped, 1);
    finish(webhooks->sending);
    webhooks->sending = NULL;
    return pgl_go(W_TAKE);
}

static struct pgl_go retry(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_go(W_SEND);
}

static const struct pgl_step webhook_steps[] = {
    /*            name              does         at most           when late */
    [W_TAKE] = { "webhook.take", take, 0, 0 },
    [W_LATE] = { "webhook.late", look_again, BACK_IN_LINE_NS, W_TAKE },
    [W_SEND] = { "webhook.send", begin_send, 0, 0 },
    [W_READ] = { "webhook.read", read_answer, ANSWER_NS, W_FAIL },
    [W_RETRY] = { "webhook.retry", retry, RETRY_NS, W_SEND },
    [W_FAIL] = { "webhook.fail", fail, 0, 0 },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* it ends with the process */
}

void pgl_bank_hooks_open(struct pgl_bank_hooks *webhooks, struct pgl_loop *loop,
                         const struct pgl_bank_hooks_options *options,
                         const struct pgl_faults *faults, struct pgl_random *random)
{
    *webhooks = (struct pgl_bank_hooks){
        .loop = loop, .options = *options, .faults = faults, .random = random
    };
    pgl_list_init(&webhooks->line);
    pgl_http_client_init(&webhooks->client, loop, BODY_BYTES_MAX);
    webhooks->client.flow = &webhooks->flow;
    pgl_flow_start(&webhooks->flow, loop, webhook_steps, W_TAKE, on_done);
}

void pgl_bank_hooks_close(struct pgl_bank_hooks *webhooks)
{
    pgl_http_client_free(&webhooks->client);
}
