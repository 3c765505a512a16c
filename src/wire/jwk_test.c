/*
 * jwk_test.c - keys and key sets.
 * Method: thumbprints of the standards (RFC 7638 3.1, RFC 8037 A.3), documents there and back for
 * each algorithm, a table of keys that are skipped and one of documents that are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "wire/base64.h"
#include "wire/jwk.h"

/* clang-format off */
#define RSA_N \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB" \
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8" \
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_" \
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define ED_X "'11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'"
#define EC_X "'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'"
#define EC_Y "'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'"
#define EC_KEY(kid)  "{'kty':'EC','crv':'P-256','x':" EC_X ",'y':" EC_Y ",'kid':'" kid "'}"
#define ED_KEY(kid)  "{'kty':'OKP','crv':'Ed25519','x':" ED_X ",'kid':'" kid "'}"
#define RSA_KEY(kid) "{'kty':'RSA','e':'AQAB','n':'" RSA_N "','kid':'" kid "'}"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Members of one key, written with ' for ". Each is wrong in one thing. */
static const char *const skipped[] = {
    /* other types and algorithms */
    "'kty':'oct','k':'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ','alg':'HS256'",
    "'kty':'EC','crv':'P-256','alg':'none','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','alg':'HS256','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','alg':'ES384','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','alg':'RS256','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','alg':7,'x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','alg':null,'x':" EC_X ",'y':" EC_Y,
    "'kty':'ec','crv':'P-256','x':" EC_X ",'y':" EC_Y,
    "'crv':'P-256','x':" EC_X ",'y':" EC_Y,
    "'kty':'RSA','alg':'RS512','e':'AQAB','n':'" RSA_N "'",
    "'kty':'RSA','alg':'RSA-OAEP','e':'AQAB','n':'" RSA_N "'",
    "'kty':'RSA','alg':'ES256','e':'AQAB','n':'" RSA_N "'",
    /* other uses */
    "'kty':'EC','crv':'P-256','use':'enc','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','use':7,'x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','key_ops':['deriveKey'],'x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','key_ops':'verify','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','key_ops':[],'x':" EC_X ",'y':" EC_Y,
    /* curves and points */
    "'kty':'EC','crv':'P-384','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'secp256k1','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','x':" EC_X ",'y':" EC_Y,
    "'kty':'EC','crv':'P-256','x':" EC_X,
    "'kty':'EC','crv':'P-256','x':" EC_X ",'y':" EC_X, /* not on the curve */
    "'kty':'EC','crv':'P-256','x':" EC_X ",'y':''",
    "'kty':'EC','crv':'P-256','x':" EC_X ",'y':7",
    "'kty':'EC','crv':'P-256','x':'AAAA','y':" EC_Y,
    "'kty':'EC','crv':'P-256','x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEUAA','y':" EC_Y,
    "'kty':'EC','crv':'P-256','x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=','y':" EC_Y,
    "'kty':'EC','crv':'P-256','x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV','y':" EC_Y,
    "'kty':'EC','crv':'P-256','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',"
        "'y':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
    "'kty':'EC','crv':'P-256','x':'_____wAAAAEAAAAAAAAAAAAAAAD_______________8'," /* x = p */
        "'y':" EC_Y,
    "'kty':'OKP','crv':'Ed448','x':" ED_X,
    "'kty':'OKP','crv':'X25519','x':" ED_X,
    "'kty':'OKP','crv':'Ed25519'",
    "'kty':'OKP','crv':'Ed25519','x':'11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcH'",
    /* moduli and exponents */
    "'kty':'RSA','e':'AQAB'",
    "'kty':'RSA','n':'" RSA_N "'",
    "'kty':'RSA','e':'','n':'" RSA_N "'",
    "'kty':'RSA','e':'AQ','n':'" RSA_N "'",       /* 1 */
    "'kty':'RSA','e':'AQAA','n':'" RSA_N "'",     /* even */
    "'kty':'RSA','e':'AAEAAQ','n':'" RSA_N "'",   /* a zero in front */
    "'kty':'RSA','e':'AQAAAAE','n':'" RSA_N "'",  /* five bytes */
    "'kty':'RSA','e':'AQAB','n':'AA" RSA_N "'",
    "'kty':'RSA','e':'AQAB','n':'ANL8e2oKHmxn'",
    "'kty':'RSA','e':'AQAB','n':'" X64 X64 "w'",  /* 774 bits */
};

