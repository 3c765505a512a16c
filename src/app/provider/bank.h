/*
 * bank.h - an outside payment provider of our own: Stripe's PaymentIntents and refunds over a
 * ledger of its own. It shares no code with services/payments, so that it can judge it.
 *
 * For:      server.c (`panglot provider`: HTTP, SQLite), and the simulator, which puts it behind
 *           its own network. A request goes in as texts and comes out as a status and JSON.
 * Owner:    whoever holds the struct; one loop.
 * Purity:   no clock, no entropy, no I/O: the time is an argument (wall clock; a step back is read
 *           as standing still), ids come from `seed`. The same calls give the same bytes.
 * Bounds:   `intents_max` objects, four times as many idempotency keys (kept 24 h), as many
 *           refunds; then 429, and nothing was executed. PGL_BANK_LATE_MAX requests that are
 *           executed later, PGL_BANK_EVENTS_MAX events not taken (then the oldest is lost).
 * Memory:   grows with what there is: about 500 bytes an object, 150 a key; nothing is given
 *           back before the close, but keys make room for others.
 *
 *     struct pgl_bank_options options = pgl_bank_defaults();
 *     options.key = "sk_test_panglot";
 *     struct pgl_bank *bank = pgl_bank_open(&options);
 *     pgl_bank_ask(bank, &request, PGL_BANK_WELL, now_ns, &arena, &answer);
 *     timer at pgl_bank_next_ns(bank) -> pgl_bank_tick(bank, now_ns)
 *     while (pgl_bank_take_event(bank, &arena, &event)) ... a webhook
 *     pgl_bank_order(bank, order_id) ... what a judge wants to know
 */
#ifndef PGL_APP_PROVIDER_BANK_H
#define PGL_APP_PROVIDER_BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/text.h"

#define PGL_BANK_BODY_BYTES_MAX 8192 /* of a request; Stripe's clients send some hundred */
#define PGL_BANK_KEY_BYTES_MAX  255  /* of an Idempotency-Key, as at Stripe */
#define PGL_BANK_LATE_MAX       1024
#define PGL_BANK_EVENTS_MAX     4096

struct pgl_bank;

/* What is kept, for whoever makes it durable: small records that replace one another by kind and
 * number. An empty record takes the earlier one away. */
enum pgl_bank_kind {
    PGL_BANK_INTENT,
    PGL_BANK_REFUND,
    PGL_BANK_TRANSFER, /* a line of the ledger; never changes */
    PGL_BANK_KEY,
    PGL_BANK_KIND_COUNT
};

struct pgl_bank_options {
    const char *key;      /* "sk_...": who asks has to bear it; borrowed. NULL: nobody is asked */
    const char *base_url; /* where the customer is sent: "http://127.0.0.1:9090"; borrowed */
    uint64_t seed;        /* of ids */
    uint32_t intents_max;
    int64_t hold_ns;       /* a hold expires; 7 days, as cards have it */
    int64_t short_hold_ns; /* the same for pm_card_holdExpires */
    int64_t slow_ns;       /* how long pm_card_slow is `processing`, and a refund pending */
    int64_t late_ns;       /* how much later PGL_BANK_LATE executes */
    int64_t search_lag_ns; /* an object is found by search so much later; 0: at once */
    /* Told of every record that is new, within the call that makes it; NULL: nothing is kept. */
    void (*keep)(void *self, enum pgl_bank_kind kind, uint64_t number, struct pgl_text record);
    void *keep_self;
};

struct pgl_bank_options pgl_bank_defaults(void);

/* NULL without memory. The options are copied. */
struct pgl_bank *pgl_bank_open(const struct pgl_bank_options *options);
void pgl_bank_close(struct pgl_bank *bank);
/* Before the first request: everything that was kept, by kind, then by number. PGL_MALFORMED for
 * what is no record of ours. */
PGL_MUST_USE pgl_status pgl_bank_restore(struct pgl_bank *bank, enum pgl_bank_kind kind,
                                         uint64_t number, struct pgl_text record);

/* ---- requests ---- */

