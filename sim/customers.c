/* customers.c - see customers.h: who wants what, when, and how long they insist. */
#include "customers.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/keys.h"
#include "base/assert.h"
#include "base/time.h"
#include "purposes.h"

#define PATIENCE_MIN_NS    PGL_MILLISECONDS(50)
#define PATIENCE_MAX_NS    PGL_SECONDS(6) /* the server itself gives up after 5 */
#define TWIN_MAX_NS        PGL_SECONDS(5)
#define BUSY_AGAIN_NS      PGL_MILLISECONDS(2)
#define RETRY_NS           PGL_MILLISECONDS(200) /* longer each time, so many times */
#define LATELY             400 /* orders: some generations of the smallest index of keys */
#define RETURNING          8
#define LOOKS_MAX          20
#define LOOK_AGAIN_NS      PGL_MILLISECONDS(50)
#define RETURN_CHANCE      800000
#define RETRIES_SLOWER     20
#define TOKEN_NS           PGL_HOURS(20)
#define TOKEN_BYTES_MAX    PGL_JWT_BYTES_MAX
#define LAST_LOOKS_AT_ONCE 16

/* What is insisted on until the answer is known; the rest is asked once. */
static const bool is_insisted_on[PGL_SIM_ERRAND_KINDS] = {
    [PGL_SIM_CREATE] = true,    [PGL_SIM_CANCEL] = true,  [PGL_SIM_MOVE] = true,
    [PGL_SIM_SHIP] = true,      [PGL_SIM_REFUND] = true,  [PGL_SIM_SUBSCRIBE] = true,
    [PGL_SIM_REDELIVER] = true, [PGL_SIM_READ_ON] = true,
};

static void arrive(void *owner);

static int64_t up_to(struct pgl_random *random, int64_t most_ns)
{
    return (int64_t)pgl_random_below(random, (uint64_t)most_ns + 1);
}

/* ---- wishes ---- */

/* A short list with few different things on it, so that orders meet. */
static void make_wish(struct pgl_sim_customers *customers, uint32_t number)
{
    struct pgl_sim_wish *wish = &customers->journal.wishes[number];
    static const char *const regions[] = { "EU", "US", "APAC", "CA" };
    struct pgl_random *random = &wish->random;
    pgl_random_seed(random, customers->plan->seed, PGL_SIM_DRAWS_WISHES + ((uint64_t)number << 16));
    wish->customer = (int)pgl_random_below(random, (uint64_t)customers->plan->customers);
    wish->region = regions[pgl_random_below(random, sizeof regions / sizeof regions[0])];
    wish->line_count = 1 + (int)pgl_random_below(random, PGL_SIM_LINES_MAX);
    wish->order = PGL_SIM_NOBODY;
    if (pgl_random_chance(random, customers->plan->card_chance))
        wish->card = (enum pgl_sim_card)(1 + pgl_random_below(random, PGL_SIM_CARDS - 1));
    if (wish->card > PGL_SIM_CARD_GOOD && pgl_random_below(random, 2) == 0)
        wish->card = PGL_SIM_CARD_GOOD;
    wish->allows_partial = pgl_random_chance(random, customers->plan->partial_chance);
    if (pgl_random_chance(random, customers->plan->deadline_chance))
        wish->deadline_s = 1 + up_to(random, 5);
    for (int i = 0; i < wish->line_count; i++) {
        int sku = (int)pgl_random_below(random, (uint64_t)customers->plan->skus);
        int64_t quantity = 1 + (int64_t)pgl_random_below(random, PGL_SIM_QUANTITY_MAX);
        wish->lines[i] = (struct pgl_sim_share){ .sku = sku, .quantity = quantity };
    }
}

/* Mostly goods in. */
static struct pgl_sim_move draw_move(struct pgl_sim_customers *customers)
{
    struct pgl_random *random = &customers->moving;
    struct pgl_sim_move move = {
        .kind = (enum pgl_sim_move_kind)pgl_random_below(random, PGL_SIM_MOVE_KINDS),
        .sku = (int)pgl_random_below(random, (uint64_t)customers->plan->skus),
        .warehouse = (int)pgl_random_below(random, PGL_SIM_WAREHOUSES),
        .quantity = 1 + up_to(random, 20),
    };
    if ((move.kind == PGL_SIM_SALE && !customers->plan->has_sales) ||
        (move.kind == PGL_SIM_COUNT && !customers->plan->has_counts))
        move.kind = PGL_SIM_GOODS_IN;
    if (move.kind == PGL_SIM_SALE)
        move.quantity = 1 + move.quantity % 3;
    return move;
}

