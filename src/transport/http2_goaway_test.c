/*
 * http2_goaway_test.c - how many requests a connection of HTTP/2 serves.
 * Method: our client over the twin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/http2_bench.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_so_many_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
