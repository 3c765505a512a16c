/*
 * guard_test.c - a webhook goes to the public internet and nowhere else, however its URL is
 * written.
 * Method: lists. URLs and addresses that are fine, and many more that are not, of each way to
 *         disguise a host that is known to work somewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "services/webhooks/guard.h"

static bool is_taken(const char *text, bool loopback_too)
{
    struct pgl_webhook_url url;
    return pgl_is_ok(pgl_webhook_url_read(pgl_text_of(text), loopback_too, &url));
}

/* clang-format off */
static const char *const fine[] = {
    "https://example.com",
    "https://example.com/",
    "https://example.com/hooks?x=1&y=%20",
    "https://example.com:443/hooks",
    "HTTPS://EXAMPLE.COM/Hooks",
    "https://a.b.c.d.example.co.uk/",
    "https://xn--bcher-kva.example/",
    "https://hooks_1.example.com/",
    "https://10.example.com/",
    "https://127.0.0.1.example.com/",
    "https://1.1.1.1/",
    "https://8.8.8.8:443/",
    "https://[2606:4700:4700::1111]/",
    "https://[2606:4700:4700::1111]:443/x",
    "https://[64:ff9b::808:808]/",
    "https://[2002:808:808::1]/",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
    "https://192.167.255.255/",
    "https://223.255.255.255/",
    "https://example.com/http://127.0.0.1/",
};

