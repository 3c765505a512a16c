/*
 * recent.h - an index from random 64-bit keys to ids, without a random write for each entry.
 *
 * For:      idempotency keys, the newest order of a customer. In a B-tree every such key would
 *           dirty a page of its own in every commit; that was measured to cost a fifth of the
 *           throughput (docs/decisions/recent.md).
 * How:      new entries gather in memory. When `generation` of them have come they are sorted and
 *           written to the table in slices, a slice a transaction, so that neighbours share pages.
 *           A lookup asks memory first, then the table.
 * Crash:    nothing is lost: what memory held is rebuilt from the rows above the watermark. The
 *           owner feeds them again at start; more than two generations of them (the last process
 *           had larger ones) are written to the table meanwhile.
 * Owner:    a writer loop; a participant of its transactions.
 * Bounds:   two generations in memory; a slice is at least as large as what came in the meantime,
 *           so the older one is always written before the younger is full.
 */
#ifndef PGL_STORE_RECENT_H
#define PGL_STORE_RECENT_H

#include "base/map.h"
#include "store/writer.h"

/* The statements over the index's table and the watermark; literals, as everywhere. */
struct pgl_recent_sql {
    const char *get;           /* (key) -> id */
    const char *put;           /* (key, id), replaces */
    const char *watermark_get; /* () -> id */
    const char *watermark_put; /* (id) */
};

struct pgl_recent_entry {
    int64_t key;
    pgl_id id;
    uint32_t before; /* of the same key in the same generation, plus 1; 0 for none */
};

struct pgl_recent_generation {
    struct pgl_recent_entry
        *entries; /* in the order of coming; sorted by key once it is the older one */
    uint32_t count;
    struct pgl_map newest; /* key -> place in entries */
    pgl_id last;           /* the largest id in it */
};

struct pgl_recent {
    struct pgl_participant participant;
    const struct pgl_recent_sql *sql;
    struct pgl_database *db;
    const struct pgl_platform *platform;
    uint32_t generation;
    uint32_t room; /* for entries of one generation */
    struct pgl_recent_generation young, old;
    uint32_t durable_count;          /* of young */
    uint32_t merged, durable_merged; /* of old */
    pgl_id watermark;                /* everything up to here is in the table */
};

/* Joins the writer. The caller then feeds the rows above `watermark`, in the order of their ids. */
PGL_MUST_USE pgl_status pgl_recent_open(struct pgl_recent *recent, struct pgl_writer *writer,
                                        const struct pgl_recent_sql *sql, uint32_t generation);
void pgl_recent_close(struct pgl_recent *recent);

/* Before the loop runs: an entry that is in the rows already. */
PGL_MUST_USE pgl_status pgl_recent_feed(struct pgl_recent *recent, int64_t key, pgl_id id);

/* In a transaction; ids only ever rise. Replaces what the key had. PGL_EXHAUSTED for a transaction
 * with more entries than half a generation and PGL_WRITER_QUEUE_MAX. */
PGL_MUST_USE pgl_status pgl_recent_put(struct pgl_recent *recent, int64_t key, pgl_id id);

/* Zero when there is none. Sees what the transaction has put. */
PGL_MUST_USE pgl_status pgl_recent_get(struct pgl_recent *recent, int64_t key, pgl_id *id);

#endif
