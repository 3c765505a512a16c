/*
 * webhooks_bench.h - the handlers of webhooks over a real file, with what the service would note
 * down for them.
 *
 * For:      tests alone.
 * Owner:    the test; one at a time.
 */
#ifndef PGL_WEBHOOKS_WEBHOOKS_BENCH_H
#define PGL_WEBHOOKS_WEBHOOKS_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/time.h"
#include "saga/audit_log.h"
#include "services/webhooks/webhooks_sql.h"
#include "store/store_bench.h"
#include "wire/message.h"

#define CREATED "panglot.order.created.v1"

PGL_COMMAND(pgl_webhooks_create, struct webhook_create, EndpointResponse)
PGL_QUERY(pgl_webhooks_get, EndpointRequest, EndpointResponse)
PGL_QUERY(pgl_webhooks_due, struct webhook_due_ask, struct webhook_due_reply)
PGL_COMMAND(pgl_webhooks_record, struct webhook_attempt, void)

#define COMMAND(name) ((struct pgl_method){ PGL_METHOD_COMMAND, .command = name##_command })
#define QUERY(name)   ((struct pgl_method){ PGL_METHOD_QUERY, .query = name##_query })

struct bench {
    struct pgl_store_bench store;
    struct pgl_webhooks_core core;
    Caller olga;
    int64_t seq;
};

static inline void assert_ok(pgl_status status)
{
    if (!pgl_is_ok(status))
        print_error("%s\n", status.text);
    assert_true(pgl_is_ok(status));
}

static inline pgl_status command(struct bench *bench, struct pgl_method method, const void *ask,
                                 void *reply)
{
    return pgl_store_bench_command(&bench->store, &method, ask, reply);
}

static inline pgl_status query(struct bench *bench, struct pgl_method method, const void *ask,
                               void *reply)
{
    return pgl_store_bench_query(&bench->store, &method, ask, reply);
}

static inline int64_t number(struct bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->store, sql);
}

static inline int64_t wall_ns(const struct bench *bench)
{
    return PGL_STORE_BENCH_WALL_NS + bench->store.now_ns;
}

static inline struct bench *bench_open(void)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    pgl_store_bench_open(&bench.store, 1);
    bench.store.writer.context = &bench.core;
    assert_ok(pgl_events_migrate(&bench.store.writer.db));
    assert_ok(pgl_saga_migrate(&bench.store.writer.db));
    assert_ok(pgl_webhooks_migrate(&bench.store.writer.db));
    pgl_buffer_init(&bench.core.body, PGL_WEBHOOK_BODY_BYTES_MAX);
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++)
        bench.core.consumers[l].epoch = 1;
    bench.olga = (Caller)CALLER_INIT;
    bench.olga.tenant = pgl_message_string("default");
    bench.olga.role = ROLE_OPERATOR;
    return &bench;
}

static inline void bench_close(struct bench *bench)
{
    pgl_buffer_free(&bench->core.body);
    pgl_store_bench_close(&bench->store);
}

static inline pgl_status try_create(struct bench *bench, const char *url, const char *type,
                                    EndpointResponse *reply)
{
    static char *types[1];
    NewEndpoint endpoint = NEW_ENDPOINT_INIT;
    CreateEndpointRequest ask = CREATE_ENDPOINT_REQUEST_INIT;
    struct webhook_create create = { .ask = &ask, .ends = { { 1, 7, 70 }, { 1, 8, 80 } } };
    endpoint.url = pgl_message_string(url);
    types[0] = pgl_message_string(type);
    endpoint.types = types;
    endpoint.n_types = type != NULL;
    ask.caller = &bench->olga;
    ask.endpoint = &endpoint;
    memset(create.secret, 0x5A, sizeof create.secret);
    *reply = (EndpointResponse)ENDPOINT_RESPONSE_INIT;
    return command(bench, COMMAND(pgl_webhooks_create), &create, reply);
}

static inline char *create(struct bench *bench, const char *url, const char *type)
{
    EndpointResponse reply;
    assert_ok(try_create(bench, url, type, &reply));
    return reply.endpoint->id;
}

static inline WebhookEndpoint *look(struct bench *bench, char *id)
{
    EndpointRequest ask = ENDPOINT_REQUEST_INIT;
    EndpointResponse reply = ENDPOINT_RESPONSE_INIT;
    ask.caller = &bench->olga;
    ask.id = id;
    assert_ok(query(bench, QUERY(pgl_webhooks_get), &ask, &reply));
    return reply.endpoint;
}

static inline pgl_status hear_created(struct pgl_tx *tx, void *argument)
{
    struct bench *bench = argument;
    OrderCreated created = ORDER_CREATED_INIT;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_CREATED;
    event.tenant = pgl_message_string("default");
    event.key = (ProtobufCBinaryData){ 16, (uint8_t *)pgl_message_string("0123456789abcdef") };
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_CREATED;
    event.order_created = &created;
    created.payment_method_ref = pgl_message_string("pm_secret");
    tx->cause_log = LOG_ORDERS;
    return pgl_webhooks_hear(tx, ++bench->seq, &event);
}

static inline void hear(struct bench *bench)
{
    assert_ok(pgl_writer_run_now(&bench->store.writer, hear_created, bench));
}

static inline struct webhook_due_reply due(struct bench *bench)
{
    struct webhook_due_ask ask = { .now_ns = wall_ns(bench) };
    struct webhook_due_reply reply;
    assert_ok(query(bench, QUERY(pgl_webhooks_due), &ask, &reply));
    return reply;
}

static inline void record(struct bench *bench, int64_t delivery, int status, uint64_t drawn)
{
    struct webhook_attempt attempt = { .number = delivery,
                                       .status = status,
                                       .problem = status == 0 ? "no route" : "",
                                       .drawn = drawn };
    assert_ok(command(bench, COMMAND(pgl_webhooks_record), &attempt, NULL));
}

#endif
