/*
 * jwks_test.c - keys of issuers are fetched, told, kept when they have gone, and followed when
 * somebody asks; and what does not fit is not believed.
 * Method: an issuer on the twin's network, which answers what the test has written; the edge is the
 * one of trust_bench.h. Through TLS: tests/blackbox/identity_test.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "edge/jwks.h"
#include "edge/trust_bench.h"

#define PORT   9000
#define ISSUER "http://127.0.0.1:9000"

static struct site {
    struct pgl_http_server server;
    struct edge_jwks jwks;
    struct edge_issuers_options options;
    struct edge_issuers issuers;
    struct pgl_key keys[3];
    int published; /* bits: which of them are in the document */
    int status, fetches, discoveries;
    const char *cache_control, *issuer, *keys_at;
    bool is_silent;
    struct pgl_http_exchange *held;
} * site;

static void write_keys(struct pgl_buffer *body)
{
    struct pgl_key_set set;
    pgl_key_set_init(&set);
    for (int i = 0; i < 3; i++)
        if (site->published & 1 << i)
            assert_true(pgl_is_ok(pgl_key_set_add(&set, &site->keys[i])));
    pgl_key_set_write(&set, body);
    pgl_key_set_free(&set);
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    (void)owner;
    bool is_discovery = !pgl_text_is(exchange->head.target, "/keys");
    struct pgl_http_field field = { PGL_TEXT("cache-control"), pgl_text_of(site->cache_control) };
    struct pgl_buffer body;
    pgl_buffer_init(&body, 4096);
    if (is_discovery)
        pgl_buffer_printf(&body, "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", site->issuer,
                          site->keys_at);
    else
        write_keys(&body);
    site->discoveries += is_discovery;
    site->fetches += !is_discovery;
    char *copy = pgl_arena_string(&exchange->arena, pgl_buffer_text(&body));
    if (site->is_silent)
        site->held = exchange;
    else
        pgl_http_respond(exchange, site->status, &field, site->cache_control[0] != '\0',
                         (struct pgl_text){ copy, body.size });
    pgl_buffer_free(&body);
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    (void)owner;
    pgl_http_respond(exchange, status, NULL, 0, pgl_text_of(reason));
}

static bool work(void *owner)
{
    return pgl_http_server_work(owner);
}

static int site_open(void **unused)
{
    struct pgl_http_server_options options = { .limits = PGL_HTTP_LIMITS_DEFAULT,
                                               .on_request = on_request,
                                               .refuse = refuse };
    (void)bench_open(unused);
    site = calloc(1, sizeof *site);
    assert_non_null(site);
    assert_true(
        pgl_is_ok(pgl_http_server_open(&site->server, &bench->loop, "127.0.0.1", PORT, &options)));
    bench->loop.work = work;
    bench->loop.owner = &site->server;
    for (int i = 0; i < 3; i++)
        assert_true(pgl_is_ok(pgl_key_generate(&site->keys[i])));
    site->published = 1;
    site->status = 200;
    site->cache_control = "";
    site->issuer = ISSUER;
    site->keys_at = ISSUER "/keys";
    site->options = (struct edge_issuers_options)EDGE_ISSUERS_OPTIONS_DEFAULT;
    site->options.loopback_too = true;
    site->issuers.count = 1;
    site->issuers.policies[0].issuer = PGL_TEXT(ISSUER);
    return 0;
}

static int site_close(void **unused)
{
    if (site->held != NULL)
        pgl_http_respond(site->held, 200, NULL, 0, PGL_TEXT(""));
    edge_jwks_close(&site->jwks);
    pgl_http_server_cut(&site->server);
    bench_run(0);
    pgl_http_server_close(&site->server);
    for (int i = 0; i < 3; i++)
        pgl_key_close(&site->keys[i]);
    free(site);
    return bench_close(unused);
}

static void start(void)
{
    assert_true(pgl_is_ok(
        edge_jwks_open(&site->jwks, &bench->loop, &bench->trust, &site->options, &site->issuers)));
    edge_jwks_start(&site->jwks);
    bench_run(0);
}

