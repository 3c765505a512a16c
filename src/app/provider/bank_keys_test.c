/*
 * bank_keys_test.c - a key executes once, whatever goes wrong; a restart forgets nothing; the
 * ledger agrees whatever was asked.
 * Method: as in bank_test.c; at last thousands of requests at random, with faults.
 */
#include "app/provider/bank_bench.h"
#include "base/random.h"

/* ---- keys and faults ---- */

static void a_key_executes_once(void **unused)
{
    (void)unused;
    struct bench bench;
    static char first[sizeof bench.body];
    open_bench(&bench);
    assert_int_equal(ask(&bench, "POST", CREATE, VISA, "k"), 200);
    memcpy(first, bench.body, sizeof first);
    sscanf(first, "{\"id\":\"%27[^\"]", bench.id);
    ask_id(&bench, "/confirm", "", NULL); /* it has moved on since */
    assert_int_equal(ask(&bench, "POST", CREATE, VISA, "k"), 200);
    assert_true(bench.answer.is_replayed);
    assert_string_equal(bench.body, first); /* and yet the answer is the same bytes */
    assert_int_equal(ask(&bench, "POST", CREATE, VISA "&metadata[a]=b", "k"), 400);
    assert_true(says(&bench, "idempotency_error"));

    wait(&bench, PGL_HOURS(23));
    ask(&bench, "POST", CREATE, VISA, "k");
    assert_true(bench.answer.is_replayed);
    wait(&bench, PGL_HOURS(1));
    assert_int_equal(ask(&bench, "POST", CREATE, VISA, "k"), 200);
    assert_false(bench.answer.is_replayed);
    close_bench(&bench);
}

static void a_refusal_is_replayed_and_bad_input_is_not(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    create_with(&bench, "pm_card_chargeDeclined");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask_id(&bench, "/confirm", "", "k"), 402);
        assert_int_equal(bench.answer.is_replayed, i);
        assert_int_equal(ask_id(&bench, "/confirm", "payment_method=pm_no", "bad"), 400);
        assert_false(bench.answer.is_replayed);
    }
    close_bench(&bench);
}

static void a_failure_before_leaves_nothing(void **unused)
{
    (void)unused;
    static const struct {
        enum pgl_bank_fault fault;
        int status;
    } faults[] = { { PGL_BANK_FAIL_BEFORE, 500 }, { PGL_BANK_LIMITED, 429 } };
    for (int f = 0; f < 2; f++) {
        struct bench bench;
        open_bench(&bench);
        bench.fault = faults[f].fault;
        assert_int_equal(ask(&bench, "POST", CREATE, VISA, "k"), faults[f].status);
        assert_int_equal(bench.answer.retry_after_s > 0, faults[f].status == 429);
        assert_int_equal(ask(&bench, "POST", CREATE, VISA, "k"), 200);
        assert_false(bench.answer.is_replayed);
        close_bench(&bench);
    }
}

static void a_failure_behind_burns_the_key(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    create_with(&bench, "pm_card_visa");
    ask_id(&bench, "/confirm", "", NULL);
    bench.fault = PGL_BANK_FAIL_AFTER;
    assert_int_equal(ask_id(&bench, "/capture", "", "k"), 500);
    assert_int_equal(ask_id(&bench, "/capture", "", "k"), 500);
    assert_true(bench.answer.is_replayed);
    ask_id(&bench, "", "", NULL);
    assert_true(says(&bench, "\"status\":\"succeeded\"")); /* it was done all the same */
    close_bench(&bench);
}

static void what_is_late_is_executed_once(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    create_with(&bench, "pm_card_visa");
    ask_id(&bench, "/confirm", "", NULL);
    bench.fault = PGL_BANK_LATE;
    assert_int_equal(ask_id(&bench, "/capture", "", "k"), 500);
    assert_int_equal(ask_id(&bench, "/capture", "", "k"), 409);
    assert_true(says(&bench, "idempotency_key_in_use"));
    ask_id(&bench, "", "", NULL);
    assert_true(says(&bench, "\"status\":\"requires_capture\""));
    assert_true(pgl_bank_next_ns(bench.bank) <= bench.now_ns + bench.options.late_ns);
    wait(&bench, bench.options.late_ns);
    ask_id(&bench, "", "", NULL);
    assert_true(says(&bench, "\"status\":\"succeeded\""));
    assert_int_equal(ask_id(&bench, "/capture", "", "k"), 200);
    assert_true(bench.answer.is_replayed);
    close_bench(&bench);
}

