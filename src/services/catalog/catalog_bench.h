/*
 * catalog_bench.h - Catalog on a real file, for its tests: what an operator asks for, in one line.
 */
#ifndef PGL_CATALOG_BENCH_H
#define PGL_CATALOG_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/catalog/change.h"
#include "services/catalog/products.h"
#include "services/catalog/service.h"
#include "store/store_bench.h"
#include "wire/json.h"
#include "wire/message.h"

#define assert_ok(status) assert_int_equal((status).code, PGL_CODE_OK)

static struct pgl_store_bench bench;
static Caller boss;

static inline int open_bench(void **unused)
{
    (void)unused;
    pgl_store_bench_open(&bench, 1);
    boss = (Caller)CALLER_INIT;
    boss.role = ROLE_OPERATOR;
    return pgl_is_ok(pgl_catalog_open(&bench.writer)) ? 0 : -1;
}

static inline int close_bench(void **unused)
{
    (void)unused;
    pgl_store_bench_close(&bench);
    return 0;
}

/* A message as JSON. */
static inline void *message_of(const ProtobufCMessageDescriptor *descriptor, const char *json)
{
    void *message;
    assert_ok(pgl_json_read(descriptor, &bench.arena, pgl_text_of(json), &pgl_json_request_limits,
                            &message));
    return message;
}

static inline pgl_status command(int method, const void *ask, void *reply)
{
    return pgl_store_bench_command(&bench, &pgl_catalog_methods[method], ask, reply);
}

static inline pgl_status query(int method, const void *ask, void *reply)
{
    return pgl_store_bench_query(&bench, &pgl_catalog_methods[method], ask, reply);
}

static inline pgl_status put(const char *json, Condition *condition, PutProductResponse *reply)
{
    PutProductRequest ask = PUT_PRODUCT_REQUEST_INIT;
    ask.caller = &boss;
    ask.product = message_of(NEW_PRODUCT_DESCRIPTOR, json);
    ask.condition = condition;
    *reply = (PutProductResponse)PUT_PRODUCT_RESPONSE_INIT;
    return command(CATALOG_SERVICE_PUT_PRODUCT, &ask, reply);
}

/* What anyone sees of it; NULL: nothing. */
static inline const Product *look(const char *sku)
{
    GetProductRequest ask = GET_PRODUCT_REQUEST_INIT;
    GetProductResponse reply = GET_PRODUCT_RESPONSE_INIT;
    ask.sku = pgl_message_string(sku);
    return pgl_is_ok(query(CATALOG_SERVICE_GET_PRODUCT, &ask, &reply)) ? reply.product : NULL;
}

#endif