/* Bits: which of the keys the edge takes. */
static int taken(void)
{
    const struct pgl_key_set *keys = bench->trust.issuers[1].keys;
    int bits = 0;
    for (int i = 0; i < 3 && keys != NULL; i++)
        bits |= (pgl_key_set_find(keys, pgl_text_of(site->keys[i].kid)) != NULL) << i;
    return bits;
}

/* Somebody shows a key that nobody knows. */
static void wish(void)
{
    bench->trust.state[1].next_wish_ns = 0;
    assert_true(edge_trust_wish(&bench->trust));
    bench_run(0);
}

static void where_they_are_is_found_and_they_are_told(void **unused)
{
    (void)unused;
    start();
    assert_int_equal(taken(), 1);
    assert_int_equal(site->discoveries, 1);
    wish(); /* from then on they are asked for directly */
    assert_int_equal(site->discoveries, 1);
    assert_int_equal(site->fetches, 2);
    assert_false(bench->trust.state[1].is_asked); /* it was answered */
}

static void a_configured_url_is_asked_at_once(void **unused)
{
    (void)unused;
    site->issuers.jwks[0] = PGL_TEXT(ISSUER "/keys");
    start();
    assert_int_equal(taken(), 1);
    assert_int_equal(site->discoveries, 0);
}

static void a_wish_brings_what_is_new_and_keeps_what_has_gone(void **unused)
{
    (void)unused;
    start();
    site->published = 2;
    wish();
    assert_int_equal(taken(), 1 | 2);
    /* what was signed before the rotation stays good for twice a token's life */
    bench_run(2 * site->options.lifetime_ns - PGL_SECONDS(1));
    assert_int_equal(taken(), 1 | 2);
    bench_run(site->options.refresh_ns + PGL_SECONDS(2));
    assert_int_equal(taken(), 2);
}

static void a_key_that_comes_back_is_one_key(void **unused)
{
    (void)unused;
    start();
    for (int i = 0; i < 6; i++) {
        site->published = i % 2 == 0 ? 2 : 1;
        wish();
        assert_int_equal(taken(), 1 | 2);
        assert_int_equal(bench->trust.issuers[1].keys->count, 2);
    }
}

/* The next question comes when this span is over, a tenth earlier at most. */
static void assert_asked_after(int64_t span_ns)
{
    int before = site->fetches + site->discoveries;
    int64_t from_ns = bench->twin.now_ns, step_ns = span_ns / 100;
    while (site->fetches + site->discoveries == before)
        bench_run(step_ns);
    assert_in_range(bench->twin.now_ns - from_ns, span_ns - span_ns / 10 - step_ns,
                    span_ns + step_ns);
}

static void the_issuer_says_when_to_come_back_within_bounds(void **unused)
{
    static const struct {
        const char *field;
        int64_t span_ns;
    } rows[] = {
        { "", PGL_MINUTES(10) },
        { "max-age=300", PGL_SECONDS(300) },
        { "public, MAX-AGE=120", PGL_SECONDS(120) },
        { "max-age=1", PGL_MINUTES(1) },
        { "max-age=86400000", PGL_HOURS(1) },
        { "max-age=x, no-store", PGL_MINUTES(10) },
        { "max-age=-5", PGL_MINUTES(10) },
    };
    (void)unused;
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        site->cache_control = rows[i].field;
        wish(); /* a fetch that sees it */
        assert_asked_after(rows[i].span_ns);
    }
}

static void a_failure_is_tried_again_twice_as_late_each_time(void **unused)
{
    (void)unused;
    start();
    site->status = 500;
    wish();
    assert_int_equal(taken(), 1); /* what there was stays */
    for (int64_t pause_ns = PGL_SECONDS(5); pause_ns <= PGL_SECONDS(320); pause_ns *= 2)
        assert_asked_after(pause_ns);
    assert_asked_after(PGL_MINUTES(10)); /* and no later than ever */
    site->status = 200;
    site->published = 2;
    wish();
    assert_int_equal(taken(), 1 | 2);
    assert_asked_after(PGL_MINUTES(10));
}

