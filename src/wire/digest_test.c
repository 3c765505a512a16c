/*
 * digest_test.c - our calls of SHA-256 and HMAC give what the standards say.
 * Method: vectors of FIPS 180-4's examples and of RFC 4231.
 */
#include "wire/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_digest(const uint8_t digest[PGL_DIGEST_BYTES], const char *expected)
{
    char text[2 * PGL_DIGEST_BYTES + 1] = "";
    pgl_hex_encode(digest, PGL_DIGEST_BYTES, text);
    assert_string_equal(text, expected);
}

static void sha256_is_that_of_the_standard(void **unused)
{
    (void)unused;
    uint8_t digest[PGL_DIGEST_BYTES];
    pgl_sha256(PGL_TEXT("abc"), digest);
    assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hmac_is_that_of_rfc_4231(void **unused)
{
    (void)unused;
    char long_key[131];
    uint8_t digest[PGL_DIGEST_BYTES];
    memset(long_key, 0xaa, sizeof long_key);
    pgl_hmac_sha256(PGL_TEXT("Jefe"), PGL_TEXT("what do ya want for nothing?"), digest);
    assert_digest(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    pgl_hmac_sha256((struct pgl_text){ long_key, sizeof long_key },
                    PGL_TEXT("Test Using Larger Than Block-Size Key - Hash Key First"), digest);
    assert_digest(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void digests_are_equal_in_every_bit(void **unused)
{
    (void)unused;
    uint8_t a[PGL_DIGEST_BYTES], b[PGL_DIGEST_BYTES];
    pgl_sha256(PGL_TEXT("abc"), a);
    memcpy(b, a, sizeof b);
    assert_true(pgl_digest_equal(a, b));
    for (int bit = 0; bit < 8 * PGL_DIGEST_BYTES; bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(pgl_digest_equal(a, b));
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(hmac_is_that_of_rfc_4231),
        cmocka_unit_test(digests_are_equal_in_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
