/* far_log.c - see far_log.h. */
#include "app/far_log.h"

#include "base/assert.h"
#include "wire/message.h"

#define ARENA_CHUNK_BYTES 65536
#define ARENA_LIMIT_BYTES (4u << 20) /* the reply twice, as it came and unpacked */

enum { READ_ASK, READ_ANSWER };

static struct pgl_far_read *slot_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_far_read, flow);
}

static struct pgl_go answer(struct pgl_far_read *slot, pgl_status status)
{
    struct pgl_log_read *read = slot->read;
    bool is_the_logs = status.code == PGL_DATA_LOSS || status.code == PGL_NOT_FOUND;
    read->status = status;
    if (!pgl_is_ok(status) && !is_the_logs)
        read->status = PGL_FAIL(PGL_UNAVAILABLE, "the log's process does not answer just now");
    else if (status.code == PGL_DATA_LOSS) /* the text lies in the arena */
        read->status = PGL_FAIL(PGL_DATA_LOSS, "the log is not what it was, says its process");
    else if (status.code == PGL_NOT_FOUND)
        read->status = PGL_FAIL(PGL_NOT_FOUND, "events as old as these were pruned");
    if (pgl_is_ok(status))
        read->is_first = false; /* checked */
    slot->read = NULL;
    pgl_arena_reset(&slot->arena);
    pgl_message_reply(&read->message);
    return pgl_done();
}

static struct pgl_go read_ask(struct pgl_flow *flow)
{
    struct pgl_far_read *slot = slot_of(flow);
    struct pgl_log_read *read = slot->read;
    int64_t until_ns = flow->loop->now_ns + PGL_FAR_LOG_POLL_NS;
    pgl_arena_reset(&slot->arena);
    slot->ask = (FollowRequest)FOLLOW_REQUEST_INIT;
    slot->ask.reader =
        pgl_message_string(read->reader > 0 ? slot->log->readers[read->reader - 1] : "");
    slot->ask.after = read->after;
    slot->ask.handled = read->handled;
    slot->ask.first = read->is_first;
    slot->ask.epoch = read->epoch;
    slot->ask.hash = read->hash;
    slot->reply = (FollowResponse)FOLLOW_RESPONSE_INIT;
    slot->call.call =
        (struct pgl_call){ .ask = &slot->ask,
                           .reply = &slot->reply,
                           .arena = &slot->arena,
                           .deadline_ns = until_ns < read->until_ns ? until_ns : read->until_ns };
    slot->left = 0;
    pgl_rpc_send(slot->log->rpc, &slot->log->endpoint, EVENT_LOG_SERVICE_FOLLOW, &slot->call, flow,
                 &slot->left);
    return slot->left > 0 ? pgl_wait(READ_ANSWER) : pgl_go(READ_ANSWER);
}

static pgl_status take_events(const FollowResponse *reply, struct pgl_log_read *read)
{
    read->size = 0;
    read->count = 0;
    for (size_t i = 0; i < reply->n_events; i++) {
        uint32_t size = (uint32_t)reply->events[i].len;
        if (read->count == PGL_LOG_READ_EVENTS_MAX ||
            sizeof read->bytes - read->size < sizeof size + reply->events[i].len)
            return PGL_FAIL(PGL_UNAVAILABLE, "more events than were asked for");
        memcpy(read->bytes + read->size, &size, sizeof size);
        if (size > 0)
            memcpy(read->bytes + read->size + sizeof size, reply->events[i].data, size);
        read->size += sizeof size + size;
        read->count++;
    }
    read->after = reply->low;
    read->high = reply->high;
    read->epoch = reply->epoch;
    return PGL_OK;
}

static struct pgl_go read_answer(struct pgl_flow *flow)
{
    struct pgl_far_read *slot = slot_of(flow);
    struct pgl_log_read *read = slot->read;
    pgl_status status = slot->call.call.status;
    if (pgl_is_ok(status))
        status = take_events(&slot->reply, read);
    if (!pgl_is_ok(status) || read->count > 0 || flow->loop->now_ns >= read->until_ns)
        return answer(slot, status);
    if (read->reader > 0) /* it may have handled more by now */
        return answer(slot, status);
    read->is_first = false;
    return pgl_go(READ_ASK);
}

static const struct pgl_step read_steps[] = {
    [READ_ASK] = { "far-log.ask", read_ask, 0, 0 },
    [READ_ANSWER] = { "far-log.answer", read_answer, 0, 0 },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* its slot is free */
}

static void take_read(void *owner, struct pgl_message *message)
{
    struct pgl_far_log *far = owner;
    struct pgl_log_read *read = PGL_CONTAINER(message, struct pgl_log_read, message);
    struct pgl_far_read *slot = NULL;
    for (int i = 0; i < PGL_FAR_LOG_READS_MAX && slot == NULL; i++)
        if (far->slots[i].read == NULL)
            slot = &far->slots[i];
    if (slot == NULL) {
        read->status = PGL_FAIL(PGL_EXHAUSTED, "too many read this log");
        pgl_message_reply(message);
        return;
    }
    slot->read = read;
    pgl_flow_start(&slot->flow, far->rpc->loop, read_steps, READ_ASK, on_done);
}

static int keep_up(struct pgl_log_source *source, const char *reader, int64_t position)
{
    struct pgl_far_log *far = PGL_CONTAINER(source, struct pgl_far_log, source);
    (void)position; /* its first read tells */
    PGL_ASSERT(far->reader_count < PGL_FAR_LOG_READERS_MAX);
    far->readers[far->reader_count] = reader;
    return ++far->reader_count;
}

void pgl_far_log_open(struct pgl_far_log *far, Log name, struct pgl_rpc *rpc,
                      struct pgl_endpoint endpoint)
{
    *far = (struct pgl_far_log){ .rpc = rpc, .endpoint = endpoint };
    far->source = (struct pgl_log_source){ .reads = &far->reads, .log = name, .keep_up = keep_up };
    pgl_mailbox_open(&far->reads, rpc->loop, PGL_LOG_READERS_MAX, take_read, far);
    for (int i = 0; i < PGL_FAR_LOG_READS_MAX; i++) {
        far->slots[i].log = far;
        pgl_arena_init(&far->slots[i].arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    }
}

void pgl_far_log_close(struct pgl_far_log *far)
{
    for (int i = 0; i < PGL_FAR_LOG_READS_MAX; i++)
        pgl_arena_free(&far->slots[i].arena);
}