static struct pgl_text token_of(struct pgl_sim_customers *customers, int who);

static struct pgl_text token_of_wish(void *self, uint32_t wish)
{
    struct pgl_sim_customers *customers = self;
    return token_of(customers, customers->journal.wishes[wish].customer);
}

static void renew_of_wish(void *self, uint32_t wish)
{
    struct pgl_sim_customers *customers = self;
    struct pgl_sim_token *token = &customers->tokens[customers->journal.wishes[wish].customer];
    token->was_refused = true;
    pgl_buffer_clear(&token->text);
}

void pgl_sim_customers_open(struct pgl_sim_customers *customers, const struct pgl_sim_plan *plan,
                            struct pgl_sim_choices *choices, struct pgl_loop *loop,
                            struct pgl_sim_machine *machine, struct pgl_sim_auditor *auditor,
                            struct pgl_sim_bank *bank, struct pgl_sim_listener *listener,
                            struct pgl_sim_blame *blame)
{
    *customers = (struct pgl_sim_customers){ .plan = plan,
                                             .choices = choices,
                                             .loop = loop,
                                             .machine = machine,
                                             .auditor = auditor,
                                             .bank = bank,
                                             .listener = listener,
                                             .blame = blame };
    struct pgl_sim_journal *journal = &customers->journal;
    pgl_random_seed(&customers->random, plan->seed, PGL_SIM_DRAWS_CUSTOMERS);
    pgl_random_seed(&customers->moving, plan->seed, PGL_SIM_DRAWS_MOVES);
    pgl_sim_client_open(&customers->client, plan, choices, loop, &machine->twin, blame);
    pgl_sim_followers_open(&customers->followers, plan, choices, loop, &machine->twin, auditor,
                           blame);
    customers->followers.token = token_of_wish;
    customers->followers.renew = renew_of_wish;
    customers->followers.self = customers;
    journal->wish_count = plan->orders;
    journal->wishes = calloc(plan->orders, sizeof journal->wishes[0]);
    customers->errands = calloc(PGL_SIM_ERRANDS_MAX, sizeof customers->errands[0]);
    PGL_ASSERT(journal->wishes != NULL && customers->errands != NULL);
    for (uint32_t i = 0; i < plan->orders; i++)
        make_wish(customers, i);
    for (int i = 0; i < plan->moves; i++)
        journal->moves[i] = draw_move(customers);
    for (int i = 0; i < PGL_SIM_ERRANDS_MAX; i++) {
        customers->errands[i].next_free = customers->free_errands;
        customers->free_errands = &customers->errands[i];
    }
    for (int i = 0; i < PGL_SIM_PEOPLE; i++)
        pgl_buffer_init(&customers->tokens[i].text, TOKEN_BYTES_MAX);
}

void pgl_sim_customers_close(struct pgl_sim_customers *customers)
{
    pgl_sim_client_close(&customers->client);
    pgl_sim_followers_close(&customers->followers);
    for (int i = 0; i < PGL_SIM_PEOPLE; i++)
        pgl_buffer_free(&customers->tokens[i].text);
    if (customers->has_key)
        pgl_key_close(&customers->key);
    free(customers->errands);
    free(customers->journal.wishes);
}

/* ---- tokens ---- */

static void sign(struct pgl_sim_customers *customers, int who, struct pgl_sim_token *token)
{
    struct pgl_jwt_policy policy = pgl_keys_policy();
    struct pgl_jwt_claims claims = { .roles = PGL_ROLE_CUSTOMER };
    if (who >= PGL_SIM_DOCK) {
        claims.roles = who == PGL_SIM_DOCK ? PGL_ROLE_WAREHOUSE : PGL_ROLE_OPERATOR;
        snprintf(claims.subject, sizeof claims.subject, who == PGL_SIM_DOCK ? "dock" : "boss");
    } else {
        snprintf(claims.subject, sizeof claims.subject, "C-%d", who);
    }
    snprintf(claims.tenant, sizeof claims.tenant, "default");
    token->issued_at_ns = claims.issued_at_ns = customers->machine->twin.wall_ns;
    claims.expires_at_ns = claims.issued_at_ns + TOKEN_NS;
    pgl_buffer_clear(&token->text);
    PGL_ASSERT(pgl_is_ok(pgl_jwt_sign(&customers->key, &policy, &claims, &token->text)));
}

