/*
 * tls_test.c - what is said through TLS arrives, and nothing is said to anybody who is not who they
 * should be.
 * Method: our side and a server of OpenSSL, with ciphertext carried between them by hand, in pieces
 * as small as a byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/tls.h"
#include "wire/tls_bench.h"

#define NOW_NS PGL_SECONDS(TLS_BENCH_NOW_S)

struct pair {
    struct tls_bench server;
    struct pgl_tls_context *context;
    struct pgl_tls *tls;
};

static void pair_open_to(struct pair *pair, enum tls_bench_kind kind, const char *name)
{
    tls_bench_open(&pair->server, kind);
    assert_true(
        pgl_is_ok(pgl_tls_client_context_open(pgl_text_of(pair->server.ca_pem), &pair->context)));
    assert_true(pgl_is_ok(pgl_tls_client_open(pair->context, name, NOW_NS, &pair->tls)));
}

static void pair_close(struct pair *pair)
{
    pgl_tls_close(pair->tls);
    pgl_tls_context_close(pair->context);
    tls_bench_close(&pair->server);
}

/* `step` bytes at most in each direction; true when any were. */
static bool carry(struct pair *pair, size_t step)
{
    char *room;
    struct pgl_text leaving = pgl_tls_leaving(pair->tls);
    size_t size = leaving.size < step ? leaving.size : step;
    tls_bench_take(&pair->server, leaving.data, size);
    pgl_tls_left(pair->tls, size);
    size_t room_bytes = pgl_tls_room(pair->tls, &room);
    size_t came = tls_bench_give(&pair->server, room, room_bytes < step ? room_bytes : step);
    pgl_tls_came(pair->tls, came);
    return size > 0 || came > 0;
}

static enum pgl_tls_io shake_hands(struct pair *pair, size_t step)
{
    enum pgl_tls_io io;
    do
        io = pgl_tls_handshake(pair->tls);
    while (carry(pair, step) || (io == PGL_TLS_WAIT && pgl_tls_leaving(pair->tls).size > 0));
    return pgl_tls_handshake(pair->tls) == io ? io : PGL_TLS_WAIT;
}

static void what_is_said_arrives(void **unused)
{
    static const size_t steps[] = { 1, 7, 1000, 100000 };
    (void)unused;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct pair pair;
        char heard[64];
        size_t moved;
        pair_open_to(&pair, TLS_RIGHT, TLS_BENCH_NAME);
        assert_false(pgl_tls_is_ready(pair.tls));
        assert_int_equal(pgl_tls_write(pair.tls, "early", 5, &moved), PGL_TLS_WAIT);
        assert_int_equal(pgl_tls_read(pair.tls, heard, sizeof heard, &moved), PGL_TLS_WAIT);
        assert_int_equal(shake_hands(&pair, steps[i]), PGL_TLS_DONE);
        assert_true(pgl_tls_is_ready(pair.tls));
        assert_string_equal(pair.server.plain, "");
        assert_string_equal(SSL_get_version(pair.server.ssl), "TLSv1.3");
        assert_string_equal(SSL_get_servername(pair.server.ssl, TLSEXT_NAMETYPE_host_name),
                            TLS_BENCH_NAME);

        assert_int_equal(pgl_tls_write(pair.tls, "a question", 10, &moved), PGL_TLS_DONE);
        assert_int_equal(moved, 10);
        while (carry(&pair, steps[i]))
            continue;
        assert_string_equal(pair.server.plain, "a question");
        assert_false(pgl_tls_is_readable(pair.tls));
        tls_bench_say(&pair.server, PGL_TEXT("an answer"));
        while (carry(&pair, steps[i]))
            continue;
        assert_true(pgl_tls_is_readable(pair.tls));
        assert_int_equal(pgl_tls_read(pair.tls, heard, sizeof heard, &moved), PGL_TLS_DONE);
        assert_int_equal(moved, 9);
        assert_memory_equal(heard, "an answer", 9);
        assert_int_equal(pgl_tls_read(pair.tls, heard, sizeof heard, &moved), PGL_TLS_WAIT);

        tls_bench_say_the_end(&pair.server);
        while (carry(&pair, steps[i]))
            continue;
        assert_true(pgl_tls_is_readable(pair.tls));
        assert_int_equal(pgl_tls_read(pair.tls, heard, sizeof heard, &moved), PGL_TLS_END);
        pgl_tls_end(pair.tls);
        while (carry(&pair, steps[i]))
            continue;
        assert_true(pair.server.has_ended);
        pair_close(&pair);
    }
}

