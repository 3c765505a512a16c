/* recent.c - see recent.h. */
#include "store/recent.h"

#include <stdlib.h>

#include "base/assert.h"

#define SLICE_MIN 64

static pgl_status generation_open(struct pgl_recent_generation *generation, uint32_t limit)
{
    generation->entries = malloc(limit * sizeof generation->entries[0]);
    generation->count = 0;
    generation->last = (pgl_id){ { 0 } };
    pgl_map_init(&generation->newest, limit);
    return generation->entries != NULL ? PGL_OK : PGL_FAIL(PGL_EXHAUSTED, "no memory for an index");
}

/* ---- the young generation: filled, and emptied again by a rollback ---- */

static pgl_status add(struct pgl_recent *recent, int64_t key, pgl_id id)
{
    struct pgl_recent_generation *young = &recent->young;
    if (young->count == recent->room)
        return PGL_FAIL(PGL_EXHAUSTED, "an index is full");
    uint64_t *there = pgl_map_get(&young->newest, (uint64_t)key);
    young->entries[young->count] =
        (struct pgl_recent_entry){ key, id, there != NULL ? (uint32_t)*there + 1 : 0 };
    PGL_TRY(pgl_map_put(&young->newest, (uint64_t)key, young->count));
    young->count++;
    young->last = id;
    return PGL_OK;
}

static void take_back(struct pgl_recent_generation *young, uint32_t count)
{
    while (young->count > count) {
        const struct pgl_recent_entry *entry = &young->entries[--young->count];
        if (entry->before == 0) {
            pgl_map_remove(&young->newest, (uint64_t)entry->key);
        } else {
            uint64_t *place = pgl_map_get(&young->newest, (uint64_t)entry->key);
            *place = entry->before - 1;
        }
    }
    young->last = count > 0 ? young->entries[count - 1].id : (pgl_id){ { 0 } };
}

/* ---- the old generation: sorted, and written slice by slice ---- */

static int by_key_then_id(const void *left, const void *right)
{
    const struct pgl_recent_entry *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return pgl_id_compare(a->id, b->id);
}

/* The young generation is full and committed, the old one written: turn over. */
static pgl_status turn_over(struct pgl_recent *recent)
{
    PGL_ASSERT(recent->merged == recent->old.count);
    struct pgl_recent_generation spare = recent->old;
    recent->old = recent->young;
    qsort(recent->old.entries, recent->old.count, sizeof recent->old.entries[0], by_key_then_id);
    pgl_map_clear(&recent->old.newest);
    for (uint32_t i = 0; i < recent->old.count; i++) /* of equal keys the last one stays */
        PGL_TRY(pgl_map_put(&recent->old.newest, (uint64_t)recent->old.entries[i].key, i));
    pgl_map_clear(&spare.newest);
    spare.count = 0;
    spare.last = (pgl_id){ { 0 } };
    recent->young = spare;
    recent->durable_count = 0;
    recent->merged = recent->durable_merged = 0;
    return PGL_OK;
}

static pgl_status write_entry(const struct pgl_recent *recent, const struct pgl_recent_entry *entry)
{
    struct pgl_rows rows = pgl_rows_begin(recent->db, recent->sql->put);
    pgl_bind_i64(&rows, entry->key);
    pgl_bind_id(&rows, &entry->id);
    return pgl_rows_run(&rows, NULL);
}

/* The next `slice` entries of the old generation; with the last of them the watermark rises. */
static pgl_status merge(struct pgl_recent *recent, uint32_t slice)
{
    for (; slice > 0 && recent->merged < recent->old.count; slice--, recent->merged++)
        PGL_TRY(write_entry(recent, &recent->old.entries[recent->merged]));
    if (recent->merged < recent->old.count)
        return PGL_OK;
    struct pgl_rows rows = pgl_rows_begin(recent->db, recent->sql->watermark_put);
    pgl_bind_id(&rows, &recent->old.last);
    return pgl_rows_run(&rows, NULL);
}

static pgl_status recent_prepare(void *self, struct pgl_tx *tx)
{
    (void)tx;
    struct pgl_recent *recent = self;
    if (recent->merged == recent->old.count)
        return PGL_OK;
    uint32_t came = recent->young.count - recent->durable_count;
    if (pgl_buggify(recent->platform->buggify, PGL_BUGGIFY_RECENT_WHOLE_SLICE))
        return merge(recent, recent->old.count);
    return merge(recent, 2 * came > SLICE_MIN ? 2 * came : SLICE_MIN);
}

