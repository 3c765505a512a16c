/*
 * webhooks_test.c - where webhooks go, and what they are signed with.
 * Method: a table of URLs; a signature made by another program (openssl dgst -sha256 -hmac).
 */
#include "app/provider/webhooks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void urls_are_read_or_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *url, *host, *path; /* host NULL: refused */
        uint16_t port;
    } rows[] = {
        { "http://127.0.0.1:8080/hooks", "127.0.0.1", "/hooks", 8080 },
        { "http://localhost:1/a/b?c=d", "127.0.0.1", "/a/b?c=d", 1 },
        { "http://[::1]:65535", "::1", "/", 65535 },
        { "https://127.0.0.1:8080/", NULL, NULL, 0 },
        { "http://127.0.0.1/", NULL, NULL, 0 },
        { "http://127.0.0.1:65536/", NULL, NULL, 0 },
        { "http://:80/", NULL, NULL, 0 },
        { "localhost:80", NULL, NULL, 0 },
        { "", NULL, NULL, 0 },
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct pgl_bank_hooks_options options = { .secret = NULL };
        assert_int_equal(pgl_bank_hooks_read_url(rows[r].url, &options), rows[r].host != NULL);
        if (rows[r].host == NULL)
            continue;
        assert_string_equal(options.address.host, rows[r].host);
        assert_int_equal(options.address.port, rows[r].port);
        assert_string_equal(options.path, rows[r].path);
    }
}

static void a_signature_is_that_of_stripes_scheme(void **unused)
{
    (void)unused;
    struct pgl_arena arena;
    char signature[PGL_WEBHOOK_SIGNED_TEXT];
    pgl_arena_init(&arena, 4096, 4096);
    pgl_status status = pgl_bank_hooks_sign("whsec_test", 1700000000,
                                            PGL_TEXT("{\"id\":\"evt_1\"}"), &arena, signature);
    assert_int_equal(status.code, PGL_CODE_OK);
    assert_string_equal(
        signature,
        "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925");
    pgl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read_or_refused),
        cmocka_unit_test(a_signature_is_that_of_stripes_scheme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
