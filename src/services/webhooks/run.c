/* run.c - see run.h. */
#include "services/webhooks/run.h"

#include <stdlib.h>

#include "base/time.h"
#include "services/webhooks/lines.h"
#include "services/webhooks/sign.h"

#define LOOK_ARENA_CHUNK_BYTES (64u << 10)
#define LOOK_ARENA_LIMIT_BYTES (128u << 20) /* PGL_WEBHOOK_DUE_MAX of the largest, and endpoints */
#define SEND_ARENA_CHUNK_BYTES 8192
#define SEND_ARENA_LIMIT_BYTES (4u << 20)  /* a body, and a copy to sign */
#define ANSWER_BYTES_MAX       (16u << 10) /* of its body; nobody reads it */
#define LOOKUP_NS              PGL_SECONDS(2)
#define CONNECT_NS             PGL_SECONDS(3)
#define SEND_NS                PGL_SECONDS(10) /* all of it */
#define ANSWER_NS              (SEND_NS - LOOKUP_NS - CONNECT_NS)
#define ASK_NS                 PGL_SECONDS(5) /* of our own writer and reader */
#define AGAIN_NS               PGL_SECONDS(1) /* when they are busy */
#define LOOK_NS_MAX            PGL_MINUTES(1) /* the calendar may be set */
#define RETRY_AFTER_S_MAX      (8 * 3600) /* our own longest wait: nobody puts us off for longer */
#define FIELDS                 5

_Static_assert(PGL_WEBHOOK_LINES_MAX == PGL_WEBHOOK_SENDERS_MAX, "a line for each sender");

/* ---- one delivery ---- */

struct webhook_sender {
    struct pgl_flow flow;
    struct pgl_webhook_run *run;
    bool is_busy;
    uint64_t done_in_look; /* that was out, or the last one, when it was done */
    int64_t number;
    pgl_id endpoint;
    struct webhook_due due; /* its texts lie in the arena */
    struct pgl_arena arena;
    struct pgl_webhook_url url;
    struct pgl_lookup lookup;
    struct webhook_line *line; /* NULL before and behind the call */
    int64_t until_ns;

    struct webhook_attempt attempt;
    struct pgl_rpc_call asked;
    int left;
};

enum {
    S_LOOKUP,
    S_CONNECT,
    S_LOOKUP_LATE,
    S_SENT,
    S_SENT_LATE,
    S_ANSWER,
    S_LATE,
    S_RECORD,
    S_DONE
};

static void look_again(struct pgl_webhook_run *run);

static struct webhook_sender *sender_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct webhook_sender, flow);
}

/* Without an answer. */
static struct pgl_go fail(struct webhook_sender *sender, const char *problem)
{
    sender->attempt.problem = problem;
    return pgl_go(S_RECORD);
}

/* Also when the answer's head is all that came of it: that says how it went. */
static struct pgl_go finish(struct webhook_sender *sender, const char *problem)
{
    const struct pgl_http_response_head *head = &sender->line->client.head;
    sender->attempt.status = head->status;
    if (head->status == 0)
        return fail(sender, problem);
    sender->attempt.retry_after_s =
        pgl_http_retry_after_s(head->fields, head->field_count, RETRY_AFTER_S_MAX);
    return fail(sender, "");
}

static struct pgl_go sender_lookup(struct pgl_flow *flow)
{
    struct webhook_sender *sender = sender_of(flow);
    /* Looked at again: the rules may have changed since it was taken. */
    pgl_status status =
        pgl_webhook_url_read(sender->due.url, sender->run->loopback_too, &sender->url);
    if (!pgl_is_ok(status))
        return fail(sender, status.text);
    pgl_lookup_start(&sender->lookup, flow->loop, sender->url.host, flow);
    return sender->lookup.is_done ? pgl_go(S_CONNECT) : pgl_wait(S_CONNECT);
}

static struct pgl_go sender_lookup_late(struct pgl_flow *flow)
{
    struct webhook_sender *sender = sender_of(flow);
    pgl_lookup_stop(&sender->lookup);
    return fail(sender, "its name was not resolved in time");
}

