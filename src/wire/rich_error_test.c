/*
 * rich_error_test.c - a failure tells a peer of ours exactly which it was, and others as much as
 * they understand.
 * Method: every code there and back; bytes compared with those that protoc makes of the same; every
 * cut of a whole one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "wire/rich_error.h"

static struct pgl_arena arena;
static struct pgl_buffer out;

static int set_up(void **unused)
{
    (void)unused;
    pgl_arena_init(&arena, 4096, 1 << 20);
    pgl_buffer_init(&out, 4096);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pgl_arena_free(&arena);
    pgl_buffer_free(&out);
    return 0;
}

static void every_code_comes_back(void **unused)
{
    (void)unused;
    for (int code = 1; code < PGL_CODE_COUNT; code++) {
        pgl_status status = PGL_FAIL((enum pgl_code)code, "a text");
        struct pgl_rich_error error = pgl_rich_error_of(&arena, status, PGL_MILLISECONDS(1500));
        struct pgl_rich_error back = { .grpc_status = error.grpc_status };
        pgl_buffer_clear(&out);
        pgl_rich_error_write(&out, &error);
        assert_false(out.is_full);
        pgl_rich_error_read(pgl_buffer_text(&out), &back);
        assert_int_equal(pgl_rich_code(&back), code);
        bool is_later = code == PGL_EXHAUSTED || code == PGL_UNAVAILABLE || code == PGL_LIMITED;
        assert_int_equal(back.retry_after_ns, is_later ? PGL_MILLISECONDS(1500) : 0);
    }
}

static void a_reason_counts_only_beside_its_status(void **unused)
{
    (void)unused;
    struct pgl_rich_error lie = { .grpc_status = 14, .reason = PGL_TEXT("NOT_FOUND") };
    assert_int_equal(pgl_rich_code(&lie), PGL_UNAVAILABLE);
    struct pgl_rich_error strange = { .grpc_status = 9, .reason = PGL_TEXT("OUT_OF_STOCK") };
    assert_int_equal(pgl_rich_code(&strange), PGL_CONFLICT);
}

static void bytes_are_those_of_the_contract(void **unused)
{
    (void)unused;
    static const char expected[] =
        "\x08\x03\x12\x10"
        "quantity: a text"
        "\x1a\x3c\x0a\x28type.googleapis.com/google.rpc.ErrorInfo\x12\x10"
        "\x0a\x05WRONG\x12\x07panglot"
        "\x1a\x30\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04"
        "\x0a\x02\x08\x02";
    struct pgl_rich_error error = { .grpc_status = 3,
                                    .message = PGL_TEXT("quantity: a text"),
                                    .reason = PGL_TEXT("WRONG"),
                                    .retry_after_ns = PGL_SECONDS(2) };
    pgl_rich_error_write(&out, &error);
    assert_true(pgl_text_equal(pgl_buffer_text(&out), PGL_TEXT(expected)));
}

static void a_text_names_its_field(void **unused)
{
    (void)unused;
    struct pgl_rich_error error = pgl_rich_error_of(
        &arena, PGL_FAIL(PGL_INVALID, "lines[1].quantity: a whole number is expected"), 0);
    const char *type;
    assert_true(pgl_text_is(error.field, "lines[1].quantity"));
    assert_true(pgl_text_is(error.field_text, "a whole number is expected"));
    assert_true(pgl_rich_detail(&error, 1, &type, &out));
    assert_string_equal(type, "google.rpc.BadRequest");
    assert_true(
        pgl_text_equal(pgl_buffer_text(&out), PGL_TEXT("\x0a\x2f\x0a\x11lines[1].quantity\x12\x1a"
                                                       "a whole number is expected")));
    static const char *const whole[] = { "no colon", "two words: a text", "a:b", ": x", "" };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        assert_int_equal(pgl_rich_error_of(&arena, PGL_FAIL(PGL_INVALID, whole[i]), 0).field.size,
                         0);
    error = pgl_rich_error_of(&arena, PGL_FAIL(PGL_NOT_FOUND, "order: not there"), 0);
    assert_int_equal(error.field.size, 0);
}

static void what_is_cut_reads_as_little(void **unused)
{
    (void)unused;
    struct pgl_rich_error error =
        pgl_rich_error_of(&arena, PGL_FAIL(PGL_LIMITED, "x"), PGL_SECONDS(1));
    pgl_rich_error_write(&out, &error);
    for (size_t size = 0; size < out.size; size++) {
        char *copy = pgl_arena_alloc(&arena, size + 1); /* for the address sanitizer */
        struct pgl_rich_error back = { .grpc_status = 8 };
        memcpy(copy, out.data, size);
        pgl_rich_error_read((struct pgl_text){ copy, size }, &back);
        assert_int_equal(pgl_code_grpc(pgl_rich_code(&back)), 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_code_comes_back, set_up, tear_down),
        cmocka_unit_test(a_reason_counts_only_beside_its_status),
        cmocka_unit_test_setup_teardown(bytes_are_those_of_the_contract, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_names_its_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_cut_reads_as_little, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