static const struct { const char *document; enum pgl_code code; const char *text; } refused[] = {
    { "",                       PGL_MALFORMED, "not a JSON object" },
    { "[]",                     PGL_MALFORMED, "not a JSON object" },
    { "null",                   PGL_MALFORMED, "not a JSON object" },
    { "{'keys':[]",             PGL_MALFORMED, "not a JSON object" },
    { "{'keys':[],'keys':[]}",  PGL_MALFORMED, "not a JSON object" },
    { "{'keys':[{'kid':'a','kid':'b'}]}", PGL_MALFORMED, "not a JSON object" },
    { "{'keys':[" EC_KEY("a") "]} trailing", PGL_MALFORMED, "not a JSON object" },
    { "{'keys':[[[[[[[[[]]]]]]]]]}", PGL_MALFORMED, "the JSON is nested too deep" },
    { "{}",                     PGL_MALFORMED, "a key set has a list of keys" },
    { "{'keys':{}}",            PGL_MALFORMED, "a key set has a list of keys" },
    { "{'keys':'x'}",           PGL_MALFORMED, "a key set has a list of keys" },
    { EC_KEY("a"),              PGL_MALFORMED, "a key set has a list of keys" },
    { "{'keys':[]}",            PGL_INVALID,   "the key set has no key that can be used" },
    { "{'keys':[7,null,'x',[]]}", PGL_INVALID, "the key set has no key that can be used" },
    { "{'keys':[" EC_KEY("a") "," ED_KEY("a") "]}", PGL_ALREADY_EXISTS, "two keys have one kid" },
    { "{'keys':[" EC_KEY("a") ",{'kty':'EC','crv':'P-256','kid':'b','d':'AQ'}]}",
      PGL_INVALID, "the key set publishes a private key" },
    { "{'keys':[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1," EC_KEY("a") "]}",
      PGL_TOO_LARGE, "the key set has too many keys" },
};

static const char *const bad_kids[] = {
    "", "'kid':'',", "'kid':7,", "'kid':null,", "'kid':'a b',", "'kid':'../a',", "'kid':'a\\n',",
    "'kid':'\\u00e9',", "'kid':'" X64 "x',",
};
/* clang-format on */

/* Reads a document written with ' for ". */
static pgl_status read_set(struct pgl_key_set *set, const char *document)
{
    struct pgl_buffer text;
    pgl_buffer_init(&text, 2 * PGL_JWKS_BYTES_MAX);
    pgl_buffer_add_text(&text, pgl_text_of(document));
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\'')
            text.data[i] = '"';
    pgl_key_set_init(set);
    pgl_status status = pgl_key_set_read(set, pgl_buffer_text(&text));
    pgl_buffer_free(&text);
    assert_int_equal(ERR_peek_error(), 0);
    return status;
}

