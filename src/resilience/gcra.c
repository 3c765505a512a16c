/*
 * gcra.c - see gcra.h.
 *
 * Why a compare-and-swap on the instant alone is enough: the instant of a place only ever rises,
 * whosever it is. A place is given away only when its instant has passed, and its new owner's is in
 * the future. So who has read an instant, then found the key, and then exchanges the instant for a
 * later one knows that the place has not changed hands in between.
 */
#include "resilience/gcra.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"

#define CHANGES_HANDS INT64_MAX /* an instant that nobody has: the place is being given away */
#define SPINS_MAX     (1 << 11) /* then the claimer sleeps, and who waits for it is refused */
#define RESTS_MAX     10        /* doublings of the time between two looks */
#define SETS_MIN      16
#define REFUSED_NS    PGL_MILLISECONDS(1)

struct pgl_gcra_set {
    _Atomic uint64_t claim; /* 1 while a place is being given away */
    _Atomic uint64_t callers[PGL_GCRA_PLACES];
    _Atomic int64_t full_ns[PGL_GCRA_PLACES]; /* 0: never used */
};

pgl_status pgl_gcra_open(struct pgl_gcra *table, uint32_t callers_max)
{
    uint64_t sets = SETS_MIN;
    while (sets * PGL_GCRA_PLACES / 2 < callers_max) /* half full: few sets overflow by chance */
        sets *= 2;
    *table = (struct pgl_gcra){ .set_mask = sets - 1 };
    table->sets = calloc(sets, sizeof table->sets[0]);
    return table->sets != NULL ? PGL_OK : PGL_FAIL(PGL_EXHAUSTED, "no memory for rates");
}

void pgl_gcra_close(struct pgl_gcra *table)
{
    free(table->sets);
    table->sets = NULL;
}

/* ---- one bucket ---- */

static struct pgl_gcra_answer answer(const struct pgl_rate *rate, int64_t full_ns, int64_t now_ns)
{
    struct pgl_gcra_answer answer = { .full_ns = full_ns > now_ns ? full_ns - now_ns : 0 };
    int64_t missing = (answer.full_ns + rate->every_ns - 1) / rate->every_ns;
    answer.left_count = missing < rate->burst_count ? rate->burst_count - missing : 0;
    return answer;
}

/* Tries on a copy. */
static struct pgl_gcra_answer try_take(struct pgl_bucket *bucket, const struct pgl_rate *rate,
                                       int64_t count, int64_t now_ns)
{
    int64_t wait_ns;
    bool is_taken = pgl_bucket_take(bucket, rate, count, now_ns, &wait_ns);
    struct pgl_gcra_answer tried = answer(rate, bucket->full_ns, now_ns);
    tried.is_taken = is_taken;
    tried.wait_ns = wait_ns;
    return tried;
}

static struct pgl_gcra_answer take_shared(struct pgl_gcra *table, const struct pgl_rate *rate,
                                          int64_t count, int64_t now_ns)
{
    atomic_fetch_add_explicit(&table->shared_count, 1, memory_order_relaxed);
    int64_t seen = atomic_load(&table->shared_full_ns);
    for (;;) { /* somebody has got on each time that we have not */
        struct pgl_bucket bucket = { seen };
        struct pgl_gcra_answer tried = try_take(&bucket, rate, count, now_ns);
        if (!tried.is_taken ||
            atomic_compare_exchange_weak(&table->shared_full_ns, &seen, bucket.full_ns))
            return tried;
    }
}

/* ---- places ---- */

static struct pgl_gcra_set *set_of(const struct pgl_gcra *table, uint64_t caller)
{
    return &table->sets[caller & table->set_mask];
}

/* The caller's place and the instant in it, read before the key. -1: there is none. */
static int find(struct pgl_gcra_set *set, uint64_t caller, int64_t *full_ns)
{
    for (int i = 0; i < PGL_GCRA_PLACES; i++) {
        *full_ns = atomic_load_explicit(&set->full_ns[i], memory_order_acquire);
        if (atomic_load_explicit(&set->callers[i], memory_order_acquire) == caller && *full_ns != 0)
            return i;
    }
    return -1;
}

static int longest_full(const struct pgl_gcra_set *set)
{
    int found = 0;
    for (int i = 1; i < PGL_GCRA_PLACES; i++)
        if (atomic_load(&set->full_ns[i]) < atomic_load(&set->full_ns[found]))
            found = i;
    return found;
}

