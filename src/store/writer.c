/* writer.c - see writer.h. */
#include "store/writer.h"

#include "base/assert.h"
#include "base/time.h"

#define WRITER_ARENA_CHUNK_BYTES 65536
#define WRITER_ARENA_LIMIT_BYTES (64u << 20) /* a whole batch of the largest events */
#define RETRY_AFTER_NS           PGL_MILLISECONDS(100)

static bool writer_turn(void *owner);
static void take_command(void *owner, struct pgl_message *message);
static void take_hold(void *owner, struct pgl_message *message);

/* ---- opening ---- */

pgl_status pgl_writer_open(struct pgl_writer *writer, struct pgl_loop *loop,
                           const struct pgl_writer_options *options, void *context)
{
    *writer = (struct pgl_writer){ .loop = loop, .options = *options, .context = context };
    writer->last = &writer->first;
    PGL_TRY(pgl_database_open_writer(&writer->db, &options->database));
    pgl_arena_init(&writer->arena, WRITER_ARENA_CHUNK_BYTES, WRITER_ARENA_LIMIT_BYTES);
    pgl_id_maker_init(&writer->ids, pgl_entropy_u64(&loop->platform->entropy));
    pgl_mailbox_open(&writer->commands, loop, PGL_WRITER_QUEUE_MAX, take_command, writer);
    pgl_mailbox_open(&writer->holds, loop, 1, take_hold, writer);
    loop->work = writer_turn;
    loop->owner = writer;
    return PGL_OK;
}

void pgl_writer_join(struct pgl_writer *writer, struct pgl_participant *participant)
{
    struct pgl_participant **at = &writer->participants;
    while (*at != NULL)
        at = &(*at)->next;
    *at = participant;
    participant->next = NULL;
}

void pgl_writer_close(struct pgl_writer *writer)
{
    pgl_database_close(&writer->db);
    pgl_arena_free(&writer->arena);
}

static bool is_struck(const struct pgl_writer *writer, enum pgl_buggify_point point)
{
    return pgl_buggify(writer->loop->platform->buggify, point);
}

/* ---- the parts of one transaction ---- */

/* What one try of a transaction came to. */
enum outcome {
    COMMITTED,
    SPOILED, /* rolled back; somebody in the batch is to blame */
    REFUSED, /* rolled back; nobody is (the disk is full) */
    BROKEN   /* the file cannot be trusted to be what we think: the process ends */
};

/* One try: how much may be in it, and what was. Commands stay at the head of the queue. */
struct attempt {
    int limit;
    bool leaves_events;
    int commands, units;
    pgl_status why; /* it did not commit */
};

static struct pgl_tx tx_of(struct pgl_writer *writer)
{
    return (struct pgl_tx){
        .view = { &writer->db, &writer->arena, writer->context },
        .now_ns = writer->loop->wall_ns,
        .ids = &writer->ids,
    };
}

static enum outcome roll_back(struct pgl_writer *writer, pgl_status why)
{
    pgl_log(&writer->loop->log, PGL_LOG_WARN, "store", "rolled-back", "loop=%s code=%s text=\"%s\"",
            writer->loop->name, pgl_code_name(why.code), why.text);
    if (why.code == PGL_DATA_LOSS) {
        pgl_loop_fail(writer->loop, why);
        return BROKEN;
    }
    if (pgl_database_is_in_transaction(&writer->db)) {
        pgl_status undone = pgl_database_run(&writer->db, "ROLLBACK");
        if (!pgl_is_ok(undone)) {
            pgl_loop_fail(writer->loop, undone);
            return BROKEN;
        }
    }
    for (struct pgl_participant *p = writer->participants; p != NULL; p = p->next)
        if (p->rolled_back != NULL)
            p->rolled_back(p->self);
    pgl_counter_add(&writer->metrics.rollbacks, 1);
    return why.code == PGL_UNAVAILABLE ? REFUSED : SPOILED;
}

static pgl_status run_begin(struct pgl_writer *writer)
{
    struct pgl_rows begin = pgl_rows_begin(&writer->db, "BEGIN IMMEDIATE");
    return pgl_rows_run(&begin, NULL);
}

