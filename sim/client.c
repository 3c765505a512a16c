/* client.c - see client.h. */
#include "client.h"

#include "base/assert.h"
#include "machine.h"
#include "purposes.h"

#define BYTES_MAX (256u << 10) /* the longest answer, a page of a hundred orders, has 60 KiB */
#define HOST      "10.0.0.1"   /* there is only one machine */

static const struct pgl_http1_limits limits = PGL_HTTP1_LIMITS_DEFAULT;

static void on_ready(void *owner);
static void on_late(void *owner);

void pgl_sim_client_open(struct pgl_sim_client *client, const struct pgl_sim_plan *plan,
                         struct pgl_sim_choices *choices, struct pgl_loop *loop,
                         struct pgl_twin *twin, struct pgl_sim_blame *blame)
{
    *client = (struct pgl_sim_client){ .loop = loop,
                                       .twin = twin,
                                       .blame = blame,
                                       .choices = choices,
                                       .network_ns_max = plan->network_ns_max,
                                       .leave_chance = plan->leave_chance };
    pgl_random_seed(&client->random, plan->seed, PGL_SIM_DRAWS_NETWORK);
    for (int i = 0; i < PGL_SIM_LINES; i++) {
        client->lines[i].client = client;
        pgl_buffer_init(&client->lines[i].out, BYTES_MAX);
        pgl_buffer_init(&client->lines[i].in, BYTES_MAX);
    }
}

static void hang_up(struct pgl_sim_line *line)
{
    if (line->socket != NULL)
        line->socket->ops->close(line->socket);
    line->socket = NULL;
    pgl_timer_clear(&line->client->loop->timers, &line->late);
}

void pgl_sim_client_close(struct pgl_sim_client *client)
{
    for (int i = 0; i < PGL_SIM_LINES; i++) {
        hang_up(&client->lines[i]);
        pgl_buffer_free(&client->lines[i].out);
        pgl_buffer_free(&client->lines[i].in);
    }
}

void pgl_sim_client_break(struct pgl_sim_client *client)
{
    for (int i = 0; i < PGL_SIM_LINES; i++)
        if (client->lines[i].socket != NULL)
            pgl_twin_break(client->lines[i].socket);
}

/* ---- asking ---- */

static bool connect_line(struct pgl_sim_line *line)
{
    struct pgl_waiter *waiter = line->client->loop->waiter;
    pgl_status status = waiter->ops->connect(waiter, HOST, PGL_SIM_PORT,
                                             &line->client->loop->ready_sockets, &line->socket);
    if (!pgl_is_ok(status))
        return false;
    line->socket->on_ready = on_ready;
    line->socket->owner = line;
    return true;
}

static void write_request(struct pgl_sim_line *line, const struct pgl_sim_ask *ask)
{
    struct pgl_http_field fields[3];
    struct pgl_http1_request request = { .method = pgl_text_of(ask->method),
                                         .target = pgl_text_of(ask->target),
                                         .host = PGL_TEXT("shop.example"),
                                         .content_length = -1,
                                         .fields = fields };
    struct pgl_buffer bearer;
    pgl_buffer_init(&bearer, BYTES_MAX);
    pgl_buffer_add_literal(&bearer, "Bearer ");
    pgl_buffer_add_text(&bearer, ask->token);
    struct pgl_text body = ask->long_body.size > 0 ? ask->long_body : pgl_text_of(ask->body);
    fields[request.field_count++] =
        ask->signature.size > 0
            ? (struct pgl_http_field){ PGL_TEXT("Stripe-Signature"), ask->signature }
            : (struct pgl_http_field){ PGL_TEXT("Authorization"), pgl_buffer_text(&bearer) };
    if (ask->key[0] != '\0')
        fields[request.field_count++] =
            (struct pgl_http_field){ PGL_TEXT("Idempotency-Key"), pgl_text_of(ask->key) };
    if (strcmp(ask->method, "POST") == 0) {
        fields[request.field_count++] =
            (struct pgl_http_field){ PGL_TEXT("Content-Type"), PGL_TEXT("application/json") };
        request.content_length = (int64_t)body.size;
    }
    pgl_status written = pgl_http1_write_request(&line->out, &request);
    PGL_ASSERT(pgl_is_ok(written));
    pgl_buffer_add_text(&line->out, body);
    pgl_buffer_free(&bearer);
}

/* One that is connected already, if there is; its other end may be gone, as with any kept
 * connection. */
static struct pgl_sim_line *find_line(struct pgl_sim_client *client)
{
    struct pgl_sim_line *found = NULL;
    for (int i = 0; i < PGL_SIM_LINES; i++) {
        struct pgl_sim_line *line = &client->lines[i];
        if (line->ask == NULL && (found == NULL || (line->socket != NULL && found->socket == NULL)))
            found = line;
    }
    return found;
}

bool pgl_sim_client_is_free(struct pgl_sim_client *client)
{
    return find_line(client) != NULL;
}

