/* control_tasks.c - see control_tasks.h. */
#include "app/control_tasks.h"

#include "app/audit_log_report.h"
#include "app/boot.h"
#include "app/keys.h"

/* ---- verify ---- */

static pgl_status verify(struct pgl_control *control, bool *is_done)
{
    *is_done = true;
    control->cut.views.is_stopping = control->is_stopping;
    PGL_TRY(pgl_audit(&control->cut.views, &control->report));
    control->is_clean = control->report.is_clean;
    return PGL_OK;
}

static void write_report(struct pgl_control *control, bool is_text, struct pgl_buffer *out)
{
    if (is_text)
        pgl_audit_report_write_text(&control->report, out);
    else
        pgl_audit_report_write_json(&control->report, out);
}

/* ---- the audit log: written along the way, and once for each form ---- */

static int64_t limit_of(const struct pgl_http_exchange *exchange)
{
    int64_t limit;
    struct pgl_text query = exchange->head.query;
    struct pgl_text name = pgl_text_cut(&query, '=');
    bool is_right = pgl_text_is(name, "limit") && pgl_is_ok(pgl_text_to_i64(query, &limit)) &&
                    limit >= 1 && limit <= PGL_AUDIT_LOG_LIST_MAX;
    return is_right ? limit : PGL_AUDIT_LOG_LIST_MAX;
}

static pgl_status list_deeds(struct pgl_control *control, bool *is_done)
{
    const struct pgl_http_exchange *asker = control->waiting[0];
    *is_done = true;
    control->is_clean = true;
    return pgl_audit_log_write(&control->cut.views, limit_of(asker), !pgl_control_wants_text(asker),
                               &control->said);
}

static pgl_status check_deeds(struct pgl_control *control, bool *is_done)
{
    *is_done = true;
    return pgl_audit_log_check(&control->cut.views, !pgl_control_wants_text(control->waiting[0]),
                               &control->said, &control->is_clean);
}

static void write_said(struct pgl_control *control, bool is_text, struct pgl_buffer *out)
{
    (void)is_text;
    pgl_buffer_add_text(out, pgl_buffer_text(&control->said));
}

/* ---- a new key for tokens ---- */

static pgl_status begin_rotation(struct pgl_control *control)
{
    struct pgl_boot *boot = control->boot;
    bool at_once = pgl_text_is(control->waiting[0]->body, "at-once");
    PGL_TRY(pgl_keys_rotate_begin(boot, at_once));
    control->is_told = false;
    control->next_keys = (struct edge_key_news){ .keys = boot->keys }; /* ours: issuer 0 */
    control->next_keys.message.reply_to = &control->told;
    pgl_key_set_init(&boot->keys);
    return pgl_mailbox_send(control->loop, &boot->trust.news, &control->next_keys.message);
}

static pgl_status go_on_with_rotation(struct pgl_control *control, bool *is_done)
{
    if (!control->is_told)
        return atomic_load(control->is_stopping)
                   ? PGL_FAIL(PGL_CANCELLED, "the platform is stopping")
                   : PGL_OK;
    PGL_TRY(pgl_keys_rotate_end(control->boot));
    pgl_buffer_printf(&control->said, "%s\n", control->boot->key.kid);
    *is_done = control->is_clean = true;
    return PGL_OK;
}

/* ---- a backup ---- */

static pgl_status begin_backup(struct pgl_control *control)
{
    struct pgl_text folder = control->waiting[0]->body;
    if (folder.size == 0 || folder.data[0] != '/')
        return PGL_FAIL(PGL_INVALID, "a folder's whole path is expected");
    const char *path = pgl_arena_printf(&control->cut.arena, "%.*s", PGL_TEXT_ARGS(folder));
    pgl_status begun = pgl_backup_begin(&control->backup, control->boot, &control->cut, path);
    control->backup.is_stopping = control->is_stopping;
    return begun;
}

static pgl_status begin_part(struct pgl_control *control)
{
    struct pgl_text folder = control->waiting[0]->body;
    if (folder.size == 0 || folder.data[0] != '/')
        return PGL_FAIL(PGL_INVALID, "a folder's whole path is expected");
    const char *path = pgl_arena_printf(&control->cut.arena, "%.*s", PGL_TEXT_ARGS(folder));
    pgl_status begun = pgl_backup_begin_part(&control->backup, control->boot, &control->cut, path);
    control->backup.is_stopping = control->is_stopping;
    return begun;
}

static pgl_status go_on_with_backup(struct pgl_control *control, bool *is_done)
{
    PGL_TRY(pgl_backup_go_on(&control->backup));
    *is_done = control->is_clean = control->backup.is_done;
    pgl_buffer_clear(&control->said);
    pgl_backup_say(&control->backup, &control->said);
    return PGL_OK;
}

static void end_backup(struct pgl_control *control)
{
    pgl_backup_end(&control->backup);
}

#define ALL  PGL_RUNS_ALL
#define EDGE PGL_RUNS(PGL_RUN_GATEWAY)
#define ANY  0 /* a part of the files is good for nothing but to be joined with the others */

/* clang-format off */
const struct pgl_control_task pgl_control_tasks[] = {
    /* method        path                 shared streamed joint  roles begin           goes on              ends        is written */
    { PGL_HTTP_GET,  "/verify",           true,  false,   false, ALL,  NULL,           verify,              NULL,       write_report },
    { PGL_HTTP_GET,  "/audit-log",        false, false,   false, ALL,  NULL,           list_deeds,          NULL,       write_said },
    { PGL_HTTP_GET,  "/audit-log/verify", false, false,   false, ALL,  NULL,           check_deeds,         NULL,       write_said },
    { PGL_HTTP_POST, "/signing-key",      false, false,   false, EDGE, begin_rotation, go_on_with_rotation, NULL,       write_said },
    { PGL_HTTP_POST, "/backup",           false, true,    false, ALL,  begin_backup,   go_on_with_backup,   end_backup, write_said },
    { PGL_HTTP_POST, "/part",             false, true,    true,  ANY,  begin_part,     go_on_with_backup,   end_backup, write_said },
};
/* clang-format on */

const struct pgl_control_task *pgl_control_task_find(const struct pgl_http_exchange *exchange,
                                                     uint32_t roles)
{
    for (size_t i = 0; i < sizeof pgl_control_tasks / sizeof pgl_control_tasks[0]; i++)
        if (exchange->head.method_known == pgl_control_tasks[i].method &&
            pgl_text_is(exchange->head.path, pgl_control_tasks[i].path) &&
            (roles & pgl_control_tasks[i].roles) == pgl_control_tasks[i].roles)
            return &pgl_control_tasks[i];
    return NULL;
}
