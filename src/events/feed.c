/* feed.c - see feed.h. */
#include "events/feed.h"

#include <stdlib.h>

#include "wire/message.h"

/* The type is the first field of an event; the others are not worth unpacking for it. */
static bool is_wanted(const ReadRequest *ask, struct pgl_text bytes)
{
    enum { TYPE_TAG = 1 << 3, SMALL = 0x80 };
    if (ask->n_types == 0)
        return true;
    int type = EVENT_TYPE_UNSPECIFIED;
    if (bytes.size >= 2 && bytes.data[0] == TYPE_TAG && (uint8_t)bytes.data[1] < SMALL)
        type = (uint8_t)bytes.data[1];
    for (size_t i = 0; i < ask->n_types; i++)
        if ((int)ask->types[i] == type)
            return true;
    return false;
}

static pgl_status add_event(struct pgl_feed *feed, const struct pgl_log_read *read,
                            struct pgl_arena *arena, struct pgl_text bytes, ReadResponse *reply)
{
    void *event;
    LoggedEvent *logged = pgl_message_new(LOGGED_EVENT_DESCRIPTOR, arena);
    pgl_id *id = pgl_arena_alloc(arena, sizeof *id);
    if (logged == NULL || id == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(pgl_message_unpack(EVENT_DESCRIPTOR, arena, bytes, &event));
    logged->log = feed->log->log;
    logged->seq = reply->until;
    *id = pgl_event_id(feed->log->log, read->epoch, logged->seq);
    logged->id = (ProtobufCBinaryData){ sizeof id->bytes, id->bytes };
    logged->event = event;
    reply->events[reply->n_events++] = logged;
    return PGL_OK;
}

static pgl_status fill_reply(struct pgl_feed *feed, const struct pgl_log_read *read,
                             struct pgl_arena *arena, const ReadRequest *ask, ReadResponse *reply)
{
    PGL_TRY(read->status);
    reply->high = read->high;
    reply->epoch = read->epoch;
    reply->low = reply->until = read->after;
    reply->behind = pgl_keep_is_behind(&feed->log->keep, feed->loop->now_ns);
    reply->events = pgl_arena_alloc(arena, ((size_t)read->count + 1) * sizeof reply->events[0]);
    if (reply->events == NULL)
        return PGL_NO_MEMORY;
    size_t at = 0;
    int max = pgl_loop_is_struck(feed->loop, PGL_BUGGIFY_FEED_SHORT) ? 1 : ask->max;
    for (int i = 0; i < read->count && i < max; i++) {
        uint32_t size;
        memcpy(&size, read->bytes + at, sizeof size);
        struct pgl_text bytes = { (const char *)read->bytes + at + sizeof size, size };
        reply->until++;
        if (is_wanted(ask, bytes))
            PGL_TRY(add_event(feed, read, arena, bytes, reply));
        at += sizeof size + size;
    }
    return PGL_OK;
}

static pgl_status fill_follow(const struct pgl_log_read *read, struct pgl_arena *arena,
                              FollowResponse *reply)
{
    PGL_TRY(read->status);
    reply->low = read->after;
    reply->high = read->high;
    reply->epoch = read->epoch;
    reply->events = pgl_arena_alloc(arena, ((size_t)read->count + 1) * sizeof reply->events[0]);
    uint8_t *copy = pgl_arena_alloc(arena, read->size + 1);
    if (reply->events == NULL || copy == NULL)
        return PGL_NO_MEMORY;
    memcpy(copy, read->bytes, read->size);
    for (int i = 0; i < read->count; i++) {
        uint32_t size;
        memcpy(&size, copy, sizeof size);
        copy += sizeof size;
        reply->events[reply->n_events++] = (ProtobufCBinaryData){ size, copy };
        copy += size;
    }
    return PGL_OK;
}

static void take_events(void *owner, struct pgl_message *message)
{
    struct pgl_feed *feed = owner;
    struct pgl_log_read *read = PGL_CONTAINER(message, struct pgl_log_read, message);
    struct pgl_feed_read *slot = PGL_CONTAINER(read, struct pgl_feed_read, read);
    struct pgl_call *call = slot->call;
    slot->call = NULL;
    pgl_call_answer(call, slot->is_follow
                              ? fill_follow(read, call->arena, call->reply)
                              : fill_reply(feed, read, call->arena, call->ask, call->reply));
}

static void take_call(void *owner, struct pgl_message *message)
{
    struct pgl_call *call = pgl_call_of(message);
    call->method->flow(owner, call);
}

void pgl_feed_read_method(void *feed, struct pgl_call *call)
{
    pgl_feed_read(feed, call);
}

void pgl_feed_follow_method(void *feed, struct pgl_call *call)
{
    pgl_feed_follow(feed, call);
}

pgl_status pgl_feed_open(struct pgl_feed *feed, struct pgl_loop *loop, struct pgl_event_log *log)
{
    *feed = (struct pgl_feed){ .loop = loop, .log = log };
    feed->reads = calloc(PGL_FEED_READS_MAX, sizeof feed->reads[0]);
    if (feed->reads == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a feed");
    pgl_mailbox_open(&feed->calls, loop, PGL_FEED_READS_MAX, take_call, feed);
    pgl_mailbox_open(&feed->replies, loop, 0, take_events, feed); /* nothing but replies */
    return PGL_OK;
}

void pgl_feed_close(struct pgl_feed *feed)
{
    free(feed->reads);
}

static struct pgl_feed_read *find_free(struct pgl_feed *feed)
{
    for (int i = 0; i < PGL_FEED_READS_MAX; i++)
        if (feed->reads[i].call == NULL && !pgl_loop_is_struck(feed->loop, PGL_BUGGIFY_FEED_FULL))
            return &feed->reads[i];
    return NULL;
}

/* Answered when the log has answered it. */
static void send(struct pgl_feed *feed, struct pgl_call *call, int64_t after,
                 const FollowRequest *of)
{
    struct pgl_feed_read *slot = find_free(feed);
    if (slot == NULL) {
        pgl_call_answer(call, PGL_FAIL(PGL_EXHAUSTED, "too many read this log"));
        return;
    }
    slot->call = call;
    slot->is_follow = of != NULL;
    slot->read.after = after;
    slot->read.until_ns = call->deadline_ns;
    slot->read.is_of_newcomer = of == NULL;
    slot->read.is_first = of != NULL && of->first;
    slot->read.reader = of != NULL ? pgl_keep_find(&feed->log->keep, of->reader) : 0;
    slot->read.handled = of != NULL ? of->handled : 0;
    slot->read.epoch = of != NULL ? of->epoch : 0;
    slot->read.hash = of != NULL ? of->hash : 0;
    slot->read.message.reply_to = &feed->replies;
    pgl_status sent = pgl_mailbox_send(feed->loop, &feed->log->reads, &slot->read.message);
    if (!pgl_is_ok(sent)) {
        slot->call = NULL;
        pgl_call_answer(call, sent);
    }
}

void pgl_feed_read(struct pgl_feed *feed, struct pgl_call *call)
{
    const ReadRequest *ask = call->ask;
    if (ask->max < 1 || ask->max > PGL_FEED_EVENTS_MAX)
        pgl_call_answer(call, PGL_FAIL(PGL_INVALID, "max: 1 to 512 is expected"));
    else if (ask->n_types > PGL_FEED_TYPES_MAX)
        pgl_call_answer(call, PGL_FAIL(PGL_INVALID, "types: at most 32"));
    else
        send(feed, call, ask->after, NULL);
}

void pgl_feed_follow(struct pgl_feed *feed, struct pgl_call *call)
{
    const FollowRequest *ask = call->ask;
    if (ask->reader[0] != '\0' && pgl_keep_find(&feed->log->keep, ask->reader) == 0)
        pgl_call_answer(call, PGL_FAIL(PGL_DENIED, "this log has no such reader"));
    else
        send(feed, call, ask->after, ask);
}
