/* followers.c - see followers.h. */
#include "followers.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/time.h"
#include "customers.h"
#include "purposes.h"

#define BYTES_MAX   (64u << 10)
#define HOST        "10.0.0.1"
#define AGAIN_NS    PGL_MILLISECONDS(200)
#define PATIENCE_NS PGL_SECONDS(20) /* an idle stream shows that it lives after 15 */
#define BREAK       60000           /* the chance that somebody leaves behind a message */
#define READ_BYTES  4096

static const struct pgl_http1_limits limits = PGL_HTTP1_LIMITS_DEFAULT;

static void visit(void *owner);
static void on_ready(void *owner);

void pgl_sim_followers_open(struct pgl_sim_followers *followers, const struct pgl_sim_plan *plan,
                            struct pgl_sim_choices *choices, struct pgl_loop *loop,
                            struct pgl_twin *twin, struct pgl_sim_auditor *auditor,
                            struct pgl_sim_blame *blame)
{
    *followers = (struct pgl_sim_followers){ .plan = plan,
                                             .choices = choices,
                                             .loop = loop,
                                             .twin = twin,
                                             .auditor = auditor,
                                             .blame = blame };
    pgl_random_seed(&followers->random, plan->seed, PGL_SIM_DRAWS_FOLLOWERS);
    for (int i = 0; i < PGL_SIM_FOLLOWERS_MAX; i++) {
        struct pgl_sim_follower *follower = &followers->all[i];
        follower->followers = followers;
        pgl_buffer_init(&follower->out, BYTES_MAX);
        pgl_buffer_init(&follower->in, BYTES_MAX);
        pgl_buffer_init(&follower->text, BYTES_MAX);
    }
}

static void hang_up(struct pgl_sim_follower *follower)
{
    if (follower->socket != NULL)
        follower->socket->ops->close(follower->socket);
    follower->socket = NULL;
    pgl_timer_clear(&follower->followers->loop->timers, &follower->timer);
}

void pgl_sim_followers_close(struct pgl_sim_followers *followers)
{
    for (int i = 0; i < PGL_SIM_FOLLOWERS_MAX; i++) {
        hang_up(&followers->all[i]);
        pgl_buffer_free(&followers->all[i].out);
        pgl_buffer_free(&followers->all[i].in);
        pgl_buffer_free(&followers->all[i].text);
    }
}

static void visit_in(struct pgl_sim_follower *follower, int64_t most_ns)
{
    struct pgl_sim_followers *followers = follower->followers;
    int64_t in_ns = 1 + (int64_t)pgl_random_below(&followers->random, (uint64_t)most_ns);
    pgl_timer_set(&followers->loop->timers, &follower->timer, followers->loop->now_ns + in_ns,
                  visit, follower);
}

/* Comes back behind what it has. */
static void come_back(struct pgl_sim_follower *follower)
{
    hang_up(follower);
    follower->followers->lost++;
    visit_in(follower, AGAIN_NS);
}

void pgl_sim_followers_may_follow(struct pgl_sim_followers *followers, uint32_t wish)
{
    int64_t after_ns;
    int at = 0;
    while (at < PGL_SIM_FOLLOWERS_MAX && followers->all[at].is_used)
        at++;
    if (!pgl_sim_chance(followers->choices, PGL_SIM_ASK_FOLLOW, 0, (uint64_t)wish << 8,
                        followers->plan->follow_chance, AGAIN_NS, &after_ns) ||
        at == PGL_SIM_FOLLOWERS_MAX)
        return;
    struct pgl_sim_follower *follower = &followers->all[at];
    follower->is_used = true;
    follower->wish = wish;
    follower->last_id = 0;
    follower->rank = -1;
    follower->visits = 0;
    followers->followed++;
    visit_in(follower, 1 + after_ns);
}

void pgl_sim_followers_break(struct pgl_sim_followers *followers)
{
    for (int i = 0; i < PGL_SIM_FOLLOWERS_MAX; i++)
        if (followers->all[i].socket != NULL)
            pgl_twin_break(followers->all[i].socket);
}

bool pgl_sim_followers_are_done(const struct pgl_sim_followers *followers)
{
    for (int i = 0; i < PGL_SIM_FOLLOWERS_MAX; i++)
        if (followers->all[i].is_used)
            return false;
    return true;
}

void pgl_sim_followers_complain(const struct pgl_sim_followers *followers)
{
    for (int i = 0; i < PGL_SIM_FOLLOWERS_MAX; i++) {
        const struct pgl_sim_follower *follower = &followers->all[i];
        if (follower->is_used)
            pgl_sim_blame(followers->blame, "L1: k-%u is followed, to message %lld, by %u visits",
                          follower->wish, (long long)follower->last_id, follower->visits);
    }
}

