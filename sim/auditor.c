/* auditor.c - see auditor.h: commits, positions, restarts. The rows are auditor_rows.c's. */
#include "auditor.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"
#include "wire/message.h"

#define ARENA_CHUNK_BYTES 65536
#define ARENA_LIMIT_BYTES (64u << 20)
#define CACHE_KIB         1024
#define REREAD            64 /* events of each log that are read again behind every restart */

/* Whose file has which log, and who reads whom (docs/saga.md). */
/* clang-format off */
static const struct {
    const char *name;
    Log log;
    Log reads[2];
} files[PGL_SIM_FILES] = {
    [PGL_FILE_CATALOG]   = { "Catalog",   LOG_UNSPECIFIED, { LOG_UNSPECIFIED, LOG_UNSPECIFIED } },
    [PGL_FILE_ORDERS]    = { "Orders",    LOG_ORDERS,      { LOG_PAYMENTS,    LOG_INVENTORY } },
    [PGL_FILE_PAYMENTS]  = { "Payments",  LOG_PAYMENTS,    { LOG_ORDERS,      LOG_INVENTORY } },
    [PGL_FILE_INVENTORY] = { "Inventory", LOG_INVENTORY,   { LOG_PAYMENTS,    LOG_UNSPECIFIED } },
};

/* What somebody who has heard an event must have said by then. */
static const struct {
    enum pgl_boot_file file;
    EventType heard;
    uint64_t if_said, then_one_of;
} duties[] = {
    { PGL_FILE_ORDERS,    EVENT_TYPE_PAYMENT_CAPTURED,             0, PGL_SIM_SAID(ORDER_CONFIRMED) },
    { PGL_FILE_ORDERS,    EVENT_TYPE_PAYMENT_DECLINED,             0, PGL_SIM_SAID(ORDER_CANCELLED) },
    { PGL_FILE_ORDERS,    EVENT_TYPE_PAYMENT_VOIDED,               0, PGL_SIM_SAID(ORDER_CANCELLED) },
    { PGL_FILE_ORDERS,    EVENT_TYPE_PAYMENT_CAPTURE_FAILED,       0, PGL_SIM_SAID(ORDER_CANCELLED) },
    { PGL_FILE_PAYMENTS,  EVENT_TYPE_ORDER_CREATED,                0, PGL_SIM_SAID(PAYMENT_AUTHORIZED) | PGL_SIM_VERDICTS },
    { PGL_FILE_PAYMENTS,  EVENT_TYPE_ORDER_CANCEL_REQUESTED,       0, PGL_SIM_VERDICTS },
    { PGL_FILE_PAYMENTS,  EVENT_TYPE_INVENTORY_RESERVED,           0, PGL_SIM_VERDICTS },
    { PGL_FILE_PAYMENTS,  EVENT_TYPE_INVENTORY_RESERVATION_FAILED, 0, PGL_SIM_VERDICTS },
    { PGL_FILE_INVENTORY, EVENT_TYPE_PAYMENT_AUTHORIZED,           0, PGL_SIM_SAID(INVENTORY_RESERVED) | PGL_SIM_SAID(INVENTORY_RESERVATION_FAILED) },
    { PGL_FILE_INVENTORY, EVENT_TYPE_PAYMENT_CAPTURED,             0, PGL_SIM_SAID(INVENTORY_COMMITTED) },
    { PGL_FILE_INVENTORY, EVENT_TYPE_PAYMENT_VOIDED,               PGL_SIM_SAID(INVENTORY_RESERVED), PGL_SIM_SAID(INVENTORY_RELEASED) },
    { PGL_FILE_INVENTORY, EVENT_TYPE_PAYMENT_CAPTURE_FAILED,       PGL_SIM_SAID(INVENTORY_RESERVED), PGL_SIM_SAID(INVENTORY_RELEASED) },
    { PGL_FILE_INVENTORY, EVENT_TYPE_PAYMENT_REFUNDED,             0, PGL_SIM_SAID(INVENTORY_RETURNED) },
};
/* clang-format on */

