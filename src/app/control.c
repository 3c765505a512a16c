/* control.c - see control.h; who asks is in control_ask.c. */
#include "app/control.h"

#include "app/boot.h"
#include "app/control_tasks.h"
#include "base/assert.h"

#define STEP(name, does)                                                                           \
    {                                                                                              \
        name, does, 0, 0                                                                           \
    } /* whoever is waited for always answers */

static const struct pgl_http_field text_type = { { "Content-Type", 12 },
                                                 { "text/plain; charset=utf-8", 25 } };

static struct pgl_control *control_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct pgl_control, flow);
}

static int64_t now_ns(const struct pgl_control *control)
{
    return pgl_clock_monotonic_ns(&control->loop->platform->clock);
}

/* ---- the way of a look ---- */

enum { C_HOLD, C_CUT, C_RELEASE, C_BEGIN, C_GO_ON, C_ANSWER };

static const struct pgl_control_task *task_of(const struct pgl_control *control)
{
    return control->tasks[0];
}

/* Asks each writer to hold, or to go on. The flow is woken once all have answered. */
static struct pgl_go ask_writers(struct pgl_control *control, bool is_wanted, int next)
{
    control->held_count = 0;
    control->hold_count = 0;
    for (int i = 0; i < PGL_CUT_FILES; i++)
        control->hold_count += pgl_boot_has(control->boot, i) ? 1 : 0;
    if (control->hold_count == 0)
        return pgl_go(next); /* a gateway alone has no file */
    for (int i = 0; i < PGL_CUT_FILES; i++) {
        if (!pgl_boot_has(control->boot, i))
            continue;
        struct pgl_writer_hold *hold = &control->holds[i];
        struct pgl_mailbox *holds = &pgl_cut_writer(control->boot, i)->holds;
        *hold =
            (struct pgl_writer_hold){ .message.reply_to = &control->held, .is_wanted = is_wanted };
        pgl_status sent = pgl_mailbox_send(control->loop, holds, &hold->message);
        PGL_ASSERT(pgl_is_ok(sent)); /* nobody else asks, and we do so one at a time */
    }
    return pgl_wait(next);
}

static void take_held(void *owner, struct pgl_message *message)
{
    struct pgl_control *control = owner;
    (void)message;
    if (++control->held_count == control->hold_count)
        pgl_flow_wake(&control->flow);
}

static void take_told(void *owner, struct pgl_message *message)
{
    struct pgl_control *control = owner;
    (void)message;
    control->is_told = true;
}

/* Who comes from now on may know of more than this cut has. */
static int count_served(const struct pgl_control *control)
{
    int count = 1;
    while (task_of(control)->is_shared && count < control->waiting_count &&
           control->tasks[count] == task_of(control))
        count++;
    return count;
}

static struct pgl_go control_hold(struct pgl_flow *flow)
{
    struct pgl_control *control = control_of(flow);
    control->served_count = count_served(control);
    control->is_clean = false;
    pgl_buffer_clear(&control->said);
    control->status = pgl_cut_open(&control->cut, control->boot);
    control->asked_ns = now_ns(control);
    return pgl_is_ok(control->status) ? ask_writers(control, true, C_CUT) : pgl_go(C_ANSWER);
}

static struct pgl_go control_cut(struct pgl_flow *flow)
{
    struct pgl_control *control = control_of(flow);
    control->status = pgl_cut_begin(&control->cut);
    if (!task_of(control)->is_joint || !pgl_is_ok(control->status))
        return ask_writers(control, false, C_BEGIN);
    control->is_released = false;
    pgl_http_stream_begin(control->waiting[0], 200, &text_type, 1);
    pgl_status told = pgl_http_stream_write(control->waiting[0], PGL_TEXT("held\n"));
    (void)told; /* who is gone does not release it in time */
    return pgl_wait(C_RELEASE);
}

/* The others hold as well, or it took them too long. */
static struct pgl_go control_release(struct pgl_flow *flow)
{
    struct pgl_control *control = control_of(flow);
    if (!control->is_released)
        control->status = PGL_FAIL(PGL_DEADLINE, "the other processes did not hold in time");
    return ask_writers(control, false, C_BEGIN);
}

static struct pgl_go control_begin(struct pgl_flow *flow)
{
    struct pgl_control *control = control_of(flow);
    control->held_ns = now_ns(control) - control->asked_ns;
    if (task_of(control)->is_streamed && control->waiting[0]->stage != PGL_HTTP_STREAMING)
        pgl_http_stream_begin(control->waiting[0], 200, &text_type, 1);
    if (pgl_is_ok(control->status) && task_of(control)->begin != NULL)
        control->status = task_of(control)->begin(control);
    return pgl_is_ok(control->status) ? pgl_go(C_GO_ON) : pgl_go(C_ANSWER);
}

