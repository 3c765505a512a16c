/* reconcile.c - see reconcile.h. */
#include "services/payments/reconcile.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"
#include "wire/message.h"

#define ARENA_CHUNK_BYTES 65536
#define ARENA_LIMIT_BYTES (4u << 20) /* the rows of one page */

enum inner_method { INNER_LOOK, INNER_OWN, INNER_METHOD_COUNT };

static pgl_status look_at_page(const struct pgl_view *view, const void *ask, void *reply);
static pgl_status find_own(const struct pgl_view *view, const void *ask, void *reply);

static const struct pgl_method inner_methods[INNER_METHOD_COUNT] = {
    [INNER_LOOK] = { PGL_METHOD_QUERY, .query = look_at_page },
    [INNER_OWN] = { PGL_METHOD_QUERY, .query = find_own },
};

/* ---- the reader's side ---- */

static pgl_status look_at_page(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)ask;
    struct reconcile_question *question = reply;
    for (int i = 0; i < question->count; i++)
        PGL_TRY(reconcile_look(view, &question->objects[i].order_id, &question->ours[i]));
    return PGL_OK;
}

static pgl_status find_own(const struct pgl_view *view, const void *ask, void *reply)
{
    (void)ask;
    struct reconcile_own *own = reply;
    pgl_id found[PGL_PROVIDER_PAGE_MAX];
    PGL_TRY(
        cards_captured(view, &own->behind, &own->until, PGL_PROVIDER_PAGE_MAX, found, &own->count));
    for (int i = 0; i < own->count; i++) {
        own->found[i].order_id = own->behind = found[i];
        PGL_TRY(reconcile_look(view, &found[i], &own->found[i].ours));
    }
    return PGL_OK;
}

/* ---- the report ---- */

static uint64_t hash_of(const pgl_id *order_id)
{
    return pgl_hash((struct pgl_hash_key){ 3, 4 }, order_id->bytes, sizeof order_id->bytes);
}

static void add_sums(struct card_reconcile *reconcile, const struct provider_object *object,
                     const struct reconcile_ours *ours)
{
    int i = 0;
    while (i < reconcile->sum_count && strcmp(reconcile->sums[i].currency, object->currency) != 0)
        i++;
    if (i == PGL_RECONCILE_CURRENCY_MAX)
        return;
    if (i == reconcile->sum_count)
        memcpy(reconcile->sums[reconcile->sum_count++].currency, object->currency,
               sizeof object->currency);
    reconcile->sums[i].captured_there_minor += object->captured_minor;
    reconcile->sums[i].captured_here_minor += ours->captured_minor;
    if (object->refunded_minor != PROVIDER_UNTOLD)
        reconcile->sums[i].refunded_there_minor += object->refunded_minor;
    reconcile->sums[i].refunded_here_minor += ours->refunded_minor;
}

static void report(struct card_reconcile *reconcile, const struct provider_object *object,
                   const struct reconcile_ours *ours, enum reconcile_verdict verdict)
{
    char id[PGL_ID_TEXT_BYTES];
    pgl_id_format(object->order_id, id);
    reconcile->critical++;
    pgl_log(&reconcile->loop->log, PGL_LOG_ERROR, "payments", "reconciliation",
            "order=%.*s there=%lld here=%lld what=\"%s\"", PGL_ID_TEXT_BYTES, id,
            (long long)object->captured_minor, (long long)ours->captured_minor,
            reconcile_verdict_names[verdict]);
    if (reconcile->row_count == PGL_RECONCILE_ROWS_MAX)
        return;
    bool is_refund = verdict == RECONCILE_REFUNDED;
    int at = reconcile->row_count++;
    reconcile->rows[at].order_id = object->order_id;
    reconcile->rows[at].verdict = verdict;
    reconcile->rows[at].there_minor = is_refund ? object->refunded_minor : object->captured_minor;
    reconcile->rows[at].here_minor = is_refund ? ours->refunded_minor : ours->captured_minor;
    memcpy(reconcile->rows[at].handle, object->handle, sizeof object->handle);
    memcpy(reconcile->rows[at].currency, object->currency, sizeof object->currency);
}