void pgl_sim_auditor_open(struct pgl_sim_auditor *auditor, const struct pgl_sim_plan *plan,
                          struct pgl_sim_machine *machine, struct pgl_sim_sched *sched,
                          struct pgl_sim_bank *bank, struct pgl_sim_journal *journal,
                          struct pgl_sim_blame *blame)
{
    *auditor = (struct pgl_sim_auditor){ .plan = plan,
                                         .blame = blame,
                                         .machine = machine,
                                         .sched = sched,
                                         .bank = bank,
                                         .journal = journal };
    for (int file = 0; file < PGL_SIM_FILES; file++)
        auditor->desks[file] = (struct pgl_sim_desk){ auditor, (enum pgl_boot_file)file };
    pgl_sim_book_open(&auditor->book, plan, blame);
    pgl_arena_init(&auditor->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
}

void pgl_sim_auditor_close(struct pgl_sim_auditor *auditor)
{
    pgl_sim_book_close(&auditor->book);
    pgl_arena_free(&auditor->arena);
    free(auditor->touched);
}

/* ---- what a commit has touched ---- */

static void touch(struct pgl_sim_auditor *auditor, uint32_t number)
{
    struct pgl_sim_order *order = &auditor->book.orders[number];
    if (order->is_touched)
        return;
    order->is_touched = true;
    if (auditor->touched_count == auditor->touched_capacity) {
        auditor->touched_capacity = 2 * auditor->touched_capacity + 64;
        auditor->touched =
            realloc(auditor->touched, auditor->touched_capacity * sizeof auditor->touched[0]);
        PGL_ASSERT(auditor->touched != NULL);
    }
    auditor->touched[auditor->touched_count++] = number;
    auditor->customer_is_touched[order->customer] = true;
    for (int i = 0; i < order->line_count; i++)
        auditor->sku_is_touched[order->lines[i].sku] = true;
}

static void forget_touched(struct pgl_sim_auditor *auditor)
{
    for (uint32_t i = 0; i < auditor->touched_count; i++)
        auditor->book.orders[auditor->touched[i]].is_touched = false;
    auditor->touched_count = 0;
    memset(auditor->sku_is_touched, 0, sizeof auditor->sku_is_touched);
    memset(auditor->customer_is_touched, 0, sizeof auditor->customer_is_touched);
}

/* ---- events ---- */

static const char events_sql[] = "SELECT seq, bytes FROM event WHERE seq > ?1 ORDER BY seq";
static const char head_sql[] = "SELECT next_seq, epoch FROM log_head";

static pgl_status hear(struct pgl_sim_auditor *auditor, Log log, int64_t seq, int64_t hash,
                       const Event *event)
{
    pgl_sim_sched_note(auditor->sched, (uint64_t)hash);
    uint32_t number = pgl_sim_book_hear(&auditor->book, log, seq, hash, event);
    if (auditor->blame->is_set)
        return PGL_FAIL(PGL_INTERNAL, "the book is wrong");
    if (number != PGL_SIM_NOBODY)
        touch(auditor, number);
    if (event->type == EVENT_TYPE_ORDER_CREATED && number != PGL_SIM_NOBODY)
        auditor->book.orders[number].made_ns = auditor->machine->twin.now_ns;
    return PGL_OK;
}

/* What is new in a file's log; with `is_patient` only as far as the causes are known. */
static pgl_status read_events(struct pgl_sim_auditor *auditor, enum pgl_boot_file file,
                              bool is_patient, bool *has_found)
{
    Log log = files[file].log;
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, file), events_sql);
    pgl_bind_i64(&rows, auditor->book.high[log]);
    for (;;) {
        void *event;
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        struct pgl_text bytes = pgl_column_blob(&rows, 1);
        int64_t hash = pgl_event_hash(bytes);
        pgl_status status = pgl_message_unpack(EVENT_DESCRIPTOR, &auditor->arena, bytes, &event);
        if (pgl_is_ok(status) && is_patient && !pgl_sim_book_knows_cause(&auditor->book, event))
            break;
        if (pgl_is_ok(status))
            status = hear(auditor, log, pgl_column_i64(&rows, 0), hash, event);
        if (!pgl_is_ok(status)) {
            pgl_rows_end(&rows);
            return status;
        }
        *has_found = true;
    }
    pgl_rows_end(&rows);
    return PGL_OK;
}

