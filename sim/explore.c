/*
 * explore.c - a set of states, a list of what leads where, and two walks over it: forth to find all
 * states, and back from the settled ones to find those that cannot get there.
 */
#include "explore.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

#define NOWHERE UINT32_MAX

const struct pgl_exploration pgl_explorations[PGL_EXPLORATION_COUNT] = {
    { "given", { PGL_PROVIDER_GIVEN, .duplicates = 1, .requests = 2, .crashes = 1 } },
    { "given-big", { PGL_PROVIDER_GIVEN, .duplicates = 2, .requests = 3, .crashes = 2 } },
    { "card", { PGL_PROVIDER_CARD, .duplicates = 1, .requests = 2, .crashes = 1 } },
    { "hints", { PGL_PROVIDER_CARD, .requests = 1, .crashes = 1, .has_hints = true } },
    { "account", { PGL_PROVIDER_ACCOUNT, .duplicates = 2, .requests = 0, .crashes = 0 } },
};

struct found {
    struct pgl_one_order state;
    uint32_t parent;
    struct pgl_words words; /* of the move that led here */
    bool is_settled;
};

struct edge {
    uint32_t from, to;
};

struct explorer {
    const struct pgl_explore_options *options;
    struct pgl_explore_report *report;
    struct found *found; /* in the order met */
    size_t found_count, found_capacity;
    uint32_t *slots; /* open addressing: an index into `found`, or NOWHERE */
    size_t slot_count;
    struct edge *edges; /* the moves that can be counted on */
    size_t edge_count, edge_capacity;
};

static pgl_status find_all(struct explorer *explorer);
static pgl_status check_ways_home(struct explorer *explorer);

pgl_status pgl_explore(const struct pgl_explore_options *options, struct pgl_explore_report *report)
{
    struct explorer explorer = { .options = options, .report = report };

    report->states = report->settled = 0;
    report->transitions = 0;
    report->wrong = NULL;
    pgl_status status = find_all(&explorer);
    if (pgl_is_ok(status) && report->wrong == NULL)
        status = check_ways_home(&explorer);
    free(explorer.found);
    free(explorer.slots);
    free(explorer.edges);
    return status;
}

/* ---- memory that grows ---- */

