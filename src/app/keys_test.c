/*
 * keys_test.c - the key of a folder is replaced, and what the old one has signed stays good: also
 * when the process ends between the two files.
 * Method: a boot that has a folder and nothing else, opened again and again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "app/keys.h"
#include "base/time.h"
#include "platform/real/real.h"

#define ARENA_BYTES (1u << 20)

struct bench {
    char folder[64];
    struct pgl_boot boot;
};

static void assert_ok(pgl_status status)
{
    if (!pgl_is_ok(status))
        print_error("%s\n", status.text);
    assert_true(pgl_is_ok(status));
}

static pgl_status try_start(struct bench *bench)
{
    memset(&bench->boot, 0, sizeof bench->boot);
    bench->boot.platform = pgl_real_open();
    bench->boot.options.data = bench->folder;
    pgl_arena_init(&bench->boot.arena, 65536, ARENA_BYTES);
    return pgl_keys_open(&bench->boot);
}

static void end(struct bench *bench)
{
    pgl_keys_close(&bench->boot);
    pgl_arena_free(&bench->boot.arena);
}

static struct bench *open_bench(void)
{
    static struct bench bench;
    snprintf(bench.folder, sizeof bench.folder, "/tmp/pgl-keys-XXXXXX");
    assert_non_null(mkdtemp(bench.folder));
    assert_ok(try_start(&bench));
    return &bench;
}

static void close_bench(struct bench *bench)
{
    char path[128];
    end(bench);
    snprintf(path, sizeof path, "%s/" PGL_KEY_FILE, bench->folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/" PGL_OLD_KEYS_FILE, bench->folder);
    unlink(path);
    assert_int_equal(rmdir(bench->folder), 0);
}

static void restart(struct bench *bench)
{
    end(bench);
    assert_ok(try_start(bench));
}

static void rotate(struct bench *bench, bool at_once)
{
    assert_ok(pgl_keys_rotate_begin(&bench->boot, at_once));
    assert_ok(pgl_keys_rotate_end(&bench->boot));
}

static bool is_known(const struct bench *bench, const char *kid)
{
    return pgl_key_set_find(&bench->boot.keys, pgl_text_of(kid)) != NULL;
}

static void an_old_key_stays_known(void **unused)
{
    (void)unused;
    struct bench *bench = open_bench();
    char first[PGL_KID_BYTES_MAX + 1], second[PGL_KID_BYTES_MAX + 1];
    memcpy(first, bench->boot.key.kid, sizeof first);
    rotate(bench, false);
    memcpy(second, bench->boot.key.kid, sizeof second);
    assert_string_not_equal(first, second);
    for (int round = 0; round < 2; round++) { /* what the edge is given, and what a start finds */
        assert_int_equal(bench->boot.keys.count, 2);
        assert_true(is_known(bench, first) && is_known(bench, second));
        assert_string_equal(bench->boot.key.kid, second);
        restart(bench);
    }
    rotate(bench, true);
    restart(bench);
    assert_int_equal(bench->boot.keys.count, 1);
    assert_false(is_known(bench, first) || is_known(bench, second));
    close_bench(bench);
}

/* The old keys are written first: then the key that signs is in both files. */
static void a_rotation_that_did_not_end_changes_nothing(void **unused)
{
    (void)unused;
    struct bench *bench = open_bench();
    char first[PGL_KID_BYTES_MAX + 1], pem[PGL_KEY_PEM_BYTES];
    size_t size;
    struct pgl_disk *disk = bench->boot.platform->disk;
    memcpy(first, bench->boot.key.kid, sizeof first);
    assert_ok(pgl_key_write_pem(&bench->boot.key, pem, &size));
    rotate(bench, false);
    assert_ok(disk->ops->write_file(disk, pgl_boot_path(&bench->boot, PGL_KEY_FILE),
                                    (struct pgl_text){ pem, size }));
    restart(bench);
    assert_string_equal(bench->boot.key.kid, first);
    assert_int_equal(bench->boot.keys.count, 1);
    assert_ok(pgl_keys_rotate_begin(&bench->boot, false)); /* and one that is begun twice */
    rotate(bench, false);
    restart(bench);
    assert_int_equal(bench->boot.keys.count, 2);
    assert_true(is_known(bench, first));
    close_bench(bench);
}

static void too_many_are_refused_until_they_are_dropped(void **unused)
{
    (void)unused;
    struct bench *bench = open_bench();
    for (int i = 0; i < PGL_OLD_KEYS_MAX; i++)
        rotate(bench, false);
    restart(bench);
    assert_int_equal(bench->boot.keys.count, PGL_OLD_KEYS_MAX + 1);
    assert_int_equal(pgl_keys_rotate_begin(&bench->boot, false).code, PGL_CONFLICT);
    rotate(bench, true);
    rotate(bench, false);
    assert_int_equal(bench->boot.keys.count, 2);
    close_bench(bench);
}

static void a_damaged_file_is_no_start(void **unused)
{
    (void)unused;
    struct bench *bench = open_bench();
    struct pgl_disk *disk = bench->boot.platform->disk;
    rotate(bench, false);
    assert_ok(disk->ops->write_file(disk, pgl_boot_path(&bench->boot, PGL_OLD_KEYS_FILE),
                                    PGL_TEXT("soon {\"keys\":[]}\n")));
    end(bench);
    assert_false(pgl_is_ok(try_start(bench)));
    close_bench(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_key_stays_known),
        cmocka_unit_test(a_rotation_that_did_not_end_changes_nothing),
        cmocka_unit_test(too_many_are_refused_until_they_are_dropped),
        cmocka_unit_test(a_damaged_file_is_no_start),
    };
    return cmocka_run_group_tests_name("keys of a folder", tests, NULL, NULL);
}
