/* service.c - what Payments offers, and what it hears. */
#include "services/payments/service.h"

#include "base/assert.h"
#include "events/feed.h"
#include "saga/audit_log.h"
#include "saga/caller.h"
#include "services/payments/answers.h"
#include "services/payments/card_sql.h"
#include "services/payments/hints.h"
#include "services/payments/intent_jobs.h"
#include "services/payments/operators.h"
#include "services/payments/provider_hold.h"

#define GAUGES_NS         PGL_SECONDS(5)
#define GAUGE_ARENA_BYTES 4096

PGL_QUERY(pgl_payments_get, GetPaymentRequest, GetPaymentResponse)
PGL_QUERY(pgl_payments_story, ReadKeyRequest, ReadKeyResponse)
PGL_COMMAND(pgl_payments_put_credit_line, PutCreditLineRequest, PutCreditLineResponse)

PGL_QUERY(pgl_operators_list, ListIntentsRequest, ListIntentsResponse)
PGL_COMMAND(pgl_operators_retry, RetryIntentRequest, RetryIntentResponse)
PGL_COMMAND(pgl_operators_settle, SettleIntentRequest, SettleIntentResponse)

static void start_hint(void *service, struct pgl_call *call);
static void start_reconcile(void *service, struct pgl_call *call);
static void show_reconciliation(void *service, struct pgl_call *call);

/* clang-format off */
const struct pgl_method pgl_payments_methods[PAYMENT_SERVICE_METHOD_COUNT] = {
    [PAYMENT_SERVICE_GET_PAYMENT]        = { PGL_METHOD_QUERY, .query = pgl_payments_get_query },
    [PAYMENT_SERVICE_PUT_CREDIT_LINE]    = { PGL_METHOD_COMMAND, .command = pgl_payments_put_credit_line_command },
    [PAYMENT_SERVICE_TAKE_HINT]          = { PGL_METHOD_FLOW, .flow = start_hint },
    [PAYMENT_SERVICE_LIST_INTENTS]       = { PGL_METHOD_QUERY, .query = pgl_operators_list_query },
    [PAYMENT_SERVICE_RETRY_INTENT]       = { PGL_METHOD_COMMAND, .command = pgl_operators_retry_command },
    [PAYMENT_SERVICE_SETTLE_INTENT]      = { PGL_METHOD_COMMAND, .command = pgl_operators_settle_command },
    [PAYMENT_SERVICE_RECONCILE]          = { PGL_METHOD_FLOW, .flow = start_reconcile },
    [PAYMENT_SERVICE_GET_RECONCILIATION] = { PGL_METHOD_FLOW, .flow = show_reconciliation },
};

const struct pgl_method pgl_payments_log_methods[EVENT_LOG_SERVICE_METHOD_COUNT] = {
    [EVENT_LOG_SERVICE_READ] = { PGL_METHOD_FLOW, .flow = pgl_feed_read_method },
    [EVENT_LOG_SERVICE_FOLLOW] = { PGL_METHOD_FLOW, .flow = pgl_feed_follow_method },
    [EVENT_LOG_SERVICE_READ_KEY] = { PGL_METHOD_QUERY, .query = pgl_payments_story_query },
};
/* clang-format on */

/* ---- flows, on the loop `effects` ---- */

/* What they ask of our own writer and reader; nobody else can. */
enum inner_method { INNER_HINT, INNER_GAUGES, INNER_METHOD_COUNT };

static pgl_status look_at_intents(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)ask;
    return intents_sum(view, reply);
}
PGL_COMMAND(pgl_hint_take, struct card_hint, TakeHintResponse)

static const struct pgl_method inner_methods[INNER_METHOD_COUNT] = {
    [INNER_HINT] = { PGL_METHOD_COMMAND, .command = pgl_hint_take_command },
    [INNER_GAUGES] = { PGL_METHOD_QUERY, .query = look_at_intents },
};

/* A webhook: who it is from is found out here, so that a stranger's takes no turn of the writer. */
struct hint_flow {
    struct pgl_flow flow;
    struct pgl_call *call; /* to be answered; all of this lies in its arena */
    struct pgl_payments *payments;
    struct card_hint hint;
    struct pgl_rpc_call asked;
    int left;
};

static struct hint_flow *hint_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct hint_flow, flow);
}

