/*
 * sweep_story.h - the stories that are swept, those of reliability.md, 5, and some more: a few
 * requests, what they come to when nothing goes wrong, and what they may come to when something
 * does. And whoever tells them: a client that asks
 * again until it has an answer, and remembers what it was told.
 *
 * Owner:    the test. A telling outlives the processes that it asks.
 * Threads:  one.
 * Bounds:   PGL_STORY_ASKS_MAX requests a story.
 */
#ifndef PGL_SIM_SWEEP_STORY_H
#define PGL_SIM_SWEEP_STORY_H

#include "contract/inventory.h"
#include "contract/orders.h"
#include "services/orders/order_machine.h"
#include "sweep_shop.h"

#define PGL_STORY_ASKS_MAX 4
#define PGL_STORY_SLEEP_NS PGL_SECONDS(4)

enum pgl_story_verb { PGL_STORY_ORDERS, PGL_STORY_CANCELS, PGL_STORY_RECEIVES, PGL_STORY_POISONS };

struct pgl_story_ask {
    enum pgl_story_verb verb;
    const char *customer;
    const char *key; /* idempotency; a CANCELS has none */
    const char *sku;
    int64_t quantity;
    int after;  /* asked when this one is answered (a CANCELS: it is its order); -1: at once */
    int passes; /* and that much later */
    unsigned ends_usually, ends_possibly; /* of an ORDERS: 1 << enum order_state */
    const char *card;                     /* the bank's name for it; NULL: from the account */
    int64_t confirms;                     /* less than `quantity` will do, and this is there */
    int64_t deadline_s;                   /* 0: the usual */
};

struct pgl_story {
    const char *name;
    bool begins_empty; /* without a single file */
    int orders;        /* different ones */
    int confirmed;     /* of them, in any case; -1: it depends */
    int ask_count;
    struct pgl_story_ask asks[PGL_STORY_ASKS_MAX];
    const char *reason; /* of one order's end, as SQL's LIKE has it */
    int sleeps;         /* of PGL_STORY_SLEEP_NS when it is quiet: something is due later */
    int lost_captures;  /* the bank takes the money, and nobody hears of it */
    int parked;         /* events that are set aside for a person */
};

extern const struct pgl_story pgl_stories[]; /* ends with a NULL name */

/* One request, and what became of it. */
struct pgl_asked {
    struct pgl_call call;
    struct pgl_arena arena;
    struct pgl_telling *telling;
    bool is_out, is_answered; /* of the process that runs now */
    int answered_in_pass;
    Caller caller;
    union {
        CreateOrderResponse create;
        CancelOrderResponse cancel;
        ReceiveStockResponse receive;
    } reply;

    bool was_told; /* by whatever process: it has to stand */
    char told[512];
    size_t told_bytes;
    char order_id[PGL_ID_TEXT_BYTES + 1];
    CancelAnswer cancel_answer;
};

struct pgl_telling {
    const struct pgl_story *story;
    struct pgl_shop *shop;
    struct pgl_asked asked[PGL_STORY_ASKS_MAX];
    int pass;
    int refusals;      /* "not now", in the last try */
    const char *wrong; /* the first thing that must not be; NULL: none */
    char found[512];   /* see sweep_truth.h */
};

void pgl_telling_open(struct pgl_telling *telling, const struct pgl_story *story,
                      struct pgl_shop *shop);
void pgl_telling_close(struct pgl_telling *telling);

/* For pgl_shop_start. */
void pgl_telling_hear(void *telling, struct pgl_message *message);

/* Asks everything, also what was answered before, until the shop is quiet or over. */
void pgl_telling_try(struct pgl_telling *telling);

/* Everything was answered in the last try. */
bool pgl_telling_is_told(const struct pgl_telling *telling);

#endif
