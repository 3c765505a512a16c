/* script.c - see script.h. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/buggify.h"

#define FIRST_LINE  "panglot-sim 1"
#define NAMES_BYTES 160

/* clang-format off */
static const struct {
    const char *name;
    bool is_fault;
    /*                                                         where                amount */
} kinds[PGL_SIM_CHOICE_KINDS] = {
    [PGL_SIM_TICK]             = { "tick",             false }, /*                                       */
    [PGL_SIM_KILL]             = { "kill",             true },
    [PGL_SIM_KILL_AT_CALL]     = { "kill-at-call",     true },  /*              calls from now          */
    [PGL_SIM_KILL_AT_SYNC]     = { "kill-at-sync",     true },  /*              syncs from now          */
    [PGL_SIM_POWER]            = { "power",            true },
    [PGL_SIM_POWER_AT_CALL]    = { "power-at-call",    true },
    [PGL_SIM_POWER_AT_SYNC]    = { "power-at-sync",    true },
    [PGL_SIM_FULL]             = { "full",             true },  /* bytes left   for so many ns          */
    [PGL_SIM_SLOW]             = { "slow",             true },  /* a loop       for so many ns          */
    [PGL_SIM_CLOCK]            = { "clock",            true },  /*              by so many ns           */
    [PGL_SIM_BANK_DOWN]        = { "bank-down",        true },  /*              for so many ns          */
    [PGL_SIM_DOWN]             = { "down",             true },  /*              for so many ns          */
    [PGL_SIM_BLACKOUT]         = { "blackout",         true },  /*              after so many ns        */
    [PGL_SIM_BLACKOUT_AT_CALL] = { "blackout-at-call", true },  /*              after so many calls     */
    [PGL_SIM_BAD_READ]         = { "bad-read",         true },  /*              the how manieth         */
    [PGL_SIM_BAD_CALL]         = { "bad-call",         true },
    [PGL_SIM_IO]               = { "io",               true },
    [PGL_SIM_SLOW_SYNC]        = { "slow-sync",        true },  /*              for so many ns          */
    [PGL_SIM_BUG]              = { "bug",              true },  /* the point                            */
    [PGL_SIM_LEAVE]            = { "leave",            true },
    [PGL_SIM_BANK_FAILS_BEFORE]  = { "bank-fails-before",  true },
    [PGL_SIM_BANK_FAILS_AFTER]   = { "bank-fails-after",   true },
    [PGL_SIM_BANK_LATER]         = { "bank-later",         true },
    [PGL_SIM_BANK_LIMITS]        = { "bank-limits",        true },
    [PGL_SIM_BANK_RESETS_BEFORE] = { "bank-resets-before", true },
    [PGL_SIM_BANK_RESETS_AFTER]  = { "bank-resets-after",  true },
    [PGL_SIM_BANK_HALVES]        = { "bank-halves",        true },
    [PGL_SIM_BANK_SLOW]          = { "bank-slow",          true }, /*           by so many ns           */
    [PGL_SIM_BANK_SILENT]        = { "bank-silent",        true },
    [PGL_SIM_HOOK_LOST]          = { "hook-lost",          true },
    [PGL_SIM_HOOK_LATE]          = { "hook-late",          true }, /*           by so many ns           */
    [PGL_SIM_HOOK_FORGED]        = { "hook-forged",        true },
    [PGL_SIM_HOOK_TWICE]         = { "hook-twice",         true }, /*           after so many ns        */
    [PGL_SIM_ASK_TWICE]        = { "ask-twice",        false }, /*              after so many ns        */
    [PGL_SIM_ASK_AGAIN]        = { "ask-again",        false },
    [PGL_SIM_ASK_OTHER]        = { "ask-other",        false },
    [PGL_SIM_ASK_WRONG]        = { "ask-wrong",        false },
    [PGL_SIM_ASK_CANCEL]       = { "ask-cancel",       false },
    [PGL_SIM_ASK_LOOK]         = { "ask-look",         false },
    [PGL_SIM_ASK_SHIP]         = { "ask-ship",         false },
    [PGL_SIM_ASK_REFUND]       = { "ask-refund",       false },
    [PGL_SIM_ASK_ACT]          = { "ask-act",          false },
    [PGL_SIM_ASK_FOLLOW]       = { "ask-follow",       false },
    [PGL_SIM_ASK_READ]         = { "ask-read",         false },
    [PGL_SIM_ASK_HELP]         = { "ask-help",         false },
    [PGL_SIM_FOLLOWER_LEAVES]  = { "follower-leaves",  true },
    [PGL_SIM_LISTENER_BENDS]   = { "listener-bends",   true },  /*              how                     */
};
/* clang-format on */

