/*
 * sign_test.c - what a receiver checks with code that is not ours.
 * Method: held against Python's hmac; tests/outside/ has the library of Standard Webhooks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "services/webhooks/sign.h"

static void a_signature_is_the_standards(void **unused)
{
    (void)unused;
    struct pgl_arena arena;
    uint8_t secrets[2][PGL_WEBHOOK_SECRET_BYTES];
    pgl_arena_init(&arena, 4096, 65536);
    for (int i = 0; i < PGL_WEBHOOK_SECRET_BYTES; i++)
        secrets[0][i] = (uint8_t)i;
    memset(secrets[1], 0xFF, sizeof secrets[1]);
    assert_string_equal(pgl_webhook_secret_text(&arena, secrets[0]),
                        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    assert_string_equal(
        pgl_webhook_signature(&arena, (const uint8_t(*)[PGL_WEBHOOK_SECRET_BYTES])secrets, 2,
                              "00000001-0002-8000-8000-000000000001", 1767225600,
                              PGL_TEXT("{\"a\":1}")),
        "v1,m0zTbXZi86MlDWFMgV87tBtYtYZinlN/W/TJ9HTdFHE= "
        "v1,y7ws3L3h+jo2bptGBJll6R+BpMOtRNbB8uwgth5D5Ww=");
    pgl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
