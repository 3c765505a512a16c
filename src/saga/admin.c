/* admin.c - see admin.h; what operators are shown is in admin_show.c. */
#include "saga/admin.h"

#include <stdio.h>

#include "base/assert.h"
#include "saga/admin_name.h"
#include "saga/admin_show.h"
#include "saga/admin_sql.h"
#include "saga/admin_work.h"
#include "saga/audit_log.h"
#include "saga/idempotency.h"
#include "wire/message.h"

/* ---- as a participant of the writer ---- */

static int admin_waiting(void *self)
{
    return ((struct pgl_admin *)self)->has_work ? PGL_ADMIN_SLICE : 0;
}

static pgl_status end_job(const struct pgl_admin *admin, struct pgl_tx *tx,
                          struct pgl_admin_job *job)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    job->ended_at_ns = pgl_tx_now_ns(tx);
    return pgl_audit_log_append(
        tx, job->ask->caller, "job.end", pgl_job_name_write(arena, admin->service, job->id),
        job->ask->job->reason,
        pgl_arena_printf(arena, "looked at %lld, done %lld, failed %lld", (long long)job->looked,
                         (long long)job->done, (long long)job->failed));
}

/* The job was read in this transaction, so a rollback has nothing to undo in memory. */
static pgl_status admin_work(void *self, struct pgl_tx *tx, int limit)
{
    struct pgl_admin *admin = self;
    struct pgl_admin_job job;
    admin->trying_seq = 0;
    PGL_TRY(job_running(&tx->view, &job));
    if (job.id == 0) {
        admin->has_work = false;
        return PGL_OK;
    }
    if (admin->is_refused) {
        job.state = JOB_STATE_CANCELLED;
        job.last_error = admin->aside_why;
    }
    for (int i = 0; i < limit && i < PGL_ADMIN_SLICE && job.state == JOB_STATE_RUNNING; i++)
        PGL_TRY(admin_do_one(admin, tx, &job));
    if (job.state != JOB_STATE_RUNNING)
        PGL_TRY(end_job(admin, tx, &job));
    return job_update(tx, &job);
}

static void admin_refused(void *self, pgl_status why)
{
    struct pgl_admin *admin = self;
    admin->is_refused = admin->trying_seq == 0;
    admin->aside_log = admin->trying_log;
    admin->aside_seq = admin->trying_seq;
    snprintf(admin->aside_why, sizeof admin->aside_why, "%s", why.text);
}

/* What was set aside stays so until something else fails: it is known by its number. */
static void admin_committed(void *self)
{
    ((struct pgl_admin *)self)->is_refused = false;
}

void pgl_admin_init(struct pgl_admin *admin, Log service, struct pgl_admin_hooks hooks)
{
    *admin = (struct pgl_admin){ .service = service, .hooks = hooks };
}

void pgl_admin_add_consumer(struct pgl_admin *admin, struct pgl_consumer *consumer)
{
    PGL_ASSERT(admin->consumer_count < PGL_ADMIN_CONSUMERS_MAX && consumer->log <= LOG_INVENTORY);
    admin->consumers[admin->consumer_count++] = consumer;
}

pgl_status pgl_admin_open(struct pgl_admin *admin, struct pgl_writer *writer,
                          const struct pgl_admin_deed *deeds, int deed_count)
{
    struct pgl_view view = { &writer->db, &writer->arena, writer->context };
    struct pgl_admin_job job;
    admin->deeds = deeds;
    admin->deed_count = deed_count;
    PGL_TRY(job_running(&view, &job));
    admin->has_work = job.id != 0;
    admin->participant = (struct pgl_participant){ .self = admin,
                                                   .waiting = admin_waiting,
                                                   .work = admin_work,
                                                   .refused = admin_refused,
                                                   .committed = admin_committed };
    pgl_writer_join(writer, &admin->participant);
    return PGL_OK;
}

/* ---- wishes ---- */

static pgl_status check_ids(const struct pgl_admin *admin, struct pgl_tx *tx,
                            const StartJobRequest *ask)
{
    bool is_over_orders = admin_find_deed(admin, ask->kind) != NULL;
    for (size_t i = 0; i < ask->job->n_ids; i++) {
        struct pgl_parked_name name;
        pgl_id order_id;
        if (is_over_orders)
            PGL_TRY(pgl_id_parse(pgl_text_of(ask->job->ids[i]), &order_id));
        else
            PGL_TRY(pgl_parked_name_read(pgl_tx_arena(tx), ask->job->ids[i], &name));
    }
    return PGL_OK;
}

