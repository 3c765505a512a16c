/*
 * hints_test.c - is a webhook believed only when it is the provider's and young, and does it then
 * do no more than make us ask?
 * Method: a body signed here, then signed wrongly in every way that comes to mind; good ones told
 *         to Payments on a bench, whose rows may change in one column only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "services/payments/card_bench.h"
#include "services/payments/hints.h"
#include "wire/digest.h"

#define SECRET "whsec_one"
#define NOW_S  INT64_C(1800000000)

static void sign(const char *secret, int64_t at_s, const char *body, char hex[65])
{
    char bytes[4096];
    uint8_t digest[PGL_DIGEST_BYTES];
    snprintf(bytes, sizeof bytes, "%lld.%s", (long long)at_s, body);
    pgl_hmac_sha256(pgl_text_of(secret), pgl_text_of(bytes), digest);
    pgl_hex_encode(digest, sizeof digest, hex);
    hex[64] = '\0';
}

static enum pgl_code verify(const char *field, const char *body)
{
    struct pgl_arena arena;
    pgl_arena_init(&arena, 65536, 1 << 20);
    pgl_status status = pgl_hint_verify(PGL_TEXT(SECRET), pgl_text_of(field), pgl_text_of(body),
                                        NOW_S * PGL_SECONDS(1), &arena);
    pgl_arena_free(&arena);
    return status.code;
}

static void only_the_providers_own_are_believed(void **unused)
{
    (void)unused;
    static const char body[] = "{\"id\":\"evt_1\"}";
    char good[65], others[65], late[65], early[65], field[512];
    sign(SECRET, NOW_S, body, good);
    sign("whsec_two", NOW_S, body, others);
    sign(SECRET, NOW_S - 301, body, late);
    sign(SECRET, NOW_S + 301, body, early);
    /* clang-format off */
    const struct { const char *format, *signature; int64_t at_s; enum pgl_code code; } rows[] = {
        { "t=%lld,v1=%s",               good,   NOW_S,       PGL_CODE_OK },
        { " t=%lld , v0=abc, v1=%s",    good,   NOW_S,       PGL_CODE_OK },
        { "t=%lld,v1=%s",               others, NOW_S,       PGL_DENIED },
        { "t=%lld,v1=%s",               good,   NOW_S + 1,   PGL_DENIED },
        { "t=%lld,v1=%s",               late,   NOW_S - 301, PGL_DENIED },
        { "t=%lld,v1=%s",               early,  NOW_S + 301, PGL_DENIED },
        { "t=%lld,v0=%s",               good,   NOW_S,       PGL_MALFORMED },
        { "t=%lld,v1=%.10s",            good,   NOW_S,       PGL_MALFORMED },
        { "t=x%lld,v1=%s",              good,   NOW_S,       PGL_MALFORMED },
        { "t=%lld0000000000000,v1=%s",  good,   NOW_S,       PGL_MALFORMED },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char format[64];
        snprintf(format, sizeof format, "%s", rows[i].format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(field, sizeof field, format, (long long)rows[i].at_s, rows[i].signature);
#pragma GCC diagnostic pop
        print_message("%s\n", field);
        assert_int_equal(verify(field, body), rows[i].code);
    }
    /* While a secret is changed, one of several is enough; the body has to be the very bytes. */
    snprintf(field, sizeof field, "t=%lld,v1=%s,v1=%s", (long long)NOW_S, others, good);
    assert_int_equal(verify(field, body), PGL_CODE_OK);
    assert_int_equal(verify(field, "{\"id\":\"evt_1\"} "), PGL_DENIED);
    assert_int_equal(verify("", body), PGL_MALFORMED);
}

