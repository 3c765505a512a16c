/* card_bench.c - see card_bench.h. */
#include "services/payments/card_bench.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"

static void start_call(struct pgl_provider_port *port, struct provider_call *call,
                       struct pgl_flow *flow);

/* ---- the bench ---- */

static void note_moment(void *self)
{
    struct card_bench *bench = self;
    bench->is_ending |= ++bench->moments == bench->ends_at;
}

static void open_worker(struct card_bench *bench)
{
    struct pgl_store_bench *store = &bench->payments.store;
    struct pgl_database_options file = { .path = store->path, .cache_kib = 1024 };
    pgl_loop_init(&bench->effects, "effects", &store->platform, &bench->waiter);
    pgl_loop_init(&bench->reading, "reading", &store->platform, &bench->waiter);
    pgl_status opened =
        pgl_reader_open(&bench->reader, &bench->reading, &file, &bench->payments.payments);
    PGL_ASSERT(pgl_is_ok(opened));
    pgl_status served =
        pgl_payments_serve(&bench->payments.payments, &bench->effects, &bench->reader);
    PGL_ASSERT(pgl_is_ok(served));
    /* Here the process ends and the machine goes on, so nothing has to be synced. */
    pgl_status unsynced =
        pgl_database_run(&bench->payments.store.writer.db, "PRAGMA synchronous = OFF");
    PGL_ASSERT(pgl_is_ok(unsynced));
    bench->payments.store.writer.on_commit = note_moment;
    bench->payments.store.writer.on_commit_self = bench;
    card_worker_start(&bench->payments.payments.worker);
}

static void wake_nobody(struct pgl_waiter *waiter)
{
    (void)waiter;
}

void card_bench_open_with(struct card_bench *bench, uint64_t seed,
                          const struct pgl_card_options *options)
{
    static const struct pgl_waiter_ops waiter_ops = { .wake = wake_nobody };
    memset(bench, 0, sizeof *bench);
    bench->waiter.ops = &waiter_ops;
    bench->port.start = start_call;
    bench->script = "";
    payments_bench_open_cards(&bench->payments, seed, options, &bench->port);
    open_worker(bench);
}

void card_bench_open(struct card_bench *bench, uint64_t seed)
{
    struct pgl_card_options options = PGL_CARD_OPTIONS_DEFAULT;
    options.provider_url = "http://bank.test";
    card_bench_open_with(bench, seed, &options);
}

void card_bench_close(struct card_bench *bench)
{
    pgl_reader_close(&bench->reader);
    payments_bench_close(&bench->payments);
}

void card_bench_restart(struct card_bench *bench)
{
    bench->waiting_count = 0;
    pgl_reader_close(&bench->reader);
    payments_bench_restart(&bench->payments, 0);
    open_worker(bench);
}

/* The process ends between two turns; what the worker has been told by then is lost. */
static bool end_if_it_is_time(struct card_bench *bench)
{
    bool is_ending = bench->is_ending;
    bench->is_ending = false;
    if (is_ending)
        card_bench_restart(bench);
    return is_ending;
}

static bool turn(struct pgl_loop *loop)
{
    int64_t now_ns = pgl_clock_monotonic_ns(&loop->platform->clock);
    bool is_due = pgl_loop_has_news(loop) || pgl_loop_next_ns(loop) <= now_ns;
    return is_due && (pgl_loop_turn(loop), true);
}

bool card_bench_turn(struct card_bench *bench)
{
    bool was_any = pgl_store_bench_turn(&bench->payments.store);
    if (end_if_it_is_time(bench))
        return true;
    was_any |= turn(&bench->reading);
    was_any |= turn(&bench->effects);
    return end_if_it_is_time(bench) || was_any;
}

void card_bench_run(struct card_bench *bench, int64_t for_ns)
{
    struct pgl_store_bench *store = &bench->payments.store;
    int64_t until_ns = store->now_ns + for_ns;
    for (;;) {
        while (card_bench_turn(bench))
            continue;
        int64_t next_ns = pgl_loop_next_ns(&bench->effects);
        if (next_ns > until_ns)
            break;
        store->now_ns = next_ns;
    }
    store->now_ns = until_ns;
}

