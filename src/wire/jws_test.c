/*
 * jws_test.c - signatures alone.
 * Method: the examples of the standards (RFC 7515 A.2 and A.3, RFC 8037 A.4), each with one bit
 * changed as well; our own signer read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>

#include "wire/base64.h"
#include "wire/jws.h"

#define JOE                                                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

static const struct {
    const char *name, *jwk, *input, *signature;
} examples[] = {
    { "RFC 7515 A.2",
      "{\"kty\":\"RSA\",\"kid\":\"k\",\"e\":\"AQAB\",\"n\":\""
      "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
      "4qPCJrcS2mJPMEzP1Pt0Bm4d4Q"
      "lL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
      "bSf63kpaSHSXndS5z5rexMdbBYU"
      "sLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"
      "DWNmou"
      "dF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}",
      "eyJhbGciOiJSUzI1NiJ9." JOE,
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
      "O8W2Fp5juj"
      "Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
      "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7"
      "K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
      "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np"
      "6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw" },
    { "RFC 7515 A.3",
      "{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-256\","
      "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
      "eyJhbGciOiJFUzI1NiJ9." JOE,
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
    { "RFC 8037 A.4",
      "{\"kty\":\"OKP\",\"kid\":\"k\",\"crv\":\"Ed25519\","
      "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg" },
};

static void read_one_key(struct pgl_key_set *set, const char *jwk)
{
    struct pgl_buffer document;
    pgl_buffer_init(&document, PGL_JWKS_BYTES_MAX);
    pgl_buffer_printf(&document, "{\"keys\":[%s]}", jwk);
    pgl_key_set_init(set);
    assert_true(pgl_is_ok(pgl_key_set_read(set, pgl_buffer_text(&document))));
    pgl_buffer_free(&document);
}

static void the_examples_of_the_standards_are_right(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct pgl_key_set set;
        struct pgl_text input = pgl_text_of(examples[i].input);
        uint8_t signature[PGL_JWS_SIGNATURE_MAX];
        size_t size;
        read_one_key(&set, examples[i].jwk);
        assert_true(pgl_is_ok(pgl_base64url_decode(pgl_text_of(examples[i].signature), signature,
                                                   sizeof signature, &size)));
        assert_true(pgl_is_ok(pgl_jws_verify(&set.keys[0], input, signature, size)));
        signature[size - 1] ^= 1;
        assert_int_equal(pgl_jws_verify(&set.keys[0], input, signature, size).code,
                         PGL_UNAUTHENTICATED);
        signature[size - 1] ^= 1;
        input.size--;
        assert_int_equal(pgl_jws_verify(&set.keys[0], input, signature, size).code,
                         PGL_UNAUTHENTICATED);
        assert_int_equal(ERR_peek_error(), 0);
        pgl_key_set_free(&set);
    }
}

/* Many rounds, because r or s of 31 bytes comes once in 128 and wants a zero in front. */
static void our_own_signatures_keep_their_zeros(void **unused)
{
    (void)unused;
    struct pgl_key key;
    bool was_short = false, was_long = false;
    assert_true(pgl_is_ok(pgl_key_generate(&key)));
    for (int round = 0; round < 5000 && !(was_short && was_long && round > 50); round++) {
        uint8_t signature[PGL_JWS_ES256_BYTES];
        struct pgl_text input = PGL_TEXT("what is signed");
        assert_true(pgl_is_ok(pgl_jws_sign(&key, input, signature)));
        assert_true(pgl_is_ok(pgl_jws_verify(&key, input, signature, sizeof signature)));
        was_short = was_short || signature[0] == 0 || signature[32] == 0;
        was_long = was_long || signature[0] >= 0x80;
    }
    assert_true(was_short && was_long);
    pgl_key_close(&key);
}

static void a_public_key_cannot_sign(void **unused)
{
    (void)unused;
    struct pgl_key_set set;
    uint8_t signature[PGL_JWS_ES256_BYTES];
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        read_one_key(&set, examples[i].jwk);
        assert_int_equal(pgl_jws_sign(&set.keys[0], PGL_TEXT("x"), signature).code, PGL_INVALID);
        assert_int_equal(ERR_peek_error(), 0);
        pgl_key_set_free(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standards_are_right),
        cmocka_unit_test(our_own_signatures_keep_their_zeros),
        cmocka_unit_test(a_public_key_cannot_sign),
    };
    return cmocka_run_group_tests_name("jws", tests, NULL, NULL);
}