/* Nothing is at the end of the log that was not heard, and nothing that was is gone. */
static pgl_status check_head(struct pgl_sim_auditor *auditor, enum pgl_boot_file file)
{
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, file), head_sql);
    PGL_TRY(pgl_rows_next(&rows));
    int64_t high = rows.has_row ? pgl_column_i64(&rows, 0) - 1 : -1;
    pgl_rows_end(&rows);
    if (high != auditor->book.high[files[file].log])
        pgl_sim_blame(auditor->blame, "B2: log %d ends at event %lld, and %lld were seen",
                      (int)files[file].log, (long long)high,
                      (long long)auditor->book.high[files[file].log]);
    return PGL_OK;
}

/* ---- positions ---- */

static const char positions_sql[] = "SELECT log, position, hash FROM consumer";

/* What Payments cannot answer before the bank has: it cannot say no to a cancel that came too late
 * either. */
static bool is_up_to_the_bank(const struct pgl_sim_order *order, enum pgl_boot_file file,
                              EventType heard)
{
    if (file != PGL_FILE_PAYMENTS || !pgl_sim_is_by_card(order))
        return false;
    return heard == EVENT_TYPE_ORDER_CREATED || heard == EVENT_TYPE_INVENTORY_RESERVED ||
           (heard == EVENT_TYPE_ORDER_CANCEL_REQUESTED &&
            pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVED)));
}

void pgl_sim_check_heard(struct pgl_sim_auditor *auditor, enum pgl_boot_file file,
                         const struct pgl_sim_said *heard)
{
    char said[PGL_SIM_SAID_BYTES];
    struct pgl_sim_order *order = &auditor->book.orders[heard->order];
    for (size_t i = 0; i < sizeof duties / sizeof duties[0]; i++)
        if (duties[i].file == file && duties[i].heard == heard->type &&
            !is_up_to_the_bank(order, file, heard->type) &&
            (duties[i].if_said == 0 || pgl_sim_has_said(order, duties[i].if_said)) &&
            !pgl_sim_has_said(order, duties[i].then_one_of))
            pgl_sim_blame(auditor->blame, "A8: %s has heard %s, and nothing came of it:%s",
                          files[file].name, pgl_sim_event_name(heard->type),
                          pgl_sim_said_text(order, said));
    if (file == PGL_FILE_PAYMENTS && heard->type == EVENT_TYPE_ORDER_CANCEL_REQUESTED)
        order->cancel_heard_look = auditor->looks;
    if (file == PGL_FILE_INVENTORY && (PGL_SIM_REFUSALS & UINT64_C(1) << heard->type) != 0)
        order->has_heard_refusal = true;
}

static void move_position(struct pgl_sim_auditor *auditor, enum pgl_boot_file file, int log,
                          int64_t position, int64_t hash)
{
    const struct pgl_sim_book *book = &auditor->book;
    int64_t *at = &auditor->position[file][log];
    if (position < *at || position > book->high[log])
        pgl_sim_blame(auditor->blame,
                      "B2: %s stands at event %lld of log %d, which has %lld; it stood at %lld",
                      files[file].name, (long long)position, log, (long long)book->high[log],
                      (long long)*at);
    else if (position > 0 && book->said[log][position - 1].hash != hash)
        pgl_sim_blame(auditor->blame, "B3: %s remembers another event %lld of log %d",
                      files[file].name, (long long)position, log);
    for (; *at < position && !auditor->blame->is_set; ++*at) {
        const struct pgl_sim_said *heard = &book->said[log][*at];
        if (heard->order == PGL_SIM_NOBODY)
            continue;
        touch(auditor, heard->order);
        if (!pgl_sim_is_parked(auditor, file, (Log)log, *at + 1))
            pgl_sim_check_heard(auditor, file, heard);
    }
}

