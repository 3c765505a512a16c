/* service.c - what Webhooks offers, and the flows of those methods that need to know more than a
 * handler may ask: secrets, and where the logs end. */
#include "services/webhooks/service.h"

#include "base/time.h"
#include "saga/audit_log.h"
#include "services/webhooks/webhooks_sql.h"

/* ---- methods ---- */

PGL_QUERY(pgl_webhooks_list, ListEndpointsRequest, ListEndpointsResponse)
PGL_QUERY(pgl_webhooks_get, EndpointRequest, EndpointResponse)
PGL_COMMAND(pgl_webhooks_delete, EndpointRequest, DeleteEndpointResponse)
PGL_QUERY(pgl_webhooks_deliveries, ListDeliveriesRequest, ListDeliveriesResponse)
PGL_COMMAND(pgl_webhooks_redeliver, RedeliverRequest, RedeliverResponse)

static void start_create(void *service, struct pgl_call *call);
static void start_change(void *service, struct pgl_call *call);
static void start_rotate(void *service, struct pgl_call *call);

/* clang-format off */
const struct pgl_method pgl_webhooks_methods[WEBHOOK_SERVICE_METHOD_COUNT] = {
    [WEBHOOK_SERVICE_CREATE_ENDPOINT] = { PGL_METHOD_FLOW,    .flow = start_create },
    [WEBHOOK_SERVICE_LIST_ENDPOINTS]  = { PGL_METHOD_QUERY,   .query = pgl_webhooks_list_query },
    [WEBHOOK_SERVICE_GET_ENDPOINT]    = { PGL_METHOD_QUERY,   .query = pgl_webhooks_get_query },
    [WEBHOOK_SERVICE_CHANGE_ENDPOINT] = { PGL_METHOD_FLOW,    .flow = start_change },
    [WEBHOOK_SERVICE_DELETE_ENDPOINT] = { PGL_METHOD_COMMAND, .command = pgl_webhooks_delete_command },
    [WEBHOOK_SERVICE_ROTATE_SECRET]   = { PGL_METHOD_FLOW,    .flow = start_rotate },
    [WEBHOOK_SERVICE_LIST_DELIVERIES] = { PGL_METHOD_QUERY,   .query = pgl_webhooks_deliveries_query },
    [WEBHOOK_SERVICE_REDELIVER]       = { PGL_METHOD_COMMAND, .command = pgl_webhooks_redeliver_command },
};
/* clang-format on */

static struct pgl_admin *admin_of(void *context)
{
    return &((struct pgl_webhooks *)context)->admin;
}
PGL_ADMIN_METHODS(pgl_webhooks_admin_methods, admin_of)

PGL_COMMAND(pgl_webhooks_create, struct webhook_create, EndpointResponse)
PGL_COMMAND(pgl_webhooks_change, struct webhook_change, EndpointResponse)
PGL_COMMAND(pgl_webhooks_rotate, struct webhook_rotate, EndpointResponse)
PGL_QUERY(pgl_webhooks_due, struct webhook_due_ask, struct webhook_due_reply)
PGL_COMMAND(pgl_webhooks_record, struct webhook_attempt, void)

/* clang-format off */
static const struct pgl_method inner_methods[WEBHOOK_INNER_METHOD_COUNT] = {
    [WEBHOOK_INNER_CREATE] = { PGL_METHOD_COMMAND, .command = pgl_webhooks_create_command },
    [WEBHOOK_INNER_CHANGE] = { PGL_METHOD_COMMAND, .command = pgl_webhooks_change_command },
    [WEBHOOK_INNER_ROTATE] = { PGL_METHOD_COMMAND, .command = pgl_webhooks_rotate_command },
    [WEBHOOK_INNER_DUE]    = { PGL_METHOD_QUERY,   .query = pgl_webhooks_due_query },
    [WEBHOOK_INNER_RECORD] = { PGL_METHOD_COMMAND, .command = pgl_webhooks_record_command },
};
/* clang-format on */

/* ---- a flow that answers a call; it lies in the arena of that call ---- */

struct webhook_flow {
    struct pgl_flow flow;
    struct pgl_webhooks *webhooks;
    struct pgl_call *call; /* to be answered */
    struct pgl_rpc_call asked;
    int left;
    pgl_status status;
    enum webhook_inner_method method;
    void *question; /* one of those below */
    struct webhook_create create;
    struct webhook_change change;
    struct webhook_rotate rotate;