/* A new one when the calendar has jumped behind the old one, or far ahead of it. */
static struct pgl_text token_of(struct pgl_sim_customers *customers, int who)
{
    struct pgl_sim_token *token = &customers->tokens[who];
    int64_t age_ns = customers->machine->twin.wall_ns - token->issued_at_ns;
    if (token->text.size == 0 || age_ns < 0 || age_ns > TOKEN_NS / 2)
        sign(customers, who, token);
    return pgl_buffer_text(&token->text);
}

/* ---- errands ---- */

static void run_errand(void *owner);
static void on_answer(void *owner, const struct pgl_sim_answer *answer);

static void set_timer(struct pgl_sim_errand *errand, int64_t after_ns)
{
    struct pgl_loop *loop = errand->customers->loop;
    pgl_timer_set(&loop->timers, &errand->timer, loop->now_ns + after_ns, run_errand, errand);
}

bool pgl_sim_errand_start(struct pgl_sim_customers *customers, enum pgl_sim_errand_kind kind,
                          uint32_t about, uint32_t number, int64_t after_ns)
{
    struct pgl_sim_errand *errand = customers->free_errands;
    if (errand == NULL)
        return false;
    customers->free_errands = errand->next_free;
    customers->under_way++;
    *errand = (struct pgl_sim_errand){
        .customers = customers, .kind = kind, .about = about, .number = number, .is_under_way = true
    };
    set_timer(errand, after_ns);
    return true;
}

/* What each is in a script, where it is there by chance. */
static const enum pgl_sim_choice_kind choice_of[PGL_SIM_ERRAND_KINDS] = {
    [PGL_SIM_TWIN] = PGL_SIM_ASK_TWICE,     [PGL_SIM_OTHER_BODY] = PGL_SIM_ASK_OTHER,
    [PGL_SIM_WRONG] = PGL_SIM_ASK_WRONG,    [PGL_SIM_CANCEL] = PGL_SIM_ASK_CANCEL,
    [PGL_SIM_LOOK] = PGL_SIM_ASK_LOOK,      [PGL_SIM_SHIP] = PGL_SIM_ASK_SHIP,
    [PGL_SIM_REFUND] = PGL_SIM_ASK_REFUND,  [PGL_SIM_ACT] = PGL_SIM_ASK_ACT,
    [PGL_SIM_RETRY] = PGL_SIM_ASK_HELP,     [PGL_SIM_SETTLE] = PGL_SIM_ASK_HELP,
    [PGL_SIM_REPLAY] = PGL_SIM_ASK_HELP,    [PGL_SIM_RECONCILE] = PGL_SIM_ASK_HELP,
    [PGL_SIM_REDELIVER] = PGL_SIM_ASK_HELP,
};

void pgl_sim_errand_may_start(struct pgl_sim_customers *customers, enum pgl_sim_errand_kind kind,
                              uint32_t wish, uint32_t number, uint32_t chance, int64_t most_ns)
{
    int64_t after_ns;
    if (pgl_sim_chance(customers->choices, choice_of[kind], 0, ((uint64_t)wish << 8) + number,
                       chance, most_ns, &after_ns))
        pgl_sim_errand_start(customers, kind, wish, number, after_ns);
}

static void finish(struct pgl_sim_errand *errand)
{
    struct pgl_sim_customers *customers = errand->customers;
    errand->is_under_way = false;
    errand->next_free = customers->free_errands;
    customers->free_errands = errand;
    customers->under_way--;
}

/* The number of a token. */
static int who_asks(const struct pgl_sim_errand *errand)
{
    switch (errand->kind) {
    case PGL_SIM_MOVE:
    case PGL_SIM_SHIP:
        return PGL_SIM_DOCK;
    case PGL_SIM_REFUND:
    case PGL_SIM_RETRY:
    case PGL_SIM_SETTLE:
    case PGL_SIM_REPLAY:
    case PGL_SIM_RECONCILE:
    case PGL_SIM_READ_ON:
    case PGL_SIM_SUBSCRIBE:
    case PGL_SIM_REDELIVER:
        return PGL_SIM_BOSS;
    default:
        return pgl_sim_wish_of(errand)->customer;
    }
}

/* Of a wish, or of all that is about none. */
static struct pgl_random *random_of(struct pgl_sim_errand *errand)
{
    bool is_about_none = errand->kind == PGL_SIM_MOVE || errand->kind >= PGL_SIM_READ_ON;
    return is_about_none ? &errand->customers->moving : &pgl_sim_wish_of(errand)->random;
}

