/* consumer.c - see consumer.h. */
#include "events/consumer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/time.h"
#include "events/events_sql.h"
#include "wire/message.h"

#define ASK_AGAIN_NS PGL_MILLISECONDS(100)

static void take_events(void *owner, struct pgl_message *message);

/* ---- asking ---- */

static void ask(struct pgl_consumer *consumer, struct pgl_consumer_chunk *chunk, int64_t after)
{
    chunk->read.after = after;
    chunk->read.until_ns = PGL_NEVER_NS;
    chunk->read.is_first = consumer->is_first_read;
    chunk->read.epoch = consumer->epoch;
    chunk->read.hash = consumer->hash;
    chunk->read.message.reply_to = &consumer->replies;
    consumer->is_first_read = false;
    chunk->is_asked = true;
    pgl_status sent =
        pgl_mailbox_send(consumer->writer->loop, consumer->source, &chunk->read.message);
    PGL_ASSERT(pgl_is_ok(sent)); /* consumers are counted at boot, and each has one read out */
}

static bool is_struck(const struct pgl_consumer *consumer, enum pgl_buggify_point point)
{
    return pgl_buggify(consumer->writer->loop->platform->buggify, point);
}

static void ask_for_more(struct pgl_consumer *consumer)
{
    struct pgl_consumer_chunk *now = &consumer->chunks[consumer->current];
    struct pgl_consumer_chunk *other = &consumer->chunks[1 - consumer->current];
    if (consumer->is_halted || now->is_asked || other->is_asked)
        return;
    if (!now->is_full)
        ask(consumer, now, consumer->durable_position);
    else if (!other->is_full && !is_struck(consumer, PGL_BUGGIFY_CONSUMER_NO_READ_AHEAD))
        ask(consumer, other, now->read.after + now->read.count);
}

static void halt(struct pgl_consumer *consumer, pgl_status why)
{
    consumer->is_halted = true;
    pgl_counter_set(&consumer->halted, 1);
    pgl_log(&consumer->writer->loop->log, PGL_LOG_ERROR, "events", "consumer-halted",
            "loop=%s log=%d position=%lld text=\"%s\"", consumer->writer->loop->name,
            (int)consumer->log, (long long)consumer->durable_position, why.text);
}

static void note_lag(struct pgl_consumer *consumer)
{
    int64_t lag = consumer->high - consumer->durable_position;
    pgl_counter_set(&consumer->lag, lag > 0 ? (uint64_t)lag : 0);
}

static void ask_again(void *owner)
{
    ask_for_more(owner);
}

/* The producer is short of something just now; its log may be as it should be. */
static bool is_passing(pgl_status status)
{
    return status.code == PGL_EXHAUSTED || status.code == PGL_UNAVAILABLE;
}

static void take_events(void *owner, struct pgl_message *message)
{
    struct pgl_consumer *consumer = owner;
    struct pgl_log_read *read = PGL_CONTAINER(message, struct pgl_log_read, message);
    struct pgl_consumer_chunk *chunk = PGL_CONTAINER(read, struct pgl_consumer_chunk, read);
    chunk->is_asked = false;
    consumer->high = read->high;
    if (is_passing(read->status)) {
        consumer->is_first_read = read->is_first;
        pgl_timer_set(&consumer->writer->loop->timers, &consumer->again,
                      consumer->writer->loop->now_ns + ASK_AGAIN_NS, ask_again, consumer);
        return;
    }
    if (!pgl_is_ok(read->status)) {
        halt(consumer, read->status);
        return;
    }
    note_lag(consumer);
    consumer->epoch = read->epoch;
    chunk->is_full = read->count > 0;
    chunk->done = chunk->durable_done = 0;
    chunk->at = chunk->durable_at = 0;
    ask_for_more(consumer);
}

/* ---- handling, in the writer's transaction ---- */

static int consumer_waiting(void *self)
{
    const struct pgl_consumer *consumer = self;
    const struct pgl_consumer_chunk *chunk = &consumer->chunks[consumer->current];
    return chunk->is_full && !consumer->is_halted ? chunk->read.count - chunk->done : 0;
}

static uint64_t hash_of_key(struct pgl_text key)
{
    return pgl_hash((struct pgl_hash_key){ 1, 2 }, key.data, key.size);
}

static struct pgl_text key_of(const Event *event)
{
    return (struct pgl_text){ (const char *)event->key.data, event->key.len };
}

