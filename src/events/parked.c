/* parked.c - see parked.h. */
#include "events/parked.h"

#include "base/assert.h"
#include "base/hash.h"
#include "events/events_sql.h"
#include "wire/message.h"

uint64_t pgl_parked_hash(struct pgl_text key)
{
    return pgl_hash((struct pgl_hash_key){ 1, 2 }, key.data, key.size);
}

/* ---- handling ---- */

static struct pgl_trace trace_of(const Event *event)
{
    struct pgl_trace trace = { { 0 }, { 0 }, 0 };
    if (event->trace != NULL && event->trace->context.len == sizeof trace)
        memcpy(&trace, event->trace->context.data, sizeof trace);
    return trace;
}

/* Other errors say nothing about the event: the transaction is to be tried again, or the process
 * ends. */
static bool is_about_the_event(pgl_status status)
{
    return status.code != PGL_EXHAUSTED && status.code != PGL_UNAVAILABLE &&
           status.code != PGL_DATA_LOSS;
}

pgl_status pgl_consumer_handle(struct pgl_consumer *consumer, struct pgl_tx *tx, int64_t seq,
                               const Event *event, bool *is_refused)
{
    tx->cause_log = (int32_t)consumer->log;
    tx->cause_seq = seq;
    tx->trace = trace_of(event);
    tx->view.db->has_written = false;
    pgl_status status = consumer->handle(tx, seq, event);
    *is_refused = !pgl_is_ok(status) && !tx->view.db->has_written && is_about_the_event(status);
    return status;
}

/* ---- taken up again ---- */

/* The key is parked no longer, if the transaction commits. */
static void let_go(struct pgl_consumer *consumer, struct pgl_text key)
{
    PGL_ASSERT(consumer->gone_key_count < PGL_PARKED_GONE_MAX);
    consumer->gone_keys[consumer->gone_key_count++] = pgl_parked_hash(key);
    pgl_map_remove(&consumer->parked_keys, pgl_parked_hash(key));
}

/* OK or not, `*why` is NULL where it was handled. */
static pgl_status try_again(struct pgl_consumer *consumer, struct pgl_tx *tx,
                            const struct pgl_replay *replay, struct pgl_text bytes,
                            const char **why)
{
    void *event;
    bool is_refused;
    *why = replay->why;
    if (replay->seq == replay->aside_seq)
        return PGL_OK;
    pgl_status status = pgl_message_unpack(EVENT_DESCRIPTOR, pgl_tx_arena(tx), bytes, &event);
    if (status.code == PGL_EXHAUSTED)
        return status;
    *why = status.text;
    if (!pgl_is_ok(status))
        return PGL_OK;
    status = pgl_consumer_handle(consumer, tx, replay->seq, event, &is_refused);
    *why = is_refused ? status.text : NULL;
    return is_refused ? PGL_OK : status;
}

pgl_status pgl_parked_replay(struct pgl_consumer *consumer, struct pgl_tx *tx, struct pgl_text key,
                             struct pgl_replay *replay)
{
    struct pgl_text bytes;
    bool is_there;
    int64_t next_seq;
    const char *why;
    replay->end = PGL_REPLAY_NOTHING;
    PGL_TRY(pgl_parked_first(&tx->view, consumer->log, key, 0, &is_there, &replay->seq, &bytes));
    if (!is_there)
        return PGL_OK;
    PGL_TRY(try_again(consumer, tx, replay, bytes, &why));
    if (why != NULL) {
        replay->end = PGL_REPLAY_FAILED;
        replay->why = why;
        return pgl_parked_note_try(tx, consumer->log, replay->seq, why);
    }
    PGL_TRY(pgl_parked_delete(tx, consumer->log, replay->seq));
    consumer->gone_count++;
    PGL_TRY(
        pgl_parked_first(&tx->view, consumer->log, key, replay->seq, &is_there, &next_seq, &bytes));
    replay->end = is_there ? PGL_REPLAY_ONE : PGL_REPLAY_LAST;
    if (!is_there)
        let_go(consumer, key);
    return PGL_OK;
}

pgl_status pgl_parked_drop(struct pgl_consumer *consumer, struct pgl_tx *tx, struct pgl_text key,
                           int64_t *count)
{
    PGL_TRY(pgl_parked_delete_key(tx, consumer->log, key, count));
    if (*count == 0)
        return PGL_OK;
    consumer->gone_count += (int)*count;
    let_go(consumer, key);
    return PGL_OK;
}
