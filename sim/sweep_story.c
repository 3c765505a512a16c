/* sweep_story.c - see sweep_story.h. */
#include "sweep_story.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/time.h"
#include "wire/message.h"

#define PASSES_MAX      500 /* a story takes some forty; and beyond the deadline of every call */
#define PATIENCE_NS     PGL_SECONDS(2) /* of the client with one request, as the edge's */
#define LOOK_AGAIN_NS   PGL_MILLISECONDS(150)
#define LOOKS           2
#define ASK_BYTES_CHUNK 4096
#define ASK_BYTES_MAX   65536

#define CONFIRMED (1u << ORDER_CONFIRMED)
#define FAILED    (1u << ORDER_FAILED)
#define CANCELLED (1u << ORDER_CANCELLED)

/* clang-format off */
#define ORDER(who, key_, sku_, quantity_, after_, usual, possible)                                   \
    { PGL_STORY_ORDERS, who, key_, sku_, quantity_, after_, 0, usual, possible }
#define CANCEL(who, of, passes_) { PGL_STORY_CANCELS, who, NULL, NULL, 0, of, passes_, 0, 0 }
#define RECEIVE(key_, sku_, quantity_, after_)                                                       \
    { PGL_STORY_RECEIVES, "dock", key_, sku_, quantity_, after_, 0, 0, 0 }

const struct pgl_story pgl_stories[] = {
    { "happy", false, 1, 1, 1,
      { ORDER("ann", "k1", "CUP", 3, -1, CONFIRMED, CONFIRMED) } },
    { "declined", false, 1, 0, 1,
      { ORDER("ann", "k1", "GOLD", 1, -1, FAILED, FAILED) } },
    { "out of stock", false, 1, 0, 1,
      { ORDER("ann", "k1", "GONE", 1, -1, FAILED, FAILED) } },
    { "cancelled before anything", false, 1, -1, 2,
      { ORDER("ann", "k1", "CUP", 3, -1, CANCELLED, CANCELLED | CONFIRMED),
        CANCEL("ann", 0, 0) } },
    { "cancelled in the middle", false, 1, -1, 2,
      { ORDER("ann", "k1", "CUP", 3, -1, CANCELLED, CANCELLED | CONFIRMED),
        CANCEL("ann", 0, 1) } },
    { "cancelled too late", false, 1, -1, 2,
      { ORDER("ann", "k1", "CUP", 3, -1, CONFIRMED, CANCELLED | CONFIRMED),
        CANCEL("ann", 0, 30) } },
    { "asked twice", false, 1, 1, 3,
      { ORDER("ann", "k1", "CUP", 1, -1, CONFIRMED, CONFIRMED),
        ORDER("ann", "k1", "CUP", 1, -1, CONFIRMED, CONFIRMED),
        ORDER("ann", "k1", "CUP", 1, 0, CONFIRMED, CONFIRMED) } },
    { "two want the last", false, 2, 1, 2,
      { ORDER("ann", "k1", "LAST", 1, -1, CONFIRMED, CONFIRMED | FAILED),
        ORDER("bob", "k1", "LAST", 1, -1, FAILED, CONFIRMED | FAILED) } },
    { "goods come in", false, 1, 1, 3,
      { RECEIVE("r1", "GONE", 5, -1),
        RECEIVE("r1", "GONE", 5, -1),
        ORDER("ann", "k1", "GONE", 2, 1, CONFIRMED, CONFIRMED) } },
    { "on an empty disk", true, 1, 1, 1,
      { ORDER("ann", "k1", "CUP", 3, -1, CONFIRMED, CONFIRMED) } },
    { NULL, false, 0, 0, 0, { { 0 } } },
};
/* clang-format on */

/* ---- asking ---- */

static const struct pgl_story_ask *ask_of(const struct pgl_asked *asked)
{
    return &asked->telling->story->asks[asked - asked->telling->asked];
}

static void *new (struct pgl_asked *asked, const ProtobufCMessageDescriptor *descriptor)
{
    void *message = pgl_message_new(descriptor, &asked->arena);
    PGL_ASSERT(message != NULL);
    return message;
}

static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