static struct pgl_go hint_take_it(struct pgl_flow *flow)
{
    struct hint_flow *mine = hint_of(flow);
    struct pgl_call *call = mine->call;
    mine->asked.call = (struct pgl_call){ .ask = &mine->hint,
                                          .reply = call->reply,
                                          .arena = call->arena,
                                          .deadline_ns = call->deadline_ns,
                                          .trace = call->trace };
    pgl_rpc_send(&mine->payments->rpc, &mine->payments->self, INNER_HINT, &mine->asked, flow,
                 &mine->left);
    return mine->left > 0 ? pgl_wait(1) : pgl_go(1);
}

static struct pgl_go hint_taken(struct pgl_flow *flow)
{
    (void)flow;
    return pgl_done();
}

static const struct pgl_step hint_steps[] = {
    { "hint.take", hint_take_it, 0, 0 },
    { "hint.taken", hint_taken, 0, 0 }, /* the writer minds the deadline */
};

static void on_hint_done(struct pgl_flow *flow)
{
    struct hint_flow *mine = hint_of(flow);
    pgl_call_answer(mine->call, mine->asked.call.status);
}

static pgl_status read_hint(struct pgl_payments *payments, struct pgl_call *call,
                            struct card_hint *hint)
{
    const TakeHintRequest *ask = call->ask;
    struct pgl_text body = { (const char *)ask->body.data, ask->body.len };
    PGL_TRY(pgl_hint_verify(pgl_text_of(payments->desk.webhook_secret), pgl_text_of(ask->signature),
                            body, payments->rpc.loop->wall_ns, call->arena));
    return pgl_hint_read(body, call->arena, hint);
}

static void start_hint(void *service, struct pgl_call *call)
{
    struct hint_flow *mine = pgl_arena_zalloc(call->arena, sizeof *mine);
    pgl_status status = mine != NULL ? PGL_OK : PGL_NO_MEMORY;
    if (pgl_is_ok(status))
        status = read_hint(service, call, &mine->hint);
    if (!pgl_is_ok(status)) {
        pgl_call_answer(call, status);
        return;
    }
    mine->payments = service;
    mine->call = call;
    pgl_flow_start(&mine->flow, mine->payments->rpc.loop, hint_steps, 0, on_hint_done);
}

static pgl_status check_reconciler(const struct pgl_payments *payments, bool is_allowed)
{
    if (!is_allowed)
        return PGL_FAIL(PGL_DENIED, "this is for operators");
    return payments->reconcile.loop != NULL
               ? PGL_OK
               : PGL_FAIL(PGL_CONFLICT, "there is no provider to compare with");
}

static void start_reconcile(void *service, struct pgl_call *call)
{
    struct pgl_payments *payments = service;
    const ReconcileRequest *ask = call->ask;
    ReconcileResponse *reply = call->reply;
    pgl_status status = check_reconciler(payments, pgl_caller_is_operator(ask->caller));
    if (pgl_is_ok(status) && ask->window_ns < 0)
        status = PGL_FAIL(PGL_INVALID, "windowNs: nothing below 0 is expected");
    if (pgl_is_ok(status)) {
        card_reconcile_run(&payments->reconcile,
                           ask->window_ns > 0 ? ask->window_ns : PGL_RECONCILE_WINDOW_NS);
        status = card_reconcile_show(&payments->reconcile, call->arena, &reply->report);
    }
    pgl_call_answer(call, status);
}

static void show_reconciliation(void *service, struct pgl_call *call)
{
    struct pgl_payments *payments = service;
    const GetReconciliationRequest *ask = call->ask;
    GetReconciliationResponse *reply = call->reply;
    pgl_status status = check_reconciler(payments, pgl_caller_is_staff(ask->caller));
    if (pgl_is_ok(status))
        status = card_reconcile_show(&payments->reconcile, call->arena, &reply->report);
    pgl_call_answer(call, status);
}

/* ---- gauges ---- */

static void look_at_gauges(void *owner);

static struct pgl_payments *payments_of(struct pgl_flow *flow)
{
    struct payment_gauges *gauges = PGL_CONTAINER(flow, struct payment_gauges, flow);
    return PGL_CONTAINER(gauges, struct pgl_payments, gauges);
}

