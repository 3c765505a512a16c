/* breaker.c - see breaker.h. */
#include "resilience/breaker.h"

#include <string.h>

#include "base/assert.h"

/* Of the time that a breaker stays open, this share is drawn, so that many do not return at
 * once. */
#define JITTER_DIVISOR 5

void pgl_breaker_init(struct pgl_breaker *breaker, struct pgl_breaker_rules rules, uint64_t seed)
{
    PGL_ASSERT(rules.slot_ns > 0 && rules.calls_min > 0 && rules.probe_count > 0);
    PGL_ASSERT(rules.failed_percent > 0 && rules.failed_percent <= 100);
    PGL_ASSERT(rules.open_ns >= JITTER_DIVISOR && rules.open_ns_max >= rules.open_ns);
    PGL_ASSERT(rules.probe_ns > 0);
    *breaker = (struct pgl_breaker){ .rules = rules, .term = 1, .span_ns = rules.open_ns };
    pgl_random_seed(&breaker->random, seed, 1);
}

static void enter(struct pgl_breaker *breaker, enum pgl_breaker_state state)
{
    breaker->state = state;
    breaker->term += breaker->term == UINT32_MAX ? 2 : 1; /* 0 is no ticket */
    breaker->probes_out = breaker->probes_ended = 0;
}

static void open_for_a_while(struct pgl_breaker *breaker, int64_t now_ns)
{
    const struct pgl_breaker_rules *rules = &breaker->rules;
    uint64_t jitter =
        pgl_random_below(&breaker->random, (uint64_t)(breaker->span_ns / JITTER_DIVISOR) + 1);
    enter(breaker, PGL_BREAKER_OPEN);
    breaker->until_ns = now_ns + breaker->span_ns - (int64_t)jitter;
    breaker->span_ns =
        breaker->span_ns > rules->open_ns_max / 2 ? rules->open_ns_max : breaker->span_ns * 2;
}

static void close_again(struct pgl_breaker *breaker)
{
    enter(breaker, PGL_BREAKER_CLOSED);
    breaker->span_ns = breaker->rules.open_ns;
    memset(breaker->slots, 0, sizeof breaker->slots);
}

pgl_breaker_ticket pgl_breaker_admit(struct pgl_breaker *breaker, int64_t now_ns, int64_t *wait_ns)
{
    int64_t ignored_ns;
    wait_ns = wait_ns != NULL ? wait_ns : &ignored_ns;
    *wait_ns = 0;
    if (breaker->state == PGL_BREAKER_CLOSED)
        return breaker->term;
    if (breaker->state == PGL_BREAKER_HALF_OPEN && breaker->probes_out > 0 &&
        now_ns >= breaker->until_ns)
        open_for_a_while(breaker, now_ns);
    if (breaker->state == PGL_BREAKER_OPEN && now_ns >= breaker->until_ns)
        enter(breaker, PGL_BREAKER_HALF_OPEN);
    if (breaker->state == PGL_BREAKER_HALF_OPEN &&
        breaker->probes_out + breaker->probes_ended < breaker->rules.probe_count) {
        breaker->probes_out++;
        breaker->until_ns = now_ns + breaker->rules.probe_ns;
        return breaker->term;
    }
    *wait_ns = breaker->until_ns - now_ns;
    return 0;
}

/* Counts a call. True when it failed, and too many did. */
static bool count(struct pgl_breaker *breaker, bool has_failed, int64_t now_ns)
{
    const struct pgl_breaker_rules *rules = &breaker->rules;
    int64_t number = now_ns / rules->slot_ns;
    uint64_t call_count = 0, failed_count = 0;
    size_t at = (size_t)(number % PGL_BREAKER_SLOTS);
    if (breaker->slots[at].number != number) {
        memset(&breaker->slots[at], 0, sizeof breaker->slots[at]);
        breaker->slots[at].number = number;
    }
    breaker->slots[at].call_count++;
    breaker->slots[at].failed_count += has_failed;
    for (int i = 0; i < PGL_BREAKER_SLOTS; i++) {
        if (breaker->slots[i].number <= number - PGL_BREAKER_SLOTS)
            continue;
        call_count += breaker->slots[i].call_count;
        failed_count += breaker->slots[i].failed_count;
    }
    return has_failed && call_count >= rules->calls_min &&
           failed_count * 100 >= call_count * rules->failed_percent;
}

static void note_probe(struct pgl_breaker *breaker, enum pgl_breaker_result result, int64_t now_ns)
{
    breaker->probes_out--;
    switch (result) {
    case PGL_BREAKER_WELL:
        if (++breaker->probes_ended == breaker->rules.probe_count)
            close_again(breaker);
        return;
    case PGL_BREAKER_FAILED:
        open_for_a_while(breaker, now_ns);
        return;
    case PGL_BREAKER_UNTOLD:
        return; /* another may go in its place */
    }
}

void pgl_breaker_note(struct pgl_breaker *breaker, pgl_breaker_ticket ticket,
                      enum pgl_breaker_result result, int64_t now_ns)
{
    PGL_ASSERT(ticket != 0);
    if (ticket != breaker->term)
        return; /* of an earlier state, which has been judged */
    if (breaker->state == PGL_BREAKER_HALF_OPEN)
        note_probe(breaker, result, now_ns);
    else if (result != PGL_BREAKER_UNTOLD && count(breaker, result == PGL_BREAKER_FAILED, now_ns))
        open_for_a_while(breaker, now_ns);
}

void pgl_breaker_trip(struct pgl_breaker *breaker, int64_t now_ns)
{
    open_for_a_while(breaker, now_ns);
}
