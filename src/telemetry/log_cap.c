/* log_cap.c - see log_cap.h. */
#include "telemetry/log_cap.h"

#include <string.h>

#include "base/time.h"

/* A thread may have read its clock that long before its line is counted. */
#define BEHIND_SECONDS_MAX 5

/* Second and lines in one word, so that one exchange changes both. */
#define LINES_BITS 24
#define LINES_MASK ((UINT64_C(1) << LINES_BITS) - 1)

static uint64_t word_of(uint64_t second, uint64_t lines)
{
    return second << LINES_BITS | lines;
}

static uint64_t second_of(int64_t wall_ns)
{
    return wall_ns > 0 ? (uint64_t)(wall_ns / PGL_SECONDS(1)) : 0;
}

/* A name is taken once and for all, the first free row by the first who asks. */
static struct pgl_log_row *row_of(struct pgl_log_cap *cap, const char *source)
{
    for (int i = 0; i < PGL_LOG_SOURCES_MAX; i++) {
        const char *name = atomic_load(&cap->rows[i].name);
        if (name == NULL && atomic_compare_exchange_strong(&cap->rows[i].name, &name, source))
            return &cap->rows[i];
        if (name == source || strcmp(name, source) == 0)
            return &cap->rows[i];
    }
    return &cap->rows[PGL_LOG_SOURCES_MAX];
}

static struct pgl_log_owed owed_by(struct pgl_log_row *row, uint64_t word)
{
    const char *name = atomic_load(&row->name);
    uint64_t lines = word & LINES_MASK;
    return (struct pgl_log_owed){ .source = name != NULL ? name : "others",
                                  .lines =
                                      lines > PGL_LOG_LINES_MAX ? lines - PGL_LOG_LINES_MAX : 0 };
}

bool pgl_log_cap_admit(struct pgl_log_cap *cap, const char *source, int64_t wall_ns,
                       struct pgl_log_owed *owed)
{
    struct pgl_log_row *row = row_of(cap, source);
    const uint64_t now = second_of(wall_ns);
    uint64_t before = atomic_load(&row->lines), after;
    bool is_new;
    do {
        uint64_t second = before >> LINES_BITS, lines = before & LINES_MASK;
        is_new = now > second || second - now > BEHIND_SECONDS_MAX;
        if (is_new)
            after = word_of(now, 1);
        else
            after = lines < LINES_MASK ? before + 1 : before;
    } while (!atomic_compare_exchange_weak(&row->lines, &before, after));

    *owed = (struct pgl_log_owed){ 0 };
    if (is_new)
        *owed = owed_by(row, before);
    if ((after & LINES_MASK) <= PGL_LOG_LINES_MAX)
        return true;
    pgl_counter_add_shared(&cap->left_out, 1);
    atomic_store(&cap->owes, true);
    return false;
}

int pgl_log_cap_take(struct pgl_log_cap *cap, int64_t wall_ns,
                     struct pgl_log_owed owed[PGL_LOG_SOURCES_MAX + 1])
{
    int count = 0;
    if (!atomic_exchange(&cap->owes, false)) /* before the rows: who comes later sets it again */
        return 0;
    for (int i = 0; i <= PGL_LOG_SOURCES_MAX; i++) {
        struct pgl_log_row *row = &cap->rows[i];
        uint64_t before = atomic_load(&row->lines);
        owed[count] = owed_by(row, before);
        if (owed[count].lines == 0)
            continue;
        uint64_t second = before >> LINES_BITS;
        if (second == second_of(wall_ns) ||
            !atomic_compare_exchange_strong(&row->lines, &before,
                                            word_of(second, PGL_LOG_LINES_MAX)))
            atomic_store(&cap->owes, true); /* not over, or somebody is at it: another time */
        else
            count++;
    }
    return count;
}
