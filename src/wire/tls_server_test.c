/*
 * tls_server_test.c - a listener speaks with whom it should, by the protocol and with the
 * certificate that were asked for, and with nobody else.
 * Method: our server and a client of OpenSSL, which can be as wrong as we like; ciphertext is
 * carried by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/tls.h"
#include "wire/tls_bench.h"
#include "wire/tls_certificate.h"

#define NOW_NS    PGL_SECONDS(TLS_BENCH_NOW_S)
#define TOMORROW  (TLS_BENCH_NOW_S + TLS_BENCH_DAY_S)
#define YESTERDAY (TLS_BENCH_NOW_S - 60)
#define ALL_STEPS 100000

struct pair {
    struct tls_bench authority; /* its server is not used */
    char pem[4][TLS_BENCH_PEM];
    struct pgl_tls_server_options options;
    struct pgl_tls_context *context;
    struct pgl_tls *server;
    SSL_CTX *client_context;
    SSL *client;
    BIO *network; /* the client's */
    SSL_SESSION *ticket;
};

static struct pgl_tls_pair pair_of(const char *pem)
{
    return (struct pgl_tls_pair){ pgl_text_of(pem), pgl_text_of(pem) };
}

static void add_certificate(struct pair *pair, const char *names)
{
    size_t n = pair->options.pair_count++;
    tls_bench_issue(&pair->authority, "P-256", names, "serverAuth", TOMORROW, pair->pem[n]);
    pair->options.pairs[n] = pair_of(pair->pem[n]);
}

static int keep_ticket(SSL *client, SSL_SESSION *ticket)
{
    struct pair *pair = SSL_get_app_data(client);
    SSL_SESSION_free(pair->ticket);
    pair->ticket = ticket;
    return 1;
}