static void thumbprints_are_those_of_the_standards(void **unused)
{
    static const struct {
        const char *document, *thumbprint;
    } examples[] = {
        { "{'keys':[" RSA_KEY("2011-04-29") "]}", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
        { "{'keys':[" ED_KEY("a") "]}", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct pgl_key_set set;
        uint8_t digest[PGL_SHA256_BYTES];
        char text[PGL_BASE64URL_BYTES(PGL_SHA256_BYTES)];
        assert_true(pgl_is_ok(read_set(&set, examples[i].document)));
        assert_true(pgl_is_ok(pgl_key_thumbprint(&set.keys[0], digest)));
        pgl_base64url_encode(digest, sizeof digest, text);
        assert_memory_equal(text, examples[i].thumbprint, sizeof text);
        pgl_key_set_free(&set);
    }
}

static void a_key_has_one_algorithm(void **unused)
{
    static const struct {
        const char *key;
        enum pgl_jws_alg alg;
    } cases[] = {
        { EC_KEY("a"), PGL_JWS_ES256 },
        { ED_KEY("a"), PGL_JWS_EDDSA },
        { RSA_KEY("a"), PGL_JWS_RS256 },
        { "{'kty':'RSA','alg':'PS256','kid':'a','e':'AQAB','n':'" RSA_N "'}", PGL_JWS_PS256 },
        { "{'kty':'RSA','alg':'RS256','kid':'a','e':'Aw','n':'" RSA_N "'}", PGL_JWS_RS256 },
        { "{'kty':'OKP','alg':'EdDSA','kid':'a','crv':'Ed25519','x':" ED_X "}", PGL_JWS_EDDSA },
        { "{'kty':'OKP','alg':'Ed25519','kid':'a','crv':'Ed25519','x':" ED_X "}", PGL_JWS_EDDSA },
        { "{'kty':'EC','use':'sig','key_ops':['x','verify'],'kid':'a','crv':'P-256','x':" EC_X
          ",'y':" EC_Y "}",
          PGL_JWS_ES256 },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pgl_key_set set;
        char document[2048];
        assert_in_range(snprintf(document, sizeof document, "{'keys':[%s]}", cases[i].key), 1,
                        sizeof document - 1);
        assert_true(pgl_is_ok(read_set(&set, document)));
        assert_int_equal(set.count, 1);
        assert_int_equal(set.keys[0].alg, cases[i].alg);
        pgl_key_set_free(&set);
    }
    assert_false(pgl_jws_alg_is_called(PGL_JWS_ES256, PGL_TEXT("none")));
    assert_false(pgl_jws_alg_is_called(PGL_JWS_ES256, PGL_TEXT("")));
    assert_false(pgl_jws_alg_is_called(PGL_JWS_RS256, PGL_TEXT("PS256")));
    assert_false(pgl_jws_alg_is_called(PGL_JWS_RS256, PGL_TEXT("HS256")));
}

/* Beside a good one, so that the document as a whole stands. */
static void unusable_keys_are_skipped_and_counted(void **unused)
{
    (void)unused;
    size_t key_rows = sizeof skipped / sizeof skipped[0],
           kid_rows = sizeof bad_kids / sizeof bad_kids[0];
    for (size_t i = 0; i < key_rows + kid_rows; i++) {
        struct pgl_key_set set;
        char document[4096];
        if (i < key_rows)
            snprintf(document, sizeof document, "{'keys':[{'kid':'bad',%s},%s]}", skipped[i],
                     ED_KEY("good"));
        else
            snprintf(document, sizeof document,
                     "{'keys':[{%s'kty':'EC','crv':'P-256','x':" EC_X ",'y':" EC_Y "},%s]}",
                     bad_kids[i - key_rows], ED_KEY("good"));
        pgl_status status = read_set(&set, document);
        if (!pgl_is_ok(status) || set.count != 1)
            fail_msg("row %zu: %s, %u keys", i, status.text, set.count);
        assert_int_equal(set.skipped_count, 1);
        assert_non_null(pgl_key_set_find(&set, PGL_TEXT("good")));
        assert_null(pgl_key_set_find(&set, PGL_TEXT("bad")));
        pgl_key_set_free(&set);
    }
}

static void whole_documents_are_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct pgl_key_set set;
        pgl_status status = read_set(&set, refused[i].document);
        if (status.code != refused[i].code || strcmp(status.text, refused[i].text) != 0)
            fail_msg("row %zu: %s", i, status.text);
        assert_int_equal(set.count, 0); /* nothing half read, nothing leaked */
    }
    struct pgl_buffer large;
    struct pgl_key_set set;
    pgl_buffer_init(&large, 2 * PGL_JWKS_BYTES_MAX);
    pgl_buffer_add_literal(&large, "{\"keys\":[");
    while (large.size <= PGL_JWKS_BYTES_MAX)
        pgl_buffer_add_char(&large, ' ');
    pgl_key_set_init(&set);
    assert_int_equal(pgl_key_set_read(&set, pgl_buffer_text(&large)).code, PGL_TOO_LARGE);
    pgl_buffer_free(&large);
}