/* All that a name leads to has to be fine: which one is taken is chance. */
static const char *check_addresses(const struct webhook_sender *sender)
{
    if (!pgl_is_ok(sender->lookup.status))
        return sender->lookup.status.text;
    for (int i = 0; i < sender->lookup.count; i++)
        if (!pgl_webhook_address_is_fine(sender->lookup.addresses[i], sender->run->loopback_too))
            return "its name leads to an address that is not on the public internet";
    return NULL;
}

static pgl_status connect(struct webhook_sender *sender)
{
    struct pgl_webhook_run *run = sender->run;
    struct webhook_line *line = sender->line;
    line->is_used = false;
    if (!line->is_tls)
        return pgl_http_client_connect(&line->client, line->address, line->port);
    if (run->tls == NULL)
        PGL_TRY(pgl_tls_client_context_open(PGL_TEXT(""), &run->tls));
    return pgl_http_client_connect_tls(&line->client, line->address, line->port, run->tls,
                                       line->host);
}

static struct pgl_text host_field(struct webhook_sender *sender)
{
    const struct pgl_webhook_url *url = &sender->url;
    const char *host =
        url->is_ipv6 ? pgl_arena_printf(&sender->arena, "[%s]", url->host) : url->host;
    if (url->port != (url->is_tls ? 443 : 80))
        host = pgl_arena_printf(&sender->arena, "%s:%u", host, (unsigned)url->port);
    return pgl_text_of(host);
}

