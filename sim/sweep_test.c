/*
 * sweep_test.c - every story of a few orders, stopped at every call of the disk.
 * Method: a story is told once to count the calls that its process makes, from the first of the
 *         start to the last before it is quiet. Then, for each call, a shop begins anew and meets
 *         one fault there; a further process starts on what is left, the client asks everything
 *         again, and when the shop has come to rest all has to be true: what was answered stands,
 *         to the letter; every order has an end; money and stock agree; nothing was done twice.
 *
 * Deaths are tried before each call that changes the disk, power with two patterns of damage:
 * what lies between two such calls leaves the same disk. Errors are tried at every call, those that
 * last at each third. A start that several stories share is swept once. As it is only each 17th
 * call is taken, or each N-th (`--every N`). `--long` takes all, dies between as well, and draws
 * 20 patterns. `--story NAME` takes one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/database.h"
#include "sweep_truth.h"

static struct {
    bool is_long;
    uint64_t every;
    uint64_t damages;     /* patterns of a loss of power */
    uint32_t death_calls; /* before which a process dies */
    const char *story;    /* this one alone; NULL: all */
    struct pgl_shop_files base;
} form = { .every = 17, .damages = 2, .death_calls = PGL_SIM_CALLS_CHANGING };

static const struct pgl_story *wanted_from(const struct pgl_story *story)
{
    for (; story->name != NULL; story++)
        if (form.story == NULL || strcmp(story->name, form.story) == 0)
            return story;
    return NULL;
}

static const struct pgl_story *first_story(void)
{
    return wanted_from(pgl_stories);
}

static const struct pgl_story *next_story(const struct pgl_story *story)
{
    return wanted_from(story + 1);
}

/* ---- one shop and what befalls it ---- */

struct bench {
    struct pgl_shop shop;
    struct pgl_telling telling;
};

static void bench_open(struct bench *bench, const struct pgl_story *story, uint64_t seed)
{
    pgl_shop_open(&bench->shop, seed, story->begins_empty ? NULL : &form.base);
    pgl_telling_open(&bench->telling, story, &bench->shop);
}

static void bench_close(struct bench *bench)
{
    pgl_shop_close(&bench->shop);
    pgl_telling_close(&bench->telling);
}

/* A process from its start until it is quiet or dead. */
static pgl_status live(struct bench *bench)
{
    PGL_TRY(pgl_shop_start(&bench->shop, pgl_telling_hear, &bench->telling));
    pgl_telling_try(&bench->telling);
    return PGL_OK;
}

/* With nothing in its way. */
static const char *live_well(struct bench *bench, bool is_undisturbed)
{
    pgl_sim_disk_heal(bench->shop.disk);
    pgl_status started = live(bench);
    if (!pgl_is_ok(started))
        return started.text;
    if (pgl_shop_is_over(&bench->shop))
        return "the process failed without a reason";
    if (bench->telling.wrong == NULL && !pgl_telling_is_told(&bench->telling))
        return "not everything was answered";
    if (bench->telling.wrong != NULL)
        return bench->telling.wrong;
    return pgl_truth_find_wrong(&bench->telling, is_undisturbed);
}

/* The calls of a life at which a fault is tried, counted from 1. */
struct span {
    uint64_t first, last;
};

/* The start is the same in all stories that begin with the same files, so it is swept in one. */
static struct span span_of(const struct pgl_story *story, uint32_t calls)
{
    struct bench bench;
    bench_open(&bench, story, 1);
    uint64_t before = pgl_sim_disk_call_count(bench.shop.disk, calls);
    assert_true(pgl_is_ok(pgl_shop_start(&bench.shop, pgl_telling_hear, &bench.telling)));
    uint64_t started = pgl_sim_disk_call_count(bench.shop.disk, calls);
    pgl_telling_try(&bench.telling);
    uint64_t after = pgl_sim_disk_call_count(bench.shop.disk, calls);
    const char *wrong = bench.telling.wrong;
    if (wrong == NULL)
        wrong = pgl_truth_find_wrong(&bench.telling, true);
    bench_close(&bench);
    if (wrong != NULL)
        fail_msg("%s, undisturbed: %s", story->name, wrong);
    bool has_own_start = story == pgl_stories || story->begins_empty;
    return (struct span){ has_own_start ? 1 : started - before + 1, after - before };
}