static void a_cancel_may_overtake_a_late_capture(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    create_with(&bench, "pm_card_visa");
    ask_id(&bench, "/confirm", "", NULL);
    bench.fault = PGL_BANK_LATE;
    ask_id(&bench, "/capture", "", "k");
    assert_int_equal(ask_id(&bench, "/cancel", "", "c"), 200);
    wait(&bench, bench.options.late_ns);
    assert_int_equal(ask_id(&bench, "/capture", "", "k"), 400); /* what it came to */
    assert_int_equal(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).captured_minor, 0);
    close_bench(&bench);
}

/* ---- events, restarts, bounds ---- */

static void events_tell_what_happened(void **unused)
{
    (void)unused;
    struct bench bench;
    struct pgl_bank_event event;
    static const char *const types[] = { "payment_intent.created",
                                         "payment_intent.amount_capturable_updated",
                                         "payment_intent.succeeded" };
    open_bench(&bench);
    create_with(&bench, "pm_card_visa");
    ask_id(&bench, "/confirm", "", NULL);
    ask_id(&bench, "/capture", "", NULL);
    for (int i = 0; i < 3; i++) {
        assert_true(pgl_bank_take_event(bench.bank, &bench.arena, &event));
        assert_string_equal(event.type, types[i]);
        assert_non_null(memmem(event.body.data, event.body.size, bench.id, strlen(bench.id)));
        assert_int_equal(memcmp(event.body.data, "{\"id\":\"evt_", 11), 0);
    }
    assert_false(pgl_bank_take_event(bench.bank, &bench.arena, &event));
    for (int i = 0; i < PGL_BANK_EVENTS_MAX + 5; i++)
        create(&bench, VISA);
    assert_true(pgl_bank_take_event(bench.bank, &bench.arena, &event));
    assert_int_equal(event.number, 3 + 5); /* the oldest are lost, and the gap shows it */
    close_bench(&bench);
}

/* The same bank again, of what was kept. */
static void restart(struct bench *bench)
{
    pgl_bank_close(bench->bank);
    bench->options.seed++;
    bench->bank = pgl_bank_open(&bench->options);
    for (int kind = 0; kind < PGL_BANK_KIND_COUNT; kind++)
        for (uint64_t n = 0; n < bench->kept_count[kind]; n++) {
            struct pgl_text record = { bench->kept[kind][n].bytes, bench->kept[kind][n].size };
            pgl_status status =
                record.size == 0
                    ? PGL_OK
                    : pgl_bank_restore(bench->bank, (enum pgl_bank_kind)kind, n, record);
            assert_string_equal(status.text, "");
        }
}

static void a_restart_forgets_nothing(void **unused)
{
    (void)unused;
    struct bench bench;
    char ledger[2][4096] = { "", "" }, refund[128];
    open_bench(&bench);
    create_with(&bench, "pm_card_visa");
    ask_id(&bench, "/confirm", "", "k1");
    ask_id(&bench, "/capture", "amount_to_capture=1000", "k2");
    snprintf(refund, sizeof refund, "payment_intent=%s&amount=10&metadata[no]=7", bench.id);
    ask(&bench, "POST", "/v1/refunds", refund, "k3");
    create_with(&bench, "pm_card_holdExpires");
    ask_id(&bench, "/confirm", "", "k4");
    for (int i = 0; i < 2; i++) {
        struct pgl_buffer out;
        pgl_buffer_init(&out, sizeof ledger[0] - 1);
        pgl_bank_write_ledger(bench.bank, &out);
        memcpy(ledger[i], out.data, out.size);
        pgl_buffer_free(&out);
        restart(&bench);
    }
    assert_string_equal(ledger[0], ledger[1]);
    assert_int_equal(ask(&bench, "POST", "/v1/refunds", refund, "k3"), 200);
    assert_true(bench.answer.is_replayed);
    wait(&bench, PGL_SECONDS(3));
    ask_id(&bench, "", "", NULL);
    assert_true(says(&bench, "\"cancellation_reason\":\"automatic\""));
    close_bench(&bench);
}

