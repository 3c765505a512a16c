/* control_ask.c - a command asks the platform that runs in a folder. */
#include "app/control.h"
#include "base/time.h"
#include "runtime/thread.h"
#include "transport/http_client.h"

#define ANSWER_WITHIN_NS PGL_MINUTES(10) /* an audit of more orders than a folder should have */

struct asking {
    struct pgl_flow flow;
    struct pgl_thread thread; /* the caller's own: nothing else runs on it */
    struct pgl_loop loop;
    struct pgl_http_client client;
    const char *host;
    const struct pgl_control_question *question;
    struct pgl_buffer last; /* line of a stream */
    pgl_status status;
};

enum { A_ASK, A_READ, A_LATE };

static struct asking *asking_of(struct pgl_flow *flow)
{
    return PGL_CONTAINER(flow, struct asking, flow);
}

static struct pgl_go end(struct asking *asking, pgl_status status)
{
    asking->status = status;
    pgl_thread_stop(&asking->thread);
    return pgl_done();
}

static pgl_status send(struct asking *asking)
{
    const struct pgl_http_field accept = { PGL_TEXT("Accept"), asking->question->is_json
                                                                   ? PGL_TEXT("application/json")
                                                                   : PGL_TEXT("text/plain") };
    const struct pgl_http1_request request = {
        .method = pgl_text_of(asking->question->method),
        .target = pgl_text_of(asking->question->target),
        .host = PGL_TEXT("localhost"),
        .content_length =
            asking->question->body.size > 0 ? (int64_t)asking->question->body.size : -1,
        .fields = &accept,
        .field_count = 1,
    };
    if (!pgl_is_ok(pgl_http_client_connect(&asking->client, asking->host, 0)))
        return PGL_FAIL(PGL_NOT_FOUND, "nobody listens there");
    return pgl_http_client_send(&asking->client, &request, asking->question->body);
}

static struct pgl_go ask(struct pgl_flow *flow)
{
    struct asking *asking = asking_of(flow);
    pgl_status sent = send(asking);
    return pgl_is_ok(sent) ? pgl_wait(A_READ) : end(asking, sent);
}

/* Lines that have come; the last one stays. */
static void take_lines(struct asking *asking)
{
    struct pgl_buffer *body = &asking->client.body;
    const char *end;
    while (asking->question->is_streamed && body->size > 0 &&
           (end = memchr(body->data, '\n', body->size)) != NULL) {
        size_t size = (size_t)(end - body->data);
        pgl_buffer_clear(&asking->last);
        pgl_buffer_add(&asking->last, body->data, size);
        pgl_buffer_consume(body, size + 1);
        if (asking->question->on_line != NULL)
            asking->question->on_line(asking->question->self, pgl_buffer_text(&asking->last));
    }
}

static struct pgl_go read_answer(struct pgl_flow *flow)
{
    struct asking *asking = asking_of(flow);
    take_lines(asking);
    switch (asking->client.stage) {
    case PGL_HTTP_CLIENT_ANSWERED:
        return end(asking, PGL_OK);
    case PGL_HTTP_CLIENT_FAILED:
    case PGL_HTTP_CLIENT_CLOSED:
        return end(asking, PGL_FAIL(PGL_UNAVAILABLE, "the platform went away before it answered"));
    case PGL_HTTP_CLIENT_READY:
    case PGL_HTTP_CLIENT_ASKED:
    case PGL_HTTP_CLIENT_ANSWERING:
        break;
    }
    return pgl_wait(A_READ);
}

static struct pgl_go be_late(struct pgl_flow *flow)
{
    return end(asking_of(flow),
               PGL_FAIL(PGL_DEADLINE, "the platform did not answer within 10 minutes"));
}

static const struct pgl_step ask_steps[] = {
    /*           name        does         at most           when late */
    [A_ASK] = { "ask.ask", ask, 0, 0 },
    [A_READ] = { "ask.read", read_answer, ANSWER_WITHIN_NS, A_LATE },
    [A_LATE] = { "ask.late", be_late, 0, 0 },
};

static void on_done(struct pgl_flow *flow)
{
    (void)flow; /* the caller's */
}

/* Why not, in the words of whoever was asked, which stay in `out`. */
static pgl_status read_refusal(struct pgl_text why, struct pgl_buffer *out)
{
    if (why.size == 0)
        return PGL_FAIL(PGL_UNAVAILABLE, "the platform could not look now; it may be stopping");
    pgl_buffer_add_text(out, why);
    pgl_buffer_add_char(out, '\0');
    return out->is_full ? PGL_NO_MEMORY : PGL_FAIL(PGL_UNAVAILABLE, out->data);
}

/* What the answer says, once there is one. */
static pgl_status read_verdict(const struct asking *asking, struct pgl_buffer *out, bool *is_clean)
{
    struct pgl_text verdict = pgl_buffer_text(&asking->last);
    const struct pgl_http_response_head *head = &asking->client.head;
    if (head->status != 200)
        return read_refusal(pgl_buffer_text(&asking->client.body), out);
    if (asking->question->is_streamed) {
        *is_clean = pgl_text_is(verdict, "done");
        pgl_buffer_add_text(out, verdict);
        return PGL_OK;
    }
    if (pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("Panglot-Clean"), &verdict) !=
        1)
        return PGL_FAIL(PGL_UNAVAILABLE, "an answer that is none of ours");
    *is_clean = pgl_text_is(verdict, "yes");
    pgl_buffer_add_text(out, pgl_buffer_text(&asking->client.body));
    return PGL_OK;
}

pgl_status pgl_control_ask(struct pgl_platform *platform, const char *folder,
                           const struct pgl_control_question *question, struct pgl_buffer *out,
                           bool *is_clean)
{
    struct pgl_arena arena;
    struct asking asking = { .question = question, .thread = { .name = "ask" } };
    asking.thread.waiter = platform->waiter_open(platform);
    if (asking.thread.waiter == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory to ask");
    pgl_arena_init(&arena, 4096, 16384);
    pgl_buffer_init(&asking.last, 4096);
    asking.host = pgl_arena_printf(&arena, "unix:%s/%s", folder, question->socket);
    pgl_loop_init(&asking.loop, "ask", platform, asking.thread.waiter);
    asking.thread.loops[asking.thread.loop_count++] = &asking.loop;
    pgl_http_client_init(&asking.client, &asking.loop, PGL_CONTROL_ANSWER_BYTES_MAX);
    asking.client.flow = &asking.flow;
    pgl_flow_start(&asking.flow, &asking.loop, ask_steps, A_ASK, on_done);
    pgl_status status = pgl_thread_run(&asking.thread);
    if (pgl_is_ok(status))
        status = asking.status;
    if (pgl_is_ok(status))
        status = read_verdict(&asking, out, is_clean);
    pgl_buffer_free(&asking.last);
    pgl_http_client_free(&asking.client);
    asking.thread.waiter->ops->close(asking.thread.waiter);
    pgl_arena_free(&arena);
    return status;
}