static bool is_parked(const struct pgl_consumer *consumer, struct pgl_text key)
{
    return pgl_map_get(&consumer->parked_keys, hash_of_key(key)) != NULL;
}

static void log_parked(struct pgl_consumer *consumer, struct pgl_text key, const char *why)
{
    char hex[32];
    size_t shown = key.size < sizeof hex / 2 ? key.size : sizeof hex / 2;
    pgl_hex_encode((const uint8_t *)key.data, shown, hex);
    pgl_log(&consumer->writer->loop->log, PGL_LOG_ERROR, "events", "parked",
            "loop=%s log=%d seq=%lld key=%.*s why=\"%s\"", consumer->writer->loop->name,
            (int)consumer->log, (long long)consumer->position + 1, (int)(2 * shown), hex, why);
}

static pgl_status park(struct pgl_consumer *consumer, struct pgl_tx *tx, struct pgl_text key,
                       struct pgl_text bytes, const char *why)
{
    if (!is_parked(consumer, key)) {
        if (consumer->parked_keys.count == PGL_PARKED_KEYS_MAX) {
            halt(consumer, PGL_FAIL(PGL_EXHAUSTED, "too many keys are parked"));
            return PGL_OK;
        }
        PGL_TRY(pgl_map_put(&consumer->parked_keys, hash_of_key(key), 1));
        consumer->fresh_keys[consumer->fresh_key_count++] = hash_of_key(key);
    }
    PGL_TRY(pgl_parked_insert(tx, consumer->log, consumer->position + 1, key, why, bytes));
    consumer->fresh_count++;
    log_parked(consumer, key, why);
    return PGL_OK;
}

static struct pgl_trace trace_of(const Event *event)
{
    struct pgl_trace trace = { { 0 }, { 0 }, 0 };
    if (event->trace != NULL && event->trace->context.len == sizeof trace)
        memcpy(&trace, event->trace->context.data, sizeof trace);
    return trace;
}

/* Errors that say nothing about the event: the transaction is to be tried again, or the process
 * ends. */
static bool is_about_the_event(pgl_status status)
{
    return !is_passing(status) && status.code != PGL_DATA_LOSS;
}

/* Parks it, or halts, where it cannot be handled. */
static pgl_status handle_one(struct pgl_consumer *consumer, struct pgl_tx *tx,
                             struct pgl_text bytes)
{
    Event unreadable = EVENT_INIT, *event = &unreadable;
    void *message;
    int64_t seq = consumer->position + 1;
    pgl_status status = pgl_message_unpack(EVENT_DESCRIPTOR, tx->view.arena, bytes, &message);
    if (status.code == PGL_EXHAUSTED)
        return status;
    if (pgl_is_ok(status))
        event = message;
    if (seq == consumer->aside_seq)
        return park(consumer, tx, key_of(event), bytes, consumer->aside_why);
    if (!pgl_is_ok(status))
        return park(consumer, tx, key_of(event), bytes, status.text);
    if (consumer->parked_keys.count > 0 && is_parked(consumer, key_of(event)))
        return park(consumer, tx, key_of(event), bytes, "an earlier event of this key is parked");
    tx->cause_log = (int32_t)consumer->log;
    tx->cause_seq = seq;
    tx->trace = trace_of(event);
    tx->view.db->has_written = false;
    status = consumer->handle(tx, seq, event);
    if (pgl_is_ok(status) || tx->view.db->has_written || !is_about_the_event(status))
        return status;
    return park(consumer, tx, key_of(event), bytes, status.text);
}

static struct pgl_text next_bytes(const struct pgl_consumer_chunk *chunk)
{
    uint32_t size;
    const uint8_t *at = chunk->read.bytes + chunk->at;
    memcpy(&size, at, sizeof size);
    return (struct pgl_text){ (const char *)at + sizeof size, size };
}

static pgl_status consumer_work(void *self, struct pgl_tx *tx, int limit)
{
    struct pgl_consumer *consumer = self;
    struct pgl_consumer_chunk *chunk = &consumer->chunks[consumer->current];
    struct pgl_text last = { NULL, 0 };
    if (is_struck(consumer, PGL_BUGGIFY_CONSUMER_SHORT_WORK))
        limit = 1;
    for (; limit > 0; limit--) {
        struct pgl_text bytes = next_bytes(chunk);
        PGL_ASSERT(consumer->position == chunk->read.after + chunk->done);
        PGL_TRY(handle_one(consumer, tx, bytes));
        if (consumer->is_halted)
            break;
        last = bytes;
        chunk->at += sizeof(uint32_t) + bytes.size;
        chunk->done++;
        consumer->position++;
    }
    if (consumer->position == consumer->durable_position)
        return PGL_OK;
    struct pgl_consumer_row row = { consumer->epoch, consumer->position, pgl_event_hash(last) };
    return pgl_consumer_put(tx, consumer->log, consumer->durable_position, &row);
}

