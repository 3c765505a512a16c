/*
 * mesh_rights_test.c - has every method that is offered to other processes a row, and no other one?
 * Method: all methods of all rows of the mesh; then names as certificates have them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/boot.h"

static bool is_offered(const struct pgl_method *method)
{
    return method->command != NULL || method->query != NULL || method->flow != NULL;
}

static void every_method_that_is_offered_has_a_row(void **unused)
{
    (void)unused;
    for (int at = 0; at < PGL_AT_COUNT; at++) {
        const struct pgl_mesh_row *row = &pgl_mesh_rows[at];
        for (int m = 0; m < PGL_MESH_METHODS_MAX; m++) {
            bool is = m < (int)row->service->n_methods && is_offered(&row->methods[m]);
            if (is != (pgl_mesh_callers(at, m) != 0))
                fail_msg("%s, method %d", row->name != NULL ? row->name : row->service->name, m);
        }
    }
}

static void nobody_calls_himself_and_catalog_and_identity_nobody(void **unused)
{
    (void)unused;
    for (int at = 0; at < PGL_AT_COUNT; at++)
        for (int m = 0; m < PGL_MESH_METHODS_MAX; m++) {
            assert_false(pgl_mesh_may_call(pgl_boot_role_names[pgl_mesh_rows[at].role], at, m));
            assert_false(pgl_mesh_may_call("catalog,identity", at, m));
        }
}

static void a_role_is_held_to_its_rows(void **unused)
{
    static const struct {
        const char *names;
        int at, method;
        bool may;
    } rows[] = {
        { "orders", PGL_AT_CATALOG, CATALOG_SERVICE_GET_PRICES, true },
        { "orders", PGL_AT_CATALOG, CATALOG_SERVICE_GET_PRODUCT, false },
        { "orders", PGL_AT_CATALOG, CATALOG_SERVICE_PUT_PRODUCT, false },
        { "orders", PGL_AT_PAYMENTS_LOG, EVENT_LOG_SERVICE_FOLLOW, true },
        { "orders", PGL_AT_PAYMENTS_LOG, EVENT_LOG_SERVICE_READ, false },
        { "inventory", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_FOLLOW, false },
        { "gateway", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_FOLLOW, false },
        { "gateway", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_READ, true },
        { "gateway", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_WATCH_LOG, false },
        { "gateway,payments", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_FOLLOW, true },
        { "payments,gateway", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_READ, true },
        { "gatewa", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_READ, false },
        { "", PGL_AT_ORDERS_LOG, EVENT_LOG_SERVICE_READ, false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(pgl_mesh_may_call(rows[i].names, rows[i].at, rows[i].method), rows[i].may);
}

static void a_reader_is_one_of_the_roles_that_read(void **unused)
{
    (void)unused;
    assert_true(pgl_mesh_may_read_as("payments", "payments"));
    assert_true(pgl_mesh_may_read_as("gateway,payments", "payments"));
    assert_true(pgl_mesh_may_read_as("payments", "")); /* whose position nobody keeps */
    assert_false(pgl_mesh_may_read_as("payments", "webhooks"));
    assert_false(pgl_mesh_may_read_as("payments", "payment"));
    assert_false(pgl_mesh_may_read_as("", "payments"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_that_is_offered_has_a_row),
        cmocka_unit_test(nobody_calls_himself_and_catalog_and_identity_nobody),
        cmocka_unit_test(a_role_is_held_to_its_rows),
        cmocka_unit_test(a_reader_is_one_of_the_roles_that_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
