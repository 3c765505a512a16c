/*
 * client_test.c - only a trusted proxy says who a client is, and only what it has seen itself.
 * Method: peers and X-Forwarded-For as a table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "edge/client.h"

static const char *client_of(const char *proxies, const char *peer, const char *first,
                             const char *second)
{
    static struct edge_rules rules;
    static const struct edge_limits limits = { .rules = &rules };
    static struct pgl_http_request_head head;
    static struct pgl_arena arena;
    assert_true(
        pgl_is_ok(edge_proxies_read(pgl_text_of(proxies), rules.proxies, &rules.proxy_count)));
    pgl_arena_free(&arena);
    pgl_arena_init(&arena, 1024, 4096);
    head.field_count = 0;
    head.fields[head.field_count++] =
        (struct pgl_http_field){ PGL_TEXT("Host"), PGL_TEXT("192.0.2.200") };
    if (first != NULL)
        head.fields[head.field_count++] =
            (struct pgl_http_field){ PGL_TEXT("X-Forwarded-For"), pgl_text_of(first) };
    if (second != NULL)
        head.fields[head.field_count++] =
            (struct pgl_http_field){ PGL_TEXT("x-forwarded-for"), pgl_text_of(second) };
    return edge_client_address(&limits, peer, &head, &arena);
}

static void the_rightmost_stranger_is_the_client(void **unused)
{
    static const struct {
        const char *proxies, *peer, *first, *second, *client;
    } rows[] = {
        { "", "192.0.2.1", "203.0.113.7", NULL, "192.0.2.1" },           /* nobody is trusted */
        { "10.0.0.0/8", "192.0.2.1", "203.0.113.7", NULL, "192.0.2.1" }, /* spoofed */
        { "10.0.0.0/8", "10.0.0.1", NULL, NULL, "10.0.0.1" },
        { "10.0.0.0/8", "10.0.0.1", "203.0.113.7", NULL, "203.0.113.7" },
        { "10.0.0.0/8", "10.0.0.1", "198.51.100.9, 203.0.113.7", NULL, "203.0.113.7" },
        { "10.0.0.0/8", "10.0.0.1", "198.51.100.9, 203.0.113.7,10.2.3.4", NULL, "203.0.113.7" },
        { "10.0.0.0/8", "10.0.0.1", "198.51.100.9", "203.0.113.7, 10.2.3.4", "203.0.113.7" },
        { "10.0.0.0/8", "10.0.0.1", "198.51.100.9", "10.2.3.4", "198.51.100.9" },
        { "10.0.0.0/8", "10.0.0.1", "10.9.9.9, 10.2.3.4", NULL, "10.9.9.9" },
        { "10.0.0.0/8", "10.0.0.1", "203.0.113.7, unknown, 10.2.3.4", NULL, "10.2.3.4" },
        { "10.0.0.0/8", "10.0.0.1", "203.0.113.7, ", NULL, "10.0.0.1" },
        { "10.0.0.0/8", "10.0.0.1", "127.0.0.1, 203.0.113.7", NULL, "203.0.113.7" },
        { "10.0.0.0/8", "10.0.0.1", "203.0.113.7:4711", NULL, "203.0.113.7" },
        { "10.0.0.0/8", "10.0.0.1", "[2001:db8::7]:4711", NULL, "2001:db8::7" },
        { "10.0.0.0/8", "10.0.0.1", "2001:db8::7", NULL, "2001:db8::7" },
        { "fd00::/8,10.0.0.0/8", "::ffff:10.0.0.1", "203.0.113.7, fd00::1", NULL, "203.0.113.7" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(client_of(rows[i].proxies, rows[i].peer, rows[i].first, rows[i].second),
                            rows[i].client);
}

static void a_walk_has_an_end(void **unused)
{
    char hops[2048] = "203.0.113.7";
    (void)unused;
    for (int i = 0; i < 100; i++)
        strcat(hops, ",10.1.1.1");
    assert_string_equal(client_of("10.0.0.0/8", "10.0.0.1", hops, NULL), "10.1.1.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rightmost_stranger_is_the_client),
        cmocka_unit_test(a_walk_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
