/*
 * customers.h - those outside: they place orders, lose their answers, ask again, change their
 * minds, look, and remember what they were told.
 *
 * For:      a run. What they were told is held against the auditor's book on the spot.
 * Owner:    the run.
 * Threads:  the outside loop's.
 * Bounds:   PGL_SIM_ERRANDS_MAX things under way; beyond it new ones wait.
 */
#ifndef PGL_SIM_CUSTOMERS_H
#define PGL_SIM_CUSTOMERS_H

#include "auditor.h"
#include "choices.h"
#include "client.h"
#include "followers.h"
#include "listener.h"

#define PGL_SIM_ERRANDS_MAX 512

/* Numbers of errands about one wish: those that come too early are tried again under others. */
#define PGL_SIM_TRIES_STEP 16
#define PGL_SIM_TRIES_END  112 /* seven, over thirteen seconds */

/* Who asks: customers by their numbers, and two who work here. */
#define PGL_SIM_DOCK   PGL_SIM_CUSTOMERS_MAX
#define PGL_SIM_BOSS   (PGL_SIM_DOCK + 1)
#define PGL_SIM_PEOPLE (PGL_SIM_BOSS + 1)

enum pgl_sim_errand_kind {
    PGL_SIM_CREATE,
    PGL_SIM_TWIN,       /* the same request again, at the same time or much later */
    PGL_SIM_OTHER_BODY, /* the same key for something else */
    PGL_SIM_WRONG,      /* what no shop can sell */
    PGL_SIM_CANCEL,
    PGL_SIM_LOOK,
    PGL_SIM_MOVE,      /* a warehouse, or a till */
    PGL_SIM_SHIP,      /* a parcel leaves */
    PGL_SIM_REFUND,    /* an operator gives back */
    PGL_SIM_ACT,       /* a customer does what the bank wants to see done */
    PGL_SIM_RETRY,     /* an operator has tried now what is open at the bank */
    PGL_SIM_SETTLE,    /* an operator says what the bank's ledger has */
    PGL_SIM_REPLAY,    /* an operator replays all that is parked */
    PGL_SIM_RECONCILE, /* an operator has both sides compared */
    PGL_SIM_READ_ON,   /* an operator reads on in the events */
    PGL_SIM_SUBSCRIBE, /* somebody wants to be told by webhooks */
    PGL_SIM_REDELIVER, /* an operator has what was not taken told again, now */
    PGL_SIM_ERRAND_KINDS
};

/* One thing that somebody wants to know or to have done, however often it has to be asked. */
struct pgl_sim_errand {
    struct pgl_sim_customers *customers;
    enum pgl_sim_errand_kind kind;
    uint32_t about;   /* the number of a wish or of a move */
    uint32_t number;  /* among those about it */
    int tries, looks; /* requests; looks whether there is something to ask */
    int last_status;  /* of the answer that was not conclusive */
    bool is_under_way;
    int rank_before;    /* what was known when it was asked */
    bool is_last;       /* of a look: when all is over */
    bool is_of_capture; /* of a settlement */
    struct pgl_sim_ask ask;
    struct pgl_timer timer;
    struct pgl_sim_errand *next_free;
};

struct pgl_sim_token {
    struct pgl_buffer text;
    int64_t issued_at_ns; /* wall clock */
    bool was_refused;     /* one of theirs: then they may be made to wait, and are answered 429 */
};

/* One who reads all events, a batch behind the other. */
struct pgl_sim_reader {
    bool is_out, is_through;
    char target[320]; /* of the next question: as the last answer has it */
    int64_t after[PGL_SIM_LOGS];
    uint64_t events;
};

struct pgl_sim_customers {
    const struct pgl_sim_plan *plan;
    struct pgl_sim_choices *choices;
    struct pgl_loop *loop;
    struct pgl_sim_machine *machine;
    struct pgl_sim_auditor *auditor;
    struct pgl_sim_bank *bank;
    struct pgl_sim_blame *blame;
    struct pgl_sim_client client;
    struct pgl_sim_followers followers;
    struct pgl_sim_listener *listener;
    struct pgl_sim_reader reader;
    struct pgl_sim_journal journal;
    struct pgl_random random; /* arrivals */
    struct pgl_random moving;

