/*
 * identity_bench.h - the handlers of Identity over a real file.
 *
 * For:      tests alone.
 * Owner:    the test; one at a time.
 */
#ifndef PGL_IDENTITY_IDENTITY_BENCH_H
#define PGL_IDENTITY_IDENTITY_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/time.h"
#include "saga/audit_log.h"
#include "services/identity/identity_sql.h"
#include "store/store_bench.h"
#include "wire/message.h"

PGL_COMMAND(pgl_identity_create, struct identity_create, KeyResponse)
PGL_COMMAND(pgl_identity_rotate, struct identity_rotate, KeyResponse)
PGL_COMMAND(pgl_identity_change, ChangeKeyRequest, KeyResponse)
PGL_COMMAND(pgl_identity_revoke, RevokeKeyRequest, KeyResponse)
PGL_QUERY(pgl_identity_get, struct identity_look, KeyResponse)
PGL_QUERY(pgl_identity_verify, struct identity_verify, VerifyKeyResponse)
PGL_QUERY(pgl_identity_news, WatchKeysRequest, WatchKeysResponse)

#define COMMAND(name) (&(struct pgl_method){ PGL_METHOD_COMMAND, .command = name##_command })
#define QUERY(name)   (&(struct pgl_method){ PGL_METHOD_QUERY, .query = name##_query })

struct bench {
    struct pgl_store_bench store;
    struct pgl_identity_core core;
    Caller olga; /* an operator */
    int made;    /* so that each key has an id and a secret of its own */
};

static inline void assert_ok(pgl_status status)
{
    if (!pgl_is_ok(status))
        print_error("%s\n", status.text);
    assert_true(pgl_is_ok(status));
}

static inline struct bench *bench_open(void)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    pgl_store_bench_open(&bench.store, 1);
    bench.store.writer.context = &bench.core;
    memcpy(bench.core.env, "test", sizeof "test");
    assert_ok(pgl_saga_migrate(&bench.store.writer.db));
    assert_ok(pgl_identity_migrate(&bench.store.writer.db));
    bench.olga = (Caller)CALLER_INIT;
    bench.olga.tenant = pgl_message_string("default");
    bench.olga.subject = pgl_message_string("olga");
    bench.olga.role = ROLE_OPERATOR;
    return &bench;
}

static inline void bench_close(struct bench *bench)
{
    pgl_store_bench_close(&bench->store);
}

static inline int64_t wall_ns(const struct bench *bench)
{
    return PGL_STORE_BENCH_WALL_NS + bench->store.now_ns;
}

static inline NewKey wish_for(const char *scope)
{
    static char *scopes[1];
    NewKey wish = NEW_KEY_INIT;
    scopes[0] = pgl_message_string(scope);
    wish.scopes = scopes;
    wish.n_scopes = 1;
    return wish;
}

static inline pgl_status try_create(struct bench *bench, NewKey *wish, ApiKey **key)
{
    CreateKeyRequest ask = CREATE_KEY_REQUEST_INIT;
    struct identity_create create = { .ask = &ask };
    KeyResponse reply = KEY_RESPONSE_INIT;
    uint8_t random[8] = { 0, 0, 0, 0, 0, 0, (uint8_t)(++bench->made >> 8), (uint8_t)bench->made };
    ask.caller = &bench->olga;
    ask.key = wish;
    pgl_api_key_make_id(random, create.id);
    memset(create.secret, bench->made, sizeof create.secret);
    pgl_status status =
        pgl_store_bench_command(&bench->store, COMMAND(pgl_identity_create), &create, &reply);
    *key = reply.key;
    return status;
}

static inline ApiKey *create(struct bench *bench, NewKey wish)
{
    ApiKey *key;
    assert_ok(try_create(bench, &wish, &key));
    return key;
}

/* As the edge does with what a client shows. */
static inline pgl_status verify(struct bench *bench, const char *text, VerifyKeyResponse *reply)
{
    struct pgl_api_key shown;
    VerifyKeyRequest ask = VERIFY_KEY_REQUEST_INIT;
    struct identity_verify question = { &ask, wall_ns(bench) };
    *reply = (VerifyKeyResponse)VERIFY_KEY_RESPONSE_INIT;
    assert_ok(pgl_api_key_read(pgl_text_of(text), &shown));
    ask.id = pgl_arena_string(&bench->store.arena, shown.id);
    ask.digest = (ProtobufCBinaryData){ sizeof shown.digest, shown.digest };
    return pgl_store_bench_query(&bench->store, QUERY(pgl_identity_verify), &question, reply);
}

static inline bool lets_in(struct bench *bench, const char *text)
{
    VerifyKeyResponse reply;
    pgl_status status = verify(bench, text, &reply);
    assert_true(pgl_is_ok(status) || status.code == PGL_UNAUTHENTICATED);
    return pgl_is_ok(status);
}

static inline pgl_status revoke(struct bench *bench, const char *id, const char *reason,
                                ApiKey **key)
{
    RevokeKeyRequest ask = REVOKE_KEY_REQUEST_INIT;
    KeyResponse reply = KEY_RESPONSE_INIT;
    ask.caller = &bench->olga;
    ask.id = pgl_message_string(id);
    ask.reason = pgl_message_string(reason);
    pgl_status status =
        pgl_store_bench_command(&bench->store, COMMAND(pgl_identity_revoke), &ask, &reply);
    *key = reply.key;
    return status;
}

static inline pgl_status rotate(struct bench *bench, const char *id, KeyRotation *rotation,
                                ApiKey **key)
{
    RotateKeyRequest ask = ROTATE_KEY_REQUEST_INIT;
    struct identity_rotate question = { .ask = &ask };
    KeyResponse reply = KEY_RESPONSE_INIT;
    ask.caller = &bench->olga;
    ask.id = pgl_message_string(id);
    ask.rotation = rotation;
    memset(question.secret, 100 + ++bench->made, sizeof question.secret);
    pgl_status status =
        pgl_store_bench_command(&bench->store, COMMAND(pgl_identity_rotate), &question, &reply);
    *key = reply.key;
    return status;
}

static inline pgl_status change(struct bench *bench, const char *id, KeyChange *wish, ApiKey **key)
{
    ChangeKeyRequest ask = CHANGE_KEY_REQUEST_INIT;
    KeyResponse reply = KEY_RESPONSE_INIT;
    ask.caller = &bench->olga;
    ask.id = pgl_message_string(id);
    ask.change = wish;
    pgl_status status =
        pgl_store_bench_command(&bench->store, COMMAND(pgl_identity_change), &ask, &reply);
    *key = reply.key;
    return status;
}

static inline pgl_status look(struct bench *bench, const char *id, ApiKey **key)
{
    KeyRequest ask = KEY_REQUEST_INIT;
    KeyResponse reply = KEY_RESPONSE_INIT;
    struct identity_look question = { &ask, wall_ns(bench) };
    ask.caller = &bench->olga;
    ask.id = pgl_message_string(id);
    pgl_status status =
        pgl_store_bench_query(&bench->store, QUERY(pgl_identity_get), &question, &reply);
    *key = reply.key;
    return status;
}

static inline WatchKeysResponse news(struct bench *bench, int64_t after)
{
    WatchKeysRequest ask = WATCH_KEYS_REQUEST_INIT;
    WatchKeysResponse reply = WATCH_KEYS_RESPONSE_INIT;
    ask.after = after;
    assert_ok(pgl_store_bench_query(&bench->store, QUERY(pgl_identity_news), &ask, &reply));
    return reply;
}

#endif
