/* admin_work.c - see admin_work.h. */
#include "saga/admin_work.h"

#include "events/parked.h"
#include "saga/admin_name.h"
#include "saga/audit_log.h"

#define NS_PER_S INT64_C(1000000000)

/* Where a job over parked keys is: behind a key, or among its events. In names mode the log is the
 * number of a consumer, and the key is empty. */
struct place {
    bool is_inside;
    uint8_t log;
    struct pgl_text key;
};

static struct place read_place(struct pgl_text cursor)
{
    if (cursor.size < 2)
        return (struct place){ .is_inside = false };
    return (struct place){ cursor.data[0] != 0,
                           (uint8_t)cursor.data[1],
                           { cursor.data + 2, cursor.size - 2 } };
}

static pgl_status write_place(struct pgl_tx *tx, struct pgl_admin_job *job, struct place place)
{
    char *bytes = pgl_arena_alloc(pgl_tx_arena(tx), place.key.size + 2);
    if (bytes == NULL)
        return PGL_NO_MEMORY;
    bytes[0] = place.is_inside;
    bytes[1] = (char)place.log;
    if (place.key.size > 0)
        memcpy(bytes + 2, place.key.data, place.key.size);
    job->cursor = (struct pgl_text){ bytes, place.key.size + 2 };
    return PGL_OK;
}

/* ---- one key ---- */

static pgl_status note(struct pgl_tx *tx, const struct pgl_admin_job *job, const char *action,
                       const char *target, const char *outcome)
{
    const char *reason = pgl_arena_printf(pgl_tx_arena(tx), "job %lld: %s", (long long)job->id,
                                          job->ask->job->reason);
    return pgl_audit_log_append(tx, job->ask->caller, action, target, reason, outcome);
}

static pgl_status replay(struct pgl_admin *admin, struct pgl_consumer *consumer, struct pgl_tx *tx,
                         struct pgl_text key, struct pgl_replay *replay)
{
    bool has_aside = admin->aside_seq != 0 && admin->aside_log == (int64_t)consumer->log;
    *replay = (struct pgl_replay){ .aside_seq = has_aside ? admin->aside_seq : 0,
                                   .why = admin->aside_why };
    pgl_status status = pgl_parked_replay(consumer, tx, key, replay);
    tx->cause_log = 0;
    tx->cause_seq = 0;
    memset(&tx->trace, 0, sizeof tx->trace);
    if (!pgl_is_ok(status)) {
        admin->trying_log = (int64_t)consumer->log;
        admin->trying_seq = replay->seq;
    } else if (replay->end == PGL_REPLAY_FAILED) {
        admin->aside_seq = 0; /* it is said; the next job may try again */
    }
    return status;
}

static pgl_status replay_key(struct pgl_admin *admin, struct pgl_consumer *consumer,
                             struct pgl_tx *tx, struct pgl_admin_job *job, struct pgl_text key,
                             bool *is_through)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    const char *name = pgl_parked_name_write(arena, admin->service, consumer->log, key);
    struct pgl_replay did;
    PGL_TRY(replay(admin, consumer, tx, key, &did));
    *is_through = did.end != PGL_REPLAY_ONE;
    switch (did.end) {
    case PGL_REPLAY_NOTHING:
    case PGL_REPLAY_ONE:
        return PGL_OK;
    case PGL_REPLAY_LAST:
        job->done++;
        return note(tx, job, "parked.replay", name, "handled");
    case PGL_REPLAY_FAILED:
        break;
    }
    job->failed++;
    job->last_error =
        pgl_arena_printf(arena, "%s: event %lld: %s", name, (long long)did.seq, did.why);
    return note(tx, job, "parked.replay", name,
                pgl_arena_printf(arena, "failed at event %lld: %s", (long long)did.seq, did.why));
}

static pgl_status drop_key(struct pgl_admin *admin, struct pgl_consumer *consumer,
                           struct pgl_tx *tx, struct pgl_admin_job *job, struct pgl_text key)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    int64_t count;
    PGL_TRY(pgl_parked_drop(consumer, tx, key, &count));
    if (count == 0)
        return PGL_OK;
    job->done++;
    return note(tx, job, "parked.drop",
                pgl_parked_name_write(arena, admin->service, consumer->log, key),
                pgl_arena_printf(arena, "%lld events were given up", (long long)count));
}

static pgl_status do_key(struct pgl_admin *admin, struct pgl_consumer *consumer, struct pgl_tx *tx,
                         struct pgl_admin_job *job, struct pgl_text key, bool *is_through)
{
    *is_through = true;
    return job->kind == JOB_KIND_DROP_PARKED
               ? drop_key(admin, consumer, tx, job, key)
               : replay_key(admin, consumer, tx, job, key, is_through);
}

/* ---- which keys ---- */

static bool may_touch(const struct pgl_admin_job *job, const struct pgl_parked_key *found)
{
    return found->log != LOG_UNSPECIFIED && found->first_seq <= job->until[found->log] &&
           (found->tenant[0] == '\0' || strcmp(found->tenant, job->ask->caller->tenant) == 0);
}

static bool is_wanted(const struct pgl_admin_job *job, const struct pgl_parked_key *found)
{
    const NewJob *wish = job->ask->job;
    bool is_old = wish->older_than_s == 0 ||
                  found->at_ns <= job->created_at_ns - wish->older_than_s * NS_PER_S;
    return may_touch(job, found) && is_old && strstr(found->why, wish->why) != NULL;
}

