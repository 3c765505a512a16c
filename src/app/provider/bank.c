/*
 * bank.c - a request from its route to its answer: who asks, what for, whether it was asked before,
 * and what goes wrong on the way.
 */
#include "app/provider/bank.h"

#include <stdlib.h>

#include "app/provider/bank_inside.h"
#include "base/time.h"

#define KEPT_NS      PGL_HOURS(24) /* of an idempotency key, as at Stripe */
#define KEYS_A_LOOK  4             /* forgotten at most with each request: more than it makes */
#define NO_KEY       UINT64_MAX
#define RETRY_AFTER  1    /* seconds; of a 429 */
#define ROOM_BYTES   4096 /* of a decoded form */
#define METADATA_BIT PARAM_METADATA
#define P(name)      (1u << PARAM_##name)

/* What a path is about, and how it is answered. */
enum route_shape { IS_INTENT, IS_REFUND, IS_LIST };

struct route {
    const char *method, *before, *behind; /* of an id; behind NULL: there is none */
    enum route_shape shape;
    enum bank_error (*answer)(struct bank_ask *ask);
    uint32_t allowed;
};

#define NEW_INTENT                                                                                 \
    (P(AMOUNT) | P(CURRENCY) | P(CAPTURE_METHOD) | P(METHOD) | P(METHOD_TYPES) | P(CONFIRM) |      \
     P(RETURN_URL) | P(EXPAND) | METADATA_BIT)
#define LIST (P(LIMIT) | P(STARTING_AFTER) | P(EXPAND))
#define WHEN (P(CREATED_GT) | P(CREATED_GTE) | P(CREATED_LT) | P(CREATED_LTE))

/* clang-format off */
static const struct route routes[] = {
    { "POST", "/v1/payment_intents",        NULL,       IS_INTENT, bank_create,         NEW_INTENT },
    { "POST", "/v1/payment_intents/",       "/confirm", IS_INTENT, bank_confirm,        P(METHOD) | P(RETURN_URL) | P(EXPAND) },
    { "POST", "/v1/payment_intents/",       "/capture", IS_INTENT, bank_capture,        P(AMOUNT_TO_CAPTURE) | P(EXPAND) },
    { "POST", "/v1/payment_intents/",       "/cancel",  IS_INTENT, bank_cancel,         P(CANCELLATION_REASON) | P(EXPAND) },
    { "GET",  "/v1/payment_intents",        NULL,       IS_LIST,   bank_list_intents,   LIST | WHEN },
    { "GET",  "/v1/payment_intents/search", NULL,       IS_LIST,   bank_search_intents, P(QUERY) | P(LIMIT) | P(EXPAND) },
    { "GET",  "/v1/payment_intents/",       "",         IS_INTENT, bank_show_intent,    P(EXPAND) },
    { "POST", "/v1/refunds",                NULL,       IS_REFUND, bank_refund_create,  P(PAYMENT_INTENT) | P(AMOUNT) | P(REASON) | METADATA_BIT },
    { "GET",  "/v1/refunds",                NULL,       IS_LIST,   bank_list_refunds,   LIST | P(PAYMENT_INTENT) },
    { "GET",  "/v1/refunds/",               "",         IS_REFUND, bank_show_refund,    0 },
};
/* clang-format on */

static bool is_change(const struct route *route)
{
    return route->method[0] == 'P';
}

/* `id` becomes what stands between `before` and `behind`. */
static const struct route *find_route(struct pgl_text method, struct pgl_text path,
                                      struct pgl_text *id)
{
    for (size_t r = 0; r < sizeof routes / sizeof routes[0]; r++) {
        const struct route *route = &routes[r];
        struct pgl_text before = pgl_text_of(route->before), behind = pgl_text_of(route->behind);
        *id = (struct pgl_text){ NULL, 0 };
        if (!pgl_text_is(method, route->method) || !pgl_text_starts_with(path, before))
            continue;
        if (route->behind == NULL && path.size == before.size)
            return route;
        if (route->behind == NULL || path.size <= before.size + behind.size ||
            memcmp(path.data + path.size - behind.size, behind.data, behind.size) != 0)
            continue;
        *id = (struct pgl_text){ path.data + before.size, path.size - before.size - behind.size };
        if (memchr(id->data, '/', id->size) == NULL)
            return route;
    }
    return NULL;
}

