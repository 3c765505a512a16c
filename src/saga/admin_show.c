/* admin_show.c - see admin_show.h, and the questions of admin.h. */
#include "saga/admin_show.h"

#include "events/parked.h"
#include "saga/admin_name.h"
#include "saga/admin_sql.h"
#include "saga/audit_log.h"
#include "saga/caller.h"
#include "wire/message.h"

#define PAGE_MAX          100
#define PARKED_LOOK_MAX   1000 /* keys that a page looks at before it says where to go on */
#define PARKED_EVENTS_MAX 100

pgl_status admin_check_caller(const Caller *caller)
{
    return pgl_caller_is_operator(caller) ? PGL_OK
                                          : PGL_FAIL(PGL_DENIED, "only an operator may do this");
}

static pgl_status check_reader(const Caller *caller)
{
    return pgl_caller_is_staff(caller) ? PGL_OK
                                       : PGL_FAIL(PGL_DENIED, "only the staff may see this");
}

static pgl_status check_page(const Caller *caller, int32_t limit)
{
    PGL_TRY(check_reader(caller));
    return limit >= 1 && limit <= PAGE_MAX ? PGL_OK
                                           : PGL_FAIL(PGL_INVALID, "limit: 1 to 100 is expected");
}

/* ---- the audit log ---- */

static char *copy(struct pgl_arena *arena, struct pgl_text text)
{
    return pgl_arena_string(arena, text);
}

static AuditEntry *show_entry(const char *service, struct pgl_arena *arena,
                              const struct pgl_audit_row *row)
{
    AuditEntry *entry = pgl_message_new(AUDIT_ENTRY_DESCRIPTOR, arena);
    char *hash = pgl_arena_zalloc(arena, 2 * PGL_AUDIT_HASH_BYTES + 1);
    if (entry == NULL || hash == NULL)
        return NULL;
    pgl_hex_encode(row->hash, PGL_AUDIT_HASH_BYTES, hash);
    entry->seq = row->seq;
    entry->service = pgl_message_string(service);
    entry->at_ns = row->at_ns;
    entry->tenant = copy(arena, row->tenant);
    entry->actor = copy(arena, row->actor);
    entry->action = copy(arena, row->action);
    entry->target = copy(arena, row->target);
    entry->reason = copy(arena, row->reason);
    entry->outcome = copy(arena, row->outcome);
    entry->hash = hash;
    return entry;
}

pgl_status pgl_admin_list_audit(const struct pgl_admin *admin, const struct pgl_view *view,
                                const ListAuditRequest *ask, ListAuditResponse *reply)
{
    return pgl_audit_log_list(pgl_log_name(admin->service), view, ask, reply);
}