static pgl_status show_rows(const struct card_reconcile *reconcile, struct pgl_arena *arena,
                            Reconciliation *shown)
{
    shown->rows = pgl_arena_alloc(arena, PGL_RECONCILE_ROWS_MAX * sizeof *shown->rows);
    if (shown->rows == NULL)
        return PGL_NO_MEMORY;
    for (int i = 0; i < reconcile->row_count; i++) {
        ReconciledRow *row = pgl_message_new(RECONCILED_ROW_DESCRIPTOR, arena);
        char *id = pgl_arena_zalloc(arena, PGL_ID_TEXT_BYTES + 1);
        if (row == NULL || id == NULL)
            return PGL_NO_MEMORY;
        pgl_id_format(reconcile->rows[i].order_id, id);
        row->order_id = id;
        row->handle = pgl_arena_string(arena, pgl_text_of(reconcile->rows[i].handle));
        row->what = pgl_message_string(reconcile_verdict_names[reconcile->rows[i].verdict]);
        row->there_minor = reconcile->rows[i].there_minor;
        row->here_minor = reconcile->rows[i].here_minor;
        row->currency = pgl_arena_string(arena, pgl_text_of(reconcile->rows[i].currency));
        shown->rows[shown->n_rows++] = row;
    }
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status show_sums(const struct card_reconcile *reconcile, struct pgl_arena *arena,
                            Reconciliation *shown)
{
    shown->sums = pgl_arena_alloc(arena, PGL_RECONCILE_CURRENCY_MAX * sizeof *shown->sums);
    if (shown->sums == NULL)
        return PGL_NO_MEMORY;
    for (int i = 0; i < reconcile->sum_count; i++) {
        ReconciledSum *sum = pgl_message_new(RECONCILED_SUM_DESCRIPTOR, arena);
        if (sum == NULL)
            return PGL_NO_MEMORY;
        sum->currency = pgl_arena_string(arena, pgl_text_of(reconcile->sums[i].currency));
        sum->captured_there_minor = reconcile->sums[i].captured_there_minor;
        sum->captured_here_minor = reconcile->sums[i].captured_here_minor;
        sum->refunded_there_minor = reconcile->sums[i].refunded_there_minor;
        sum->refunded_here_minor = reconcile->sums[i].refunded_here_minor;
        shown->sums[shown->n_sums++] = sum;
    }
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status card_reconcile_show(const struct card_reconcile *reconcile, struct pgl_arena *arena,
                               Reconciliation **report_out)
{
    Reconciliation *shown = pgl_message_new(RECONCILIATION_DESCRIPTOR, arena);
    if (shown == NULL)
        return PGL_NO_MEMORY;
    shown->is_running = reconcile->is_running;
    shown->started_at_ns = reconcile->started_at_ns;
    shown->ended_at_ns = reconcile->ended_at_ns;
    shown->since_at_ns = reconcile->since_at_ns;
    shown->failure = pgl_message_string(reconcile->failure);
    shown->objects = reconcile->objects;
    shown->matched = reconcile->matched;
    shown->cancelled = reconcile->cancelled;
    shown->critical = reconcile->critical;
    *report_out = shown;
    PGL_TRY(show_sums(reconcile, arena, shown));
    return show_rows(reconcile, arena, shown);
}

/* ---- a run ---- */

enum { RUN_LIST, RUN_LISTED, RUN_LOOKED, RUN_JUDGE, RUN_CALLED, RUN_OWN, RUN_OWN_FOUND };

static struct card_reconcile *reconcile_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct card_reconcile, flow);
}