static pgl_status read_positions(struct pgl_sim_auditor *auditor, enum pgl_boot_file file)
{
    PGL_TRY(pgl_sim_read_parked(auditor, file));
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, file), positions_sql);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        int log = (int)pgl_column_i64(&rows, 0);
        bool is_read =
            log > 0 && (log == (int)files[file].reads[0] || log == (int)files[file].reads[1]);
        if (is_read)
            move_position(auditor, file, log, pgl_column_i64(&rows, 1), pgl_column_i64(&rows, 2));
        else
            pgl_sim_blame(auditor->blame, "A8: %s reads log %d", files[file].name, log);
    }
    return PGL_OK;
}

const char *pgl_sim_file_name(enum pgl_boot_file file)
{
    return files[file].name;
}

/* ---- a look ---- */

static const char begin_sql[] = "BEGIN", end_sql[] = "COMMIT";

static pgl_status check_touched(struct pgl_sim_auditor *auditor, enum pgl_boot_file file)
{
    for (uint32_t i = 0; i < auditor->touched_count; i++)
        PGL_TRY(pgl_sim_check_order(auditor, file, &auditor->book.orders[auditor->touched[i]]));
    for (uint32_t i = 0; file == PGL_FILE_PAYMENTS && i < auditor->touched_count; i++)
        pgl_sim_check_bank(auditor, &auditor->book.orders[auditor->touched[i]]);
    if (file == PGL_FILE_INVENTORY)
        for (int sku = 0; sku < auditor->plan->skus; sku++)
            if (auditor->sku_is_touched[sku])
                PGL_TRY(pgl_sim_check_stock(auditor, sku));
    if (file == PGL_FILE_PAYMENTS)
        for (int customer = 0; customer < auditor->plan->customers; customer++)
            if (auditor->customer_is_touched[customer])
                PGL_TRY(pgl_sim_check_account(auditor, customer));
    return PGL_OK;
}

static pgl_status open_eyes(struct pgl_sim_auditor *auditor)
{
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++) {
        struct pgl_database_options options =
            auditor->machine->boot->writers[file].options.database;
        options.cache_kib = CACHE_KIB;
        PGL_TRY(pgl_database_open_reader(&auditor->eyes[file], &options));
    }
    return PGL_OK;
}

pgl_status pgl_sim_look_begin(struct pgl_sim_auditor *auditor)
{
    auditor->looks++;
    pgl_sim_disk_look_on(auditor->machine->disk, true);
    pgl_arena_reset(&auditor->arena);
    if (auditor->eyes[PGL_FILE_ORDERS].handle == NULL)
        PGL_TRY(open_eyes(auditor));
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++) {
        struct pgl_rows begin = pgl_rows_begin(&auditor->eyes[file], begin_sql);
        PGL_TRY(pgl_rows_run(&begin, NULL));
    }
    return PGL_OK;
}

void pgl_sim_look_end(struct pgl_sim_auditor *auditor, pgl_status status)
{
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++) {
        struct pgl_rows end = pgl_rows_begin(&auditor->eyes[file], end_sql);
        pgl_status ended = pgl_rows_run(&end, NULL);
        status = pgl_is_ok(status) ? ended : status;
    }
    if (!pgl_is_ok(status))
        pgl_sim_blame(auditor->blame, "X1: the auditor cannot read: %s", status.text);
    forget_touched(auditor);
    pgl_sim_disk_look_on(auditor->machine->disk, false);
}

void pgl_sim_auditor_part(struct pgl_sim_auditor *auditor)
{
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        pgl_database_close(&auditor->eyes[file]);
}

static pgl_status look(struct pgl_sim_auditor *auditor, enum pgl_boot_file file)
{
    bool has_found = false;
    PGL_TRY(read_events(auditor, file, false, &has_found));
    PGL_TRY(check_head(auditor, file));
    PGL_TRY(read_positions(auditor, file));
    return check_touched(auditor, file);
}

static void on_commit(void *self)
{
    const struct pgl_sim_desk *desk = self;
    struct pgl_sim_auditor *auditor = desk->auditor;
    if (auditor->blame->is_set || pgl_sim_disk_is_dead(auditor->machine->disk))
        return; /* nobody will hear of this commit; the next process shows whether it is there */
    auditor->commits++;
    pgl_status begun = pgl_sim_look_begin(auditor);
    pgl_sim_look_end(auditor, pgl_is_ok(begun) ? look(auditor, desk->file) : begun);
}