pgl_status pgl_audit_log_list(const char *service, const struct pgl_view *view,
                              const ListAuditRequest *ask, ListAuditResponse *reply)
{
    PGL_TRY(check_page(ask->caller, ask->limit));
    reply->items = pgl_arena_alloc(view->arena, (size_t)ask->limit * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows = pgl_audit_log_below(view, ask->before, ask->caller->tenant);
    while (reply->n_items < (size_t)ask->limit) {
        struct pgl_audit_row row;
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            break;
        pgl_audit_log_read(&rows, &row);
        reply->items[reply->n_items++] = show_entry(service, view->arena, &row);
    }
    pgl_rows_end(&rows);
    return view->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

/* ---- parked events ---- */

static pgl_status show_parked(const struct pgl_admin *admin, struct pgl_arena *arena,
                              const struct pgl_parked_key *found, ParkedKey **shown)
{
    ParkedKey *parked = pgl_message_new(PARKED_KEY_DESCRIPTOR, arena);
    if (parked == NULL)
        return PGL_NO_MEMORY;
    parked->id =
        pgl_message_string(pgl_parked_name_write(arena, admin->service, found->log, found->key));
    parked->service = pgl_message_string(pgl_log_name(admin->service));
    parked->log = found->log;
    parked->key = pgl_message_string(pgl_key_text(arena, found->key));
    parked->first_seq = found->first_seq;
    parked->events = found->count;
    parked->since_at_ns = found->at_ns;
    parked->tries = found->tries;
    parked->why = pgl_message_string(found->why);
    *shown = parked;
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static bool is_theirs(const Caller *caller, const struct pgl_parked_key *found)
{
    return found->tenant[0] == '\0' || strcmp(found->tenant, caller->tenant) == 0;
}

/* `until_ns`: the youngest that is old enough. */
static bool is_listed(const ListParkedRequest *ask, int64_t until_ns,
                      const struct pgl_parked_key *found)
{
    bool is_key =
        ask->key.len == 0 ||
        pgl_text_equal(found->key, (struct pgl_text){ (const char *)ask->key.data, ask->key.len });
    return is_theirs(ask->caller, found) && is_key && found->at_ns <= until_ns &&
           strstr(found->why, ask->why) != NULL;
}

pgl_status pgl_admin_list_parked(const struct pgl_admin *admin, const struct pgl_view *view,
                                 const ListParkedRequest *ask, ListParkedResponse *reply)
{
    struct pgl_parked_name after = { LOG_UNSPECIFIED, LOG_UNSPECIFIED, { NULL, 0 } };
    struct pgl_parked_key found = { .log = LOG_UNSPECIFIED };
    PGL_TRY(check_page(ask->caller, ask->limit));
    if (ask->after[0] != '\0')
        PGL_TRY(pgl_parked_name_read(view->arena, ask->after, &after));
    reply->items = pgl_arena_alloc(view->arena, (size_t)ask->limit * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    int64_t until_ns = ask->until_ns > 0 ? ask->until_ns : INT64_MAX;
    for (int looked = 0;; looked++) {
        Log log = looked == 0 ? after.log : found.log;
        struct pgl_text key = looked == 0 ? after.key : found.key;
        if (reply->n_items == (size_t)ask->limit || looked == PARKED_LOOK_MAX) {
            reply->next =
                pgl_message_string(pgl_parked_name_write(view->arena, admin->service, log, key));
            return PGL_OK;
        }
        PGL_TRY(pgl_parked_next(view, log, key, &found));
        if (found.log == LOG_UNSPECIFIED)
            return PGL_OK;
        if (is_listed(ask, until_ns, &found))
            PGL_TRY(show_parked(admin, view->arena, &found, &reply->items[reply->n_items++]));
    }
}

static pgl_status add_events(const struct pgl_view *view, const struct pgl_parked_key *found,
                             GetParkedResponse *reply)
{
    struct pgl_arena *arena = view->arena;
    reply->events = pgl_arena_alloc(arena, PARKED_EVENTS_MAX * sizeof reply->events[0]);
    if (reply->events == NULL)
        return PGL_NO_MEMORY;
    struct pgl_rows rows = pgl_parked_events_of(view, found->log, found->key, 0, PARKED_EVENTS_MAX);
    for (;;) {
        PGL_TRY(pgl_rows_next(&rows));
        if (!rows.has_row)
            return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
        ParkedEvent *event = pgl_message_new(PARKED_EVENT_DESCRIPTOR, arena);
        struct pgl_text bytes = pgl_column_blob(&rows, 2);
        char *data = pgl_arena_string(arena, bytes);
        void *head;
        if (event == NULL || data == NULL) {
            pgl_rows_end(&rows);
            return PGL_NO_MEMORY;
        }
        event->seq = pgl_column_i64(&rows, 0);
        event->why = copy(arena, pgl_column_text(&rows, 1));
        event->data = (ProtobufCBinaryData){ bytes.size, (uint8_t *)data };
        if (pgl_is_ok(pgl_message_unpack(EVENT_HEAD_DESCRIPTOR, arena, bytes, &head)))
            event->type = ((const EventHead *)head)->type;
        reply->events[reply->n_events++] = event;
    }
}

pgl_status pgl_admin_get_parked(const struct pgl_admin *admin, const struct pgl_view *view,
                                const GetParkedRequest *ask, GetParkedResponse *reply)
{
    static const pgl_status none = { PGL_NOT_FOUND, "nothing is parked under this name" };
    struct pgl_parked_name name;
    struct pgl_parked_key found;
    PGL_TRY(check_reader(ask->caller));
    PGL_TRY(pgl_parked_name_read(view->arena, ask->id, &name));
    if (name.service != admin->service)
        return none;
    PGL_TRY(pgl_parked_get(view, name.log, name.key, &found));
    if (found.log == LOG_UNSPECIFIED || !is_theirs(ask->caller, &found))
        return none;
    PGL_TRY(show_parked(admin, view->arena, &found, &reply->parked));
    return add_events(view, &found, reply);
}

/* ---- jobs ---- */

const char *admin_what_over(struct pgl_arena *arena, const struct pgl_admin_job *job)
{
    const NewJob *wish = job->ask->job;
    if (wish->n_ids == 1)
        return wish->ids[0];
    if (wish->n_ids > 0)
        return pgl_arena_printf(arena, "%zu names", wish->n_ids);
    const char *age = wish->older_than_s > 0 ? pgl_arena_printf(arena, "older than %lld s",
                                                                (long long)wish->older_than_s)
                                             : "";
    if (wish->why[0] == '\0')
        return age[0] != '\0' ? age : "all";
    return pgl_arena_printf(arena, "why has \"%s\"%s%s", wish->why, age[0] != '\0' ? ", " : "",
                            age);
}

pgl_status admin_show_job(const struct pgl_admin *admin, struct pgl_arena *arena,
                          const struct pgl_admin_job *row, Job **out)
{
    Job *job = pgl_message_new(JOB_DESCRIPTOR, arena);
    if (job == NULL)
        return PGL_NO_MEMORY;
    job->id = pgl_message_string(pgl_job_name_write(arena, admin->service, row->id));
    job->service = pgl_message_string(pgl_log_name(admin->service));
    job->kind = row->kind;
    job->state = row->state;
    job->actor = row->ask->caller->subject;
    job->reason = row->ask->job->reason;
    job->over = pgl_message_string(admin_what_over(arena, row));
    job->created_at_ns = row->created_at_ns;
    job->ended_at_ns = row->ended_at_ns;
    job->looked = row->looked;
    job->done = row->done;
    job->failed = row->failed;
    job->last_error = pgl_message_string(row->last_error);
    *out = job;
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

pgl_status admin_find_job(const struct pgl_admin *admin, const struct pgl_view *view,
                          const Caller *caller, const char *name, struct pgl_admin_job *job)
{
    static const pgl_status none = { PGL_NOT_FOUND, "there is no such job" };
    Log service;
    int64_t number;
    PGL_TRY(pgl_job_name_read(name, &service, &number));
    if (service != admin->service)
        return none;
    PGL_TRY(job_get(view, number, caller->tenant, job));
    return job->id != 0 ? PGL_OK : none;
}

pgl_status pgl_admin_get_job(const struct pgl_admin *admin, const struct pgl_view *view,
                             const GetJobRequest *ask, GetJobResponse *reply)
{
    struct pgl_admin_job job;
    PGL_TRY(check_reader(ask->caller));
    PGL_TRY(admin_find_job(admin, view, ask->caller, ask->id, &job));
    return admin_show_job(admin, view->arena, &job, &reply->job);
}

pgl_status pgl_admin_list_jobs(const struct pgl_admin *admin, const struct pgl_view *view,
                               const ListJobsRequest *ask, ListJobsResponse *reply)
{
    struct pgl_admin_job job = { .id = ask->before };
    PGL_TRY(check_page(ask->caller, ask->limit));
    reply->items = pgl_arena_alloc(view->arena, (size_t)ask->limit * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    while (reply->n_items < (size_t)ask->limit) {
        PGL_TRY(job_below(view, job.id, ask->caller->tenant, &job));
        if (job.id == 0)
            break;
        PGL_TRY(admin_show_job(admin, view->arena, &job, &reply->items[reply->n_items++]));
    }
    return PGL_OK;
}

/* ---- orders ---- */

pgl_status pgl_admin_list_open(const struct pgl_admin *admin, const struct pgl_view *view,
                               const ListOpenRequest *ask, ListOpenResponse *reply)
{
    PGL_TRY(check_page(ask->caller, ask->limit));
    return admin->hooks.list_open != NULL
               ? admin->hooks.list_open(view, ask, reply)
               : PGL_FAIL(PGL_UNIMPLEMENTED, "this service has no orders");
}

pgl_status pgl_admin_describe(const struct pgl_admin *admin, const struct pgl_view *view,
                              const DescribeRequest *ask, DescribeResponse *reply)
{
    PGL_TRY(check_reader(ask->caller));
    if (ask->n_order_ids > PAGE_MAX)
        return PGL_FAIL(PGL_INVALID, "at most 100 orders can be asked for at once");
    reply->states = pgl_arena_alloc(view->arena, (ask->n_order_ids + 1) * sizeof reply->states[0]);
    if (reply->states == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < ask->n_order_ids; i++) {
        pgl_id order_id;
        const char *state = NULL;
        if (admin->hooks.describe != NULL &&
            pgl_is_ok(pgl_id_parse(pgl_text_of(ask->order_ids[i]), &order_id)))
            PGL_TRY(admin->hooks.describe(view, ask->caller->tenant, &order_id, &state));
        reply->states[reply->n_states++] = pgl_message_string(state != NULL ? state : "");
    }
    return PGL_OK;
}
