/*
 * bank_test.c - each state admits what it should and nothing else; cards do what they are called;
 * bad requests are told what is wrong; lists have pages.
 * Method: requests as a client would send them; answers are searched for what they have to say.
 */
#include "app/provider/bank_bench.h"

/* ---- the way of a payment ---- */

static void a_payment_is_held_captured_and_given_back(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    create_with(&bench, "pm_card_visa");
    assert_true(says(&bench, "\"status\":\"requires_confirmation\""));
    assert_true(says(&bench, "\"metadata\":{\"order_id\":\"o-1\"}"));
    assert_int_equal(ask_id(&bench, "/confirm", "", "k1"), 200);
    assert_true(says(&bench, "\"status\":\"requires_capture\""));
    assert_true(says(&bench, "\"amount_capturable\":1999"));
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).held_minor, 1999);

    assert_int_equal(ask_id(&bench, "/capture", "amount_to_capture=2000", "k2"), 400);
    assert_int_equal(ask_id(&bench, "/capture", "amount_to_capture=1500", "k2"), 200);
    assert_true(says(&bench, "\"status\":\"succeeded\""));
    assert_true(says(&bench, "\"amount_received\":1500"));
    struct pgl_bank_order order = pgl_bank_order(bench.bank, PGL_TEXT("o-1"));
    assert_int_equal(order.held_minor, 0); /* the rest is released */
    assert_int_equal(order.captured_minor, 1500);
    assert_int_equal(order.captures, 1);

    assert_int_equal(ask_id(&bench, "/capture", "", "k3"), 400); /* never twice */
    assert_true(says(&bench, "payment_intent_unexpected_state"));
    assert_true(says(&bench, "\"payment_intent\":{\"id\":"));
    assert_int_equal(ask_id(&bench, "/cancel", "", "k4"), 400);

    char form[128];
    snprintf(form, sizeof form, "payment_intent=%s&amount=1000&metadata[n]=1", bench.id);
    assert_int_equal(ask(&bench, "POST", "/v1/refunds", form, "r1"), 200);
    assert_true(says(&bench, "\"status\":\"succeeded\""));
    assert_int_equal(ask(&bench, "POST", "/v1/refunds", form, "r2"), 400); /* 500 are left */
    assert_true(says(&bench, "amount_too_large"));
    snprintf(form, sizeof form, "payment_intent=%s", bench.id);
    assert_int_equal(ask(&bench, "POST", "/v1/refunds", form, "r3"), 200);
    assert_true(says(&bench, "\"amount\":500"));
    assert_int_equal(ask(&bench, "POST", "/v1/refunds", form, "r4"), 400);
    assert_true(says(&bench, "charge_already_refunded"));
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).refunded_minor, 1500);
    close_bench(&bench);
}

/* What each state answers to each verb: 200, or 400 and nothing has changed. */
static void states_admit_what_they_should(void **unused)
{
    (void)unused;
    static const struct {
        const char *card, *first, *status;
        int confirm, capture, cancel;
    } states[] = {
        { "pm_card_visa", NULL, "requires_confirmation", 200, 400, 200 },
        { "pm_card_chargeDeclined", "/confirm", "requires_payment_method", 400, 400, 200 },
        { "pm_card_authenticationRequired", "/confirm", "requires_action", 200, 400, 200 },
        { "pm_card_slow", "/confirm", "processing", 400, 400, 200 },
        { "pm_card_visa", "/confirm", "requires_capture", 400, 200, 200 },
        { "pm_card_visa", "/capture", "succeeded", 400, 400, 400 },
        { "pm_card_visa", "/cancel", "canceled", 400, 400, 400 },
    };
    for (size_t s = 0; s < sizeof states / sizeof states[0]; s++) {
        const char *verbs[] = { "/confirm", "/capture", "/cancel" };
        int expected[] = { states[s].confirm, states[s].capture, states[s].cancel };
        for (int v = 0; v < 3; v++) {
            struct bench bench;
            char status[64];
            snprintf(status, sizeof status, "\"status\":\"%s\"", states[s].status);
            open_bench(&bench);
            create_with(&bench, states[s].card);
            if (states[s].first != NULL && strcmp(states[s].first, "/capture") == 0)
                ask_id(&bench, "/confirm", "", NULL);
            if (states[s].first != NULL)
                ask_id(&bench, states[s].first, "", NULL);
            ask_id(&bench, "", "", NULL);
            assert_true(says(&bench, status));
            assert_int_equal(ask_id(&bench, verbs[v], "", NULL), expected[v]);
            ask_id(&bench, "", "", NULL);
            assert_true(expected[v] == 200 || says(&bench, status));
            close_bench(&bench);
        }
    }
}