static void nothing_is_said_to_the_wrong_one(void **unused)
{
    static const struct {
        enum tls_bench_kind kind;
        const char *name;
        enum pgl_code code;
        const char *text;
    } rows[] = {
        { TLS_RIGHT, TLS_BENCH_NAME, PGL_CODE_OK, "" },
        { TLS_RIGHT, "BANK.example", PGL_CODE_OK, "" },
        { TLS_BY_ADDRESS, "127.0.0.1", PGL_CODE_OK, "" },
        { TLS_BY_WILDCARD, "api.bank.example", PGL_CODE_OK, "" },
        { TLS_BY_WILDCARD, TLS_BENCH_NAME, PGL_UNAUTHENTICATED, "hostname mismatch" },
        { TLS_BY_WILDCARD, "a.api.bank.example", PGL_UNAUTHENTICATED, "hostname mismatch" },
        { TLS_RIGHT, "127.0.0.1", PGL_UNAUTHENTICATED, "IP address mismatch" },
        { TLS_BY_ADDRESS, "127.0.0.2", PGL_UNAUTHENTICATED, "IP address mismatch" },
        { TLS_OTHER_NAME, TLS_BENCH_NAME, PGL_UNAUTHENTICATED, "hostname mismatch" },
        { TLS_EXPIRED, TLS_BENCH_NAME, PGL_UNAUTHENTICATED, "certificate has expired" },
        { TLS_NOT_YET, TLS_BENCH_NAME, PGL_UNAUTHENTICATED, "certificate is not yet valid" },
        { TLS_SELF_SIGNED, TLS_BENCH_NAME, PGL_UNAUTHENTICATED, "self-signed certificate" },
        { TLS_OTHER_AUTHORITY, TLS_BENCH_NAME, PGL_UNAUTHENTICATED,
          "certificate signature failure" },
        { TLS_OF_ANOTHER_USE, TLS_BENCH_NAME, PGL_UNAUTHENTICATED,
          "unsuitable certificate purpose" },
        { TLS_TOO_OLD, TLS_BENCH_NAME, PGL_MALFORMED, NULL },
        { TLS_NO_TLS, TLS_BENCH_NAME, PGL_MALFORMED, NULL },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair;
        size_t moved;
        pair_open_to(&pair, rows[i].kind, rows[i].name);
        bool is_right = rows[i].code == PGL_CODE_OK;
        enum pgl_tls_io io = shake_hands(&pair, 100000);
        pgl_status failure = pgl_tls_failure(pair.tls);
        assert_int_equal(io, is_right ? PGL_TLS_DONE : PGL_TLS_BROKEN);
        assert_int_equal(failure.code, rows[i].code);
        if (rows[i].text != NULL)
            assert_string_equal(failure.text, rows[i].text);
        assert_int_equal(pgl_tls_write(pair.tls, "secret", 6, &moved),
                         is_right ? PGL_TLS_DONE : PGL_TLS_BROKEN);
        assert_int_equal(moved, is_right ? 6 : 0);
        while (carry(&pair, 100000))
            continue;
        assert_string_equal(pair.server.plain, is_right ? "secret" : "");
        assert_int_equal(pgl_tls_is_readable(pair.tls), !is_right);
        assert_int_equal(pgl_tls_handshake(pair.tls), is_right ? PGL_TLS_DONE : PGL_TLS_BROKEN);
        pair_close(&pair);
    }
}

static void the_clock_is_the_callers(void **unused)
{
    struct pair pair;
    (void)unused;
    pair_open_to(&pair, TLS_EXPIRED, TLS_BENCH_NAME);
    pgl_tls_close(pair.tls);
    assert_true(pgl_is_ok(
        pgl_tls_client_open(pair.context, TLS_BENCH_NAME, NOW_NS - PGL_HOURS(1), &pair.tls)));
    assert_int_equal(shake_hands(&pair, 100000), PGL_TLS_DONE);
    pair_close(&pair);
}

