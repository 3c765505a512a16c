/* auditor_parked.c - events that somebody has set aside; see auditor.h. */
#include "auditor.h"

static const char parked_sql[] = "SELECT log, seq, why FROM parked ORDER BY log, seq";

static int compare(const struct pgl_sim_parked *one, const struct pgl_sim_parked *other)
{
    if (one->log != other->log)
        return one->log < other->log ? -1 : 1;
    return one->seq == other->seq ? 0 : one->seq < other->seq ? -1 : 1;
}

static struct pgl_sim_order *order_of(struct pgl_sim_auditor *auditor,
                                      const struct pgl_sim_said *said)
{
    return said->order == PGL_SIM_NOBODY ? NULL : &auditor->book.orders[said->order];
}

static void blame_unasked(struct pgl_sim_auditor *auditor, enum pgl_boot_file file,
                          const struct pgl_sim_parked *parked, struct pgl_text why)
{
    if (!pgl_text_is(why, PGL_PARKED_STRUCK) && !pgl_text_is(why, PGL_PARKED_BEHIND))
        pgl_sim_blame(auditor->blame, "Q4: %s has parked event %lld of log %d: %.*s",
                      pgl_sim_file_name(file), (long long)parked->seq, (int)parked->log,
                      PGL_TEXT_ARGS(why));
}

static pgl_status read_rows(struct pgl_sim_auditor *auditor, enum pgl_boot_file file,
                            struct pgl_sim_parked *now, uint32_t *count)
{
    struct pgl_rows rows = pgl_rows_begin(pgl_sim_eyes(auditor, file), parked_sql);
    for (*count = 0;; ++*count) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return PGL_OK;
        if (*count == PGL_SIM_PARKED_MAX) {
            pgl_rows_end(&rows);
            return PGL_FAIL(PGL_EXHAUSTED, "more events are parked than it can know of");
        }
        now[*count] =
            (struct pgl_sim_parked){ (Log)pgl_column_i64(&rows, 0), pgl_column_i64(&rows, 1) };
        blame_unasked(auditor, file, &now[*count], pgl_column_text(&rows, 2));
    }
}

static void set_aside(struct pgl_sim_auditor *auditor, const struct pgl_sim_parked *parked)
{
    struct pgl_sim_order *order =
        order_of(auditor, &auditor->book.said[parked->log][parked->seq - 1]);
    if (order != NULL)
        order->parked++;
}

static void take_up(struct pgl_sim_auditor *auditor, enum pgl_boot_file file,
                    const struct pgl_sim_parked *parked)
{
    const struct pgl_sim_said *heard = &auditor->book.said[parked->log][parked->seq - 1];
    struct pgl_sim_order *order = order_of(auditor, heard);
    if (order == NULL)
        return;
    order->parked--;
    order->unparked_ns = auditor->machine->twin.now_ns;
    pgl_sim_check_heard(auditor, file, heard);
}

pgl_status pgl_sim_read_parked(struct pgl_sim_auditor *auditor, enum pgl_boot_file file)
{
    uint32_t old_count = auditor->parked_count[file], count, o = 0, n = 0;
    struct pgl_sim_parked *old = auditor->parked[file];
    struct pgl_sim_parked *now = pgl_arena_alloc(&auditor->arena, PGL_SIM_PARKED_MAX * sizeof *now);
    if (now == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(read_rows(auditor, file, now, &count));
    while (o < old_count || n < count) {
        int order = o == old_count ? 1 : n == count ? -1 : compare(&old[o], &now[n]);
        if (order < 0)
            take_up(auditor, file, &old[o++]);
        else if (order > 0)
            set_aside(auditor, &now[n++]);
        else
            o++, n++;
    }
    memcpy(old, now, count * sizeof *now);
    auditor->parked_count[file] = count;
    return PGL_OK;
}

bool pgl_sim_is_parked(const struct pgl_sim_auditor *auditor, enum pgl_boot_file file, Log log,
                       int64_t seq)
{
    const struct pgl_sim_parked wanted = { log, seq };
    for (uint32_t i = 0; i < auditor->parked_count[file]; i++)
        if (compare(&auditor->parked[file][i], &wanted) == 0)
            return true;
    return false;
}

bool pgl_sim_auditor_has_parked(const struct pgl_sim_auditor *auditor)
{
    const struct pgl_webhooks *webhooks = &auditor->machine->boot->webhooks;
    uint64_t count = 0;
    for (int file = PGL_FILE_ORDERS; file < PGL_SIM_FILES; file++)
        count += auditor->parked_count[file];
    for (int l = 0; l < PGL_WEBHOOK_LOGS; l++) /* nobody reads their file here: as they count it */
        count += pgl_counter_read(&webhooks->core.consumers[l].parked);
    return count > 0;
}
