/*
 * grpc_test.c - messages come out as they went in, however the body was cut; what a peer sends in
 * its fields is understood or refused, and never trusted.
 * Method: every cut of a body of several messages; limits at, below and above; tables of spellings
 * of times, texts and binary values, right and wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "wire/grpc.h"

#define KNOWN (PGL_GRPC_COMPRESSED)

static struct pgl_arena arena;

static int set_up(void **unused)
{
    (void)unused;
    pgl_arena_init(&arena, 4096, 1 << 20);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pgl_arena_free(&arena);
    return 0;
}

/* ---- messages ---- */

static void add_message(struct pgl_buffer *body, uint8_t flags, struct pgl_text bytes)
{
    char prefix[PGL_GRPC_PREFIX_BYTES];
    pgl_grpc_write_prefix(prefix, flags, bytes.size);
    pgl_buffer_add(body, prefix, sizeof prefix);
    pgl_buffer_add_text(body, bytes);
}

static const char *const texts[] = { "one", "", "three is longer", "", "5" };
#define TEXTS (sizeof texts / sizeof texts[0])

/* All whole messages of the piece; each must be the next of `texts`. */
static void read_piece(struct pgl_grpc_reader *reader, struct pgl_text piece, size_t *seen)
{
    for (;;) {
        struct pgl_grpc_frame frame;
        bool is_there;
        assert_true(pgl_is_ok(pgl_grpc_read(reader, &piece, &frame, &is_there)));
        if (!is_there)
            break;
        assert_true(*seen < TEXTS);
        assert_true(pgl_text_is(frame.bytes, texts[*seen]));
        assert_int_equal(frame.flags, *seen % 2);
        ++*seen;
    }
    assert_int_equal(piece.size, 0);
}

static void a_body_may_be_cut_anywhere(void **unused)
{
    (void)unused;
    struct pgl_buffer body;
    pgl_buffer_init(&body, 1000);
    for (size_t i = 0; i < TEXTS; i++)
        add_message(&body, (uint8_t)(i % 2), pgl_text_of(texts[i]));
    for (size_t step = 1; step <= body.size; step++) {
        struct pgl_grpc_reader reader;
        size_t seen = 0;
        pgl_grpc_reader_init(&reader, KNOWN, 15);
        for (size_t at = 0; at < body.size; at += step) {
            size_t size = step < body.size - at ? step : body.size - at;
            char *copy = pgl_arena_string(&arena, (struct pgl_text){ body.data + at, size });
            read_piece(&reader, (struct pgl_text){ copy, size }, &seen);
        }
        assert_int_equal(seen, TEXTS);
        assert_false(pgl_grpc_reader_is_within(&reader));
        pgl_grpc_reader_free(&reader);
    }
    pgl_buffer_free(&body);
}

static void a_message_that_lies_whole_is_not_copied(void **unused)
{
    (void)unused;
    static const char body[] = "\0\0\0\0\003abc\0\0\0\0\002d";
    struct pgl_text bytes = { body, sizeof body - 1 };
    struct pgl_grpc_reader reader;
    struct pgl_grpc_frame frame;
    bool is_there;
    pgl_grpc_reader_init(&reader, KNOWN, 100);
    assert_true(pgl_is_ok(pgl_grpc_read(&reader, &bytes, &frame, &is_there)) && is_there);
    assert_ptr_equal(frame.bytes.data, body + 5);
    assert_int_equal(reader.held.capacity, 0);
    assert_true(pgl_is_ok(pgl_grpc_read(&reader, &bytes, &frame, &is_there)) && !is_there);
    assert_true(pgl_grpc_reader_is_within(&reader)); /* cut here, it would be half a message */
    pgl_grpc_reader_free(&reader);
}

static enum pgl_code code_of(const char *prefix, uint8_t known, size_t bytes_max, bool at_once)
{
    struct pgl_grpc_reader reader;
    struct pgl_grpc_frame frame;
    bool is_there;
    pgl_status status = PGL_OK;
    pgl_grpc_reader_init(&reader, known, bytes_max);
    for (size_t at = 0; at < 5 && pgl_is_ok(status); at += at_once ? 5 : 1) {
        struct pgl_text piece = { prefix + at, at_once ? 5 : 1 };
        status = pgl_grpc_read(&reader, &piece, &frame, &is_there);
    }
    assert_true(reader.held.capacity < 1000); /* nothing was made ready for what was declared */
    pgl_grpc_reader_free(&reader);
    return status.code;
}

