/*
 * card_bench.h - Payments with a provider on a bench: a bank in memory that does what it is asked
 * and answers as it is told to, and a worker that calls it.
 *
 * For:      the tests of this folder. Not for the product.
 * Owner:    the test.
 */
#ifndef PGL_PAYMENTS_CARD_BENCH_H
#define PGL_PAYMENTS_CARD_BENCH_H

#include "services/payments/payments_bench.h"
#include "services/payments/provider.h"

#define BENCH_OBJECTS_MAX 64
#define BENCH_REFUNDS_MAX 8 /* of an object */
#define BENCH_KEYS_MAX    256
#define BENCH_WAITING_MAX 8

/* How a call goes, a letter each; `.` when the script is over.
 *
 *   .  executed and answered          l  lost on the way: not executed, unknown
 *   k  executed, its answer lost      r  refused, nothing done
 *   b  key busy                       n  not sent
 *   f  forbidden                      o  our bug
 *   5  a 5xx, stored: from now on this key is burnt
 *   p  answered: processing           x  there is no such object
 *   a  the customer has to act        w  answered when the test says so */
struct bench_object {
    struct provider_object object;
    int captures, refunds; /* how often money moved */
    struct bench_refund {
        int64_t refund_no, amount_minor;
    } made[BENCH_REFUNDS_MAX];
};

struct card_bench {
    struct payments_bench payments;
    struct pgl_loop effects, reading;
    struct pgl_reader reader;
    struct pgl_waiter waiter;
    struct pgl_provider_port port;

    const char *script;
    char calls[1024];                                 /* a word each: "create authorize get" */
    char keys[2048];                                  /* those of what was sent */
    struct provider_call *waiting[BENCH_WAITING_MAX]; /* of a `w` each */
    int waiting_count;
    bool is_down; /* every call is `n` */
    int call_count;
    /* Commits and calls so far; at this one the process ends, and starts again; 0: never. */
    int moments, ends_at;
    bool is_ending;

    struct bench_object objects[BENCH_OBJECTS_MAX];
    int object_count;
    struct {
        char key[PGL_PROVIDER_KEY_BYTES];
        bool is_burnt;
    } used[BENCH_KEYS_MAX];
    int used_count;
};

void card_bench_open(struct card_bench *bench, uint64_t seed);
void card_bench_open_with(struct card_bench *bench, uint64_t seed,
                          const struct pgl_card_options *options);
void card_bench_close(struct card_bench *bench);
/* The process ends where it is, and starts again; the bank stays as it is. */
void card_bench_restart(struct card_bench *bench);

/* At most `turns` turns of both loops; false when nothing more is to be done now. */
bool card_bench_turn(struct card_bench *bench);
/* Until nothing is to be done for `for_ns`; what is due meanwhile happens in its time. */
void card_bench_run(struct card_bench *bench, int64_t for_ns);
/* The call that has waited longest is executed and answered. */
void card_bench_answer(struct card_bench *bench);

/* The process-wide call of a method, until it is answered; its arena is the bench's. */
pgl_status card_bench_call(struct card_bench *bench, int method, const void *ask, void *reply);

struct bench_object *card_bench_object(struct card_bench *bench, int number);

#endif
