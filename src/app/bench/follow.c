/* follow.c - see follow.h. */
#include "app/bench/follow.h"

#include <stdio.h>

#include "base/time.h"

#define ASK_BYTES_MAX  8192
#define READ_BYTES_MAX 65536
#define AGAIN_NS       PGL_MILLISECONDS(100)

static void ask(struct pgl_follow *follow)
{
    const struct pgl_address *address = follow->client.address;
    char last[48] = "";
    if (follow->last_seq >= 0)
        snprintf(last, sizeof last, "Last-Event-ID: %lld\r\n", (long long)follow->last_seq);
    int size = snprintf(follow->client.out, ASK_BYTES_MAX,
                        "GET /api/v1/orders/endings HTTP/1.1\r\nHost: %s:%u\r\n"
                        "Authorization: Bearer %.*s\r\n%s\r\n",
                        address->host, address->port, PGL_TEXT_ARGS(follow->token), last);
    follow->client.out_size = (size_t)size; /* a token has at most PGL_JWT_BYTES_MAX */
    follow->line_size = 0;
    follow->line_seq = -1;
    pgl_client_send(&follow->client);
}

/* ---- a line at a time: WHATWG HTML, 9.2.6, as far as our own stream uses it ---- */

static bool take_front(struct pgl_text *text, struct pgl_text front)
{
    if (!pgl_text_starts_with(*text, front))
        return false;
    text->data += front.size;
    text->size -= front.size;
    return true;
}

/* {"id":"018f...","status":"CONFIRMED"} */
static bool read_ending(struct pgl_text data, pgl_id *id, enum pgl_open_order_state *state)
{
    if (!take_front(&data, PGL_TEXT("{\"id\":\"")) || data.size < PGL_ID_TEXT_BYTES ||
        !pgl_is_ok(pgl_id_parse((struct pgl_text){ data.data, PGL_ID_TEXT_BYTES }, id)))
        return false;
    data.data += PGL_ID_TEXT_BYTES;
    data.size -= PGL_ID_TEXT_BYTES;
    if (!take_front(&data, PGL_TEXT("\",\"status\":\"")))
        return false;
    *state = pgl_text_is(data, "CONFIRMED\"}")   ? PGL_OPEN_CONFIRMED
             : pgl_text_is(data, "FAILED\"}")    ? PGL_OPEN_FAILED
             : pgl_text_is(data, "CANCELLED\"}") ? PGL_OPEN_CANCELLED
                                                 : PGL_OPEN_NONE;
    return *state != PGL_OPEN_NONE;
}

static void take_line(struct pgl_follow *follow, struct pgl_text line)
{
    pgl_id id;
    enum pgl_open_order_state state;
    if (take_front(&line, PGL_TEXT("id: "))) {
        if (!pgl_is_ok(pgl_text_to_i64(line, &follow->line_seq)))
            follow->malformed++;
    } else if (take_front(&line, PGL_TEXT("data: "))) {
        if (read_ending(line, &id, &state))
            follow->on_ending(follow->owner, id, state);
        else
            follow->malformed++;
        follow->last_seq = follow->line_seq; /* only with its data it was heard */
    }
}

/* Keeps the beginning of a line; one that is too long is no ending. */
static void keep(struct pgl_follow *follow, struct pgl_text part)
{
    size_t room = sizeof follow->line - follow->line_size;
    size_t size = part.size < room ? part.size : room;
    memcpy(follow->line + follow->line_size, part.data, size);
    follow->line_size += size;
}

static void on_piece(void *owner, struct pgl_text piece)
{
    struct pgl_follow *follow = owner;
    const char *end;
    while (piece.size > 0 && (end = memchr(piece.data, '\n', piece.size)) != NULL) {
        struct pgl_text line = pgl_text_cut(&piece, '\n');
        if (follow->line_size > 0) {
            keep(follow, line);
            line = (struct pgl_text){ follow->line, follow->line_size };
            follow->line_size = 0;
        }
        take_line(follow, line);
    }
    if (piece.size > 0)
        keep(follow, piece);
}

/* ---- the stream ---- */

static void on_head(void *owner, const struct pgl_http_response_head *head)
{
    ((struct pgl_follow *)owner)->status = head->status;
}

static void on_again(void *owner)
{
    ask(owner);
}

static void on_broken(void *owner)
{
    struct pgl_follow *follow = owner;
    follow->breaks++;
    struct pgl_loop *loop = follow->client.loop;
    pgl_timer_set(&loop->timers, &follow->again, loop->now_ns + AGAIN_NS, on_again, follow);
}

static void on_end(void *owner)
{
    struct pgl_follow *follow = owner;
    bool is_refused = follow->status >= 400 && follow->status < 500;
    if (!is_refused)
        on_broken(
            follow); /* a stream of endings has none itself, and what is busy may be free again */
}

pgl_status pgl_follow_init(struct pgl_follow *follow, struct pgl_loop *loop,
                           const struct pgl_address *address, struct pgl_arena *arena)
{
    static const struct pgl_client_events events = { on_head, on_piece, on_end, on_broken };
    *follow = (struct pgl_follow){ .last_seq = -1 };
    PGL_TRY(pgl_client_init(&follow->client, loop, address, arena, ASK_BYTES_MAX, READ_BYTES_MAX));
    follow->client.events = &events;
    follow->client.owner = follow;
    return PGL_OK;
}

void pgl_follow_start(struct pgl_follow *follow)
{
    ask(follow);
}

void pgl_follow_close(struct pgl_follow *follow)
{
    pgl_timer_clear(&follow->client.loop->timers, &follow->again);
    pgl_client_close(&follow->client);
}