/* ---- execution ---- */

static enum bank_error find_object(struct bank_ask *ask, const struct route *route)
{
    if (ask->id.data == NULL)
        return BANK_FINE;
    if (route->shape == IS_INTENT)
        ask->intent = bank_find_intent(ask->bank, ask->id);
    else
        ask->refund = bank_find_refund(ask->bank, ask->id);
    if (ask->intent != NULL || ask->refund != NULL)
        return BANK_FINE;
    return route->shape == IS_INTENT ? BANK_ERROR_NO_INTENT : BANK_ERROR_NO_REFUND;
}

/* Fills the outcome in. A list is written instead, and has none. */
static void execute(struct bank_ask *ask, const struct route *route)
{
    enum bank_error error = find_object(ask, route);
    if (error == BANK_FINE)
        error = route->answer(ask);
    if (ask->refund != NULL)
        ask->outcome = bank_outcome_of_refund(ask->refund);
    else if (ask->intent != NULL)
        ask->outcome = bank_outcome_of_intent(ask->intent);
    if (error != BANK_FINE)
        ask->outcome.kind = OUTCOME_ERROR;
    ask->outcome.error = (uint8_t)error;
}

static struct outcome outcome_of_error(enum bank_error error)
{
    return (struct outcome){
        .kind = OUTCOME_ERROR, .error = (uint8_t)error, .intent = BANK_NONE, .refund = BANK_NONE
    };
}

/* ---- idempotency keys ---- */

static void forget_old_keys(struct pgl_bank *bank)
{
    for (int i = 0; i < KEYS_A_LOOK && bank->key_first < bank->key_next; i++) {
        if (bank_key(bank, bank->key_first)->made_ns > bank->now_ns - KEPT_NS)
            return;
        bank_forget_key(bank);
    }
}

static struct key_row key_of(const struct pgl_bank *bank, const struct pgl_bank_request *request)
{
    uint64_t parts[] = {
        bank_hash(request->path.data, request->path.size, 1),
        bank_hash(request->body.data, request->body.size, 2),
    };
    struct pgl_text key = request->idempotency_key;
    return (struct key_row){ .hash = { bank_hash(key.data, key.size, 3),
                                       bank_hash(key.data, key.size, 4) },
                             .fingerprint = bank_hash(parts, sizeof parts, 5),
                             .made_ns = bank->now_ns };
}

/* BANK_FINE with *number: it was answered before; with NO_KEY: it is new. */
static enum bank_error look_key_up(const struct pgl_bank *bank, const struct key_row *key,
                                   uint64_t *number)
{
    const uint64_t *known = pgl_map_get(&bank->key_numbers, key->hash[0]);
    *number = NO_KEY;
    if (known == NULL || bank_key(bank, *known)->hash[1] != key->hash[1])
        return BANK_FINE;
    if (bank_key(bank, *known)->fingerprint != key->fingerprint)
        return BANK_ERROR_KEY_REUSED;
    if (bank_key(bank, *known)->is_busy)
        return BANK_ERROR_KEY_BUSY;
    *number = *known;
    return BANK_FINE;
}

/* Room for one more, before anything is executed. */
static bool has_key_room(struct pgl_bank *bank)
{
    uint32_t slot = (uint32_t)(bank->key_next % bank->keys.slots_max);
    return bank->key_next - bank->key_first < bank->keys.slots_max &&
           bank_pool_slot(&bank->keys, &bank->arena, slot) != NULL &&
           pgl_is_ok(pgl_map_put(&bank->key_numbers, 0, NO_KEY)) && /* room in the map, too */
           pgl_map_remove(&bank->key_numbers, 0);
}