static pgl_status run_commit(struct pgl_writer *writer)
{
    struct pgl_rows commit = pgl_rows_begin(&writer->db, "COMMIT");
    return pgl_rows_run(&commit, NULL);
}

static pgl_status run_participants(struct pgl_writer *writer, struct pgl_tx *tx,
                                   struct attempt *attempt)
{
    for (struct pgl_participant *p = writer->participants; p != NULL; p = p->next) {
        int waiting = p->waiting != NULL ? p->waiting(p->self) : 0;
        int room = attempt->limit - attempt->units;
        int some = waiting < room ? waiting : room;
        attempt->units += some;
        if (some > 0)
            PGL_TRY(p->work(p->self, tx, some));
    }
    return PGL_OK;
}

/* Not OK only when the transaction is spoiled: a refusal before the first write is just an
 * answer. */
static pgl_status run_command(struct pgl_writer *writer, struct pgl_tx *tx, struct pgl_call *call)
{
    bool is_late =
        call->deadline_ns < writer->loop->now_ns ||
        (call->deadline_ns != PGL_NEVER_NS && is_struck(writer, PGL_BUGGIFY_WRITER_TOO_LATE));
    if (is_late) {
        call->status = PGL_FAIL(PGL_DEADLINE, "it waited too long for its turn");
        return PGL_OK;
    }
    if (pgl_call_is_given_up(call)) {
        call->status = PGL_GIVEN_UP;
        return PGL_OK;
    }
    if (is_struck(writer, PGL_BUGGIFY_WRITER_NO_MEMORY)) {
        call->status = PGL_NO_MEMORY;
        return PGL_OK;
    }
    tx->view.arena = call->arena;
    tx->trace = call->trace;
    writer->db.has_written = false;
    call->status = call->method->command(tx, call->ask, call->reply);
    if (pgl_is_ok(call->status))
        return PGL_OK;
    bool is_harmless = !writer->db.has_written && pgl_database_is_in_transaction(&writer->db) &&
                       call->status.code != PGL_DATA_LOSS;
    return is_harmless ? PGL_OK : call->status;
}

static pgl_status prepare_all(struct pgl_writer *writer, struct pgl_tx *tx)
{
    for (struct pgl_participant *p = writer->participants; p != NULL; p = p->next)
        if (p->prepare != NULL)
            PGL_TRY(p->prepare(p->self, tx));
    return PGL_OK;
}

static pgl_status run_commands(struct pgl_writer *writer, struct pgl_tx *tx,
                               struct attempt *attempt)
{
    tx->cause_log = 0;
    tx->cause_seq = 0;
    struct pgl_message *message = writer->first;
    for (; message != NULL && attempt->units < attempt->limit; message = message->next) {
        attempt->units++;
        attempt->commands++;
        PGL_TRY(run_command(writer, tx, pgl_call_of(message)));
    }
    tx->view.arena = &writer->arena;
    return PGL_OK;
}

static void tell_committed(struct pgl_writer *writer)
{
    for (struct pgl_participant *p = writer->participants; p != NULL; p = p->next)
        if (p->committed != NULL)
            p->committed(p->self);
    if (writer->on_commit != NULL)
        writer->on_commit(writer->on_commit_self);
}

static pgl_status commit(struct pgl_writer *writer, struct pgl_tx *tx)
{
    PGL_TRY(prepare_all(writer, tx));
    const struct pgl_clock *clock = &writer->loop->platform->clock;
    int64_t started_ns = pgl_clock_monotonic_ns(clock);
    PGL_TRY(run_commit(writer));
    pgl_latency_add(&writer->metrics.commit_latency, pgl_clock_monotonic_ns(clock) - started_ns);
    tell_committed(writer);
    return PGL_OK;
}