static struct pgl_go call(struct card_reconcile *reconcile, enum provider_verb verb,
                          const char *handle, int then)
{
    const struct provider_object *object = &reconcile->page[reconcile->at];
    reconcile->call = (struct provider_call){ .verb = verb,
                                              .handle = handle,
                                              .refund_handle = "",
                                              .key = reconcile->key,
                                              .currency = "",
                                              .card_token = "",
                                              .since_s = reconcile->since_at_ns / PGL_SECONDS(1),
                                              .timeout_ns = reconcile->call_ns,
                                              .page = reconcile->page };
    if (verb != PROVIDER_LIST)
        reconcile->call.order_id = object->order_id;
    reconcile->port->start(reconcile->port, &reconcile->call, &reconcile->flow);
    return reconcile->call.is_out ? pgl_wait(then) : pgl_go(then);
}

static struct pgl_go ask(struct card_reconcile *reconcile, enum inner_method method, void *reply,
                         int then)
{
    pgl_arena_reset(&reconcile->arena);
    reconcile->rpc_call.call = (struct pgl_call){
        .ask = reply, .reply = reply, .arena = &reconcile->arena, .deadline_ns = PGL_NEVER_NS
    };
    pgl_rpc_send(&reconcile->rpc, &reconcile->self, (int)method, &reconcile->rpc_call,
                 &reconcile->flow, &reconcile->left);
    return reconcile->left > 0 ? pgl_wait(then) : pgl_go(then);
}

static struct pgl_go fail(struct card_reconcile *reconcile, const char *why)
{
    reconcile->failure = why;
    return pgl_done();
}

static struct pgl_go run_list(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_RECONCILE_FAILS))
        return fail(reconcile, "the provider did not give its list, it is said");
    return call(reconcile, PROVIDER_LIST, reconcile->behind, RUN_LISTED);
}

static struct pgl_go run_listed(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    struct reconcile_question *question = reconcile->question;
    if (reconcile->call.seen != PROVIDER_SEEN_OUTCOME)
        return fail(reconcile, "the provider did not give its list");
    question->objects = reconcile->page;
    question->count = reconcile->call.page_count;
    reconcile->objects += question->count;
    for (int i = 0; i < question->count; i++) {
        pgl_status kept = pgl_map_put(&reconcile->seen, hash_of(&reconcile->page[i].order_id), 1);
        if (!pgl_is_ok(kept))
            return fail(reconcile, "there are too many objects in this window");
    }
    reconcile->at = 0;
    reconcile->is_second_look = false;
    if (question->count > 0)
        memcpy(reconcile->behind, reconcile->page[question->count - 1].handle,
               sizeof reconcile->behind);
    reconcile->has_more = reconcile->call.has_more && question->count > 0;
    return ask(reconcile, INNER_LOOK, question, RUN_LOOKED);
}

static struct pgl_go run_looked(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    return pgl_is_ok(reconcile->rpc_call.call.status) ? pgl_go(RUN_JUDGE)
                                                      : fail(reconcile, "our rows cannot be read");
}

static struct pgl_go go_on(struct card_reconcile *reconcile)
{
    reconcile->at++;
    reconcile->is_second_look = false;
    return pgl_go(RUN_JUDGE);
}

static struct pgl_go go_on_behind_page(const struct card_reconcile *reconcile)
{
    if (!reconcile->is_own)
        return pgl_go(reconcile->has_more ? RUN_LIST : RUN_OWN);
    return reconcile->has_more ? pgl_go(RUN_OWN) : pgl_done();
}

static struct pgl_go run_judge(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    int at = reconcile->at;
    if (at == reconcile->question->count)
        return go_on_behind_page(reconcile);
    const struct provider_object *object = &reconcile->page[at];
    const struct reconcile_ours *ours = &reconcile->question->ours[at];
    if (pgl_id_is_zero(object->order_id))
        return go_on(reconcile); /* made by somebody else */
    enum reconcile_verdict verdict = reconcile_judge(object, ours, flow->loop->wall_ns);
    bool is_certain = verdict == RECONCILE_FINE || verdict == RECONCILE_YOUNG;
    bool is_doubted =
        !is_certain || pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_RECONCILE_LOOKS_TWICE);
    if (is_doubted && !reconcile->is_second_look)
        return call(reconcile, PROVIDER_GET, object->handle, RUN_CALLED);
    add_sums(reconcile, object, ours);
    if (is_certain)
        reconcile->matched++;
    else if (verdict != RECONCILE_CANCEL)
        report(reconcile, object, ours, verdict);
    if (verdict != RECONCILE_CANCEL)
        return go_on(reconcile);
    snprintf(reconcile->key, sizeof reconcile->key, "pgl-sweep-%s", object->handle);
    return call(reconcile, PROVIDER_VOID, object->handle, RUN_CALLED);
}