static uint64_t add_key(struct pgl_bank *bank, const struct key_row *key)
{
    uint64_t number = bank->key_next++;
    *bank_key(bank, number) = *key;
    pgl_status put = pgl_map_put(&bank->key_numbers, key->hash[0], number);
    (void)put; /* there was room */
    bank_keep_key(bank, number);
    return number;
}

/* ---- what is executed later ---- */

static void execute_late(void *owner)
{
    struct bank_late *late = owner;
    struct pgl_bank *bank = late->bank;
    struct bank_ask ask = { .bank = bank, .outcome = outcome_of_error(BANK_FINE) };
    const struct route *route = find_route(PGL_TEXT("POST"), late->path, &ask.id);
    pgl_arena_reset(&bank->late_arena);
    enum bank_error error =
        bank_form_read(&ask.form, route->allowed, late->body, &bank->late_arena);
    if (error == BANK_FINE)
        execute(&ask, route);
    if (late->key != NO_KEY && late->key >= bank->key_first) {
        bank_key(bank, late->key)->is_busy = false;
        bank_key(bank, late->key)->outcome = ask.outcome;
        bank_keep_key(bank, late->key);
    }
    late->next_free = bank->late_free;
    bank->late_free = late;
}

/* NULL when too many wait. */
static struct bank_late *take_late(struct pgl_bank *bank)
{
    struct bank_late *late = bank->late_free;
    if (late != NULL) {
        bank->late_free = late->next_free;
        return late;
    }
    if (bank->late_count == PGL_BANK_LATE_MAX)
        return NULL;
    bank->late_count++;
    return pgl_arena_zalloc(&bank->arena, sizeof *late);
}

/* False without room: then nothing is executed, now or later. */
static bool put_off(struct pgl_bank *bank, const struct pgl_bank_request *request,
                    const struct key_row *key)
{
    bool fits = request->path.size + request->body.size <= BANK_LATE_BYTES;
    struct bank_late *late = fits ? take_late(bank) : NULL;
    if (late == NULL)
        return false;
    memcpy(late->bytes, request->path.data, request->path.size);
    if (request->body.size > 0)
        memcpy(late->bytes + request->path.size, request->body.data, request->body.size);
    late->bank = bank;
    late->path = (struct pgl_text){ late->bytes, request->path.size };
    late->body = (struct pgl_text){ late->bytes + request->path.size, request->body.size };
    late->key = NO_KEY;
    if (key != NULL) {
        struct key_row busy = *key;
        busy.is_busy = true;
        busy.outcome = outcome_of_error(BANK_ERROR_KEY_BUSY);
        late->key = add_key(bank, &busy);
    }
    int64_t late_ns = request->late_ns > 0 ? request->late_ns : bank->options.late_ns;
    pgl_timer_set(&bank->timers, &late->timer, bank->now_ns + late_ns, execute_late, late);
    return true;
}

/* ---- changes ---- */

/* A request that changes something: once for each key, whatever goes wrong. */
static void change(struct bank_ask *ask, const struct route *route,
                   const struct pgl_bank_request *request, enum pgl_bank_fault fault,
                   bool *is_replayed)
{
    struct pgl_bank *bank = ask->bank;
    bool has_key = request->idempotency_key.size > 0;
    struct key_row key = key_of(bank, request);
    uint64_t known = NO_KEY;
    enum bank_error error = has_key ? look_key_up(bank, &key, &known) : BANK_FINE;
    if (error == BANK_FINE && request->idempotency_key.size > PGL_BANK_KEY_BYTES_MAX)
        error = BANK_ERROR_KEY_LENGTH;
    if (error == BANK_FINE && known == NO_KEY && has_key && !has_key_room(bank))
        error = BANK_ERROR_FULL;
    *is_replayed = error == BANK_FINE && known != NO_KEY;
    ask->outcome = *is_replayed ? bank_key(bank, known)->outcome : outcome_of_error(error);
    if (error != BANK_FINE || *is_replayed)
        return;
    if (fault == PGL_BANK_LATE) {
        ask->outcome = outcome_of_error(BANK_ERROR_BROKEN);
        (void)put_off(bank, request, has_key ? &key : NULL); /* never executed is a 500 as well */
        return;
    }
    execute(ask, route);
    bool is_burnt = fault == PGL_BANK_FAIL_AFTER;
    bool is_stored = is_burnt || bank_errors[ask->outcome.error].is_stored;
    if (is_burnt)
        ask->outcome = outcome_of_error(BANK_ERROR_BROKEN);
    key.outcome = ask->outcome;
    if (has_key && is_stored)
        add_key(bank, &key);
}