static struct pgl_go gauges_ask(struct pgl_flow *flow)
{
    struct pgl_payments *payments = payments_of(flow);
    struct payment_gauges *gauges = &payments->gauges;
    pgl_arena_reset(&gauges->arena);
    gauges->rpc_call.call = (struct pgl_call){ .reply = &gauges->sums,
                                               .arena = &gauges->arena,
                                               .deadline_ns = PGL_NEVER_NS };
    pgl_rpc_send(&payments->rpc, &payments->self, INNER_GAUGES, &gauges->rpc_call, flow,
                 &gauges->left);
    return gauges->left > 0 ? pgl_wait(1) : pgl_go(1);
}

static struct pgl_go gauges_set(struct pgl_flow *flow)
{
    struct payment_gauges *gauges = &payments_of(flow)->gauges;
    if (!pgl_is_ok(gauges->rpc_call.call.status))
        return pgl_done();
    const struct intent_sums *sums = &gauges->sums;
    int64_t age_ns = sums->oldest_ns != 0 ? flow->loop->wall_ns - sums->oldest_ns : 0;
    pgl_counter_set(&gauges->open, (uint64_t)sums->open);
    pgl_counter_set(&gauges->parked, (uint64_t)sums->parked);
    pgl_counter_set(&gauges->oldest_seconds, age_ns > 0 ? (uint64_t)(age_ns / PGL_SECONDS(1)) : 0);
    return pgl_done();
}

static const struct pgl_step gauge_steps[] = {
    { "gauges.ask", gauges_ask, 0, 0 },
    { "gauges.set", gauges_set, 0, 0 },
};

static void on_gauges_done(struct pgl_flow *flow)
{
    struct pgl_payments *payments = payments_of(flow);
    pgl_timer_set(&flow->loop->timers, &payments->gauges.again, flow->loop->now_ns + GAUGES_NS,
                  look_at_gauges, payments);
}

static void look_at_gauges(void *owner)
{
    struct pgl_payments *payments = owner;
    pgl_flow_start(&payments->gauges.flow, payments->rpc.loop, gauge_steps, 0, on_gauges_done);
}

/* ---- opening ---- */

static struct pgl_admin *admin_of(void *context)
{
    return &((struct pgl_payments *)context)->admin;
}
PGL_ADMIN_METHODS(pgl_payments_admin_methods, admin_of)

pgl_status pgl_payments_open(struct pgl_payments *payments, struct pgl_writer *writer,
                             const struct pgl_payments_options *options)
{
    PGL_ASSERT(options->default_credit_minor >= 0);
    *payments = (struct pgl_payments){ .writer = writer, .options = *options };
    writer->context = payments;
    payments->desk.default_credit_minor = options->default_credit_minor;
    payments->desk.card = options->card;
    payments->desk.offers_cards = options->card.provider_url != NULL || options->provider != NULL;
    pgl_admin_init(&payments->admin, LOG_PAYMENTS,
                   (struct pgl_admin_hooks){ .describe = pgl_payments_describe });
    PGL_TRY(pgl_events_migrate(&writer->db));
    PGL_TRY(pgl_saga_migrate(&writer->db));
    PGL_TRY(pgl_payments_migrate(&writer->db));
    PGL_TRY(pgl_tally_open(&payments->desk.tally, writer, PAYMENT_STATE_COUNT,
                           payment_count_get_sql, payment_count_put_sql));
    return pgl_log_open(&payments->desk.log, LOG_PAYMENTS, writer);
}

pgl_status pgl_payments_connect(struct pgl_payments *payments, struct pgl_log_source *orders,
                                struct pgl_log_source *inventory)
{
    PGL_TRY(pgl_consumer_open(&payments->orders, payments->writer, orders, pgl_payments_handle));
    PGL_TRY(
        pgl_consumer_open(&payments->inventory, payments->writer, inventory, pgl_payments_handle));
    pgl_consumer_keep_up(&payments->orders, "payments");
    pgl_consumer_keep_up(&payments->inventory, "payments");
    pgl_admin_add_consumer(&payments->admin, &payments->orders);
    pgl_admin_add_consumer(&payments->admin, &payments->inventory);
    return pgl_admin_open(&payments->admin, payments->writer, pgl_intent_jobs,
                          PGL_INTENT_JOB_COUNT);
}

/* ---- opening what calls the provider ---- */

