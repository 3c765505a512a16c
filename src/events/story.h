/*
 * story.h - everything a log says about one key. Events of a key form a chain: each names the one
 * before, and the row they are about names the last. So the story needs no index.
 */
#ifndef PGL_EVENTS_STORY_H
#define PGL_EVENTS_STORY_H

#include "contract/events.h"
#include "store/view.h"

/* An order has at most a dozen in one log, and one for each parcel and refund; what is older than
 * the newest so many is left out. */
#define PGL_STORY_EVENTS_MAX 256

/* Walks back from `last_seq` (0: no events) as far as the log is kept, and answers oldest first. */
PGL_MUST_USE pgl_status pgl_story_read(const struct pgl_view *view, Log log, int64_t last_seq,
                                       ReadKeyResponse *reply);

#endif