struct pgl_bank_request {
    struct pgl_text method;          /* "POST" */
    struct pgl_text path;            /* "/v1/payment_intents/pi_.../capture", still encoded */
    struct pgl_text query;           /* behind the '?', still encoded */
    struct pgl_text authorization;   /* "Bearer sk_..." */
    struct pgl_text idempotency_key; /* empty for none */
    struct pgl_text body;            /* application/x-www-form-urlencoded */
    int64_t late_ns;                 /* of PGL_BANK_LATE; 0: as the options say */
};

struct pgl_bank_answer {
    int status;
    struct pgl_text body;  /* in the arena, or constant */
    bool is_html;          /* the page at the end of a customer's action; else JSON */
    bool is_replayed;      /* to be said as `Idempotent-Replayed: true` */
    int64_t retry_after_s; /* to be said as Retry-After; 0: not */
    uint64_t number;       /* to be said as `Request-Id: req_<number>`; counts requests */
};

/* What goes wrong with one request. What happens to connections (slow, reset before, reset after)
 * is the caller's: it asks or does not ask, and answers or does not. */
enum pgl_bank_fault {
    PGL_BANK_WELL,
    PGL_BANK_FAIL_BEFORE, /* 500, not executed, and not stored */
    PGL_BANK_FAIL_AFTER,  /* executed, and a 500 is stored: the key replays it for 24 h */
    PGL_BANK_LATE,        /* 500 now, executed `late_ns` later; until then the key is in use: 409 */
    PGL_BANK_LIMITED,     /* 429, not executed, Retry-After */
    PGL_BANK_FAULT_COUNT
};

/* Always answers. Only requests that change something meet the faults that execute. */
void pgl_bank_ask(struct pgl_bank *bank, const struct pgl_bank_request *request,
                  enum pgl_bank_fault fault, int64_t now_ns, struct pgl_arena *arena,
                  struct pgl_bank_answer *answer);

/* What is due by itself: holds expire, slow cards answer, late requests are executed. Each ask does
 * it too. The next moment is INT64_MAX when nothing waits. */
void pgl_bank_tick(struct pgl_bank *bank, int64_t now_ns);
int64_t pgl_bank_next_ns(const struct pgl_bank *bank);

/* ---- webhooks ---- */

struct pgl_bank_event {
    uint64_t number;      /* counts events; a gap was lost */
    const char *type;     /* "payment_intent.succeeded" */
    struct pgl_text body; /* the whole JSON of the event, in the arena */
};

/* The oldest event that was not taken yet; false when there is none, or no memory. Events are not
 * kept: a restart loses what was not taken. */
bool pgl_bank_take_event(struct pgl_bank *bank, struct pgl_arena *arena,
                         struct pgl_bank_event *event);

/* ---- for a judge ---- */

struct pgl_bank_order {
    uint32_t intents;       /* objects with this metadata.order_id */
    uint32_t open;          /* of them neither succeeded nor canceled */
    uint32_t captures;      /* of them captured: more than one is a double charge */
    int64_t held_minor;     /* on the customer's card, not captured */
    int64_t captured_minor; /* in all */
    int64_t refunded_minor; /* of that, given back; pending ones are not */
};

/* By the ledger's lines, not by what the objects say. All zero for an order never heard of. */
struct pgl_bank_order pgl_bank_order(const struct pgl_bank *bank, struct pgl_text order_id);

/* Visits each order_id once, in the order of first objects. Start with *at = 0; false at the
 * end. */
bool pgl_bank_next_order(const struct pgl_bank *bank, uint64_t *at, struct pgl_text *order_id);

/* Whether the ledger's accounts sum to zero and every object agrees with its lines; else `why`,
 * a literal. Looks at everything. */
bool pgl_bank_is_balanced(const struct pgl_bank *bank, const char **why);

/* Appends the ledger as JSON: totals by currency and account, whether it balances, and each order's
 * amounts. An object a line behind the head, so that it can be read as it comes. */
void pgl_bank_write_ledger(const struct pgl_bank *bank, struct pgl_buffer *out);

/* Appends one order's amounts, as in the ledger. */
void pgl_bank_write_order(const struct pgl_bank *bank, struct pgl_text order_id,
                          struct pgl_buffer *out);

/* Appends up to `count` objects from number `from` on, in the order of their making, and the number
 * of the next one, null behind the last. */
void pgl_bank_write_objects(const struct pgl_bank *bank, uint32_t from, uint32_t count,
                            struct pgl_buffer *out);

#endif
