/* log.c - see log.h. */
#include "events/log.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/time.h"
#include "events/events_sql.h"
#include "wire/message.h"

#define EVENT_SCHEMA_VERSION 1

static void take_read(void *owner, struct pgl_message *message);
static void answer_waiting(struct pgl_event_log *log);

/* ---- as a participant of the writer ---- */

static pgl_status log_prepare(void *self, struct pgl_tx *tx)
{
    struct pgl_event_log *log = self;
    if (log->next_seq == log->durable_high + 1)
        return PGL_OK;
    return pgl_log_head_put(tx, log->next_seq);
}

static void log_committed(void *self)
{
    struct pgl_event_log *log = self;
    pgl_counter_add(&log->appended, (uint64_t)(log->next_seq - 1 - log->durable_high));
    log->durable_high = log->next_seq - 1;
    log->ring_durable_end = log->ring_end;
    answer_waiting(log);
}

static void log_rolled_back(void *self)
{
    struct pgl_event_log *log = self;
    log->next_seq = log->durable_high + 1;
    /* The bytes written over older events are gone; what is left starts behind them. */
    log->ring_end = log->ring_durable_end;
    if (log->ring_first_seq > log->next_seq)
        log->ring_first_seq = log->next_seq;
}

static int register_reader(struct pgl_log_source *source, const char *reader, int64_t position)
{
    struct pgl_event_log *log = PGL_CONTAINER(source, struct pgl_event_log, source);
    return pgl_keep_register(&log->keep, reader, position);
}

