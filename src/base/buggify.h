/*
 * buggify.h - places in the program where the simulator may make something rare happen: a short
 * batch, a ring that has already lost an event, a turn that does nothing. Faults from outside
 * seldom reach these states; nothing that a customer may rely on changes by them.
 *
 * For:      whoever has a rare branch that is right, and seldom taken.
 * Owner:    the platform has the pointer: NULL in real life, which costs one predictable branch;
 *           the simulator's twin behind it. No point lies in a loop over rows or events.
 * Threads:  the simulator's one.
 * Rule:     whatever strikes here could also have happened by itself.
 */
#ifndef PGL_BASE_BUGGIFY_H
#define PGL_BASE_BUGGIFY_H

#include <stdbool.h>
#include <stddef.h>

/* Their names in the program, and as scripts and reports spell them. */
/* clang-format off */
#define PGL_BUGGIFY_LIST(POINT) \
    POINT(LOOP_IDLE_TURN,          "loop.idle-turn") \
    POINT(LOOP_SOCKETS_LATER,      "loop.sockets-later") \
    POINT(LOOP_TIMERS_LATER,       "loop.timers-later") \
    POINT(LOOP_FLOWS_LATER,        "loop.flows-later") \
    POINT(WRITER_SHORT_BATCH,      "writer.short-batch") \
    POINT(WRITER_COMMANDS_FIRST,   "writer.commands-first") \
    POINT(WRITER_SPOILED,          "writer.spoiled") \
    POINT(WRITER_DISK_FULL,        "writer.disk-full") \
    POINT(WRITER_QUEUE_FULL,       "writer.queue-full") \
    POINT(WRITER_CHECKPOINT,       "writer.checkpoint") \
    POINT(WRITER_NO_CHECKPOINT,    "writer.no-checkpoint") \
    POINT(READER_SHORT_SNAPSHOT,   "reader.short-snapshot") \
    POINT(READER_TOO_LATE,         "reader.too-late") \
    POINT(RECENT_TURNS_OVER,       "recent.turns-over") \
    POINT(RECENT_WHOLE_SLICE,      "recent.whole-slice") \
    POINT(LOG_RING_LOST,           "log.ring-lost") \
    POINT(LOG_SHORT_READ,          "log.short-read") \
    POINT(LOG_BUSY,                "log.busy") \
    POINT(CONSUMER_SHORT_WORK,     "consumer.short-work") \
    POINT(CONSUMER_NO_READ_AHEAD,  "consumer.no-read-ahead") \
    POINT(HTTP_REFUSES,            "http.refuses") \
    POINT(HTTP_CLOSES,             "http.closes") \
    POINT(RPC_REFUSES,             "rpc.refuses") \
    POINT(EDGE_OVERLOADED,         "edge.overloaded") \
    POINT(EDGE_FORGETS_TOKENS,     "edge.forgets-tokens") \
    POINT(ORDERS_FORGET_PRICES,    "orders.forget-prices") \
    POINT(LOOP_MAIL_LATER,         "loop.mail-later") \
    POINT(LOOP_ONE_SOCKET,         "loop.one-socket") \
    POINT(LOOP_ONE_TIMER,          "loop.one-timer") \
    POINT(LOOP_ONE_FLOW,           "loop.one-flow") \
    POINT(FLOW_LATE_AT_ONCE,       "flow.late-at-once") \
    POINT(WRITER_TOO_LATE,         "writer.too-late") \
    POINT(WRITER_NO_MEMORY,        "writer.no-memory") \
    POINT(WRITER_LONG_PAUSE,       "writer.long-pause") \
    POINT(READER_QUEUE_FULL,       "reader.queue-full") \
    POINT(READER_NO_MEMORY,        "reader.no-memory") \
    POINT(LOG_NOTHING_NEW,         "log.nothing-new") \
    POINT(LOG_SHORT_TABLE,         "log.short-table") \
    POINT(CONSUMER_ASKS_LATER,     "consumer.asks-later") \
    POINT(CONSUMER_NO_MEMORY,      "consumer.no-memory") \
    POINT(CONSUMER_TELLS_SOON,     "consumer.tells-soon") \
    POINT(CONSUMER_PARKS,          "consumer.parks") \
    POINT(FEED_FULL,               "feed.full") \
    POINT(FEED_SHORT,              "feed.short") \
    POINT(LOOKUP_FAILS,            "lookup.fails") \
    POINT(CLIENT_NOT_REACHED,      "client.not-reached") \
    POINT(CLIENT_SENDS_LITTLE,     "client.sends-little") \
    POINT(CLIENT_BREAKS_SENDING,   "client.breaks-sending") \
    POINT(CLIENT_HEARS_LITTLE,     "client.hears-little") \
    POINT(CLIENT_BREAKS_HEARING,   "client.breaks-hearing") \
    POINT(DEADLINES_EARLY_TICK,    "deadlines.early-tick") \
    POINT(DEADLINES_LATE_WAKE,     "deadlines.late-wake") \
    POINT(DEADLINES_ONE_AT_ONCE,   "deadlines.one-at-once") \
    POINT(DEADLINES_SHORT_SCAN,    "deadlines.short-scan") \
    POINT(DEADLINES_FULL,          "deadlines.full") \
    POINT(WAITS_FULL,              "waits.full") \
    POINT(WAITS_LATE,              "waits.late") \
    POINT(CARD_ANSWER_LOST,        "card.answer-lost") \
    POINT(CARD_OUTCOME_DROPPED,    "card.outcome-dropped") \
    POINT(CARD_SETTLES_LATER,      "card.settles-later") \
    POINT(CARD_NO_FOLLOW_UP,       "card.no-follow-up") \
    POINT(CARD_RETRY_AT_ONCE,      "card.retry-at-once") \
    POINT(CARD_RETRY_LATE,         "card.retry-late") \
    POINT(CARD_NO_TICKET,          "card.no-ticket") \
    POINT(CARD_ONE_TICKET,         "card.one-ticket") \
    POINT(CARD_NO_TOKEN,           "card.no-token") \
    POINT(CARD_CLAIM_LOST,         "card.claim-lost") \
    POINT(NUDGE_LOST,              "nudge.lost") \
    POINT(PROVIDER_QUEUE_FULL,     "provider.queue-full") \
    POINT(PROVIDER_TOO_LATE,       "provider.too-late") \
    POINT(PROVIDER_DROPS_KEPT,     "provider.drops-kept") \
    POINT(PROVIDER_LOOKS_UP_AGAIN, "provider.looks-up-again") \
    POINT(PROVIDER_NO_MEMORY,      "provider.no-memory") \
    POINT(RECONCILE_FAILS,         "reconcile.fails") \
    POINT(RECONCILE_LOOKS_TWICE,   "reconcile.looks-twice") \
    POINT(HOOKS_LOOK_LATER,        "hooks.look-later") \
    POINT(HOOKS_ONE_AT_ONCE,       "hooks.one-at-once") \
    POINT(HOOKS_ANSWER_LOST,       "hooks.answer-lost") \
    POINT(HOOKS_RECORD_LATER,      "hooks.record-later") \
    POINT(STREAM_REFUSED,          "stream.refused") \
    POINT(STREAM_ENDS,             "stream.ends") \
    POINT(STREAM_SHOWS_LIFE,       "stream.shows-life") \
    POINT(EVENTS_GIVE_UP,          "events.give-up") \
    POINT(EVENTS_SHORT_LOOK,       "events.short-look") \
    POINT(HTTP_ACCEPTS_ONE,       "http.accepts-one") \
    POINT(CONN_READS_LITTLE,      "conn.reads-little") \
    POINT(CONN_WRITES_ONCE,       "conn.writes-once") \
    POINT(CONN_TAKES_FEW,         "conn.takes-few") \
    POINT(READER_NO_SNAPSHOT,     "reader.no-snapshot") \
    POINT(EVENTS_ONE_AT_ONCE,     "events.one-at-once") \
    POINT(STREAM_ASKS_BRIEFLY,    "stream.asks-briefly") \
    POINT(CARD_LOOKS_AGAIN,       "card.looks-again") \
    POINT(CARD_OTHERS_TURN,       "card.others-turn") \
    POINT(CARD_SWEEPS_SOON,       "card.sweeps-soon") \
    POINT(DEADLINES_OLD_MARK,     "deadlines.old-mark") \
    POINT(WAITS_SAY_NOTHING,      "waits.say-nothing") \
    POINT(EDGE_LITTLE_TIME,       "edge.little-time") \
    POINT(EDGE_NO_MEMORY,         "edge.no-memory") \
    POINT(HOOKS_NO_SENDER,        "hooks.no-sender") \
    POINT(HOOKS_LOOK_AGAIN,       "hooks.look-again") \
    POINT(RECONCILE_STOPS,        "reconcile.stops")
/* clang-format on */

#define PGL_BUGGIFY_IN_ENUM(name, text) PGL_BUGGIFY_##name,
enum pgl_buggify_point { PGL_BUGGIFY_LIST(PGL_BUGGIFY_IN_ENUM) PGL_BUGGIFY_POINTS };

struct pgl_buggify {
    /* True: it happens now. */
    bool (*strikes)(const struct pgl_buggify *self, enum pgl_buggify_point point);
};

static inline bool pgl_buggify(const struct pgl_buggify *buggify, enum pgl_buggify_point point)
{
    return __builtin_expect(buggify != NULL, 0) && buggify->strikes(buggify, point);
}

/* "writer.short-batch", as scripts and reports spell it. */
const char *pgl_buggify_name(enum pgl_buggify_point point);

#endif
