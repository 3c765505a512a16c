/* keep.c - see keep.h. */
#include "events/keep.h"

#include "base/assert.h"
#include "events/events_sql.h"
#include "events/log.h"
#include "wire/message.h"

/* ---- readers ---- */

static void note_behind(struct pgl_keep *keep)
{
    int64_t high = keep->log->durable_high, behind = 0, since_ns = 0;
    int64_t now_ns = keep->log->writer->loop->now_ns;
    for (int i = 0; i < keep->reader_count; i++) {
        struct pgl_keep_reader *reader = &keep->readers[i];
        int64_t left = high - reader->position;
        if (!reader->is_heard) /* how much it has to do, nobody knows */
            left = high > 0 ? 1 : 0;
        else if (reader->position >= reader->mark) {
            reader->mark = high;
            reader->mark_ns = now_ns;
        }
        behind = left > behind ? left : behind;
        if (left > 0 && (since_ns == 0 || reader->mark_ns < since_ns))
            since_ns = reader->mark_ns;
    }
    pgl_counter_set(&keep->behind, (uint64_t)behind);
    pgl_counter_set(&keep->behind_since, (uint64_t)since_ns);
}

static int add_reader(struct pgl_keep *keep, struct pgl_keep_reader reader)
{
    PGL_ASSERT(keep->reader_count < PGL_KEEP_READERS_MAX);
    PGL_ASSERT(pgl_keep_find(keep, reader.name) == 0);
    keep->readers[keep->reader_count] = reader;
    return ++keep->reader_count;
}

int pgl_keep_register(struct pgl_keep *keep, const char *name, int64_t position)
{
    struct pgl_keep_reader reader = { .name = name, .is_heard = true, .position = position };
    return add_reader(keep, reader);
}

int pgl_keep_expect(struct pgl_keep *keep, const char *name)
{
    struct pgl_keep_reader reader = { .name = name, .mark_ns = keep->log->writer->loop->now_ns };
    return add_reader(keep, reader);
}

int pgl_keep_find(const struct pgl_keep *keep, const char *name)
{
    for (int i = 0; i < keep->reader_count; i++)
        if (strcmp(keep->readers[i].name, name) == 0)
            return i + 1;
    return 0;
}

void pgl_keep_note(struct pgl_keep *keep, int reader, int64_t position)
{
    PGL_ASSERT(reader <= keep->reader_count);
    if (position > keep->readers[reader - 1].position)
        keep->readers[reader - 1].position = position;
    keep->readers[reader - 1].is_heard = true;
    note_behind(keep);
}

bool pgl_keep_is_behind(const struct pgl_keep *keep, int64_t now_ns)
{
    int64_t since_ns = (int64_t)pgl_counter_read(&keep->behind_since);
    return pgl_counter_read(&keep->behind) > PGL_KEEP_BEHIND_EVENTS ||
           (since_ns != 0 && now_ns - since_ns > PGL_KEEP_BEHIND_NS);
}

/* ---- pruning ---- */

/* The first event that has to stay, whatever its age. */
static int64_t first_needed(const struct pgl_keep *keep)
{
    int64_t first = keep->log->durable_high - keep->options.events + 1;
    for (int i = 0; i < keep->reader_count; i++)
        if (keep->readers[i].position < first)
            first = keep->readers[i].position; /* that one too: it is how the log is known again */
    return first;
}

static void look(void *owner)
{
    struct pgl_keep *keep = owner;
    keep->is_timer_set = false;
    keep->is_due = first_needed(keep) > keep->low;
}

static void look_later(struct pgl_keep *keep)
{
    struct pgl_loop *loop = keep->log->writer->loop;
    if (keep->is_timer_set || keep->is_due || first_needed(keep) <= keep->low)
        return;
    keep->is_timer_set = true;
    pgl_timer_set(&loop->timers, &keep->look, loop->now_ns + PGL_KEEP_LOOK_NS, look, keep);
}

static int keep_waiting(void *self)
{
    return ((struct pgl_keep *)self)->is_due ? 1 : 0;
}

static pgl_status read_age(struct pgl_tx *tx, int64_t seq, int64_t *age_ns)
{
    struct pgl_text bytes;
    void *event;
    *age_ns = INT64_MAX; /* what cannot be read is as old as its neighbours */
    PGL_TRY(pgl_event_at(&tx->view, seq, &bytes));
    pgl_status read = pgl_message_unpack(EVENT_DESCRIPTOR, pgl_tx_arena(tx), bytes, &event);
    if (pgl_is_ok(read))
        *age_ns = pgl_tx_now_ns(tx) - ((const Event *)event)->at_ns;
    return read.code == PGL_EXHAUSTED ? read : PGL_OK;
}

/* A slice goes as a whole: its newest event is old enough. */
static pgl_status keep_work(void *self, struct pgl_tx *tx, int limit)
{
    struct pgl_keep *keep = self;
    int64_t first = first_needed(keep), end = keep->low + PGL_KEEP_SLICE, age_ns;
    (void)limit;
    keep->is_due = false;
    if (end > first)
        end = first;
    if (end <= keep->low)
        return PGL_OK;
    PGL_TRY(read_age(tx, end - 1, &age_ns));
    if (age_ns < keep->options.age_ns)
        return PGL_OK;
    PGL_TRY(pgl_events_prune(tx, end));
    keep->low = end;
    keep->is_due = end < first;
    return PGL_OK;
}

static void keep_refused(void *self, pgl_status why)
{
    struct pgl_keep *keep = self;
    keep->is_due = false; /* it is looked at again in a while */
    pgl_log(&keep->log->writer->loop->log, PGL_LOG_ERROR, "events", "not-pruned", "text=\"%s\"",
            why.text);
}

static void keep_committed(void *self)
{
    struct pgl_keep *keep = self;
    pgl_counter_add(&keep->pruned, (uint64_t)(keep->low - keep->durable_low));
    keep->durable_low = keep->low;
    note_behind(keep);
    look_later(keep);
}

static void keep_rolled_back(void *self)
{
    struct pgl_keep *keep = self;
    keep->is_due |= keep->low != keep->durable_low;
    keep->low = keep->durable_low;
}

pgl_status pgl_keep_open(struct pgl_keep *keep, struct pgl_event_log *log,
                         struct pgl_writer *writer)
{
    *keep = (struct pgl_keep){ .log = log, .options = PGL_KEEP_OPTIONS_DEFAULT };
    PGL_TRY(pgl_log_low_get(&writer->db, &keep->low));
    keep->durable_low = keep->low;
    keep->participant = (struct pgl_participant){ .self = keep,
                                                  .waiting = keep_waiting,
                                                  .work = keep_work,
                                                  .refused = keep_refused,
                                                  .committed = keep_committed,
                                                  .rolled_back = keep_rolled_back };
    pgl_writer_join(writer, &keep->participant);
    return PGL_OK;
}