struct calling {
    struct pgl_mailbox replies;
    struct pgl_call call;
    bool is_answered;
};

static void take_answer(void *owner, struct pgl_message *message)
{
    (void)message;
    ((struct calling *)owner)->is_answered = true;
}

pgl_status card_bench_call(struct card_bench *bench, int method, const void *ask, void *reply)
{
    struct pgl_payments *payments = &bench->payments.payments;
    const struct pgl_method *row = &pgl_payments_methods[method];
    if (row->kind == PGL_METHOD_COMMAND)
        return pgl_store_bench_command(&bench->payments.store, row, ask, reply);
    if (row->kind == PGL_METHOD_QUERY)
        return pgl_store_bench_query(&bench->payments.store, row, ask, reply);
    static struct calling calling; /* its mailbox stays with the loop */
    memset(&calling, 0, sizeof calling);
    struct pgl_loop asking;
    pgl_loop_init(&asking, "asking", &bench->payments.store.platform, &bench->waiter);
    pgl_mailbox_open(&calling.replies, &asking, 0, take_answer, &calling);
    calling.call = (struct pgl_call){ .method = row,
                                      .ask = ask,
                                      .reply = reply,
                                      .arena = &bench->payments.store.arena,
                                      .deadline_ns = INT64_MAX };
    calling.call.message.reply_to = &calling.replies;
    pgl_status sent = pgl_mailbox_send(&asking, &payments->flows, &calling.call.message);
    PGL_ASSERT(pgl_is_ok(sent));
    while (!calling.is_answered)
        PGL_ASSERT(card_bench_turn(bench) || pgl_loop_turn(&asking) || calling.is_answered);
    return calling.call.status;
}

/* ---- the bank ---- */

static struct bench_object *find(struct card_bench *bench, const struct provider_call *call)
{
    for (int i = 0; i < bench->object_count; i++) {
        struct bench_object *object = &bench->objects[i];
        bool is_it = call->verb == PROVIDER_FIND || call->verb == PROVIDER_CREATE
                         ? pgl_id_equal(object->object.order_id, call->order_id)
                         : strcmp(object->object.handle, call->handle) == 0;
        if (is_it)
            return object;
    }
    return NULL;
}

struct bench_object *card_bench_object(struct card_bench *bench, int number)
{
    struct provider_call call = { .verb = PROVIDER_FIND, .order_id = payments_bench_id(number) };
    struct bench_object *object = find(bench, &call);
    PGL_ASSERT(object != NULL);
    return object;
}

static struct bench_object *create(struct card_bench *bench, const struct provider_call *call)
{
    PGL_ASSERT(bench->object_count < BENCH_OBJECTS_MAX);
    struct bench_object *made = &bench->objects[bench->object_count++];
    *made = (struct bench_object){ .object = { .order_id = call->order_id,
                                               .status = PROVIDER_UNCONFIRMED,
                                               .amount_minor = call->amount_minor } };
    made->object.created_s =
        pgl_clock_wall_ns(&bench->payments.store.platform.clock) / PGL_SECONDS(1);
    snprintf(made->object.handle, sizeof made->object.handle, "pi_%d", bench->object_count);
    snprintf(made->object.currency, sizeof made->object.currency, "%s", call->currency);
    return made;
}

static void tell_refund(const struct bench_object *object, int at, struct provider_call *call)
{
    snprintf(call->refund_handle_out, sizeof call->refund_handle_out, "re_%d", at + 1);
    call->refund_found_minor = object->made[at].amount_minor;
    call->refund_is_done = true;
}

static void find_refund(const struct bench_object *object, struct provider_call *call)
{
    call->seen = PROVIDER_SEEN_NO_OBJECT;
    for (int i = 0; i < object->refunds; i++) {
        if (object->made[i].refund_no != call->refund_no)
            continue;
        tell_refund(object, i, call);
        call->seen = PROVIDER_SEEN_OUTCOME;
    }
}