static void after_a_day_without_an_answer_none_is_trusted(void **unused)
{
    (void)unused;
    start();
    site->status = 500;
    bench_run(EDGE_JWKS_GOOD_NS - PGL_MINUTES(1));
    assert_int_equal(taken(), 1);
    bench_run(PGL_MINUTES(1) + site->options.refresh_ns);
    assert_int_equal(taken(), 0);
    assert_true(edge_trust_lacks_keys(&bench->trust));
    site->status = 200;
    bench_run(site->options.refresh_ns);
    assert_int_equal(taken(), 1);
}

static void an_issuer_that_says_nothing_is_given_up(void **unused)
{
    (void)unused;
    site->is_silent = true;
    start();
    bench_run(EDGE_JWKS_FETCH_NS - 1);
    assert_false(site->jwks.fetchers[0].is_failing);
    bench_run(1);
    assert_true(site->jwks.fetchers[0].is_failing);
    assert_int_equal(taken(), 0);
}

static void what_does_not_fit_is_not_believed(void **unused)
{
    (void)unused;
    static const struct {
        const char *issuer, *keys_at;
    } rows[] = {
        { "http://127.0.0.1:9000/", ISSUER "/keys" }, /* another name */
        { ISSUER, "" },                               /* nowhere */
        { ISSUER, "http://192.0.2.1:9000/keys" },     /* plain, and not this machine */
        { ISSUER, "ftp://127.0.0.1/keys" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        site->issuer = rows[i].issuer;
        site->keys_at = rows[i].keys_at;
        start();
        bench_run(PGL_SECONDS(6));
        assert_true(site->jwks.fetchers[0].is_failing);
        assert_int_equal(site->fetches, 0);
        assert_int_equal(taken(), 0);
        (void)site_close(unused);
        (void)site_open(unused);
    }
    site->options.loopback_too = false; /* nobody has allowed it */
    start();
    bench_run(PGL_SECONDS(6));
    assert_int_equal(site->discoveries, 0);
    assert_true(site->jwks.fetchers[0].is_failing);
}

static void no_document_without_a_key_replaces_one(void **unused)
{
    (void)unused;
    start();
    site->published = 0;
    wish();
    assert_int_equal(taken(), 1);
    assert_true(site->jwks.fetchers[0].is_failing);
}

/* A wish that comes while a fetch is out may be for what that one is too early for. */
static void a_wish_during_a_fetch_is_one_more_fetch(void **unused)
{
    (void)unused;
    start();
    site->is_silent = true;
    assert_asked_after(PGL_MINUTES(10));
    assert_non_null(site->held);
    wish();
    assert_true(bench->trust.state[1].is_asked);
    site->is_silent = false;
    int before = site->fetches;
    struct pgl_http_exchange *held = site->held;
    site->held = NULL;
    on_request(NULL, held); /* as it was asked */
    site->published = 2;
    bench_run(0);
    assert_int_equal(site->fetches, before + 2);
    assert_int_equal(taken(), 1 | 2);
    assert_false(bench->trust.state[1].is_asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(where_they_are_is_found_and_they_are_told),
        TEST(a_configured_url_is_asked_at_once),
        TEST(a_wish_brings_what_is_new_and_keeps_what_has_gone),
        TEST(a_key_that_comes_back_is_one_key),
        TEST(the_issuer_says_when_to_come_back_within_bounds),
        TEST(a_failure_is_tried_again_twice_as_late_each_time),
        TEST(after_a_day_without_an_answer_none_is_trusted),
        TEST(an_issuer_that_says_nothing_is_given_up),
        TEST(what_does_not_fit_is_not_believed),
        TEST(no_document_without_a_key_replaces_one),
        TEST(a_wish_during_a_fetch_is_one_more_fetch),
    };
    return cmocka_run_group_tests_name("edge/jwks", tests, NULL, NULL);
}