/* What is left of the old generation, before the loop runs. */
static pgl_status merge_at_once(struct pgl_recent *recent)
{
    if (recent->merged == recent->old.count)
        return PGL_OK;
    PGL_TRY(pgl_database_run(recent->db, "BEGIN IMMEDIATE"));
    PGL_TRY(merge(recent, recent->old.count)); /* a start that fails is rolled back by the next */
    PGL_TRY(pgl_database_run(recent->db, "COMMIT"));
    recent->durable_merged = recent->merged;
    return PGL_OK;
}

static void recent_committed(void *self)
{
    struct pgl_recent *recent = self;
    recent->durable_count = recent->young.count;
    recent->durable_merged = recent->merged;
}

static void recent_rolled_back(void *self)
{
    struct pgl_recent *recent = self;
    take_back(&recent->young, recent->durable_count);
    recent->merged = recent->durable_merged;
}

/* ---- for everybody ---- */

static pgl_status read_watermark(struct pgl_recent *recent)
{
    struct pgl_rows rows = pgl_rows_begin(recent->db, recent->sql->watermark_get);
    PGL_TRY(pgl_rows_next(&rows));
    if (!rows.has_row)
        return PGL_FAIL(PGL_DATA_LOSS, "an index has lost its watermark");
    recent->watermark = pgl_column_id(&rows, 0);
    pgl_rows_end(&rows);
    return PGL_OK;
}

pgl_status pgl_recent_open(struct pgl_recent *recent, struct pgl_writer *writer,
                           const struct pgl_recent_sql *sql, uint32_t generation)
{
    *recent = (struct pgl_recent){
        .sql = sql, .db = &writer->db, .platform = writer->loop->platform, .generation = generation
    };
    /* Half as much again: a batch may begin with the young generation nearly full, and the older
     * one may still be on its way to the table. */
    recent->room = generation + generation / 2 + PGL_WRITER_QUEUE_MAX;
    PGL_TRY(generation_open(&recent->young, recent->room));
    PGL_TRY(generation_open(&recent->old, recent->room));
    PGL_TRY(read_watermark(recent));
    recent->participant = (struct pgl_participant){ .self = recent,
                                                    .prepare = recent_prepare,
                                                    .committed = recent_committed,
                                                    .rolled_back = recent_rolled_back };
    pgl_writer_join(writer, &recent->participant);
    return PGL_OK;
}

void pgl_recent_close(struct pgl_recent *recent)
{
    free(recent->young.entries);
    free(recent->old.entries);
    pgl_map_free(&recent->young.newest);
    pgl_map_free(&recent->old.newest);
}

pgl_status pgl_recent_feed(struct pgl_recent *recent, int64_t key, pgl_id id)
{
    if (recent->young.count >= recent->generation) {
        PGL_TRY(merge_at_once(recent));
        PGL_TRY(turn_over(recent));
    }
    PGL_TRY(add(recent, key, id));
    recent->durable_count = recent->young.count;
    return PGL_OK;
}

pgl_status pgl_recent_put(struct pgl_recent *recent, int64_t key, pgl_id id)
{
    /* Only between transactions does the young generation hold nothing that could be taken back. */
    bool may_turn = recent->young.count == recent->durable_count &&
                    recent->merged == recent->old.count && recent->merged == recent->durable_merged;
    if (may_turn && (recent->young.count >= recent->generation ||
                     pgl_buggify(recent->platform->buggify, PGL_BUGGIFY_RECENT_TURNS_OVER)))
        PGL_TRY(turn_over(recent));
    return add(recent, key, id);
}

pgl_status pgl_recent_get(struct pgl_recent *recent, int64_t key, pgl_id *id)
{
    *id = (pgl_id){ { 0 } };
    const struct pgl_recent_generation *generations[] = { &recent->young, &recent->old };
    for (int i = 0; i < 2; i++) {
        const uint64_t *place = pgl_map_get(&generations[i]->newest, (uint64_t)key);
        if (place != NULL) {
            *id = generations[i]->entries[*place].id;
            return PGL_OK;
        }
    }
    struct pgl_rows rows = pgl_rows_begin(recent->db, recent->sql->get);
    pgl_bind_i64(&rows, key);
    PGL_TRY(pgl_rows_next(&rows));
    if (rows.has_row) {
        *id = pgl_column_id(&rows, 0);
        pgl_rows_end(&rows);
    }
    return PGL_OK;
}
