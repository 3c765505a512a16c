/* listener.c - see listener.h. */
#include "listener.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"
#include "transport/conn.h"
#include "wire/base64.h"
#include "wire/digest.h"
#include "wire/public_event.h"

#define HOST          "127.0.0.1"
#define PATH          "/told/"
#define SECRET_PREFIX "whsec_"
#define BENT_MAX      2 /* times that an event is not taken: then retries would take hours */
#define SLOW_NS_MAX   PGL_SECONDS(12) /* beyond the patience of who sends */

/* What a bad moment does to a delivery. */
enum bend { FAILS, BREAKS_BEFORE, BREAKS_BEHIND, IS_SLOW, SENDS_AWAY, LIMITS, BENDS };

static void on_request(void *owner, struct pgl_http_exchange *exchange);
static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason);

void pgl_sim_listener_open(struct pgl_sim_listener *listener, const struct pgl_sim_plan *plan,
                           struct pgl_sim_choices *choices, struct pgl_loop *loop,
                           struct pgl_sim_auditor *auditor, struct pgl_sim_blame *blame)
{
    *listener = (struct pgl_sim_listener){ .plan = plan,
                                           .choices = choices,
                                           .loop = loop,
                                           .auditor = auditor,
                                           .blame = blame,
                                           .number = -1 };
    struct pgl_http_server_options options = { .limits = PGL_HTTP_LIMITS_DEFAULT,
                                               .owner = listener,
                                               .on_request = on_request,
                                               .refuse = refuse };
    options.limits.connects_per_client_burst = options.limits.connects_per_client_per_s = 1u << 20;
    options.limits.connections_max = options.limits.connections_per_client_max = 1024;
    pgl_status status =
        pgl_http_server_open(&listener->http, loop, HOST, PGL_SIM_LISTENER_PORT, &options);
    PGL_ASSERT(pgl_is_ok(status));
}

void pgl_sim_listener_close(struct pgl_sim_listener *listener)
{
    for (int i = 0; i < PGL_SIM_LISTENER_SLOW; i++)
        pgl_timer_clear(&listener->loop->timers, &listener->slow[i].timer);
    pgl_http_server_cut(&listener->http);
    pgl_http_server_close(&listener->http);
    for (int log = 0; log < PGL_SIM_LOGS; log++) {
        free(listener->came[log]);
        free(listener->taken[log]);
    }
}

bool pgl_sim_listener_work(struct pgl_sim_listener *listener)
{
    return pgl_http_server_work(&listener->http);
}

void pgl_sim_listener_heal(struct pgl_sim_listener *listener)
{
    listener->is_healed = true;
}

/* ---- subscribing ---- */

static const char *wish_of(const struct pgl_sim_listener *listener)
{
    return listener->plan->listens == PGL_SIM_LISTENS_TO_ALL      ? "*"
           : listener->plan->listens == PGL_SIM_LISTENS_TO_ORDERS ? "panglot.order.*"
                                                                  : "panglot.order.confirmed.v1";
}

void pgl_sim_listener_subscribe(struct pgl_sim_listener *listener, char *body, size_t size)
{
    snprintf(body, size,
             "{\"url\":\"http://" HOST ":%d" PATH "%d\",\"types\":[\"%s\"],\"description\":\"\"}",
             PGL_SIM_LISTENER_PORT, listener->asked++, wish_of(listener));
}

void pgl_sim_listener_subscribed(struct pgl_sim_listener *listener, struct pgl_text id,
                                 struct pgl_text secret)
{
    char url[64];
    size_t prefix = strlen(SECRET_PREFIX), size = secret.size - prefix;
    bool is_one = pgl_text_starts_with(secret, PGL_TEXT(SECRET_PREFIX)) && size < sizeof url;
    for (size_t i = 0; is_one && i < size; i++) {
        char c = secret.data[prefix + i];
        url[i] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
    }
    while (is_one && size > 0 && url[size - 1] == '=')
        size--;
    if (!is_one ||
        !pgl_is_ok(pgl_base64url_decode((struct pgl_text){ url, size }, listener->secret,
                                        sizeof listener->secret, &listener->secret_bytes))) {
        pgl_sim_blame(listener->blame, "H13: a subscription was answered without a secret");
        return;
    }
    snprintf(listener->id, sizeof listener->id, "%.*s", PGL_TEXT_ARGS(id));
    listener->number = listener->asked - 1;
    for (int log = 0; log < PGL_SIM_LOGS; log++)
        listener->since[log] = listener->owed_from[log] = listener->auditor->book.high[log];
}

/* ---- what has come ---- */