static void a_prefix_is_checked_before_the_message_comes(void **unused)
{
    (void)unused;
    for (int at_once = 0; at_once < 2; at_once++) {
        assert_int_equal(code_of("\0\0\0\1\0", KNOWN, 256, at_once), PGL_CODE_OK);
        assert_int_equal(code_of("\0\0\0\1\1", KNOWN, 256, at_once), PGL_TOO_LARGE);
        assert_int_equal(code_of("\0\377\377\377\377", KNOWN, 256, at_once), PGL_TOO_LARGE);
        assert_int_equal(code_of("\1\0\0\0\7", KNOWN, 256, at_once), PGL_CODE_OK);
        assert_int_equal(code_of("\2\0\0\0\7", KNOWN, 256, at_once), PGL_MALFORMED);
        assert_int_equal(code_of("\200\0\0\0\7", KNOWN, 256, at_once), PGL_MALFORMED);
        assert_int_equal(code_of("\200\0\0\0\7", KNOWN | PGL_GRPC_TRAILERS, 256, at_once),
                         PGL_CODE_OK);
    }
}

/* ---- grpc-timeout ---- */

/* clang-format off */
static const struct { const char *text; int64_t ns; /* -1: refused */ } timeouts[] = {
    { "1n", 1 }, { "0S", 0 }, { "7u", 7000 }, { "250m", PGL_MILLISECONDS(250) }, { "2S", PGL_SECONDS(2) },
    { "3M", PGL_MINUTES(3) }, { "1H", PGL_HOURS(1) }, { "000000001S", -1 }, { "00000001S", PGL_SECONDS(1) },
    { "99999999n", 99999999 }, { "99999999H", PGL_NEVER_NS }, { "99999999M", PGL_MINUTES(99999999) },
    { "", -1 }, { "S", -1 }, { "1", -1 }, { "1s", -1 }, { "1h", -1 }, { "-1S", -1 }, { "+1S", -1 }, { "1.5S", -1 },
    { " 1S", -1 }, { "1 S", -1 }, { "1S ", -1 }, { "123456789S", -1 }, { "1SS", -1 },
};
/* clang-format on */

static void times_are_read(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        int64_t ns = -2;
        pgl_status status = pgl_grpc_timeout_read(pgl_text_of(timeouts[i].text), &ns);
        assert_int_equal(status.code, timeouts[i].ns < 0 ? PGL_MALFORMED : PGL_CODE_OK);
        if (pgl_is_ok(status))
            assert_int_equal(ns, timeouts[i].ns);
    }
}

static void a_time_never_grows_when_written(void **unused)
{
    (void)unused;
    for (int64_t ns = 1; ns > 0 && ns < PGL_NEVER_NS / 3; ns = ns * 3 + 1) {
        char text[PGL_GRPC_TIMEOUT_BYTES];
        int64_t back;
        size_t size = pgl_grpc_timeout_write(ns, text);
        assert_true(pgl_is_ok(pgl_grpc_timeout_read((struct pgl_text){ text, size }, &back)));
        assert_true(back <= ns && ns - back <= ns / 10000);
    }
    char text[PGL_GRPC_TIMEOUT_BYTES];
    assert_int_equal(pgl_grpc_timeout_write(-5, text), 2);
    assert_memory_equal(text, "1n", 2);
    assert_int_equal(pgl_grpc_timeout_write(PGL_NEVER_NS, text), 8);
    assert_memory_equal(text, "2562047H", 8);
}

/* ---- statuses ---- */

static void every_code_has_a_status_and_a_way_back(void **unused)
{
    (void)unused;
    for (int code = 0; code < PGL_CODE_COUNT; code++) {
        int grpc = pgl_code_grpc((enum pgl_code)code);
        assert_in_range(grpc, 0, PGL_GRPC_STATUS_COUNT - 1);
        assert_int_equal(pgl_code_grpc(pgl_code_of_grpc(grpc)), grpc);
    }
    assert_int_equal(pgl_code_of_grpc(11), PGL_INVALID);
    assert_int_equal(pgl_code_of_grpc(99), PGL_UNKNOWN);
    assert_int_equal(pgl_code_of_grpc(-1), PGL_UNKNOWN);
    assert_string_equal(pgl_grpc_status_name(5), "NOT_FOUND");
    assert_string_equal(pgl_grpc_status_name(16), "UNAUTHENTICATED");
    assert_string_equal(pgl_grpc_status_name(17), "UNKNOWN");
    assert_int_equal(pgl_grpc_status_read(PGL_TEXT("14")), 14);
    assert_int_equal(pgl_grpc_status_read(PGL_TEXT("17")), 2);
    assert_int_equal(pgl_grpc_status_read(PGL_TEXT("x")), 2);
    assert_int_equal(pgl_grpc_status_of_http(503), 14);
    assert_int_equal(pgl_grpc_status_of_http(404), 12);
    assert_int_equal(pgl_grpc_status_of_http(200), 2);
}

/* ---- grpc-message ---- */

