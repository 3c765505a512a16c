/*
 * sweep_memory_test.c - a start, a story and an end in which one allocation fails, or all from then
 * on: those of our own code and those of SQLite.
 * Method: two stories, by account and by card. The linker leads our malloc, calloc, realloc and
 *         free here (cmake/Tests.cmake), and SQLite is given its memory from here. A story is told
 *         once to count what it asks for; then once for each of these. Nothing may crash, no answer
 *         may be wrong, and every block has to be given back; what goes on has to go on well once
 *         there is memory again, what does not has to start well. The machine around it does not
 *         run out of memory.
 *
 * Each of our own allocations is taken, and some of SQLite's thousands; each N-th of both with
 * `--every N`, and all with `--long`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "disk_inside.h"
#include "store/database.h"
#include "sweep_truth.h"

#define ALLOCATIONS_MAX (1u << 17) /* in one story; beyond it, all count as SQLite's */

static uint64_t every = 23; /* a prime, since they come in patterns */
static bool takes_own = true;

static struct {
    const struct pgl_shop *shop; /* whose memory is short; NULL: nobody's */
    int exempt;                  /* in the machine around it */
    uint64_t asked, at;
    bool is_lasting;
    int64_t blocks;                /* taken and not given back */
    bool are_own[ALLOCATIONS_MAX]; /* of the story while it was counted */
    sqlite3_mem_methods sqlite;
} memory;

static bool is_refused(bool is_own)
{
    if (memory.shop == NULL || !memory.shop->is_inside || memory.exempt > 0)
        return false;
    memory.asked++;
    if (memory.at == 0 && memory.asked < ALLOCATIONS_MAX)
        memory.are_own[memory.asked] = is_own;
    return memory.asked == memory.at || (memory.is_lasting && memory.asked > memory.at);
}

static void *count(void *block)
{
    memory.blocks += block != NULL;
    return block;
}

/* ---- our own: ld's --wrap ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
    return is_refused(true) ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
    return is_refused(true) ? NULL : count(__real_calloc(number, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (is_refused(true))
        return NULL;
    return block == NULL ? count(__real_realloc(NULL, size)) : __real_realloc(block, size);
}

void __wrap_free(void *block)
{
    memory.blocks -= block != NULL;
    __real_free(block);
}

/* ---- SQLite's ---- */

static void *sqlite_malloc(int size)
{
    return is_refused(false) ? NULL : count(memory.sqlite.xMalloc(size));
}

static void *sqlite_realloc(void *block, int size)
{
    return is_refused(false) ? NULL : memory.sqlite.xRealloc(block, size);
}

static void sqlite_free(void *block)
{
    memory.blocks -= block != NULL;
    memory.sqlite.xFree(block);
}

static void give_sqlite_memory(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.sqlite), SQLITE_OK);
    sqlite3_mem_methods methods = memory.sqlite;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    methods.xFree = sqlite_free;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
}

/* ---- the machine around: what of it takes memory while the program calls it ---- */

void __real_pgl_sim_image_write(struct pgl_sim_image *image, const void *bytes, size_t size,
                                size_t at);
void __real_pgl_sim_image_resize(struct pgl_sim_image *image, size_t size);
struct pgl_sim_inode *__real_pgl_sim_inode_new(void);
int __real_pgl_sim_shm_map(struct pgl_sim_file *self, int region, int region_bytes, int extend,
                           void volatile **mapped);
void __wrap_pgl_sim_image_write(struct pgl_sim_image *image, const void *bytes, size_t size,
                                size_t at);
void __wrap_pgl_sim_image_resize(struct pgl_sim_image *image, size_t size);
struct pgl_sim_inode *__wrap_pgl_sim_inode_new(void);
int __wrap_pgl_sim_shm_map(struct pgl_sim_file *self, int region, int region_bytes, int extend,
                           void volatile **mapped);

void __wrap_pgl_sim_image_write(struct pgl_sim_image *image, const void *bytes, size_t size,
                                size_t at)
{
    memory.exempt++;
    __real_pgl_sim_image_write(image, bytes, size, at);
    memory.exempt--;
}

void __wrap_pgl_sim_image_resize(struct pgl_sim_image *image, size_t size)
{
    memory.exempt++;
    __real_pgl_sim_image_resize(image, size);
    memory.exempt--;
}

struct pgl_sim_inode *__wrap_pgl_sim_inode_new(void)
{
    memory.exempt++;
    struct pgl_sim_inode *inode = __real_pgl_sim_inode_new();
    memory.exempt--;
    return inode;
}

int __wrap_pgl_sim_shm_map(struct pgl_sim_file *self, int region, int region_bytes, int extend,
                           void volatile **mapped)
{
    memory.exempt++;
    int rc = __real_pgl_sim_shm_map(self, region, region_bytes, extend, mapped);
    memory.exempt--;
    return rc;
}

static struct pgl_waiter *(*twin_waiter_open)(struct pgl_platform *platform);
static const struct pgl_waiter_ops *twin_waiter_ops;

static pgl_status listen_exempt(struct pgl_waiter *waiter, const char *host, uint16_t port,
                                struct pgl_list *ready_list, struct pgl_socket **listener)
{
    memory.exempt++;
    pgl_status status = twin_waiter_ops->listen(waiter, host, port, ready_list, listener);
    memory.exempt--;
    return status;
}

