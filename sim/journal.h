/*
 * journal.h - what customers wished for and what they were told: the outside's account of a run,
 * which the program's own is held against.
 *
 * Owner:    customers write it; the auditor reads it, and notes which order each wish became.
 */
#ifndef PGL_SIM_JOURNAL_H
#define PGL_SIM_JOURNAL_H

#include "book.h"

/* An order that somebody places, however often it is sent. Its key is "k-" and its number. */
struct pgl_sim_wish {
    int customer;
    const char *region;
    int line_count;
    struct pgl_sim_share lines[PGL_SIM_LINES_MAX];
    enum pgl_sim_card card;
    bool allows_partial;
    int64_t deadline_s; /* 0: as the shop has it */
    bool is_sent, is_cancel_sent;

    bool is_made;     /* somebody was told that the order is new */
    bool is_answered; /* 201, with this: */
    pgl_id id;
    uint64_t answer_hash;
    int rank_seen; /* of the states that were shown, the highest: numbers of enum order_state */

    struct pgl_random random; /* what its customer does about it */

    uint32_t order; /* the auditor's; PGL_SIM_NOBODY until there is one */
};

enum pgl_sim_move_kind { PGL_SIM_GOODS_IN, PGL_SIM_SALE, PGL_SIM_COUNT, PGL_SIM_MOVE_KINDS };

/* What happens at a shelf without an order. Its key is "r-" and its number. */
struct pgl_sim_move {
    enum pgl_sim_move_kind kind;
    int sku, warehouse;
    int64_t quantity;
    bool is_answered;
};

struct pgl_sim_journal {
    struct pgl_sim_wish *wishes;
    uint32_t wish_count;
    struct pgl_sim_move moves[PGL_SIM_MOVES_MAX];
    uint32_t shipments, refunds; /* that somebody was told to have been made */
};

#endif
