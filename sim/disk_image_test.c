/*
 * disk_image_test.c - a file that remembers what is not yet durable.
 * Method: random writes, cuts and syncs beside a plain array; then power fails and every byte must
 *         be one
 * that the file had at some time since the last sync, or lie in a sector that was being written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "disk_image.h"

enum { LIMIT = 30000 };

struct model {
    uint8_t now[LIMIT], durable[LIMIT];
    size_t now_size, durable_size;
    uint8_t is_touched[LIMIT]; /* since the last sync */
};

static void change(struct model *model, struct pgl_sim_image *image, struct pgl_random *random)
{
    uint8_t bytes[6000];
    size_t at =
        pgl_random_below(random, 2) == 0 ? model->now_size : pgl_random_below(random, LIMIT - 6000);
    size_t size = 1 + pgl_random_below(random, sizeof bytes);
    if (at + size > LIMIT || pgl_random_below(random, 10) == 0) {
        size_t cut = pgl_random_below(random, model->now_size + 1);
        memset(model->is_touched + cut, 1, LIMIT - cut);
        memset(model->now + cut, 0, LIMIT - cut);
        model->now_size = cut;
        pgl_sim_image_resize(image, cut);
        return;
    }
    pgl_random_fill(random, bytes, size);
    pgl_sim_image_write(image, bytes, size, at);
    memcpy(model->now + at, bytes, size);
    memset(model->is_touched + at, 1, size);
    if (at + size > model->now_size)
        model->now_size = at + size;
}

static void sync(struct model *model, struct pgl_sim_image *image)
{
    pgl_sim_image_sync(image);
    memcpy(model->durable, model->now, LIMIT);
    model->durable_size = model->now_size;
    memset(model->is_touched, 0, LIMIT);
}

static void assert_reads_as(const struct pgl_sim_image *image, const uint8_t *bytes, size_t size)
{
    uint8_t read[LIMIT + 1];
    assert_int_equal(pgl_sim_image_read(image, read, sizeof read, 0), size);
    assert_memory_equal(read, bytes, size);
    assert_int_equal(pgl_sim_image_read(image, read, 1, size), 0);
}

static void power_spares_what_was_synced(void **unused)
{
    (void)unused;
    struct pgl_sim_damage damage = { 0 };
    for (uint64_t seed = 0; seed < 500; seed++) {
        static struct model model;
        struct pgl_sim_image image = { 0 };
        struct pgl_random random;
        pgl_random_seed(&random, seed, 1);
        memset(&model, 0, sizeof model);
        for (int i = 0; i < 40; i++) {
            if (pgl_random_below(&random, 12) == 0)
                sync(&model, &image);
            change(&model, &image, &random);
            assert_reads_as(&image, model.now, model.now_size);
        }
        if (seed % 5 == 0)
            sync(&model, &image);
        pgl_sim_image_lose_power(&image, &random, &damage);
        for (size_t i = 0; i < model.durable_size; i++)
            if (!model.is_touched[i])
                assert_true(i < image.size && image.bytes[i] == model.durable[i]);
        if (seed % 5 == 0)
            assert_reads_as(&image, model.now, model.now_size);

        struct pgl_sim_damage before =
            damage; /* what is left is durable: a second time harms nothing */
        pgl_sim_image_lose_power(&image, &random, &damage);
        assert_memory_equal(&before, &damage, sizeof damage);
        pgl_sim_image_free(&image);
    }
    assert_true(damage.kept > 100 && damage.dropped > 100 && damage.torn > 100 &&
                damage.garbled > 100);
}

/* Two writes of one byte each: all four outcomes must occur, or reordering would go untried. */
static void any_subset_of_writes_may_survive(void **unused)
{
    (void)unused;
    int seen[2][2] = { { 0 } };
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct pgl_sim_image image = { 0 };
        struct pgl_sim_damage damage = { 0 };
        struct pgl_random random;
        pgl_random_seed(&random, seed, 1);
        pgl_sim_image_write(&image, "..", 2, 0);
        pgl_sim_image_sync(&image);
        pgl_sim_image_write(&image, "a", 1, 0);
        pgl_sim_image_write(&image, "b", 1, 1);
        pgl_sim_image_lose_power(&image, &random, &damage);
        seen[image.bytes[0] == 'a'][image.bytes[1] == 'b']++;
        assert_int_equal(image.size, 2);
        pgl_sim_image_free(&image);
    }
    assert_true(seen[0][0] > 10 && seen[0][1] > 10 && seen[1][0] > 10 && seen[1][1] > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_spares_what_was_synced),
        cmocka_unit_test(any_subset_of_writes_may_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