static pgl_status grow(void **items, size_t *capacity, size_t item_bytes)
{
    size_t more = *capacity ? 2 * *capacity : 1024;
    void *grown = realloc(*items, more * item_bytes);
    if (grown == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for more states");
    *items = grown;
    *capacity = more;
    return PGL_OK;
}

static size_t slot_of(const struct explorer *explorer, const struct pgl_one_order *state)
{
    static const struct pgl_hash_key key = { 1, 2 }; /* nobody aims at these slots */
    size_t slot = pgl_hash(key, state, sizeof *state) & (explorer->slot_count - 1);
    while (explorer->slots[slot] != NOWHERE &&
           memcmp(&explorer->found[explorer->slots[slot]].state, state, sizeof *state) != 0)
        slot = (slot + 1) & (explorer->slot_count - 1);
    return slot;
}

static pgl_status slots_grow(struct explorer *explorer)
{
    size_t more = explorer->slot_count ? 2 * explorer->slot_count : 4096;
    uint32_t *slots = malloc(more * sizeof *slots);
    if (slots == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for more states");
    for (size_t i = 0; i < more; i++)
        slots[i] = NOWHERE;
    free(explorer->slots);
    explorer->slots = slots;
    explorer->slot_count = more;
    for (size_t i = 0; i < explorer->found_count; i++)
        slots[slot_of(explorer, &explorer->found[i].state)] = (uint32_t)i;
    return PGL_OK;
}

/* The place of a state, which is new if it is the last one. */
static pgl_status place_of(struct explorer *explorer, const struct pgl_one_order *state,
                           uint32_t *place)
{
    if (2 * explorer->found_count >= explorer->slot_count)
        PGL_TRY(slots_grow(explorer));
    size_t slot = slot_of(explorer, state);
    if (explorer->slots[slot] == NOWHERE) {
        if (explorer->found_count == explorer->options->states_max)
            return PGL_FAIL(PGL_EXHAUSTED, "more states than allowed");
        if (explorer->found_count == explorer->found_capacity)
            PGL_TRY(grow((void **)&explorer->found, &explorer->found_capacity,
                         sizeof *explorer->found));
        explorer->slots[slot] = (uint32_t)explorer->found_count++;
        explorer->found[explorer->slots[slot]] = (struct found){ .state = *state };
    }
    *place = explorer->slots[slot];
    return PGL_OK;
}

static pgl_status edge_add(struct explorer *explorer, uint32_t from, uint32_t to)
{
    if (explorer->edge_count == explorer->edge_capacity)
        PGL_TRY(grow((void **)&explorer->edges, &explorer->edge_capacity, sizeof *explorer->edges));
    explorer->edges[explorer->edge_count++] = (struct edge){ from, to };
    return PGL_OK;
}

/* ---- what is told ---- */

static void tell(struct pgl_buffer *story, const struct pgl_words *words)
{
    for (int i = 0; i < 3 && words->part[i] != NULL; i++)
        pgl_buffer_printf(story, "%s%s", i > 0 ? " " : "", words->part[i]);
    pgl_buffer_add_char(story, '\n');
}

static void is_wrong(struct explorer *explorer, const char *wrong, uint32_t place,
                     const struct pgl_words *last)
{
    enum { STEPS_MAX = 256 }; /* no shortest way found so far has 40 */
    uint32_t way[STEPS_MAX];
    int steps = 0;
    struct pgl_buffer *story = explorer->report->story;

    explorer->report->wrong = wrong;
    for (; explorer->found[place].parent != NOWHERE && steps < STEPS_MAX;
         place = explorer->found[place].parent)
        way[steps++] = place;
    for (int i = steps - 1; i >= 0; i--)
        tell(story, &explorer->found[way[i]].words);
    if (last != NULL)
        tell(story, last);
    pgl_buffer_printf(story, "WRONG: %s\n", wrong);
}

/* ---- forth ---- */

static pgl_status follow(struct explorer *explorer, uint32_t from, const struct pgl_move *move)
{
    const struct pgl_adversary *adversary = &explorer->options->adversary;
    size_t known = explorer->found_count;
    uint32_t to;

    if (move->wrong != NULL) {
        is_wrong(explorer, move->wrong, from, &move->words);
        return PGL_OK;
    }
    PGL_TRY(place_of(explorer, &move->next, &to));
    if (to == from)
        return PGL_OK; /* nothing came of it */
    explorer->report->transitions++;
    if (!move->is_chance)
        PGL_TRY(edge_add(explorer, from, to));

    struct found *found = &explorer->found[to];
    if (to == known) {
        found->parent = from;
        found->words = move->words;
        found->is_settled = pgl_one_order_is_settled(&found->state);
        const char *wrong = pgl_one_order_wrong(adversary, &found->state);
        if (wrong != NULL)
            is_wrong(explorer, wrong, to, NULL);
    }
    if (explorer->report->wrong == NULL && explorer->found[from].is_settled && !found->is_settled)
        is_wrong(explorer, "what was settled is unsettled", from, &move->words);
    return PGL_OK;
}

static pgl_status find_all(struct explorer *explorer)
{
    const struct pgl_explore_options *options = explorer->options;
    struct pgl_one_order start;
    struct pgl_moves *moves = malloc(sizeof *moves);
    pgl_status status;
    uint32_t place;

    if (moves == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for moves");
    pgl_one_order_start(&options->adversary, &start);
    status = place_of(explorer, &start, &place);
    if (pgl_is_ok(status))
        explorer->found[place].parent = NOWHERE;

    for (uint32_t from = 0; pgl_is_ok(status) && from < explorer->found_count; from++) {
        struct pgl_one_order now = explorer->found[from].state; /* `found` moves as it grows */
        if (options->on_state != NULL)
            options->on_state(options->context, &now);
        explorer->report->states++;
        explorer->report->settled += explorer->found[from].is_settled;
        pgl_one_order_moves(&options->adversary, &now, moves);
        for (int i = 0; i < moves->count && pgl_is_ok(status); i++) {
            status = follow(explorer, from, &moves->move[i]);
            if (explorer->report->wrong != NULL)
                break;
        }
        if (explorer->report->wrong != NULL)
            break;
    }
    free(moves);
    return status;
}

/* ---- back ---- */

/* For each state the edges that lead to it lie together: those of `to` are
 * from[first[to]] ... from[first[to + 1] - 1]. */
static void sort_by_target(const struct explorer *explorer, uint32_t *first, uint32_t *from)
{
    size_t count = explorer->found_count;
    memset(first, 0, (count + 2) * sizeof *first);
    for (size_t i = 0; i < explorer->edge_count; i++)
        first[explorer->edges[i].to + 2]++;
    for (size_t i = 2; i < count + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < explorer->edge_count; i++)
        from[first[explorer->edges[i].to + 1]++] = explorer->edges[i].from;
}

static pgl_status check_ways_home(struct explorer *explorer)
{
    size_t count = explorer->found_count, waiting_count = 0;
    uint32_t *first = malloc((count + 2) * sizeof *first);
    uint32_t *from = malloc((explorer->edge_count + 1) * sizeof *from);
    uint32_t *waiting = malloc(count * sizeof *waiting);
    bool *is_home = calloc(count, sizeof *is_home);
    pgl_status status = PGL_OK;

    if (first == NULL || from == NULL || waiting == NULL || is_home == NULL) {
        status = PGL_FAIL(PGL_EXHAUSTED, "no memory for the way back");
        goto done;
    }
    sort_by_target(explorer, first, from);
    for (uint32_t place = 0; place < count; place++)
        if (explorer->found[place].is_settled) {
            is_home[place] = true;
            waiting[waiting_count++] = place;
        }
    while (waiting_count > 0) {
        uint32_t to = waiting[--waiting_count];
        for (uint32_t i = first[to]; i < first[to + 1]; i++)
            if (!is_home[from[i]]) {
                is_home[from[i]] = true;
                waiting[waiting_count++] = from[i];
            }
    }
    for (uint32_t place = 0; place < count; place++)
        if (!is_home[place]) {
            is_wrong(explorer, "from here no settled state can be reached", place, NULL);
            break;
        }
done:
    free(first);
    free(from);
    free(waiting);
    free(is_home);
    return status;
}