/* ---- a new process ---- */

static const char hashes_sql[] =
    "SELECT seq, bytes FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";

/* The newest events that were seen before are still those. */
static pgl_status reread_events(struct pgl_sim_auditor *auditor, enum pgl_boot_file file)
{
    Log log = files[file].log;
    int64_t high = auditor->book.high[log], seq = high > REREAD ? high - REREAD : 0;
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, file), hashes_sql);
    pgl_bind_i64(&rows, seq);
    pgl_bind_i64(&rows, high);
    for (; seq <= high; seq++) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        if (pgl_column_i64(&rows, 0) != seq + 1 ||
            pgl_event_hash(pgl_column_blob(&rows, 1)) != auditor->book.said[log][seq].hash)
            pgl_sim_blame(auditor->blame, "B2: event %lld of log %d is not what it was",
                          (long long)seq + 1, (int)log);
    }
    pgl_rows_end(&rows);
    if (seq < high)
        pgl_sim_blame(auditor->blame, "B2: event %lld of log %d was seen and is gone",
                      (long long)seq + 1, (int)log);
    return PGL_OK;
}

/* A process may have died behind a commit that nobody saw. Causes come before what they have
 * caused. */
static pgl_status catch_up(struct pgl_sim_auditor *auditor)
{
    bool has_found = true;
    while (has_found) {
        has_found = false;
        for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
            PGL_TRY(read_events(auditor, (enum pgl_boot_file)file, true, &has_found));
    }
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        PGL_TRY(check_head(auditor, (enum pgl_boot_file)file));
    return PGL_OK;
}

static bool is_at_rest(const struct pgl_sim_order *order)
{
    uint64_t open = PGL_SIM_SAID(INVENTORY_RESERVED),
             closed = PGL_SIM_SAID(INVENTORY_COMMITTED) | PGL_SIM_SAID(INVENTORY_RELEASED);
    for (int i = 0; i < order->refund_count; i++)
        if (order->refunds[i].state == PGL_SIM_REFUND_REQUESTED ||
            (order->refunds[i].state == PGL_SIM_REFUND_DONE && !order->refunds[i].is_returned))
            return false;
    return pgl_sim_has_said(order, PGL_SIM_FINALS) &&
           (!pgl_sim_has_said(order, open) || pgl_sim_has_said(order, closed));
}

static pgl_status meet(struct pgl_sim_auditor *auditor)
{
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        PGL_TRY(reread_events(auditor, (enum pgl_boot_file)file));
    PGL_TRY(catch_up(auditor));
    for (uint32_t i = 0; i < auditor->book.order_count; i++)
        if (!is_at_rest(&auditor->book.orders[i]))
            touch(auditor, i);
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        PGL_TRY(read_positions(auditor, (enum pgl_boot_file)file));
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        PGL_TRY(check_touched(auditor, (enum pgl_boot_file)file));
    return PGL_OK;
}

void pgl_sim_auditor_meet(struct pgl_sim_auditor *auditor)
{
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++) {
        auditor->machine->boot->writers[file].on_commit = on_commit;
        auditor->machine->boot->writers[file].on_commit_self = &auditor->desks[file];
    }
    if (auditor->blame->is_set)
        return;
    pgl_status begun = pgl_sim_look_begin(auditor);
    pgl_sim_look_end(auditor, pgl_is_ok(begun) ? meet(auditor) : begun);
}

/* ---- between two turns ---- */

void pgl_sim_auditor_glance(struct pgl_sim_auditor *auditor)
{
    const struct pgl_boot *boot = auditor->machine->boot;
    if (!auditor->machine->is_up)
        return;
    const struct pgl_consumer *const consumers[] = {
        &boot->orders.payments, &boot->orders.inventory, &boot->payments.orders,
        &boot->payments.inventory, &boot->inventory.payments
    };
    for (size_t i = 0; i < sizeof consumers / sizeof consumers[0]; i++)
        if (consumers[i]->is_halted)
            pgl_sim_blame(auditor->blame,
                          "B3: %s has stopped reading log %d, and the log is as it was",
                          consumers[i]->writer->loop->name, (int)consumers[i]->log);
    for (int file = 0; file < PGL_SIM_FILES; file++)
        if (boot->writers[file].queued > PGL_WRITER_QUEUE_MAX)
            pgl_sim_blame(auditor->blame, "M1: %d commands wait for %s", boot->writers[file].queued,
                          boot->writers[file].loop->name);
    if (boot->edge.limits.inside > boot->edge.limits.adaptive.options.most)
        pgl_sim_blame(auditor->blame, "M1: %u requests wait at the edge", boot->edge.limits.inside);
}

