/*
 * admin.h - AdminService: what operators see of a service's parked events, and the wishes over many
 * things that its writer works off in slices.
 *
 * For:      orders, payments, inventory, webhooks, each over its own file. A service joins with the
 *           consumers that it has, and with kinds of jobs of its own.
 * Owner:    the service. Participates in its writer behind the consumers.
 * Threads:  the writer's; queries look at what is constant.
 * Bounds:   PGL_ADMIN_JOBS_MAX jobs wait or run, one at a time, the oldest first; PGL_ADMIN_SLICE
 *           things a transaction, so that events and commands go on between them; PGL_ADMIN_IDS_MAX
 *           names a job, any number by filter. A job does not touch what was parked behind its
 *           start, so it ends.
 * Restart:  where a job is stands in its row, which is written with what it did: after kill -9 it
 *           goes on there.
 * Errors:   what cannot be done is counted and said (`failed`, `last_error`, the audit log), and
 *           the job goes on with the next.
 */
#ifndef PGL_SAGA_ADMIN_H
#define PGL_SAGA_ADMIN_H

#include "contract/admin.h"
#include "events/consumer.h"

#define PGL_ADMIN_CONSUMERS_MAX 4
#define PGL_ADMIN_JOBS_MAX      16
#define PGL_ADMIN_SLICE         PGL_PARKED_GONE_MAX
#define PGL_ADMIN_IDS_MAX       1000 /* in one body */

struct pgl_admin_job {
    int64_t id;
    JobKind kind;
    JobState state;
    const StartJobRequest *ask; /* the caller is who wished for it */
    int64_t created_at_ns, ended_at_ns;
    int64_t until[LOG_INVENTORY + 1]; /* of each log: the last event that was read at its start */
    struct pgl_text cursor;
    int64_t looked, done, failed;
    const char *last_error;
};

/* A kind of job of a service's own, over orders. */
struct pgl_admin_deed {
    JobKind kind;
    const char *action; /* in the audit log: "intent.retry" */
    /* The first order behind this one that the wish is about; by filter. */
    pgl_status (*next)(struct pgl_tx *tx, const struct pgl_admin_job *job, const pgl_id *after,
                       pgl_id *order_id, bool *is_there);
    /* Writes into the audit log what it does. `*refusal` says why it cannot be done; nothing is
     * written then. */
    pgl_status (*act)(struct pgl_tx *tx, const struct pgl_admin_job *job, const pgl_id *order_id,
                      const char **refusal);
};

/* What only the service knows; either may be NULL. */
struct pgl_admin_hooks {
    pgl_status (*list_open)(const struct pgl_view *view, const ListOpenRequest *ask,
                            ListOpenResponse *reply);
    /* In words, in the arena; NULL for what is not known, or is another tenant's. */
    pgl_status (*describe)(const struct pgl_view *view, const char *tenant, const pgl_id *order_id,
                           const char **state);
};

struct pgl_admin {
    struct pgl_participant participant;
    struct pgl_admin_hooks hooks;
    Log service; /* by its log */
    struct pgl_consumer *consumers[PGL_ADMIN_CONSUMERS_MAX];
    int consumer_count;
    const struct pgl_admin_deed *deeds;
    int deed_count;
    bool has_work; /* there may be a job */
    /* What was tried when the transaction was spoiled, and is not to be tried again. */
    int64_t trying_log, trying_seq, aside_log, aside_seq;
    char aside_why[PGL_PARKED_WHY_BYTES];
    bool is_refused; /* it was no event: the job ends */
};

/* Before the consumers are there: what only answers questions. The file has the tables of
 * saga/sql. */
void pgl_admin_init(struct pgl_admin *admin, Log service, struct pgl_admin_hooks hooks);
/* Joins the writer, behind the consumers. The arrays are borrowed. */
PGL_MUST_USE pgl_status pgl_admin_open(struct pgl_admin *admin, struct pgl_writer *writer,
                                       const struct pgl_admin_deed *deeds, int deed_count);
/* The job that was started last; 0 before the first. */
PGL_MUST_USE pgl_status pgl_admin_newest_job(const struct pgl_view *view, int64_t *id);
void pgl_admin_add_consumer(struct pgl_admin *admin, struct pgl_consumer *consumer);

/* ---- the methods ---- */

PGL_MUST_USE pgl_status pgl_admin_list_audit(const struct pgl_admin *admin,
                                             const struct pgl_view *view,
                                             const ListAuditRequest *ask, ListAuditResponse *reply);