_Static_assert(PGL_SIM_BANK_END - PGL_SIM_BANK_FIRST == PGL_SIM_BANK_BENDS, "one chance each");

void pgl_sim_script_open(struct pgl_sim_script *script, uint64_t seed, uint32_t orders,
                         uint32_t faults)
{
    *script = (struct pgl_sim_script){ .seed = seed, .orders = orders, .faults = faults };
}

void pgl_sim_script_close(struct pgl_sim_script *script)
{
    free(script->is_left_out);
    free(script->choices);
    *script = (struct pgl_sim_script){ 0 };
}

void pgl_sim_script_clear(struct pgl_sim_script *script)
{
    script->count = 0;
}

void pgl_sim_script_copy(struct pgl_sim_script *to, const struct pgl_sim_script *from)
{
    pgl_sim_script_open(to, from->seed, from->orders, from->faults);
    to->turns = from->turns;
    for (uint32_t i = 0; from->is_left_out != NULL && i < from->orders; i++)
        if (from->is_left_out[i])
            pgl_sim_script_leave_out(to, i);
    for (uint32_t i = 0; i < from->count; i++)
        pgl_sim_script_add(to, from->choices[i]);
    to->is_sorted = from->is_sorted;
}

void pgl_sim_script_add(struct pgl_sim_script *script, struct pgl_sim_choice choice)
{
    if (script->count == PGL_SIM_CHOICES_MAX)
        return;
    if (script->count == script->capacity) {
        script->capacity = 2 * script->capacity + 64;
        script->choices = realloc(script->choices, script->capacity * sizeof choice);
        PGL_ASSERT(script->choices != NULL);
    }
    script->choices[script->count++] = choice;
    script->is_sorted = false;
}

void pgl_sim_script_leave_out(struct pgl_sim_script *script, uint32_t order)
{
    PGL_ASSERT(order < script->orders);
    if (script->is_left_out == NULL)
        script->is_left_out = calloc(script->orders, sizeof script->is_left_out[0]);
    PGL_ASSERT(script->is_left_out != NULL);
    script->is_left_out[order] = true;
}

uint32_t pgl_sim_script_placed(const struct pgl_sim_script *script)
{
    uint32_t placed = 0;
    for (uint32_t i = 0; i < script->orders; i++)
        placed += pgl_sim_script_has_order(script, i);
    return placed;
}

/* ---- finding ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_moment_or_kind(const void *left, const void *right)
{
    const struct pgl_sim_choice *a = left, *b = right;
    bool is_strike = a->kind < PGL_SIM_STRIKES;
    if (is_strike != (b->kind < PGL_SIM_STRIKES))
        return is_strike ? -1 : 1;
    int first = is_strike ? compare_u64(a->at, b->at) : compare_u64(a->kind, b->kind);
    if (first != 0)
        return first;
    if (a->where != b->where)
        return a->where < b->where ? -1 : 1;
    return is_strike ? compare_u64(a->kind, b->kind) : compare_u64(a->at, b->at);
}

void pgl_sim_script_sort(struct pgl_sim_script *script)
{
    if (!script->is_sorted && script->count > 0)
        qsort(script->choices, script->count, sizeof script->choices[0], by_moment_or_kind);
    script->is_sorted = true;
}

const struct pgl_sim_choice *pgl_sim_script_find(const struct pgl_sim_script *script,
                                                 enum pgl_sim_choice_kind kind, int64_t where,
                                                 uint64_t at)
{
    struct pgl_sim_choice wanted = { kind, at, where, 0 };
    PGL_ASSERT(script->is_sorted && kind >= PGL_SIM_STRIKES);
    if (script->count == 0)
        return NULL;
    return bsearch(&wanted, script->choices, script->count, sizeof wanted, by_moment_or_kind);
}

bool pgl_sim_choice_is_fault(enum pgl_sim_choice_kind kind)
{
    return kinds[kind].is_fault;
}

uint32_t pgl_sim_script_faults(const struct pgl_sim_script *script)
{
    uint32_t faults = 0;
    for (uint32_t i = 0; i < script->count; i++)
        faults += kinds[script->choices[i].kind].is_fault;
    return faults;
}

/* ---- as text ---- */

static void write_choice(const struct pgl_sim_choice *choice, struct pgl_buffer *out)
{
    char line[128];
    int size = snprintf(line, sizeof line, "%s %llu ", kinds[choice->kind].name,
                        (unsigned long long)choice->at);
    if (choice->kind == PGL_SIM_BUG)
        size += snprintf(line + size, sizeof line - (size_t)size, "%s",
                         pgl_buggify_name((enum pgl_buggify_point)choice->where));
    else
        size += snprintf(line + size, sizeof line - (size_t)size, "%lld", (long long)choice->where);
    size += snprintf(line + size, sizeof line - (size_t)size, " %lld\n", (long long)choice->amount);
    pgl_buffer_add_text(out, (struct pgl_text){ line, (size_t)size });
}