/* ---- rest ---- */

static const char *describe(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order)
{
    char said[PGL_SIM_SAID_BYTES];
    const struct pgl_bank_order there = pgl_sim_bank_order(auditor->bank, order->id);
    snprintf(
        auditor->unrest, sizeof auditor->unrest,
        "Q1: k-%u has not come to its end; at the bank %u of %u open, %lld held, %lld taken;%s",
        order->wish, there.open, there.intents, (long long)there.held_minor,
        (long long)there.captured_minor, pgl_sim_said_text(order, said));
    return auditor->unrest;
}

const char *pgl_sim_auditor_unrest(struct pgl_sim_auditor *auditor)
{
    const struct pgl_sim_book *book = &auditor->book;
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        for (int i = 0; i < 2; i++) {
            Log log = files[file].reads[i];
            if (auditor->position[file][log] != book->high[log])
                return "Q4: somebody is behind in reading a log";
        }
    if (pgl_sim_auditor_has_parked(auditor))
        return "Q4: events are set aside";
    /* Most often it is still the same one. */
    for (uint32_t i = 0; i < book->order_count; i++) {
        uint32_t number = (auditor->restless + i) % book->order_count;
        struct pgl_sim_order *order = &book->orders[number];
        if (is_at_rest(order) && pgl_sim_is_bank_at_rest(auditor, order))
            continue;
        auditor->restless = number;
        return describe(auditor, order);
    }
    return pgl_sim_has_open_intents(auditor) ? "Q4: something is to be done at the bank" : NULL;
}

/* ---- pace ---- */

#define GRACE_NS         PGL_SECONDS(5)
#define CAPTURE_GRACE_NS PGL_SECONDS(60)

static void blame_late(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order, int rule,
                       int64_t late_ns)
{
    char said[PGL_SIM_SAID_BYTES], intent[200];
    if (auditor->blame->is_set)
        return;
    pgl_sim_describe_intent(auditor, order, intent, sizeof intent);
    pgl_sim_blame(auditor->blame, "L%d: k-%u is open %lld ms after it should have ended (%s);%s",
                  rule, order->wish, (long long)(late_ns / PGL_MILLISECONDS(1)), intent,
                  pgl_sim_said_text(order, said));
}

void pgl_sim_auditor_check_pace(struct pgl_sim_auditor *auditor, int64_t healed_ns, int64_t lost_ns)
{
    int64_t now_ns = auditor->machine->twin.now_ns;
    for (uint32_t i = 0; i < auditor->book.order_count; i++) {
        const struct pgl_sim_order *order = &auditor->book.orders[i];
        if (pgl_sim_has_said(order, PGL_SIM_FINALS) || order->wish == PGL_SIM_NOBODY ||
            order->parked > 0)
            continue;
        const struct pgl_sim_wish *wish = &auditor->journal->wishes[order->wish];
        int64_t deadline_ns =
            wish->deadline_s > 0 ? PGL_SECONDS(wish->deadline_s) : auditor->plan->deadline_ns;
        int64_t from_ns = order->made_ns + deadline_ns + lost_ns;
        bool is_capturing =
            pgl_sim_has_said(order, PGL_SIM_SAID(INVENTORY_RESERVED)) && pgl_sim_is_by_card(order);
        from_ns = from_ns > healed_ns ? from_ns : healed_ns;
        from_ns = from_ns > order->unparked_ns ? from_ns : order->unparked_ns;
        if (now_ns > from_ns + (is_capturing ? CAPTURE_GRACE_NS : GRACE_NS))
            blame_late(auditor, order, is_capturing ? 2 : 1, now_ns - from_ns);
    }
}