static void consumer_refused(void *self, pgl_status why)
{
    struct pgl_consumer *consumer = self;
    consumer->aside_seq = consumer->position + 1;
    snprintf(consumer->aside_why, sizeof consumer->aside_why, "%s", why.text);
}

static void consumer_committed(void *self)
{
    struct pgl_consumer *consumer = self;
    struct pgl_consumer_chunk *chunk = &consumer->chunks[consumer->current];
    if (consumer->position == consumer->durable_position)
        return;
    pgl_counter_add(&consumer->handled,
                    (uint64_t)(consumer->position - consumer->durable_position));
    consumer->durable_position = consumer->position;
    note_lag(consumer);
    pgl_counter_add(&consumer->parked, (uint64_t)consumer->fresh_count);
    consumer->fresh_count = consumer->fresh_key_count = 0;
    chunk->durable_at = chunk->at;
    chunk->durable_done = chunk->done;
    if (chunk->done == chunk->read.count) {
        chunk->is_full = false;
        if (consumer->chunks[1 - consumer->current].is_full ||
            consumer->chunks[1 - consumer->current].is_asked)
            consumer->current = 1 - consumer->current;
    }
    ask_for_more(consumer);
}

static void consumer_rolled_back(void *self)
{
    struct pgl_consumer *consumer = self;
    struct pgl_consumer_chunk *chunk = &consumer->chunks[consumer->current];
    consumer->position = consumer->durable_position;
    chunk->at = chunk->durable_at;
    chunk->done = chunk->durable_done;
    for (int i = 0; i < consumer->fresh_key_count; i++)
        pgl_map_remove(&consumer->parked_keys, consumer->fresh_keys[i]);
    consumer->fresh_count = consumer->fresh_key_count = 0;
}

/* ---- opening ---- */

static pgl_status load_parked_keys(struct pgl_consumer *consumer)
{
    struct pgl_rows rows = pgl_parked_keys(&consumer->writer->db, consumer->log);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        uint64_t hash = hash_of_key(pgl_column_blob(&rows, 0));
        pgl_status put = pgl_map_put(&consumer->parked_keys, hash, 1);
        if (!pgl_is_ok(put)) {
            pgl_rows_end(&rows);
            return put;
        }
        pgl_counter_add(&consumer->parked, 1);
    }
}

pgl_status pgl_consumer_open(struct pgl_consumer *consumer, struct pgl_writer *writer,
                             struct pgl_event_log *source,
                             pgl_status (*handle)(struct pgl_tx *tx, int64_t seq,
                                                  const Event *event))
{
    *consumer = (struct pgl_consumer){ .writer = writer,
                                       .source = &source->reads,
                                       .log = source->log,
                                       .handle = handle,
                                       .is_first_read = true };
    consumer->chunks = calloc(2, sizeof consumer->chunks[0]);
    if (consumer->chunks == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a consumer");
    pgl_map_init(&consumer->parked_keys, PGL_PARKED_KEYS_MAX);
    struct pgl_consumer_row row;
    PGL_TRY(pgl_consumer_get(&writer->db, consumer->log, &row));
    consumer->position = consumer->durable_position = row.position;
    consumer->epoch = row.epoch;
    consumer->hash = row.hash;
    PGL_TRY(load_parked_keys(consumer));
    pgl_mailbox_open(&consumer->replies, writer->loop, 2, take_events, consumer);
    consumer->participant = (struct pgl_participant){ .self = consumer,
                                                      .waiting = consumer_waiting,
                                                      .work = consumer_work,
                                                      .refused = consumer_refused,
                                                      .committed = consumer_committed,
                                                      .rolled_back = consumer_rolled_back };
    pgl_writer_join(writer, &consumer->participant);
    return PGL_OK;
}

void pgl_consumer_start(struct pgl_consumer *consumer)
{
    ask_for_more(consumer);
}

void pgl_consumer_close(struct pgl_consumer *consumer)
{
    free(consumer->chunks);
    pgl_map_free(&consumer->parked_keys);
}
