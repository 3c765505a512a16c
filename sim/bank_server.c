/* bank_server.c - see bank_server.h. */
#include "bank_server.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "transport/conn.h"
#include "wire/digest.h"

#define HOST        "10.0.0.2"
#define EPOCH_NS    PGL_SECONDS(1769860799) /* of its own clock, which nothing makes jump */
#define ARENA_BYTES (64u << 10)
#define SOON_NS     PGL_MILLISECONDS(2)

static void on_request(void *owner, struct pgl_http_exchange *exchange);
static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason);

static int64_t now_ns(const struct pgl_sim_bank *bank)
{
    return EPOCH_NS + bank->loop->now_ns;
}

/* ---- up and down ---- */

static void listen(struct pgl_sim_bank *bank)
{
    struct pgl_http_server_options options = {
        .limits = PGL_HTTP_LIMITS_DEFAULT, .owner = bank, .on_request = on_request, .refuse = refuse
    };
    options.limits.connects_per_client_burst = options.limits.connects_per_client_per_s = 1u << 20;
    options.limits.connections_max = options.limits.connections_per_client_max = 1024;
    pgl_status status =
        pgl_http_server_open(&bank->http, bank->loop, HOST, PGL_SIM_BANK_PORT, &options);
    PGL_ASSERT(pgl_is_ok(status));
    bank->is_down = false;
}

static void stop_listening(struct pgl_sim_bank *bank)
{
    if (bank->is_down)
        return;
    bank->is_down = true;
    for (int i = 0; i < PGL_SIM_BANK_SLOW_MAX; i++) {
        pgl_timer_clear(&bank->loop->timers, &bank->slow[i].timer);
        bank->slow[i].exchange = NULL;
    }
    pgl_http_server_cut(&bank->http);
    pgl_http_server_close(&bank->http);
}

void pgl_sim_bank_open(struct pgl_sim_bank *bank, const struct pgl_sim_plan *plan,
                       struct pgl_sim_choices *choices, struct pgl_loop *loop,
                       struct pgl_sim_blame *blame)
{
    struct pgl_bank_options options = pgl_bank_defaults();
    *bank = (struct pgl_sim_bank){
        .plan = plan, .choices = choices, .loop = loop, .blame = blame, .is_down = true
    };
    options.key = PGL_SIM_BANK_KEY;
    options.base_url = PGL_SIM_BANK_URL;
    options.seed = plan->seed;
    options.intents_max = PGL_SIM_ORDERS_MAX;
    options.short_hold_ns = plan->short_hold_ns;
    options.slow_ns = plan->slow_card_ns;
    options.late_ns = plan->bank_late_ns;
    bank->bank = pgl_bank_open(&options);
    PGL_ASSERT(bank->bank != NULL);
    pgl_arena_init(&bank->arena, ARENA_BYTES, 16 * ARENA_BYTES);
    listen(bank);
}

void pgl_sim_bank_close(struct pgl_sim_bank *bank)
{
    stop_listening(bank);
    pgl_timer_clear(&bank->loop->timers, &bank->tick);
    pgl_timer_clear(&bank->loop->timers, &bank->back);
    pgl_bank_close(bank->bank);
    pgl_arena_free(&bank->arena);
}

static void come_back(void *owner)
{
    struct pgl_sim_bank *bank = owner;
    if (!bank->is_down)
        return;
    bank->outage_ended_ns = bank->loop->now_ns;
    listen(bank);
}

void pgl_sim_bank_go_down(struct pgl_sim_bank *bank, int64_t for_ns)
{
    bank->outages++;
    stop_listening(bank);
    pgl_timer_set(&bank->loop->timers, &bank->back, bank->loop->now_ns + for_ns, come_back, bank);
}

void pgl_sim_bank_heal(struct pgl_sim_bank *bank)
{
    bank->is_healed = true;
    bank->healed_ns = bank->loop->now_ns;
    come_back(bank);
}

/* ---- one request ---- */

static struct pgl_text field(const struct pgl_http_exchange *exchange, struct pgl_text name)
{
    struct pgl_text value = { "", 0 };
    (void)pgl_http_find_field(exchange->head.fields, exchange->head.field_count, name, &value);
    return value;
}

static void execute(struct pgl_sim_bank *bank, struct pgl_http_exchange *exchange,
                    enum pgl_bank_fault fault, struct pgl_bank_answer *answer)
{
    const struct pgl_http_request_head *head = &exchange->head;
    struct pgl_bank_request request = {
        .method = head->method,
        .path = head->path,
        .query = head->query,
        .authorization = field(exchange, PGL_TEXT("authorization")),
        .idempotency_key = field(exchange, PGL_TEXT("idempotency-key")),
        .body = exchange->body,
    };
    pgl_bank_ask(bank->bank, &request, fault, now_ns(bank), &exchange->arena, answer);
}

