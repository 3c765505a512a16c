/* consumer.c - see consumer.h. */
#include "events/consumer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"
#include "events/events_sql.h"
#include "events/parked.h"
#include "wire/message.h"

#define ASK_AGAIN_NS   PGL_MILLISECONDS(100)
#define TELL_WITHIN_NS PGL_SECONDS(1)

static void take_events(void *owner, struct pgl_message *message);

/* ---- asking ---- */

static bool is_struck(const struct pgl_consumer *consumer, enum pgl_buggify_point point)
{
    return pgl_buggify(consumer->writer->loop->platform->buggify, point);
}

static void ask(struct pgl_consumer *consumer, struct pgl_consumer_chunk *chunk, int64_t after)
{
    chunk->read.after = after;
    chunk->read.until_ns = PGL_NEVER_NS;
    /* One that is fetched ahead would tell of what was handled only when more comes. */
    if (consumer->reader > 0 && after != consumer->durable_position)
        chunk->read.until_ns = consumer->writer->loop->now_ns + TELL_WITHIN_NS;
    if (is_struck(consumer, PGL_BUGGIFY_CONSUMER_TELLS_SOON))
        chunk->read.until_ns = consumer->writer->loop->now_ns + ASK_AGAIN_NS;
    chunk->read.is_first = consumer->is_first_read;
    chunk->read.reader = consumer->reader;
    chunk->read.handled = consumer->durable_position;
    chunk->read.epoch = consumer->epoch;
    chunk->read.hash = consumer->hash;
    chunk->read.message.reply_to = &consumer->replies;
    consumer->is_first_read = false;
    chunk->is_asked = true;
    pgl_status sent =
        pgl_mailbox_send(consumer->writer->loop, consumer->source->reads, &chunk->read.message);
    PGL_ASSERT(pgl_is_ok(sent)); /* consumers are counted at boot, and each has one read out */
}

static void ask_again(void *owner);

static void ask_later(struct pgl_consumer *consumer)
{
    struct pgl_loop *loop = consumer->writer->loop;
    pgl_timer_set(&loop->timers, &consumer->again, loop->now_ns + ASK_AGAIN_NS, ask_again,
                  consumer);
}