static pgl_status send_request(struct webhook_sender *sender)
{
    struct pgl_arena *arena = &sender->arena;
    const struct webhook_due *due = &sender->due;
    int64_t now_s = sender->flow.loop->wall_ns / PGL_SECONDS(1);
    char *id = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
    if (id == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(due->event, id);
    const char *signature =
        pgl_webhook_signature(arena, due->secrets, due->secret_count, id, now_s, due->body);
    if (signature == NULL)
        return PGL_NO_MEMORY;
    const struct pgl_http_field fields[FIELDS] = {
        { PGL_TEXT("Content-Type"), PGL_TEXT("application/cloudevents+json") },
        { PGL_TEXT("User-Agent"), PGL_TEXT("Panglot") },
        { PGL_TEXT("webhook-id"), pgl_text_of(id) },
        { PGL_TEXT("webhook-timestamp"),
          pgl_text_of(pgl_arena_printf(arena, "%lld", (long long)now_s)) },
        { PGL_TEXT("webhook-signature"), pgl_text_of(signature) },
    };
    struct pgl_http1_request request = { .method = PGL_TEXT("POST"),
                                         .target = sender->url.target.size > 0 ? sender->url.target
                                                                               : PGL_TEXT("/"),
                                         .host = host_field(sender),
                                         .content_length = (int64_t)due->body.size,
                                         .fields = fields,
                                         .field_count = FIELDS };
    return pgl_http_client_send(&sender->line->client, &request, due->body);
}

static struct pgl_go call(struct webhook_sender *sender);

/* A kept connection that was closed before it brought an answer: the receiver had given it up, and
 * may never have seen this. Once, and only while there is time for all of it. */
static bool may_call_anew(const struct webhook_sender *sender)
{
    return sender->line->is_used && sender->line->client.head.status == 0 &&
           sender->flow.loop->now_ns <= sender->until_ns - CONNECT_NS - ANSWER_NS;
}

/* Where an attempt stands, when the client has news. */
static struct pgl_go look_at_answer(struct webhook_sender *sender, int wait_for)
{
    struct pgl_http_client *client = &sender->line->client;
    switch (client->stage) {
    case PGL_HTTP_CLIENT_ANSWERED:
        if (pgl_loop_is_struck(sender->flow.loop, PGL_BUGGIFY_HOOKS_ANSWER_LOST))
            return fail(sender, "no answer in time, it is said");
        return finish(sender, "");
    case PGL_HTTP_CLIENT_FAILED:
        if (may_call_anew(sender)) {
            pgl_http_client_close(client);
            return call(sender);
        }
        return finish(sender, client->status.text);
    case PGL_HTTP_CLIENT_CLOSED:
    case PGL_HTTP_CLIENT_READY:
    case PGL_HTTP_CLIENT_ASKED:
    case PGL_HTTP_CLIENT_ANSWERING:
        break;
    }
    if (sender->flow.loop->now_ns >= sender->until_ns)
        return finish(sender, "no answer in time");
    return pgl_wait(wait_for);
}

static struct pgl_go call(struct webhook_sender *sender)
{
    struct pgl_http_client *client = &sender->line->client;
    pgl_status status = pgl_http_client_is_open(client) ? PGL_OK : connect(sender);
    if (pgl_is_ok(status))
        status = send_request(sender);
    return pgl_is_ok(status) ? look_at_answer(sender, S_SENT) : fail(sender, status.text);
}

static struct pgl_go sender_connect(struct pgl_flow *flow)
{
    struct webhook_sender *sender = sender_of(flow);
    const char *problem = check_addresses(sender);
    if (problem != NULL)
        return fail(sender, problem);
    sender->line = webhook_line_take(&sender->run->lines, &sender->url, &sender->lookup);
    sender->line->client.flow = flow;
    return call(sender);
}

static struct pgl_go sender_sent(struct pgl_flow *flow)
{
    return look_at_answer(sender_of(flow), S_ANSWER);
}

static struct pgl_go sender_sent_late(struct pgl_flow *flow)
{
    struct webhook_sender *sender = sender_of(flow);
    if (!sender->line->client.has_sent)
        return fail(sender, "no connection in time");
    return look_at_answer(sender, S_ANSWER);
}

static struct pgl_go sender_late(struct pgl_flow *flow)
{
    return finish(sender_of(flow), "no answer in time");
}

static struct pgl_go sender_record(struct pgl_flow *flow)
{
    struct webhook_sender *sender = sender_of(flow);
    struct pgl_webhook_run *run = sender->run;
    if (sender->line != NULL)
        webhook_line_give(&run->lines, sender->line);
    sender->line = NULL;
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_HOOKS_RECORD_LATER))
        return pgl_wait(S_RECORD);
    sender->attempt.number = sender->number;
    sender->attempt.drawn = pgl_random_next(&run->random);
    sender->asked.call = (struct pgl_call){ .ask = &sender->attempt,
                                            .arena = &sender->arena,
                                            .deadline_ns = flow->loop->now_ns + ASK_NS };
    pgl_rpc_send(&run->rpc, run->self, WEBHOOK_INNER_RECORD, &sender->asked, flow, &sender->left);
    return sender->left > 0 ? pgl_wait(S_DONE) : pgl_go(S_DONE);
}

static struct pgl_go sender_done(struct pgl_flow *flow)
{
    struct webhook_sender *sender = sender_of(flow);
    bool is_taken = sender->attempt.status >= 200 && sender->attempt.status < 300;
    if (!pgl_is_ok(sender->asked.call.status))
        return pgl_wait(S_RECORD); /* nobody wakes it: it tries again when it is late */
    pgl_counter_add(is_taken ? &sender->run->delivered : &sender->run->failed, 1);
    return pgl_done();
}

static const struct pgl_step sender_steps[] = {
    /*                  name                   does                at most     when late */
    [S_LOOKUP] = { "webhook.lookup", sender_lookup, 0, 0 },
    [S_CONNECT] = { "webhook.connect", sender_connect, LOOKUP_NS, S_LOOKUP_LATE },
    [S_LOOKUP_LATE] = { "webhook.lookup-late", sender_lookup_late, 0, 0 },
    [S_SENT] = { "webhook.sent", sender_sent, CONNECT_NS, S_SENT_LATE },
    [S_SENT_LATE] = { "webhook.sent-late", sender_sent_late, 0, 0 },
    [S_ANSWER] = { "webhook.answer", sender_sent, ANSWER_NS, S_LATE },
    [S_LATE] = { "webhook.late", sender_late, 0, 0 },
    [S_RECORD] = { "webhook.record", sender_record, AGAIN_NS, S_RECORD },
    [S_DONE] = { "webhook.done", sender_done, 0, 0 },
};