/* ---- a visit ---- */

static void on_late(void *owner)
{
    come_back(owner);
}

static void write_request(struct pgl_sim_follower *follower)
{
    struct pgl_sim_followers *followers = follower->followers;
    const struct pgl_sim_wish *wish = &followers->auditor->journal->wishes[follower->wish];
    char id[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id_format(wish->id, id);
    pgl_buffer_clear(&follower->out);
    pgl_buffer_printf(&follower->out,
                      "GET /api/v1/orders/%s/events HTTP/1.1\r\nHost: shop.example\r\n"
                      "Accept: text/event-stream\r\nAuthorization: Bearer ",
                      id);
    pgl_buffer_add_text(&follower->out, followers->token(followers->self, follower->wish));
    if (follower->last_id > 0)
        pgl_buffer_printf(&follower->out, "\r\nLast-Event-ID: %lld", (long long)follower->last_id);
    pgl_buffer_add_literal(&follower->out, "\r\n\r\n");
}

static void visit(void *owner)
{
    struct pgl_sim_follower *follower = owner;
    struct pgl_loop *loop = follower->followers->loop;
    pgl_status status = loop->waiter->ops->connect(loop->waiter, HOST, PGL_SIM_PORT,
                                                   &loop->ready_sockets, &follower->socket);
    if (!pgl_is_ok(status)) {
        follower->socket = NULL;
        come_back(follower);
        return;
    }
    follower->socket->on_ready = on_ready;
    follower->socket->owner = follower;
    follower->visits++;
    follower->has_head = false;
    follower->sent_bytes = 0;
    pgl_buffer_clear(&follower->in);
    pgl_buffer_clear(&follower->text);
    pgl_http1_parser_init(&follower->parser, &limits);
    write_request(follower);
    follower->socket->ops->want(follower->socket, true, true);
    pgl_timer_set(&loop->timers, &follower->timer, loop->now_ns + PATIENCE_NS, on_late, follower);
}

static bool push(struct pgl_sim_follower *follower)
{
    while (follower->sent_bytes < follower->out.size) {
        struct pgl_span rest = { follower->out.data + follower->sent_bytes,
                                 follower->out.size - follower->sent_bytes };
        size_t put;
        enum pgl_io io = follower->socket->ops->write(follower->socket, &rest, 1, &put);
        if (io != PGL_IO_DONE)
            return io == PGL_IO_WAIT;
        follower->sent_bytes += put;
    }
    follower->socket->ops->want(follower->socket, true, false);
    return true;
}

/* ---- messages ---- */

static void finish(struct pgl_sim_follower *follower)
{
    hang_up(follower);
    follower->is_used = false;
}

/* Behind "name: " or "\"name\":" in a message, up to the end of the line or a quote. */
static struct pgl_text behind(struct pgl_text message, const char *name)
{
    size_t size = strlen(name);
    const char *found = memmem(message.data, message.size, name, size);
    if (found == NULL)
        return (struct pgl_text){ "", 0 };
    struct pgl_text rest = { found + size, (size_t)(message.data + message.size - found) - size };
    size_t end = 0;
    while (end < rest.size && rest.data[end] != '\n' && rest.data[end] != '"')
        end++;
    return (struct pgl_text){ rest.data, end };
}

/* False: it is wrong. */
static bool hear(struct pgl_sim_follower *follower, struct pgl_text message)
{
    struct pgl_sim_followers *followers = follower->followers;
    const struct pgl_sim_wish *wish = &followers->auditor->journal->wishes[follower->wish];
    const struct pgl_sim_order *order = pgl_sim_book_find(&followers->auditor->book, wish->id);
    int64_t id;
    if (message.size > 0 && message.data[0] == ':')
        return true; /* a comment: the stream lives */
    followers->messages++;
    int rank = pgl_sim_rank_named(behind(message, "\"status\":\""));
    if (!pgl_is_ok(pgl_text_to_i64(behind(message, "id: "), &id)) || rank < 0)
        pgl_sim_blame(followers->blame, "H12: the stream of k-%u has a message that is none: %.*s",
                      follower->wish, PGL_TEXT_ARGS(message));
    else if (id != follower->last_id + 1)
        pgl_sim_blame(followers->blame, "H12: behind message %lld of k-%u comes %lld",
                      (long long)follower->last_id, follower->wish, (long long)id);
    else if (order == NULL || rank > order->state ||
             (pgl_sim_is_final_rank(rank) && rank != order->state))
        pgl_sim_blame(followers->blame, "Q7: k-%u was told to be %d, and is %d", follower->wish,
                      rank, order == NULL ? -1 : order->state);
    else if (rank < follower->rank)
        pgl_sim_blame(followers->blame, "H12: k-%u was told to be %d behind %d", follower->wish,
                      rank, follower->rank);
    if (followers->blame->is_set)
        return false;
    follower->last_id = id;
    follower->rank = rank;
    return true;
}

/* Whole messages; false when somebody has left or something is wrong. */
static bool hear_all(struct pgl_sim_follower *follower)
{
    struct pgl_sim_followers *followers = follower->followers;
    for (;;) {
        struct pgl_text text = pgl_buffer_text(&follower->text);
        const char *end = text.size > 0 ? memmem(text.data, text.size, "\n\n", 2) : NULL;
        if (end == NULL)
            return true;
        size_t size = (size_t)(end - text.data);
        if (!hear(follower, (struct pgl_text){ text.data, size }))
            return false;
        pgl_buffer_consume(&follower->text, size + 2);
        if (pgl_sim_chance(followers->choices, PGL_SIM_FOLLOWER_LEAVES, 0, followers->messages,
                           BREAK, 0, NULL)) {
            come_back(follower);
            return false;
        }
    }
}

/* False when the visit is over. */
static bool take_head(struct pgl_sim_follower *follower)
{
    struct pgl_sim_followers *followers = follower->followers;
    struct pgl_http_response_head head;
    enum pgl_http1_result result = pgl_http1_read_response(&follower->parser, follower->in.data,
                                                           follower->in.size, false, &head);
    if (result == PGL_HTTP1_REFUSED)
        pgl_sim_blame(followers->blame, "H2: a stream that is no HTTP: %s",
                      follower->parser.refusal.reason);
    if (result != PGL_HTTP1_DONE)
        return result != PGL_HTTP1_REFUSED;
    if (head.status == 204) { /* nothing is to come */
        if (!pgl_sim_is_final_rank(follower->rank))
            pgl_sim_blame(followers->blame, "H12: k-%u was told no more behind state %d",
                          follower->wish, follower->rank);
        finish(follower);
        return false;
    }
    if (head.status != 200) {
        if (head.status == 401)
            followers->renew(followers->self, follower->wish);
        if (head.status != 503 && head.status != 504 && head.status != 401 && head.status != 429 &&
            head.status != 408)
            pgl_sim_blame(followers->blame, "H4: to follow k-%u was answered %d", follower->wish,
                          head.status);
        come_back(follower);
        return false;
    }
    pgl_http1_body_init(&follower->framing, &limits, head.content_length, head.is_chunked,
                        UINT64_MAX);
    pgl_buffer_consume(&follower->in, follower->parser.head_bytes);
    follower->has_head = true;
    return true;
}

/* What has come of the body; false when the visit is over. */
static bool take_body(struct pgl_sim_follower *follower)
{
    struct pgl_text input = pgl_buffer_text(&follower->in), piece;
    for (;;) {
        switch (pgl_http1_read_body(&follower->framing, &input, &piece)) {
        case PGL_HTTP1_MORE:
            pgl_buffer_clear(&follower->in);
            return hear_all(follower);
        case PGL_HTTP1_PIECE:
            pgl_buffer_add_text(&follower->text, piece);
            break;
        case PGL_HTTP1_DONE:
            if (!hear_all(follower))
                return false;
            if (pgl_sim_is_final_rank(follower->rank))
                finish(follower);
            else
                come_back(follower);
            return false;
        case PGL_HTTP1_REFUSED:
            pgl_sim_blame(follower->followers->blame, "H2: a stream is framed wrongly: %s",
                          follower->framing.refusal.reason);
            return false;
        }
    }
}

/* False when there is nothing more to read now, or the visit is over. */
static bool pull(struct pgl_sim_follower *follower)
{
    size_t got;
    char *room = pgl_buffer_room(&follower->in, READ_BYTES);
    PGL_ASSERT(room != NULL); /* it is taken as it comes */
    enum pgl_io io = follower->socket->ops->read(follower->socket, room, READ_BYTES, &got);
    if (io == PGL_IO_WAIT)
        return false;
    if (io != PGL_IO_DONE) {
        come_back(follower);
        return false;
    }
    follower->in.size += got;
    if (!follower->has_head && !take_head(follower))
        return false;
    return !follower->has_head || take_body(follower);
}

static void on_ready(void *owner)
{
    struct pgl_sim_follower *follower = owner;
    struct pgl_loop *loop = follower->followers->loop;
    if (!push(follower)) {
        come_back(follower);
        return;
    }
    pgl_timer_set(&loop->timers, &follower->timer, loop->now_ns + PATIENCE_NS, on_late, follower);
    while (follower->socket != NULL && pull(follower))
        ;
}
