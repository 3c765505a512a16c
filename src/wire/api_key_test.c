/*
 * api_key_test.c - a key that was written is read again, and nothing that is not one is.
 * Method: keys of many secrets there and back; each character of a key changed, left out, doubled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/api_key.h"

static struct pgl_text write_key(uint8_t fill, char room[PGL_API_KEY_BYTES_MAX])
{
    uint8_t secret[PGL_API_KEY_SECRET_BYTES];
    memset(secret, fill, sizeof secret);
    size_t size = pgl_api_key_write(PGL_TEXT("live"), PGL_TEXT("Zk3bT0pQw1"), secret, room);
    return (struct pgl_text){ room, size };
}

static void a_key_is_read_as_it_was_written(void **unused)
{
    (void)unused;
    uint8_t before[PGL_DIGEST_BYTES] = { 0 };
    for (int fill = 0; fill < 256; fill++) {
        char room[PGL_API_KEY_BYTES_MAX];
        struct pgl_api_key key;
        struct pgl_text text = write_key((uint8_t)fill, room);
        assert_int_equal(text.size, PGL_API_KEY_BYTES_MAX - 4);
        assert_true(pgl_api_key_is_meant(text));
        assert_true(pgl_is_ok(pgl_api_key_read(text, &key)));
        assert_true(pgl_text_is(key.id, "Zk3bT0pQw1"));
        assert_memory_not_equal(key.digest, before, sizeof before);
        memcpy(before, key.digest, sizeof before);
    }
}

/* As computed by another program: base 62 of the number, CRC-32 of what is before. */
static void known_keys_are_written_so(void **unused)
{
    (void)unused;
    char room[PGL_API_KEY_BYTES_MAX];
    struct pgl_text zeros = write_key(0, room);
    assert_true(pgl_text_is(zeros, "pgk_live_Zk3bT0pQw1_"
                                   "00000000000000000000000000000000000000000004JjZIh"));
    struct pgl_text ones = write_key(0xFF, room);
    assert_true(
        pgl_text_is(ones, "pgk_live_Zk3bT0pQw1_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp11Axj5P"));
}

static bool is_taken(const char *text, size_t size)
{
    struct pgl_api_key key;
    pgl_status status = pgl_api_key_read((struct pgl_text){ text, size }, &key);
    assert_true(pgl_is_ok(status) || status.code == PGL_UNAUTHENTICATED);
    return pgl_is_ok(status);
}

/* The checksum finds every single slip. */
static void no_character_may_change_be_lost_or_be_added(void **unused)
{
    (void)unused;
    static const char others[] = "0Aaz9_ .-\0\xff";
    char room[PGL_API_KEY_BYTES_MAX], wrong[PGL_API_KEY_BYTES_MAX + 1];
    struct pgl_text right = write_key(0x5A, room);
    for (size_t i = 0; i < right.size; i++) {
        for (size_t c = 0; c < sizeof others; c++) {
            memcpy(wrong, right.data, right.size);
            wrong[i] = others[c];
            assert_int_equal(is_taken(wrong, right.size), others[c] == right.data[i]);
        }
        memcpy(wrong, right.data, i);
        memcpy(wrong + i, right.data + i + 1, right.size - i - 1);
        assert_false(is_taken(wrong, right.size - 1));
        memcpy(wrong + i + 1, right.data + i, right.size - i);
        wrong[i] = 'x';
        assert_false(is_taken(wrong, right.size + 1));
        assert_false(is_taken(right.data, i));
    }
    assert_true(is_taken(right.data, right.size));
}

static void forms_that_are_none(void **unused)
{
    (void)unused;
    static const char *const bad[] = { "",
                                       "pgk",
                                       "pgk_",
                                       "pgk__",
                                       "pgk_live",
                                       "pgk_live_",
                                       "pgk_live__",
                                       "PGK_live_Zk3bT0pQw1_",
                                       "pgk_LIVE_Zk3bT0pQw1_" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(is_taken(bad[i], strlen(bad[i])));
    assert_false(pgl_api_key_is_meant(PGL_TEXT("eyJhbGciOiJFUzI1NiJ9.e30.AA")));
}

static void ids_are_ten_digits(void **unused)
{
    (void)unused;
    char id[PGL_API_KEY_ID_BYTES];
    uint8_t random[8];
    memset(random, 0xFF, sizeof random);
    pgl_api_key_make_id(random, id);
    assert_true(pgl_api_key_is_id((struct pgl_text){ id, sizeof id }));
    assert_false(pgl_api_key_is_id(PGL_TEXT("Zk3bT0pQw")));
    assert_false(pgl_api_key_is_id(PGL_TEXT("Zk3bT0pQw12")));
    assert_false(pgl_api_key_is_id(PGL_TEXT("Zk3bT0pQ_1")));
}

static void scopes_have_names(void **unused)
{
    (void)unused;
    uint32_t all = 0;
    for (int i = 0; i < PGL_SCOPE_COUNT; i++)
        all |= pgl_scope_named(pgl_text_of(pgl_scope_name(i)));
    assert_int_equal(all, (1u << PGL_SCOPE_COUNT) - 1);
    assert_int_equal(pgl_scope_named(PGL_TEXT("orders")), 0);
    assert_int_equal(pgl_scope_named(PGL_TEXT("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_read_as_it_was_written),
        cmocka_unit_test(known_keys_are_written_so),
        cmocka_unit_test(no_character_may_change_be_lost_or_be_added),
        cmocka_unit_test(forms_that_are_none),
        cmocka_unit_test(ids_are_ten_digits),
        cmocka_unit_test(scopes_have_names),
    };
    return cmocka_run_group_tests_name("api key", tests, NULL, NULL);
}
