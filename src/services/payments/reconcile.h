/*
 * reconcile.h - walks the provider's objects of a window, and then our captures of it, and says
 * what does not agree (docs/saga.md, 7.4). What nobody wants any more is cancelled there; what
 * would be a guess is reported, and left alone.
 *
 * For:      operators, `panglot reconcile`, and a timer.
 * Owner:    service.c.
 * Threads:  the loop `effects`; rows are looked at by the reader.
 * Bounds:   one run at a time, one call at a time; PGL_RECONCILE_OBJECTS_MAX objects, then it ends
 *           and says so; PGL_RECONCILE_ROWS_MAX rows are shown, all are counted.
 *
 * What does not agree is asked about once more before it is reported: the two sides are not read at
 * one moment.
 */
#ifndef PGL_PAYMENTS_RECONCILE_H
#define PGL_PAYMENTS_RECONCILE_H

#include "base/map.h"
#include "contract/payments.h"
#include "services/payments/reconcile_rules.h"
#include "telemetry/metrics.h"
#include "transport/rpc.h"

#define PGL_RECONCILE_OBJECTS_MAX  1000000
#define PGL_RECONCILE_ROWS_MAX     100
#define PGL_RECONCILE_CURRENCY_MAX 16
#define PGL_RECONCILE_WINDOW_NS    (2 * PGL_HOURS(24))

/* What is asked of the reader: ours of each object, or the next of our captures. */
struct reconcile_question {
    const struct provider_object *objects;
    int count;
    struct reconcile_ours ours[PGL_PROVIDER_PAGE_MAX];
};

struct reconcile_own {
    pgl_id behind, until; /* in; `behind` moves on */
    struct {
        pgl_id order_id;
        struct reconcile_ours ours;
    } found[PGL_PROVIDER_PAGE_MAX];
    int count;
};

struct card_reconcile {
    struct pgl_loop *loop;
    struct pgl_provider_port *port;
    struct pgl_endpoint self;
    struct pgl_rpc rpc;
    int64_t call_ns, every_ns;

    struct pgl_flow flow;
    bool is_running;
    struct pgl_timer again;
    struct pgl_arena arena; /* of one question */
    struct provider_call call;
    struct provider_object page[PGL_PROVIDER_PAGE_MAX];
    struct reconcile_question *question;
    struct reconcile_own *own;
    struct pgl_rpc_call rpc_call;
    int left;
    int at;              /* in the page */
    bool has_more;       /* pages */
    bool is_own;         /* the page is of our captures */
    bool is_second_look; /* at page[at] */
    char behind[PGL_PROVIDER_HANDLE_BYTES], key[PGL_PROVIDER_KEY_BYTES];
    struct pgl_map seen; /* orders that the provider has objects for */

    /* The report of the run, or of the last one. */
    int64_t started_at_ns, ended_at_ns, since_at_ns;
    const char *failure; /* "" when there was none */
    bool has_succeeded;  /* once, since the program was started */
    int64_t objects, matched, cancelled, critical;
    struct {
        char currency[4];
        int64_t captured_there_minor, captured_here_minor;
        int64_t refunded_there_minor, refunded_here_minor;
    } sums[PGL_RECONCILE_CURRENCY_MAX];
    int sum_count;
    struct {
        pgl_id order_id;
        char handle[PGL_PROVIDER_HANDLE_BYTES], currency[4];
        enum reconcile_verdict verdict;
        int64_t there_minor, here_minor;
    } rows[PGL_RECONCILE_ROWS_MAX];
    int row_count;
    struct pgl_counter critical_gauge, ended_gauge; /* of the last run; seconds */
};

PGL_MUST_USE pgl_status card_reconcile_open(struct card_reconcile *reconcile, struct pgl_loop *loop,
                                            struct pgl_mailbox *queries,
                                            struct pgl_provider_port *port, int64_t call_ns,
                                            int64_t every_ns);
/* The timer, where there is one. */
void card_reconcile_start(struct card_reconcile *reconcile);
/* When the loop does not run any more; also when it was never opened. */
void card_reconcile_close(struct card_reconcile *reconcile);

/* A run begins, unless one is under way. */
void card_reconcile_run(struct card_reconcile *reconcile, int64_t window_ns);
PGL_MUST_USE pgl_status card_reconcile_show(const struct card_reconcile *reconcile,
                                            struct pgl_arena *arena, Reconciliation **report);

#endif
