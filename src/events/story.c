/* story.c - see story.h. */
#include "events/story.h"

#include "events/events_sql.h"
#include "events/log.h"
#include "wire/message.h"

static pgl_status read_event(const struct pgl_view *view, Log log, int64_t epoch, int64_t seq,
                             LoggedEvent **out)
{
    struct pgl_text bytes;
    void *event;
    PGL_TRY(pgl_event_at(view, seq, &bytes));
    PGL_TRY(pgl_message_unpack(EVENT_DESCRIPTOR, view->arena, bytes, &event));
    LoggedEvent *logged = pgl_message_new(LOGGED_EVENT_DESCRIPTOR, view->arena);
    pgl_id *id = pgl_arena_alloc(view->arena, sizeof *id);
    if (logged == NULL || id == NULL)
        return PGL_NO_MEMORY;
    *id = pgl_event_id(log, epoch, seq);
    logged->log = log;
    logged->seq = seq;
    logged->id = (ProtobufCBinaryData){ sizeof id->bytes, id->bytes };
    logged->event = event;
    *out = logged;
    return PGL_OK;
}

pgl_status pgl_story_read(const struct pgl_view *view, Log log, int64_t last_seq,
                          ReadKeyResponse *reply)
{
    int64_t epoch, next_seq, low;
    PGL_TRY(pgl_log_head_get(view->db, &epoch, &next_seq));
    PGL_TRY(pgl_log_low_get(view->db, &low));
    LoggedEvent **events = pgl_arena_alloc(view->arena, PGL_STORY_EVENTS_MAX * sizeof events[0]);
    if (events == NULL)
        return PGL_NO_MEMORY;
    size_t first = PGL_STORY_EVENTS_MAX; /* filled from the end, since the chain leads back */
    int64_t seq = last_seq;
    for (; seq >= low && first > 0; seq = events[first]->event->previous_seq)
        PGL_TRY(read_event(view, log, epoch, seq, &events[--first]));
    reply->pruned = seq > 0 && seq < low;
    reply->events = events + first;
    reply->n_events = PGL_STORY_EVENTS_MAX - first;
    return PGL_OK;
}