/* ---- deaths ---- */

static uint64_t recoveries, never_began, stopped, went_on;

/* Of the first process, and of the one that takes up what it left; no fault has no calls. */
struct deaths {
    struct pgl_sim_fault first, second;
    bool loses_power; /* when the first is dead */
};

static void die_once(struct bench *bench, struct pgl_sim_fault fault)
{
    pgl_sim_disk_heal(bench->shop.disk);
    pgl_sim_disk_inject(bench->shop.disk, fault);
    pgl_status started = live(bench);
    (void)started; /* it may die in its start */
    pgl_shop_end(&bench->shop);
    recoveries++;
}

static void survives(const struct pgl_story *story, uint64_t seed, struct deaths deaths)
{
    struct bench bench;
    bench_open(&bench, story, seed);
    die_once(&bench, deaths.first);
    if (deaths.loses_power)
        pgl_sim_disk_lose_power(bench.shop.disk);
    if (deaths.second.calls != 0)
        die_once(&bench, deaths.second);
    const struct pgl_sim_disk_counts *counts = pgl_sim_disk_counts(bench.shop.disk);
    uint64_t struck = counts->faults[PGL_SIM_KILLS] + counts->faults[PGL_SIM_CUTS_POWER];
    const char *wrong = struck > 0 ? live_well(&bench, false) : "nobody died";
    bench_close(&bench);
    if (wrong != NULL)
        fail_msg("%s: effect %d at %llu%s, then %d at %llu, seed %llu: %s", story->name,
                 (int)deaths.first.effect, (unsigned long long)deaths.first.at,
                 deaths.loses_power ? " and a loss of power" : "", (int)deaths.second.effect,
                 (unsigned long long)deaths.second.at, (unsigned long long)seed, wrong);
}

static struct pgl_sim_fault death_at(enum pgl_sim_effect effect, uint32_t calls, uint64_t at)
{
    return (struct pgl_sim_fault){ .effect = effect, .calls = calls, .at = at };
}

static void sweep_deaths(enum pgl_sim_effect effect, uint32_t calls, bool loses_power,
                         uint64_t seeds)
{
    for (const struct pgl_story *story = first_story(); story != NULL; story = next_story(story)) {
        struct span span = span_of(story, calls);
        for (uint64_t at = span.first; at <= span.last; at += form.every)
            for (uint64_t seed = 1; seed <= seeds; seed++)
                survives(story, seed,
                         (struct deaths){ death_at(effect, calls, at), { 0 }, loses_power });
    }
}

static void a_killed_process_is_taken_up_again(void **unused)
{
    (void)unused;
    sweep_deaths(PGL_SIM_KILLS, form.death_calls, false, 1);
}

static void a_loss_of_power_takes_nothing_that_was_promised(void **unused)
{
    (void)unused;
    sweep_deaths(PGL_SIM_CUTS_POWER, PGL_SIM_CALLS_CHANGING, false, form.damages);
}

static void nor_does_one_behind_a_kill(void **unused)
{
    (void)unused;
    sweep_deaths(PGL_SIM_KILLS, form.death_calls, true, 1);
}

