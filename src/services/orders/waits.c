/* waits.c - see waits.h. */
#include "services/orders/waits.h"

#include <stdlib.h>

#include "contract/orders.h"
#include "services/orders/orders.h"

#define LOOK_NS PGL_SECONDS(1) /* whether it is still wanted */

/* Lies in the arena of its call. */
struct pgl_wait {
    struct pgl_waits *waits;
    struct pgl_call *call;
    pgl_id order_id;
    struct pgl_timer next_look;
    struct pgl_wait *next; /* of the same order */
};

static uint64_t hash_of(pgl_id id)
{
    uint64_t low;
    memcpy(&low, id.bytes + 8, sizeof low); /* the random half */
    return low;
}

/* Fills the reply if there is news. */
static pgl_status look(struct pgl_waits *waits, struct pgl_call *call, pgl_id id)
{
    const WaitOrderRequest *ask = call->ask;
    WaitOrderResponse *reply = call->reply;
    struct pgl_view view = { &waits->writer->db, call->arena, waits->writer->context };
    struct order_row order;
    PGL_TRY(order_get_for(&view, id, ask->caller, &order));
    return order_show_changes(call->arena, &order, ask->after_version, reply);
}

static void remove_wait(struct pgl_waits *waits, struct pgl_wait *wait)
{
    uint64_t *first = pgl_map_get(&waits->by_order, hash_of(wait->order_id));
    struct pgl_wait *head = (struct pgl_wait *)(uintptr_t)*first;
    if (head == wait && wait->next == NULL) {
        pgl_map_remove(&waits->by_order, hash_of(wait->order_id));
    } else if (head == wait) {
        *first = (uint64_t)(uintptr_t)wait->next;
    } else {
        while (head->next != wait)
            head = head->next;
        head->next = wait->next;
    }
    waits->count--;
    pgl_timer_clear(&waits->writer->loop->timers, &wait->next_look);
}

static void on_look(void *owner);

static void look_later(struct pgl_wait *wait)
{
    struct pgl_loop *loop = wait->waits->writer->loop;
    int64_t at_ns = loop->now_ns + LOOK_NS, late_ns = wait->call->deadline_ns;
    pgl_timer_set(&loop->timers, &wait->next_look, at_ns < late_ns ? at_ns : late_ns, on_look,
                  wait);
}

static void on_look(void *owner)
{
    struct pgl_wait *wait = owner;
    struct pgl_call *call = wait->call;
    bool is_given_up = pgl_call_is_given_up(call);
    if (!is_given_up && wait->waits->writer->loop->now_ns < call->deadline_ns) {
        look_later(wait);
        return;
    }
    remove_wait(wait->waits, wait);
    pgl_call_answer(call, is_given_up ? PGL_GIVEN_UP : PGL_OK); /* late: without changes */
}

static pgl_status keep(struct pgl_waits *waits, struct pgl_call *call, pgl_id id)
{
    struct pgl_wait *wait = pgl_arena_zalloc(call->arena, sizeof *wait);
    if (wait == NULL || waits->count == PGL_WAITS_MAX ||
        pgl_loop_is_struck(waits->writer->loop, PGL_BUGGIFY_WAITS_FULL))
        return PGL_FAIL(PGL_EXHAUSTED, "too many wait for news of orders");
    uint64_t *first = pgl_map_get(&waits->by_order, hash_of(id));
    *wait = (struct pgl_wait){ .waits = waits, .call = call, .order_id = id };
    wait->next = first != NULL ? (struct pgl_wait *)(uintptr_t)*first : NULL;
    PGL_TRY(pgl_map_put(&waits->by_order, hash_of(id), (uint64_t)(uintptr_t)wait));
    waits->count++;
    look_later(wait);
    return PGL_OK;
}

static void take_wait(void *owner, struct pgl_message *message)
{
    struct pgl_waits *waits = owner;
    struct pgl_call *call = pgl_call_of(message);
    const WaitOrderRequest *ask = call->ask;
    const WaitOrderResponse *reply = call->reply;
    pgl_id id;
    pgl_status status = pgl_call_is_given_up(call) ? PGL_GIVEN_UP : order_parse_id(ask->id, &id);
    if (pgl_is_ok(status))
        status = look(waits, call, id);
    bool is_late = pgl_loop_is_struck(waits->writer->loop, PGL_BUGGIFY_WAITS_LATE);
    if (pgl_is_ok(status) && reply->n_changes == 0 && !is_late)
        status = keep(waits, call, id);
    if (!pgl_is_ok(status) || reply->n_changes > 0 || is_late)
        pgl_call_answer(call, status);
}

static void answer_changed(struct pgl_waits *waits, pgl_id id)
{
    uint64_t *first = pgl_map_get(&waits->by_order, hash_of(id));
    struct pgl_wait *wait = first != NULL ? (struct pgl_wait *)(uintptr_t)*first : NULL;
    while (wait != NULL) {
        struct pgl_wait *next = wait->next;
        struct pgl_call *call = wait->call;
        const WaitOrderResponse *reply = call->reply;
        /* As if it had waited in vain just before: who asks again finds what has changed. */
        bool is_late = pgl_loop_is_struck(waits->writer->loop, PGL_BUGGIFY_WAITS_SAY_NOTHING);
        pgl_status status = is_late ? PGL_OK : look(waits, call, wait->order_id);
        if (!pgl_is_ok(status) || reply->n_changes > 0 || is_late) {
            remove_wait(waits, wait);
            pgl_call_answer(call, status);
        }
        wait = next;
    }
}

static void waits_committed(void *self)
{
    struct pgl_waits *waits = self;
    for (uint32_t i = 0; i < waits->changed_count; i++)
        answer_changed(waits, waits->changed[i]);
    waits->changed_count = 0;
}

static void waits_rolled_back(void *self)
{
    struct pgl_waits *waits = self;
    waits->changed_count = 0;
}

void pgl_waits_note(struct pgl_waits *waits, pgl_id order_id)
{
    if (waits->count > 0 && waits->changed_count < waits->changed_capacity)
        waits->changed[waits->changed_count++] = order_id;
}

pgl_status pgl_waits_open(struct pgl_waits *waits, struct pgl_writer *writer)
{
    *waits = (struct pgl_waits){ .writer = writer };
    waits->changed_capacity =
        (uint32_t)writer->options.batch_max; /* a unit changes one order at most */
    waits->changed = malloc(waits->changed_capacity * sizeof waits->changed[0]);
    if (waits->changed == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a service");
    pgl_map_init(&waits->by_order, PGL_WAITS_MAX);
    pgl_mailbox_open(&waits->mailbox, writer->loop, PGL_WAITS_MAX, take_wait, waits);
    waits->participant = (struct pgl_participant){ .self = waits,
                                                   .committed = waits_committed,
                                                   .rolled_back = waits_rolled_back };
    pgl_writer_join(writer, &waits->participant);
    return PGL_OK;
}

void pgl_waits_close(struct pgl_waits *waits)
{
    free(waits->changed);
    pgl_map_free(&waits->by_order);
}