static void cards_do_what_they_are_called(void **unused)
{
    (void)unused;
    static const struct {
        const char *card;
        int confirm;
        const char *says, *later; /* `later`: once everything that was due has happened */
    } cards[] = {
        { "pm_card_visa", 200, "\"status\":\"requires_capture\"", "requires_capture" },
        { "pm_card_chargeDeclined", 402, "\"decline_code\":\"generic_decline\"",
          "requires_payment_method" },
        { "pm_card_chargeDeclinedInsufficientFunds", 402, "insufficient_funds",
          "requires_payment_method" },
        { "pm_card_authenticationRequired", 200, "\"next_action\":{\"type\"", "requires_action" },
        { "pm_card_captureFails", 200, "\"status\":\"requires_capture\"", "requires_capture" },
        { "pm_card_holdExpires", 200, "\"status\":\"requires_capture\"", "canceled" },
        { "pm_card_slow", 200, "\"status\":\"processing\"", "requires_capture" },
    };
    for (size_t c = 0; c < sizeof cards / sizeof cards[0]; c++) {
        struct bench bench;
        open_bench(&bench);
        create_with(&bench, cards[c].card);
        assert_int_equal(ask_id(&bench, "/confirm", "", NULL), cards[c].confirm);
        assert_true(says(&bench, cards[c].says));
        wait(&bench, PGL_MINUTES(1));
        ask_id(&bench, "", "", NULL);
        assert_true(says(&bench, cards[c].later));
        close_bench(&bench);
    }
}

/* More than the ledger has had room made for by any request. */
static void many_slow_cards_become_due_at_once(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    for (int i = 0; i < 600; i++) {
        create_with(&bench, "pm_card_slow");
        assert_int_equal(ask_id(&bench, "/confirm", "", NULL), 200);
    }
    wait(&bench, PGL_MINUTES(1));
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).held_minor, 600 * 1999);
    close_bench(&bench);
}

static void a_capture_that_fails_leaves_the_hold(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    create_with(&bench, "pm_card_captureFails");
    ask_id(&bench, "/confirm", "", NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask_id(&bench, "/capture", "", NULL), 402);
        assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).held_minor, 1999);
    }
    assert_int_equal(ask_id(&bench, "/cancel", "cancellation_reason=abandoned", NULL), 200);
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).held_minor, 0);
    close_bench(&bench);
}

static void a_customer_agrees_or_does_not(void **unused)
{
    (void)unused;
    for (int agrees = 0; agrees < 2; agrees++) {
        struct bench bench;
        char path[128];
        open_bench(&bench);
        create_with(&bench, "pm_card_authenticationRequired");
        ask_id(&bench, "/confirm", "", NULL);
        snprintf(path, sizeof path, "/_action/%s%s", bench.id, agrees ? "" : "?outcome=fail");
        assert_int_equal(ask(&bench, "GET", path, "", NULL), 200);
        assert_true(bench.answer.is_html);
        ask_id(&bench, "", "", NULL);
        assert_true(says(&bench, agrees ? "requires_capture" : "authentication_failure"));
        close_bench(&bench);
    }
}