static struct pgl_mailbox *ask_for_order(struct pgl_asked *asked, const struct pgl_story_ask *ask)
{
    struct pgl_boot *boot = asked->telling->shop->boot;
    CreateOrderRequest *request = new (asked, CREATE_ORDER_REQUEST_DESCRIPTOR);
    NewOrderLine **lines = pgl_arena_alloc(&asked->arena, sizeof *lines);
    PGL_ASSERT(lines != NULL);
    request->caller = &asked->caller;
    request->idempotency_key = text(ask->key);
    request->order = new (asked, NEW_ORDER_DESCRIPTOR);
    request->order->currency = text("USD");
    request->order->lines = lines;
    request->order->n_lines = 1;
    lines[0] = new (asked, NEW_ORDER_LINE_DESCRIPTOR);
    lines[0]->sku = text(ask->sku);
    lines[0]->quantity = ask->quantity;
    request->order->payment = new (asked, NEW_PAYMENT_DESCRIPTOR);
    request->order->payment->method = text("account");
    request->order->ship_to = new (asked, SHIP_TO_DESCRIPTOR);
    request->order->ship_to->region = text("EU");
    asked->reply.create = (CreateOrderResponse)CREATE_ORDER_RESPONSE_INIT;
    asked->call.method = &pgl_orders_methods[ORDER_SERVICE_CREATE_ORDER];
    asked->call.ask = request;
    return &boot->orders.flows;
}

static struct pgl_mailbox *ask_to_cancel(struct pgl_asked *asked, const struct pgl_story_ask *ask)
{
    struct pgl_boot *boot = asked->telling->shop->boot;
    CancelOrderRequest *request = new (asked, CANCEL_ORDER_REQUEST_DESCRIPTOR);
    request->caller = &asked->caller;
    request->id = asked->telling->asked[ask->after].order_id;
    asked->reply.cancel = (CancelOrderResponse)CANCEL_ORDER_RESPONSE_INIT;
    asked->call.method = &pgl_orders_methods[ORDER_SERVICE_CANCEL_ORDER];
    asked->call.ask = request;
    return &boot->writers[PGL_FILE_ORDERS].commands;
}

static struct pgl_mailbox *bring_goods(struct pgl_asked *asked, const struct pgl_story_ask *ask)
{
    struct pgl_boot *boot = asked->telling->shop->boot;
    ReceiveStockRequest *request = new (asked, RECEIVE_STOCK_REQUEST_DESCRIPTOR);
    request->caller = &asked->caller;
    request->idempotency_key = text(ask->key);
    request->sku = text(ask->sku);
    request->receipt = new (asked, NEW_RECEIPT_DESCRIPTOR);
    request->receipt->warehouse = text("WH-EU-1");
    request->receipt->quantity = ask->quantity;
    asked->reply.receive = (ReceiveStockResponse)RECEIVE_STOCK_RESPONSE_INIT;
    asked->call.method = &pgl_inventory_methods[INVENTORY_SERVICE_RECEIVE_STOCK];
    asked->call.ask = request;
    return &boot->writers[PGL_FILE_INVENTORY].commands;
}

static void send(struct pgl_asked *asked)
{
    static struct pgl_mailbox *(*const fill[])(struct pgl_asked *, const struct pgl_story_ask *) = {
        [PGL_STORY_ORDERS] = ask_for_order,
        [PGL_STORY_CANCELS] = ask_to_cancel,
        [PGL_STORY_RECEIVES] = bring_goods,
    };
    struct pgl_shop *shop = asked->telling->shop;
    const struct pgl_story_ask *ask = ask_of(asked);
    pgl_arena_reset(&asked->arena);
    asked->caller = (Caller)CALLER_INIT;
    asked->caller.tenant = text("default");
    asked->caller.subject = text(ask->customer);
    asked->caller.role = ask->verb == PGL_STORY_RECEIVES ? ROLE_WAREHOUSE : ROLE_CUSTOMER;
    asked->call = (struct pgl_call){ .reply = &asked->reply,
                                     .arena = &asked->arena,
                                     .deadline_ns = shop->twin.now_ns + PATIENCE_NS };
    struct pgl_mailbox *to = fill[ask->verb](asked, ask);
    asked->call.message.reply_to = &shop->replies;
    asked->is_out = true;
    PGL_ASSERT(pgl_is_ok(pgl_mailbox_send(&shop->client, to, &asked->call.message)));
}

/* ---- hearing ---- */

static bool is_not_now(pgl_status status)
{
    return status.code == PGL_UNAVAILABLE || status.code == PGL_EXHAUSTED ||
           status.code == PGL_DEADLINE || status.code == PGL_DATA_LOSS;
}

static void find_wrong(struct pgl_telling *telling, const char *what)
{
    if (telling->wrong == NULL)
        telling->wrong = what;
}