static struct pgl_consumer *consumer_of(const struct pgl_admin *admin, Log log)
{
    for (int i = 0; i < admin->consumer_count; i++)
        if (admin->consumers[i]->log == log)
            return admin->consumers[i];
    return NULL;
}

static pgl_status do_by_filter(struct pgl_admin *admin, struct pgl_tx *tx,
                               struct pgl_admin_job *job)
{
    struct place place = read_place(job->cursor);
    struct pgl_parked_key found;
    PGL_TRY(place.is_inside ? pgl_parked_get(&tx->view, (Log)place.log, place.key, &found)
                            : pgl_parked_next(&tx->view, (Log)place.log, place.key, &found));
    if (found.log == LOG_UNSPECIFIED && place.is_inside) { /* somebody else was through with it */
        place.is_inside = false;
        return write_place(tx, job, place);
    }
    if (found.log == LOG_UNSPECIFIED) {
        job->state = JOB_STATE_DONE;
        return PGL_OK;
    }
    struct pgl_consumer *consumer = consumer_of(admin, found.log);
    bool is_through = true;
    if (consumer != NULL && (place.is_inside || is_wanted(job, &found)))
        PGL_TRY(do_key(admin, consumer, tx, job, found.key, &is_through));
    job->looked += is_through;
    return write_place(tx, job, (struct place){ !is_through, (uint8_t)found.log, found.key });
}

/* Each name is looked for with every consumer. */
static pgl_status do_by_name(struct pgl_admin *admin, struct pgl_tx *tx, struct pgl_admin_job *job)
{
    const NewJob *wish = job->ask->job;
    struct place place = read_place(job->cursor);
    if ((size_t)job->looked >= wish->n_ids) {
        job->state = JOB_STATE_DONE;
        return PGL_OK;
    }
    if (place.log >= admin->consumer_count) {
        job->looked++;
        return write_place(tx, job, (struct place){ .is_inside = false });
    }
    struct pgl_parked_name name;
    struct pgl_parked_key found = { .log = LOG_UNSPECIFIED };
    struct pgl_consumer *consumer = admin->consumers[place.log];
    PGL_TRY(pgl_parked_name_read(pgl_tx_arena(tx), wish->ids[job->looked], &name));
    bool is_ours = (name.service == LOG_UNSPECIFIED || name.service == admin->service) &&
                   (name.log == LOG_UNSPECIFIED || name.log == consumer->log);
    if (is_ours)
        PGL_TRY(pgl_parked_get(&tx->view, consumer->log, name.key, &found));
    bool is_through = true;
    if (place.is_inside || may_touch(job, &found))
        PGL_TRY(do_key(admin, consumer, tx, job, name.key, &is_through));
    uint8_t next = (uint8_t)(place.log + is_through);
    return write_place(tx, job, (struct place){ !is_through, next, { "", 0 } });
}

/* ---- jobs of the service's own ---- */

static pgl_status next_order(const struct pgl_admin_deed *deed, struct pgl_tx *tx,
                             struct pgl_admin_job *job, pgl_id *order_id, bool *is_there)
{
    const NewJob *wish = job->ask->job;
    pgl_id after = { { 0 } };
    if (wish->n_ids > 0) {
        *is_there = (size_t)job->looked < wish->n_ids;
        return *is_there ? pgl_id_parse(pgl_text_of(wish->ids[job->looked]), order_id) : PGL_OK;
    }
    if (job->cursor.size == sizeof after.bytes)
        memcpy(after.bytes, job->cursor.data, sizeof after.bytes);
    return deed->next(tx, job, &after, order_id, is_there);
}

static pgl_status do_deed(const struct pgl_admin_deed *deed, struct pgl_tx *tx,
                          struct pgl_admin_job *job)
{
    pgl_id order_id;
    bool is_there;
    const char *refusal = NULL;
    PGL_TRY(next_order(deed, tx, job, &order_id, &is_there));
    if (!is_there) {
        job->state = JOB_STATE_DONE;
        return PGL_OK;
    }
    char *cursor =
        pgl_arena_string(pgl_tx_arena(tx), (struct pgl_text){ (const char *)order_id.bytes, 16 });
    char *name = pgl_arena_zalloc(pgl_tx_arena(tx), PGL_ID_TEXT_BYTES + 1);
    if (cursor == NULL || name == NULL)
        return PGL_NO_MEMORY;
    pgl_id_format(order_id, name);
    PGL_TRY(deed->act(tx, job, &order_id, &refusal));
    job->cursor = (struct pgl_text){ cursor, sizeof order_id.bytes };
    job->looked++;
    if (refusal == NULL) { /* whoever did it has written it down */
        job->done++;
        return PGL_OK;
    }
    job->failed++;
    job->last_error = pgl_arena_printf(pgl_tx_arena(tx), "%s: %s", name, refusal);
    return note(tx, job, deed->action, name,
                pgl_arena_printf(pgl_tx_arena(tx), "refused: %s", refusal));
}

const struct pgl_admin_deed *admin_find_deed(const struct pgl_admin *admin, JobKind kind)
{
    for (int i = 0; i < admin->deed_count; i++)
        if (admin->deeds[i].kind == kind)
            return &admin->deeds[i];
    return NULL;
}

pgl_status admin_do_one(struct pgl_admin *admin, struct pgl_tx *tx, struct pgl_admin_job *job)
{
    const struct pgl_admin_deed *deed = admin_find_deed(admin, job->kind);
    if (deed != NULL)
        return do_deed(deed, tx, job);
    return job->ask->job->n_ids > 0 ? do_by_name(admin, tx, job) : do_by_filter(admin, tx, job);
}