static void on_sender_done(struct pgl_flow *flow)
{
    struct webhook_sender *sender = sender_of(flow);
    pgl_arena_free(&sender->arena);
    sender->is_busy = false;
    sender->done_in_look = sender->run->looks;
    look_again(sender->run);
}

static void start_sender(struct pgl_webhook_run *run, struct webhook_sender *sender,
                         const struct webhook_due *due)
{
    *sender = (struct webhook_sender){ .run = run,
                                       .is_busy = true,
                                       .number = due->number,
                                       .endpoint = due->endpoint,
                                       .due = *due,
                                       .attempt = { .problem = "" },
                                       .until_ns = run->loop->now_ns + SEND_NS };
    pgl_arena_init(&sender->arena, SEND_ARENA_CHUNK_BYTES, SEND_ARENA_LIMIT_BYTES);
    sender->due.url.data = pgl_arena_string(&sender->arena, due->url);
    sender->due.body.data = pgl_arena_string(&sender->arena, due->body);
    pgl_flow_start(&sender->flow, run->loop, sender_steps, S_LOOKUP, on_sender_done);
}

/* ---- what is due ---- */

enum { R_LOOK, R_TAKE };

static struct pgl_webhook_run *run_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_webhook_run, flow);
}

/* As soon as it is not in the middle of a look. */
static void look_again(struct pgl_webhook_run *run)
{
    if (run->flow.is_waiting && run->flow.step == R_LOOK)
        pgl_flow_wake(&run->flow);
    else
        run->is_poked = true;
}

static void on_next(void *owner)
{
    look_again(owner);
}

static struct webhook_sender *find_free(struct pgl_webhook_run *run)
{
    for (int i = 0; i < PGL_WEBHOOK_SENDERS_MAX; i++)
        if (!run->senders[i].is_busy)
            return &run->senders[i];
    return NULL;
}

static bool may_start(const struct pgl_webhook_run *run, const struct webhook_due *due)
{
    int in_flight = 0;
    for (int i = 0; i < PGL_WEBHOOK_SENDERS_MAX; i++) {
        const struct webhook_sender *sender = &run->senders[i];
        if (sender->is_busy && sender->number == due->number)
            return false;
        in_flight += sender->is_busy && pgl_id_equal(sender->endpoint, due->endpoint);
    }
    return in_flight < PGL_WEBHOOK_IN_FLIGHT_MAX;
}

static struct pgl_go run_look(struct pgl_flow *flow)
{
    struct pgl_webhook_run *run = run_of(flow);
    run->is_poked = false;
    run->looks++;
    pgl_timer_clear(&run->loop->timers, &run->next);
    if (find_free(run) == NULL)
        return pgl_wait(R_LOOK); /* whoever is done wakes it */
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_HOOKS_LOOK_LATER)) {
        pgl_timer_set(&run->loop->timers, &run->next, run->loop->now_ns + AGAIN_NS, on_next, run);
        return pgl_wait(R_LOOK);
    }
    pgl_arena_reset(&run->arena);
    run->ask.now_ns = run->loop->wall_ns;
    run->asked.call = (struct pgl_call){ .ask = &run->ask,
                                         .reply = &run->reply,
                                         .arena = &run->arena,
                                         .deadline_ns = run->loop->now_ns + ASK_NS };
    pgl_rpc_send(&run->rpc, run->self, WEBHOOK_INNER_DUE, &run->asked, flow, &run->left);
    return run->left > 0 ? pgl_wait(R_TAKE) : pgl_go(R_TAKE);
}

/* A look that was out when it was done may still have seen it wait. */
static bool was_just_done(const struct pgl_webhook_run *run, int64_t number)
{
    for (int i = 0; i < PGL_WEBHOOK_SENDERS_MAX; i++) {
        const struct webhook_sender *sender = &run->senders[i];
        if (!sender->is_busy && sender->number == number && sender->done_in_look == run->looks)
            return true;
    }
    return false;
}