static const char *const refused[] = {
    /* no https */
    "", "https", "https:", "https:/", "https://", "http://example.com/", "http://example.com:443/",
    "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/",
    "javascript:alert(1)", "data:text/plain,x", "unix:/run/docker.sock", "example.com/",
    "https:example.com", "https:///example.com", " https://example.com/", "https ://example.com/",
    "wss://example.com/", "dict://example.com:11211/", "httpss://example.com/",
    /* another port */
    "https://example.com:80/", "https://example.com:22/", "https://example.com:8443/",
    "https://example.com:0/", "https://example.com:65536/", "https://example.com:/",
    "https://example.com:443:443/", "https://example.com:-443/", "https://example.com:+443/",
    "https://example.com:0443a/", "https://example.com:4 43/", "https://example.com:99999999999/",
    "https://[2606:4700:4700::1111]:22/", "https://[2606:4700:4700::1111]443/",
    /* somebody in front of the host */
    "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/",
    "https://example.com@127.0.0.1/", "https://127.0.0.1@example.com/", "https://:@example.com/",
    "https://example.com:443@127.0.0.1/",
    /* what readers disagree about */
    "https://example.com\\@127.0.0.1/", "https://127.0.0.1\\.example.com/", "https:\\\\example.com/",
    "https://example.com#@127.0.0.1/", "https://example.com/#x", "https://exa mple.com/",
    "https://example.com/\t", "https://example.com/\n", "https://example.com/\r\nHost: x",
    "https://example.com/\x7F", "https://ex\xC3\xA4mple.com/", "https://127\xE3\x80\x82.0.0.1/",
    "https://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", "https://example.com/<x>",
    "https://%65xample.com/", "https://127.0.0.1%2f.example.com/", "https://example%00.com/",
    "https://localhost%2eexample.com/",
    /* this machine */
    "https://localhost/", "https://LOCALHOST/", "https://localhost:443/", "https://localhost./",
    "https://a.localhost/", "https://localhost.localdomain.local/", "https://127.0.0.1/",
    "https://127.0.0.1:443/", "https://127.1.2.3/", "https://127.255.255.255/", "https://0.0.0.0/",
    "https://0.1.2.3/", "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/",
    "https://[0000:0000:0000:0000:0000:0000:0000:0001]/", "https://[::127.0.0.1]/",
    /* IPv4 in other clothes */
    "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://0x7F.0x0.0x0.0x1/", "https://0177.0.0.1/", "https://017700000001/",
    "https://0177.0x0.0.1/", "https://127.0.0.01/", "https://127.0.0.1./", "https://1/", "https://0/",
    "https://3232235777/", "https://0xc0a80101/", "https://192.168.257/", "https://10.0.258/",
    "https://00000177.0.0.1/", "https://127.0.0.256/", "https://1.2.3.4.5/", "https://example.0x7f/",
    "https://example.123/", "https://1.1.1/", "https://0x/", "https://0x1.1.1.1/", "https://-1.1.1.1/",
    "https://4294967296/", "https://127.0.0.0x1/",
    /* networks that are not the internet */
    "https://10.0.0.1/", "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.255.255/",
    "https://192.168.0.1/", "https://192.168.255.255/", "https://100.64.0.1/", "https://100.127.255.255/",
    "https://169.254.0.1/", "https://169.254.169.254/latest/meta-data/", "https://169.254.170.2/",
    "https://100.100.100.200/latest/meta-data/", "https://192.0.0.192/", "https://168.63.129.16/",
    "https://192.0.2.1/", "https://192.88.99.1/", "https://198.18.0.1/", "https://198.19.255.255/",
    "https://198.51.100.1/", "https://203.0.113.1/", "https://224.0.0.1/", "https://239.255.255.255/",
    "https://240.0.0.1/", "https://255.255.255.255/", "https://192.31.196.1/", "https://192.175.48.1/",
    "https://192.52.193.1/",
    "https://[fe80::1]/", "https://[febf::1]/", "https://[fc00::1]/", "https://[fd12:3456::1]/",
    "https://[fd00:ec2::254]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://[100::1]/",
    "https://[2001:db8::1]/", "https://[3fff::1]/", "https://[5f00::1]/", "https://[2001:2::1]/",
    "https://[2001:10::1]/", "https://[4000::1]/",
    /* IPv4 inside IPv6 */
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:169.254.169.254]/", "https://[0:0:0:0:0:ffff:c0a8:101]/", "https://[::ffff:0:127.0.0.1]/",
    "https://[::127.0.0.1]/", "https://[64:ff9b::127.0.0.1]/", "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::7f00:1]/", "https://[2002:7f00:1::1]/", "https://[2002:a00:1::]/",
    "https://[2002:c0a8:101::1]/", "https://[2002:a9fe:a9fe::1]/", "https://[2001:0:a00:1::f7f7:f7f7]/",
    "https://[2001:0:808:808::80ff:fffe]/", "https://[2001:0:7f00:1::f7f7:f7f7]/",
    /* no address at all */
    "https://[]/", "https://[::1/", "https://::1/", "https://[1:2:3:4:5:6:7]/", "https://[1:2:3:4:5:6:7:8:9]/",
    "https://[::1::2]/", "https://[:::1]/", "https://[g::1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/",
    "https://[12345::1]/", "https://[::1.2.3]/", "https://[1.2.3.4]/", "https://[2606:4700:4700::1111]x/",
    "https://[2606:4700:4700::1111/", "https://[2606:4700:4700:::1111]/", "https://[v1.x]/",
    /* names of nobody, or of our own */
    "https://intranet/", "https://router.local/", "https://db.internal/", "https://metadata.google.internal/",
    "https://x.home.arpa/", "https://x.test/", "https://x.invalid/", "https://x.onion/", "https://printer.lan/",
    "https://mail.corp/", "https://1.0.0.127.in-addr.arpa/", "https://.example.com/", "https://example..com/",
    "https://example.com./", "https://-example.com/", "https://example-.com/", "https://exam!ple.com/",
    "https://*.example.com/", "https://example.com,127.0.0.1/", "https://example.com;/", "https://$(id).com/",
    "https://?x=1", "https://example.com?x=1", "https:///", "https://:443/",
};
/* clang-format on */

static void public_hosts_are_taken(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        if (!is_taken(fine[i], false))
            print_error("refused: %s\n", fine[i]);
        assert_true(is_taken(fine[i], false));
        assert_true(is_taken(fine[i], true));
    }
}

static void everything_else_is_refused(void **unused)
{
    (void)unused;
    assert_true(sizeof refused / sizeof refused[0] >= 150);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (is_taken(refused[i], false))
            print_error("taken: %s\n", refused[i]);
        assert_false(is_taken(refused[i], false));
    }
}