/* The client believes the authority, and whatever name it is shown. */
static void pair_open(struct pair *pair)
{
    *pair = (struct pair){ .client = NULL };
    tls_bench_open(&pair->authority, TLS_RIGHT);
    pair->client_context = SSL_CTX_new(TLS_client_method());
    X509_STORE_add_cert(SSL_CTX_get_cert_store(pair->client_context), pair->authority.ca);
    SSL_CTX_set_verify(pair->client_context, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(pair->client_context), TLS_BENCH_NOW_S);
    SSL_CTX_set_session_cache_mode(pair->client_context, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(pair->client_context, keep_ticket);
    add_certificate(pair, "DNS:" TLS_BENCH_NAME);
}

static void hang_up(struct pair *pair)
{
    pgl_tls_close(pair->server);
    if (pair->client != NULL) /* else its ticket would be no good */
        SSL_set_shutdown(pair->client, SSL_SENT_SHUTDOWN);
    SSL_free(pair->client);
    BIO_free(pair->network);
    pair->server = NULL;
    pair->client = NULL;
    pair->network = NULL;
}

static void pair_close(struct pair *pair)
{
    hang_up(pair);
    pgl_tls_context_close(pair->context);
    SSL_SESSION_free(pair->ticket);
    SSL_CTX_free(pair->client_context);
    tls_bench_close(&pair->authority);
}

/* A connection; the client is as its context is set up. */
static void connect_both(struct pair *pair, const char *name)
{
    BIO *inside;
    if (pair->context == NULL)
        assert_true(pgl_is_ok(pgl_tls_server_context_open(&pair->options, &pair->context)));
    hang_up(pair);
    assert_true(pgl_is_ok(pgl_tls_server_open(pair->context, NOW_NS, &pair->server)));
    pair->client = SSL_new(pair->client_context);
    SSL_set_app_data(pair->client, pair);
    assert_int_equal(BIO_new_bio_pair(&inside, TLS_BENCH_CIPHER, &pair->network, TLS_BENCH_CIPHER),
                     1);
    SSL_set_bio(pair->client, inside, inside);
    SSL_set_connect_state(pair->client);
    if (name != NULL)
        SSL_set_tlsext_host_name(pair->client, name);
    if (pair->ticket != NULL)
        SSL_set_session(pair->client, pair->ticket);
}

/* `step` bytes at most in each direction; true when any were. */
static bool carry(struct pair *pair, size_t step)
{
    char *room;
    struct pgl_text leaving = pgl_tls_leaving(pair->server);
    size_t size = leaving.size < step ? leaving.size : step;
    assert_true(size == 0 || BIO_write(pair->network, leaving.data, (int)size) == (int)size);
    pgl_tls_left(pair->server, size);
    size_t room_bytes = pgl_tls_room(pair->server, &room);
    if (room_bytes > step)
        room_bytes = step;
    int came = room_bytes > 0 ? BIO_read(pair->network, room, (int)room_bytes) : 0;
    pgl_tls_came(pair->server, came > 0 ? (size_t)came : 0);
    return size > 0 || came > 0;
}

/* Until neither side has anything more to say. */
static enum pgl_tls_io shake_hands(struct pair *pair, size_t step)
{
    enum pgl_tls_io io;
    char none;
    do {
        ERR_clear_error();
        (void)SSL_peek(pair->client, &none, 1); /* takes tickets, too */
        (void)SSL_do_handshake(pair->client);
        io = pgl_tls_handshake(pair->server);
    } while (carry(pair, step));
    ERR_clear_error();
    return io;
}

static void say(struct pair *pair, struct pgl_text text, size_t step)
{
    size_t put;
    assert_int_equal(SSL_write_ex(pair->client, text.data, text.size, &put), 1);
    while (carry(pair, step))
        continue;
}

static void assert_talks(struct pair *pair, size_t step)
{
    char heard[64];
    size_t moved;
    say(pair, PGL_TEXT("a question"), step);
    assert_int_equal(pgl_tls_read(pair->server, heard, sizeof heard, &moved), PGL_TLS_DONE);
    assert_true(pgl_text_is((struct pgl_text){ heard, moved }, "a question"));
    assert_int_equal(pgl_tls_read(pair->server, heard, sizeof heard, &moved), PGL_TLS_WAIT);
    assert_int_equal(pgl_tls_write(pair->server, "an answer", 9, &moved), PGL_TLS_DONE);
    while (carry(pair, step))
        continue;
    assert_int_equal(SSL_read_ex(pair->client, heard, sizeof heard, &moved), 1);
    assert_true(pgl_text_is((struct pgl_text){ heard, moved }, "an answer"));
}

static void whoever_comes_is_served(void **unused)
{
    static const size_t steps[] = { 1, 7, 1000, ALL_STEPS };
    (void)unused;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct pair pair;
        pair_open(&pair);
        connect_both(&pair, TLS_BENCH_NAME);
        assert_false(pgl_tls_is_ready(pair.server));
        assert_int_equal(shake_hands(&pair, steps[i]), PGL_TLS_DONE);
        assert_true(pgl_tls_is_ready(pair.server));
        assert_string_equal(SSL_get_version(pair.client), "TLSv1.3");
        assert_string_equal(pgl_tls_peer_name(pair.server), "");
        assert_talks(&pair, steps[i]);
        pair_close(&pair);
    }
}

