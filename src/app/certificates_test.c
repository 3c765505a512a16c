/*
 * certificates_test.c - what is read again is shown when it is right, and said once when it is not.
 * Method: a listener's loop and the reload's over the twin; two files in memory, which the test
 * changes while the clock goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "app/certificates.h"
#include "platform/twin.h"
#include "wire/tls_bench.h"

#define CHECK_EVERY_NS PGL_SECONDS(5)

static struct {
    struct pgl_twin twin;
    struct pgl_disk disk;
    const char *pem; /* the file's text; NULL when it is not there */
    struct pgl_loop listener, reading;
    struct pgl_reload reload;
    struct pgl_certificates certificates;
    struct tls_bench authority;
    char first[TLS_BENCH_PEM], second[TLS_BENCH_PEM], expired[TLS_BENCH_PEM];
} bench;

static pgl_status read_file(struct pgl_disk *disk, const char *path, size_t limit,
                            struct pgl_arena *arena, struct pgl_text *text)
{
    (void)disk;
    assert_string_equal(path, "shop.pem");
    if (bench.pem == NULL)
        return PGL_FAIL(PGL_NOT_FOUND, "no such file");
    assert_true(strlen(bench.pem) <= limit);
    *text = (struct pgl_text){ pgl_arena_string(arena, pgl_text_of(bench.pem)), strlen(bench.pem) };
    return PGL_OK;
}

static const struct pgl_disk_ops disk_ops = { .read_file = read_file };

static pgl_status try_open(void)
{
    const struct pgl_certificates_options options = { .certificates = "shop.pem",
                                                      .keys = "shop.pem",
                                                      .offers_http2 = true,
                                                      .check_every_ns = CHECK_EVERY_NS };
    return pgl_certificates_open(&bench.certificates, &bench.twin.platform, &bench.reload,
                                 &bench.listener, &options);
}

static int begin(void **unused)
{
    (void)unused;
    memset(&bench, 0, sizeof bench);
    pgl_twin_open(&bench.twin, 1);
    bench.disk.ops = &disk_ops;
    bench.twin.platform.disk = &bench.disk;
    struct pgl_waiter *waiter = bench.twin.platform.waiter_open(&bench.twin.platform);
    pgl_loop_init(&bench.listener, "edge", &bench.twin.platform, waiter);
    pgl_loop_init(&bench.reading, "reload", &bench.twin.platform, waiter);
    bench.reading.log.least = PGL_LOG_ERROR + 1;
    pgl_reload_open(&bench.reload, &bench.reading);
    tls_bench_open(&bench.authority, TLS_RIGHT);
    const int64_t now_s = TLS_BENCH_NOW_S, day_s = TLS_BENCH_DAY_S;
    tls_bench_issue(&bench.authority, "P-256", "DNS:shop.example", "serverAuth", now_s + 40 * day_s,
                    bench.first);
    tls_bench_issue(&bench.authority, "P-256", "DNS:shop.example", "serverAuth", now_s + 90 * day_s,
                    bench.second);
    tls_bench_issue(&bench.authority, "P-256", "DNS:shop.example", "serverAuth", now_s - 60,
                    bench.expired);
    bench.pem = bench.first;
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    pgl_certificates_close(&bench.certificates);
    tls_bench_close(&bench.authority);
    bench.listener.waiter->ops->close(bench.listener.waiter);
    pgl_twin_close(&bench.twin);
    return 0;
}

static void pass(int64_t by_ns)
{
    pgl_twin_advance(&bench.twin, by_ns);
    for (int i = 0; i < 10; i++) {
        (void)!pgl_loop_turn(&bench.reading);
        (void)!pgl_loop_turn(&bench.listener);
    }
}

static void expect(uint64_t exchanged, uint64_t refused, uint64_t days_left)
{
    assert_int_equal(bench.certificates.exchanged.value, exchanged);
    assert_int_equal(bench.certificates.refused.value, refused);
    assert_int_equal(bench.certificates.days_left.value, days_left);
}

static void another_file_is_shown_from_then_on(void **unused)
{
    (void)unused;
    assert_true(pgl_is_ok(try_open()));
    const struct pgl_tls_context *first = bench.certificates.contexts.current;
    assert_non_null(first);
    pass(2 * CHECK_EVERY_NS);
    expect(0, 0, 39);
    bench.pem = bench.second;
    pass(CHECK_EVERY_NS - PGL_SECONDS(1));
    assert_ptr_equal(bench.certificates.contexts.current, first);
    pass(PGL_SECONDS(2));
    expect(1, 0, 89);
    pass(10 * CHECK_EVERY_NS); /* the same is not shown anew */
    expect(1, 0, 89);
}

/* Half a day of looks at a file that stays as it is. */
static void looking_takes_no_more_and_more_memory(void **unused)
{
    (void)unused;
    assert_true(pgl_is_ok(try_open()));
    for (int i = 0; i < 10000; i++)
        pass(CHECK_EVERY_NS);
    bench.pem = bench.second;
    pass(CHECK_EVERY_NS);
    expect(1, 0, 89);
}

static void who_is_told_does_not_wait(void **unused)
{
    (void)unused;
    assert_true(pgl_is_ok(try_open()));
    bench.pem = bench.second;
    pgl_reload_ask(&bench.reload);
    pass(PGL_SECONDS(1));
    expect(1, 0, 89);
}

static void what_is_wrong_is_said_once_and_changes_nothing(void **unused)
{
    const char *const wrong[] = { "nonsense", bench.expired, "", NULL };
    (void)unused;
    assert_true(pgl_is_ok(try_open()));
    const struct pgl_tls_context *first = bench.certificates.contexts.current;
    for (uint64_t i = 0; i < 4; i++) {
        bench.pem = wrong[i];
        pass(CHECK_EVERY_NS);
        pass(5 * CHECK_EVERY_NS);
        expect(0, i + 1, 39);
        assert_ptr_equal(bench.certificates.contexts.current, first);
    }
    bench.pem = bench.first; /* as before: nothing to exchange, and what is wrong next is news */
    pass(CHECK_EVERY_NS);
    expect(0, 4, 39);
    bench.pem = "nonsense";
    pass(CHECK_EVERY_NS);
    expect(0, 5, 39);
}

static void it_begins_with_what_has_ended_but_not_with_nonsense(void **unused)
{
    (void)unused;
    bench.pem = "nonsense";
    pgl_status status = try_open();
    assert_false(pgl_is_ok(status));
    assert_non_null(strstr(status.text, "shop.pem"));
    pgl_certificates_close(&bench.certificates);
    bench.pem = bench.expired;
    assert_true(pgl_is_ok(try_open()));
    expect(0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_file_is_shown_from_then_on, begin, end),
        cmocka_unit_test_setup_teardown(looking_takes_no_more_and_more_memory, begin, end),
        cmocka_unit_test_setup_teardown(who_is_told_does_not_wait, begin, end),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_once_and_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(it_begins_with_what_has_ended_but_not_with_nonsense, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
