/*
 * provider_http_test.c - calls over connections to a bank that behaves, and to one that does not.
 * Method: the pool over the twin; the bank is a listener whose connections do what the test says.
 * Each caller is a flow, as the worker's are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "services/payments/provider_http_bench.h"
#include "wire/tls_bench.h"

static void one_connection_is_kept(void **unused)
{
    struct bench bench;
    struct caller caller;
    (void)unused;
    bench_open(&bench);
    bench.twin.draws_sizes = true;
    bench.answer = held_answer();
    for (int i = 0; i < 20; i++) {
        call(&bench, &caller, i % 2 == 0 ? PROVIDER_AUTHORIZE : PROVIDER_GET);
        assert_seen(&caller, PROVIDER_SEEN_OUTCOME);
        assert_int_equal(caller.call.object.status, PROVIDER_HELD);
        assert_int_equal(caller.call.http_status, 200);
    }
    assert_int_equal(bench.asked_count, 20);
    assert_int_equal(bench.conn_count, 1);
    assert_non_null(strstr(bench.last_asked, "GET /v1/payment_intents/pi_1?"));
    assert_non_null(strstr(bench.last_asked, "Host: bank.example:8443\r\n"));
    assert_non_null(strstr(bench.last_asked, "Authorization: Bearer " SECRET "\r\n"));
    pass(&bench, PGL_SECONDS(21)); /* idle for too long to be trusted */
    call(&bench, &caller, PROVIDER_GET);
    assert_seen(&caller, PROVIDER_SEEN_OUTCOME);
    assert_int_equal(bench.conn_count, 2);
    assert_string_equal(bench.log, "");
    bench_close(&bench);
}

static void calls_wait_for_a_line_or_are_turned_away(void **unused)
{
    struct bench bench;
    struct caller callers[CALLS_MAX];
    (void)unused;
    bench_open(&bench);
    for (int i = 0; i < 6; i++) /* two lines, three that wait, and one too many */
        call(&bench, &callers[i], PROVIDER_GET);
    assert_int_equal(bench.conn_count, 2);
    assert_seen(&callers[5], PROVIDER_SEEN_NOT_SENT);
    for (int i = 0; i < 5; i++)
        assert_false(callers[i].is_over);
    bench.answer = held_answer();
    run(&bench);
    for (int i = 0; i < 5; i++)
        assert_seen(&callers[i], PROVIDER_SEEN_OUTCOME);
    assert_int_equal(bench.conn_count, 2);
    assert_int_equal(bench.asked_count, 5);
    bench_close(&bench);
}

static void who_waits_in_vain_was_not_asked(void **unused)
{
    struct bench bench;
    struct caller callers[CALLS_MAX];
    (void)unused;
    bench_open(&bench);
    for (int i = 0; i < 5; i++)
        call(&bench, &callers[i], PROVIDER_CAPTURE);
    int64_t began_ns = bench.loop.now_ns;
    pass(&bench, PGL_SECONDS(9));
    assert_false(callers[0].is_over);
    pass(&bench, PGL_SECONDS(2));
    for (int i = 0; i < 5; i++) {
        assert_seen(&callers[i], i < 2 ? PROVIDER_SEEN_UNKNOWN : PROVIDER_SEEN_NOT_SENT);
        assert_int_equal(callers[i].over_ns, began_ns + PGL_SECONDS(10));
    }
    assert_int_equal(bench.conn_count, 2);
    bench_close(&bench);
}

static void a_call_ends_in_time(void **unused)
{
    struct bench bench;
    struct caller caller;
    (void)unused;
    bench_open(&bench);
    call(&bench, &caller, PROVIDER_CAPTURE);
    say(&bench.conns[0], "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 99; i++) { /* a byte in 200 ms: it never stands still */
        pass(&bench, PGL_MILLISECONDS(200));
        if (caller.is_over)
            break;
        say(&bench.conns[0], " ");
    }
    assert_seen(&caller, PROVIDER_SEEN_UNKNOWN);
    assert_int_equal(caller.call.http_status, 0);
    run(&bench);
    assert_null(bench.conns[0].socket); /* what comes now would be the answer to something else */
    bench_close(&bench);
}