static void look_again(struct pgl_sim_errand *errand)
{
    if (errand->looks++ < LOOKS_MAX)
        set_timer(errand, LOOK_AGAIN_NS);
    else
        finish(errand);
}

/* The customer has seen where to go, or looks again a little later. */
static void act(struct pgl_sim_errand *errand)
{
    const struct pgl_sim_wish *wish = pgl_sim_wish_of(errand);
    const struct pgl_sim_order *order =
        pgl_sim_book_find(&errand->customers->auditor->book, wish->id);
    bool has_where = order != NULL && order->next_action[0] != '\0';
    if (has_where)
        pgl_sim_bank_act(errand->customers->bank, pgl_text_of(order->next_action));
    if (!has_where && wish->card == PGL_SIM_CARD_ASKS)
        look_again(errand);
    else
        finish(errand);
}

static void run_errand(void *owner)
{
    struct pgl_sim_errand *errand = owner;
    struct pgl_sim_customers *customers = errand->customers;
    if (errand->kind == PGL_SIM_ACT) {
        act(errand);
        return;
    }
    if (errand->kind == PGL_SIM_SETTLE && !pgl_sim_may_settle(errand)) {
        look_again(errand);
        return;
    }
    if (!pgl_sim_client_is_free(&customers->client)) { /* before anything is written */
        set_timer(errand, BUSY_AGAIN_NS);
        return;
    }
    errand->ask.token = token_of(customers, who_asks(errand));
    errand->ask.patience_ns = PATIENCE_MIN_NS + up_to(random_of(errand), PATIENCE_MAX_NS);
    errand->ask.on_answer = on_answer;
    errand->ask.owner = errand;
    pgl_sim_errand_write(errand);
    if (!pgl_sim_client_send(&customers->client, &errand->ask)) {
        set_timer(errand, BUSY_AGAIN_NS);
        return;
    }
    customers->twins_sent += errand->kind == PGL_SIM_TWIN || errand->tries > 0;
    errand->tries++;
}

/* Nothing is known, or only that it cannot be done now. 401: the calendar has jumped, the token is
 * of another time; who has shown many such is made to wait; 408: the net was too slow. */
static bool is_open(const struct pgl_sim_token *token, const struct pgl_sim_answer *answer)
{
    return answer->status == 0 || answer->status == 503 || answer->status == 504 ||
           answer->status == 401 || answer->status == 408 ||
           (answer->status == 429 && token->was_refused);
}

static void on_answer(void *owner, const struct pgl_sim_answer *answer)
{
    struct pgl_sim_errand *errand = owner;
    struct pgl_sim_customers *customers = errand->customers;
    struct pgl_sim_token *token = &customers->tokens[who_asks(errand)];
    bool is_open_still = is_open(token, answer);
    errand->last_status = answer->status;
    if (answer->status == 401) {
        token->was_refused = true;
        pgl_buffer_clear(&token->text);
    }
    if (is_open_still && (is_insisted_on[errand->kind] || errand->is_last)) {
        int64_t patience = errand->tries < RETRIES_SLOWER ? errand->tries : RETRIES_SLOWER;
        set_timer(errand, 1 + up_to(random_of(errand), RETRY_NS * patience));
        return;
    }
    if (!is_open_still)
        pgl_sim_errand_judge(errand, answer);
    finish(errand);
}

/* ---- arrivals ---- */

void pgl_sim_customers_start(struct pgl_sim_customers *customers)
{
    struct pgl_arena arena;
    pgl_arena_init(&arena, 4096, 65536);
    pgl_status status = pgl_keys_read(&customers->machine->twin.platform, &arena,
                                      customers->machine->options.data, &customers->key);
    customers->has_key = pgl_is_ok(status);
    PGL_ASSERT(customers->has_key);
    pgl_arena_free(&arena);
    if (customers->plan->listens != PGL_SIM_LISTENS_TO_NONE)
        pgl_sim_errand_start(customers, PGL_SIM_SUBSCRIBE, 0, 0, 0);
    pgl_timer_set(&customers->loop->timers, &customers->arrival, customers->loop->now_ns, arrive,
                  customers);
}