static struct pgl_waiter *waiter_open_exempt(struct pgl_platform *platform)
{
    static struct pgl_waiter_ops ops;
    memory.exempt++;
    struct pgl_waiter *waiter = twin_waiter_open(platform);
    memory.exempt--;
    twin_waiter_ops = waiter->ops;
    ops = *waiter->ops;
    ops.listen = listen_exempt;
    waiter->ops = &ops;
    return waiter;
}

/* ---- one shop that runs out of memory ---- */

struct bench {
    struct pgl_shop shop;
    struct pgl_telling telling;
};

static struct pgl_shop_files base;
static const struct pgl_story *story;
static uint64_t asked_in_start;
static uint64_t trials, never_began, stopped, went_on;

static void bench_open(struct bench *bench)
{
    pgl_shop_open(&bench->shop, 1, &base);
    pgl_telling_open(&bench->telling, story, &bench->shop);
    twin_waiter_open = bench->shop.twin.platform.waiter_open;
    bench->shop.twin.platform.waiter_open = waiter_open_exempt;
}

static void bench_close(struct bench *bench)
{
    pgl_shop_close(&bench->shop);
    pgl_telling_close(&bench->telling);
}

static pgl_status live(struct bench *bench)
{
    PGL_TRY(pgl_shop_start(&bench->shop, pgl_telling_hear, &bench->telling));
    asked_in_start = memory.asked;
    pgl_telling_try(&bench->telling);
    return PGL_OK;
}

static const char *find_wrong(struct bench *bench)
{
    if (pgl_shop_is_over(&bench->shop))
        return "the process failed when there was memory again";
    if (bench->telling.wrong != NULL)
        return bench->telling.wrong;
    if (!pgl_telling_is_told(&bench->telling))
        return "not everything is answered when there is memory again";
    return pgl_truth_find_wrong(&bench->telling, false);
}

static const char *withstand(struct bench *bench)
{
    pgl_status started = live(bench);
    memory.shop = NULL;
    if (pgl_is_ok(started) && !pgl_shop_is_over(&bench->shop)) {
        went_on++;
        pgl_telling_try(&bench->telling); /* the first to ask may still hear "not now" */
        if (!pgl_shop_is_over(&bench->shop) && bench->telling.refusals > 0)
            pgl_telling_try(&bench->telling);
        return find_wrong(bench);
    }
    never_began += !pgl_is_ok(started);
    stopped += pgl_is_ok(started);
    pgl_shop_end(&bench->shop);
    started = live(bench);
    return pgl_is_ok(started) ? find_wrong(bench) : started.text;
}

static void run_short(uint64_t at, bool is_lasting)
{
    struct bench bench;
    int64_t blocks = memory.blocks;
    bench_open(&bench);
    memory.asked = 0;
    memory.at = at;
    memory.is_lasting = is_lasting;
    memory.shop = &bench.shop;
    const char *wrong = withstand(&bench);
    bench_close(&bench);
    trials++;
    if (wrong == NULL && memory.blocks != blocks)
        wrong = "not every block is given back";
    if (wrong != NULL)
        fail_msg("%s: allocation %llu%s: %s", story->name, (unsigned long long)at,
                 is_lasting ? " and later" : "", wrong);
}

static uint64_t count_allocations(void)
{
    run_short(0, false);
    return memory.asked;
}

static bool is_own_and_taken(uint64_t at)
{
    return takes_own && at < ALLOCATIONS_MAX && memory.are_own[at];
}

/* The start is that of every story. */
static void sweep(bool is_lasting)
{
    for (story = pgl_stories; story->name != NULL; story++) {
        bool is_first = story == pgl_stories;
        if (!is_first && strcmp(story->name, "happy by card") != 0)
            continue;
        uint64_t allocations = count_allocations();
        uint64_t from = is_first ? 1 : asked_in_start + 1;
        for (uint64_t at = from; at <= allocations; at++)
            if ((at - from) % every == 0 || is_own_and_taken(at))
                run_short(at, is_lasting);
    }
}

static void an_allocation_may_fail(void **unused)
{
    (void)unused;
    sweep(false);
}

static void memory_may_end(void **unused)
{
    (void)unused;
    sweep(true);
}

static int open_base(void **unused)
{
    (void)unused;
    struct pgl_shop shop;
    give_sqlite_memory();
    pgl_store_start();
    pgl_shop_open(&shop, 1, NULL);
    assert_true(pgl_is_ok(pgl_shop_start(&shop, pgl_telling_hear, NULL)));
    pgl_shop_end(&shop);
    pgl_shop_keep(&shop, &base);
    pgl_shop_close(&shop);
    return 0;
}

static int close_base(void **unused)
{
    (void)unused;
    pgl_shop_files_free(&base);
    printf("%llu trials: %llu did not start, %llu stopped, %llu went on\n",
           (unsigned long long)trials, (unsigned long long)never_began, (unsigned long long)stopped,
           (unsigned long long)went_on);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_may_fail),
        cmocka_unit_test(memory_may_end),
    };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0) {
            every = 1;
        } else if (strcmp(argv[i], "--every") == 0 && i + 1 < argc) {
            every = strtoull(argv[++i], NULL, 10);
            takes_own = false;
        } else {
            (void)fprintf(stderr, "usage: %s [--long] [--every N]\n", argv[0]);
            return 2;
        }
    }
    return cmocka_run_group_tests(tests, open_base, close_base);
}
