/*
 * story_text.h - an event of an order's story in a sentence, for somebody who has to explain it:
 * one table, from type to sentence.
 *
 * Owner:    nobody; the text lies in the arena.
 * Threads:  any.
 */
#ifndef PGL_EDGE_STORY_TEXT_H
#define PGL_EDGE_STORY_TEXT_H

#include "base/arena.h"
#include "contract/events.h"

/* What some sentences need to know of the rest of the story. */
struct edge_story_facts {
    const OrderCreated *created; /* NULL where it is not among the events */
};

/* Never empty: an event that the table does not have is named. NULL when the arena is full. */
const char *edge_story_text(struct pgl_arena *arena, const struct edge_story_facts *facts,
                            const Event *event);

#endif
