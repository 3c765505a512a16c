/* thread.c - see thread.h. */
#include "runtime/thread.h"

#include "base/time.h"

static int64_t next_ns(const struct pgl_thread *thread)
{
    int64_t next = PGL_NEVER_NS;
    for (int i = 0; i < thread->loop_count; i++) {
        int64_t one = pgl_loop_next_ns(thread->loops[i]);
        next = one < next ? one : next;
    }
    return next;
}

static bool has_news(const struct pgl_thread *thread)
{
    for (int i = 0; i < thread->loop_count; i++)
        if (pgl_loop_has_news(thread->loops[i]))
            return true;
    return false;
}

/* Whoever writes to a mailbox looks at is_asleep behind its write; we look at the mailboxes behind
 * setting it. One of the two sees the other. */
static void sleep_until_news(struct pgl_thread *thread)
{
    struct pgl_waiter *waiter = thread->waiter;
    atomic_store(&waiter->is_asleep, true);
    bool stay_awake = has_news(thread) || atomic_load(&thread->is_stopping);
    waiter->ops->wait(waiter, stay_awake ? 0 : next_ns(thread));
    atomic_store(&waiter->is_asleep, false);
}

pgl_status pgl_thread_run(struct pgl_thread *thread)
{
    bool has_more = false;
    while (!atomic_load(&thread->is_stopping)) {
        if (has_more)
            thread->waiter->ops->wait(thread->waiter, 0); /* only a look at the sockets */
        else
            sleep_until_news(thread);
        has_more = false;
        for (int i = 0; i < thread->loop_count; i++) {
            has_more |= pgl_loop_turn(thread->loops[i]);
            if (!pgl_is_ok(thread->loops[i]->fatal))
                return thread->loops[i]->fatal;
        }
    }
    return PGL_OK;
}

void pgl_thread_stop(struct pgl_thread *thread)
{
    atomic_store(&thread->is_stopping, true);
    thread->waiter->ops->wake(thread->waiter);
}