static pgl_status check_wish(const struct pgl_admin *admin, struct pgl_tx *tx,
                             const StartJobRequest *ask)
{
    const NewJob *wish = ask->job;
    PGL_TRY(admin_check_caller(ask->caller));
    PGL_TRY(pgl_idempotency_key_check(ask->idempotency_key));
    if (wish == NULL)
        return PGL_FAIL(PGL_INVALID, "job: it is missing");
    PGL_TRY(pgl_reason_check(wish->reason));
    bool is_filter = wish->why[0] != '\0' || wish->older_than_s != 0 || wish->all;
    bool is_known = ask->kind == JOB_KIND_REPLAY_PARKED || ask->kind == JOB_KIND_DROP_PARKED ||
                    admin_find_deed(admin, ask->kind) != NULL;
    if (!is_known)
        return PGL_FAIL(PGL_INVALID, "this service has no such jobs");
    if (wish->n_ids > PGL_ADMIN_IDS_MAX)
        return PGL_FAIL(PGL_INVALID, "ids: at most 1000; a filter takes any number");
    if ((wish->n_ids > 0) == is_filter)
        return PGL_FAIL(PGL_INVALID,
                        "ids, or a filter of why and olderThanS, or all: one is expected");
    if (wish->older_than_s < 0 || wish->older_than_s > PGL_ADMIN_AGE_MAX_S)
        return PGL_FAIL(PGL_INVALID, "olderThanS: 0 to 1000000000 is expected");
    return check_ids(admin, tx, ask);
}

static bool is_same_wish(struct pgl_tx *tx, const StartJobRequest *ask,
                         const struct pgl_admin_job *job, pgl_status *status)
{
    struct pgl_text now = { NULL, 0 }, then = { NULL, 0 };
    *status = pgl_message_pack_text(&ask->job->base, pgl_tx_arena(tx), &now);
    if (pgl_is_ok(*status))
        *status = pgl_message_pack_text(&job->ask->job->base, pgl_tx_arena(tx), &then);
    return ask->kind == job->kind && pgl_text_equal(now, then);
}

pgl_status pgl_admin_start_job(struct pgl_admin *admin, struct pgl_tx *tx,
                               const StartJobRequest *ask, StartJobResponse *reply)
{
    struct pgl_admin_job job;
    int64_t running;
    pgl_status packed;
    PGL_TRY(check_wish(admin, tx, ask));
    PGL_TRY(job_by_key(&tx->view, ask, &job));
    if (job.id != 0) {
        if (!is_same_wish(tx, ask, &job, &packed))
            return pgl_is_ok(packed)
                       ? PGL_FAIL(PGL_INVALID, "Idempotency-Key: it was used for another job")
                       : packed;
        reply->replayed = true;
        return admin_show_job(admin, pgl_tx_arena(tx), &job, &reply->job);
    }
    PGL_TRY(job_count_running(&tx->view, &running));
    if (running >= PGL_ADMIN_JOBS_MAX)
        return PGL_FAIL(PGL_EXHAUSTED, "16 jobs wait already; let one end");
    job = (struct pgl_admin_job){ .kind = ask->kind,
                                  .state = JOB_STATE_RUNNING,
                                  .ask = ask,
                                  .created_at_ns = pgl_tx_now_ns(tx),
                                  .last_error = "" };
    for (int i = 0; i < admin->consumer_count; i++)
        job.until[admin->consumers[i]->log] = admin->consumers[i]->position;
    PGL_TRY(job_insert(tx, &job));
    admin->has_work = true; /* should this not commit, nothing is found, and that is all */
    PGL_TRY(admin_show_job(admin, pgl_tx_arena(tx), &job, &reply->job));
    return pgl_audit_log_append(tx, ask->caller, "job.start", reply->job->id, ask->job->reason,
                                admin_what_over(pgl_tx_arena(tx), &job));
}

pgl_status pgl_admin_cancel_job(struct pgl_admin *admin, struct pgl_tx *tx,
                                const CancelJobRequest *ask, CancelJobResponse *reply)
{
    struct pgl_admin_job job;
    PGL_TRY(admin_check_caller(ask->caller));
    PGL_TRY(pgl_reason_check(ask->reason));
    PGL_TRY(admin_find_job(admin, &tx->view, ask->caller, ask->id, &job));
    if (job.state == JOB_STATE_RUNNING) {
        job.state = JOB_STATE_CANCELLED;
        job.ended_at_ns = pgl_tx_now_ns(tx);
        PGL_TRY(job_update(tx, &job));
        PGL_TRY(pgl_audit_log_append(tx, ask->caller, "job.cancel", ask->id, ask->reason,
                                     "what it did stays done"));
    }
    return admin_show_job(admin, pgl_tx_arena(tx), &job, &reply->job);
}
