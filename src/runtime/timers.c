/* timers.c - see timers.h. */
#include "runtime/timers.h"

#include <stddef.h>

#include "base/time.h"

static bool is_before(const struct pgl_timer *a, const struct pgl_timer *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static struct pgl_timer *meld(struct pgl_timer *a, struct pgl_timer *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    if (is_before(b, a)) {
        struct pgl_timer *swap = a;
        a = b;
        b = swap;
    }
    b->back = a;
    b->sibling = a->child;
    if (a->child != NULL)
        a->child->back = b;
    a->child = b;
    return a;
}

/* Two passes: pairs from the left, then all of them from the right. */
static struct pgl_timer *meld_siblings(struct pgl_timer *first)
{
    struct pgl_timer *pairs = NULL;
    while (first != NULL) {
        struct pgl_timer *a = first, *b = first->sibling;
        first = b == NULL ? NULL : b->sibling;
        a->sibling = a->back = NULL;
        if (b != NULL)
            b->sibling = b->back = NULL;
        struct pgl_timer *pair = meld(a, b);
        pair->sibling = pairs;
        pairs = pair;
    }
    struct pgl_timer *root = NULL;
    while (pairs != NULL) {
        struct pgl_timer *next = pairs->sibling;
        pairs->sibling = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

void pgl_timer_set(struct pgl_timers *timers, struct pgl_timer *timer, int64_t due_ns,
                   void (*on_due)(void *owner), void *owner)
{
    pgl_timer_clear(timers, timer);
    *timer = (struct pgl_timer){
        .due_ns = due_ns, .order = timers->order++, .is_set = true, .on_due = on_due, .owner = owner
    };
    timers->root = meld(timers->root, timer);
}

void pgl_timer_clear(struct pgl_timers *timers, struct pgl_timer *timer)
{
    if (!timer->is_set)
        return;
    timer->is_set = false;
    struct pgl_timer *below = meld_siblings(timer->child);
    timer->child = NULL;
    if (timer == timers->root) {
        timers->root = below;
        return;
    }
    if (timer->back->child == timer)
        timer->back->child = timer->sibling;
    else
        timer->back->sibling = timer->sibling;
    if (timer->sibling != NULL)
        timer->sibling->back = timer->back;
    timer->sibling = timer->back = NULL;
    timers->root = meld(timers->root, below);
}

int64_t pgl_timers_next_ns(const struct pgl_timers *timers)
{
    return timers->root == NULL ? PGL_NEVER_NS : timers->root->due_ns;
}

struct pgl_timer *pgl_timers_take_due(struct pgl_timers *timers, int64_t now_ns)
{
    struct pgl_timer *first = timers->root;
    if (first == NULL || first->due_ns > now_ns)
        return NULL;
    pgl_timer_clear(timers, first);
    return first;
}
