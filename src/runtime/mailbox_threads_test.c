/*
 * mailbox_threads_test.c - mailboxes and sleeping between real threads; built with TSan too.
 * Method: several asking threads send numbers to one answering thread, which adds them up and
 *         replies; each
 * sender goes on when its reply is there. Nothing may be lost, doubled or overtaken, and nobody may
 * sleep on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "base/time.h"
#include "runtime/thread.h"

enum { ASKERS = 3, QUESTIONS = 20000, AT_ONCE = 8 };

/* ---- a platform of condition variables: sleeping and waking, nothing else ---- */

struct bed {
    struct pgl_waiter waiter;
    pthread_mutex_t lock;
    pthread_cond_t bell;
    bool is_rung;
};

static void bed_wait(struct pgl_waiter *waiter, int64_t until_ns)
{
    struct bed *bed = PGL_CONTAINER(waiter, struct bed, waiter);
    pthread_mutex_lock(&bed->lock);
    while (until_ns != 0 && !bed->is_rung)
        pthread_cond_wait(&bed->bell, &bed->lock);
    bed->is_rung = false;
    pthread_mutex_unlock(&bed->lock);
}

static void bed_wake(struct pgl_waiter *waiter)
{
    struct bed *bed = PGL_CONTAINER(waiter, struct bed, waiter);
    pthread_mutex_lock(&bed->lock);
    bed->is_rung = true;
    pthread_cond_signal(&bed->bell);
    pthread_mutex_unlock(&bed->lock);
}

static const struct pgl_waiter_ops bed_ops = { .wait = bed_wait, .wake = bed_wake };

static int64_t no_time(void *self)
{
    (void)self;
    return 1;
}

static struct pgl_platform platform = { .clock = { no_time, no_time, NULL } };

/* ---- those who ask, and the one who answers ---- */

struct question {
    struct pgl_message message;
    int64_t number;
};

struct side {
    struct bed bed;
    struct pgl_loop loop;
    struct pgl_thread thread;
    pthread_t handle;
    struct pgl_mailbox mailbox;
};

struct answering {
    struct side side;
    int64_t sum, last[ASKERS];
    bool is_in_order;
};

struct asking {
    struct side side;
    struct answering *other;
    struct question questions[AT_ONCE];
    int64_t asked, answered;
    int number;
};

static void side_open(struct side *side, const char *name, uint32_t capacity,
                      void (*receive)(void *owner, struct pgl_message *message), void *owner)
{
    side->bed.waiter.ops = &bed_ops;
    pthread_mutex_init(&side->bed.lock, NULL);
    pthread_cond_init(&side->bed.bell, NULL);
    pgl_loop_init(&side->loop, name, &platform, &side->bed.waiter);
    pgl_mailbox_open(&side->mailbox, &side->loop, capacity, receive, owner);
    side->thread.waiter = &side->bed.waiter;
    side->thread.loops[side->thread.loop_count++] = &side->loop;
}

static void take_question(void *owner, struct pgl_message *message)
{
    struct answering *answering = owner;
    struct question *question = PGL_CONTAINER(message, struct question, message);
    int64_t asker = question->number % ASKERS, turn = question->number / ASKERS;
    answering->is_in_order &= turn == answering->last[asker] + 1;
    answering->last[asker] = turn;
    answering->sum += question->number;
    pgl_message_reply(message);
}

static void ask(struct asking *asking, struct question *question)
{
    if (asking->asked == QUESTIONS)
        return;
    question->number = ++asking->asked * ASKERS + asking->number;
    question->message.reply_to = &asking->side.mailbox;
    pgl_status sent =
        pgl_mailbox_send(&asking->side.loop, &asking->other->side.mailbox, &question->message);
    assert_true(pgl_is_ok(sent));
}

static void take_answer(void *owner, struct pgl_message *message)
{
    struct asking *asking = owner;
    if (++asking->answered == QUESTIONS)
        pgl_thread_stop(&asking->side.thread);
    ask(asking, PGL_CONTAINER(message, struct question, message));
}

static void *run(void *side)
{
    pgl_status ended = pgl_thread_run(&((struct side *)side)->thread);
    return pgl_is_ok(ended) ? side : NULL;
}

static void nothing_is_lost_doubled_or_overtaken_between_threads(void **unused)
{
    (void)unused;
    static struct answering answering;
    static struct asking askings[ASKERS];
    int64_t expected = 0;
    answering.is_in_order = true;
    side_open(&answering.side, "answers", ASKERS * AT_ONCE, take_question, &answering);
    for (int i = 0; i < ASKERS; i++) {
        askings[i].number = i;
        askings[i].other = &answering;
        side_open(&askings[i].side, "asks", 0, take_answer, &askings[i]);
        for (int q = 0; q < AT_ONCE; q++)
            ask(&askings[i], &askings[i].questions[q]);
        for (int64_t turn = 1; turn <= QUESTIONS; turn++)
            expected += turn * ASKERS + i;
    }
    pthread_create(&answering.side.handle, NULL, run, &answering.side);
    for (int i = 0; i < ASKERS; i++)
        pthread_create(&askings[i].side.handle, NULL, run, &askings[i].side);
    for (int i = 0; i < ASKERS; i++)
        pthread_join(askings[i].side.handle, NULL);
    pgl_thread_stop(&answering.side.thread);
    pthread_join(answering.side.handle, NULL);
    assert_true(answering.sum == expected);
    assert_true(answering.is_in_order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_doubled_or_overtaken_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