/* A slice a turn where there are slices, so that what is said leaves in between. */
static struct pgl_go control_go_on(struct pgl_flow *flow)
{
    struct pgl_control *control = control_of(flow);
    bool is_done = false;
    control->status = task_of(control)->go_on(control, &is_done);
    if (!pgl_is_ok(control->status) || is_done)
        return pgl_go(C_ANSWER);
    if (task_of(control)->is_streamed && control->said.size > 0) {
        pgl_status told =
            pgl_http_stream_write(control->waiting[0], pgl_buffer_text(&control->said));
        (void)told; /* who does not listen misses the progress, not the end */
    }
    return pgl_wait(C_GO_ON); /* nobody wakes it: it goes on when it is late */
}

static void log_look(struct pgl_control *control)
{
    bool is_clean = pgl_is_ok(control->status) && control->is_clean;
    pgl_log(&control->loop->log, is_clean ? PGL_LOG_INFO : PGL_LOG_ERROR, "app",
            task_of(control)->is_shared ? "audit" : "look",
            "path=%s code=%s clean=%s held_ns=%lld took_ns=%lld", task_of(control)->path,
            pgl_code_name(control->status.code), is_clean ? "yes" : "no",
            (long long)control->held_ns, (long long)(now_ns(control) - control->asked_ns));
}

static void respond(struct pgl_control *control, struct pgl_http_exchange *exchange);
static void end_stream(struct pgl_control *control, struct pgl_http_exchange *exchange);

static struct pgl_go control_answer(struct pgl_flow *flow)
{
    struct pgl_control *control = control_of(flow);
    if (task_of(control)->end != NULL)
        task_of(control)->end(control);
    pgl_cut_close(&control->cut);
    log_look(control);
    for (int i = 0; i < control->served_count; i++) {
        if (control->waiting[i]->stage == PGL_HTTP_STREAMING)
            end_stream(control, control->waiting[i]);
        else
            respond(control, control->waiting[i]);
    }
    control->waiting_count -= control->served_count;
    size_t left = (size_t)control->waiting_count;
    memmove(control->waiting, control->waiting + control->served_count,
            left * sizeof control->waiting[0]);
    memmove(control->tasks, control->tasks + control->served_count,
            left * sizeof control->tasks[0]);
    control->served_count = 0;
    return control->waiting_count > 0 ? pgl_go(C_HOLD) : pgl_done();
}

static const struct pgl_step control_steps[] = {
    [C_HOLD] = STEP("control.hold", control_hold),
    [C_CUT] = STEP("control.cut", control_cut),
    [C_RELEASE] = { "control.release", control_release, PGL_CONTROL_JOINT_NS, C_RELEASE },
    [C_BEGIN] = STEP("control.begin", control_begin),
    [C_GO_ON] = { "control.go-on", control_go_on, 1, C_GO_ON },
    [C_ANSWER] = STEP("control.answer", control_answer),
};

static void on_done(struct pgl_flow *flow)
{
    control_of(flow)->is_busy = false;
}

/* ---- answers ---- */

static void respond_text(struct pgl_http_exchange *exchange, int status, struct pgl_text text)
{
    pgl_http_respond(exchange, status, &text_type, 1, text);
}

bool pgl_control_wants_text(const struct pgl_http_exchange *exchange)
{
    struct pgl_text accept;
    return pgl_http_find_field(exchange->head.fields, exchange->head.field_count,
                               PGL_TEXT("Accept"), &accept) == 1 &&
           pgl_text_is(accept, "text/plain");
}

static void respond(struct pgl_control *control, struct pgl_http_exchange *exchange)
{
    if (!pgl_is_ok(control->status)) {
        respond_text(exchange, pgl_code_http(control->status.code),
                     pgl_text_of(control->status.text));
        return;
    }
    bool is_text = pgl_control_wants_text(exchange);
    const struct pgl_http_field fields[] = {
        { PGL_TEXT("Content-Type"),
          is_text ? PGL_TEXT("text/plain; charset=utf-8") : PGL_TEXT("application/json") },
        { PGL_TEXT("Panglot-Clean"), control->is_clean ? PGL_TEXT("yes") : PGL_TEXT("no") },
    };
    struct pgl_buffer out;
    pgl_buffer_init(&out, PGL_CONTROL_ANSWER_BYTES_MAX);
    task_of(control)->write(control, is_text, &out);
    char *body = pgl_arena_string(&exchange->arena, pgl_buffer_text(&out));
    if (body == NULL)
        respond_text(exchange, 503, PGL_TEXT("no memory for the report"));
    else
        pgl_http_respond(exchange, 200, fields, 2, (struct pgl_text){ body, out.size });
    pgl_buffer_free(&out);
}

/* The verdict is the last line. */
static void end_stream(struct pgl_control *control, struct pgl_http_exchange *exchange)
{
    const char *line =
        pgl_is_ok(control->status)
            ? "done\n"
            : pgl_arena_printf(&exchange->arena, "failed: %s\n", control->status.text);
    pgl_status told = pgl_http_stream_write(exchange, pgl_text_of(line));
    if (pgl_is_ok(told))
        pgl_http_stream_end(exchange);
    else
        pgl_http_stream_abort(exchange);
}