static void a_call_has_its_own_patience(void **unused)
{
    struct bench bench;
    struct caller caller;
    (void)unused;
    bench_open(&bench);
    begin(&bench, &caller, PROVIDER_GET, PGL_SECONDS(1));
    run(&bench);
    int64_t began_ns = bench.twin.now_ns;
    pass(&bench, PGL_SECONDS(3));
    assert_seen(&caller, PROVIDER_SEEN_UNKNOWN);
    assert_true(caller.over_ns - began_ns <= PGL_MILLISECONDS(1100));
    bench_close(&bench);
}

/* What is answered, and how the connection goes on. */
static void bad_answers_conclude_nothing(void **unused)
{
    static char big[80 << 10];
    static const struct {
        const char *answer;
        bool hangs_up;
        enum provider_seen seen;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>...", false, PROVIDER_SEEN_UNKNOWN },
        { "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"id\"", true, PROVIDER_SEEN_UNKNOWN },
        { "HTTP/1.1 20", true, PROVIDER_SEEN_UNKNOWN },
        { "", true, PROVIDER_SEEN_UNKNOWN },
        { "nonsense\r\n\r\n", false, PROVIDER_SEEN_UNKNOWN },
        { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false, PROVIDER_SEEN_UNKNOWN },
        { "HTTP/1.1 500 No\r\nIdempotent-Replayed: true\r\nContent-Length: 0\r\n\r\n", false,
          PROVIDER_SEEN_BURNT },
        { "HTTP/1.1 302 Found\r\nLocation: http://bank.example:8443/x\r\nContent-Length: 0\r\n\r\n",
          false, PROVIDER_SEEN_UNKNOWN },
        { "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", false,
          PROVIDER_SEEN_NOT_SENT },
        { big, false, PROVIDER_SEEN_UNKNOWN },
    };
    (void)unused;
    size_t at = (size_t)snprintf(big, sizeof big, OK_HEAD "70000\r\n\r\n");
    memset(big + at, ' ', 60000); /* under the pipe's size, and over what an answer may have */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench bench;
        struct caller caller;
        bench_open(&bench);
        bench.twin.pipe_bytes_max = sizeof big;
        call(&bench, &caller, PROVIDER_CAPTURE);
        assert_false(caller.is_over);
        say(&bench.conns[0], rows[i].answer);
        run(&bench);
        if (rows[i].answer == big)
            say(&bench.conns[0], big + at); /* as much again */
        run(&bench);
        if (rows[i].hangs_up)
            hang_up(&bench);
        run(&bench);
        assert_seen(&caller, rows[i].seen);
        bench.answer = held_answer(); /* and the next call finds its way */
        call(&bench, &caller, PROVIDER_GET);
        assert_seen(&caller, PROVIDER_SEEN_OUTCOME);
        bench_close(&bench);
    }
}

static void who_is_not_reached_was_not_asked(void **unused)
{
    struct bench bench;
    struct caller caller;
    (void)unused;
    bench_open(&bench);
    stop_listening(&bench);
    for (int i = 0; i < 3; i++) {
        call(&bench, &caller, PROVIDER_CAPTURE);
        assert_seen(&caller, PROVIDER_SEEN_NOT_SENT);
    }
    const char *line = strstr(bench.log, "provider-unreachable");
    assert_non_null(line);
    assert_null(strstr(line + 1, "provider-")); /* said once */
    assert_true(pgl_is_ok(
        bench.waiter->ops->listen(bench.waiter, "192.0.2.7", PORT, &bench.news, &bench.listener)));
    bench.answer = held_answer();
    call(&bench, &caller, PROVIDER_CAPTURE);
    assert_seen(&caller, PROVIDER_SEEN_OUTCOME);
    assert_non_null(strstr(line, "provider-reachable"));
    bench_close(&bench);
}