static void moduli_are_bounded_at_both_ends(void **unused)
{
    static const struct {
        size_t bits;
        bool is_ok;
    } sizes[] = {
        { 1024, false }, { 2040, false }, { 2048, true },
        { 3072, true },  { 4096, true },  { 4104, false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pgl_key_set set;
        char n[PGL_BASE64URL_BYTES(600)], document[2048];
        uint8_t modulus[600];
        memset(modulus, 0xFF, sizeof modulus); /* any odd number does: nothing is factored */
        size_t size = pgl_base64url_encode(modulus, sizes[i].bits / 8, n);
        snprintf(document, sizeof document,
                 "{'keys':[{'kty':'RSA','kid':'a','e':'AQAB','n':'%.*s'}]}", (int)size, n);
        assert_int_equal(pgl_is_ok(read_set(&set, document)), sizes[i].is_ok);
        pgl_key_set_free(&set);
    }
}

static void a_written_document_reads_back_the_same(void **unused)
{
    (void)unused;
    struct pgl_key_set set, again;
    struct pgl_buffer first, second;
    assert_true(
        pgl_is_ok(read_set(&set, "{'keys':[" EC_KEY("ec") "," ED_KEY("ed") "," RSA_KEY(
                                     "rsa") ",{'kty':'RSA','alg':'PS256','e':'AQAB','n':'" RSA_N
                                            "','kid':'pss'}],'x':{'y':[]}}")));
    pgl_buffer_init(&first, PGL_JWKS_BYTES_MAX);
    pgl_buffer_init(&second, PGL_JWKS_BYTES_MAX);
    pgl_key_set_write(&set, &first);
    pgl_key_set_init(&again);
    assert_true(pgl_is_ok(pgl_key_set_read(&again, pgl_buffer_text(&first))));
    pgl_key_set_write(&again, &second);
    assert_int_equal(again.count, 4);
    assert_true(pgl_text_equal(pgl_buffer_text(&first), pgl_buffer_text(&second)));
    assert_memory_equal(set.fingerprint, again.fingerprint, PGL_SHA256_BYTES);
    pgl_buffer_free(&first);
    pgl_buffer_free(&second);
    pgl_key_set_free(&set);
    pgl_key_set_free(&again);
}

/* Whatever of a set changes, its fingerprint does. */
static void fingerprints_tell_sets_apart(void **unused)
{
    static const char *const documents[] = {
        "{'keys':[" EC_KEY("a") "]}",
        "{'keys':[" EC_KEY("b") "]}",
        "{'keys':[" ED_KEY("a") "]}",
        "{'keys':[" RSA_KEY("a") "]}",
        "{'keys':[{'kty':'RSA','alg':'PS256','e':'AQAB','n':'" RSA_N "','kid':'a'}]}",
        "{'keys':[" EC_KEY("a") "," ED_KEY("b") "]}",
        "{'keys':[" EC_KEY("b") "," ED_KEY("a") "]}",
    };
    enum { COUNT = sizeof documents / sizeof documents[0] };
    uint8_t seen[COUNT][PGL_SHA256_BYTES];
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        struct pgl_key_set set;
        assert_true(pgl_is_ok(read_set(&set, documents[i])));
        memcpy(seen[i], set.fingerprint, PGL_SHA256_BYTES);
        pgl_key_set_free(&set);
        for (size_t before = 0; before < i; before++)
            assert_memory_not_equal(seen[i], seen[before], PGL_SHA256_BYTES);
    }
}

