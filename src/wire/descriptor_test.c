/*
 * descriptor_test.c - every symbol leads to its file, and every file brings along what it needs.
 * Method: symbols of each kind; a file's own description of itself is looked into.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/descriptor.h"

static void symbols_of_every_kind_are_found(void **unused)
{
    (void)unused;
    static const char *const of_orders[] = {
        "panglot.orders.v1.OrderService", "panglot.orders.v1.OrderService.WatchOrder",
        "panglot.orders.v1.Order",        "panglot.orders.v1.Order.created_at_ns",
        "panglot.orders.v1.OrderStatus",  "panglot.orders.v1.ORDER_STATUS_PENDING",
    };
    for (size_t i = 0; i < sizeof of_orders / sizeof of_orders[0]; i++) {
        const struct pgl_descriptor_file *file = pgl_descriptor_of(of_orders[i]);
        assert_non_null(file);
        assert_string_equal(file->name, "panglot/orders/v1/orders.proto");
        assert_ptr_equal(file, pgl_descriptor_named("panglot/orders/v1/orders.proto"));
    }
    assert_non_null(pgl_descriptor_of("grpc.health.v1.HealthCheckResponse.ServingStatus"));
    assert_non_null(pgl_descriptor_of("grpc.health.v1.HealthCheckResponse.SERVING"));
    assert_non_null(pgl_descriptor_of("grpc.reflection.v1.ServerReflection"));
    assert_non_null(pgl_descriptor_of("grpc.reflection.v1alpha.ServerReflection"));
    assert_null(pgl_descriptor_of("panglot.orders.v1"));
    assert_null(pgl_descriptor_of("panglot.orders.v1.Orde"));
    assert_null(pgl_descriptor_of(""));
    assert_null(pgl_descriptor_named("orders.proto"));
}

static void a_file_brings_what_it_imports(void **unused)
{
    (void)unused;
    const struct pgl_descriptor_file *all[PGL_DESCRIPTOR_FILES_MAX];
    const struct pgl_descriptor_file *file = pgl_descriptor_named("panglot/admin/v1/admin.proto");
    assert_int_equal(pgl_descriptor_closure(file, all), 3); /* common, and events, which needs it */
    assert_ptr_equal(all[0], file);
    for (int i = 0; i < 3; i++) { /* its name is the first field of each */
        assert_int_equal(all[i]->bytes.data[0], 0x0a);
        assert_memory_equal(all[i]->bytes.data + 2, all[i]->name, strlen(all[i]->name));
    }
    file = pgl_descriptor_named("panglot/common/v1/common.proto");
    assert_int_equal(pgl_descriptor_closure(file, all), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_of_every_kind_are_found),
        cmocka_unit_test(a_file_brings_what_it_imports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