static void versions_and_ciphers_are_chosen_with_care(void **unused)
{
    static const struct {
        int version;
        bool is_tls13_only;
        const char *ciphers; /* of TLS 1.2 */
        bool is_served;
    } rows[] = {
        { TLS1_3_VERSION, true, NULL, true },
        { TLS1_2_VERSION, true, NULL, false },
        { TLS1_2_VERSION, false, NULL, true },
        { TLS1_2_VERSION, false, "ECDHE-ECDSA-AES256-GCM-SHA384", true },
        { TLS1_2_VERSION, false, "ECDHE-ECDSA-CHACHA20-POLY1305", true },
        { TLS1_2_VERSION, false, "ECDHE-ECDSA-AES128-SHA256", false }, /* CBC */
        { TLS1_2_VERSION, false, "ECDHE-ECDSA-AES128-CCM", false },
        { TLS1_2_VERSION, false, "AES128-GCM-SHA256", false }, /* past sessions lie open */
        { TLS1_1_VERSION, false, "ALL:@SECLEVEL=0", false },
        { TLS1_VERSION, false, "ALL:@SECLEVEL=0", false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair;
        pair_open(&pair);
        pair.options.is_tls13_only = rows[i].is_tls13_only;
        SSL_CTX_set_min_proto_version(pair.client_context, rows[i].version);
        SSL_CTX_set_max_proto_version(pair.client_context, rows[i].version);
        if (rows[i].ciphers != NULL)
            assert_int_equal(SSL_CTX_set_cipher_list(pair.client_context, rows[i].ciphers), 1);
        connect_both(&pair, TLS_BENCH_NAME);
        assert_int_equal(shake_hands(&pair, ALL_STEPS),
                         rows[i].is_served ? PGL_TLS_DONE : PGL_TLS_BROKEN);
        if (rows[i].is_served)
            assert_talks(&pair, ALL_STEPS);
        else
            assert_int_equal(pgl_tls_failure(pair.server).code, PGL_MALFORMED);
        pair_close(&pair);
    }
}

static void a_protocol_is_agreed_on_or_there_is_none(void **unused)
{
    enum { BROKEN, HTTP1, HTTP2 };
    static const struct {
        bool offers_http2;
        const char *wanted; /* as ALPN has it */
        int becomes;
    } rows[] = {
        { true, "\x02h2\x08http/1.1", HTTP2 },
        { true, "\x08http/1.1\x02h2", HTTP2 },
        { true, "\x08http/1.1", HTTP1 },
        { true, "", HTTP1 },
        { true, "\x02h3", BROKEN },
        { true, "\x08http/1.0", BROKEN },
        { false, "\x02h2\x08http/1.1", HTTP1 },
        { false, "\x02h2", BROKEN },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair;
        pair_open(&pair);
        pair.options.offers_http2 = rows[i].offers_http2;
        SSL_CTX_set_alpn_protos(pair.client_context, (const unsigned char *)rows[i].wanted,
                                (unsigned int)strlen(rows[i].wanted));
        connect_both(&pair, TLS_BENCH_NAME);
        assert_int_equal(shake_hands(&pair, ALL_STEPS),
                         rows[i].becomes == BROKEN ? PGL_TLS_BROKEN : PGL_TLS_DONE);
        assert_int_equal(pgl_tls_is_http2(pair.server), rows[i].becomes == HTTP2);
        pair_close(&pair);
    }
}

static void the_name_decides_on_the_certificate(void **unused)
{
    static const struct {
        size_t certificates;
        const char *asked, *shown; /* NULL: refused */
    } rows[] = {
        { 1, TLS_BENCH_NAME, TLS_BENCH_NAME },
        { 1, "unknown.example", TLS_BENCH_NAME },
        { 3, TLS_BENCH_NAME, TLS_BENCH_NAME },
        { 3, NULL, TLS_BENCH_NAME },
        { 3, "shop.example", "shop.example" },
        { 3, "SHOP.example", "shop.example" },
        { 3, "a.partners.example", "*.partners.example" },
        { 3, "a.b.partners.example", NULL },
        { 3, "partners.example", NULL },
        { 3, "unknown.example", NULL },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair;
        pair_open(&pair);
        if (rows[i].certificates == 3) {
            add_certificate(&pair, "DNS:shop.example");
            add_certificate(&pair, "DNS:*.partners.example");
        }
        connect_both(&pair, rows[i].asked);
        assert_int_equal(shake_hands(&pair, ALL_STEPS),
                         rows[i].shown != NULL ? PGL_TLS_DONE : PGL_TLS_BROKEN);
        if (rows[i].shown != NULL) {
            char *shown;
            GENERAL_NAMES *names = X509_get_ext_d2i(SSL_get0_peer_certificate(pair.client),
                                                    NID_subject_alt_name, NULL, NULL);
            ASN1_STRING_to_UTF8((unsigned char **)&shown,
                                sk_GENERAL_NAME_value(names, 0)->d.dNSName);
            assert_string_equal(shown, rows[i].shown);
            OPENSSL_free(shown);
            GENERAL_NAMES_free(names);
        }
        pair_close(&pair);
    }
}

#define LONG_PART "0123456789012345678901234567890123456789012345678901234567890123456789"
#define LONG_URI  "URI:panglot:role/" LONG_PART LONG_PART LONG_PART LONG_PART

static void clients_show_who_they_are(void **unused)
{
    enum kind { NONE, SHOWN, OTHERS, OLD, OF_A_SERVER };
    static const struct {
        enum kind kind;
        bool is_needed;
        const char *names, *name; /* NULL: refused */
    } rows[] = {
        { NONE, false, "", "" },
        { NONE, true, "", NULL },
        { SHOWN, false, "URI:panglot:role/orders", "panglot:role/orders" },
        { SHOWN, true, "DNS:a.example,URI:panglot:role/edge", "panglot:role/edge" },
        { SHOWN, true, "DNS:a.example,DNS:b.example", "a.example,b.example" },
        { SHOWN, true, "IP:127.0.0.1", "" },
        { SHOWN, true, "DNS:edge," LONG_URI, "" }, /* where there are URIs nothing else counts */
        { OTHERS, false, "URI:panglot:role/orders", NULL },
        { OLD, false, "URI:panglot:role/orders", NULL },
        { OF_A_SERVER, false, "URI:panglot:role/orders", NULL },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair;
        struct tls_bench other;
        pair_open(&pair);
        tls_bench_open(&other, TLS_RIGHT);
        pair.options.client_authorities = pgl_text_of(pair.authority.ca_pem);
        pair.options.needs_client = rows[i].is_needed;
        if (rows[i].kind != NONE) {
            tls_bench_issue(rows[i].kind == OTHERS ? &other : &pair.authority, "P-256",
                            rows[i].names,
                            rows[i].kind == OF_A_SERVER ? "serverAuth" : "clientAuth",
                            rows[i].kind == OLD ? YESTERDAY : TOMORROW, pair.pem[3]);
            BIO *bio = BIO_new_mem_buf(pair.pem[3], -1);
            EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
            X509 *own = PEM_read_bio_X509(bio, NULL, NULL, NULL);
            assert_int_equal(SSL_CTX_use_cert_and_key(pair.client_context, own, key, NULL, 1), 1);
            X509_free(own);
            EVP_PKEY_free(key);
            BIO_free(bio);
        }
        for (int again = 0; again < 2; again++) { /* the second time by a ticket */
            connect_both(&pair, TLS_BENCH_NAME);
            bool is_let_in = rows[i].name != NULL;
            assert_int_equal(shake_hands(&pair, ALL_STEPS),
                             is_let_in ? PGL_TLS_DONE : PGL_TLS_BROKEN);
            assert_int_equal(SSL_session_reused(pair.client), again && is_let_in);
            if (is_let_in)
                assert_string_equal(pgl_tls_peer_name(pair.server), rows[i].name);
            else if (rows[i].kind != NONE)
                assert_int_equal(pgl_tls_failure(pair.server).code, PGL_UNAUTHENTICATED);
        }
        tls_bench_close(&other);
        pair_close(&pair);
    }
}

/* Our two sides with one another, as roles speak. */
static void our_own_client_meets_it(void **unused)
{
    (void)unused;
    for (int offers = 0; offers < 2; offers++) {
        struct pair pair;
        struct pgl_tls_context *context;
        struct pgl_tls *client;
        bool is_over = false;
        char *room;
        pair_open(&pair);
        pair.options.offers_http2 = offers;
        pair.options.client_authorities = pgl_text_of(pair.authority.ca_pem);
        pair.options.needs_client = true;
        connect_both(&pair, NULL);
        tls_bench_issue(&pair.authority, "P-384", "URI:panglot:role/edge", "clientAuth", TOMORROW,
                        pair.pem[3]);
        const struct pgl_tls_client_options options = {
            .authorities = pgl_text_of(pair.authority.ca_pem),
            .own = pair_of(pair.pem[3]),
            .is_http2 = true,
        };
        assert_true(pgl_is_ok(pgl_tls_client_context_open_with(&options, &context)));
        assert_true(pgl_is_ok(pgl_tls_client_open(context, TLS_BENCH_NAME, NOW_NS, &client)));
        pgl_tls_context_close(context); /* sessions go on without its owner */
        while (!is_over) {
            struct pgl_tls *sides[] = { client, pair.server };
            is_over = true;
            for (int i = 0; i < 2; i++) {
                (void)pgl_tls_handshake(sides[i]);
                struct pgl_text leaving = pgl_tls_leaving(sides[i]);
                size_t size = pgl_tls_room(sides[!i], &room);
                size = leaving.size < size ? leaving.size : size;
                if (size > 0)
                    memcpy(room, leaving.data, size);
                pgl_tls_left(sides[i], size);
                pgl_tls_came(sides[!i], size);
                is_over &= size == 0;
            }
        }
        assert_int_equal(pgl_tls_is_ready(client), offers);
        if (offers) {
            assert_true(pgl_tls_is_http2(client));
            assert_true(pgl_tls_is_http2(pair.server));
            assert_string_equal(pgl_tls_peer_name(pair.server), "panglot:role/edge");
        }
        pgl_tls_close(client);
        pair_close(&pair);
    }
}

static void nobody_shakes_hands_twice(void **unused)
{
    struct pair pair;
    char heard[8];
    size_t moved;
    (void)unused;
    pair_open(&pair);
    SSL_CTX_set_max_proto_version(pair.client_context, TLS1_2_VERSION);
    connect_both(&pair, TLS_BENCH_NAME);
    assert_int_equal(shake_hands(&pair, ALL_STEPS), PGL_TLS_DONE);
    assert_talks(&pair, ALL_STEPS);
    SSL_renegotiate(pair.client);
    (void)SSL_do_handshake(pair.client);
    for (int i = 0; i < 4; i++) {
        carry(&pair, ALL_STEPS);
        (void)pgl_tls_read(pair.server, heard, sizeof heard, &moved);
        assert_int_equal(moved, 0);
        (void)SSL_do_handshake(pair.client);
    }
    assert_true(SSL_renegotiate_pending(pair.client)); /* no hello has come back */
    pair_close(&pair);
}

static void a_context_is_exchanged_under_sessions(void **unused)
{
    struct pair pair;
    struct pgl_tls_context *next;
    (void)unused;
    pair_open(&pair);
    connect_both(&pair, TLS_BENCH_NAME);
    assert_int_equal(shake_hands(&pair, ALL_STEPS), PGL_TLS_DONE);
    assert_true(pgl_is_ok(pgl_tls_server_context_open(&pair.options, &next)));
    pgl_tls_context_close(pair.context);
    pair.context = next;
    assert_talks(&pair, ALL_STEPS);
    connect_both(&pair, TLS_BENCH_NAME); /* with a ticket of the old one */
    assert_int_equal(shake_hands(&pair, ALL_STEPS), PGL_TLS_DONE);
    assert_false(SSL_session_reused(pair.client));
    assert_talks(&pair, ALL_STEPS);
    pair_close(&pair);
}

static void what_is_broken_is_not_shown(void **unused)
{
    enum { OTHER_KEY, NO_CERTIFICATE, NO_KEY, WEAK, CUT, LOCKED, LONG, NO_AUTHORITY, NONE, COUNT };
    static const char *const texts[COUNT] = {
        [OTHER_KEY] = "the private key is not that of the certificate",
        [NO_CERTIFICATE] = "no whole certificate in PEM",
        [NO_KEY] = "no private key in PEM that needs no password",
        [WEAK] = "a certificate or key that is too weak, or of no kind that TLS knows",
        [CUT] = "no whole certificate in PEM",
        [LOCKED] = "no private key in PEM that needs no password",
        [LONG] = "more than eight certificates behind the first",
        [NO_AUTHORITY] = "certificates of clients need an authority",
        [NONE] = "one to sixteen certificates are needed",
    };
    static char much[12 * TLS_BENCH_PEM];
    (void)unused;
    for (int what = 0; what < COUNT; what++) {
        struct pair pair;
        pair_open(&pair);
        add_certificate(&pair, "DNS:other.example");
        struct pgl_tls_server_options options = pair.options;
        struct pgl_tls_pair *second = &options.pairs[1];
        if (what == OTHER_KEY)
            second->key = options.pairs[0].key;
        if (what == NO_CERTIFICATE)
            second->certificate = PGL_TEXT("");
        if (what == NO_KEY)
            second->key = pgl_text_of(strstr(pair.pem[1], "-----BEGIN CERT"));
        if (what == WEAK) {
            tls_bench_issue(&pair.authority, "RSA-1024", "DNS:a", "serverAuth", TOMORROW,
                            pair.pem[3]);
            *second = pair_of(pair.pem[3]);
        }
        if (what == CUT)
            second->certificate.size -= 40;
        if (what == LOCKED)
            second->key = PGL_TEXT("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n"
                                   "-----END ENCRYPTED PRIVATE KEY-----\n");
        if (what == LONG) {
            much[0] = '\0';
            for (int i = 0; i < 10; i++)
                strncat(much, pair.pem[1], TLS_BENCH_PEM);
            second->certificate = pgl_text_of(much);
        }
        options.needs_client = what == NO_AUTHORITY;
        if (what == NONE)
            options.pair_count = 0;
        pgl_status status = pgl_tls_server_context_open(&options, &pair.context);
        assert_int_equal(status.code, PGL_INVALID);
        assert_string_equal(status.text, texts[what]);
        assert_null(pair.context);
        pair_close(&pair);
    }
}

static void what_a_certificate_says_is_read(void **unused)
{
    struct pair pair;
    struct pgl_tls_facts facts;
    (void)unused;
    pair_open(&pair);
    assert_true(pgl_is_ok(pgl_tls_facts_read(pgl_text_of(pair.pem[0]), &facts)));
    assert_string_equal(facts.name, TLS_BENCH_NAME);
    assert_int_equal(facts.from_s, TLS_BENCH_NOW_S - TLS_BENCH_DAY_S);
    assert_int_equal(facts.until_s, TOMORROW);
    assert_true(pgl_is_ok(pgl_tls_facts_read(pgl_text_of(pair.authority.ca_pem), &facts)));
    assert_string_equal(facts.name, "our authority");
    assert_int_equal(pgl_tls_facts_read(PGL_TEXT("nothing"), &facts).code, PGL_INVALID);
    pair_close(&pair);
}

static void a_certificate_for_localhost_is_made(void **unused)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "::1" };
    struct pair pair;
    struct pgl_tls_facts facts;
    struct pgl_buffer pem, small, again;
    (void)unused;
    pair_open(&pair);
    pgl_buffer_init(&pem, TLS_BENCH_PEM);
    pgl_buffer_init(&again, TLS_BENCH_PEM);
    pgl_buffer_init(&small, 100);
    assert_true(pgl_is_ok(pgl_tls_make_for_localhost(NOW_NS, PGL_HOURS(48), &pem)));
    assert_true(pgl_is_ok(pgl_tls_make_for_localhost(NOW_NS, PGL_HOURS(48), &again)));
    assert_false(pgl_text_equal(pgl_buffer_text(&pem), pgl_buffer_text(&again)));
    assert_int_equal(pgl_tls_make_for_localhost(NOW_NS, PGL_HOURS(48), &small).code, PGL_EXHAUSTED);
    assert_true(pgl_is_ok(pgl_tls_facts_read(pgl_buffer_text(&pem), &facts)));
    assert_string_equal(facts.name, "localhost");
    assert_int_equal(facts.from_s, TLS_BENCH_NOW_S - 3600);
    assert_int_equal(facts.until_s, TLS_BENCH_NOW_S + 48 * 3600);

    pair.options.pairs[0] = (struct pgl_tls_pair){ pgl_buffer_text(&pem), pgl_buffer_text(&pem) };
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    X509 *own = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(pair.client_context), own);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        X509_VERIFY_PARAM *expected = SSL_CTX_get0_param(pair.client_context);
        X509_VERIFY_PARAM_set1_ip(expected, NULL, 0);
        X509_VERIFY_PARAM_set1_host(expected, NULL, 0);
        assert_true(X509_VERIFY_PARAM_set1_ip_asc(expected, names[i]) == 1 ||
                    X509_VERIFY_PARAM_set1_host(expected, names[i], 0) == 1);
        connect_both(&pair, NULL);
        assert_int_equal(shake_hands(&pair, ALL_STEPS), PGL_TLS_DONE);
        assert_talks(&pair, ALL_STEPS);
    }
    X509_free(own);
    BIO_free(bio);
    pgl_buffer_free(&pem);
    pgl_buffer_free(&small);
    pgl_buffer_free(&again);
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_comes_is_served),
        cmocka_unit_test(versions_and_ciphers_are_chosen_with_care),
        cmocka_unit_test(a_protocol_is_agreed_on_or_there_is_none),
        cmocka_unit_test(the_name_decides_on_the_certificate),
        cmocka_unit_test(clients_show_who_they_are),
        cmocka_unit_test(our_own_client_meets_it),
        cmocka_unit_test(nobody_shakes_hands_twice),
        cmocka_unit_test(a_context_is_exchanged_under_sessions),
        cmocka_unit_test(what_is_broken_is_not_shown),
        cmocka_unit_test(what_a_certificate_says_is_read),
        cmocka_unit_test(a_certificate_for_localhost_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