/* Each in the state that it can be done in; else it is as if it had been refused. */
static bool execute(struct card_bench *bench, struct provider_call *call,
                    struct bench_object *object, enum provider_status held_as)
{
    struct provider_object *is = &object->object;
    switch (call->verb) {
    case PROVIDER_AUTHORIZE:
        if (is->status != PROVIDER_UNCONFIRMED && is->status != PROVIDER_HELD)
            return false;
        is->status = held_as;
        is->capturable_minor = is->amount_minor;
        return true;
    case PROVIDER_CAPTURE:
        if (is->status == PROVIDER_HELD)
            object->captures++;
        else if (is->status != PROVIDER_CAPTURED)
            return false;
        is->status = PROVIDER_CAPTURED;
        is->captured_minor = call->amount_minor;
        return true;
    case PROVIDER_VOID:
        if (is->status == PROVIDER_CAPTURED)
            return false;
        is->status = PROVIDER_CANCELLED;
        return true;
    case PROVIDER_REFUND:
        if (is->refunded_minor + call->amount_minor > is->captured_minor)
            return false;
        is->refunded_minor += call->amount_minor;
        PGL_ASSERT(object->refunds < BENCH_REFUNDS_MAX);
        object->made[object->refunds++] =
            (struct bench_refund){ call->refund_no, call->amount_minor };
        tell_refund(object, object->refunds - 1, call);
        return true;
    default:
        (void)bench;
        return true;
    }
}

static bool is_known_key(struct card_bench *bench, const struct provider_call *call, bool burns)
{
    if (call->verb > PROVIDER_REFUND)
        return false;
    for (int i = 0; i < bench->used_count; i++)
        if (strcmp(bench->used[i].key, call->key) == 0)
            return true;
    PGL_ASSERT(bench->used_count < BENCH_KEYS_MAX);
    snprintf(bench->used[bench->used_count].key, PGL_PROVIDER_KEY_BYTES, "%s", call->key);
    bench->used[bench->used_count++].is_burnt = burns;
    return false;
}

static bool is_burnt(const struct card_bench *bench, const struct provider_call *call)
{
    for (int i = 0; i < bench->used_count && call->verb <= PROVIDER_REFUND; i++)
        if (strcmp(bench->used[i].key, call->key) == 0)
            return bench->used[i].is_burnt;
    return false;
}

/* Newest first, three a page. */
static void list(struct card_bench *bench, struct provider_call *call)
{
    int at = bench->object_count - 1;
    if (call->handle[0] != '\0')
        while (at >= 0 && strcmp(bench->objects[at].object.handle, call->handle) != 0)
            at--;
    at -= call->handle[0] != '\0';
    for (; at >= 0 && call->page_count < 3; at--)
        if (bench->objects[at].object.created_s >= call->since_s)
            call->page[call->page_count++] = bench->objects[at].object;
    call->has_more = at >= 0;
    call->seen = PROVIDER_SEEN_OUTCOME;
}

static void do_it(struct card_bench *bench, struct provider_call *call,
                  enum provider_status held_as)
{
    if (call->verb == PROVIDER_LIST) {
        list(bench, call);
        return;
    }
    bool is_again = is_known_key(bench, call, false);
    struct bench_object *object = find(bench, call);
    if (object == NULL && call->verb == PROVIDER_CREATE)
        object = create(bench, call);
    if (object == NULL) {
        call->seen = PROVIDER_SEEN_NO_OBJECT;
        return;
    }
    if (call->verb == PROVIDER_FIND_REFUND) {
        find_refund(object, call);
        return;
    }
    bool is_done = (is_again && call->verb != PROVIDER_VOID && call->verb != PROVIDER_AUTHORIZE) ||
                   execute(bench, call, object, held_as);
    if (is_again && call->verb == PROVIDER_REFUND)
        call->refund_is_done = true;
    call->seen = is_done ? PROVIDER_SEEN_OUTCOME : PROVIDER_SEEN_REFUSED;
    call->object = object->object;
}