static void ask_for_more(struct pgl_consumer *consumer)
{
    struct pgl_consumer_chunk *now = &consumer->chunks[consumer->current];
    struct pgl_consumer_chunk *other = &consumer->chunks[1 - consumer->current];
    if (consumer->is_halted || consumer->is_stopped || now->is_asked || other->is_asked)
        return;
    if (is_struck(consumer, PGL_BUGGIFY_CONSUMER_ASKS_LATER))
        ask_later(consumer);
    else if (!now->is_full)
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

/* Somebody is short of something just now; nothing is said about the log, or the event. */
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
    if (consumer->is_stale) {
        consumer->is_stale = false;
        ask_for_more(consumer);
        return;
    }
    consumer->high = read->high;
    if (is_passing(read->status)) {
        consumer->is_first_read = read->is_first;
        ask_later(consumer);
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

static struct pgl_text key_of(const Event *event)
{
    return (struct pgl_text){ (const char *)event->key.data, event->key.len };
}

static bool is_parked(const struct pgl_consumer *consumer, struct pgl_text key)
{
    return pgl_map_get(&consumer->parked_keys, pgl_parked_hash(key)) != NULL;
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

static pgl_status park(struct pgl_consumer *consumer, struct pgl_tx *tx, const Event *event,
                       struct pgl_text bytes, const char *why)
{
    struct pgl_text key = key_of(event);
    if (!is_parked(consumer, key)) {
        if (consumer->parked_keys.count == PGL_PARKED_KEYS_MAX) {
            halt(consumer, PGL_FAIL(PGL_EXHAUSTED, "too many keys are parked"));
            return PGL_OK;
        }
        PGL_TRY(pgl_map_put(&consumer->parked_keys, pgl_parked_hash(key), 1));
        consumer->fresh_keys[consumer->fresh_key_count++] = pgl_parked_hash(key);
    }
    const struct pgl_parked_row row = { .log = consumer->log,
                                        .seq = consumer->position + 1,
                                        .key = key,
                                        .why = why,
                                        .bytes = bytes,
                                        .tenant = event->tenant,
                                        .at_ns = pgl_tx_now_ns(tx) };
    PGL_TRY(pgl_parked_insert(tx, &row));
    consumer->fresh_count++;
    log_parked(consumer, key, why);
    return PGL_OK;
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
    if (is_struck(consumer, PGL_BUGGIFY_CONSUMER_NO_MEMORY))
        return PGL_NO_MEMORY;
    if (pgl_is_ok(status))
        event = message;
    if (seq == consumer->aside_seq)
        return park(consumer, tx, event, bytes, consumer->aside_why);
    if (!pgl_is_ok(status))
        return park(consumer, tx, event, bytes, status.text);
    if (consumer->parked_keys.count > 0 && is_parked(consumer, key_of(event)))
        return park(consumer, tx, event, bytes, PGL_PARKED_BEHIND);
    if (is_struck(consumer, PGL_BUGGIFY_CONSUMER_PARKS))
        return park(consumer, tx, event, bytes, PGL_PARKED_STRUCK);
    bool is_refused;
    status = pgl_consumer_handle(consumer, tx, seq, event, &is_refused);
    if (!is_refused)
        return status;
    return park(consumer, tx, event, bytes, status.text);
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

static void settle_parked(struct pgl_consumer *consumer)
{
    uint64_t parked = pgl_counter_read(&consumer->parked) + (uint64_t)consumer->fresh_count;
    pgl_counter_set(&consumer->parked, parked - (uint64_t)consumer->gone_count);
    consumer->fresh_count = consumer->fresh_key_count = 0;
    consumer->gone_count = consumer->gone_key_count = 0;
}

static void consumer_committed(void *self)
{
    struct pgl_consumer *consumer = self;
    struct pgl_consumer_chunk *chunk = &consumer->chunks[consumer->current];
    settle_parked(consumer);
    if (consumer->position == consumer->durable_position)
        return;
    pgl_counter_add(&consumer->handled,
                    (uint64_t)(consumer->position - consumer->durable_position));
    consumer->durable_position = consumer->position;
    note_lag(consumer);
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
    for (int i = 0; i < consumer->gone_key_count; i++) {
        pgl_status put = pgl_map_put(&consumer->parked_keys, consumer->gone_keys[i], 1);
        PGL_ASSERT(pgl_is_ok(put)); /* it has its place: a map does not shrink */
    }
    for (int i = 0; i < consumer->fresh_key_count; i++) /* which may be among those */
        pgl_map_remove(&consumer->parked_keys, consumer->fresh_keys[i]);
    consumer->gone_count = consumer->gone_key_count = 0;
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
        uint64_t hash = pgl_parked_hash(pgl_column_blob(&rows, 0));
        pgl_status put = pgl_map_put(&consumer->parked_keys, hash, 1);
        if (!pgl_is_ok(put)) {
            pgl_rows_end(&rows);
            return put;
        }
        pgl_counter_add(&consumer->parked, 1);
    }
}

pgl_status pgl_consumer_open(struct pgl_consumer *consumer, struct pgl_writer *writer,
                             struct pgl_log_source *source,
                             pgl_status (*handle)(struct pgl_tx *tx, int64_t seq,
                                                  const Event *event))
{
    *consumer = (struct pgl_consumer){ .writer = writer,
                                       .source = source,
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

void pgl_consumer_keep_up(struct pgl_consumer *consumer, const char *reader)
{
    struct pgl_log_source *source = consumer->source;
    consumer->reader = source->keep_up(source, reader, consumer->durable_position);
}

void pgl_consumer_start(struct pgl_consumer *consumer)
{
    ask_for_more(consumer);
}

/* ---- stopping and going on ---- */

void pgl_consumer_stop(struct pgl_consumer *consumer)
{
    PGL_ASSERT(consumer->position == consumer->durable_position);
    consumer->is_stopped = true;
    consumer->high = consumer->durable_position;
    note_lag(consumer);
    for (int i = 0; i < 2; i++) {
        consumer->chunks[i].is_full = false;
        consumer->is_stale |= consumer->chunks[i].is_asked;
    }
}

pgl_status pgl_consumer_place(struct pgl_tx *tx, Log log, const struct pgl_log_position *place)
{
    struct pgl_consumer_row row = { place->epoch, place->position, place->hash };
    return pgl_consumer_set(tx, log, &row);
}

void pgl_consumer_go_on(struct pgl_consumer *consumer, const struct pgl_log_position *place)
{
    PGL_ASSERT(consumer->is_stopped);
    consumer->position = consumer->durable_position = place->position;
    consumer->epoch = place->epoch;
    consumer->hash = place->hash;
    consumer->is_first_read = true;
    consumer->is_stopped = consumer->is_halted = false;
    pgl_counter_set(&consumer->halted, 0);
    ask_for_more(consumer);
}

void pgl_consumer_close(struct pgl_consumer *consumer)
{
    free(consumer->chunks);
    pgl_map_free(&consumer->parked_keys);
}
