/* lockout.c - see lockout.h: a table of sets of eight places. */
#include "resilience/lockout.h"

#include <stdlib.h>

#include "base/assert.h"
#include "resilience/bucket.h"

#define WAYS         8
#define CAPACITY_MAX (1u << 20)

struct place {
    uint64_t who; /* 0: free */
    struct pgl_bucket mistakes;
    int64_t until_ns; /* of the last wait; or when the last mistake was */
    int doublings;
};

struct pgl_lockout {
    struct pgl_lockout_options options;
    struct pgl_rate rate;
    uint32_t capacity; /* a power of two */
    struct place places[];
};

struct pgl_lockout *pgl_lockout_open(const struct pgl_lockout_options *options)
{
    uint32_t capacity = WAYS;
    PGL_ASSERT(options->wait_max_ns >= 0 && options->forget_ns >= 0);
    while (capacity < options->capacity && capacity < CAPACITY_MAX)
        capacity *= 2;
    struct pgl_lockout *lockout = calloc(1, sizeof *lockout + capacity * sizeof lockout->places[0]);
    if (lockout == NULL)
        return NULL;
    lockout->options = *options;
    lockout->capacity = capacity;
    pgl_lockout_change(lockout, options->free_count);
    return lockout;
}

void pgl_lockout_change(struct pgl_lockout *lockout, int64_t free_count)
{
    int64_t window_ns = lockout->options.window_ns;
    PGL_ASSERT(free_count >= 0 && window_ns >= free_count);
    lockout->options.free_count = free_count;
    if (free_count > 0)
        lockout->rate =
            (struct pgl_rate){ .every_ns = window_ns / free_count, .burst_count = free_count };
}

void pgl_lockout_close(struct pgl_lockout *lockout)
{
    free(lockout);
}

static uint32_t first_place(const struct pgl_lockout *lockout, uint64_t who)
{
    return (uint32_t)who & (lockout->capacity - 1) & ~(uint32_t)(WAYS - 1);
}

static const struct place *find(const struct pgl_lockout *lockout, uint64_t who)
{
    const struct place *places = &lockout->places[first_place(lockout, who)];
    for (int i = 0; i < WAYS; i++)
        if (places[i].who == who)
            return &places[i];
    return NULL;
}

int64_t pgl_lockout_wait_ns(const struct pgl_lockout *lockout, uint64_t who, int64_t now_ns)
{
    const struct place *place = find(lockout, who | 1);
    return place != NULL && place->until_ns > now_ns ? place->until_ns - now_ns : 0;
}

/* Theirs, or one that is free or ends first. */
static struct place *take(struct pgl_lockout *lockout, uint64_t who)
{
    struct place *places = &lockout->places[first_place(lockout, who)], *taken = places;
    for (int i = 0; i < WAYS; i++)
        if (places[i].who == who)
            return &places[i];
    for (int i = 0; i < WAYS; i++)
        if (places[i].who == 0 || (taken->who != 0 && places[i].until_ns < taken->until_ns))
            taken = &places[i];
    *taken = (struct place){ .who = who };
    return taken;
}

static int64_t next_wait(const struct pgl_lockout *lockout, const struct place *place)
{
    int64_t wait_ns = lockout->rate.every_ns;
    for (int i = 0; i < place->doublings && wait_ns < lockout->options.wait_max_ns; i++)
        wait_ns *= 2;
    return wait_ns < lockout->options.wait_max_ns ? wait_ns : lockout->options.wait_max_ns;
}

int64_t pgl_lockout_note(struct pgl_lockout *lockout, uint64_t who, int64_t now_ns)
{
    if (lockout->options.free_count == 0)
        return 0;
    struct place *place = take(lockout, who | 1); /* 0 is nobody */
    if (now_ns - place->until_ns > lockout->options.forget_ns)
        place->doublings = 0;
    int64_t wait_ns = 0;
    if (!pgl_bucket_take(&place->mistakes, &lockout->rate, 1, now_ns, NULL)) {
        wait_ns = next_wait(lockout, place);
        place->doublings++;
    }
    if (now_ns + wait_ns > place->until_ns)
        place->until_ns = now_ns + wait_ns;
    return wait_ns;
}