static void start_due(struct pgl_webhook_run *run)
{
    struct webhook_due *items = run->reply.items;
    int count = 0;
    for (int i = 0; i < run->reply.count; i++) /* all of them before a sender begins anew */
        if (!was_just_done(run, items[i].number))
            items[count++] = items[i];
    for (int i = 0; i < count; i++) {
        const struct webhook_due *due = &items[i];
        struct webhook_sender *sender = find_free(run);
        if (sender == NULL || pgl_loop_is_struck(run->loop, PGL_BUGGIFY_HOOKS_NO_SENDER))
            return;
        if (!may_start(run, due))
            continue;
        run->ask.behind = due->endpoint;
        start_sender(run, sender, due);
        if (pgl_loop_is_struck(run->loop, PGL_BUGGIFY_HOOKS_ONE_AT_ONCE))
            return;
    }
}

static struct pgl_go run_take(struct pgl_flow *flow)
{
    struct pgl_webhook_run *run = run_of(flow);
    int64_t in_ns = AGAIN_NS;
    if (pgl_is_ok(run->asked.call.status)) {
        start_due(run);
        in_ns = run->reply.next_ns - run->loop->wall_ns;
    }
    if (run->is_poked || pgl_loop_is_struck(run->loop, PGL_BUGGIFY_HOOKS_LOOK_AGAIN))
        return pgl_go(R_LOOK);
    if (!pgl_is_ok(run->asked.call.status) || run->reply.next_ns != PGL_NEVER_NS)
        pgl_timer_set(&run->loop->timers, &run->next,
                      run->loop->now_ns + (in_ns < LOOK_NS_MAX ? in_ns : LOOK_NS_MAX), on_next,
                      run);
    return pgl_wait(R_LOOK);
}

static const struct pgl_step run_steps[] = {
    /*          name             does       at most  when late: the callee minds the deadline */
    [R_LOOK] = { "webhooks.look", run_look, 0, 0 },
    [R_TAKE] = { "webhooks.take", run_take, 0, 0 },
};

static void on_run_done(struct pgl_flow *flow)
{
    (void)flow; /* it is never done */
}

/* ---- opening ---- */

static void take_poke(void *owner, struct pgl_message *message)
{
    pgl_message_reply(message);
    look_again(owner);
}

pgl_status pgl_webhook_run_open(struct pgl_webhook_run *run, struct pgl_loop *loop,
                                const struct pgl_endpoint *self, bool loopback_too)
{
    run->loop = loop;
    run->self = self;
    run->loopback_too = loopback_too;
    run->senders = calloc(PGL_WEBHOOK_SENDERS_MAX, sizeof run->senders[0]);
    if (run->senders == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for webhooks");
    webhook_lines_open(&run->lines, loop, ANSWER_BYTES_MAX);
    pgl_arena_init(&run->arena, LOOK_ARENA_CHUNK_BYTES, LOOK_ARENA_LIMIT_BYTES);
    pgl_rpc_open(&run->rpc, loop);
    pgl_random_seed(&run->random, pgl_entropy_u64(&loop->platform->entropy), 0x68777562);
    pgl_mailbox_open(&run->pokes, loop, 1, take_poke, run);
    return PGL_OK;
}

void pgl_webhook_run_start(struct pgl_webhook_run *run)
{
    pgl_flow_start(&run->flow, run->loop, run_steps, R_LOOK, on_run_done);
}

void pgl_webhook_run_close(struct pgl_webhook_run *run)
{
    for (int i = 0; run->senders != NULL && i < PGL_WEBHOOK_SENDERS_MAX; i++) {
        struct webhook_sender *sender = &run->senders[i];
        if (!sender->is_busy)
            continue;
        pgl_lookup_stop(&sender->lookup);
        pgl_arena_free(&sender->arena);
    }
    webhook_lines_close(&run->lines);
    pgl_tls_context_close(run->tls);
    pgl_arena_free(&run->arena);
    free(run->senders);
}