static void a_full_set_takes_no_more(void **unused)
{
    (void)unused;
    struct pgl_key key;
    struct pgl_key_set set;
    pgl_key_set_init(&set);
    assert_true(pgl_is_ok(pgl_key_generate(&key)));
    for (int i = 0; i <= PGL_KEY_SET_MAX; i++) {
        snprintf(key.kid, sizeof key.kid, "key-%d", i);
        assert_int_equal(pgl_key_set_add(&set, &key).code,
                         i < PGL_KEY_SET_MAX ? PGL_CODE_OK : PGL_EXHAUSTED);
    }
    pgl_key_set_free(&set);
    assert_int_equal(set.count, 0);
    snprintf(key.kid, sizeof key.kid, "a/b");
    assert_int_equal(pgl_key_set_add(&set, &key).code, PGL_INVALID);
    pgl_key_close(&key);
}

static void our_pair_survives_its_file(void **unused)
{
    (void)unused;
    struct pgl_key made, read;
    char pem[PGL_KEY_PEM_BYTES];
    size_t size;
    assert_true(pgl_is_ok(pgl_key_generate(&made)));
    assert_int_equal(strlen(made.kid), 43);
    assert_true(pgl_is_ok(pgl_key_write_pem(&made, pem, &size)));
    assert_true(pgl_is_ok(pgl_key_read_pem((struct pgl_text){ pem, size }, &read)));
    assert_string_equal(read.kid, made.kid);
    assert_int_equal(EVP_PKEY_eq(read.pkey, made.pkey), 1);
    for (size_t cut = 0; cut < size; cut += 7) {
        struct pgl_key none;
        assert_int_equal(pgl_key_read_pem((struct pgl_text){ pem, cut }, &none).code, PGL_INVALID);
        assert_int_equal(ERR_peek_error(), 0);
    }
    pgl_key_close(&made);
    pgl_key_close(&read);
}

/* What a key file may hold instead: another curve, another type, a passphrase, the older SEC 1
 * form, a public key. OpenSSL itself would take most of them, or ask at the terminal. */
static void other_files_are_refused(void **unused)
{
    enum { OTHER_CURVE, OTHER_TYPE, ENCRYPTED, SEC1, PUBLIC, FILE_COUNT };
    (void)unused;
    for (int kind = 0; kind < FILE_COUNT; kind++) {
        EVP_PKEY *pkey = kind == OTHER_TYPE
                             ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                             : EVP_PKEY_Q_keygen(NULL, NULL, "EC",
                                                 kind == OTHER_CURVE ? "secp384r1" : "prime256v1");
        BIO *file = BIO_new(BIO_s_mem());
        struct pgl_key key;
        char *text;
        if (kind == ENCRYPTED)
            assert_int_equal(PEM_write_bio_PKCS8PrivateKey(file, pkey, EVP_aes_128_cbc(), "secret",
                                                           6, NULL, NULL),
                             1);
        else if (kind == SEC1)
            assert_int_equal(
                PEM_write_bio_PrivateKey_traditional(file, pkey, NULL, NULL, 0, NULL, NULL), 1);
        else if (kind == PUBLIC)
            assert_int_equal(PEM_write_bio_PUBKEY(file, pkey), 1);
        else
            assert_int_equal(PEM_write_bio_PKCS8PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL),
                             1);
        long size = BIO_get_mem_data(file, &text);
        assert_in_range(size, 64, PGL_KEY_PEM_BYTES);
        pgl_status status = pgl_key_read_pem((struct pgl_text){ text, (size_t)size }, &key);
        assert_int_equal(status.code, PGL_INVALID);
        BIO_free(file);
        EVP_PKEY_free(pkey);
    }
    struct pgl_key key;
    char zeros[PGL_KEY_PEM_BYTES + 1] = "-----BEGIN PRIVATE KEY-----\n";
    assert_int_equal(pgl_key_read_pem((struct pgl_text){ zeros, sizeof zeros }, &key).code,
                     PGL_INVALID);
    assert_int_equal(pgl_key_read_pem((struct pgl_text){ zeros, 64 }, &key).code, PGL_INVALID);
    assert_int_equal(pgl_key_read_pem((struct pgl_text){ NULL, 0 }, &key).code, PGL_INVALID);
}

