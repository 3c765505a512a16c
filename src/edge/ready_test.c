/*
 * ready_test.c - an answer that is kept is found while it is young, under its own name and no
 * other.
 * Method: a clock made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "edge/ready.h"

static struct pgl_ready ready;
static const struct pgl_text tag = { "\"1\"", 3 }, body = { "{}", 2 };

static int open_bench(void **unused)
{
    (void)unused;
    return pgl_ready_open(&ready, (struct pgl_hash_key){ 1, 2 }).code == PGL_CODE_OK ? 0 : -1;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_ready_close(&ready);
    return 0;
}

static void it_is_found_while_it_is_young(void **unused)
{
    (void)unused;
    assert_null(pgl_ready_find(&ready, PGL_TEXT("/a"), 5));
    pgl_ready_keep(&ready, PGL_TEXT("/a"), tag, body, 5);
    const struct pgl_ready_slot *found = pgl_ready_find(&ready, PGL_TEXT("/a"), 5);
    assert_non_null(found);
    assert_memory_equal(found->body, "{}", found->body_size);
    assert_memory_equal(found->tag, "\"1\"", found->tag_size);
    assert_non_null(pgl_ready_find(&ready, PGL_TEXT("/a"), 4 + PGL_READY_NS));
    assert_null(pgl_ready_find(&ready, PGL_TEXT("/a"), 5 + PGL_READY_NS));
    assert_null(pgl_ready_find(&ready, PGL_TEXT("/A"), 5));
    assert_null(pgl_ready_find(&ready, PGL_TEXT("/a?"), 5));
    pgl_ready_clear(&ready);
    assert_null(pgl_ready_find(&ready, PGL_TEXT("/a"), 5));
}

static void two_for_one_slot_are_not_mixed_up(void **unused)
{
    (void)unused;
    char target[16];
    int found = 0;
    for (int i = 0; i < 4 * PGL_READY_SLOTS; i++) {
        int size = snprintf(target, sizeof target, "/%d", i);
        pgl_ready_keep(&ready, (struct pgl_text){ target, (size_t)size }, tag,
                       (struct pgl_text){ target, (size_t)size }, 0);
    }
    for (int i = 0; i < 4 * PGL_READY_SLOTS; i++) {
        int size = snprintf(target, sizeof target, "/%d", i);
        const struct pgl_ready_slot *slot =
            pgl_ready_find(&ready, (struct pgl_text){ target, (size_t)size }, 0);
        if (slot == NULL)
            continue;
        found++;
        assert_int_equal(slot->body_size, size);
        assert_memory_equal(slot->body, target, slot->body_size);
    }
    assert_in_range(found, PGL_READY_SLOTS / 2, PGL_READY_SLOTS);
}

static void what_does_not_fit_is_not_kept(void **unused)
{
    (void)unused;
    static char large[PGL_READY_BODY_BYTES + 1];
    struct pgl_text a = PGL_TEXT("/a");
    memset(large, 'x', sizeof large);
    pgl_ready_keep(&ready, a, tag, (struct pgl_text){ large, sizeof large }, 0);
    pgl_ready_keep(&ready, a, (struct pgl_text){ large, PGL_READY_TAG_BYTES + 1 }, body, 0);
    assert_null(pgl_ready_find(&ready, a, 0));
    struct pgl_text name = { large, PGL_READY_KEY_BYTES + 1 };
    pgl_ready_keep(&ready, name, tag, body, 0);
    assert_null(pgl_ready_find(&ready, name, 0));
    pgl_ready_keep(&ready, a, tag, (struct pgl_text){ large, PGL_READY_BODY_BYTES }, 0);
    assert_non_null(pgl_ready_find(&ready, a, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_found_while_it_is_young),
        TEST(two_for_one_slot_are_not_mixed_up),
        TEST(what_does_not_fit_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