static pgl_status take_over(struct pgl_tx *tx, void *argument)
{
    const struct pgl_payments *payments = pgl_tx_context(tx);
    const char *hold;
    PGL_TRY(pgl_provider_hold_get(&tx->view, &hold));
    if (hold != NULL)
        pgl_log(&payments->writer->loop->log, PGL_LOG_WARN, "payments", "provider-held",
                "why=\"%s\"", hold);
    return intents_orphan(tx, argument);
}

static pgl_status read_webhook_secret(struct pgl_payments *payments, struct pgl_platform *platform)
{
    struct payment_desk *desk = &payments->desk;
    struct pgl_text content;
    if (desk->card.webhook_secret_file == NULL)
        return PGL_OK;
    PGL_TRY(platform->disk->ops->read_file(platform->disk, desk->card.webhook_secret_file,
                                           sizeof desk->webhook_secret - 1,
                                           &payments->writer->arena, &content));
    while (content.size > 0 &&
           (content.data[content.size - 1] == '\n' || content.data[content.size - 1] == '\r'))
        content.size--;
    if (content.size == 0)
        return PGL_FAIL(PGL_INVALID, "the file for the webhooks' secret is empty");
    memcpy(desk->webhook_secret, content.data, content.size);
    return PGL_OK;
}

static pgl_status open_provider(struct pgl_payments *payments, struct pgl_loop *effects,
                                struct pgl_provider_port **port)
{
    const struct pgl_card_options *card = &payments->options.card;
    *port = payments->options.provider;
    if (*port != NULL)
        return PGL_OK;
    struct pgl_provider_http_options options = { .base_url = card->provider_url,
                                                 .key_file = card->key_file,
                                                 .ca_file = card->ca_file,
                                                 .connections_max = (uint32_t)card->calls_max,
                                                 .call_ns = card->call_ns };
    PGL_TRY(pgl_provider_http_open(&payments->http, effects, &options));
    *port = &payments->http.port;
    return PGL_OK;
}

static void take_call(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    call->method->flow(owner, call);
}

pgl_status pgl_payments_serve(struct pgl_payments *payments, struct pgl_loop *effects,
                              struct pgl_reader *reader)
{
    struct payment_desk *desk = &payments->desk;
    struct pgl_mailbox *queries = reader != NULL ? &reader->queries : NULL;
    struct pgl_provider_port *port;
    payments->self = (struct pgl_endpoint){ .methods = inner_methods,
                                            .commands = &payments->writer->commands,
                                            .queries = queries };
    pgl_rpc_open(&payments->rpc, effects);
    pgl_mailbox_open(&payments->flows, effects, PGL_PAYMENTS_FLOWS_MAX, take_call, payments);
    if (!desk->offers_cards)
        return PGL_OK;
    PGL_TRY(read_webhook_secret(payments, effects->platform));
    PGL_TRY(open_provider(payments, effects, &port));
    PGL_TRY(pgl_writer_run_now(payments->writer, take_over, &desk->epoch));
    PGL_TRY(card_worker_open(&payments->worker, effects, &payments->writer->commands, port,
                             &desk->card, desk->epoch));
    payments->worker.is_reconciled = &payments->reconcile.has_succeeded;
    payment_nudge_open(&desk->nudge, payments->writer, &payments->worker.nudges);
    pgl_arena_init(&payments->gauges.arena, GAUGE_ARENA_BYTES, GAUGE_ARENA_BYTES);
    return card_reconcile_open(&payments->reconcile, effects, queries, port, desk->card.call_ns,
                               desk->card.reconcile_every_ns);
}

void pgl_payments_start(struct pgl_payments *payments)
{
    if (payments->worker.loop != NULL) {
        card_worker_start(&payments->worker);
        card_reconcile_start(&payments->reconcile);
        look_at_gauges(payments);
    }
    pgl_consumer_start(&payments->orders);
    pgl_consumer_start(&payments->inventory);
}

void pgl_payments_close(struct pgl_payments *payments)
{
    pgl_consumer_close(&payments->orders);
    pgl_consumer_close(&payments->inventory);
    /* It takes timers out of its loop: before what the other timers there lie in is gone. */
    pgl_provider_http_close(&payments->http);
    card_reconcile_close(&payments->reconcile);
    card_worker_close(&payments->worker);
    pgl_arena_free(&payments->gauges.arena);
    explicit_bzero(payments->desk.webhook_secret, sizeof payments->desk.webhook_secret);
    pgl_log_close(&payments->desk.log);
}
