/*
 * base64_test.c - one value, one spelling.
 * Method: the vectors of RFC 4648 section 10, every size and byte there and back, and every way to
 * spell a value differently.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/base64.h"

/* clang-format off */
static const struct { const char *bytes, *standard, *url; } vectors[] = {
    { "",       "",         ""         },
    { "f",      "Zg==",     "Zg"       },
    { "fo",     "Zm8=",     "Zm8"      },
    { "foo",    "Zm9v",     "Zm9v"     },
    { "foob",   "Zm9vYg==", "Zm9vYg"   },
    { "fooba",  "Zm9vYmE=", "Zm9vYmE"  },
    { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
    { "\xfb\xff\xfe", "+//+", "-__-"   },
};
/* clang-format on */

static void writes_the_vectors(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct pgl_text bytes = pgl_text_of(vectors[i].bytes);
        char out[16];
        size_t size = pgl_base64_encode((const uint8_t *)bytes.data, bytes.size, out);
        assert_true(pgl_text_is((struct pgl_text){ out, size }, vectors[i].standard));
        assert_int_equal(size, PGL_BASE64_BYTES(bytes.size));
        size = pgl_base64url_encode((const uint8_t *)bytes.data, bytes.size, out);
        assert_true(pgl_text_is((struct pgl_text){ out, size }, vectors[i].url));
        assert_int_equal(size, PGL_BASE64URL_BYTES(bytes.size));
    }
}

static void reads_back_what_it_wrote(void **unused)
{
    (void)unused;
    uint8_t bytes[256] = { 0 }, back[256];
    char text[PGL_BASE64URL_BYTES(256)];
    for (size_t size = 0; size <= sizeof bytes; size++) {
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)(i * 7 + size);
        struct pgl_text written = { text, pgl_base64url_encode(bytes, size, text) };
        size_t read = 999;
        assert_true(pgl_is_ok(pgl_base64url_decode(written, back, size, &read)));
        assert_int_equal(read, size);
        assert_memory_equal(back, bytes, size);
        if (size > 0)
            assert_int_equal(pgl_base64url_decode(written, back, size - 1, &read).code,
                             PGL_TOO_LARGE);
    }
}

static void refuses_every_other_spelling(void **unused)
{
    static const char *const wrong[] = {
        "Z",    "Zm9vY", /* no value has these lengths */
        "Zg==", "Zg=",   "Zm8=", "====",   "Zh",       "Zv",   "Zm9", /* bits left over */
        "+//+", "Zm+v",  "Zm/v",                                      /* the other alphabet */
        " Zg",  "Zg ",   "Z g",  "Zm9v\n", "Zm\r\n9v", "Zm9.", "Zm9~", "Zm9\xc3\xa9", "\xff\xff",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t out[16];
        size_t size;
        assert_int_equal(pgl_base64url_decode(pgl_text_of(wrong[i]), out, sizeof out, &size).code,
                         PGL_MALFORMED);
    }
    uint8_t out[3];
    size_t size;
    struct pgl_text with_nul = { "Z\0g", 3 };
    assert_int_equal(pgl_base64url_decode(with_nul, out, sizeof out, &size).code, PGL_MALFORMED);
}

/* Of all 65,536 texts of two characters, exactly 256 are right: one for each byte. */
static void has_one_text_for_each_byte(void **unused)
{
    (void)unused;
    int times_read[256] = { 0 };
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++) {
            char text[2] = { (char)first, (char)second };
            uint8_t byte;
            size_t size;
            if (pgl_is_ok(pgl_base64url_decode((struct pgl_text){ text, 2 }, &byte, 1, &size)))
                times_read[byte]++;
        }
    for (int byte = 0; byte < 256; byte++)
        assert_int_equal(times_read[byte], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_vectors),
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(refuses_every_other_spelling),
        cmocka_unit_test(has_one_text_for_each_byte),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
