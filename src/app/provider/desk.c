/* desk.c - see desk.h. */
#include "app/provider/desk.h"

#include <stdlib.h>

#include "app/provider/kept_sql.h"
#include "base/time.h"

#define LEDGER_BYTES_MAX (48u << 20) /* 400,000 orders; more are asked for one by one */
#define OBJECTS_A_PAGE   1000
#define HOOK_CHUNK_BYTES 4096
#define HOOK_BYTES_MAX   (4 * PGL_WEBHOOK_BYTES_MAX) /* the event, and what is signed, with tries */

static const pgl_status ahead = { PGL_DATA_LOSS, "the bank is ahead of its file" };

/* ---- records ---- */

static void keep(void *self, enum pgl_bank_kind kind, uint64_t number, struct pgl_text record)
{
    struct pgl_desk *desk = self;
    if (pgl_is_ok(desk->kept))
        desk->kept = pgl_kept_write(&desk->writer.db, kind, number, record);
}

/* ---- commands ---- */

static pgl_status ask_bank(struct pgl_tx *tx, const void *question, void *reply)
{
    const struct pgl_desk_ask *ask = question;
    struct pgl_desk *desk = pgl_tx_context(tx);
    pgl_bank_ask(desk->bank, &ask->request, ask->fault, pgl_tx_now_ns(tx), pgl_tx_arena(tx), reply);
    return pgl_is_ok(desk->kept) ? PGL_OK : ahead;
}

static pgl_status give(struct pgl_desk *desk, struct pgl_arena *arena,
                       struct pgl_bank_answer *answer)
{
    char *body = desk->out.is_full ? NULL : pgl_arena_string(arena, pgl_buffer_text(&desk->out));
    *answer = (struct pgl_bank_answer){ .status = 200, .body = { body, desk->out.size } };
    if (body == NULL)
        *answer = (struct pgl_bank_answer){ .status = 503,
                                            .body = PGL_TEXT("{\"error\":\"too much\"}\n") };
    pgl_buffer_free(&desk->out);
    return PGL_OK;
}

static pgl_status show_ledger(struct pgl_tx *tx, const void *question, void *reply)
{
    const struct pgl_desk_ask *ask = question;
    struct pgl_desk *desk = pgl_tx_context(tx);
    pgl_buffer_init(&desk->out, LEDGER_BYTES_MAX);
    pgl_bank_tick(desk->bank, pgl_tx_now_ns(tx));
    if (ask->order_id.size > 0)
        pgl_bank_write_order(desk->bank, ask->order_id, &desk->out);
    else
        pgl_bank_write_ledger(desk->bank, &desk->out);
    return give(desk, pgl_tx_arena(tx), reply);
}

static pgl_status show_objects(struct pgl_tx *tx, const void *question, void *reply)
{
    const struct pgl_desk_ask *ask = question;
    struct pgl_desk *desk = pgl_tx_context(tx);
    pgl_buffer_init(&desk->out, LEDGER_BYTES_MAX);
    pgl_bank_tick(desk->bank, pgl_tx_now_ns(tx));
    pgl_bank_write_objects(desk->bank, ask->from, OBJECTS_A_PAGE, &desk->out);
    return give(desk, pgl_tx_arena(tx), reply);
}

const struct pgl_method pgl_desk_methods[PGL_DESK_METHOD_COUNT] = {
    [PGL_DESK_ASK] = { .kind = PGL_METHOD_COMMAND, .command = ask_bank },
    [PGL_DESK_LEDGER] = { .kind = PGL_METHOD_COMMAND, .command = show_ledger },
    [PGL_DESK_OBJECTS] = { .kind = PGL_METHOD_COMMAND, .command = show_objects },
};

/* ---- webhooks ---- */

static void tell(struct pgl_desk *desk)
{
    struct pgl_list *node;
    while (desk->hooks_to != NULL && !pgl_list_is_empty(&desk->hooks_free)) {
        struct pgl_bank_event event;
        struct pgl_bank_hook *hook =
            PGL_CONTAINER(desk->hooks_free.next, struct pgl_bank_hook, in_line);
        pgl_arena_reset(&hook->arena);
        if (!pgl_bank_take_event(desk->bank, &hook->arena, &event))
            return;
        hook->body = event.body;
        node = pgl_list_take_first(&desk->hooks_free);
        if (!pgl_is_ok(pgl_mailbox_send(desk->writer.loop, desk->hooks_to, &hook->message)))
            pgl_list_append(&desk->hooks_free, node); /* lost: there is room for all, though */
    }
}

