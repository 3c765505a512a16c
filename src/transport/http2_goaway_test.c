/*
 * http2_last_test.c - how many requests a connection of HTTP/2 serves, and a body that is held back
 * until it is asked for.
 * Method: our client over the twin; frames byte by byte where it says too little.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http2_bench.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static const char no_settings[9] = { 0, 0, 0, 4, 0, 0, 0, 0, 0 };

static void a_connection_serves_so_many_requests(void **unused)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.requests_per_connection_max = 10;
    struct bench *bench = bench_open(&limits);
    struct caller *caller = caller_open(bench);
    (void)unused;
    for (int i = 0; i < 25; i++) {
        assert_int_equal(call_ask(caller, "/x")->status, 200);
        assert_int_equal(bench->server.metrics.connections_accepted.value, 1 + i / 10);
    }
    for (int second = 0; second < 5; second++)
        bench_pass(bench, PGL_SECONDS(1));
    assert_int_equal(bench->server.conn_count, 1); /* those before were left, and closed */
    assert_int_equal(bench->server.metrics.http2_complaints.value, 0);
    caller_close(caller);
    bench_close(bench);
}

static int heads_in(const struct client *client)
{
    int count = 0;
    for (size_t at = 0; at + 9 <= client->heard_bytes;
         at += 9 + (size_t)(uint8_t)client->heard[at + 2] + 256u * (uint8_t)client->heard[at + 1])
        count += client->heard[at + 3] == 1; /* HEADERS */
    return count;
}

/* POST http / of host "a", which holds its body back: Expect is field 35 of RFC 7541, appendix
 * A. */
#define EXPECTING(value)                                                                           \
    "\0\0\x15\1\4\0\0\0\1\x83\x86\x84\x01\x01"                                                     \
    "a\x0f\x14\x0c" value
static void a_body_that_is_held_back_is_asked_for(void **unused)
{
    static const char fine[] = EXPECTING("100-continue"), other[] = EXPECTING("200-continue");
    static const char body[] = "\0\0\1\0\1\0\0\0\1x";
    (void)unused;
    for (int is_other = 0; is_other < 2; is_other++) {
        struct bench *bench = bench_open_default();
        struct client *client = client_open(bench);
        client_say_bytes(client, preface, sizeof preface - 1);
        client_say_bytes(client, no_settings, sizeof no_settings);
        client_say_bytes(client, is_other ? other : fine, sizeof fine - 1);
        client_hear(client, SIZE_MAX);
        assert_int_equal(heads_in(client), 1);
        assert_int_equal(bench->asked_count, 0);
        assert_int_equal(bench->refused_status, is_other ? 417 : 0);
        client_say_bytes(client, body, sizeof body - 1);
        client_hear(client, SIZE_MAX);
        assert_int_equal(heads_in(client), is_other ? 1 : 2);
        assert_int_equal(bench->asked_count, !is_other);
        client_leave(client);
        bench_close(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_so_many_requests),
        cmocka_unit_test(a_body_that_is_held_back_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