/* Where this machine is fine, nothing else becomes so. */
static void a_demonstration_may_reach_this_machine_alone(void **unused)
{
    (void)unused;
    static const char *const own[] = { "http://127.0.0.1:8080/x", "http://localhost:1/",
                                       "http://[::1]:9/", "https://127.0.0.1:8443/",
                                       "http://127.1.2.3/" };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        assert_true(is_taken(own[i], true));
        assert_false(is_taken(own[i], false));
    }
    int taken = 0;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (is_taken(refused[i], true)) {
            struct pgl_webhook_url url;
            assert_true(pgl_is_ok(pgl_webhook_url_read(pgl_text_of(refused[i]), true, &url)));
            assert_true(strncmp(url.host, "127.", 4) == 0 || strcmp(url.host, "localhost") == 0 ||
                        strchr(url.host, ':') != NULL);
            taken++;
        }
    assert_in_range(taken, 8, 14);
}

static void a_url_is_taken_apart(void **unused)
{
    (void)unused;
    struct pgl_webhook_url url;
    assert_true(
        pgl_is_ok(pgl_webhook_url_read(PGL_TEXT("https://Example.COM/a/b?c=d"), false, &url)));
    assert_string_equal(url.host, "example.com");
    assert_int_equal(url.port, 443);
    assert_true(url.is_tls);
    assert_true(pgl_text_is(url.target, "/a/b?c=d"));
    assert_true(
        pgl_is_ok(pgl_webhook_url_read(PGL_TEXT("https://[2606:4700:4700::1111]"), false, &url)));
    assert_string_equal(url.host, "2606:4700:4700::1111");
    assert_int_equal(url.target.size, 0);
    assert_true(pgl_is_ok(pgl_webhook_url_read(PGL_TEXT("http://localhost:81/"), true, &url)));
    assert_int_equal(url.port, 81);
    assert_false(url.is_tls);
}

static void a_long_url_is_refused(void **unused)
{
    (void)unused;
    char text[PGL_WEBHOOK_URL_BYTES_MAX + 2];
    memset(text, 'x', sizeof text);
    memcpy(text, "https://example.com/", 20);
    text[sizeof text - 2] = '\0';
    assert_true(is_taken(text, false));
    text[sizeof text - 2] = 'x';
    text[sizeof text - 1] = '\0';
    assert_false(is_taken(text, false));
    char name[300] = "https://";
    for (int i = 0; i < 70; i++)
        strcat(name, "a.b.");
    strcat(name, "com/");
    assert_false(is_taken(name, false));
    assert_false(is_taken("https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                          ".com/",
                          false));
}

/* What a resolver may answer. */
static void addresses_are_looked_at_alike(void **unused)
{
    (void)unused;
    static const char *const public[] = {
        "1.1.1.1",      "93.184.216.34",  "2606:4700::1",
        "2a00:1450::1", "::ffff:8.8.8.8", "2001:4860:4860::8888"
    };
    static const char *const private[] = {
        "127.0.0.1", "10.1.2.3",    "169.254.169.254", "::1",
        "fe80::1",   "fe80::1%2",   "::ffff:10.0.0.1", "fd00::1",
        "",          "example.com", "1.1.1.1 ",        "0x1.1.1.1",
        "::"
    };
    for (size_t i = 0; i < sizeof public / sizeof public[0]; i++)
        assert_true(pgl_webhook_address_is_fine(public[i], false));
    for (size_t i = 0; i < sizeof private / sizeof private[0]; i++)
        assert_false(pgl_webhook_address_is_fine(private[i], false));
    assert_true(pgl_webhook_address_is_fine("127.0.0.1", true));
    assert_true(pgl_webhook_address_is_fine("::1", true));
    assert_false(pgl_webhook_address_is_fine("10.0.0.1", true));
    assert_false(pgl_webhook_address_is_fine("0.0.0.0", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_hosts_are_taken),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(a_demonstration_may_reach_this_machine_alone),
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(a_long_url_is_refused),
        cmocka_unit_test(addresses_are_looked_at_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
