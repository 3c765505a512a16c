/*
 * traceparent_test.c - the header of W3C Trace Context, level 1, section 3.2.
 * Method: vectors from the section's own rules; what is read is written again, every single byte is
 * made wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "edge/traceparent.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static bool read(const char *header)
{
    struct pgl_trace trace;
    static const struct pgl_trace none;
    bool is_read = edge_traceparent_read(pgl_text_of(header), &trace);
    assert_int_equal(memcmp(&trace, &none, sizeof none) != 0, is_read);
    return is_read;
}

static void what_is_read_is_written_again(void **unused)
{
    (void)unused;
    struct pgl_trace trace;
    char out[PGL_TRACEPARENT_BYTES + 1] = { 0 };
    assert_true(edge_traceparent_read(PGL_TEXT(GOOD), &trace));
    assert_int_equal(trace.trace_id[0], 0x4b);
    assert_int_equal(trace.trace_id[15], 0x36);
    assert_int_equal(trace.span_id[7], 0xb7);
    assert_int_equal(trace.flags, 1);
    edge_traceparent_write(&trace, out);
    assert_string_equal(out, GOOD);
    trace.flags = 0xff; /* bits that we do not know are passed on */
    edge_traceparent_write(&trace, out);
    assert_true(read(out));
}

static void what_is_no_header_is_no_trace(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "",
        "00",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", /* never a version */
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", /* lower case only */
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        GOOD "-more", /* version 00 has no more */
        GOOD " ",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(read(wrong[i]));
    for (size_t i = 0; i < PGL_TRACEPARENT_BYTES; i++) {
        char header[] = GOOD;
        header[i] = header[i] == '-' ? '0' : 'g';
        assert_false(read(header));
    }
}

static void later_versions_are_read_as_far_as_known(void **unused)
{
    (void)unused;
    assert_true(read("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    assert_true(read("fe-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"));
}

static void an_event_shows_its_trace(void **unused)
{
    (void)unused;
    struct pgl_arena arena;
    struct pgl_trace bytes;
    Event event = EVENT_INIT;
    Trace trace = TRACE_INIT;
    pgl_arena_init(&arena, 256, 256);
    assert_true(edge_traceparent_read(PGL_TEXT(GOOD), &bytes));
    assert_string_equal(edge_traceparent_of_event(&arena, &event), "");
    event.trace = &trace;
    assert_string_equal(edge_traceparent_of_event(&arena, &event), "");
    trace.context = (ProtobufCBinaryData){ sizeof bytes, (uint8_t *)&bytes };
    assert_string_equal(edge_traceparent_of_event(&arena, &event), GOOD);
    while (pgl_arena_alloc(&arena, 16) != NULL)
        ;
    assert_null(edge_traceparent_of_event(&arena, &event));
    pgl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_again),
        cmocka_unit_test(what_is_no_header_is_no_trace),
        cmocka_unit_test(later_versions_are_read_as_far_as_known),
        cmocka_unit_test(an_event_shows_its_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
