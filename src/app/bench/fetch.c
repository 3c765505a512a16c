/* fetch.c - see fetch.h. */
#include "app/bench/fetch.h"

#include <stdio.h>

#include "app/bench/drive.h"

#define ASK_BYTES_MAX  PGL_FETCH_ASK_BYTES
#define READ_BYTES_MAX 65536

static void on_head(void *owner, const struct pgl_http_response_head *head)
{
    ((struct pgl_fetch *)owner)->status = head->status;
}

static void on_piece(void *owner, struct pgl_text piece)
{
    pgl_buffer_add_text(&((struct pgl_fetch *)owner)->answer, piece);
}

static void on_end(void *owner)
{
    ((struct pgl_fetch *)owner)->is_over = true;
}

static void on_broken(void *owner)
{
    ((struct pgl_fetch *)owner)->is_broken = true;
}

static const struct pgl_client_events events = { on_head, on_piece, on_end, on_broken };

pgl_status pgl_fetch_init(struct pgl_fetch *fetch, struct pgl_loop *loop,
                          const struct pgl_address *address, struct pgl_arena *arena)
{
    PGL_TRY(pgl_client_init(&fetch->client, loop, address, arena, ASK_BYTES_MAX, READ_BYTES_MAX));
    fetch->client.events = &events;
    fetch->client.owner = fetch;
    pgl_buffer_init(&fetch->answer, PGL_FETCH_BODY_BYTES);
    return PGL_OK;
}

void pgl_fetch_close(struct pgl_fetch *fetch)
{
    pgl_client_close(&fetch->client);
    pgl_buffer_free(&fetch->answer);
}

pgl_status pgl_fetch(struct pgl_fetch *fetch)
{
    struct pgl_loop *loop = fetch->client.loop;
    int64_t until_ns = pgl_clock_monotonic_ns(&loop->platform->clock) + PGL_FETCH_NS;
    fetch->is_over = fetch->is_broken = false;
    pgl_buffer_clear(&fetch->answer);
    pgl_client_send(&fetch->client);
    while (!fetch->is_over && !fetch->is_broken && loop->now_ns < until_ns)
        pgl_drive_turn(loop, until_ns);
    if (fetch->is_broken)
        return PGL_FAIL(PGL_UNAVAILABLE, "nobody answers there");
    if (!fetch->is_over) {
        pgl_client_close(&fetch->client);
        return PGL_FAIL(PGL_DEADLINE, "no answer within 10 s");
    }
    return fetch->answer.is_full ? PGL_FAIL(PGL_TOO_LARGE, "a larger answer than expected")
                                 : PGL_OK;
}

pgl_status pgl_fetch_get(struct pgl_fetch *fetch, const char *target, struct pgl_text token)
{
    const struct pgl_address *address = fetch->client.address;
    int size = snprintf(fetch->client.out, ASK_BYTES_MAX,
                        "GET %s HTTP/1.1\r\nHost: %s:%u\r\nAuthorization: Bearer %.*s\r\n\r\n",
                        target, address->host, address->port, PGL_TEXT_ARGS(token));
    if (size < 0 || size >= ASK_BYTES_MAX)
        return PGL_FAIL(PGL_TOO_LARGE, "a longer target than expected");
    fetch->client.out_size = (size_t)size;
    return pgl_fetch(fetch);
}

void pgl_fetch_wait(struct pgl_fetch *fetch, int64_t span_ns)
{
    struct pgl_loop *loop = fetch->client.loop;
    int64_t until_ns = pgl_clock_monotonic_ns(&loop->platform->clock) + span_ns;
    do
        pgl_drive_turn(loop, until_ns);
    while (loop->now_ns < until_ns);
}
