/* lines.c - see lines.h. */
#include "services/webhooks/lines.h"

#include <string.h>

#include "base/assert.h"
#include "base/time.h"

#define KEPT_NS PGL_SECONDS(15) /* receivers keep theirs for five seconds to some minutes */
#define AGE_NS  PGL_MINUTES(1)

void webhook_lines_open(struct webhook_lines *lines, struct pgl_loop *loop, size_t answer_bytes_max)
{
    lines->loop = loop;
    for (int i = 0; i < PGL_WEBHOOK_LINES_MAX; i++)
        pgl_http_client_init(&lines->lines[i].client, loop, answer_bytes_max);
}

/* Its buffers go as well: who has had a large event does not hold on to its memory. */
static void close_line(struct webhook_line *line)
{
    pgl_http_client_free(&line->client);
    line->kept_until_ns = 0;
    line->is_used = false;
}

void webhook_lines_close(struct webhook_lines *lines)
{
    if (lines->loop == NULL)
        return; /* never opened */
    for (int i = 0; i < PGL_WEBHOOK_LINES_MAX; i++)
        close_line(&lines->lines[i]);
}

/* ---- taking ---- */

static bool is_among(const char *address, const struct pgl_lookup *lookup)
{
    for (int i = 0; i < lookup->count; i++)
        if (strcmp(address, lookup->addresses[i]) == 0)
            return true;
    return false;
}

static bool leads_to(const struct webhook_line *line, const struct pgl_webhook_url *url,
                     const struct pgl_lookup *lookup)
{
    return line->kept_until_ns != 0 && pgl_http_client_is_open(&line->client) &&
           line->is_tls == url->is_tls && line->port == url->port &&
           strcmp(line->host, url->host) == 0 && is_among(line->address, lookup);
}

/* An open one that leads there; else one that nobody needs, the emptiest first. */
static struct webhook_line *choose(struct webhook_lines *lines, const struct pgl_webhook_url *url,
                                   const struct pgl_lookup *lookup)
{
    struct webhook_line *chosen = NULL;
    for (int i = 0; i < PGL_WEBHOOK_LINES_MAX; i++) {
        struct webhook_line *line = &lines->lines[i];
        if (line->is_taken)
            continue;
        if (leads_to(line, url, lookup))
            return line;
        if (chosen == NULL || line->kept_until_ns < chosen->kept_until_ns)
            chosen = line;
    }
    PGL_ASSERT(chosen != NULL); /* as many as there are senders */
    close_line(chosen);
    return chosen;
}

struct webhook_line *webhook_line_take(struct webhook_lines *lines,
                                       const struct pgl_webhook_url *url,
                                       const struct pgl_lookup *lookup)
{
    struct webhook_line *line = choose(lines, url, lookup);
    line->is_taken = true;
    line->is_used = line->kept_until_ns != 0;
    line->kept_until_ns = 0;
    if (line->is_used)
        return line;
    line->old_at_ns = lines->loop->now_ns + AGE_NS;
    line->port = url->port;
    line->is_tls = url->is_tls;
    memcpy(line->host, url->host, sizeof line->host);
    memcpy(line->address, lookup->addresses[0], sizeof line->address);
    return line;
}

/* ---- giving back ---- */

static void on_late(void *owner);

static void set_late(struct webhook_lines *lines)
{
    int64_t next_ns = PGL_NEVER_NS;
    for (int i = 0; i < PGL_WEBHOOK_LINES_MAX; i++) {
        int64_t until_ns = lines->lines[i].kept_until_ns;
        if (until_ns != 0 && until_ns < next_ns)
            next_ns = until_ns;
    }
    if (next_ns != PGL_NEVER_NS)
        pgl_timer_set(&lines->loop->timers, &lines->late, next_ns, on_late, lines);
}

static void on_late(void *owner)
{
    struct webhook_lines *lines = owner;
    for (int i = 0; i < PGL_WEBHOOK_LINES_MAX; i++) {
        struct webhook_line *line = &lines->lines[i];
        if (line->kept_until_ns != 0 && line->kept_until_ns <= lines->loop->now_ns)
            close_line(line);
    }
    set_late(lines);
}

void webhook_line_give(struct webhook_lines *lines, struct webhook_line *line)
{
    line->is_taken = false;
    line->client.flow = NULL;
    if (line->client.stage != PGL_HTTP_CLIENT_ANSWERED || !pgl_http_client_is_open(&line->client) ||
        lines->loop->now_ns >= line->old_at_ns) {
        close_line(line);
        return;
    }
    line->kept_until_ns = lines->loop->now_ns + KEPT_NS;
    if (!lines->late.is_set)
        set_late(lines);
}