static void take_hook_back(void *owner, struct pgl_message *message)
{
    struct pgl_desk *desk = owner;
    struct pgl_bank_hook *hook = PGL_CONTAINER(message, struct pgl_bank_hook, message);
    pgl_list_append(&desk->hooks_free, &hook->in_line);
    tell(desk);
}

/* ---- time ---- */

static int waiting(void *self)
{
    const struct pgl_desk *desk = self;
    return pgl_bank_next_ns(desk->bank) <= desk->writer.loop->wall_ns;
}

static pgl_status work(void *self, struct pgl_tx *tx, int limit)
{
    struct pgl_desk *desk = self;
    (void)limit; /* what is due at one moment is little */
    pgl_bank_tick(desk->bank, pgl_tx_now_ns(tx));
    return pgl_is_ok(desk->kept) ? PGL_OK : ahead;
}

static void await(struct pgl_desk *desk);

/* The writer looks for work in every turn, so being awake is enough; but the two clocks may differ
 * by a little. */
static void wake(void *owner)
{
    struct pgl_desk *desk = owner;
    if (waiting(desk) == 0)
        await(desk);
}

static void await(struct pgl_desk *desk)
{
    struct pgl_loop *loop = desk->writer.loop;
    int64_t next_ns = pgl_bank_next_ns(desk->bank);
    if (next_ns == PGL_NEVER_NS)
        pgl_timer_clear(&loop->timers, &desk->wake);
    else
        pgl_timer_set(&loop->timers, &desk->wake,
                      loop->now_ns + (next_ns > loop->wall_ns ? next_ns - loop->wall_ns : 0), wake,
                      desk);
}

static void committed(void *self)
{
    struct pgl_desk *desk = self;
    await(desk);
    tell(desk);
}

static void rolled_back(void *self)
{
    struct pgl_desk *desk = self;
    pgl_loop_fail(desk->writer.loop, ahead);
}

static void refused(void *self, pgl_status why)
{
    struct pgl_desk *desk = self;
    pgl_loop_fail(desk->writer.loop, why);
}

/* ---- opening ---- */

static pgl_status open_hooks(struct pgl_desk *desk)
{
    desk->hooks = calloc(PGL_DESK_WEBHOOKS, sizeof desk->hooks[0]);
    if (desk->hooks == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for webhooks");
    pgl_list_init(&desk->hooks_free);
    pgl_mailbox_open(&desk->hooks_back, desk->writer.loop, PGL_DESK_WEBHOOKS, take_hook_back, desk);
    for (int i = 0; i < PGL_DESK_WEBHOOKS; i++) {
        struct pgl_bank_hook *hook = &desk->hooks[i];
        hook->message.reply_to = &desk->hooks_back;
        pgl_list_init(&hook->in_line);
        pgl_arena_init(&hook->arena, HOOK_CHUNK_BYTES, HOOK_BYTES_MAX);
        pgl_list_append(&desk->hooks_free, &hook->in_line);
    }
    return PGL_OK;
}

pgl_status pgl_desk_open(struct pgl_desk *desk, struct pgl_loop *loop,
                         const struct pgl_writer_options *options,
                         const struct pgl_bank_options *bank_options, struct pgl_mailbox *hooks_to)
{
    struct pgl_bank_options kept = *bank_options;
    *desk = (struct pgl_desk){ .kept = PGL_OK, .hooks_to = hooks_to };
    kept.keep = keep;
    kept.keep_self = desk;
    desk->bank = pgl_bank_open(&kept);
    if (desk->bank == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a bank");
    PGL_TRY(pgl_writer_open(&desk->writer, loop, options, desk));
    PGL_TRY(pgl_kept_open(&desk->writer.db));
    PGL_TRY(pgl_kept_load(&desk->writer.db, desk->bank));
    PGL_TRY(open_hooks(desk));
    desk->participant = (struct pgl_participant){ .self = desk,
                                                  .waiting = waiting,
                                                  .work = work,
                                                  .refused = refused,
                                                  .committed = committed,
                                                  .rolled_back = rolled_back };
    pgl_writer_join(&desk->writer, &desk->participant);
    await(desk);
    return PGL_OK;
}

void pgl_desk_close(struct pgl_desk *desk)
{
    for (int i = 0; desk->hooks != NULL && i < PGL_DESK_WEBHOOKS; i++)
        pgl_arena_free(&desk->hooks[i].arena);
    free(desk->hooks);
    pgl_writer_close(&desk->writer);
    if (desk->bank != NULL)
        pgl_bank_close(desk->bank);
}