    /* Where the logs end, one after another. */
    struct pgl_log_position *ends; /* NULL: nobody needs to know */
    int log;
    bool knows_high; /* and so asks for the event that is there */
    struct pgl_log_read read;
};

enum { F_ASK, F_TAKE, F_WRITE, F_DONE };

static struct webhook_flow *flow_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct webhook_flow, flow);
}

static struct pgl_go finish(struct webhook_flow *mine, pgl_status status)
{
    mine->status = status;
    return pgl_done();
}

/* A log tells its end when it is asked for what comes from now on and nobody wants to wait; then
 * for the event that is there, to remember it by. */
static struct pgl_go flow_ask(struct pgl_flow *flow)
{
    struct webhook_flow *mine = flow_of(flow);
    struct pgl_log_read *read = &mine->read;
    if (mine->ends == NULL || mine->log == PGL_WEBHOOK_LOGS)
        return pgl_go(F_WRITE);
    read->after = mine->knows_high ? mine->ends[mine->log].position - 1 : -1;
    read->until_ns = flow->loop->now_ns;
    read->is_first = false;
    read->message.reply_to = &mine->webhooks->ends;
    pgl_status sent =
        pgl_mailbox_send(flow->loop, mine->webhooks->log_reads[mine->log], &read->message);
    return pgl_is_ok(sent) ? pgl_wait(F_TAKE) : finish(mine, sent);
}

static struct pgl_text first_event(const struct pgl_log_read *read)
{
    uint32_t size;
    memcpy(&size, read->bytes, sizeof size);
    return (struct pgl_text){ (const char *)read->bytes + sizeof size, size };
}

static struct pgl_go flow_take(struct pgl_flow *flow)
{
    struct webhook_flow *mine = flow_of(flow);
    const struct pgl_log_read *read = &mine->read;
    struct pgl_log_position *end = &mine->ends[mine->log];
    if (!pgl_is_ok(read->status))
        return finish(mine, read->status);
    if (!mine->knows_high) {
        *end = (struct pgl_log_position){ .epoch = read->epoch, .position = read->after };
        mine->knows_high = end->position > 0;
        mine->log += end->position == 0; /* nothing was said yet */
        return pgl_go(F_ASK);
    }
    if (read->count == 0)
        return finish(mine, PGL_FAIL(PGL_DATA_LOSS, "a log has lost its end"));
    end->hash = pgl_event_hash(first_event(read));
    mine->knows_high = false;
    mine->log++;
    return pgl_go(F_ASK);
}

static struct pgl_go flow_write(struct pgl_flow *flow)
{
    struct webhook_flow *mine = flow_of(flow);
    struct pgl_call *call = mine->call;
    mine->asked.call = (struct pgl_call){ .ask = mine->question,
                                          .reply = call->reply,
                                          .arena = call->arena,
                                          .deadline_ns = call->deadline_ns,
                                          .trace = call->trace };
    pgl_rpc_send(&mine->webhooks->rpc, &mine->webhooks->self, (int)mine->method, &mine->asked, flow,
                 &mine->left);
    return mine->left > 0 ? pgl_wait(F_DONE) : pgl_go(F_DONE);
}

static struct pgl_go flow_done(struct pgl_flow *flow)
{
    struct webhook_flow *mine = flow_of(flow);
    return finish(mine, mine->asked.call.status);
}

static const struct pgl_step flow_steps[] = {
    /*           name                 does        at most  when late: the callees mind it */
    [F_ASK] = { "webhooks.ask-end", flow_ask, 0, 0 },
    [F_TAKE] = { "webhooks.take-end", flow_take, 0, 0 },
    [F_WRITE] = { "webhooks.write", flow_write, 0, 0 },
    [F_DONE] = { "webhooks.written", flow_done, 0, 0 },
};

static void on_flow_done(struct pgl_flow *flow)
{
    struct webhook_flow *mine = flow_of(flow);
    pgl_call_answer(mine->call, mine->status); /* its arena, and so the flow, is the caller's */
}

/* NULL, and it is answered, when the arena is full. */
static struct webhook_flow *new_flow(struct pgl_webhooks *webhooks, struct pgl_call *call,
                                     enum webhook_inner_method method)
{
    struct webhook_flow *mine = pgl_arena_zalloc(call->arena, sizeof *mine);
    if (mine == NULL) {
        pgl_call_answer(call, PGL_NO_MEMORY);
        return NULL;
    }
    mine->webhooks = webhooks;
    mine->call = call;
    mine->method = method;
    return mine;
}