static void make_room(struct pgl_sim_listener *listener, int log, int64_t seq)
{
    int64_t before = listener->capacity[log], capacity = before;
    while (capacity <= seq)
        capacity = 2 * capacity + 1024;
    if (capacity == before)
        return;
    uint8_t **sets[] = { &listener->came[log], &listener->taken[log] };
    for (int i = 0; i < 2; i++) {
        *sets[i] = realloc(*sets[i], (size_t)capacity);
        PGL_ASSERT(*sets[i] != NULL);
        memset(*sets[i] + before, 0, (size_t)(capacity - before));
    }
    listener->capacity[log] = capacity;
}

static bool is_wanted(const struct pgl_sim_listener *listener, int log, int64_t seq)
{
    EventType type = listener->auditor->book.said[log][seq - 1].type;
    const struct pgl_public_event *shown = pgl_public_event_of(type);
    return shown != NULL && pgl_public_type_fits(pgl_text_of(wish_of(listener)), shown->type);
}

static struct pgl_text field(const struct pgl_http_exchange *exchange, struct pgl_text name)
{
    struct pgl_text value = { "", 0 };
    (void)pgl_http_find_field(exchange->head.fields, exchange->head.field_count, name, &value);
    return value;
}

/* Over "{id}.{timestamp}.{body}", as Standard Webhooks has it. */
static bool is_signed(const struct pgl_sim_listener *listener, struct pgl_http_exchange *exchange)
{
    uint8_t digest[PGL_DIGEST_BYTES];
    char text[PGL_BASE64_BYTES(PGL_DIGEST_BYTES)] = "";
    struct pgl_buffer bytes;
    pgl_buffer_init(&bytes, 1u << 20);
    pgl_buffer_add_text(&bytes, field(exchange, PGL_TEXT("webhook-id")));
    pgl_buffer_add_char(&bytes, '.');
    pgl_buffer_add_text(&bytes, field(exchange, PGL_TEXT("webhook-timestamp")));
    pgl_buffer_add_char(&bytes, '.');
    pgl_buffer_add_text(&bytes, exchange->body);
    pgl_hmac_sha256((struct pgl_text){ (const char *)listener->secret, listener->secret_bytes },
                    pgl_buffer_text(&bytes), digest);
    pgl_buffer_free(&bytes);
    struct pgl_text expected = { text, pgl_base64_encode(digest, sizeof digest, text) };
    struct pgl_text left = field(exchange, PGL_TEXT("webhook-signature"));
    while (left.data != NULL && left.size > 0) {
        struct pgl_text one = pgl_text_cut(&left, ' '), version = pgl_text_cut(&one, ',');
        if (pgl_text_is(version, "v1") && pgl_text_equal(one, expected))
            return true;
    }
    return false;
}

static bool has(struct pgl_text body, const char *name, const char *value)
{
    char member[128];
    int size = snprintf(member, sizeof member, "\"%s\":\"%s\"", name, value);
    return memmem(body.data, body.size, member, (size_t)size) != NULL;
}

