/* loop.c - see loop.h. */
#include "runtime/loop.h"

#include "base/assert.h"
#include "base/time.h"
#include "runtime/flow.h"

static void log_write(void *self, struct pgl_text line)
{
    struct pgl_platform *platform = self;
    platform->log_write(platform, line);
}

static int64_t log_wall_ns(void *self)
{
    struct pgl_platform *platform = self;
    return pgl_clock_wall_ns(&platform->clock);
}

void pgl_loop_init(struct pgl_loop *loop, const char *name, struct pgl_platform *platform,
                   struct pgl_waiter *waiter)
{
    *loop = (struct pgl_loop){ .name = name, .platform = platform, .waiter = waiter };
    loop->log = (struct pgl_log){ log_write, log_wall_ns, platform, PGL_LOG_INFO, NULL };
    pgl_list_init(&loop->ready_sockets);
    pgl_list_init(&loop->ready_flows);
    loop->now_ns = pgl_clock_monotonic_ns(&platform->clock);
    loop->wall_ns = pgl_clock_wall_ns(&platform->clock);
    loop->step = "";
}

static void wake(struct pgl_waiter *waiter)
{
    if (atomic_exchange(&waiter->is_asleep, false))
        waiter->ops->wake(waiter);
}

void pgl_loop_wake_later(struct pgl_loop *from, struct pgl_loop *sleeper)
{
    struct pgl_waiter *waiter = sleeper->waiter;
    if (from == NULL) {
        wake(waiter);
        return;
    }
    if (from->waiter == waiter)
        return; /* the same thread: it looks again before it sleeps */
    for (int i = 0; i < from->wake_count; i++)
        if (from->wakes[i] == waiter)
            return;
    PGL_ASSERT(from->wake_count < PGL_LOOP_WAKES_MAX);
    from->wakes[from->wake_count++] = waiter;
}

static void wake_the_others(struct pgl_loop *loop)
{
    for (int i = 0; i < loop->wake_count; i++)
        wake(loop->wakes[i]);
    loop->wake_count = 0;
}

static void take_sockets(struct pgl_loop *loop)
{
    struct pgl_list news; /* what is noted meanwhile waits for the next turn */
    struct pgl_list *node;
    pgl_list_init(&news);
    while ((node = pgl_list_take_first(&loop->ready_sockets)) != NULL)
        pgl_list_append(&news, node);
    while ((node = pgl_list_take_first(&news)) != NULL) {
        struct pgl_socket *socket = PGL_CONTAINER(node, struct pgl_socket, ready);
        socket->on_ready(socket->owner);
        if (pgl_loop_is_struck(loop, PGL_BUGGIFY_LOOP_ONE_SOCKET))
            break;
    }
    while ((node = pgl_list_take_first(&news)) != NULL)
        pgl_list_append(&loop->ready_sockets, node);
}

static void watch(struct pgl_loop *loop)
{
    if (loop->slow_ns == 0)
        return;
    int64_t took_ns = pgl_clock_monotonic_ns(&loop->platform->clock) - loop->now_ns;
    if (took_ns < loop->slow_ns)
        return;
    pgl_counter_add(&loop->slow_turns, 1);
    pgl_log(&loop->log, PGL_LOG_WARN, "runtime", "slow-turn", "loop=%s step=%s took_ns=%lld",
            loop->name, loop->step, (long long)took_ns);
}

static void say_left_out(void *owner)
{
    struct pgl_loop *loop = owner;
    pgl_log_say_left_out(&loop->log, false);
}

/* A source that has fallen silent does not say itself how many of its lines were left out. */
static void watch_log(struct pgl_loop *loop)
{
    if (pgl_log_owes(&loop->log) && !loop->log_owes.is_set)
        pgl_timer_set(&loop->timers, &loop->log_owes, loop->now_ns + PGL_SECONDS(1), say_left_out,
                      loop);
}

/* A part of the turn that the next one does as well. */
static bool is_put_off(const struct pgl_loop *loop, enum pgl_buggify_point point, bool *has_more)
{
    if (!pgl_buggify(loop->platform->buggify, point))
        return false;
    *has_more = true;
    return true;
}

static void empty_mailboxes(struct pgl_loop *loop)
{
    for (struct pgl_mailbox *mailbox = loop->mailboxes; mailbox != NULL; mailbox = mailbox->next)
        pgl_mailbox_empty(mailbox);
}

/* What they set themselves has the next turn, however early it is due: else one that is always due
 * would have this one for ever. True when some are left. */
static bool run_timers(struct pgl_loop *loop)
{
    const uint64_t set_from_here = loop->timers.order;
    const struct pgl_timer *first;
    while ((first = loop->timers.root) != NULL && first->due_ns <= loop->now_ns) {
        if (first->order >= set_from_here)
            return true;
        struct pgl_timer *timer = pgl_timers_take_due(&loop->timers, loop->now_ns);
        timer->on_due(timer->owner);
        if (pgl_loop_is_struck(loop, PGL_BUGGIFY_LOOP_ONE_TIMER))
            return true;
    }
    return false;
}

bool pgl_loop_turn(struct pgl_loop *loop)
{
    bool has_more = false;
    loop->now_ns = pgl_clock_monotonic_ns(&loop->platform->clock);
    loop->wall_ns = pgl_clock_wall_ns(&loop->platform->clock);
    if (!is_put_off(loop, PGL_BUGGIFY_LOOP_MAIL_LATER, &has_more))
        empty_mailboxes(loop);
    if (!is_put_off(loop, PGL_BUGGIFY_LOOP_SOCKETS_LATER, &has_more))
        take_sockets(loop);
    if (!is_put_off(loop, PGL_BUGGIFY_LOOP_TIMERS_LATER, &has_more))
        has_more = run_timers(loop) || has_more;
    if (!is_put_off(loop, PGL_BUGGIFY_LOOP_FLOWS_LATER, &has_more))
        pgl_flows_run(loop);
    if (loop->work != NULL && !is_put_off(loop, PGL_BUGGIFY_LOOP_IDLE_TURN, &has_more))
        has_more = loop->work(loop->owner) || has_more;
    wake_the_others(loop);
    pgl_counter_add(&loop->turns, 1);
    watch(loop);
    watch_log(loop);
    return has_more || !pgl_list_is_empty(&loop->ready_flows);
}

bool pgl_loop_has_news(const struct pgl_loop *loop)
{
    for (struct pgl_mailbox *mailbox = loop->mailboxes; mailbox != NULL; mailbox = mailbox->next)
        if (atomic_load(&mailbox->head) != NULL)
            return true;
    return !pgl_list_is_empty(&loop->ready_sockets) || !pgl_list_is_empty(&loop->ready_flows);
}

int64_t pgl_loop_next_ns(const struct pgl_loop *loop)
{
    return pgl_loop_has_news(loop) ? loop->now_ns : pgl_timers_next_ns(&loop->timers);
}

void pgl_loop_fail(struct pgl_loop *loop, pgl_status status)
{
    if (!pgl_is_ok(loop->fatal))
        return;
    loop->fatal = status;
    pgl_log(&loop->log, PGL_LOG_ERROR, "runtime", "fatal", "loop=%s code=%s text=\"%s\"",
            loop->name, pgl_code_name(status.code), status.text);
}
