/*
 * gzip_test.c - what was packed is what is unpacked, and what does not fit is not packed.
 * Method: the library's own reader takes it apart again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

#include "wire/gzip.h"

#define SIZE 50000

static void what_is_packed_is_unpacked(void **unused)
{
    (void)unused;
    static char plain[SIZE], packed[SIZE], again[SIZE];
    struct pgl_gzip gzip;
    assert_int_equal(pgl_gzip_open(&gzip).code, PGL_CODE_OK);
    for (size_t size = 1; size < SIZE; size = size * 3 + 1) { /* one after the other */
        for (size_t i = 0; i < size; i++)
            plain[i] = (char)('a' + i % 17);
        size_t packed_size =
            pgl_gzip_pack(&gzip, (struct pgl_text){ plain, size }, packed, sizeof packed);
        assert_in_range(packed_size, 18, size + 32);
        z_stream stream = { .next_in = (Bytef *)packed,
                            .avail_in = (uInt)packed_size,
                            .next_out = (Bytef *)again,
                            .avail_out = sizeof again };
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(stream.total_out, size);
        assert_memory_equal(again, plain, size);
        inflateEnd(&stream);
    }
    pgl_gzip_close(&gzip);
}

static void what_does_not_fit_is_not_packed(void **unused)
{
    (void)unused;
    char room[64];
    struct pgl_gzip gzip;
    assert_int_equal(pgl_gzip_open(&gzip).code, PGL_CODE_OK);
    for (size_t capacity = 0; capacity < 20; capacity++)
        assert_int_equal(pgl_gzip_pack(&gzip, PGL_TEXT("some words"), room, capacity), 0);
    assert_true(pgl_gzip_pack(&gzip, PGL_TEXT("some words"), room, sizeof room) > 0);
    pgl_gzip_close(&gzip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_is_unpacked),
        cmocka_unit_test(what_does_not_fit_is_not_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