static void a_refund_may_fail_later(void **unused)
{
    (void)unused;
    struct bench bench;
    char form[128];
    open_bench(&bench);
    create_with(&bench, "pm_card_refundFails");
    ask_id(&bench, "/confirm", "", NULL);
    ask_id(&bench, "/capture", "", NULL);
    snprintf(form, sizeof form, "payment_intent=%s", bench.id);
    assert_int_equal(ask(&bench, "POST", "/v1/refunds", form, NULL), 200);
    assert_true(says(&bench, "\"status\":\"pending\""));
    wait(&bench, PGL_SECONDS(10));
    assert_int_equal(ask(&bench, "GET", "/v1/refunds", "", NULL), 200);
    assert_true(says(&bench, "\"status\":\"failed\""));
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).refunded_minor, 0);
    close_bench(&bench);
}

/* ---- bad requests ---- */

static void bad_requests_are_told_what_is_wrong(void **unused)
{
    (void)unused;
    static const struct {
        const char *method, *path, *form;
        int status;
        const char *says;
    } rows[] = {
        { "POST", CREATE, "currency=eur", 400, "\"param\":\"amount\"" },
        { "POST", CREATE, "amount=0&currency=eur", 400, "\"param\":\"amount\"" },
        { "POST", CREATE, "amount=-5&currency=eur", 400, "parameter_invalid" },
        { "POST", CREATE, "amount=1e3&currency=eur", 400, "parameter_invalid" },
        { "POST", CREATE, "amount=99999999999999999999&currency=eur", 400, "parameter_invalid" },
        { "POST", CREATE, "amount=5", 400, "\"param\":\"currency\"" },
        { "POST", CREATE, "amount=5&currency=e1r", 400, "\"param\":\"currency\"" },
        { "POST", CREATE, "amount=5&currency=euro", 400, "\"param\":\"currency\"" },
        { "POST", CREATE, "amount=5&currency=eur&capture_method=never", 400, "capture_method" },
        { "POST", CREATE, "amount=5&currency=eur&payment_method=pm_none", 400, "PaymentMethod" },
        { "POST", CREATE, "amount=5&currency=eur&payment_method=4242424242424242", 400, "No such" },
        { "POST", CREATE,
          "amount=5&currency=eur&payment_method_data[card][number]=4242424242424242", 400,
          "parameter_unknown" },
        { "POST", CREATE, "amount=5&currency=eur&payment_method_types[]=sepa_debit", 400, "types" },
        { "POST", CREATE, "amount=5&currency=eur&confirm=true", 400, "\"param\":\"payment_method" },
        { "POST", CREATE, "amount=%zz", 400, "urlencoded" },
        { "POST", CREATE "/pi_000000000123456789abcdef/confirm", "", 404, "resource_missing" },
        { "GET", CREATE "/pi_0", "", 404, "resource_missing" },
        { "GET", CREATE "?limit=101", "", 400, "\"param\":\"limit\"" },
        { "GET", CREATE "?starting_after=pi_1", "", 400, "starting_after" },
        { "GET", CREATE "/search", "", 400, "\"param\":\"query\"" },
        { "GET", CREATE "/search?query=amount>5", "", 400, "\"param\":\"query\"" },
        { "GET", "/v1/refunds/re_1", "", 404, "resource_missing" },
        { "POST", "/v1/refunds", "", 400, "\"param\":\"payment_intent\"" },
        { "POST", "/v1/refunds", "payment_intent=pi_1", 404, "resource_missing" },
        { "GET", "/v1/charges", "", 404, "Unrecognized" },
        { "DELETE", CREATE, "", 404, "Unrecognized" },
        { "GET", "/", "", 404, "Unrecognized" },
    };
    struct bench bench;
    open_bench(&bench);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        assert_int_equal(ask(&bench, rows[r].method, rows[r].path, rows[r].form, "k"),
                         rows[r].status);
        if (!says(&bench, rows[r].says))
            fail_msg("row %zu: %s", r, bench.body);
        assert_false(says(&bench, "4242")); /* no number is ever told */
    }
    ask(&bench, "GET", CREATE, "", NULL);
    assert_true(says(&bench, "\"data\":[]"));
    close_bench(&bench);
}

