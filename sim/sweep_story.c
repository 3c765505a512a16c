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
#define POISONS         2 /* the second of one key waits behind the first */
#define ASK_BYTES_CHUNK 4096
#define ASK_BYTES_MAX   65536

#define CONFIRMED (1u << ORDER_CONFIRMED)
#define FAILED    (1u << ORDER_FAILED)
#define CANCELLED (1u << ORDER_CANCELLED)

/* clang-format off */
#define ORDER(who, key_, sku_, quantity_, after_, usual, possible)                                   \
    { .verb = PGL_STORY_ORDERS, .customer = who, .key = key_, .sku = sku_, .quantity = quantity_,      \
      .after = after_, .ends_usually = usual, .ends_possibly = possible }
#define CARD(token, sku_, quantity_, confirms_, deadline_s_, usual, possible)                         \
    { .verb = PGL_STORY_ORDERS, .customer = "ann", .key = "k1", .sku = sku_, .quantity = quantity_,    \
      .confirms = confirms_, .deadline_s = deadline_s_, .after = -1, .ends_usually = usual,            \
      .ends_possibly = possible, .card = token }
#define CANCEL(who, of, passes_)                                                                     \
    { .verb = PGL_STORY_CANCELS, .customer = who, .after = of, .passes = passes_ }
#define RECEIVE(key_, sku_, quantity_, after_)                                                       \
    { .verb = PGL_STORY_RECEIVES, .customer = "dock", .key = key_, .sku = sku_,                        \
      .quantity = quantity_, .after = after_ }
#define POISON { .verb = PGL_STORY_POISONS, .customer = "nobody", .after = -1 }