enum given { GIVEN, NO_PLACE, LOOK_AGAIN };

/* With the set claimed, so that a caller gets one place and not two. */
static enum given give_place(struct pgl_gcra_set *set, uint64_t caller, int64_t full_ns,
                             int64_t now_ns)
{
    int64_t seen;
    if (find(set, caller, &seen) >= 0)
        return LOOK_AGAIN;
    int place = longest_full(set);
    seen = atomic_load(&set->full_ns[place]);
    if (seen > now_ns)
        return NO_PLACE;
    if (!atomic_compare_exchange_strong(&set->full_ns[place], &seen, CHANGES_HANDS))
        return LOOK_AGAIN; /* its owner has come back this moment */
    atomic_store_explicit(&set->callers[place], caller, memory_order_release);
    atomic_store_explicit(&set->full_ns[place], full_ns, memory_order_release);
    return GIVEN;
}

static enum given claim_place(struct pgl_gcra_set *set, uint64_t caller, int64_t full_ns,
                              int64_t now_ns)
{
    uint64_t unclaimed = 0;
    if (!atomic_compare_exchange_strong(&set->claim, &unclaimed, 1))
        return LOOK_AGAIN;
    enum given given = give_place(set, caller, full_ns, now_ns);
    atomic_store_explicit(&set->claim, 0, memory_order_release);
    return given;
}

/* Whoever spins looks ever less often: a place that all look at without a pause is hard to write
 * to, and never where a sanitizer takes a shared lock for each look. */
static void rest(int spin)
{
    int doublings = spin < RESTS_MAX ? spin : RESTS_MAX;
    for (int i = 0; i < 1 << doublings; i++)
        atomic_signal_fence(memory_order_seq_cst); /* so that the loop stays */
}

struct pgl_gcra_answer pgl_gcra_take(struct pgl_gcra *table, uint64_t caller,
                                     const struct pgl_rate *rate, int64_t count, int64_t now_ns)
{
    struct pgl_gcra_set *set = set_of(table, caller);
    PGL_ASSERT(count > 0);
    for (int spin = 0; spin < SPINS_MAX; rest(spin++)) {
        int64_t seen;
        int place = find(set, caller, &seen);
        if (place >= 0 && seen == CHANGES_HANDS)
            continue;
        struct pgl_bucket bucket = { place >= 0 ? seen : 0 };
        struct pgl_gcra_answer tried = try_take(&bucket, rate, count, now_ns);
        if (!tried.is_taken)
            return tried;
        if (place >= 0) {
            if (atomic_compare_exchange_strong(&set->full_ns[place], &seen, bucket.full_ns))
                return tried;
            continue;
        }
        enum given given = claim_place(set, caller, bucket.full_ns, now_ns);
        if (given == GIVEN)
            return tried;
        if (given == NO_PLACE)
            return take_shared(table, rate, count, now_ns);
    }
    return (struct pgl_gcra_answer){ .wait_ns = REFUSED_NS };
}

struct pgl_gcra_answer pgl_gcra_look(struct pgl_gcra *table, uint64_t caller,
                                     const struct pgl_rate *rate, int64_t count, int64_t now_ns)
{
    int64_t seen;
    if (find(set_of(table, caller), caller, &seen) < 0 || seen == CHANGES_HANDS)
        seen = 0;
    struct pgl_gcra_answer now = answer(rate, seen, now_ns);
    struct pgl_bucket bucket = { seen };
    now.is_taken = pgl_bucket_take(&bucket, rate, count, now_ns, &now.wait_ns);
    return now;
}

void pgl_gcra_drain(struct pgl_gcra *table, uint64_t caller, int64_t full_at_ns, int64_t now_ns)
{
    struct pgl_gcra_set *set = set_of(table, caller);
    PGL_ASSERT(full_at_ns > now_ns && full_at_ns < CHANGES_HANDS);
    for (int spin = 0; spin < SPINS_MAX; rest(spin++)) {
        int64_t seen;
        int place = find(set, caller, &seen);
        if (place >= 0 && seen == CHANGES_HANDS)
            continue;
        if (place < 0 && claim_place(set, caller, full_at_ns, now_ns) != LOOK_AGAIN)
            return; /* without a place there is the shared bucket, drained as it is */
        if (place >= 0 && seen >= full_at_ns)
            return;
        if (place >= 0 && atomic_compare_exchange_strong(&set->full_ns[place], &seen, full_at_ns))
            return;
    }
}
