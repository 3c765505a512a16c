/*
 * script.h - a run as a list: the orders that are placed, and all that befalls the machine or
 * comes to a customer's mind. A run that draws can write its list down; a run that is given one
 * draws nothing of that kind, so that pieces can be left out until only what matters is left.
 *
 * For:      choices.c, which asks at every occasion; shrink.c; the scripts in tests/sim.
 * Owner:    whoever opened it.
 * Bounds:   PGL_SIM_CHOICES_MAX choices; a run beyond is not written down to its end.
 * Text:     a line each. `kill 81034117 0 0` is a kind, its moment in nanoseconds or the how
 *           manieth occasion, a place, and an amount (choices[] in script.c says of what).
 */
#ifndef PGL_SIM_SCRIPT_H
#define PGL_SIM_SCRIPT_H

#include "base/buffer.h"
#include "base/status.h"
#include "plan.h"

#define PGL_SIM_CHOICES_MAX      (1u << 20)
#define PGL_SIM_SCRIPT_BYTES_MAX (64u << 20)

enum pgl_sim_choice_kind {
    /* Strikes: `at` is a moment. */
    PGL_SIM_TICK, /* nothing; but the outside has its turn */
    PGL_SIM_KILL,
    PGL_SIM_KILL_AT_CALL,
    PGL_SIM_KILL_AT_SYNC,
    PGL_SIM_POWER,
    PGL_SIM_POWER_AT_CALL,
    PGL_SIM_POWER_AT_SYNC,
    PGL_SIM_FULL,
    PGL_SIM_SLOW,
    PGL_SIM_CLOCK,
    PGL_SIM_BANK_DOWN,
    /* `at` is the number of a death or of a start. */
    PGL_SIM_DOWN,
    PGL_SIM_BLACKOUT,
    PGL_SIM_BLACKOUT_AT_CALL,
    PGL_SIM_BAD_READ,
    PGL_SIM_BAD_CALL,
    /* `at` counts the occasions. */
    PGL_SIM_IO,
    PGL_SIM_SLOW_SYNC,
    PGL_SIM_BUG,
    PGL_SIM_LEAVE,
    PGL_SIM_BANK_FAILS_BEFORE,
    PGL_SIM_BANK_FAILS_AFTER,
    PGL_SIM_BANK_LATER,
    PGL_SIM_BANK_LIMITS,
    PGL_SIM_BANK_RESETS_BEFORE,
    PGL_SIM_BANK_RESETS_AFTER,
    PGL_SIM_BANK_HALVES,
    PGL_SIM_BANK_SLOW,
    PGL_SIM_BANK_SILENT,
    PGL_SIM_HOOK_LOST,
    PGL_SIM_HOOK_LATE,
    PGL_SIM_HOOK_FORGED,
    PGL_SIM_HOOK_TWICE,
    /* `at` is 256 times the number of a wish, or of a start, and a number within. */
    PGL_SIM_ASK_TWICE,
    PGL_SIM_ASK_AGAIN,
    PGL_SIM_ASK_OTHER,
    PGL_SIM_ASK_WRONG,
    PGL_SIM_ASK_CANCEL,
    PGL_SIM_ASK_LOOK,
    PGL_SIM_ASK_SHIP,
    PGL_SIM_ASK_REFUND,
    PGL_SIM_ASK_ACT,
    PGL_SIM_ASK_FOLLOW,
    PGL_SIM_ASK_READ,
    PGL_SIM_ASK_HELP,
    /* `at` counts the messages, and the deliveries. */
    PGL_SIM_FOLLOWER_LEAVES,
    PGL_SIM_LISTENER_BENDS,
    PGL_SIM_CHOICE_KINDS
};

#define PGL_SIM_STRIKES PGL_SIM_DOWN /* the kinds before it */

/* What may befall a request to the bank. */
#define PGL_SIM_BANK_FIRST PGL_SIM_BANK_FAILS_BEFORE
#define PGL_SIM_BANK_END   PGL_SIM_HOOK_LOST

struct pgl_sim_choice {
    enum pgl_sim_choice_kind kind;
    uint64_t at;
    int64_t where, amount;
};

struct pgl_sim_script {
    uint64_t seed;
    uint32_t orders, faults; /* as the plan is drawn */
    uint32_t turns;          /* another number: the same story, and other turns */
    bool *is_left_out;       /* a place an order; NULL: all are placed */
    struct pgl_sim_choice *choices;
    uint32_t count, capacity;
    bool is_sorted;
};

void pgl_sim_script_open(struct pgl_sim_script *script, uint64_t seed, uint32_t orders,
                         uint32_t faults);
void pgl_sim_script_close(struct pgl_sim_script *script);

/* Forgets the choices, not the orders. */
void pgl_sim_script_clear(struct pgl_sim_script *script);
void pgl_sim_script_copy(struct pgl_sim_script *to, const struct pgl_sim_script *from);

void pgl_sim_script_add(struct pgl_sim_script *script, struct pgl_sim_choice choice);
void pgl_sim_script_leave_out(struct pgl_sim_script *script, uint32_t order);
uint32_t pgl_sim_script_placed(const struct pgl_sim_script *script);

static inline bool pgl_sim_script_has_order(const struct pgl_sim_script *script, uint32_t order)
{
    return script->is_left_out == NULL || !script->is_left_out[order];
}

/* Strikes first, by their moments; then the others, so that find() can. */
void pgl_sim_script_sort(struct pgl_sim_script *script);
/* NULL: it does not happen. Of a sorted script. */
const struct pgl_sim_choice *pgl_sim_script_find(const struct pgl_sim_script *script,
                                                 enum pgl_sim_choice_kind kind, int64_t where,
                                                 uint64_t at);

/* Choices that are faults, for people: neither ticks nor what customers ask for. */
uint32_t pgl_sim_script_faults(const struct pgl_sim_script *script);
bool pgl_sim_choice_is_fault(enum pgl_sim_choice_kind kind);

void pgl_sim_script_write(const struct pgl_sim_script *script, struct pgl_buffer *out);
/* Opens it. PGL_INVALID with the line that is wrong. */
PGL_MUST_USE pgl_status pgl_sim_script_read(struct pgl_sim_script *script, struct pgl_text text);

#endif