pgl_status pgl_log_open(struct pgl_event_log *log, Log name, struct pgl_writer *writer)
{
    *log = (struct pgl_event_log){ .log = name,
                                   .writer = writer,
                                   .ring_slots = PGL_LOG_RING_SLOTS,
                                   .ring_bytes = PGL_LOG_RING_BYTES };
    PGL_TRY(pgl_log_head_get(&writer->db, &log->epoch, &log->next_seq));
    log->durable_high = log->next_seq - 1;
    log->ring_first_seq = log->next_seq;
    log->slots = calloc(PGL_LOG_RING_SLOTS, sizeof log->slots[0]);
    log->ring = malloc(PGL_LOG_RING_BYTES);
    if (log->slots == NULL || log->ring == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a log's ring");
    pgl_buffer_init(&log->packed, PGL_EVENT_BYTES_MAX);
    pgl_mailbox_open(&log->reads, writer->loop, PGL_LOG_READERS_MAX, take_read, log);
    log->participant = (struct pgl_participant){ .self = log,
                                                 .prepare = log_prepare,
                                                 .committed = log_committed,
                                                 .rolled_back = log_rolled_back };
    log->source =
        (struct pgl_log_source){ .reads = &log->reads, .log = name, .keep_up = register_reader };
    pgl_writer_join(writer, &log->participant);
    return pgl_keep_open(&log->keep, log, writer);
}

void pgl_log_shrink_ring(struct pgl_event_log *log, uint32_t slots, uint32_t bytes)
{
    PGL_ASSERT(slots > 0 && slots <= log->ring_slots && (slots & (slots - 1)) == 0);
    PGL_ASSERT(bytes >= PGL_EVENT_BYTES_MAX && bytes <= log->ring_bytes &&
               (bytes & (bytes - 1)) == 0);
    PGL_ASSERT(log->ring_first_seq == log->next_seq);
    log->ring_slots = slots;
    log->ring_bytes = bytes;
}

void pgl_log_close(struct pgl_event_log *log)
{
    free(log->slots);
    free(log->ring);
    pgl_buffer_free(&log->packed);
}

/* ---- appending ---- */

/* Sizes are powers of two. */
static size_t in_ring(const struct pgl_event_log *log, uint64_t at)
{
    return (size_t)(at & (log->ring_bytes - 1));
}

static struct pgl_log_slot *slot_of(const struct pgl_event_log *log, int64_t seq)
{
    return &log->slots[(uint64_t)seq & (log->ring_slots - 1)];
}

/* An event lies in one piece; one that would wrap starts at the ring's beginning. */
static void ring_put(struct pgl_event_log *log, int64_t seq, struct pgl_text bytes)
{
    uint64_t start = log->ring_end;
    if (in_ring(log, start) + bytes.size > log->ring_bytes)
        start += log->ring_bytes - in_ring(log, start);
    memcpy(log->ring + in_ring(log, start), bytes.data, bytes.size);
    *slot_of(log, seq) = (struct pgl_log_slot){ start, (uint32_t)bytes.size };
    log->ring_end = start + bytes.size;
    /* What was overwritten, by bytes or by slots, is no longer in the ring. */
    while (log->ring_first_seq < seq &&
           (seq - log->ring_first_seq >= log->ring_slots ||
            slot_of(log, log->ring_first_seq)->start + log->ring_bytes < log->ring_end))
        log->ring_first_seq++;
}

static void fill_in(struct pgl_tx *tx, Event *event, Trace *trace, struct pgl_trace *bytes)
{
    event->at_ns = pgl_tx_now_ns(tx);
    event->cause_log = (Log)tx->cause_log;
    event->cause_seq = tx->cause_seq;
    event->schema_version = EVENT_SCHEMA_VERSION;
    *bytes = tx->trace;
    static const struct pgl_trace none;
    if (memcmp(bytes, &none, sizeof none) != 0) {
        trace->context = (ProtobufCBinaryData){ sizeof *bytes, (uint8_t *)bytes };
        event->trace = trace;
    }
}

pgl_status pgl_log_append(struct pgl_event_log *log, struct pgl_tx *tx, Event *event, int64_t *seq)
{
    Trace trace = TRACE_INIT;
    struct pgl_trace bytes;
    fill_in(tx, event, &trace, &bytes);
    pgl_buffer_clear(&log->packed);
    pgl_message_pack(&event->base, &log->packed);
    event->trace = NULL;
    if (log->packed.is_full)
        return PGL_FAIL(PGL_EXHAUSTED, "an event is too large");
    PGL_TRY(pgl_event_insert(tx, log->next_seq, pgl_buffer_text(&log->packed)));
    ring_put(log, log->next_seq, pgl_buffer_text(&log->packed));
    if (seq != NULL)
        *seq = log->next_seq;
    log->next_seq++;
    return PGL_OK;
}

int64_t pgl_event_hash(struct pgl_text bytes)
{
    return (int64_t)pgl_hash((struct pgl_hash_key){ 0x70616E67, 0x6C6F74 }, bytes.data, bytes.size);
}

pgl_id pgl_event_id(Log log, int64_t epoch, int64_t seq)
{
    pgl_id id = { { 0 } };
    for (int i = 0; i < 4; i++)
        id.bytes[i] = (uint8_t)((uint64_t)epoch >> (24 - 8 * i));
    id.bytes[5] = (uint8_t)log;
    id.bytes[6] = 0x80; /* RFC 9562, 5.8: version 8 */
    for (int i = 0; i < 7; i++)
        id.bytes[9 + i] = (uint8_t)((uint64_t)seq >> (48 - 8 * i));
    id.bytes[8] = 0x80;
    return id;
}

/* ---- serving ---- */

static bool is_struck(const struct pgl_event_log *log, enum pgl_buggify_point point)
{
    return pgl_buggify(log->writer->loop->platform->buggify, point);
}

static bool read_has_room(const struct pgl_log_read *read, size_t size)
{
    return read->count < PGL_LOG_READ_EVENTS_MAX &&
           sizeof read->bytes - read->size >= size + sizeof(uint32_t);
}

static void read_add(struct pgl_log_read *read, struct pgl_text bytes)
{
    uint32_t size = (uint32_t)bytes.size;
    memcpy(read->bytes + read->size, &size, sizeof size);
    memcpy(read->bytes + read->size + sizeof size, bytes.data, bytes.size);
    read->size += sizeof size + bytes.size;
    read->count++;
}

static void fill_from_ring(struct pgl_event_log *log, struct pgl_log_read *read)
{
    bool is_short = is_struck(log, PGL_BUGGIFY_LOG_SHORT_READ);
    for (int64_t seq = read->after + 1; seq <= log->durable_high; seq++) {
        const struct pgl_log_slot *slot = slot_of(log, seq);
        if (!read_has_room(read, slot->size))
            return;
        const char *at = (const char *)log->ring + in_ring(log, slot->start);
        read_add(read, (struct pgl_text){ at, slot->size });
        if (is_short)
            return;
    }
}

/* What is no longer in the ring; the log has at least one such event. Not OK when it cannot be
 * told; what is wrong with the log is in read->status. */
static pgl_status fill_from_table(struct pgl_event_log *log, struct pgl_log_read *read)
{
    int64_t seq = read->after;
    bool is_short = is_struck(log, PGL_BUGGIFY_LOG_SHORT_TABLE);
    struct pgl_rows rows =
        pgl_events_behind(&log->writer->db, read->after, PGL_LOG_READ_EVENTS_MAX);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row && read->count == 0)
            read->status = PGL_FAIL(PGL_DATA_LOSS, "the log has lost its tail");
        if (!rows.has_row)
            return PGL_OK;
        struct pgl_text bytes = pgl_column_blob(&rows, 1);
        bool is_next = pgl_column_i64(&rows, 0) == ++seq;
        bool has_room = read_has_room(read, bytes.size) && !(is_short && read->count > 0);
        if (is_next && has_room)
            read_add(read, bytes);
        else
            pgl_rows_end(&rows);
        if (!is_next)
            read->status = PGL_FAIL(PGL_DATA_LOSS, "the log has a hole");
        if (!is_next || !has_room)
            return PGL_OK;
    }
}

