/*
 * audit_log_test.c - what an operator did is written once, and nobody changes it unseen.
 * Method: a log of some entries; then each column of each is changed, entries are taken away or put
 * in another order, as somebody with a tool could, and the walk has to say where it begins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "saga/audit_log.h"
#include "store/store_bench.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)
#define ENTRIES           4
#define UNLOCK                                                                                     \
    "DROP TRIGGER IF EXISTS audit_log_is_not_changed; "                                            \
    "DROP TRIGGER IF EXISTS audit_log_is_not_deleted; "

static struct pgl_store_bench bench;

static pgl_status append(struct pgl_tx *tx, void *argument)
{
    return pgl_audit_log_append(tx, argument, "order.cancel", "o-1", "asked by phone", "requested");
}

static Caller caller_of(Role role)
{
    Caller caller = CALLER_INIT;
    caller.tenant = (char *)"default";
    caller.subject = (char *)"boss";
    caller.role = role;
    return caller;
}

static int open_bench(void **unused)
{
    (void)unused;
    Caller boss = caller_of(ROLE_OPERATOR);
    pgl_store_bench_open(&bench, 1);
    assert_ok(pgl_saga_migrate(&bench.writer.db));
    for (int i = 0; i < ENTRIES; i++) {
        assert_ok(pgl_writer_run_now(&bench.writer, append, &boss));
        bench.now_ns += 1000;
    }
    return 0;
}

static int close_bench(void **unused)
{
    (void)unused;
    pgl_store_bench_close(&bench);
    return 0;
}

static struct pgl_audit_chain verify(void)
{
    struct pgl_audit_chain chain;
    struct pgl_view view = { &bench.writer.db, &bench.arena, NULL };
    assert_ok(pgl_audit_log_verify(&view, &chain));
    return chain;
}

static void what_was_written_is_whole(void **unused)
{
    (void)unused;
    struct pgl_audit_chain chain = verify();
    assert_int_equal(chain.entries, ENTRIES);
    assert_int_equal(chain.broken_seq, 0);
    assert_string_equal(
        pgl_store_bench_rows(&bench, "SELECT seq, tenant, actor, action, target, reason, outcome "
                                     "FROM audit_log WHERE seq = 1"),
        "1|default|boss|order.cancel|o-1|asked by phone|requested\n");
    assert_int_equal(pgl_store_bench_number(&bench, "SELECT count(DISTINCT hash) FROM audit_log"),
                     ENTRIES);
}

static void others_leave_no_entry(void **unused)
{
    (void)unused;
    Caller ann = caller_of(ROLE_CUSTOMER), joe = caller_of(ROLE_WAREHOUSE);
    assert_ok(pgl_writer_run_now(&bench.writer, append, &ann));
    assert_ok(pgl_writer_run_now(&bench.writer, append, &joe));
    assert_ok(pgl_writer_run_now(&bench.writer, append, NULL));
    assert_int_equal(verify().entries, ENTRIES);
}

static void rows_are_neither_changed_nor_deleted(void **unused)
{
    (void)unused;
    assert_int_equal(pgl_database_run(&bench.writer.db, "UPDATE audit_log SET actor = 'x'").code,
                     PGL_CONFLICT);
    assert_int_equal(pgl_database_run(&bench.writer.db, "DELETE FROM audit_log").code,
                     PGL_CONFLICT);
}

static void each_change_is_found_where_it_is(void **unused)
{
    (void)unused;
    static const struct {
        const char *damage, *mending;
        int64_t broken_seq;
    } rows[] = {
        { "UPDATE audit_log SET at_ns = at_ns + 1 WHERE seq = 2", "at_ns = at_ns - 1", 2 },
        { "UPDATE audit_log SET tenant = 'x' WHERE seq = 2", "tenant = 'default'", 2 },
        { "UPDATE audit_log SET actor = 'x' WHERE seq = 2", "actor = 'boss'", 2 },
        { "UPDATE audit_log SET action = 'x' WHERE seq = 2", "action = 'order.cancel'", 2 },
        { "UPDATE audit_log SET target = 'x' WHERE seq = 2", "target = 'o-1'", 2 },
        { "UPDATE audit_log SET reason = '' WHERE seq = 2", "reason = 'asked by phone'", 2 },
        { "UPDATE audit_log SET outcome = 'x' WHERE seq = 2", "outcome = 'requested'", 2 },
        { "UPDATE audit_log SET target = 'o-1order.', action = 'cancel' WHERE seq = 2",
          "target = 'o-1', action = 'order.cancel'", 2 },
    };
    assert_ok(pgl_database_run(&bench.writer.db, UNLOCK));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_ok(pgl_database_run(&bench.writer.db, rows[i].damage));
        assert_int_equal(verify().broken_seq, rows[i].broken_seq);
        const char *mend = pgl_arena_printf(&bench.arena, "UPDATE audit_log SET %s WHERE seq = 2",
                                            rows[i].mending);
        assert_ok(pgl_database_run(&bench.writer.db, mend));
        assert_int_equal(verify().broken_seq, 0);
    }
    assert_ok(pgl_database_run(&bench.writer.db,
                               "UPDATE audit_log SET hash = zeroblob(32) WHERE seq = 3"));
    assert_int_equal(verify().broken_seq, 3);
}

static void an_entry_that_is_gone_is_missed(void **unused)
{
    (void)unused;
    assert_ok(pgl_database_run(&bench.writer.db, UNLOCK "DELETE FROM audit_log WHERE seq = 2"));
    assert_int_equal(verify().broken_seq, 3);
}

/* An entry that is sound by itself, and follows another one than stands there. */
static void an_entry_of_another_log_is_found(void **unused)
{
    (void)unused;
    Caller boss = caller_of(ROLE_OPERATOR);
    struct pgl_database *db = &bench.writer.db;
    assert_ok(pgl_database_run(db, UNLOCK "DELETE FROM audit_log WHERE seq > 1; "
                                          "CREATE TEMP TABLE kept AS SELECT hash FROM audit_log; "
                                          "UPDATE audit_log SET hash = zeroblob(32)"));
    assert_ok(pgl_writer_run_now(&bench.writer, append, &boss));
    assert_ok(
        pgl_database_run(db, "UPDATE audit_log SET hash = (SELECT hash FROM kept) WHERE seq = 1"));
    assert_int_equal(verify().broken_seq, 2);
}

static void entries_in_another_order_are_found(void **unused)
{
    (void)unused;
    assert_ok(pgl_database_run(&bench.writer.db,
                               UNLOCK "UPDATE audit_log SET seq = 9 WHERE seq = 2; "
                                      "UPDATE audit_log SET seq = 2 WHERE seq = 3; "
                                      "UPDATE audit_log SET seq = 3 WHERE seq = 9"));
    assert_int_equal(verify().broken_seq, 2);
}

static void reasons_are_asked_for(void **unused)
{
    (void)unused;
    char longest[PGL_REASON_BYTES_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(pgl_reason_check(NULL).code, PGL_INVALID);
    assert_int_equal(pgl_reason_check("").code, PGL_INVALID);
    assert_int_equal(pgl_reason_check(longest).code, PGL_INVALID);
    assert_ok(pgl_reason_check(longest + 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_whole),
        TEST(others_leave_no_entry),
        TEST(rows_are_neither_changed_nor_deleted),
        TEST(each_change_is_found_where_it_is),
        TEST(an_entry_that_is_gone_is_missed),
        TEST(an_entry_of_another_log_is_found),
        TEST(entries_in_another_order_are_found),
        TEST(reasons_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
