/*
 * operators_test.c - can a person see what is stuck at the provider, have it tried again, and say
 * what became of it, without making it untrue?
 * Method: intents brought to each state on the card bench; then lists, retries and settlements by
 *         those who may and those who may not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "services/payments/card_bench.h"

static const Caller boss = { .base = PROTOBUF_C_MESSAGE_INIT(CALLER_DESCRIPTOR),
                             .tenant = BENCH_TENANT,
                             .subject = "boss",
                             .role = ROLE_OPERATOR };

static void order(struct card_bench *bench, int number)
{
    struct bench_order order = { number, "ann", "card", 100, true };
    Event *event = payments_bench_created(&bench->payments, &order);
    assert_true(pgl_is_ok(payments_bench_hear(&bench->payments, event)));
    card_bench_run(bench, PGL_SECONDS(1));
}

static void reserve(struct card_bench *bench, int number)
{
    Event *event = payments_bench_reserved(&bench->payments, number, true, 2, 3);
    assert_true(pgl_is_ok(payments_bench_hear(&bench->payments, event)));
    card_bench_run(bench, PGL_SECONDS(1));
}

static const ListIntentsResponse *list(struct card_bench *bench, const Caller *caller,
                                       IntentState state, int64_t older_than_ns, int limit,
                                       const char *cursor, enum pgl_code expected)
{
    static ListIntentsResponse reply;
    ListIntentsRequest ask = LIST_INTENTS_REQUEST_INIT;
    reply = (ListIntentsResponse)LIST_INTENTS_RESPONSE_INIT;
    ask.caller = (Caller *)caller;
    ask.state = state;
    ask.older_than_ns = older_than_ns;
    ask.limit = limit;
    ask.cursor = (char *)cursor;
    assert_int_equal(card_bench_call(bench, PAYMENT_SERVICE_LIST_INTENTS, &ask, &reply).code,
                     expected);
    return &reply;
}

static void what_is_open_is_listed(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    bench.script = ".o"; /* the first is parked at its AUTHORIZE */
    order(&bench, 1);
    bench.script = "w";
    order(&bench, 2);
    bench.is_down = true;
    for (int i = 3; i <= 5; i++)
        order(&bench, i);

    const ListIntentsResponse *all = list(&bench, &boss, 0, 0, 100, "", PGL_CODE_OK);
    assert_int_equal(all->n_items, 5);
    assert_string_equal(all->next, "");
    assert_int_equal(all->items[0]->state, INTENT_STATE_PARKED);
    assert_int_equal(all->items[0]->op, PROVIDER_OP_AUTHORIZE);
    assert_string_equal(all->items[0]->last_seen, "our_bug");
    assert_int_equal(all->items[0]->http_status, 400);
    assert_string_equal(all->items[0]->handle, "pi_1");
    ListIntentsRequest of_one = LIST_INTENTS_REQUEST_INIT;
    ListIntentsResponse one = LIST_INTENTS_RESPONSE_INIT;
    of_one.caller = (Caller *)&boss;
    of_one.limit = 3;
    of_one.order_id = all->items[1]->order_id;
    assert_int_equal(card_bench_call(&bench, PAYMENT_SERVICE_LIST_INTENTS, &of_one, &one).code,
                     PGL_CODE_OK);
    assert_int_equal(one.n_items, 1);
    assert_string_equal(one.items[0]->order_id, all->items[1]->order_id);
    assert_string_equal(one.next, "");
    assert_int_equal(all->items[0]->amount_minor, 500);
    assert_int_equal(all->items[1]->state, INTENT_STATE_IN_FLIGHT);
    assert_int_equal(all->items[2]->state, INTENT_STATE_PLANNED);

    assert_int_equal(list(&bench, &boss, INTENT_STATE_PARKED, 0, 9, "", PGL_CODE_OK)->n_items, 1);
    assert_int_equal(list(&bench, &boss, 0, PGL_SECONDS(4), 9, "", PGL_CODE_OK)->n_items, 2);
    int seen = 0, pages = 0;
    for (const char *cursor = "";; pages++) {
        const ListIntentsResponse *page = list(&bench, &boss, 0, 0, 2, cursor, PGL_CODE_OK);
        seen += (int)page->n_items;
        if (page->next[0] == '\0')
            break;
        cursor = page->next;
    }
    assert_int_equal(seen, 5);
    assert_int_equal(pages, 2);

    Caller other = boss, ann = boss;
    other.tenant = "elsewhere";
    ann.role = ROLE_CUSTOMER;
    assert_int_equal(list(&bench, &other, 0, 0, 9, "", PGL_CODE_OK)->n_items, 0);
    list(&bench, &ann, 0, 0, 9, "", PGL_DENIED);
    list(&bench, &boss, 0, 0, 0, "", PGL_INVALID);
    list(&bench, &boss, 0, 0, 9, "nonsense", PGL_INVALID);
    card_bench_close(&bench);
}

static char *name_of(int number)
{
    static char id[PGL_ID_TEXT_BYTES + 1];
    pgl_id_format(payments_bench_id(number), id);
    return id;
}

static enum pgl_code retry(struct card_bench *bench, const Caller *caller, int number)
{
    RetryIntentRequest ask = RETRY_INTENT_REQUEST_INIT;
    RetryIntentResponse reply = RETRY_INTENT_RESPONSE_INIT;
    ask.caller = (Caller *)caller;
    ask.order_id = name_of(number);
    return card_bench_call(bench, PAYMENT_SERVICE_RETRY_INTENT, &ask, &reply).code;
}