const struct pgl_story pgl_stories[] = {
    { .name = "happy", .orders = 1, .confirmed = 1, .ask_count = 1,
      .asks = { ORDER("ann", "k1", "CUP", 3, -1, CONFIRMED, CONFIRMED) } },
    { .name = "declined", .reason = "payment declined:%",
      .orders = 1, .confirmed = 0, .ask_count = 1,
      .asks = { ORDER("ann", "k1", "GOLD", 1, -1, FAILED, FAILED) } },
    { .name = "out of stock", .reason = "out of stock",
      .orders = 1, .confirmed = 0, .ask_count = 1,
      .asks = { ORDER("ann", "k1", "GONE", 1, -1, FAILED, FAILED) } },
    { .name = "cancelled before anything", .reason = "cancelled by the customer",
      .orders = 1, .confirmed = -1, .ask_count = 2,
      .asks = { ORDER("ann", "k1", "CUP", 3, -1, CANCELLED, CANCELLED | CONFIRMED),
                CANCEL("ann", 0, 0) } },
    { .name = "cancelled in the middle", .reason = "cancelled by the customer",
      .orders = 1, .confirmed = -1, .ask_count = 2,
      .asks = { ORDER("ann", "k1", "CUP", 3, -1, CANCELLED, CANCELLED | CONFIRMED),
                CANCEL("ann", 0, 1) } },
    { .name = "cancelled too late", .orders = 1, .confirmed = -1, .ask_count = 2,
      .asks = { ORDER("ann", "k1", "CUP", 3, -1, CONFIRMED, CANCELLED | CONFIRMED),
                CANCEL("ann", 0, 30) } },
    { .name = "asked twice", .orders = 1, .confirmed = 1, .ask_count = 3,
      .asks = { ORDER("ann", "k1", "CUP", 1, -1, CONFIRMED, CONFIRMED),
                ORDER("ann", "k1", "CUP", 1, -1, CONFIRMED, CONFIRMED),
                ORDER("ann", "k1", "CUP", 1, 0, CONFIRMED, CONFIRMED) } },
    { .name = "two want the last", .reason = "out of stock",
      .orders = 2, .confirmed = 1, .ask_count = 2,
      .asks = { ORDER("ann", "k1", "LAST", 1, -1, CONFIRMED, CONFIRMED | FAILED),
                ORDER("bob", "k1", "LAST", 1, -1, FAILED, CONFIRMED | FAILED) } },
    { .name = "goods come in", .orders = 1, .confirmed = 1, .ask_count = 3,
      .asks = { RECEIVE("r1", "GONE", 5, -1),
                RECEIVE("r1", "GONE", 5, -1),
                ORDER("ann", "k1", "GONE", 2, 1, CONFIRMED, CONFIRMED) } },
    { .name = "on an empty disk", .begins_empty = true, .orders = 1, .confirmed = 1, .ask_count = 1,
      .asks = { ORDER("ann", "k1", "CUP", 3, -1, CONFIRMED, CONFIRMED) } },
    { .name = "happy by card", .orders = 1, .confirmed = 1, .ask_count = 1,
      .asks = { CARD("pm_card_visa", "CUP", 3, 0, 0, CONFIRMED, CONFIRMED) },
      .sleeps = 1 },
    { .name = "declined by card", .reason = "payment declined:%",
      .orders = 1, .confirmed = 0, .ask_count = 1,
      .asks = { CARD("pm_card_chargeDeclined", "CUP", 3, 0, 0, FAILED, FAILED) },
      .sleeps = 1 },
    { .name = "out of stock by card", .reason = "out of stock",
      .orders = 1, .confirmed = 0, .ask_count = 1,
      .asks = { CARD("pm_card_visa", "GONE", 1, 0, 0, FAILED, FAILED) },
      .sleeps = 1 },
    { .name = "capture refused", .reason = "payment failed: the card%",
      .orders = 1, .confirmed = 0, .ask_count = 1,
      .asks = { CARD("pm_card_captureFails", "CUP", 3, 0, 0, FAILED, FAILED) },
      .sleeps = 1 },
    { .name = "ambiguous capture", .orders = 1, .confirmed = 1, .ask_count = 1,
      .asks = { CARD("pm_card_visa", "CUP", 3, 0, 0, CONFIRMED, CONFIRMED) },
      .sleeps = 1, .lost_captures = 1 },
    { .name = "cancelled in the middle by card", .reason = "cancelled by the customer",
      .orders = 1, .confirmed = -1, .ask_count = 2,
      .asks = { CARD("pm_card_visa", "CUP", 3, 0, 0, CANCELLED, CANCELLED | CONFIRMED),
                CANCEL("ann", 0, 1) }, .sleeps = 1 },
    { .name = "deadline", .reason = "not settled in time",
      .orders = 1, .confirmed = 0, .ask_count = 1,
      .asks = { CARD("pm_card_authenticationRequired", "CUP", 3, 0, 30, FAILED, FAILED) },
      .sleeps = 9 },
    { .name = "partial", .orders = 1, .confirmed = 1, .ask_count = 1,
      .asks = { CARD("pm_card_visa", "CUP", 20, 12, 0, CONFIRMED, CONFIRMED) },
      .sleeps = 1 },
    { .name = "hold expiry", .reason = "payment failed:%",
      .orders = 1, .confirmed = 0, .ask_count = 1,
      .asks = { CARD("pm_card_holdExpires", "CUP", 3, 0, 0, FAILED, FAILED) },
      .sleeps = 1 },
    { .name = "poison event", .orders = 1, .confirmed = 1, .ask_count = 2,
      .asks = { POISON, ORDER("ann", "k1", "CUP", 3, 0, CONFIRMED, CONFIRMED) },
      .parked = POISONS },
    { .name = NULL },
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
    request->order->allow_partial = ask->confirms > 0;
    if (ask->deadline_s > 0)
        request->order->deadline_case = PANGLOT__ORDERS__V1__NEW_ORDER__DEADLINE_DEADLINE_SECONDS;
    request->order->deadline_seconds = ask->deadline_s;
    request->order->payment = new (asked, NEW_PAYMENT_DESCRIPTOR);
    request->order->payment->method = text(ask->card != NULL ? "card" : "account");
    if (ask->card != NULL)
        request->order->payment->card_token = text(ask->card);
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

/* Once, whoever asks: it is what a mistake of another version has left in the log. */
static pgl_status poison(struct pgl_tx *tx, const void *unused, void *reply)
{
    static const char said_sql[] = "SELECT 1 FROM event WHERE substr(bytes, 5, 16) = ?1";
    static const pgl_id nobodys = { .bytes = "an order of none" };
    struct pgl_inventory_core *inventory = tx->view.context;
    struct pgl_rows rows = pgl_rows_begin(tx->view.db, said_sql);
    (void)unused;
    (void)reply;
    pgl_bind_id(&rows, &nobodys);
    PGL_TRY(pgl_rows_next(&rows));
    bool is_said = rows.has_row;
    pgl_rows_end(&rows);
    for (int i = 0; i < POISONS && !is_said; i++) {
        Event event = EVENT_INIT;
        event.type = EVENT_TYPE_INVENTORY_SHIPPED;
        event.key = (ProtobufCBinaryData){ sizeof nobodys.bytes, (uint8_t *)(uintptr_t)&nobodys };
        PGL_TRY(pgl_log_append(&inventory->log, tx, &event, NULL));
    }
    return PGL_OK;
}

static struct pgl_mailbox *put_poison(struct pgl_asked *asked, const struct pgl_story_ask *ask)
{
    static const struct pgl_method method = { PGL_METHOD_COMMAND, .command = poison };
    (void)ask;
    asked->call.method = &method;
    return &asked->telling->shop->boot->writers[PGL_FILE_INVENTORY].commands;
}

static void send(struct pgl_asked *asked)
{
    static struct pgl_mailbox *(*const fill[])(struct pgl_asked *, const struct pgl_story_ask *) = {
        [PGL_STORY_ORDERS] = ask_for_order,
        [PGL_STORY_CANCELS] = ask_to_cancel,
        [PGL_STORY_RECEIVES] = bring_goods,
        [PGL_STORY_POISONS] = put_poison,
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
    case PGL_STORY_POISONS:
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
 * tried again what the disk refused; and then what the story wants to sleep. */
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
        if (looks++ == LOOKS + telling->story->sleeps)
            return;
        pgl_twin_advance(&telling->shop->twin, looks <= LOOKS ? LOOK_AGAIN_NS : PGL_STORY_SLEEP_NS);
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
    shop->bank.lost_captures = story->lost_captures;
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