/* In a simulation it may fail here for no reason. */
static pgl_status trip(const struct pgl_writer *writer, const struct attempt *attempt)
{
    if (is_struck(writer, PGL_BUGGIFY_WRITER_DISK_FULL))
        return PGL_FAIL(PGL_UNAVAILABLE, "the disk is full, it is said");
    if (attempt->units > 1 && is_struck(writer, PGL_BUGGIFY_WRITER_SPOILED))
        return PGL_FAIL(PGL_INTERNAL, "somebody has spoiled it, it is said");
    return PGL_OK;
}

static enum outcome try_batch(struct pgl_writer *writer, struct attempt *attempt)
{
    struct pgl_tx tx = tx_of(writer);
    pgl_arena_reset(&writer->arena);
    attempt->why = run_begin(writer);
    if (pgl_is_ok(attempt->why) && !attempt->leaves_events)
        attempt->why = run_participants(writer, &tx, attempt);
    if (pgl_is_ok(attempt->why))
        attempt->why = run_commands(writer, &tx, attempt);
    if (pgl_is_ok(attempt->why))
        attempt->why = trip(writer, attempt);
    if (pgl_is_ok(attempt->why))
        attempt->why = commit(writer, &tx);
    return pgl_is_ok(attempt->why) ? COMMITTED : roll_back(writer, attempt->why);
}

/* ---- the turn ---- */

static void take_command(void *owner, struct pgl_message *message)
{
    struct pgl_writer *writer = owner;
    if (writer->queued == PGL_WRITER_QUEUE_MAX ||
        is_struck(writer, PGL_BUGGIFY_WRITER_QUEUE_FULL)) {
        pgl_call_answer(pgl_call_of(message), PGL_FAIL(PGL_EXHAUSTED, "too many commands wait"));
        return;
    }
    message->next = NULL;
    *writer->last = message;
    writer->last = &message->next;
    writer->queued++;
}

static void take_hold(void *owner, struct pgl_message *message)
{
    struct pgl_writer *writer = owner;
    writer->is_held = PGL_CONTAINER(message, struct pgl_writer_hold, message)->is_wanted;
    pgl_message_reply(message);
}

/* Answers the first `count` commands, with `status` where it is not OK. */
static void answer(struct pgl_writer *writer, int count, pgl_status status)
{
    for (; count > 0; count--) {
        struct pgl_message *message = writer->first;
        PGL_ASSERT(message != NULL);
        struct pgl_call *call = pgl_call_of(message);
        writer->first = message->next;
        if (writer->first == NULL)
            writer->last = &writer->first;
        writer->queued--;
        pgl_call_answer(call, pgl_is_ok(status) ? call->status : status);
    }
}

static int count_waiting(const struct pgl_writer *writer)
{
    int waiting = writer->queued;
    for (struct pgl_participant *p = writer->participants; p != NULL; p = p->next)
        waiting += p->waiting != NULL ? p->waiting(p->self) : 0;
    return waiting;
}

static void checkpoint(struct pgl_writer *writer, int from_pages)
{
    bool is_due =
        writer->db.wal_pages >= from_pages
            ? !is_struck(writer, PGL_BUGGIFY_WRITER_NO_CHECKPOINT)
            : writer->db.wal_pages > 0 && is_struck(writer, PGL_BUGGIFY_WRITER_CHECKPOINT);
    if (!is_due)
        return;
    pgl_status status = pgl_database_checkpoint(&writer->db);
    pgl_counter_add(&writer->metrics.checkpoints, 1);
    if (status.code == PGL_DATA_LOSS)
        pgl_loop_fail(writer->loop, status);
}

static void end_pause(void *owner)
{
    struct pgl_writer *writer = owner;
    writer->is_waiting_to_retry = false;
}

static void pause_writing(struct pgl_writer *writer)
{
    int64_t for_ns = RETRY_AFTER_NS;
    if (is_struck(writer, PGL_BUGGIFY_WRITER_LONG_PAUSE))
        for_ns *= 10;
    writer->is_waiting_to_retry = true;
    pgl_timer_set(&writer->loop->timers, &writer->retry, writer->loop->now_ns + for_ns, end_pause,
                  writer);
}