    struct pgl_sim_errand *errands, *free_errands;
    int under_way;
    struct pgl_timer arrival;
    uint32_t placed, moves_sent, last_looks, replays;
    uint64_t twins_sent;
    struct pgl_key key; /* what tokens are signed with: the shop's own */
    bool has_key;
    struct pgl_sim_token tokens[PGL_SIM_PEOPLE];
};

void pgl_sim_customers_open(struct pgl_sim_customers *customers, const struct pgl_sim_plan *plan,
                            struct pgl_sim_choices *choices, struct pgl_loop *loop,
                            struct pgl_sim_machine *machine, struct pgl_sim_auditor *auditor,
                            struct pgl_sim_bank *bank, struct pgl_sim_listener *listener,
                            struct pgl_sim_blame *blame);
void pgl_sim_customers_close(struct pgl_sim_customers *customers);

/* The shop is open. */
void pgl_sim_customers_start(struct pgl_sim_customers *customers);

/* The shop is back: some ask once more for what they have ordered lately. */
void pgl_sim_customers_return(struct pgl_sim_customers *customers);

/* All orders are placed and everything that was asked for is known. */
bool pgl_sim_customers_are_done(const struct pgl_sim_customers *customers);

/* Blames what is still asked for, if anything is. */
void pgl_sim_customers_complain(const struct pgl_sim_customers *customers);

/* Every order is looked at once more; it has to be final. */
void pgl_sim_customers_look_again(struct pgl_sim_customers *customers);

/* ---- shared by the files customers*.c ---- */

/* What an errand asks, and what it makes of a conclusive answer (customers_say.c). */
void pgl_sim_errand_write(struct pgl_sim_errand *errand);
void pgl_sim_errand_judge(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer);

/* Another errand, later. False when there are too many. */
bool pgl_sim_errand_start(struct pgl_sim_customers *customers, enum pgl_sim_errand_kind kind,
                          uint32_t about, uint32_t number, int64_t after_ns);

/* The same, where it comes to the customer's mind: `number` tells this occasion from others. */
void pgl_sim_errand_may_start(struct pgl_sim_customers *customers, enum pgl_sim_errand_kind kind,
                              uint32_t wish, uint32_t number, uint32_t chance, int64_t most_ns);

/* What follows from an order whose id is known: operators who help (customers_help.c). */
void pgl_sim_may_help(struct pgl_sim_errand *errand);

/* An operator does not wait until webhooks that were not taken come again by themselves. */
void pgl_sim_redeliver(struct pgl_sim_customers *customers);
/* Once more, everything that is parked. */
void pgl_sim_replay(struct pgl_sim_customers *customers);

/* Goes on where the reader is, unless somebody does already. */
void pgl_sim_read_on(struct pgl_sim_customers *customers, bool is_last);

/* The order as the auditor has seen it committed; blamed, and NULL, when it has not. */
struct pgl_sim_order *pgl_sim_errand_order(struct pgl_sim_errand *errand);
/* Blamed for any other status. */
bool pgl_sim_errand_expects(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer,
                            int status);
/* The text behind "name": in an object of ours, whose names are not repeated at its first level;
 * without quotes. */
struct pgl_text pgl_sim_answer_member(const struct pgl_sim_answer *answer, const char *name);

/* Rows of the table of errands that are in customers_help.c. */
bool pgl_sim_may_settle(const struct pgl_sim_errand *errand);
void pgl_sim_ask_retry(struct pgl_sim_errand *errand);
void pgl_sim_ask_settle(struct pgl_sim_errand *errand);
void pgl_sim_ask_replay(struct pgl_sim_errand *errand);
void pgl_sim_ask_reconcile(struct pgl_sim_errand *errand);
void pgl_sim_ask_subscribe(struct pgl_sim_errand *errand);
void pgl_sim_ask_redeliver(struct pgl_sim_errand *errand);
void pgl_sim_judge_retry(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer);
void pgl_sim_judge_settle(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer);
void pgl_sim_judge_accepted(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer);
void pgl_sim_judge_subscribe(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer);
void pgl_sim_judge_redeliver(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer);

/* The numbers of the states as an answer names them, -1 for no such name. */
int pgl_sim_rank_named(struct pgl_text status);
bool pgl_sim_is_final_rank(int rank);

static inline struct pgl_sim_wish *pgl_sim_wish_of(const struct pgl_sim_errand *errand)
{
    return &errand->customers->journal.wishes[errand->about];
}

#endif