/* The same, for a service that has an audit log and no admin. */
PGL_MUST_USE pgl_status pgl_audit_log_list(const char *service, const struct pgl_view *view,
                                           const ListAuditRequest *ask, ListAuditResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_list_parked(const struct pgl_admin *admin,
                                              const struct pgl_view *view,
                                              const ListParkedRequest *ask,
                                              ListParkedResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_get_parked(const struct pgl_admin *admin,
                                             const struct pgl_view *view,
                                             const GetParkedRequest *ask, GetParkedResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_list_jobs(const struct pgl_admin *admin,
                                            const struct pgl_view *view, const ListJobsRequest *ask,
                                            ListJobsResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_get_job(const struct pgl_admin *admin,
                                          const struct pgl_view *view, const GetJobRequest *ask,
                                          GetJobResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_list_open(const struct pgl_admin *admin,
                                            const struct pgl_view *view, const ListOpenRequest *ask,
                                            ListOpenResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_describe(const struct pgl_admin *admin,
                                           const struct pgl_view *view, const DescribeRequest *ask,
                                           DescribeResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_start_job(struct pgl_admin *admin, struct pgl_tx *tx,
                                            const StartJobRequest *ask, StartJobResponse *reply);
PGL_MUST_USE pgl_status pgl_admin_cancel_job(struct pgl_admin *admin, struct pgl_tx *tx,
                                             const CancelJobRequest *ask, CancelJobResponse *reply);

#define PGL_ADMIN_QUERY(find, name, Ask, Reply)                                                    \
    static pgl_status admin_##name(const struct pgl_view *view, const void *ask, void *reply)      \
    {                                                                                              \
        return pgl_admin_##name(find(view->context), view, (const Ask *)ask, (Reply *)reply);      \
    }
#define PGL_ADMIN_COMMAND(find, name, Ask, Reply)                                                  \
    static pgl_status admin_##name(struct pgl_tx *tx, const void *ask, void *reply)                \
    {                                                                                              \
        return pgl_admin_##name(find(pgl_tx_context(tx)), tx, (const Ask *)ask, (Reply *)reply);   \
    }

/* A service's table of these methods, over the admin that `find` gives for its context. */
#define PGL_ADMIN_METHODS(table, find)                                                             \
    PGL_ADMIN_QUERY(find, list_audit, ListAuditRequest, ListAuditResponse)                         \
    PGL_ADMIN_QUERY(find, list_parked, ListParkedRequest, ListParkedResponse)                      \
    PGL_ADMIN_QUERY(find, get_parked, GetParkedRequest, GetParkedResponse)                         \
    PGL_ADMIN_QUERY(find, list_jobs, ListJobsRequest, ListJobsResponse)                            \
    PGL_ADMIN_QUERY(find, get_job, GetJobRequest, GetJobResponse)                                  \
    PGL_ADMIN_QUERY(find, list_open, ListOpenRequest, ListOpenResponse)                            \
    PGL_ADMIN_QUERY(find, describe, DescribeRequest, DescribeResponse)                             \
    PGL_ADMIN_COMMAND(find, start_job, StartJobRequest, StartJobResponse)                          \
    PGL_ADMIN_COMMAND(find, cancel_job, CancelJobRequest, CancelJobResponse)                       \
    const struct pgl_method table[ADMIN_SERVICE_METHOD_COUNT] = {                                  \
        [ADMIN_SERVICE_LIST_AUDIT] = { PGL_METHOD_QUERY, .query = admin_list_audit },              \
        [ADMIN_SERVICE_LIST_PARKED] = { PGL_METHOD_QUERY, .query = admin_list_parked },            \
        [ADMIN_SERVICE_GET_PARKED] = { PGL_METHOD_QUERY, .query = admin_get_parked },              \
        [ADMIN_SERVICE_START_JOB] = { PGL_METHOD_COMMAND, .command = admin_start_job },            \
        [ADMIN_SERVICE_LIST_JOBS] = { PGL_METHOD_QUERY, .query = admin_list_jobs },                \
        [ADMIN_SERVICE_GET_JOB] = { PGL_METHOD_QUERY, .query = admin_get_job },                    \
        [ADMIN_SERVICE_LIST_OPEN] = { PGL_METHOD_QUERY, .query = admin_list_open },                \
        [ADMIN_SERVICE_DESCRIBE] = { PGL_METHOD_QUERY, .query = admin_describe },                  \
        [ADMIN_SERVICE_CANCEL_JOB] = { PGL_METHOD_COMMAND, .command = admin_cancel_job },          \
    };

#endif