/* What was told once is told again, to the letter. */
static void compare(struct pgl_asked *asked, const ProtobufCMessage *message, bool is_replayed)
{
    char bytes[sizeof asked->told];
    PGL_ASSERT(protobuf_c_message_get_packed_size(message) <= sizeof bytes);
    size_t size = protobuf_c_message_pack(message, (uint8_t *)bytes);
    if (!asked->was_told) {
        memcpy(asked->told, bytes, size);
        asked->told_bytes = size;
    } else if (!is_replayed) {
        find_wrong(asked->telling, "what was done and answered is done once more");
    } else if (size != asked->told_bytes || memcmp(bytes, asked->told, size) != 0) {
        find_wrong(asked->telling, "what was answered is answered in another way");
    }
}

static void hear(struct pgl_asked *asked)
{
    switch (ask_of(asked)->verb) {
    case PGL_STORY_ORDERS:
        compare(asked, &asked->reply.create.order->base, asked->reply.create.replayed);
        (void)snprintf(asked->order_id, sizeof asked->order_id, "%s",
                       asked->reply.create.order->id);
        break;
    case PGL_STORY_CANCELS:
        asked->cancel_answer = asked->reply.cancel.answer;
        break;
    case PGL_STORY_RECEIVES:
        compare(asked, &asked->reply.receive.stock->base, asked->reply.receive.replayed);
        break;
    }
    asked->was_told = true;
}

void pgl_telling_hear(void *owner, struct pgl_message *message)
{
    struct pgl_telling *telling = owner;
    struct pgl_asked *asked = PGL_CONTAINER(pgl_call_of(message), struct pgl_asked, call);
    asked->is_answered = true;
    asked->answered_in_pass = telling->pass;
    if (pgl_is_ok(asked->call.status))
        hear(asked);
    else if (is_not_now(asked->call.status))
        telling->refusals++;
    else
        find_wrong(telling, asked->call.status.text);
}

/* ---- the whole ---- */

static bool is_due(const struct pgl_telling *telling, const struct pgl_story_ask *ask)
{
    if (ask->after < 0)
        return true;
    const struct pgl_asked *before = &telling->asked[ask->after];
    return before->is_answered && pgl_is_ok(before->call.status) &&
           telling->pass >= before->answered_in_pass + ask->passes;
}

/* True while something is to be asked, or was asked and is not answered. */
static bool ask_what_is_due(struct pgl_telling *telling)
{
    bool has_open = false;
    for (int i = 0; i < telling->story->ask_count; i++) {
        const struct pgl_story_ask *ask = &telling->story->asks[i];
        struct pgl_asked *asked = &telling->asked[i];
        const struct pgl_asked *before = ask->after < 0 ? NULL : &telling->asked[ask->after];
        if (!asked->is_out && is_due(telling, ask))
            send(asked);
        bool is_dropped = before != NULL && before->is_answered && !pgl_is_ok(before->call.status);
        has_open |= !asked->is_answered && !is_dropped;
    }
    return has_open;
}

/* Quiet is: nothing is open, and some time has passed since then, in which a writer would have
 * tried again what the disk refused. */
void pgl_telling_try(struct pgl_telling *telling)
{
    int looks = 0;
    telling->refusals = 0;
    for (int i = 0; i < telling->story->ask_count; i++)
        telling->asked[i].is_out = telling->asked[i].is_answered = false;
    for (telling->pass = 0; telling->pass < PASSES_MAX; telling->pass++) {
        bool has_open = ask_what_is_due(telling);
        looks = has_open ? 0 : looks;
        bool has_more = pgl_shop_pass(telling->shop);
        if (pgl_shop_is_over(telling->shop))
            return;
        if (has_more)
            continue;
        if (looks++ == LOOKS)
            return;
        pgl_twin_advance(&telling->shop->twin, LOOK_AGAIN_NS);
    }
    find_wrong(telling, "somebody was not answered in time, or it does not become quiet");
}

bool pgl_telling_is_told(const struct pgl_telling *telling)
{
    bool is_told = true;
    for (int i = 0; i < telling->story->ask_count; i++)
        is_told &= telling->asked[i].is_answered && pgl_is_ok(telling->asked[i].call.status);
    return is_told;
}

void pgl_telling_open(struct pgl_telling *telling, const struct pgl_story *story,
                      struct pgl_shop *shop)
{
    *telling = (struct pgl_telling){ .story = story, .shop = shop };
    for (int i = 0; i < story->ask_count; i++) {
        telling->asked[i].telling = telling;
        pgl_arena_init(&telling->asked[i].arena, ASK_BYTES_CHUNK, ASK_BYTES_MAX);
    }
}

void pgl_telling_close(struct pgl_telling *telling)
{
    for (int i = 0; i < telling->story->ask_count; i++)
        pgl_arena_free(&telling->asked[i].arena);
}