static void who_asks_bears_the_key(void **unused)
{
    (void)unused;
    static const char *const bearers[] = { "", "Bearer", "Bearer sk_test_panglo", "Basic c2s6",
                                           "Bearer sk_test_panglot2" };
    struct bench bench;
    open_bench(&bench);
    for (size_t b = 0; b < sizeof bearers / sizeof bearers[0]; b++) {
        struct pgl_bank_request request = { .method = PGL_TEXT("POST"),
                                            .path = PGL_TEXT(CREATE),
                                            .authorization = pgl_text_of(bearers[b]),
                                            .body = PGL_TEXT(VISA) };
        pgl_bank_ask(bench.bank, &request, PGL_BANK_WELL, 1, &bench.arena, &bench.answer);
        assert_int_equal(bench.answer.status, 401);
    }
    close_bench(&bench);
}

/* ---- lists ---- */

static int count(const char *text, const char *what)
{
    int found = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        found++;
    return found;
}

static void lists_have_pages(void **unused)
{
    (void)unused;
    struct bench bench;
    char path[128], query[256];
    open_bench(&bench);
    for (int i = 0; i < 25; i++, wait(&bench, PGL_SECONDS(1)))
        create(&bench, VISA);
    int pages = 0, seen = 0;
    snprintf(path, sizeof path, CREATE "?limit=10");
    for (bool has_more = true; has_more; pages++) {
        assert_int_equal(ask(&bench, "GET", path, "", NULL), 200);
        has_more = says(&bench, "\"has_more\":true");
        for (const char *at = bench.body; (at = strstr(at, "{\"id\":\"")) != NULL; at++, seen++)
            sscanf(at, "{\"id\":\"%27[^\"]", bench.id);
        snprintf(path, sizeof path, CREATE "?limit=10&starting_after=%s", bench.id);
    }
    assert_int_equal(pages, 3);
    assert_int_equal(seen, 25);
    snprintf(query, sizeof query, CREATE "?limit=100&created[gte]=%lld&created[lt]=%lld",
             1700000020LL, 1700000023LL);
    ask(&bench, "GET", query, "", NULL);
    assert_int_equal(count(bench.body, "{\"id\""), 3);
    close_bench(&bench);
}

static void search_finds_the_objects_of_an_order(void **unused)
{
    (void)unused;
    struct bench bench;
    const char *path = CREATE "/search?query=metadata%5B%27order_id%27%5D%3A%27o-1%27";
    open_bench(&bench);
    create_with(&bench, "pm_card_visa");
    create(&bench, VISA "&metadata[order_id]=o-2");
    create_with(&bench, "pm_card_visa");
    assert_int_equal(ask(&bench, "GET", path, "", NULL), 200);
    assert_int_equal(count(bench.body, "{\"id\""), 2);
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).intents, 2);
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-3")).intents, 0);
    struct pgl_text order_id;
    int orders = 0;
    for (uint64_t at = 0; pgl_bank_next_order(bench.bank, &at, &order_id);)
        orders++;
    assert_int_equal(orders, 2);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment_is_held_captured_and_given_back),
        cmocka_unit_test(states_admit_what_they_should),
        cmocka_unit_test(cards_do_what_they_are_called),
        cmocka_unit_test(many_slow_cards_become_due_at_once),
        cmocka_unit_test(a_capture_that_fails_leaves_the_hold),
        cmocka_unit_test(a_customer_agrees_or_does_not),
        cmocka_unit_test(a_refund_may_fail_later),
        cmocka_unit_test(bad_requests_are_told_what_is_wrong),
        cmocka_unit_test(who_asks_bears_the_key),
        cmocka_unit_test(lists_have_pages),
        cmocka_unit_test(search_finds_the_objects_of_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