static void refuse(struct card_bench *bench, struct provider_call *call)
{
    struct bench_object *object = find(bench, call);
    call->seen = PROVIDER_SEEN_REFUSED;
    snprintf(call->code, sizeof call->code, "card_declined");
    if (call->verb == PROVIDER_AUTHORIZE && object != NULL)
        object->object.status = PROVIDER_DECLINED;
}

static void answer(struct card_bench *bench, struct provider_call *call, char how)
{
    call->seen = PROVIDER_SEEN_UNKNOWN;
    if (is_burnt(bench, call)) {
        call->seen = PROVIDER_SEEN_BURNT;
        return;
    }
    switch (how) {
    case 'l':
        return;
    case 'k':
        do_it(bench, call, PROVIDER_HELD);
        call->seen = PROVIDER_SEEN_UNKNOWN;
        return;
    case 'r':
        refuse(bench, call);
        return;
    case 'b':
        call->seen = PROVIDER_SEEN_KEY_BUSY;
        return;
    case 'n':
        call->seen = PROVIDER_SEEN_NOT_SENT;
        return;
    case 'f':
        call->seen = PROVIDER_SEEN_FORBIDDEN;
        call->http_status = 401;
        return;
    case 'o':
        call->seen = PROVIDER_SEEN_OUR_BUG;
        call->http_status = 400;
        return;
    case '5':
        (void)is_known_key(bench, call, true);
        return;
    case 'p':
        do_it(bench, call, PROVIDER_HELD);
        call->object.status = PROVIDER_PROCESSING;
        return;
    case 'x':
        call->seen = PROVIDER_SEEN_NO_OBJECT;
        return;
    case 'a':
        do_it(bench, call, PROVIDER_ACTION_REQUIRED);
        snprintf(call->next_action, sizeof call->next_action, "https://bank.test/3ds");
        return;
    default:
        do_it(bench, call, PROVIDER_HELD);
    }
}

static void note_call(struct card_bench *bench, const struct provider_call *call)
{
    static const char *const names[PROVIDER_VERB_COUNT] = {
        "create", "authorize",  "capture",     "void", "refund",
        "get",    "get_refund", "find_refund", "find", "list",
    };
    size_t used = strlen(bench->calls), keyed = strlen(bench->keys);
    if (used + 16 < sizeof bench->calls)
        snprintf(bench->calls + used, sizeof bench->calls - used, "%s%s", used > 0 ? " " : "",
                 names[call->verb]);
    if (call->verb <= PROVIDER_REFUND && keyed + PGL_PROVIDER_KEY_BYTES < sizeof bench->keys)
        snprintf(bench->keys + keyed, sizeof bench->keys - keyed, "%s%s", keyed > 0 ? " " : "",
                 call->key);
    bench->call_count++;
}

static void start_call(struct pgl_provider_port *port, struct provider_call *call,
                       struct pgl_flow *flow)
{
    struct card_bench *bench = PGL_CONTAINER(port, struct card_bench, port);
    note_call(bench, call);
    call->flow = flow;
    char how = bench->is_down ? 'n' : '.';
    if (!bench->is_down && bench->script[0] != '\0')
        how = *bench->script++;
    if (how == 'w') {
        PGL_ASSERT(bench->waiting_count < BENCH_WAITING_MAX);
        bench->waiting[bench->waiting_count++] = call;
        call->is_out = true;
        return;
    }
    answer(bench, call, how);
    note_moment(bench);
}

void card_bench_answer(struct card_bench *bench)
{
    PGL_ASSERT(bench->waiting_count > 0);
    struct provider_call *call = bench->waiting[0];
    bench->waiting_count--;
    memmove(bench->waiting, bench->waiting + 1,
            (size_t)bench->waiting_count * sizeof bench->waiting[0]);
    answer(bench, call, '.');
    call->is_out = false;
    pgl_flow_wake(call->flow);
}
