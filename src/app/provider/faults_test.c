/*
 * faults_test.c - a text makes the faults that it names, and they hit what they should.
 * Method: tables of texts; then many draws of each.
 */
#include "app/provider/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"

#define CAPTURE PGL_TEXT("/v1/payment_intents/pi_1/capture")

static struct pgl_arena arena;

static pgl_status read(struct pgl_faults *faults, const char *text)
{
    pgl_faults_init(faults);
    return pgl_faults_read(faults, pgl_text_of(text), &arena);
}

static void texts_are_read_whole_or_not_at_all(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool is_fit;
        uint32_t slow; /* chance in a million */
    } rows[] = {
        { "", true, 0 },
        { "slow=5%", true, 50000 },
        { "slow=0.25%", true, 2500 },
        { "slow=0.0001%", true, 1 },
        { "slow=100%,late=1%", true, 1000000 },
        { "slow=on&only=capture+get\n", true, 1000000 },
        { "slow=on,none", true, 0 },
        { " slow=on , times=3 ", true, 1000000 },
        { "slow=101%", false, 0 },
        { "slow=100.5%", false, 0 },
        { "slow=-1%", false, 0 },
        { "slow=1.-5%", false, 0 },
        { "slow=0.00001%", false, 0 },
        { "slow=5", false, 0 },
        { "slow=", false, 0 },
        { "slow", false, 0 },
        { "fast=on", false, 0 },
        { "slow=on,only=nothing", false, 0 },
        { "slow=on,late-ms=0", false, 0 },
        { "slow=on,slow-ms=-1", false, 0 },
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct pgl_faults faults;
        assert_int_equal(pgl_is_ok(read(&faults, rows[r].text)), rows[r].is_fit);
        assert_int_equal(faults.chances[PGL_FAULT_SLOW], rows[r].slow);
    }
}

static int count_hits(struct pgl_faults *faults, const char *method, struct pgl_text path)
{
    struct pgl_random random;
    int hits = 0;
    pgl_random_seed(&random, 1, 1);
    for (int i = 0; i < 1000; i++) {
        struct pgl_fault_draw draw = pgl_faults_draw(faults, &random, pgl_text_of(method), path);
        hits +=
            draw.bank != PGL_BANK_WELL || draw.cuts_before || draw.cuts_after || draw.slow_ns > 0;
    }
    return hits;
}

static void faults_hit_what_they_are_meant_for(void **unused)
{
    (void)unused;
    struct pgl_faults faults;
    assert_true(pgl_is_ok(read(&faults, "fail-after=on,only=capture+refund")));
    assert_int_equal(count_hits(&faults, "POST", CAPTURE), 1000);
    assert_int_equal(count_hits(&faults, "GET", CAPTURE), 0);
    assert_int_equal(count_hits(&faults, "POST", PGL_TEXT("/v1/payment_intents")), 0);
    assert_int_equal(count_hits(&faults, "POST", PGL_TEXT("/v1/refunds")), 1000);
    assert_true(pgl_is_ok(read(&faults, "late=on,times=3")));
    assert_int_equal(count_hits(&faults, "POST", CAPTURE), 3);
    assert_int_equal(faults.count, 3);
    assert_true(pgl_is_ok(read(&faults, "slow=10%")));
    assert_in_range(count_hits(&faults, "POST", CAPTURE), 70, 130);
    assert_true(pgl_is_ok(read(&faults, "down=on,only=capture,times=0")));
    assert_int_equal(count_hits(&faults, "GET", PGL_TEXT("/v1/refunds")), 1000);
}

static void each_fault_is_what_its_name_says(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        struct pgl_fault_draw draw;
    } rows[] = {
        { "down=on", { .cuts_before = true } },
        { "reset-before=on", { .cuts_before = true } },
        { "limited=on", { .bank = PGL_BANK_LIMITED } },
        { "fail-before=on", { .bank = PGL_BANK_FAIL_BEFORE } },
        { "fail-after=on", { .bank = PGL_BANK_FAIL_AFTER } },
        { "late=on,late-ms=7", { .bank = PGL_BANK_LATE, .late_ns = PGL_MILLISECONDS(7) } },
        { "reset-after=on", { .cuts_after = true } },
        { "slow=on,slow-ms=9", { .slow_ns = PGL_MILLISECONDS(9) } },
        { "webhook-lost=on", { .bank = PGL_BANK_WELL } },
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct pgl_faults faults;
        struct pgl_random random;
        pgl_random_seed(&random, 1, 1);
        assert_true(pgl_is_ok(read(&faults, rows[r].text)));
        struct pgl_fault_draw draw = pgl_faults_draw(&faults, &random, PGL_TEXT("POST"), CAPTURE);
        assert_int_equal(draw.bank, rows[r].draw.bank);
        assert_int_equal(draw.cuts_before, rows[r].draw.cuts_before);
        assert_int_equal(draw.cuts_after, rows[r].draw.cuts_after);
        assert_int_equal(draw.slow_ns, rows[r].draw.slow_ns);
        if (rows[r].draw.late_ns > 0)
            assert_int_equal(draw.late_ns, rows[r].draw.late_ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_whole_or_not_at_all),
        cmocka_unit_test(faults_hit_what_they_are_meant_for),
        cmocka_unit_test(each_fault_is_what_its_name_says),
    };
    pgl_arena_init(&arena, 4096, 65536);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pgl_arena_free(&arena);
    return failed;
}