bool pgl_sim_client_send(struct pgl_sim_client *client, struct pgl_sim_ask *ask)
{
    struct pgl_sim_line *line = find_line(client);
    if (line == NULL || (line->socket == NULL && !connect_line(line)))
        return false;
    line->ask = ask;
    line->sent_bytes = 0;
    pgl_buffer_clear(&line->out);
    pgl_buffer_clear(&line->in);
    pgl_http1_parser_init(&line->parser, &limits);
    write_request(line, ask);
    client->asked++;
    line->leaves = pgl_sim_chance(client->choices, PGL_SIM_LEAVE, 0, client->asked,
                                  client->leave_chance, 0, NULL);
    line->socket->ops->want(line->socket, true, true);
    pgl_timer_set(&client->loop->timers, &line->late, client->loop->now_ns + ask->patience_ns,
                  on_late, line);
    return true;
}

/* ---- what comes of it ---- */

static void answer(struct pgl_sim_line *line, struct pgl_sim_answer answer)
{
    struct pgl_sim_ask *ask = line->ask;
    line->ask = NULL;
    pgl_timer_clear(&line->client->loop->timers, &line->late);
    ask->on_answer(ask->owner, &answer);
}

static void give_up(struct pgl_sim_line *line)
{
    hang_up(line);
    if (line->ask == NULL)
        return;
    line->client->unknown++;
    answer(line, (struct pgl_sim_answer){ .status = 0 });
}

static void on_late(void *owner)
{
    give_up(owner);
}

/* False when the connection has come to its end. */
static bool push(struct pgl_sim_line *line)
{
    struct pgl_sim_client *client = line->client;
    while (line->sent_bytes < line->out.size) {
        struct pgl_span rest = { line->out.data + line->sent_bytes,
                                 line->out.size - line->sent_bytes };
        size_t put;
        client->twin->delay_ns =
            (int64_t)pgl_random_below(&client->random, (uint64_t)client->network_ns_max + 1);
        enum pgl_io io = line->socket->ops->write(line->socket, &rest, 1, &put);
        if (io != PGL_IO_DONE)
            return io == PGL_IO_WAIT;
        line->sent_bytes += put;
    }
    line->socket->ops->want(line->socket, true, false);
    return true;
}

static bool pull(struct pgl_sim_line *line)
{
    for (;;) {
        size_t got;
        char *room = pgl_buffer_room(&line->in, 4096);
        if (room == NULL) {
            pgl_sim_blame(line->client->blame, "H1: an answer is longer than any that there is");
            return false;
        }
        enum pgl_io io = line->socket->ops->read(line->socket, room, 4096, &got);
        line->in.size += got;
        if (io != PGL_IO_DONE)
            return io == PGL_IO_WAIT;
    }
}

/* True once the answer is whole. */
static bool read_answer(struct pgl_sim_line *line, struct pgl_sim_answer *found, bool *is_kept)
{
    struct pgl_http_response_head head;
    struct pgl_text replayed;
    switch (pgl_http1_read_response(&line->parser, line->in.data, line->in.size, false, &head)) {
    case PGL_HTTP1_MORE:
    case PGL_HTTP1_PIECE:
        return false;
    case PGL_HTTP1_REFUSED:
        pgl_sim_blame(line->client->blame, "H2: an answer that is no HTTP: %s",
                      line->parser.refusal.reason);
        return false;
    case PGL_HTTP1_DONE:
        break;
    }
    size_t have = line->in.size - line->parser.head_bytes;
    if (head.is_chunked || head.content_length < 0 || have > (size_t)head.content_length)
        pgl_sim_blame(line->client->blame, "H3: an answer to nothing that was asked");
    if (head.content_length > (int64_t)have)
        return false;
    found->status = head.status;
    found->body = (struct pgl_text){ line->in.data + line->parser.head_bytes, have };
    found->is_replayed = pgl_http_find_field(head.fields, head.field_count,
                                             PGL_TEXT("Idempotent-Replayed"), &replayed) > 0;
    (void)pgl_http_find_field(head.fields, head.field_count, PGL_TEXT("Link"), &found->link);
    *is_kept = head.is_keep_alive;
    return true;
}

static void on_ready(void *owner)
{
    struct pgl_sim_line *line = owner;
    struct pgl_sim_client *client = line->client;
    struct pgl_sim_answer found;
    bool is_kept, is_open = push(line);
    if (line->leaves && line->ask != NULL && line->sent_bytes == line->out.size) {
        line->leaves = false;
        client->left++;
        pgl_twin_break(line->socket);
    }
    is_open = pull(line) && is_open; /* an answer may have come before the end */
    if (line->ask != NULL && line->in.size > 0 && read_answer(line, &found, &is_kept)) {
        if (!is_open || !is_kept)
            hang_up(line);
        answer(line, found);
        return;
    }
    if (!is_open)
        give_up(line);
}