static void names_that_lead_nowhere(void **unused)
{
    static const struct {
        struct pgl_twin_name name;
        int64_t delay_ns;
    } rows[] = {
        { { "bank.example", "" }, 0 },
        { { "bank.example", NULL }, 0 },
        { { "bank.example", "192.0.2.7" }, PGL_SECONDS(9) }, /* the resolver takes its time */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench bench;
        struct caller caller;
        bench_open(&bench);
        bench.twin.names[0] = rows[i].name;
        bench.twin.delay_ns = rows[i].delay_ns;
        call(&bench, &caller, PROVIDER_CAPTURE);
        assert_int_equal(caller.is_over, rows[i].delay_ns == 0);
        int64_t began_ns = bench.loop.now_ns;
        pass(&bench, PGL_SECONDS(3));
        assert_seen(&caller, PROVIDER_SEEN_NOT_SENT);
        assert_true(caller.over_ns - began_ns <= PGL_SECONDS(2));
        bench_close(&bench);
    }
}

static void a_slow_connection_was_not_asked(void **unused)
{
    struct bench bench;
    struct caller caller;
    (void)unused;
    bench_open(&bench);
    bench.answer = held_answer();
    call(&bench, &caller, PROVIDER_GET); /* the name is known now */
    hang_up(&bench);
    run(&bench);
    bench.twin.delay_ns = PGL_SECONDS(5);
    call(&bench, &caller, PROVIDER_CAPTURE);
    int64_t began_ns = bench.loop.now_ns;
    pass(&bench, PGL_SECONDS(3));
    assert_seen(&caller, PROVIDER_SEEN_NOT_SENT);
    assert_int_equal(caller.over_ns, began_ns + PGL_SECONDS(2));
    bench.twin.delay_ns = 0;
    pass(&bench, PGL_SECONDS(6));
    bench_close(&bench);
}

static void a_kept_connection_that_died_is_made_anew(void **unused)
{
    struct bench bench;
    struct caller caller;
    (void)unused;
    bench_open(&bench);
    bench.answer = held_answer();
    call(&bench, &caller, PROVIDER_GET);
    pgl_twin_break(bench.conns[0].socket); /* and nobody has looked yet */
    call(&bench, &caller, PROVIDER_CAPTURE);
    assert_seen(&caller, PROVIDER_SEEN_OUTCOME);
    assert_int_equal(bench.conn_count, 2);
    hang_up(&bench);
    call(&bench, &caller, PROVIDER_CAPTURE); /* closed in peace */
    assert_seen(&caller, PROVIDER_SEEN_OUTCOME);
    assert_int_equal(bench.conn_count, 3);
    bench_close(&bench);
}

static void what_cannot_be_asked_is_our_bug(void **unused)
{
    struct bench bench;
    struct caller caller;
    (void)unused;
    bench_open(&bench);
    bench.answer = held_answer();
    call(&bench, &caller, PROVIDER_CREATE); /* without a card */
    assert_seen(&caller, PROVIDER_SEEN_OUR_BUG);
    call(&bench, &caller, PROVIDER_GET);
    assert_seen(&caller, PROVIDER_SEEN_OUTCOME);
    assert_int_equal(bench.conn_count, 1);
    assert_int_equal(bench.asked_count, 1);
    bench_close(&bench);
}

static void a_bank_that_cannot_show_who_it_is(void **unused)
{
    static const enum tls_bench_kind kinds[] = { TLS_OTHER_NAME, TLS_EXPIRED, TLS_SELF_SIGNED,
                                                 TLS_NO_TLS };
    (void)unused;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct bench bench;
        struct caller caller;
        struct tls_bench server;
        struct pgl_provider_http_options options = plain;
        tls_bench_open(&server, kinds[i]);
        options.base_url = "https://bank.example:8443/";
        options.ca_file = "ca";
        bench_open_with(&bench, server.ca_pem, &options);
        call(&bench, &caller, PROVIDER_CAPTURE);
        for (int round = 0; round < 8 && !caller.is_over; round++) { /* each address is tried */
            char bytes[8192 + 1];
            struct conn *conn = &bench.conns[bench.conn_count - 1];
            tls_bench_restart(&server);
            tls_bench_take(&server, conn->asked, conn->asked_bytes);
            conn->asked_bytes = 0;
            size_t size = tls_bench_give(&server, bytes, sizeof bytes - 1);
            struct pgl_span span = { bytes, size };
            if (size > 0 && conn->socket != NULL)
                conn->socket->ops->write(conn->socket, &span, 1, &size);
            run(&bench);
        }
        assert_seen(&caller, PROVIDER_SEEN_NOT_SENT);
        assert_int_equal(server.plain_bytes, 0);
        assert_int_equal(bench.conn_count, 2);
        assert_non_null(strstr(bench.log, "provider-unreachable"));
        bench_close(&bench);
        tls_bench_close(&server);
    }
}