static void what_it_is_about_is_found(void **unused)
{
    (void)unused;
    struct pgl_arena arena;
    struct card_hint hint;
    pgl_arena_init(&arena, 65536, 1 << 20);
    struct pgl_text body =
        PGL_TEXT("{\"object\":\"event\",\"id\":\"evt_7\",\"data\":{\"old\":[1,{\"id\":2}],"
                 "\"object\":{\"id\":\"pi_1\",\"metadata\":{\"x\":\"y\",\"order_id\":"
                 "\"019b0000-0000-0000-0000-000000000001\"}}},\"livemode\":false}");
    assert_true(pgl_is_ok(pgl_hint_read(body, &arena, &hint)));
    assert_true(pgl_text_is(hint.event_id, "evt_7"));
    pgl_id id = payments_bench_id(1);
    assert_true(pgl_id_equal(hint.order_id, id));
    assert_true(pgl_is_ok(pgl_hint_read(PGL_TEXT("{\"id\":\"e\",\"data\":7}"), &arena, &hint)));
    assert_true(pgl_id_is_zero(hint.order_id));
    static const char *const bad[] = {
        "", "[]", "{}", "{\"id\":7}", "{\"id\":\"\"}", "{\"id\":\"e\""
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(pgl_hint_read(pgl_text_of(bad[i]), &arena, &hint).code, PGL_MALFORMED);
    pgl_arena_free(&arena);
}

struct taking {
    struct card_hint hint;
    TakeHintResponse reply;
};

static pgl_status take(struct pgl_tx *tx, void *argument)
{
    struct taking *taking = argument;
    taking->reply = (TakeHintResponse)TAKE_HINT_RESPONSE_INIT;
    return pgl_hint_take(tx, &taking->hint, &taking->reply);
}

static bool take_hint(struct card_bench *bench, const char *event_id, int number)
{
    struct taking taking = { .hint = { pgl_text_of(event_id), payments_bench_id(number) } };
    assert_true(pgl_is_ok(pgl_writer_run_now(&bench->payments.store.writer, take, &taking)));
    return taking.reply.is_of_use;
}

/* The customer has acted, and the provider says so before we look again by ourselves. */
static void a_hint_makes_us_ask_and_changes_nothing(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    struct bench_order order = { 1, "ann", "card", 100, false };
    card_bench_open(&bench, 1);
    bench.script = ".a";
    assert_true(pgl_is_ok(
        payments_bench_hear(&bench.payments, payments_bench_created(&bench.payments, &order))));
    card_bench_run(&bench, PGL_SECONDS(1));
    assert_string_equal(bench.calls, "create authorize");

    const char *except[] = { "intent", "hint", NULL };
    const char *before = pgl_store_bench_dump(&bench.payments.store, except);
    assert_false(take_hint(&bench, "evt_1", 2)); /* of an order that is none of ours */
    assert_true(take_hint(&bench, "evt_2", 1));
    assert_false(take_hint(&bench, "evt_2", 1)); /* heard before */
    assert_string_equal(pgl_store_bench_dump(&bench.payments.store, except), before);

    card_bench_object(&bench, 1)->object.status = PROVIDER_HELD;
    card_bench_run(&bench, PGL_SECONDS(1));
    assert_string_equal(bench.calls, "create authorize get");
    assert_string_equal(payments_bench_said(&bench.payments, 1),
                        "PaymentActionRequired PaymentAuthorized");
    assert_false(take_hint(&bench, "evt_3", 1)); /* nothing is open any more */
    card_bench_close(&bench);
}

/* Whoever has it out is told by its answer. */
static void what_is_not_lost_is_left_alone(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    struct bench_order order = { 1, "ann", "card", 100, false };
    card_bench_open(&bench, 1);
    assert_true(pgl_is_ok(
        payments_bench_hear(&bench.payments, payments_bench_created(&bench.payments, &order))));
    assert_false(take_hint(&bench, "evt_1", 1)); /* planned */
    assert_true(pgl_is_ok(
        pgl_database_run(&bench.payments.store.writer.db, "UPDATE intent SET op_state = 2")));
    assert_false(take_hint(&bench, "evt_2", 1)); /* in flight */
    card_bench_close(&bench);
}

static void each_is_taken_once_and_forgotten_after_a_month(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    static const char count[] = "SELECT count(*) FROM hint";
    card_bench_open(&bench, 1);
    struct pgl_store_bench *store = &bench.payments.store;
    for (int i = 0; i < 3; i++)
        take_hint(&bench, "evt_1", 1);
    assert_int_equal(pgl_store_bench_number(store, count), 1);
    store->now_ns += PGL_HINT_MEMORY_NS + PGL_HOURS(1);
    pgl_store_bench_turn(store);
    take_hint(&bench, "evt_2", 1);
    assert_int_equal(pgl_store_bench_number(store, count), 1);
    card_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_providers_own_are_believed),
        cmocka_unit_test(what_it_is_about_is_found),
        cmocka_unit_test(a_hint_makes_us_ask_and_changes_nothing),
        cmocka_unit_test(what_is_not_lost_is_left_alone),
        cmocka_unit_test(each_is_taken_once_and_forgotten_after_a_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