/* NULL, or what is wrong with it; else of which event it is. */
static const char *look_at(const struct pgl_sim_listener *listener,
                           struct pgl_http_exchange *exchange, int *log, int64_t *seq)
{
    const struct pgl_sim_book *book = &listener->auditor->book;
    struct pgl_text id_text = field(exchange, PGL_TEXT("webhook-id"));
    char id_string[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id id;
    if (!pgl_is_ok(pgl_id_parse(id_text, &id)))
        return "has no id";
    pgl_id_format(id, id_string);
    *log = id.bytes[5];
    *seq = 0;
    for (int i = 9; i < 16; i++)
        *seq = *seq * 256 + id.bytes[i];
    if (!is_signed(listener, exchange))
        return "is not signed by us";
    if (*log >= PGL_SIM_LOGS || *seq < 1 || *seq > book->high[*log])
        return "tells of an event that is not on disk";
    if (!is_wanted(listener, *log, *seq))
        return "was not asked for";
    if (!has(exchange->body, "id", id_string) ||
        !has(exchange->body, "type", pgl_public_event_of(book->said[*log][*seq - 1].type)->type))
        return "tells of another event";
    return NULL;
}

/* ---- answering ---- */

static void respond(struct pgl_http_exchange *exchange, int status)
{
    pgl_http_respond(exchange, status, NULL, 0, (struct pgl_text){ "", 0 });
}

static void break_off(struct pgl_http_exchange *exchange)
{
    if (exchange->conn != NULL)
        pgl_twin_break(exchange->conn->socket);
    respond(exchange, 500);
}

static void answer_late(void *owner)
{
    struct pgl_sim_listener_slow *slow = owner;
    struct pgl_http_exchange *exchange = slow->exchange;
    slow->exchange = NULL;
    respond(exchange, slow->status);
}

static void respond_in(struct pgl_sim_listener *listener, struct pgl_http_exchange *exchange,
                       int64_t in_ns)
{
    for (int i = 0; i < PGL_SIM_LISTENER_SLOW; i++) {
        struct pgl_sim_listener_slow *slow = &listener->slow[i];
        if (slow->exchange != NULL)
            continue;
        slow->exchange = exchange;
        slow->status = 200;
        pgl_timer_set(&listener->loop->timers, &slow->timer, listener->loop->now_ns + in_ns,
                      answer_late, slow);
        return;
    }
    respond(exchange, 200);
}

/* Taken or not, who sends has to find out by itself. */
static void bend(struct pgl_sim_listener *listener, struct pgl_http_exchange *exchange,
                 enum bend bend)
{
    listener->bent++;
    switch (bend) {
    case FAILS:
        respond(exchange, 500);
        return;
    case BREAKS_BEFORE:
    case BREAKS_BEHIND:
        break_off(exchange);
        return;
    case IS_SLOW:
        respond_in(listener, exchange, (int64_t)(listener->deliveries % 5) * (SLOW_NS_MAX / 4));
        return;
    case SENDS_AWAY:
        respond(exchange, 302);
        return;
    case LIMITS:
        respond(exchange, 429);
        return;
    case BENDS:
        return;
    }
}

static void take(struct pgl_sim_listener *listener, struct pgl_http_exchange *exchange, int log,
                 int64_t seq)
{
    int64_t drawn;
    make_room(listener, log, seq);
    uint8_t *came = &listener->came[log][seq];
    bool may_bend = !listener->is_healed && *came < BENT_MAX;
    if (*came < UINT8_MAX)
        ++*came;
    if (may_bend &&
        pgl_sim_chance(listener->choices, PGL_SIM_LISTENER_BENDS, 0, listener->deliveries,
                       listener->plan->listener_chance, BENDS - 1, &drawn)) {
        if (drawn == BREAKS_BEHIND || drawn == IS_SLOW)
            listener->taken[log][seq] = 1;
        bend(listener, exchange, (enum bend)drawn);
        return;
    }
    listener->taken[log][seq] = 1;
    respond(exchange, 200);
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct pgl_sim_listener *listener = owner;
    struct pgl_text path = exchange->head.path;
    int64_t number = -1, seq = 0;
    int log = 0;
    listener->deliveries++;
    if (pgl_text_starts_with(path, PGL_TEXT(PATH)))
        path = (struct pgl_text){ path.data + strlen(PATH), path.size - strlen(PATH) };
    if (!pgl_is_ok(pgl_text_to_i64(path, &number)) || number != listener->number) {
        /* Asked for, and never answered: nobody knows its secret. */
        respond(exchange, listener->number < 0 ? 503 : 410);
        return;
    }
    const char *wrong = look_at(listener, exchange, &log, &seq);
    if (wrong != NULL) {
        pgl_sim_blame(listener->blame, "H13: a webhook %s: %.*s", wrong,
                      (int)(exchange->body.size < 200 ? exchange->body.size : 200),
                      exchange->body.data);
        respond(exchange, 400);
        return;
    }
    take(listener, exchange, log, seq);
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    struct pgl_sim_listener *listener = owner;
    if (status != 408) /* whoever was killed while it wrote never sends the rest */
        pgl_sim_blame(listener->blame, "H13: what a listener was sent is no request: %d %s", status,
                      reason);
    respond(exchange, status);
}

const char *pgl_sim_listener_misses(struct pgl_sim_listener *listener)
{
    const struct pgl_sim_book *book = &listener->auditor->book;
    if (listener->number < 0)
        return listener->plan->listens == PGL_SIM_LISTENS_TO_NONE ? NULL : "nobody is subscribed";
    for (int log = 0; log < PGL_SIM_LOGS; log++)
        for (int64_t *seq = &listener->owed_from[log]; *seq < book->high[log]; ++*seq) {
            bool is_taken = *seq + 1 < listener->capacity[log] && listener->taken[log][*seq + 1];
            if (is_taken || !is_wanted(listener, log, *seq + 1))
                continue;
            snprintf(listener->misses, sizeof listener->misses,
                     "Q8: event %lld of log %d was never told", (long long)*seq + 1, log);
            return listener->misses;
        }
    return NULL;
}