/* The blame for a transaction with a single unit in it. */
static void refuse_the_one(struct pgl_writer *writer, const struct attempt *attempt)
{
    bool lacks_memory = attempt->why.code == PGL_EXHAUSTED;
    if (attempt->commands > 0) {
        answer(writer, 1,
               lacks_memory ? attempt->why : PGL_FAIL(PGL_INTERNAL, "it could not be written"));
        return;
    }
    if (lacks_memory) { /* says nothing about the event */
        pause_writing(writer);
        return;
    }
    for (struct pgl_participant *p = writer->participants; p != NULL; p = p->next)
        if (p->waiting != NULL && p->waiting(p->self) > 0) { /* the first that has work did it */
            p->refused(p->self, attempt->why);
            return;
        }
}

static void settle(struct pgl_writer *writer, enum outcome outcome, const struct attempt *attempt)
{
    switch (outcome) {
    case COMMITTED:
        pgl_counter_add(&writer->metrics.commits, 1);
        pgl_counter_add(&writer->metrics.units, (uint64_t)attempt->units);
        pgl_counter_set(&writer->metrics.wal_pages, (uint64_t)writer->db.wal_pages);
        answer(writer, attempt->commands, PGL_OK);
        return;
    case SPOILED:
        if (attempt->units > 1) {
            writer->commands_alone = attempt->commands;
            writer->events_alone = attempt->units - attempt->commands;
        } else if (attempt->units == 1) {
            refuse_the_one(writer, attempt);
        } else { /* nobody did anything, and yet it failed */
            pgl_loop_fail(writer->loop, attempt->why);
        }
        return;
    case REFUSED:
        answer(writer, attempt->commands, PGL_FAIL(PGL_UNAVAILABLE, "it could not be written now"));
        pause_writing(writer);
        return;
    case BROKEN:
        return; /* nobody is answered: the outcome is not known */
    }
}

/* Commands alone before events alone: new events go first, and would never let them be done. */
static struct attempt next_attempt(struct pgl_writer *writer)
{
    struct attempt attempt = { .limit = writer->options.batch_max };
    if (writer->commands_alone > 0) {
        writer->commands_alone--;
        attempt.limit = 1;
        attempt.leaves_events = true;
    } else if (writer->events_alone > 0) {
        writer->events_alone--;
        attempt.limit = 1;
    } else if (is_struck(writer, PGL_BUGGIFY_WRITER_SHORT_BATCH)) {
        attempt.limit = 1;
    } else if (writer->queued > 0) {
        attempt.leaves_events = is_struck(writer, PGL_BUGGIFY_WRITER_COMMANDS_FIRST);
    }
    return attempt;
}

static bool writer_turn(void *owner)
{
    struct pgl_writer *writer = owner;
    if (writer->is_held || !pgl_is_ok(writer->loop->fatal))
        return false;
    if (count_waiting(writer) == 0) {
        checkpoint(writer, writer->options.checkpoint_idle_pages);
        return false;
    }
    if (writer->is_waiting_to_retry) {
        answer(writer, writer->queued, PGL_FAIL(PGL_UNAVAILABLE, "it could not be written now"));
        writer->commands_alone = 0;
        return false;
    }
    struct attempt attempt = next_attempt(writer);
    enum outcome outcome = try_batch(writer, &attempt);
    settle(writer, outcome, &attempt);
    if (outcome == COMMITTED)
        checkpoint(writer, writer->options.checkpoint_pages);
    return outcome != BROKEN && count_waiting(writer) > 0;
}

pgl_status pgl_writer_run_now(struct pgl_writer *writer,
                              pgl_status (*body)(struct pgl_tx *tx, void *argument), void *argument)
{
    writer->loop->now_ns = pgl_clock_monotonic_ns(&writer->loop->platform->clock);
    writer->loop->wall_ns = pgl_clock_wall_ns(&writer->loop->platform->clock);
    struct pgl_tx tx = tx_of(writer);
    pgl_arena_reset(&writer->arena);
    PGL_TRY(run_begin(writer));
    pgl_status status = body(&tx, argument);
    if (pgl_is_ok(status))
        status = commit(writer, &tx);
    if (!pgl_is_ok(status))
        roll_back(writer, status);
    return status;
}