/* ---- requests ---- */

static void release(struct pgl_control *control, struct pgl_http_exchange *exchange)
{
    static const struct pgl_http_field clean = { { "Panglot-Clean", 13 }, { "yes", 3 } };
    if (!control->is_busy || control->flow.step != C_RELEASE) {
        respond_text(exchange, 409,
                     PGL_TEXT("nothing is held any more: another process was too slow to hold "
                              "as well; try again"));
        return;
    }
    control->is_released = true;
    pgl_flow_wake(&control->flow);
    pgl_http_respond(exchange, 200, &clean, 1, PGL_TEXT(""));
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct pgl_control *control = owner;
    const struct pgl_control_task *task =
        pgl_control_task_find(exchange, control->boot->options.roles);
    if (pgl_text_is(exchange->head.path, "/release")) {
        release(control, exchange);
        return;
    }
    if (task == NULL) {
        respond_text(exchange, 404,
                     PGL_TEXT("there is GET /verify, GET /audit-log, "
                              "GET /audit-log/verify, POST /signing-key, POST /backup"));
        return;
    }
    if (control->waiting_count == PGL_CONTROL_WAITING_MAX) {
        respond_text(exchange, 503, PGL_TEXT("too many are waiting for a look"));
        return;
    }
    control->tasks[control->waiting_count] = task;
    control->waiting[control->waiting_count++] = exchange;
    if (control->is_busy)
        return;
    control->is_busy = true;
    pgl_flow_start(&control->flow, control->loop, control_steps, C_HOLD, on_done);
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    (void)owner;
    respond_text(exchange, status, pgl_text_of(reason));
}

const char *pgl_control_socket(struct pgl_arena *arena, uint32_t roles)
{
    int first = 0;
    while (first < PGL_RUN_COUNT && (roles & PGL_RUNS(first)) == 0)
        first++;
    return roles == PGL_RUNS_ALL
               ? PGL_CONTROL_SOCKET
               : pgl_arena_printf(arena, "control-%s.sock", pgl_boot_role_names[first]);
}

static bool control_work(void *owner)
{
    return pgl_http_server_work(&((struct pgl_control *)owner)->http);
}

/* ---- opening ---- */

/* All askers come from one place; half of them may be told that there are too many. */
static struct pgl_http_limits control_limits(void)
{
    struct pgl_http_limits limits = PGL_HTTP_LIMITS_DEFAULT;
    limits.exchanges_max = 2 * PGL_CONTROL_WAITING_MAX;
    limits.connections_max = 2 * PGL_CONTROL_WAITING_MAX;
    limits.connections_per_client_max = 2 * PGL_CONTROL_WAITING_MAX;
    return limits;
}

void pgl_control_open(struct pgl_control *control, struct pgl_boot *boot, struct pgl_loop *loop,
                      const atomic_bool *is_stopping)
{
    *control = (struct pgl_control){ .boot = boot, .loop = loop, .is_stopping = is_stopping };
    pgl_buffer_init(&control->said, PGL_CONTROL_ANSWER_BYTES_MAX);
    pgl_mailbox_open(&control->held, loop, PGL_CUT_FILES, take_held, control);
    pgl_mailbox_open(&control->told, loop, 0, take_told, control); /* nothing but replies */
    const struct pgl_http_server_options options = {
        .limits = control_limits(), .owner = control, .on_request = on_request, .refuse = refuse
    };
    const char *host = pgl_arena_printf(&boot->arena, "unix:%s/%s", boot->options.data,
                                        pgl_control_socket(&boot->arena, boot->options.roles));
    pgl_status opened = pgl_http_server_open(&control->http, loop, host, 0, &options);
    control->is_open = pgl_is_ok(opened);
    if (!control->is_open) {
        pgl_log(&loop->log, PGL_LOG_WARN, "app", "no-control-socket", "code=%s text=\"%s\"",
                pgl_code_name(opened.code), opened.text);
        return;
    }
    loop->work = control_work;
    loop->owner = control;
}

void pgl_control_close(struct pgl_control *control)
{
    if (!control->is_open)
        return;
    if (control->backup.boot != NULL) /* one that did not end */
        pgl_backup_end(&control->backup);
    pgl_cut_close(&control->cut); /* of a look that did not end */
    pgl_http_server_cut(&control->http);
    for (int i = 0; i < control->waiting_count; i++) { /* abandoned: it goes nowhere */
        if (control->waiting[i]->stage == PGL_HTTP_STREAMING)
            pgl_http_stream_abort(control->waiting[i]);
        else
            pgl_http_respond(control->waiting[i], 503, NULL, 0, PGL_TEXT(""));
    }
    pgl_http_server_close(&control->http);
    pgl_buffer_free(&control->said);
}
