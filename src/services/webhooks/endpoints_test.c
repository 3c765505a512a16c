/*
 * endpoints_test.c - who may be told of what, and from where on.
 * Method: handlers over a real file, with a clock that the test moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "services/webhooks/webhooks_bench.h"

PGL_COMMAND(pgl_webhooks_change, struct webhook_change, EndpointResponse)
PGL_COMMAND(pgl_webhooks_rotate, struct webhook_rotate, EndpointResponse)
PGL_COMMAND(pgl_webhooks_delete, EndpointRequest, DeleteEndpointResponse)
PGL_QUERY(pgl_webhooks_list, ListEndpointsRequest, ListEndpointsResponse)

static void the_first_endpoint_sets_the_positions(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointResponse reply;
    assert_ok(try_create(bench, "https://a.example.com/", NULL, &reply));
    assert_true(bench->core.is_placed);
    assert_true(bench->core.is_changed);
    assert_int_equal(bench->core.places[1].position, 8);
    assert_string_equal(
        pgl_store_bench_rows(&bench->store, "SELECT log, epoch, position, hash FROM consumer"),
        pgl_store_bench_rows(&bench->store, "VALUES (2, 1, 7, 70), (3, 1, 8, 80), (4, 0, 0, 0)"));
    bench->core.is_placed = false;
    assert_ok(try_create(bench, "https://b.example.com/", NULL, &reply));
    assert_false(bench->core.is_placed); /* the second is told from where the first one is */
    bench_close(bench);
}

static void a_secret_is_shown_once(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointResponse reply;
    assert_ok(try_create(bench, "https://a.example.com/", CREATED, &reply));
    assert_string_equal(reply.endpoint->secret,
                        "whsec_WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=");
    assert_string_equal(look(bench, reply.endpoint->id)->secret, "");
    assert_string_equal(look(bench, reply.endpoint->id)->types[0], CREATED);
    bench_close(bench);
}

static void what_cannot_be_an_endpoint_is_refused(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointResponse reply;
    assert_int_equal(try_create(bench, "http://a.example.com/", NULL, &reply).code, PGL_INVALID);
    assert_int_equal(try_create(bench, "http://127.0.0.1/", NULL, &reply).code, PGL_INVALID);
    assert_int_equal(try_create(bench, "https://a.example.com/", "no.such", &reply).code,
                     PGL_INVALID);
    for (int i = 0; i < PGL_WEBHOOK_TENANT_MAX; i++)
        create(bench, pgl_arena_printf(&bench->store.arena, "https://a.example.com/%d", i), NULL);
    assert_int_equal(try_create(bench, "https://a.example.com/0", NULL, &reply).code,
                     PGL_ALREADY_EXISTS);
    assert_int_equal(try_create(bench, "https://b.example.com/", NULL, &reply).code, PGL_CONFLICT);
    bench->olga.tenant = pgl_message_string("other");
    assert_ok(try_create(bench, "https://a.example.com/0", NULL, &reply));
    bench_close(bench);
}

static void anothers_endpoint_is_not_there(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    char *id = create(bench, "https://a.example.com/", NULL);
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    DeleteEndpointResponse deleted = DELETE_ENDPOINT_RESPONSE_INIT;
    ListEndpointsRequest list = LIST_ENDPOINTS_REQUEST_INIT;
    ListEndpointsResponse listed = LIST_ENDPOINTS_RESPONSE_INIT;
    struct webhook_rotate rotate = { .ask = &ask };
    bench->olga.tenant = pgl_message_string("other");
    ask.caller = list.caller = &bench->olga;
    ask.id = id;
    assert_int_equal(query(bench, QUERY(pgl_webhooks_get), &ask, &reply).code, PGL_NOT_FOUND);
    assert_int_equal(command(bench, COMMAND(pgl_webhooks_delete), &ask, &deleted).code,
                     PGL_NOT_FOUND);
    assert_int_equal(command(bench, COMMAND(pgl_webhooks_rotate), &rotate, &reply).code,
                     PGL_NOT_FOUND);
    assert_ok(query(bench, QUERY(pgl_webhooks_list), &list, &listed));
    assert_int_equal(listed.n_items, 0);
    hear(bench);
    bench_close(bench);
}