static void buffers_are_bounded(void **unused)
{
    static char much[64 << 10];
    struct pair pair;
    size_t moved, sent = 0;
    (void)unused;
    memset(much, 'm', sizeof much);
    pair_open_to(&pair, TLS_RIGHT, TLS_BENCH_NAME);
    assert_int_equal(shake_hands(&pair, 100000), PGL_TLS_DONE);
    while (pgl_tls_write(pair.tls, much, sizeof much, &moved) == PGL_TLS_DONE)
        sent += moved;
    assert_in_range(sent, 16 << 10, PGL_TLS_BUFFER_BYTES);
    assert_int_equal(moved, 0);
    while (carry(&pair, 100000))
        continue;
    assert_int_equal(pair.server.plain_bytes, sent); /* no half record */
    assert_int_equal(pgl_tls_write(pair.tls, much, sizeof much, &moved), PGL_TLS_DONE);

    for (int i = 0; i < 8; i++)
        tls_bench_say(&pair.server, (struct pgl_text){ much, sizeof much });
    while (carry(&pair, 100000))
        continue;
    char *room;
    assert_int_equal(pgl_tls_room(pair.tls, &room), 0); /* full until somebody reads */
    size_t heard = 0;
    while (pgl_tls_read(pair.tls, much, sizeof much, &moved) == PGL_TLS_DONE) {
        heard += moved;
        carry(&pair, 100000);
    }
    assert_int_equal(heard, 8 * sizeof much);
    pair_close(&pair);
}

static void forged_bytes_break_it(void **unused)
{
    struct pair pair;
    char *room, heard[16];
    size_t moved;
    (void)unused;
    pair_open_to(&pair, TLS_RIGHT, TLS_BENCH_NAME);
    assert_int_equal(shake_hands(&pair, 100000), PGL_TLS_DONE);
    tls_bench_say(&pair.server, PGL_TEXT("an answer"));
    assert_true(pgl_tls_room(pair.tls, &room) > 100);
    moved = tls_bench_give(&pair.server, room, 100);
    room[moved - 1] ^= 1;
    pgl_tls_came(pair.tls, moved);
    assert_int_equal(pgl_tls_read(pair.tls, heard, sizeof heard, &moved), PGL_TLS_BROKEN);
    assert_int_equal(moved, 0);
    assert_int_equal(pgl_tls_failure(pair.tls).code, PGL_MALFORMED);
    pair_close(&pair);
}

static void a_context_needs_an_authority(void **unused)
{
    static const char *const texts[] = { "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                                    "-----END CERTIFICATE-----\n" };
    struct pgl_tls_context *context;
    struct pgl_tls *tls;
    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(pgl_tls_client_context_open(pgl_text_of(texts[i]), &context).code,
                         PGL_INVALID);
        assert_null(context);
    }
    /* The machine's own store does not know our authority. */
    struct pair pair;
    pair_open_to(&pair, TLS_RIGHT, TLS_BENCH_NAME);
    pgl_tls_close(pair.tls);
    assert_true(pgl_is_ok(pgl_tls_client_context_open(PGL_TEXT(""), &context)));
    assert_int_equal(pgl_tls_client_open(context, "", NOW_NS, &tls).code, PGL_INVALID);
    assert_true(pgl_is_ok(pgl_tls_client_open(context, TLS_BENCH_NAME, NOW_NS, &pair.tls)));
    assert_int_equal(shake_hands(&pair, 100000), PGL_TLS_BROKEN);
    assert_int_equal(pgl_tls_failure(pair.tls).code, PGL_UNAUTHENTICATED);
    pair_close(&pair);
    pgl_tls_context_close(context);
    pgl_tls_context_close(NULL);
    pgl_tls_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_arrives),
        cmocka_unit_test(nothing_is_said_to_the_wrong_one),
        cmocka_unit_test(the_clock_is_the_callers),
        cmocka_unit_test(buffers_are_bounded),
        cmocka_unit_test(forged_bytes_break_it),
        cmocka_unit_test(a_context_needs_an_authority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