static void wrong_options_are_refused(void **unused)
{
    static const struct {
        const char *url, *key, *key_text, *ca, *ca_text;
        enum pgl_code code;
    } rows[] = {
        { "http://bank.example", "key", SECRET, NULL, NULL, PGL_CODE_OK },
        { "http://bank.example/", "key", SECRET "\r\n", NULL, NULL, PGL_CODE_OK },
        { "bank.example", "key", SECRET, NULL, NULL, PGL_INVALID },
        { "https://bank.example/v1", "key", SECRET, NULL, NULL, PGL_INVALID },
        { "http://bank.example", "other", SECRET, NULL, NULL, PGL_NOT_FOUND },
        { "http://bank.example", "key", "", NULL, NULL, PGL_INVALID },
        { "http://bank.example", "key", "\n", NULL, NULL, PGL_INVALID },
        { "http://bank.example", "key", "two words", NULL, NULL, PGL_INVALID },
        { "http://bank.example", "key", "two\nlines", NULL, NULL, PGL_INVALID },
        { "https://bank.example", "key", SECRET, "other", NULL, PGL_NOT_FOUND },
        { "https://bank.example", "key", SECRET, "ca", "", PGL_INVALID },
        { "https://bank.example", "key", SECRET, "ca", "no certificate", PGL_INVALID },
    };
    struct bench bench;
    (void)unused;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pgl_provider_http provider;
        struct pgl_provider_http_options options = { .base_url = rows[i].url,
                                                     .key_file = rows[i].key,
                                                     .ca_file = rows[i].ca };
        bench.key_text = rows[i].key_text;
        bench.ca_text = rows[i].ca_text;
        assert_int_equal(pgl_provider_http_open(&provider, &bench.loop, &options).code,
                         rows[i].code);
        pgl_provider_http_close(&provider);
        pgl_provider_http_close(&provider); /* once more does no harm */
    }
    bench_close(&bench);
}

static void it_may_be_closed_with_calls_out(void **unused)
{
    struct bench bench;
    struct caller callers[CALLS_MAX];
    (void)unused;
    bench_open(&bench);
    for (int i = 0; i < 5; i++)
        call(&bench, &callers[i], PROVIDER_GET);
    bench_close(&bench);
    bench_open(&bench);
    bench.twin.delay_ns = PGL_SECONDS(1);
    call(&bench, &callers[0], PROVIDER_GET);     /* the name is being looked up */
    begin(&bench, &callers[1], PROVIDER_GET, 0); /* and this one has not begun */
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_is_kept),
        cmocka_unit_test(calls_wait_for_a_line_or_are_turned_away),
        cmocka_unit_test(who_waits_in_vain_was_not_asked),
        cmocka_unit_test(a_call_ends_in_time),
        cmocka_unit_test(a_call_has_its_own_patience),
        cmocka_unit_test(bad_answers_conclude_nothing),
        cmocka_unit_test(who_is_not_reached_was_not_asked),
        cmocka_unit_test(names_that_lead_nowhere),
        cmocka_unit_test(a_slow_connection_was_not_asked),
        cmocka_unit_test(a_kept_connection_that_died_is_made_anew),
        cmocka_unit_test(what_cannot_be_asked_is_our_bug),
        cmocka_unit_test(a_bank_that_cannot_show_who_it_is),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(it_may_be_closed_with_calls_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
