/*
 * bank_bench.h - a bank under test: requests as a client sends them, and what is kept of it.
 */
#ifndef PGL_APP_PROVIDER_BANK_BENCH_H
#define PGL_APP_PROVIDER_BANK_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/provider/bank.h"
#include "base/time.h"

#define CREATE "/v1/payment_intents"
#define VISA   "amount=1999&currency=eur&capture_method=manual&payment_method=pm_card_visa"

/* A bank, and what is kept of it: the newest record of each kind and number. */
struct bench {
    struct pgl_bank *bank;
    struct pgl_bank_options options;
    struct pgl_arena arena;
    int64_t now_ns;
    enum pgl_bank_fault fault; /* of the next request alone */
    struct pgl_bank_answer answer;
    char body[65536], id[64], path[256];
    struct {
        char bytes[1024];
        size_t size;
    } kept[PGL_BANK_KIND_COUNT][64];
    uint64_t kept_count[PGL_BANK_KIND_COUNT];
};

static inline void keep(void *self, enum pgl_bank_kind kind, uint64_t number,
                        struct pgl_text record)
{
    struct bench *bench = self;
    if (number >= 64)
        return;
    assert_true(record.size <= sizeof bench->kept[0][0].bytes);
    memcpy(bench->kept[kind][number].bytes, record.data, record.size);
    bench->kept[kind][number].size = record.size;
    if (number >= bench->kept_count[kind])
        bench->kept_count[kind] = number + 1;
}

static inline void open_bench(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->options = pgl_bank_defaults();
    bench->options.key = "sk_test_panglot";
    bench->options.keep = keep;
    bench->options.keep_self = bench;
    bench->options.intents_max = 5000;
    bench->now_ns = PGL_SECONDS(1700000000);
    pgl_arena_init(&bench->arena, 1 << 16, 1 << 22);
    bench->bank = pgl_bank_open(&bench->options);
    assert_non_null(bench->bank);
}

static inline void close_bench(struct bench *bench)
{
    const char *why = "";
    bool is_balanced = pgl_bank_is_balanced(bench->bank, &why);
    assert_string_equal(is_balanced ? "" : why, "");
    pgl_bank_close(bench->bank);
    pgl_arena_free(&bench->arena);
}

/* The answer's status; the body is in bench->body. */
static inline int ask(struct bench *bench, const char *method, const char *path, const char *form,
                      const char *key)
{
    struct pgl_text rest = pgl_text_of(path);
    struct pgl_bank_request request = { .method = pgl_text_of(method),
                                        .path = pgl_text_cut(&rest, '?'),
                                        .query = rest,
                                        .authorization = PGL_TEXT("Bearer sk_test_panglot"),
                                        .idempotency_key = pgl_text_of(key),
                                        .body = pgl_text_of(form) };
    pgl_arena_reset(&bench->arena);
    pgl_bank_ask(bench->bank, &request, bench->fault, bench->now_ns, &bench->arena, &bench->answer);
    bench->fault = PGL_BANK_WELL;
    assert_true(bench->answer.body.size < sizeof bench->body);
    memcpy(bench->body, bench->answer.body.data, bench->answer.body.size);
    bench->body[bench->answer.body.size] = '\0';
    return bench->answer.status;
}

static inline bool says(const struct bench *bench, const char *what)
{
    return strstr(bench->body, what) != NULL;
}

/* Asks about bench->id: "/capture", or "" for a GET. */
static inline int ask_id(struct bench *bench, const char *verb, const char *form, const char *key)
{
    snprintf(bench->path, sizeof bench->path, CREATE "/%s%s", bench->id, verb);
    return ask(bench, verb[0] == '\0' ? "GET" : "POST", bench->path, form, key);
}

static inline void create(struct bench *bench, const char *form)
{
    assert_int_equal(ask(bench, "POST", CREATE, form, NULL), 200);
    assert_int_equal(sscanf(bench->body, "{\"id\":\"%27[^\"]", bench->id), 1);
}

static inline void create_with(struct bench *bench, const char *card)
{
    char form[256];
    snprintf(form, sizeof form,
             "amount=1999&currency=eur&capture_method=manual&payment_method=%s&"
             "payment_method_types[]=card&metadata[order_id]=o-1",
             card);
    create(bench, form);
}

static inline void wait(struct bench *bench, int64_t ns)
{
    bench->now_ns += ns;
    pgl_bank_tick(bench->bank, bench->now_ns);
}

#endif