static void start(struct webhook_flow *mine, void *question)
{
    mine->question = question;
    pgl_flow_start(&mine->flow, mine->webhooks->rpc.loop, flow_steps, F_ASK, on_flow_done);
}

static void draw_secret(struct webhook_flow *mine, uint8_t secret[PGL_WEBHOOK_SECRET_BYTES])
{
    pgl_entropy_fill(&mine->webhooks->rpc.loop->platform->entropy, secret,
                     PGL_WEBHOOK_SECRET_BYTES);
}

static void start_create(void *service, struct pgl_call *call)
{
    struct webhook_flow *mine = new_flow(service, call, WEBHOOK_INNER_CREATE);
    if (mine == NULL)
        return;
    mine->create.ask = call->ask;
    mine->ends = mine->create.ends;
    draw_secret(mine, mine->create.secret);
    start(mine, &mine->create);
}

static void start_change(void *service, struct pgl_call *call)
{
    struct webhook_flow *mine = new_flow(service, call, WEBHOOK_INNER_CHANGE);
    if (mine == NULL)
        return;
    const ChangeEndpointRequest *ask = call->ask;
    mine->change.ask = ask;
    if (ask->change != NULL && ask->change->state == ENDPOINT_STATE_ENABLED)
        mine->ends = mine->change.ends;
    start(mine, &mine->change);
}

static void start_rotate(void *service, struct pgl_call *call)
{
    struct webhook_flow *mine = new_flow(service, call, WEBHOOK_INNER_ROTATE);
    if (mine == NULL)
        return;
    mine->rotate.ask = call->ask;
    draw_secret(mine, mine->rotate.secret);
    start(mine, &mine->rotate);
}

/* ---- what moves with the writer's transactions ---- */

static void poke(struct pgl_webhooks *webhooks)
{
    webhooks->is_poke_due = webhooks->is_poke_out;
    if (webhooks->is_poke_out)
        return;
    webhooks->poke.reply_to = &webhooks->poked;
    pgl_status sent =
        pgl_mailbox_send(webhooks->writer->loop, &webhooks->run.pokes, &webhooks->poke);
    webhooks->is_poke_out = pgl_is_ok(sent); /* there is one, and nobody else who sends */
}

static void take_poked(void *owner, struct pgl_message *message)
{
    (void)message;
    struct pgl_webhooks *webhooks = owner;
    webhooks->is_poke_out = false;
    if (webhooks->is_poke_due)
        poke(webhooks);
}

static pgl_status webhooks_prepare(void *self, struct pgl_tx *tx)
{
    struct pgl_webhooks *webhooks = self;
    if (!webhooks->core.is_changed)
        return PGL_OK;
    return endpoint_count_enabled(tx->view.db, &webhooks->live_in_tx);
}

static void log_disabled(const struct pgl_webhooks *webhooks)
{
    for (int i = 0; i < webhooks->core.disabled_count; i++) {
        const struct webhook_disabled *disabled = &webhooks->core.disabled[i];
        const ProtobufCEnumValue *because = protobuf_c_enum_descriptor_get_value(
            DISABLED_BECAUSE_DESCRIPTOR, (int)disabled->because);
        char id[PGL_ID_TEXT_BYTES];
        pgl_id_format(disabled->id, id);
        pgl_log(&webhooks->writer->loop->log, PGL_LOG_WARN, "webhooks", "endpoint-disabled",
                "endpoint=%.*s because=%s", PGL_ID_TEXT_BYTES, id,
                because->name + strlen("DISABLED_BECAUSE_"));
    }
}

static void forget_notes(struct pgl_webhooks *webhooks)
{
    webhooks->core.disabled_count = 0;
    webhooks->core.is_changed = webhooks->core.has_news = webhooks->core.is_placed = false;
}

static void set_live(struct pgl_webhooks *webhooks, int64_t live)
{
    webhooks->live = live;
    pgl_counter_set(&webhooks->enabled, (uint64_t)live);
}