/* ---- the customer's page ---- */

static void act(struct pgl_bank *bank, const struct pgl_bank_request *request, struct pgl_text id,
                struct pgl_bank_answer *answer)
{
    struct intent *intent = bank_find_intent(bank, id);
    answer->is_html = true;
    answer->status = intent != NULL ? 200 : 404;
    answer->body = PGL_TEXT("<!doctype html><title>Bank</title><p>There is nothing to do here.\n");
    if (intent == NULL || intent->row.state.status != INTENT_REQUIRES_ACTION)
        return;
    if (!bank_ledger_has_room(bank)) {
        answer->status = 503;
        answer->body = PGL_TEXT("<!doctype html><title>Bank</title><p>The ledger is full.\n");
        return;
    }
    bool agrees = !pgl_text_is(request->query, "outcome=fail");
    bank_customer_acts(intent, agrees);
    answer->body = agrees ? PGL_TEXT("<!doctype html><title>Bank</title><p>Authorized.\n")
                          : PGL_TEXT("<!doctype html><title>Bank</title><p>Refused.\n");
}

/* ---- asking ---- */

static enum bank_error check_bearer(const struct pgl_bank *bank, struct pgl_text authorization)
{
    struct pgl_text rest = authorization;
    if (bank->options.key == NULL)
        return BANK_FINE;
    if (!pgl_text_equal_nocase(pgl_text_cut(&rest, ' '), PGL_TEXT("Bearer")) || rest.size == 0)
        return BANK_ERROR_NO_KEY;
    return pgl_text_is(rest, bank->options.key) ? BANK_FINE : BANK_ERROR_WRONG_KEY;
}

/* What is wrong before it is known what is asked. */
static enum bank_error check(const struct pgl_bank *bank, const struct route *route,
                             const struct pgl_bank_request *request, enum pgl_bank_fault fault)
{
    enum bank_error error = check_bearer(bank, request->authorization);
    if (error != BANK_FINE)
        return error;
    if (fault == PGL_BANK_LIMITED)
        return BANK_ERROR_LIMITED;
    if (route == NULL)
        return BANK_ERROR_NO_ROUTE;
    return fault == PGL_BANK_FAIL_BEFORE || (fault != PGL_BANK_WELL && !is_change(route))
               ? BANK_ERROR_BROKEN
               : BANK_FINE;
}

static void give(struct pgl_bank *bank, struct pgl_arena *arena, struct pgl_bank_answer *answer)
{
    char *body = bank->out.is_full ? NULL : pgl_arena_alloc(arena, bank->out.size);
    answer->body = PGL_TEXT("{\"error\":{\"type\":\"api_error\",\"message\":\"no memory\"}}");
    if (body == NULL) {
        answer->status = 500;
        return;
    }
    memcpy(body, bank->out.data, bank->out.size);
    answer->body = (struct pgl_text){ body, bank->out.size };
}

