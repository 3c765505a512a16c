/*
 * reload_test.c - whoever reads again does so in the order of adding, once for each wish, and one
 * that fails keeps nobody from it.
 * Method: a loop over the twin; rows that note that they ran.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "app/reload.h"
#include "platform/twin.h"

static struct pgl_twin twin;
static struct pgl_loop loop;
static struct pgl_reload reload;
static char ran[16];
static struct row {
    char name;
    bool fails, asks;
} rows[] = { { 'a', false, false }, { 'b', true, false }, { 'c', false, true } };

static pgl_status run(void *self)
{
    struct row *row = self;
    size_t size = strlen(ran);
    assert_true(size + 1 < sizeof ran);
    ran[size] = row->name;
    if (row->asks) { /* once: the file has changed while it was read */
        row->asks = false;
        pgl_reload_ask(&reload);
    }
    return row->fails ? PGL_FAIL(PGL_INVALID, "a file that is wrong") : PGL_OK;
}

static void run_all(void)
{
    for (int i = 0; i < 10; i++)
        (void)!pgl_loop_turn(&loop);
}

static void each_reads_in_its_turn(void **unused)
{
    (void)unused;
    pgl_twin_open(&twin, 1);
    struct pgl_waiter *waiter = twin.platform.waiter_open(&twin.platform);
    pgl_loop_init(&loop, "reload", &twin.platform, waiter);
    loop.log.least = PGL_LOG_ERROR + 1;
    pgl_reload_open(&reload, &loop);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        pgl_reload_add(&reload, "it", run, &rows[i]);
    run_all();
    assert_string_equal(ran, "");
    for (int i = 0; i < 5; i++) /* what was asked for and not begun is one wish */
        pgl_reload_ask(&reload);
    run_all();
    assert_string_equal(ran, "abcabc"); /* and one that came meanwhile another */
    pgl_reload_ask(&reload);
    run_all();
    assert_string_equal(ran, "abcabcabc");
    waiter->ops->close(waiter);
    pgl_twin_close(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reads_in_its_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