/* The public half of another key, put into our file: it would sign what nobody can verify. */
static void a_pair_that_is_none_is_refused(void **unused)
{
    (void)unused;
    struct pgl_key one, other, read;
    unsigned char *der_one = NULL, *der_other = NULL;
    assert_true(pgl_is_ok(pgl_key_generate(&one)));
    assert_true(pgl_is_ok(pgl_key_generate(&other)));
    PKCS8_PRIV_KEY_INFO *info_one = EVP_PKEY2PKCS8(one.pkey),
                        *info_other = EVP_PKEY2PKCS8(other.pkey);
    int size_one = i2d_PKCS8_PRIV_KEY_INFO(info_one, &der_one);
    int size_other = i2d_PKCS8_PRIV_KEY_INFO(info_other, &der_other);
    assert_true(size_one > 64 && size_one == size_other);
    memcpy(der_one + size_one - 64, der_other + size_other - 64, 64); /* the point comes last */
    BIO *file = BIO_new(BIO_s_mem());
    char *text;
    assert_true(PEM_write_bio(file, PEM_STRING_PKCS8INF, "", der_one, size_one) > 0);
    long size = BIO_get_mem_data(file, &text);
    assert_int_equal(pgl_key_read_pem((struct pgl_text){ text, (size_t)size }, &read).code,
                     PGL_INVALID);
    assert_int_equal(ERR_peek_error(), 0);
    BIO_free(file);
    OPENSSL_free(der_one);
    OPENSSL_free(der_other);
    PKCS8_PRIV_KEY_INFO_free(info_one);
    PKCS8_PRIV_KEY_INFO_free(info_other);
    pgl_key_close(&one);
    pgl_key_close(&other);
}

static void public_keys_have_no_file_and_no_secret_is_published(void **unused)
{
    (void)unused;
    struct pgl_key_set set;
    char pem[PGL_KEY_PEM_BYTES];
    size_t size;
    assert_true(pgl_is_ok(read_set(&set, "{'keys':[" EC_KEY("a") "]}")));
    assert_int_equal(pgl_key_write_pem(&set.keys[0], pem, &size).code, PGL_INVALID);
    pgl_key_set_free(&set);

    struct pgl_key key;
    struct pgl_buffer document;
    assert_true(pgl_is_ok(pgl_key_generate(&key)));
    assert_true(pgl_is_ok(pgl_key_set_add(&set, &key)));
    pgl_buffer_init(&document, PGL_JWKS_BYTES_MAX);
    pgl_key_set_write(&set, &document);
    pgl_buffer_add_char(&document, '\0');
    assert_null(strstr(document.data, "\"d\""));
    pgl_buffer_free(&document);
    pgl_key_set_free(&set);
    pgl_key_close(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thumbprints_are_those_of_the_standards),
        cmocka_unit_test(a_key_has_one_algorithm),
        cmocka_unit_test(unusable_keys_are_skipped_and_counted),
        cmocka_unit_test(whole_documents_are_refused),
        cmocka_unit_test(moduli_are_bounded_at_both_ends),
        cmocka_unit_test(a_written_document_reads_back_the_same),
        cmocka_unit_test(fingerprints_tell_sets_apart),
        cmocka_unit_test(a_full_set_takes_no_more),
        cmocka_unit_test(our_pair_survives_its_file),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(a_pair_that_is_none_is_refused),
        cmocka_unit_test(public_keys_have_no_file_and_no_secret_is_published),
    };
    return cmocka_run_group_tests_name("jwk", tests, NULL, NULL);
}