static void foreign_records_are_refused(void **unused)
{
    (void)unused;
    struct bench bench;
    char junk[400];
    open_bench(&bench);
    memset(junk, 0xff, sizeof junk);
    for (int kind = 0; kind <= PGL_BANK_KIND_COUNT; kind++)
        for (size_t size = 0; size <= sizeof junk; size += 8)
            assert_int_not_equal(pgl_bank_restore(bench.bank, (enum pgl_bank_kind)kind, 0,
                                                  (struct pgl_text){ junk, size })
                                     .code,
                                 PGL_CODE_OK);
    close_bench(&bench);
}

static void a_full_bank_says_so(void **unused)
{
    (void)unused;
    struct bench bench;
    open_bench(&bench);
    int made = 0;
    while (made <= 5000 && ask(&bench, "POST", CREATE, VISA, NULL) == 200)
        made++;
    assert_int_equal(made, 5000);
    assert_int_equal(bench.answer.status, 429);
    close_bench(&bench);
}

/* Thousands of requests at random: whatever comes, the ledger agrees, and nothing is captured
 * twice. */
static void the_ledger_agrees_whatever_is_asked(void **unused)
{
    (void)unused;
    static const char *const cards[] = { "pm_card_visa",         "pm_card_chargeDeclined",
                                         "pm_card_holdExpires",  "pm_card_slow",
                                         "pm_card_captureFails", "pm_card_refundFails" };
    static const char *const verbs[] = { "/confirm", "/capture", "/cancel", "" };
    static char ids[300][28];
    struct pgl_random random;
    struct bench bench;
    int made = 0;
    pgl_random_seed(&random, 1, 1);
    open_bench(&bench);
    for (int i = 0; i < 20000; i++) {
        char key[32], form[128] = "";
        snprintf(key, sizeof key, "k%d", (int)pgl_random_below(&random, 3000));
        if (made == 0 || (made < 300 && pgl_random_chance(&random, 50000))) {
            create_with(&bench, cards[pgl_random_below(&random, 6)]);
            memcpy(ids[made++], bench.id, 28);
        }
        memcpy(bench.id, ids[pgl_random_below(&random, (uint64_t)made)], 28);
        bench.fault = pgl_random_chance(&random, 200000)
                          ? (enum pgl_bank_fault)pgl_random_below(&random, PGL_BANK_FAULT_COUNT)
                          : PGL_BANK_WELL;
        if (pgl_random_chance(&random, 200000)) {
            snprintf(form, sizeof form, "payment_intent=%s&amount=%d", bench.id,
                     (int)pgl_random_below(&random, 900));
            ask(&bench, "POST", "/v1/refunds", form, key);
        } else {
            const char *verb = verbs[pgl_random_below(&random, 4)];
            if (strcmp(verb, "/capture") == 0 && pgl_random_chance(&random, 500000))
                snprintf(form, sizeof form, "amount_to_capture=%d",
                         (int)pgl_random_below(&random, 2200));
            ask_id(&bench, verb, form, key);
        }
        wait(&bench, (int64_t)pgl_random_below(&random, PGL_MILLISECONDS(300)));
        const char *why = "";
        if (i % 100 == 0 && !pgl_bank_is_balanced(bench.bank, &why))
            fail_msg("after %d: %s", i, why);
    }
    assert_true(pgl_bank_order(bench.bank, PGL_TEXT("o-1")).captures > 20);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_executes_once),
        cmocka_unit_test(a_refusal_is_replayed_and_bad_input_is_not),
        cmocka_unit_test(a_failure_before_leaves_nothing),
        cmocka_unit_test(a_failure_behind_burns_the_key),
        cmocka_unit_test(what_is_late_is_executed_once),
        cmocka_unit_test(a_cancel_may_overtake_a_late_capture),
        cmocka_unit_test(events_tell_what_happened),
        cmocka_unit_test(a_restart_forgets_nothing),
        cmocka_unit_test(foreign_records_are_refused),
        cmocka_unit_test(a_full_bank_says_so),
        cmocka_unit_test(the_ledger_agrees_whatever_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