/* The object as it is now, behind which our row is read again; or it was cancelled. */
static struct pgl_go run_called(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    bool has_answer = reconcile->call.seen == PROVIDER_SEEN_OUTCOME;
    if (reconcile->call.verb == PROVIDER_VOID) {
        reconcile->cancelled += has_answer;
        return go_on(reconcile); /* else the next run has it again */
    }
    if (!has_answer && reconcile->call.seen != PROVIDER_SEEN_NO_OBJECT)
        return fail(reconcile, "the provider did not say how an object is");
    if (has_answer)
        reconcile->page[reconcile->at] = reconcile->call.object;
    reconcile->is_second_look = true;
    return ask(reconcile, INNER_LOOK, reconcile->question, RUN_LOOKED);
}

/* ---- our captures that the provider has not listed ---- */

static struct pgl_go run_own(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    if (pgl_loop_is_struck(flow->loop, PGL_BUGGIFY_RECONCILE_STOPS))
        return fail(reconcile, "our rows cannot be read, it is said");
    return ask(reconcile, INNER_OWN, reconcile->own, RUN_OWN_FOUND);
}

static struct pgl_go run_own_found(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    const struct reconcile_own *own = reconcile->own;
    if (!pgl_is_ok(reconcile->rpc_call.call.status))
        return fail(reconcile, "our rows cannot be read");
    /* They are asked about, one by one, as if they had been listed: made, and not captured. */
    struct reconcile_question *question = reconcile->question;
    question->objects = reconcile->page;
    question->count = 0;
    for (int i = 0; i < own->count; i++) {
        const struct reconcile_ours *ours = &own->found[i].ours;
        if (pgl_map_get(&reconcile->seen, hash_of(&own->found[i].order_id)) != NULL)
            continue;
        struct provider_object *unseen = &reconcile->page[question->count];
        *unseen = (struct provider_object){ .order_id = own->found[i].order_id };
        memcpy(unseen->handle, ours->handle, sizeof unseen->handle);
        memcpy(unseen->currency, ours->currency, sizeof unseen->currency);
        question->ours[question->count++] = *ours;
    }
    reconcile->is_own = true;
    reconcile->at = 0;
    reconcile->is_second_look = false;
    reconcile->has_more = own->count == PGL_PROVIDER_PAGE_MAX;
    return pgl_go(RUN_JUDGE);
}

static const struct pgl_step run_steps[] = {
    /*                    name                  does           at most: the port minds the time */
    [RUN_LIST] = { "reconcile.list", run_list, 0, 0 },
    [RUN_LISTED] = { "reconcile.listed", run_listed, 0, 0 },
    [RUN_LOOKED] = { "reconcile.looked", run_looked, 0, 0 },
    [RUN_JUDGE] = { "reconcile.judge", run_judge, 0, 0 },
    [RUN_CALLED] = { "reconcile.called", run_called, 0, 0 },
    [RUN_OWN] = { "reconcile.own", run_own, 0, 0 },
    [RUN_OWN_FOUND] = { "reconcile.own-found", run_own_found, 0, 0 },
};

/* ---- beginning and ending ---- */

static void run_again(void *owner)
{
    card_reconcile_run(owner, PGL_RECONCILE_WINDOW_NS);
}

static void set_timer(struct card_reconcile *reconcile)
{
    if (reconcile->every_ns > 0)
        pgl_timer_set(&reconcile->loop->timers, &reconcile->again,
                      reconcile->loop->now_ns + reconcile->every_ns, run_again, reconcile);
}