/* ---- secrets ---- */

static void the_old_secret_signs_for_a_day(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    struct webhook_rotate rotate = { .ask = &ask };
    ask.caller = &bench->olga;
    ask.id = create(bench, "https://a.example.com/", NULL);
    memset(rotate.secret, 0xA5, sizeof rotate.secret);
    hear(bench);
    assert_int_equal(due(bench).items[0].secret_count, 1);
    assert_ok(command(bench, COMMAND(pgl_webhooks_rotate), &rotate, &reply));
    assert_int_equal(due(bench).items[0].secret_count, 2);
    assert_int_equal(due(bench).items[0].secrets[0][0], 0xA5);
    assert_int_equal(due(bench).items[0].secrets[1][0], 0x5A);
    bench->store.now_ns += PGL_HOURS(24);
    assert_int_equal(due(bench).items[0].secret_count, 1);
    assert_int_equal(due(bench).items[0].secrets[0][0], 0xA5);
    bench_close(bench);
}

/* ---- changes ---- */

static void an_endpoint_is_changed_and_enabled_again(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointChange change = ENDPOINT_CHANGE_INIT;
    ChangeEndpointRequest ask = CHANGE_ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    struct webhook_change asked = { .ask = &ask, .ends = { { 1, 20, 2 } } };
    ask.caller = &bench->olga;
    ask.id = create(bench, "https://a.example.com/", CREATED);
    ask.change = &change;
    bench->core.is_placed = false;

    change.url = pgl_message_string("https://10.0.0.1/");
    assert_int_equal(command(bench, COMMAND(pgl_webhooks_change), &asked, &reply).code,
                     PGL_INVALID);
    change.url = pgl_message_string("https://b.example.com/");
    change.state = ENDPOINT_STATE_DISABLED;
    assert_ok(command(bench, COMMAND(pgl_webhooks_change), &asked, &reply));
    assert_string_equal(reply.endpoint->url, "https://b.example.com/");
    assert_string_equal(reply.endpoint->types[0], CREATED);
    assert_int_equal(reply.endpoint->because, DISABLED_BECAUSE_OPERATOR);
    hear(bench);
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 0);
    assert_false(bench->core.is_placed);

    change.url = pgl_message_string("");
    change.state = ENDPOINT_STATE_ENABLED;
    assert_ok(command(bench, COMMAND(pgl_webhooks_change), &asked, &reply));
    assert_int_equal(reply.endpoint->because, 0);
    assert_true(bench->core.is_placed);
    assert_int_equal(bench->core.places[0].position, 20);
    bench_close(bench);
}

static void what_is_deleted_is_forgotten(void **unused)
{
    (void)unused;
    struct bench *bench = bench_open();
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    DeleteEndpointResponse deleted = DELETE_ENDPOINT_RESPONSE_INIT;
    create(bench, "https://b.example.com/", NULL);
    ask.caller = &bench->olga;
    ask.id = create(bench, "https://a.example.com/", NULL);
    hear(bench);
    assert_ok(command(bench, COMMAND(pgl_webhooks_delete), &ask, &deleted));
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 1);
    assert_int_equal(number(bench, "SELECT count(*) FROM endpoint"), 1);
    record(bench, 2, 500, 0); /* of one that was on its way */
    assert_int_equal(number(bench, "SELECT count(*) FROM delivery"), 1);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_endpoint_sets_the_positions),
        cmocka_unit_test(a_secret_is_shown_once),
        cmocka_unit_test(what_cannot_be_an_endpoint_is_refused),
        cmocka_unit_test(anothers_endpoint_is_not_there),
        cmocka_unit_test(the_old_secret_signs_for_a_day),
        cmocka_unit_test(an_endpoint_is_changed_and_enabled_again),
        cmocka_unit_test(what_is_deleted_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