static void respond(struct pgl_http_exchange *exchange, const struct pgl_bank_answer *answer)
{
    struct pgl_http_field fields[3];
    size_t count = 0;
    fields[count++] = (struct pgl_http_field){ PGL_TEXT("Content-Type"),
                                               answer->is_html ? PGL_TEXT("text/html")
                                                               : PGL_TEXT("application/json") };
    if (answer->is_replayed)
        fields[count++] =
            (struct pgl_http_field){ PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true") };
    if (answer->retry_after_s > 0)
        fields[count++] = (struct pgl_http_field){
            PGL_TEXT("Retry-After"),
            pgl_text_of(
                pgl_arena_printf(&exchange->arena, "%lld", (long long)answer->retry_after_s)),
        };
    pgl_http_respond(exchange, answer->status, fields, count, answer->body);
}

/* The connection is gone from one moment to the next. */
static void reset(struct pgl_http_exchange *exchange)
{
    if (exchange->conn != NULL)
        pgl_twin_break(exchange->conn->socket);
    pgl_http_respond(exchange, 500, NULL, 0, (struct pgl_text){ "", 0 });
}

static void answer_half(struct pgl_http_exchange *exchange, const struct pgl_bank_answer *answer)
{
    struct pgl_text half = { answer->body.data, answer->body.size / 2 };
    pgl_http_stream_begin(exchange, answer->status, NULL, 0);
    (void)pgl_is_ok(pgl_http_stream_write(exchange, half));
    pgl_http_stream_abort(exchange);
}

static void answer_now(void *owner)
{
    struct pgl_sim_bank_slow *slow = owner;
    struct pgl_http_exchange *exchange = slow->exchange;
    slow->exchange = NULL;
    respond(exchange, &slow->answer);
}

static void answer_later(struct pgl_sim_bank *bank, struct pgl_http_exchange *exchange,
                         const struct pgl_bank_answer *answer, int64_t after_ns)
{
    for (int i = 0; i < PGL_SIM_BANK_SLOW_MAX; i++) {
        struct pgl_sim_bank_slow *slow = &bank->slow[i];
        if (slow->exchange != NULL)
            continue;
        *slow = (struct pgl_sim_bank_slow){ bank, exchange, *answer, { 0 } };
        pgl_timer_set(&bank->loop->timers, &slow->timer, bank->loop->now_ns + after_ns, answer_now,
                      slow);
        return;
    }
    respond(exchange, answer);
}

/* What befalls this request; PGL_SIM_CHOICE_KINDS for nothing. */
static enum pgl_sim_choice_kind draw(struct pgl_sim_bank *bank, int64_t *amount)
{
    *amount = 0;
    for (int kind = PGL_SIM_BANK_FIRST; kind < PGL_SIM_BANK_END && !bank->is_healed; kind++)
        if (pgl_sim_chance(bank->choices, (enum pgl_sim_choice_kind)kind, 0, bank->asked,
                           bank->plan->bank_chance[kind - PGL_SIM_BANK_FIRST],
                           bank->plan->bank_slow_ns_max, amount)) {
            bank->struck++;
            return (enum pgl_sim_choice_kind)kind;
        }
    return PGL_SIM_CHOICE_KINDS;
}

static enum pgl_bank_fault fault_of(enum pgl_sim_choice_kind kind)
{
    switch ((int)kind) {
    case PGL_SIM_BANK_FAILS_BEFORE:
        return PGL_BANK_FAIL_BEFORE;
    case PGL_SIM_BANK_FAILS_AFTER:
        return PGL_BANK_FAIL_AFTER;
    case PGL_SIM_BANK_LATER:
        return PGL_BANK_LATE;
    case PGL_SIM_BANK_LIMITS:
        return PGL_BANK_LIMITED;
    default:
        return PGL_BANK_WELL;
    }
}

static void on_request(void *owner, struct pgl_http_exchange *exchange)
{
    struct pgl_sim_bank *bank = owner;
    struct pgl_bank_answer answer;
    int64_t amount;
    bank->asked++;
    enum pgl_sim_choice_kind kind = draw(bank, &amount);
    if (kind == PGL_SIM_BANK_RESETS_BEFORE) {
        reset(exchange);
        return;
    }
    execute(bank, exchange, fault_of(kind), &answer);
    switch ((int)kind) {
    case PGL_SIM_BANK_RESETS_AFTER:
        reset(exchange);
        return;
    case PGL_SIM_BANK_HALVES:
        answer_half(exchange, &answer);
        return;
    case PGL_SIM_BANK_SLOW:
        answer_later(bank, exchange, &answer, amount);
        return;
    case PGL_SIM_BANK_SILENT:
        answer_later(bank, exchange, &answer, PGL_MINUTES(10)); /* beyond all patience */
        return;
    default:
        respond(exchange, &answer);
    }
}

static void refuse(void *owner, struct pgl_http_exchange *exchange, int status, const char *reason)
{
    struct pgl_sim_bank *bank = owner;
    if (status != 408) /* whoever was killed while it wrote never sends the rest */
        pgl_sim_blame(bank->blame, "H9: what the bank was sent is no request: %d %s", status,
                      reason);
    pgl_http_respond(exchange, status, NULL, 0, (struct pgl_text){ "", 0 });
}

/* ---- webhooks, and what is due by itself ---- */

/* "t=1769860800,v1=5257a8..." over "1769860800.{body}", as Stripe signs. */
static void sign(struct pgl_sim_bank *bank, struct pgl_sim_webhook *webhook)
{
    char hex[2 * PGL_DIGEST_BYTES + 1] = "";
    uint8_t digest[PGL_DIGEST_BYTES];
    long long at_s = now_ns(bank) / PGL_SECONDS(1);
    const char *signed_text =
        pgl_arena_printf(&bank->arena, "%lld.%.*s", at_s, PGL_TEXT_ARGS(webhook->body));
    pgl_hmac_sha256(PGL_TEXT(PGL_SIM_BANK_SECRET), pgl_text_of(signed_text), digest);
    digest[0] ^= webhook->is_forged;
    pgl_hex_encode(digest, sizeof digest, hex);
    snprintf(webhook->signature, sizeof webhook->signature, "t=%lld,v1=%s", at_s, hex);
}

static bool is_bent(struct pgl_sim_bank *bank, enum pgl_sim_choice_kind kind, int64_t *amount)
{
    bool is_struck = !bank->is_healed &&
                     pgl_sim_chance(bank->choices, kind, 0, bank->events, bank->plan->hook_chance,
                                    bank->plan->bank_slow_ns_max, amount);
    bank->hooks_bent += is_struck;
    return is_struck;
}

static void send_event(struct pgl_sim_bank *bank, const struct pgl_bank_event *event)
{
    int64_t after_ns = SOON_NS;
    bank->events++;
    if (bank->deliver == NULL || is_bent(bank, PGL_SIM_HOOK_LOST, &after_ns))
        return;
    (void)is_bent(bank, PGL_SIM_HOOK_LATE, &after_ns);
    struct pgl_sim_webhook webhook = { .body = event->body };
    webhook.is_forged = is_bent(bank, PGL_SIM_HOOK_FORGED, &(int64_t){ 0 });
    sign(bank, &webhook);
    bank->deliver(bank->deliver_self, &webhook, after_ns);
    if (is_bent(bank, PGL_SIM_HOOK_TWICE, &after_ns))
        bank->deliver(bank->deliver_self, &webhook, after_ns);
}

static void on_tick(void *owner)
{
    struct pgl_sim_bank *bank = owner;
    pgl_bank_tick(bank->bank, now_ns(bank));
}

bool pgl_sim_bank_work(struct pgl_sim_bank *bank)
{
    struct pgl_bank_event event;
    for (;;) {
        pgl_arena_reset(&bank->arena);
        if (!pgl_bank_take_event(bank->bank, &bank->arena, &event))
            break;
        send_event(bank, &event);
    }
    int64_t next_ns = pgl_bank_next_ns(bank->bank);
    if (next_ns != INT64_MAX)
        pgl_timer_set(&bank->loop->timers, &bank->tick, next_ns - EPOCH_NS, on_tick, bank);
    return !bank->is_down && pgl_http_server_work(&bank->http);
}

void pgl_sim_bank_act(struct pgl_sim_bank *bank, struct pgl_text url)
{
    struct pgl_bank_request request = { .method = PGL_TEXT("GET") };
    struct pgl_bank_answer answer;
    size_t host_bytes = strlen(PGL_SIM_BANK_URL);
    if (url.size <= host_bytes || memcmp(url.data, PGL_SIM_BANK_URL, host_bytes) != 0) {
        pgl_sim_blame(bank->blame, "H11: a customer is sent to %.*s", PGL_TEXT_ARGS(url));
        return;
    }
    request.path = (struct pgl_text){ url.data + host_bytes, url.size - host_bytes };
    pgl_arena_reset(&bank->arena);
    pgl_bank_ask(bank->bank, &request, PGL_BANK_WELL, now_ns(bank), &bank->arena, &answer);
}

/* ---- as a judge ---- */

struct pgl_bank_order pgl_sim_bank_order(const struct pgl_sim_bank *bank, pgl_id order_id)
{
    char text[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id_format(order_id, text);
    return pgl_bank_order(bank->bank, pgl_text_of(text));
}

void pgl_sim_bank_audit(struct pgl_sim_bank *bank)
{
    const char *why = "";
    if (!pgl_bank_is_balanced(bank->bank, &why))
        pgl_sim_blame(bank->blame, "A13: the bank's own ledger does not balance: %s", why);
}