static void what_was_parked_is_tried_again(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    Caller other = boss, ann = boss;
    other.tenant = "elsewhere";
    ann.role = ROLE_CUSTOMER;
    card_bench_open(&bench, 1);
    bench.script = ".o";
    order(&bench, 1);
    assert_int_equal(retry(&bench, &ann, 1), PGL_DENIED);
    assert_int_equal(retry(&bench, &other, 1), PGL_NOT_FOUND);
    assert_int_equal(retry(&bench, &boss, 2), PGL_NOT_FOUND);
    assert_int_equal(retry(&bench, &boss, 1), PGL_CODE_OK);
    card_bench_run(&bench, PGL_SECONDS(2));
    assert_string_equal(bench.calls, "create authorize get authorize");
    assert_string_equal(payments_bench_said(&bench.payments, 1), "PaymentAuthorized");
    assert_int_equal(retry(&bench, &boss, 1), PGL_NOT_FOUND); /* nothing is open any more */

    bench.script = "w";
    reserve(&bench, 1);
    assert_int_equal(retry(&bench, &boss, 1), PGL_CONFLICT); /* it is under way */
    assert_int_equal(pgl_store_bench_number(&bench.payments.store,
                                            "SELECT count(*) FROM audit_log WHERE action = "
                                            "'intent.retry'"),
                     1);
    card_bench_close(&bench);
}

static enum pgl_code settle(struct card_bench *bench, int number, int refund_no, SettledAs outcome,
                            const char *reason)
{
    SettleIntentRequest ask = SETTLE_INTENT_REQUEST_INIT;
    SettleIntentResponse reply = SETTLE_INTENT_RESPONSE_INIT;
    ask.caller = (Caller *)&boss;
    ask.order_id = name_of(number);
    ask.refund_no = refund_no;
    ask.outcome = outcome;
    ask.reason = (char *)reason;
    return card_bench_call(bench, PAYMENT_SERVICE_SETTLE_INTENT, &ask, &reply).code;
}

/* What is open when the person comes: A an AUTHORIZE, C a CAPTURE, V a VOID, R a refund. */
static const struct {
    char open;
    SettledAs outcome;
    enum pgl_code code;
    const char *said; /* last */
} settlements[] = {
    { 'A', SETTLED_AS_AUTHORIZED, PGL_CODE_OK, "PaymentAuthorized" },
    { 'A', SETTLED_AS_DECLINED, PGL_CODE_OK, "PaymentDeclined" },
    { 'A', SETTLED_AS_CAPTURED, PGL_CONFLICT, "" }, /* it was never sent */
    { 'A', SETTLED_AS_REFUNDED, PGL_INVALID, "" },
    { 'C', SETTLED_AS_CAPTURED, PGL_CODE_OK, "PaymentAuthorized PaymentCaptured" },
    { 'C', SETTLED_AS_CANCELLED, PGL_CODE_OK, "PaymentAuthorized PaymentCaptureFailed" },
    { 'C', SETTLED_AS_AUTHORIZED, PGL_CONFLICT, "PaymentAuthorized" }, /* that is no end */
    { 'V', SETTLED_AS_CANCELLED, PGL_CODE_OK,
      "PaymentAuthorized PaymentVoided PaymentHoldReleased" },
    { 'V', SETTLED_AS_CAPTURED, PGL_CONFLICT, "PaymentAuthorized PaymentVoided" },
    { 'R', SETTLED_AS_REFUNDED, PGL_CODE_OK, "PaymentAuthorized PaymentCaptured PaymentRefunded" },
    { 'R', SETTLED_AS_REFUND_FAILED, PGL_CODE_OK,
      "PaymentAuthorized PaymentCaptured PaymentRefundFailed" },
    { 'R', SETTLED_AS_CAPTURED, PGL_INVALID, "PaymentAuthorized PaymentCaptured" },
};

static void bring(struct card_bench *bench, char open)
{
    static const char *const scripts[] = {
        ['A'] = ".o", ['C'] = "..o", ['V'] = "..o", ['R'] = "...o"
    };
    bench->script = scripts[(int)open];
    order(bench, 1);
    if (open == 'C' || open == 'R')
        reserve(bench, 1);
    Event *event = NULL;
    if (open == 'V')
        event = payments_bench_cancelled(&bench->payments, 1, CAUSE_CLIENT);
    if (open == 'R')
        event = payments_bench_refund(&bench->payments, 1, 1, 200);
    if (event != NULL)
        assert_true(pgl_is_ok(payments_bench_hear(&bench->payments, event)));
    card_bench_run(bench, PGL_SECONDS(1));
}

static void a_person_says_what_became_of_it(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof settlements / sizeof settlements[0]; i++) {
        static struct card_bench bench;
        card_bench_open(&bench, 1);
        bring(&bench, settlements[i].open);
        int refund_no = settlements[i].open == 'R';
        print_message("%c %d\n", settlements[i].open, (int)settlements[i].outcome);
        assert_int_equal(settle(&bench, 1, refund_no, settlements[i].outcome, ""), PGL_INVALID);
        assert_int_equal(settle(&bench, 1, refund_no, settlements[i].outcome, "seen at their desk"),
                         settlements[i].code);
        assert_string_equal(payments_bench_said(&bench.payments, 1), settlements[i].said);
        assert_string_equal(payments_bench_audit(&bench.payments), "");
        bool is_done = settlements[i].code == PGL_CODE_OK;
        assert_int_equal(pgl_store_bench_number(&bench.payments.store,
                                                "SELECT count(*) FROM audit_log WHERE action = "
                                                "'intent.settle'"),
                         is_done);
        card_bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_open_is_listed),
        cmocka_unit_test(what_was_parked_is_tried_again),
        cmocka_unit_test(a_person_says_what_became_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