/* Each death once with one more behind it, somewhere in the life of the next process. */
static void a_recovery_may_die_as_well(void **unused)
{
    static const enum pgl_sim_effect effects[] = { PGL_SIM_KILLS, PGL_SIM_CUTS_POWER };
    struct pgl_random random;
    (void)unused;
    pgl_random_seed(&random, 1, 1);
    for (const struct pgl_story *story = first_story(); story != NULL; story = next_story(story)) {
        struct span span = span_of(story, form.death_calls);
        for (uint64_t at = span.first; at <= span.last; at += form.every) {
            uint64_t seed = pgl_random_next(&random);
            uint64_t then = 1 + pgl_random_below(&random, span.last);
            survives(
                story, seed,
                (struct deaths){ death_at(effects[seed & 1], form.death_calls, at),
                                 death_at(effects[seed >> 1 & 1], form.death_calls, then), false });
        }
    }
}

/* ---- errors ---- */

/* What goes on has to go on well once the disk is well; and what it had promised has to stand when
 * it is started again, behind a loss of power. */
static const char *withstand(struct bench *bench, struct pgl_sim_fault fault)
{
    pgl_sim_disk_heal(bench->shop.disk);
    pgl_sim_disk_inject(bench->shop.disk, fault);
    pgl_status started = live(bench);
    pgl_sim_disk_heal(bench->shop.disk);
    if (pgl_is_ok(started) && !pgl_shop_is_over(&bench->shop)) {
        went_on++;
        pgl_telling_try(&bench->telling); /* the first to ask may still hear that it is full */
        if (!pgl_shop_is_over(&bench->shop) && bench->telling.refusals > 0)
            pgl_telling_try(&bench->telling);
        if (pgl_shop_is_over(&bench->shop))
            return "the process failed when the disk was well again";
        if (bench->telling.wrong != NULL)
            return bench->telling.wrong;
        if (!pgl_telling_is_told(&bench->telling))
            return "not everything is answered when the disk is well again";
        const char *wrong = pgl_truth_find_wrong(&bench->telling, false);
        if (wrong != NULL)
            return wrong;
    } else if (pgl_is_ok(started)) {
        stopped++;
        if (fault.effect == PGL_SIM_FILLS)
            return "a full disk is no reason to stop";
    } else {
        never_began++;
    }
    pgl_shop_end(&bench->shop);
    pgl_sim_disk_lose_power(bench->shop.disk);
    recoveries++;
    return live_well(bench, false);
}

static void sweep_errors(enum pgl_sim_effect effect, uint32_t kinds, bool is_lasting,
                         uint64_t every)
{
    for (const struct pgl_story *story = first_story(); story != NULL; story = next_story(story)) {
        struct span span = span_of(story, kinds);
        for (uint64_t at = span.first; at <= span.last; at += every) {
            struct bench bench;
            bench_open(&bench, story, at);
            const char *wrong = withstand(
                &bench, (struct pgl_sim_fault){
                            .effect = effect, .calls = kinds, .at = at, .is_lasting = is_lasting });
            bench_close(&bench);
            if (wrong != NULL)
                fail_msg("%s: effect %d at %llu%s: %s", story->name, (int)effect,
                         (unsigned long long)at, is_lasting ? " and later" : "", wrong);
        }
    }
}

static void a_call_that_fails_once_is_not_answered_over(void **unused)
{
    (void)unused;
    sweep_errors(PGL_SIM_FAILS, PGL_SIM_CALLS_ALL, false, form.every);
}

static void nor_is_a_disk_that_fails_for_good(void **unused)
{
    (void)unused;
    sweep_errors(PGL_SIM_FAILS, PGL_SIM_CALLS_ALL, true,
                 form.is_long ? form.every : 3 * form.every);
}

static void a_full_disk_is_sat_out(void **unused)
{
    (void)unused;
    sweep_errors(PGL_SIM_FILLS, PGL_SIM_CALL_BIT(PGL_SIM_WRITE), false, form.every);
    sweep_errors(PGL_SIM_FILLS, PGL_SIM_CALL_BIT(PGL_SIM_WRITE), true, form.every);
}

/* What a killed process has left is taken up with an error in the way, drawn like its place: then a
 * start has more to read, and logs are read from their tables. */