static void a_text_survives_the_way(void **unused)
{
    (void)unused;
    char all[255];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(i + 1);
    const struct pgl_text texts_too[] = {
        PGL_TEXT("not found"),
        PGL_TEXT("\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP \xf0\x9f\x98"
                 "\x88\t\n"),
        PGL_TEXT("100% of %41"),
        { all, sizeof all },
    };
    for (size_t i = 0; i < sizeof texts_too / sizeof texts_too[0]; i++) {
        struct pgl_buffer out;
        pgl_buffer_init(&out, 4096);
        pgl_grpc_message_write(&out, texts_too[i]);
        for (size_t at = 0; at < out.size; at++)
            assert_in_range(out.data[at], 0x20, 0x7E);
        struct pgl_text back = pgl_grpc_message_read(&arena, pgl_buffer_text(&out));
        assert_true(pgl_text_equal(back, texts_too[i]));
        pgl_buffer_free(&out);
    }
}

static void a_broken_escape_stays_as_it_is(void **unused)
{
    (void)unused;
    static const char *const pairs[][2] = {
        { "%", "%" },     { "a%", "a%" },   { "%4", "%4" },       { "%4g", "%4g" },
        { "%%41", "%A" }, { "%41%", "A%" }, { "%zz%42", "%zzB" }, { "%e2%98%BA", "\xe2\x98\xba" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct pgl_text back = pgl_grpc_message_read(&arena, pgl_text_of(pairs[i][0]));
        assert_true(pgl_text_is(back, pairs[i][1]));
    }
}

/* ---- metadata ---- */

static void binary_values_are_read_in_any_spelling(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct { const char *field; const char *values[4]; } lists[] = {
        { "q6ur", { "\xab\xab\xab" } },
        { "Zg==", { "f" } },
        { "Zg", { "f" } },
        { "Zg==,Zm8,Zm9v", { "f", "fo", "foo" } },
        { " Zg , Zm8= ", { "f", "fo" } },
        { "+/-_", { "\xfb\xff\xbf" } },
        { "", { "" } },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct pgl_text list = pgl_text_of(lists[i].field), value;
        bool is_there;
        for (int n = 0; lists[i].values[n] != NULL; n++) {
            assert_true(pgl_is_ok(pgl_grpc_binary_next(&arena, &list, &value, &is_there)));
            assert_true(is_there && pgl_text_is(value, lists[i].values[n]));
        }
        assert_true(pgl_is_ok(pgl_grpc_binary_next(&arena, &list, &value, &is_there)));
        assert_false(is_there);
    }
    static const char *const wrong[] = {
        "Z", "Zg=", "Z===", "=", "Zh==", "Z g", "Zg==Zg==", "Zm9v="
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pgl_text list = pgl_text_of(wrong[i]), value;
        bool is_there;
        assert_int_equal(pgl_grpc_binary_next(&arena, &list, &value, &is_there).code,
                         PGL_MALFORMED);
    }
}

static void binary_values_are_written_unpadded(void **unused)
{
    (void)unused;
    assert_true(pgl_text_is(pgl_grpc_binary_write(&arena, PGL_TEXT("f")), "Zg"));
    assert_true(pgl_text_is(pgl_grpc_binary_write(&arena, PGL_TEXT("foo")), "Zm9v"));
    assert_true(pgl_text_is(pgl_grpc_binary_write(&arena, PGL_TEXT("")), ""));
}

static void metadata_is_what_is_not_the_protocols(void **unused)
{
    (void)unused;
    assert_true(pgl_grpc_is_metadata(PGL_TEXT("x-grpc-test-echo-initial")));
    assert_true(pgl_grpc_is_metadata(PGL_TEXT("panglot-service")));
    assert_false(pgl_grpc_is_metadata(PGL_TEXT("grpc-timeout")));
    assert_false(pgl_grpc_is_metadata(PGL_TEXT("te")));
    assert_false(pgl_grpc_is_metadata(PGL_TEXT("authorization")));
    assert_true(pgl_grpc_is_binary(PGL_TEXT("a-bin")));
    assert_false(pgl_grpc_is_binary(PGL_TEXT("-bin")));
    assert_false(pgl_grpc_is_binary(PGL_TEXT("bin")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_body_may_be_cut_anywhere, set_up, tear_down),
        cmocka_unit_test(a_message_that_lies_whole_is_not_copied),
        cmocka_unit_test(a_prefix_is_checked_before_the_message_comes),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(a_time_never_grows_when_written),
        cmocka_unit_test(every_code_has_a_status_and_a_way_back),
        cmocka_unit_test_setup_teardown(a_text_survives_the_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_escape_stays_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(binary_values_are_read_in_any_spelling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(binary_values_are_written_unpadded, set_up, tear_down),
        cmocka_unit_test(metadata_is_what_is_not_the_protocols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