void pgl_sim_script_write(const struct pgl_sim_script *script, struct pgl_buffer *out)
{
    char line[NAMES_BYTES + 128];
    snprintf(line, sizeof line, FIRST_LINE "\nseed %llu\norders %u\nfaults %u\nturns %u\n",
             (unsigned long long)script->seed, script->orders, script->faults, script->turns);
    pgl_buffer_add_text(out, pgl_text_of(line));
    if (script->is_left_out != NULL) /* of few orders: those; the reader leaves out all others */
        for (uint32_t i = 0; i < script->orders; i++)
            if (!script->is_left_out[i]) {
                snprintf(line, sizeof line, "place %u\n", i);
                pgl_buffer_add_text(out, pgl_text_of(line));
            }
    for (uint32_t i = 0; i < script->count; i++)
        write_choice(&script->choices[i], out);
}

static bool take_number(struct pgl_text *line, int64_t *number)
{
    return line->data != NULL && pgl_is_ok(pgl_text_to_i64(pgl_text_cut(line, ' '), number));
}

static bool read_head(struct pgl_sim_script *script, struct pgl_text name, int64_t number)
{
    if (pgl_text_is(name, "seed"))
        script->seed = (uint64_t)number;
    else if (pgl_text_is(name, "orders") && number > 0 && number <= PGL_SIM_ORDERS_MAX)
        script->orders = (uint32_t)number;
    else if (pgl_text_is(name, "faults"))
        script->faults = (uint32_t)number;
    else if (pgl_text_is(name, "turns"))
        script->turns = (uint32_t)number;
    else
        return false;
    return true;
}

static bool read_place(struct pgl_sim_script *script, int64_t order)
{
    if (order < 0 || order >= script->orders)
        return false;
    bool is_first = script->is_left_out == NULL;
    for (uint32_t i = 0; is_first && i < script->orders; i++)
        pgl_sim_script_leave_out(script, i);
    script->is_left_out[order] = false;
    return true;
}

/* The place of a `bug` is a name. */
static bool take_where(struct pgl_text *line, enum pgl_sim_choice_kind kind, int64_t *where)
{
    if (kind != PGL_SIM_BUG)
        return take_number(line, where);
    struct pgl_text name = pgl_text_cut(line, ' ');
    for (*where = 0; *where < PGL_BUGGIFY_POINTS; ++*where)
        if (pgl_text_is(name, pgl_buggify_name((enum pgl_buggify_point) * where)))
            return true;
    return false;
}

static bool read_choice(struct pgl_sim_script *script, struct pgl_text name, int64_t at,
                        struct pgl_text line)
{
    int kind = 0;
    while (kind < PGL_SIM_CHOICE_KINDS && !pgl_text_is(name, kinds[kind].name))
        kind++;
    struct pgl_sim_choice choice = { (enum pgl_sim_choice_kind)kind, (uint64_t)at, 0, 0 };
    if (kind == PGL_SIM_CHOICE_KINDS || !take_where(&line, choice.kind, &choice.where) ||
        !take_number(&line, &choice.amount))
        return false;
    pgl_sim_script_add(script, choice);
    return true;
}

pgl_status pgl_sim_script_read(struct pgl_sim_script *script, struct pgl_text text)
{
    pgl_sim_script_open(script, 0, 0, 0);
    if (!pgl_text_is(pgl_text_cut(&text, '\n'), FIRST_LINE))
        return PGL_FAIL(PGL_INVALID, "its first line is not " FIRST_LINE);
    while (text.data != NULL) {
        struct pgl_text line = pgl_text_cut(&text, '\n');
        if (line.size == 0 || line.data[0] == '#')
            continue;
        struct pgl_text name = pgl_text_cut(&line, ' ');
        int64_t number;
        bool is_read = take_number(&line, &number);
        if (is_read && line.data == NULL && !pgl_text_is(name, "place"))
            is_read = read_head(script, name, number);
        else if (is_read && line.data == NULL)
            is_read = read_place(script, number);
        else if (is_read)
            is_read = read_choice(script, name, number, line);
        if (!is_read)
            return PGL_FAIL(PGL_INVALID, "a line that says nothing a script may say");
    }
    return script->orders > 0 ? PGL_OK : PGL_FAIL(PGL_INVALID, "it has no line `orders N`");
}
