/*
 * mailbox_threads_test.c - several threads, one mailbox: nothing is lost, swapped or slept through.
 *
 * Method: loops on real threads, with a waiter made of a mutex and a condition. Once with many more
 * messages under way than the mailbox takes, so that it is often full; once with one of each
 * sender, so that every thread sleeps again and again. A wake-up that does not come shows as sleep
 * that has no end. Runs under tsan, which sees the races that do no harm yet.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/thread.h"

#define SENDERS_MAX       3
#define PARCELS_EACH      50000
#define UNDER_WAY_MAX     64 /* of one sender */
#define MAILBOX_CAPACITY  16
#define OVERSLEPT_SECONDS 10 /* a wake-up was lost: nothing here takes so long */

struct bed {
    struct pgl_waiter waiter;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool is_woken, has_overslept;
};

struct parcel {
    struct pgl_message message;
    int sender;
    uint32_t number;
};

struct sender {
    struct bed bed;
    struct pgl_loop loop;
    struct pgl_thread thread;
    struct pgl_mailbox replies, *to;
    struct parcel parcels[UNDER_WAY_MAX]; /* replies keep their order, so a ring will do */
    uint32_t under_way_max, sent, answered, swapped;
};

struct receiver {
    struct bed bed;
    struct pgl_loop loop;
    struct pgl_thread thread;
    struct pgl_mailbox mailbox;
    uint32_t taken[SENDERS_MAX], swapped;
};

static void take_parcel(void *owner, struct pgl_message *message)
{
    struct receiver *receiver = owner;
    const struct parcel *parcel = PGL_CONTAINER(message, struct parcel, message);
    receiver->swapped += parcel->number != receiver->taken[parcel->sender]++;
    pgl_message_reply(message);
}

static void take_reply(void *owner, struct pgl_message *message)
{
    struct sender *sender = owner;
    const struct parcel *parcel = PGL_CONTAINER(message, struct parcel, message);
    sender->swapped += parcel->number != sender->answered++;
    if (sender->answered == PARCELS_EACH || sender->swapped > 0)
        pgl_thread_stop(&sender->thread);
}

/* As many as may be under way; a refused one is tried again in the next turn. */
static bool send_parcels(void *owner)
{
    struct sender *sender = owner;
    while (sender->sent < PARCELS_EACH && sender->sent - sender->answered < sender->under_way_max) {
        struct parcel *parcel = &sender->parcels[sender->sent % UNDER_WAY_MAX];
        parcel->number = sender->sent;
        parcel->message.reply_to = &sender->replies;
        if (!pgl_is_ok(pgl_mailbox_send(&sender->loop, sender->to, &parcel->message)))
            return true;
        sender->sent++;
    }
    return false;
}

/* ---- a platform of nothing but sleep ---- */

static void bed_wait(struct pgl_waiter *waiter, int64_t until_ns)
{
    struct bed *bed = PGL_CONTAINER(waiter, struct bed, waiter);
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += OVERSLEPT_SECONDS;
    pthread_mutex_lock(&bed->lock);
    while (until_ns > 1 && !bed->is_woken && !bed->has_overslept)
        bed->has_overslept = pthread_cond_timedwait(&bed->news, &bed->lock, &limit) != 0;
    bed->is_woken = false;
    pthread_mutex_unlock(&bed->lock);
}

static void bed_wake(struct pgl_waiter *waiter)
{
    struct bed *bed = PGL_CONTAINER(waiter, struct bed, waiter);
    pthread_mutex_lock(&bed->lock);
    bed->is_woken = true;
    pthread_cond_signal(&bed->news);
    pthread_mutex_unlock(&bed->lock);
}

static int64_t always_one(void *unused)
{
    (void)unused;
    return 1;
}

static void bed_make(struct bed *bed, struct pgl_thread *thread, struct pgl_loop *loop)
{
    static const struct pgl_waiter_ops ops = { .wait = bed_wait, .wake = bed_wake };
    static struct pgl_platform platform = { .clock = { always_one, always_one, NULL } };
    bed->waiter.ops = &ops;
    pthread_mutex_init(&bed->lock, NULL);
    pthread_cond_init(&bed->news, NULL);
    pgl_loop_init(loop, "test", &platform, &bed->waiter);
    *thread = (struct pgl_thread){ .name = "test", .waiter = &bed->waiter, .loops = { loop } };
    thread->loop_count = 1;
}

static void sender_make(struct sender *sender, int number, uint32_t under_way_max,
                        struct pgl_mailbox *to)
{
    bed_make(&sender->bed, &sender->thread, &sender->loop);
    pgl_mailbox_open(&sender->replies, &sender->loop, UNDER_WAY_MAX, take_reply, sender);
    sender->under_way_max = under_way_max;
    sender->to = to;
    sender->loop.work = send_parcels;
    sender->loop.owner = sender;
    for (int i = 0; i < UNDER_WAY_MAX; i++)
        sender->parcels[i].sender = number;
}

static void *run(void *thread)
{
    return pgl_is_ok(pgl_thread_run(thread)) ? NULL : thread;
}

static void exchange(int sender_count, uint32_t under_way_max)
{
    static struct receiver receiver;
    static struct sender senders[SENDERS_MAX];
    pthread_t receiving, sending[SENDERS_MAX];
    memset(&receiver, 0, sizeof receiver);
    memset(senders, 0, sizeof senders);
    bed_make(&receiver.bed, &receiver.thread, &receiver.loop);
    pgl_mailbox_open(&receiver.mailbox, &receiver.loop, MAILBOX_CAPACITY, take_parcel, &receiver);
    assert_int_equal(pthread_create(&receiving, NULL, run, &receiver.thread), 0);
    for (int i = 0; i < sender_count; i++) {
        sender_make(&senders[i], i, under_way_max, &receiver.mailbox);
        while (senders[i].sent == 0)
            pgl_loop_turn(&senders[i].loop); /* a thread begins asleep: a reply will wake it */
        assert_int_equal(pthread_create(&sending[i], NULL, run, &senders[i].thread), 0);
    }
    for (int i = 0; i < sender_count; i++)
        assert_int_equal(pthread_join(sending[i], NULL), 0);
    pgl_thread_stop(&receiver.thread);
    assert_int_equal(pthread_join(receiving, NULL), 0);

    assert_int_equal(receiver.swapped, 0);
    assert_false(receiver.bed.has_overslept);
    for (int i = 0; i < sender_count; i++) {
        assert_int_equal(senders[i].swapped, 0);
        assert_false(senders[i].bed.has_overslept);
        assert_int_equal(receiver.taken[i], PARCELS_EACH);
        assert_int_equal(senders[i].answered, PARCELS_EACH);
    }
}

static void many_senders_and_a_full_mailbox(void **unused)
{
    (void)unused;
    exchange(SENDERS_MAX, UNDER_WAY_MAX);
}

static void threads_that_are_mostly_asleep(void **unused)
{
    (void)unused;
    exchange(SENDERS_MAX, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_senders_and_a_full_mailbox),
        cmocka_unit_test(threads_that_are_mostly_asleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
