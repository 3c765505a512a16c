/*
 * url_test.c - a URL is taken apart, or refused; nothing in it may lead elsewhere than it seems.
 * Method: a table of texts and their parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/url.h"

static void assert_text(struct pgl_text text, const char *expected)
{
    char found[PGL_URL_BYTES_MAX];
    snprintf(found, sizeof found, "%.*s", PGL_TEXT_ARGS(text));
    assert_string_equal(found, expected);
}

/* Lies in memory of its own size, so that a sanitizer sees who reads behind it. */
static pgl_status read_copy(const char *text, size_t size, char **copy, struct pgl_url *url)
{
    *copy = malloc(size > 0 ? size : 1);
    assert_non_null(*copy);
    memcpy(*copy, text, size);
    return pgl_url_read((struct pgl_text){ *copy, size }, url);
}

static void right_ones_are_taken_apart(void **unused)
{
    static const struct {
        const char *text;
        bool is_tls;
        const char *host, *authority;
        uint16_t port;
        const char *target;
    } rows[] = {
        { "https://api.stripe.com", true, "api.stripe.com", "api.stripe.com", 443, "" },
        { "http://127.0.0.1:8080/", false, "127.0.0.1", "127.0.0.1:8080", 8080, "/" },
        { "HTTPS://Shop.Example:65535/hook?a=b&c=%20", true, "Shop.Example", "Shop.Example:65535",
          65535, "/hook?a=b&c=%20" },
        { "http://[::1]", false, "::1", "[::1]", 80, "" },
        { "https://[2001:db8::7]:1/x", true, "2001:db8::7", "[2001:db8::7]:1", 1, "/x" },
        { "http://[::ffff:127.0.0.1]/", false, "::ffff:127.0.0.1", "[::ffff:127.0.0.1]", 80, "/" },
        { "http://a_b/x@y", false, "a_b", "a_b", 80, "/x@y" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pgl_url url;
        char *copy;
        assert_true(pgl_is_ok(read_copy(rows[i].text, strlen(rows[i].text), &copy, &url)));
        assert_int_equal(url.is_tls, rows[i].is_tls);
        assert_text(url.host, rows[i].host);
        assert_text(url.authority, rows[i].authority);
        assert_int_equal(url.port, rows[i].port);
        assert_text(url.target, rows[i].target);
        free(copy);
    }
}

static void wrong_ones_are_refused(void **unused)
{
    static const char *const texts[] = {
        "",
        "https:/",
        "https://",
        "http:///path",
        "ftp://a",
        "//a",
        "a.example",
        "https://user@a.example",
        "https://user:secret@a.example",
        "https://a.example@b.example",
        "https://a.example#b",
        "https://a.example/#b",
        "https://a.example?b",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:-1",
        "https://a.example:8o",
        "https://a.example:80:80",
        "https://:80",
        "https://a%2eexample",
        "https://a example",
        "https://a\\b",
        "https://a,b",
        "https://[::1",
        "https://[::1]x",
        "https://[]",
        "https://[127.0.0.1]",
        "https://[fe80::1%25eth0]",
        "https://::1",
        "https://a.example/a b",
        "https://a.example/a\nb",
        "https://a.example/\x7f",
        "https://\xc3\xa4.example",
    };
    static char long_text[PGL_URL_BYTES_MAX + 2] = "http://a/";
    struct pgl_url url;
    char *copy;
    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(read_copy(texts[i], strlen(texts[i]), &copy, &url).code, PGL_INVALID);
        free(copy);
    }
    assert_int_equal(read_copy("http://a\0b", 10, &copy, &url).code, PGL_INVALID);
    free(copy);
    memset(long_text + 9, 'a', PGL_URL_BYTES_MAX - 9);
    assert_true(pgl_is_ok(pgl_url_read((struct pgl_text){ long_text, PGL_URL_BYTES_MAX }, &url)));
    long_text[PGL_URL_BYTES_MAX] = 'a';
    assert_int_equal(pgl_url_read((struct pgl_text){ long_text, PGL_URL_BYTES_MAX + 1 }, &url).code,
                     PGL_INVALID);
    memset(long_text + 7, 'a', 254);
    assert_int_equal(pgl_url_read((struct pgl_text){ long_text, 7 + 254 }, &url).code, PGL_INVALID);
    assert_true(pgl_is_ok(pgl_url_read((struct pgl_text){ long_text, 7 + 253 }, &url)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones_are_taken_apart),
        cmocka_unit_test(wrong_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