static void send_goods(struct pgl_sim_customers *customers)
{
    /* Spread over the run. */
    while (customers->moves_sent < (uint32_t)customers->plan->moves &&
           (uint64_t)customers->moves_sent * customers->plan->orders <
               (uint64_t)customers->placed * (uint32_t)customers->plan->moves &&
           pgl_sim_errand_start(customers, PGL_SIM_MOVE, customers->moves_sent, 0, 0))
        customers->moves_sent++;
}

static void place(struct pgl_sim_customers *customers, uint32_t wish)
{
    const struct pgl_sim_plan *plan = customers->plan;
    const struct pgl_sim_script *script = customers->choices->script;
    if (script != NULL && !pgl_sim_script_has_order(script, wish))
        return;
    int64_t twin_ns = TWIN_MAX_NS >> up_to(&customers->journal.wishes[wish].random, 10);
    bool is_placed = pgl_sim_errand_start(customers, PGL_SIM_CREATE, wish, 0, 0);
    PGL_ASSERT(is_placed); /* half of the places are free */
    pgl_sim_errand_may_start(customers, PGL_SIM_TWIN, wish, 0, plan->twin_chance, twin_ns);
    pgl_sim_errand_may_start(customers, PGL_SIM_WRONG, wish, 0, plan->wrong_chance, 0);
    if (pgl_sim_chance(customers->choices, PGL_SIM_ASK_READ, 0, (uint64_t)wish << 8,
                       plan->read_chance, 0, NULL))
        pgl_sim_read_on(customers, false);
}

static void arrive(void *owner)
{
    struct pgl_sim_customers *customers = owner;
    const struct pgl_sim_plan *plan = customers->plan;
    /* Half of the places are for what follows from an order. */
    if (customers->under_way < PGL_SIM_ERRANDS_MAX / 2) {
        place(customers, customers->placed++);
        send_goods(customers);
    }
    if (customers->placed < plan->orders)
        pgl_timer_set(&customers->loop->timers, &customers->arrival,
                      customers->loop->now_ns + up_to(&customers->random, 2 * plan->arrival_ns),
                      arrive, customers);
}

void pgl_sim_customers_return(struct pgl_sim_customers *customers)
{
    uint32_t lately = customers->placed < LATELY ? customers->placed : LATELY;
    uint64_t start = customers->machine->starts;
    uint32_t chance =
        pgl_sim_plan_has(customers->plan, PGL_SIM_FAULT_DUPLICATES) ? RETURN_CHANCE : 0;
    struct pgl_random random;
    pgl_random_seed(&random, customers->plan->seed, PGL_SIM_DRAWS_RETURNS + (start << 16));
    for (uint64_t i = 0; i < RETURNING && lately > 0; i++) {
        uint32_t wish = customers->placed - 1 - (uint32_t)pgl_random_below(&random, lately);
        int64_t after_ns;
        if (customers->journal.wishes[wish].is_sent &&
            pgl_sim_chance(customers->choices, PGL_SIM_ASK_AGAIN, 0, (start << 8) + i, chance,
                           RETRY_NS, &after_ns))
            pgl_sim_errand_start(customers, PGL_SIM_TWIN, wish, 0, after_ns);
    }
}

bool pgl_sim_customers_are_done(const struct pgl_sim_customers *customers)
{
    return customers->placed == customers->plan->orders && customers->under_way == 0 &&
           pgl_sim_followers_are_done(&customers->followers);
}

void pgl_sim_customers_complain(const struct pgl_sim_customers *customers)
{
    for (int i = 0; i < PGL_SIM_ERRANDS_MAX; i++) {
        const struct pgl_sim_errand *errand = &customers->errands[i];
        if (errand->is_under_way)
            pgl_sim_blame(customers->blame,
                          "L1: %s %s of %u has been asked %d times; last answer: %d",
                          errand->ask.method, errand->ask.target, errand->about, errand->tries,
                          errand->last_status);
    }
    pgl_sim_followers_complain(&customers->followers);
}

void pgl_sim_customers_look_again(struct pgl_sim_customers *customers)
{
    if (customers->last_looks == 0 && customers->reader.events > 0)
        pgl_sim_read_on(customers, true);
    for (; customers->last_looks < customers->journal.wish_count &&
           customers->under_way < LAST_LOOKS_AT_ONCE;
         customers->last_looks++) {
        if (!customers->journal.wishes[customers->last_looks].is_answered)
            continue;
        struct pgl_sim_errand *errand = customers->free_errands;
        if (pgl_sim_errand_start(customers, PGL_SIM_LOOK, customers->last_looks, 0, 0))
            errand->is_last = true;
    }
}