void pgl_bank_ask(struct pgl_bank *bank, const struct pgl_bank_request *request,
                  enum pgl_bank_fault fault, int64_t now_ns, struct pgl_arena *arena,
                  struct pgl_bank_answer *answer)
{
    struct bank_ask ask = { .bank = bank, .outcome = outcome_of_error(BANK_FINE) };
    const struct pgl_text action = PGL_TEXT("/_action/");
    pgl_bank_tick(bank, now_ns);
    forget_old_keys(bank);
    *answer = (struct pgl_bank_answer){ .number = ++bank->request_count };
    if (pgl_text_starts_with(request->path, action)) {
        struct pgl_text id = { request->path.data + action.size, request->path.size - action.size };
        act(bank, request, id, answer);
        return;
    }
    const struct route *route = find_route(request->method, request->path, &ask.id);
    enum bank_error error = check(bank, route, request, fault);
    if (error == BANK_FINE)
        error = bank_form_read(&ask.form, route->allowed,
                               is_change(route) ? request->body : request->query, arena);
    if (error != BANK_FINE)
        ask.outcome = outcome_of_error(error);
    else if (is_change(route))
        change(&ask, route, request, fault, &answer->is_replayed);
    else
        execute(&ask, route);
    error = (enum bank_error)ask.outcome.error;
    answer->status = bank_errors[error].status;
    answer->retry_after_s = answer->status == 429 ? RETRY_AFTER : 0;
    if (error != BANK_FINE || route->shape != IS_LIST)
        bank_write_outcome(bank, &ask.outcome, &ask.form, &bank->out);
    give(bank, arena, answer);
}

void pgl_bank_tick(struct pgl_bank *bank, int64_t now_ns)
{
    struct pgl_timer *timer;
    if (now_ns > bank->now_ns)
        bank->now_ns = now_ns;
    while ((timer = pgl_timers_take_due(&bank->timers, bank->now_ns)) != NULL)
        timer->on_due(timer->owner);
}

int64_t pgl_bank_next_ns(const struct pgl_bank *bank)
{
    return pgl_timers_next_ns(&bank->timers);
}

/* ---- opening ---- */

struct pgl_bank_options pgl_bank_defaults(void)
{
    return (struct pgl_bank_options){ .base_url = "http://127.0.0.1:9090",
                                      .seed = 1,
                                      .intents_max = 1000000,
                                      .hold_ns = PGL_HOURS(7 * 24),
                                      .short_hold_ns = PGL_SECONDS(2),
                                      .slow_ns = PGL_MILLISECONDS(1500),
                                      .late_ns = PGL_SECONDS(2) };
}

static bool make_room(struct pgl_bank *bank)
{
    struct pgl_arena *arena = &bank->arena;
    uint32_t intents_max = bank->options.intents_max;
    uint32_t others_max = intents_max * BANK_KEYS_A_INTENT;
    bank->said = pgl_arena_alloc(arena, PGL_BANK_EVENTS_MAX * sizeof bank->said[0]);
    if (bank->said == NULL)
        return false;
    pgl_map_init(&bank->orders, intents_max);
    pgl_map_init(&bank->key_numbers, others_max + 1u);
    return bank_pool_init(&bank->intents, arena, sizeof(struct intent), intents_max) &&
           bank_pool_init(&bank->refunds, arena, sizeof(struct refund), others_max) &&
           bank_pool_init(&bank->transfers, arena, sizeof(struct transfer), others_max) &&
           bank_pool_init(&bank->keys, arena, sizeof(struct key_row), others_max);
}

struct pgl_bank *pgl_bank_open(const struct pgl_bank_options *options)
{
    struct pgl_bank *bank = calloc(1, sizeof *bank);
    if (bank == NULL)
        return NULL;
    bank->options = *options;
    pgl_arena_init(&bank->arena, 1u << 16, SIZE_MAX >> 1); /* counts bound it, not bytes */
    pgl_arena_init(&bank->late_arena, ROOM_BYTES, 4 * PGL_BANK_BODY_BYTES_MAX);
    pgl_buffer_init(&bank->out, BANK_OUT_BYTES_MAX);
    if (make_room(bank))
        return bank;
    pgl_bank_close(bank);
    return NULL;
}

void pgl_bank_close(struct pgl_bank *bank)
{
    pgl_map_free(&bank->orders);
    pgl_map_free(&bank->key_numbers);
    pgl_buffer_free(&bank->out);
    pgl_arena_free(&bank->late_arena);
    pgl_arena_free(&bank->arena);
    free(bank);
}