static void on_run_done(struct pgl_flow *flow)
{
    struct card_reconcile *reconcile = reconcile_of(flow);
    reconcile->is_running = false;
    reconcile->has_succeeded |= reconcile->failure[0] == '\0';
    reconcile->ended_at_ns = flow->loop->wall_ns;
    pgl_map_free(&reconcile->seen);
    pgl_counter_set(&reconcile->critical_gauge, (uint64_t)reconcile->critical);
    pgl_counter_set(&reconcile->ended_gauge, (uint64_t)(reconcile->ended_at_ns / PGL_SECONDS(1)));
    pgl_log(&flow->loop->log, reconcile->failure[0] == '\0' ? PGL_LOG_INFO : PGL_LOG_WARN,
            "payments", "reconciled",
            "objects=%lld matched=%lld cancelled=%lld critical=%lld why=\"%s\"",
            (long long)reconcile->objects, (long long)reconcile->matched,
            (long long)reconcile->cancelled, (long long)reconcile->critical, reconcile->failure);
    set_timer(reconcile);
}

/* The smallest id of that millisecond (RFC 9562, 5.7). */
static pgl_id id_at(int64_t wall_ns)
{
    pgl_id id = { { 0 } };
    uint64_t ms = (uint64_t)(wall_ns / PGL_MILLISECONDS(1));
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (8 * (5 - i)));
    return id;
}

void card_reconcile_run(struct card_reconcile *reconcile, int64_t window_ns)
{
    if (reconcile->is_running)
        return;
    int64_t now_ns = reconcile->loop->wall_ns;
    reconcile->is_running = true;
    reconcile->started_at_ns = now_ns;
    reconcile->ended_at_ns = 0;
    reconcile->since_at_ns = now_ns > window_ns ? now_ns - window_ns : 0;
    reconcile->failure = "";
    reconcile->objects = reconcile->matched = reconcile->cancelled = reconcile->critical = 0;
    reconcile->sum_count = reconcile->row_count = 0;
    reconcile->is_own = false;
    memset(reconcile->sums, 0, sizeof reconcile->sums);
    memset(reconcile->behind, 0, sizeof reconcile->behind);
    /* An object is made a little later than its order, so the window of ours is the smaller one. */
    reconcile->own->behind = id_at(reconcile->since_at_ns);
    reconcile->own->until = id_at(now_ns);
    pgl_map_init(&reconcile->seen, PGL_RECONCILE_OBJECTS_MAX);
    pgl_timer_clear(&reconcile->loop->timers, &reconcile->again);
    pgl_flow_start(&reconcile->flow, reconcile->loop, run_steps, RUN_LIST, on_run_done);
}

pgl_status card_reconcile_open(struct card_reconcile *reconcile, struct pgl_loop *loop,
                               struct pgl_mailbox *queries, struct pgl_provider_port *port,
                               int64_t call_ns, int64_t every_ns)
{
    *reconcile = (struct card_reconcile){ .loop = loop,
                                          .port = port,
                                          .self = { .methods = inner_methods, .queries = queries },
                                          .call_ns = call_ns,
                                          .every_ns = every_ns,
                                          .failure = "" };
    pgl_arena_init(&reconcile->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    pgl_rpc_open(&reconcile->rpc, loop);
    reconcile->question = calloc(1, sizeof *reconcile->question);
    reconcile->own = calloc(1, sizeof *reconcile->own);
    return reconcile->question != NULL && reconcile->own != NULL
               ? PGL_OK
               : PGL_FAIL(PGL_EXHAUSTED, "no memory for reconciliation");
}

void card_reconcile_start(struct card_reconcile *reconcile)
{
    set_timer(reconcile);
}

void card_reconcile_close(struct card_reconcile *reconcile)
{
    if (reconcile->loop == NULL)
        return;
    if (reconcile->is_running)
        pgl_map_free(&reconcile->seen);
    pgl_arena_free(&reconcile->arena);
    free(reconcile->question);
    free(reconcile->own);
}