/* Does the log still have what this reader has seen? (docs/reliability.md: B3, B4) Not OK when it
 * cannot be told. */
static pgl_status check_first(struct pgl_event_log *log, struct pgl_log_read *read)
{
    bool is_there;
    int64_t hash;
    if (read->after == 0)
        return PGL_OK;
    PGL_TRY(pgl_event_hash_at(&log->writer->db, read->after, &is_there, &hash));
    if (read->epoch != log->epoch)
        read->status = PGL_FAIL(PGL_DATA_LOSS, "the log was restored: its epoch is another one");
    else if (!is_there || read->after > log->durable_high)
        read->status = PGL_FAIL(PGL_DATA_LOSS, "the log has lost its tail");
    else if (hash != read->hash)
        read->status = PGL_FAIL(PGL_DATA_LOSS, "the log has another event at this place");
    return PGL_OK;
}

static void answer_read(struct pgl_event_log *log, struct pgl_log_read *read)
{
    read->high = log->durable_high;
    read->epoch = log->epoch;
    if (pgl_is_ok(read->status))
        read->is_first = false; /* checked */
    pgl_timer_clear(&log->writer->loop->timers, &read->late);
    pgl_message_reply(&read->message);
}

/* Not OK when our own file cannot be read: that says nothing about the log. */
static pgl_status fill(struct pgl_event_log *log, struct pgl_log_read *read)
{
    read->size = 0;
    read->count = 0;
    read->status = PGL_OK;
    if (read->is_first)
        PGL_TRY(check_first(log, read));
    if (!pgl_is_ok(read->status) || read->after >= log->durable_high)
        return PGL_OK;
    if (read->after + 1 < log->keep.durable_low) {
        read->status = PGL_FAIL(PGL_GONE, "events as old as these were pruned");
        return PGL_OK;
    }
    if (is_struck(log, PGL_BUGGIFY_LOG_BUSY))
        return PGL_FAIL(PGL_UNAVAILABLE, "the log is busy, it is said");
    if (read->after + 1 < log->ring_first_seq || is_struck(log, PGL_BUGGIFY_LOG_RING_LOST))
        return fill_from_table(log, read);
    fill_from_ring(log, read);
    return PGL_OK;
}

static bool try_read(struct pgl_event_log *log, struct pgl_log_read *read)
{
    pgl_status filled = fill(log, read);
    if (filled.code == PGL_DATA_LOSS) { /* an I/O error: the process ends, and nobody is answered */
        pgl_loop_fail(log->writer->loop, filled);
        return false;
    }
    if (!pgl_is_ok(filled))
        read->status = filled;
    if (read->count == 0 && pgl_is_ok(read->status))
        return false;
    answer_read(log, read);
    return true;
}

static void on_late(void *owner)
{
    struct pgl_log_read *read = owner;
    struct pgl_log_read **at = &read->log->waiting;
    while (*at != read)
        at = &(*at)->next_waiting;
    *at = read->next_waiting;
    answer_read(read->log, read);
}

static void take_read(void *owner, struct pgl_message *message)
{
    struct pgl_event_log *log = owner;
    struct pgl_log_read *read = PGL_CONTAINER(message, struct pgl_log_read, message);
    read->log = log;
    if (read->reader > 0)
        pgl_keep_note(&log->keep, read->reader, read->handled);
    if (read->after < 0)
        read->after = log->durable_high;
    else if (read->after == 0 && read->is_of_newcomer)
        read->after = log->keep.durable_low - 1;
    if (try_read(log, read))
        return;
    read->is_first = false; /* checked */
    if (read->until_ns != PGL_NEVER_NS && is_struck(log, PGL_BUGGIFY_LOG_NOTHING_NEW)) {
        answer_read(log, read);
        return;
    }
    read->next_waiting = log->waiting;
    log->waiting = read;
    if (read->until_ns != PGL_NEVER_NS)
        pgl_timer_set(&log->writer->loop->timers, &read->late, read->until_ns, on_late, read);
}

static void answer_waiting(struct pgl_event_log *log)
{
    struct pgl_log_read *waiting = log->waiting;
    log->waiting = NULL;
    while (waiting != NULL) {
        struct pgl_log_read *read = waiting;
        waiting = read->next_waiting;
        if (!try_read(log, read)) {
            read->next_waiting = log->waiting;
            log->waiting = read;
        }
    }
}