/* The consumers joined before us: what they did in this transaction is behind them. */
static void webhooks_committed(void *self)
{
    struct pgl_webhooks *webhooks = self;
    struct pgl_webhooks_core *core = &webhooks->core;
    bool is_over = core->is_changed && webhooks->live_in_tx == 0 && webhooks->live > 0;
    if (core->is_changed)
        set_live(webhooks, webhooks->live_in_tx);
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++) {
        if (is_over || core->is_placed)
            pgl_consumer_stop(&core->consumers[l]);
        if (core->is_placed && webhooks->live > 0)
            pgl_consumer_go_on(&core->consumers[l], &core->places[l]);
    }
    if (core->is_changed || core->has_news)
        poke(webhooks);
    log_disabled(webhooks);
    forget_notes(webhooks);
}

static void webhooks_rolled_back(void *self)
{
    forget_notes(self);
}

/* ---- opening ---- */

pgl_status pgl_webhooks_open(struct pgl_webhooks *webhooks, struct pgl_writer *writer,
                             const struct pgl_webhooks_options *options)
{
    *webhooks = (struct pgl_webhooks){ .writer = writer };
    webhooks->core.loopback_too = options->loopback_too;
    pgl_buffer_init(&webhooks->core.body, PGL_WEBHOOK_BODY_BYTES_MAX);
    writer->context = webhooks;
    pgl_admin_init(&webhooks->admin, LOG_WEBHOOKS, (struct pgl_admin_hooks){ .list_open = NULL });
    PGL_TRY(pgl_events_migrate(&writer->db));
    PGL_TRY(pgl_saga_migrate(&writer->db));
    PGL_TRY(pgl_webhooks_migrate(&writer->db));
    PGL_TRY(endpoint_count_enabled(&writer->db, &webhooks->live_in_tx));
    set_live(webhooks, webhooks->live_in_tx);
    return PGL_OK;
}

pgl_status pgl_webhooks_connect(struct pgl_webhooks *webhooks,
                                struct pgl_log_source *const sources[PGL_WEBHOOK_LOGS])
{
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++) {
        webhooks->log_reads[l] = sources[l]->reads;
        PGL_TRY(pgl_consumer_open(&webhooks->core.consumers[l], webhooks->writer, sources[l],
                                  pgl_webhooks_hear));
        pgl_admin_add_consumer(&webhooks->admin, &webhooks->core.consumers[l]);
    }
    PGL_TRY(pgl_admin_open(&webhooks->admin, webhooks->writer, NULL, 0));
    webhooks->participant = (struct pgl_participant){ .self = webhooks,
                                                      .prepare = webhooks_prepare,
                                                      .committed = webhooks_committed,
                                                      .rolled_back = webhooks_rolled_back };
    pgl_writer_join(webhooks->writer, &webhooks->participant);
    return PGL_OK;
}

static void take_call(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    call->method->flow(owner, call);
}

static void take_end(void *owner, struct pgl_message *message)
{
    (void)owner;
    struct pgl_log_read *read = PGL_CONTAINER(message, struct pgl_log_read, message);
    pgl_flow_wake(&PGL_CONTAINER(read, struct webhook_flow, read)->flow);
}

pgl_status pgl_webhooks_serve(struct pgl_webhooks *webhooks, struct pgl_loop *flows,
                              struct pgl_loop *effects, struct pgl_reader *reader)
{
    webhooks->self = (struct pgl_endpoint){ .methods = inner_methods,
                                            .commands = &webhooks->writer->commands,
                                            .queries = &reader->queries };
    pgl_rpc_open(&webhooks->rpc, flows);
    pgl_mailbox_open(&webhooks->flows, flows, PGL_WEBHOOKS_FLOWS_MAX, take_call, webhooks);
    pgl_mailbox_open(&webhooks->ends, flows, 0, take_end, webhooks); /* nothing but replies */
    pgl_mailbox_open(&webhooks->poked, webhooks->writer->loop, 0, take_poked, webhooks);
    return pgl_webhook_run_open(&webhooks->run, effects, &webhooks->self,
                                webhooks->core.loopback_too);
}

void pgl_webhooks_start(struct pgl_webhooks *webhooks)
{
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++) {
        if (webhooks->live > 0)
            pgl_consumer_start(&webhooks->core.consumers[l]);
        else
            pgl_consumer_stop(&webhooks->core.consumers[l]);
    }
    pgl_webhook_run_start(&webhooks->run);
}

void pgl_webhooks_close(struct pgl_webhooks *webhooks)
{
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
        pgl_consumer_close(&webhooks->core.consumers[l]);
    pgl_webhook_run_close(&webhooks->run);
    pgl_buffer_free(&webhooks->core.body);
}