static void nor_over_one_in_a_recovery(void **unused)
{
    enum { ERRORS = 4 };
    static const struct pgl_sim_fault errors[ERRORS] = {
        { .effect = PGL_SIM_FAILS, .calls = PGL_SIM_CALLS_ALL },
        { .effect = PGL_SIM_FAILS, .calls = PGL_SIM_CALL_BIT(PGL_SIM_READ) },
        { .effect = PGL_SIM_FAILS, .calls = PGL_SIM_CALLS_ALL, .is_lasting = true },
        { .effect = PGL_SIM_FILLS, .calls = PGL_SIM_CALL_BIT(PGL_SIM_WRITE) },
    };
    struct pgl_random random;
    (void)unused;
    pgl_random_seed(&random, 1, 2);
    for (const struct pgl_story *story = first_story(); story != NULL; story = next_story(story)) {
        struct span span = span_of(story, form.death_calls);
        uint64_t calls[ERRORS];
        for (int i = 0; i < ERRORS; i++)
            calls[i] = span_of(story, errors[i].calls).last;
        for (uint64_t at = span.first; at <= span.last; at += form.every) {
            struct bench bench;
            uint64_t drawn = pgl_random_below(&random, ERRORS);
            struct pgl_sim_fault error = errors[drawn];
            error.at = 1 + pgl_random_below(&random, calls[drawn]);
            bench_open(&bench, story, at);
            die_once(&bench, death_at(PGL_SIM_KILLS, form.death_calls, at));
            const char *wrong = withstand(&bench, error);
            bench_close(&bench);
            if (wrong != NULL)
                fail_msg("%s: killed at %llu, then effect %d at %llu of calls %x%s: %s",
                         story->name, (unsigned long long)at, (int)error.effect,
                         (unsigned long long)error.at, error.calls,
                         error.is_lasting ? " and later" : "", wrong);
        }
    }
}

/* ---- the form of this run ---- */

static void prepare_base(void)
{
    struct pgl_shop shop;
    pgl_shop_open(&shop, 1, NULL);
    assert_true(pgl_is_ok(pgl_shop_start(&shop, pgl_telling_hear, NULL)));
    pgl_shop_end(&shop);
    pgl_shop_keep(&shop, &form.base);
    pgl_shop_close(&shop);
}

static int open_form(void **unused)
{
    (void)unused;
    pgl_store_start();
    prepare_base();
    return 0;
}

static int close_form(void **unused)
{
    (void)unused;
    pgl_shop_files_free(&form.base);
    printf("%llu recoveries; with errors %llu did not start, %llu stopped, %llu went on\n",
           (unsigned long long)recoveries, (unsigned long long)never_began,
           (unsigned long long)stopped, (unsigned long long)went_on);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0) {
            form.is_long = true;
            form.every = 1;
            form.damages = 20;
            form.death_calls = PGL_SIM_CALLS_ALL;
        } else if (strcmp(argv[i], "--every") == 0 && i + 1 < argc) {
            form.every = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--story") == 0 && i + 1 < argc) {
            form.story = argv[++i];
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            cmocka_set_test_filter(argv[++i]);
        } else {
            (void)fprintf(stderr,
                          "usage: %s [--long] [--every N] [--story NAME] [--only PATTERN]\n",
                          argv[0]);
            return 2;
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_is_taken_up_again),
        cmocka_unit_test(a_loss_of_power_takes_nothing_that_was_promised),
        cmocka_unit_test(nor_does_one_behind_a_kill),
        cmocka_unit_test(a_recovery_may_die_as_well),
        cmocka_unit_test(a_call_that_fails_once_is_not_answered_over),
        cmocka_unit_test(nor_is_a_disk_that_fails_for_good),
        cmocka_unit_test(nor_over_one_in_a_recovery),
        cmocka_unit_test(a_full_disk_is_sat_out),
    };
    return cmocka_run_group_tests(tests, open_form, close_form);
}
