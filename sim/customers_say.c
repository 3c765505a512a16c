/* customers_say.c - what each errand asks, and what must be true when it is answered; see
 * customers.h. */
#include "customers.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"
#include "wire/public_event.h"

#define FOLLOW_MAX_NS PGL_MILLISECONDS(60)
#define TRY_LATER_NS  PGL_MILLISECONDS(100)
#define READS_AT_ONCE 2
#define HURRIES       16 /* and many follow at once: an order may be settled within a millisecond */

/* The states as an answer names them, by the numbers of their rows. */
static const char *const status_names[] = { "PENDING",   "AUTHORIZED", "RESERVED",
                                            "CONFIRMED", "FAILED",     "CANCELLED" };
enum { FIRST_FINAL = 3, CONFIRMED = 3 };

/* ---- asking ---- */

static void write_order(struct pgl_sim_errand *errand, int more_of_the_first, const char *first_sku)
{
    const struct pgl_sim_wish *wish = pgl_sim_wish_of(errand);
    char *body = errand->ask.body;
    size_t room = sizeof errand->ask.body, at = 0;
    char deadline[40] = "";
    if (wish->deadline_s > 0)
        snprintf(deadline, sizeof deadline, ",\"deadlineSeconds\":%lld",
                 (long long)wish->deadline_s);
    at += (size_t)snprintf(body, room, "{\"currency\":\"USD\",\"lines\":[");
    for (int i = 0; i < wish->line_count; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "S-%d", wish->lines[i].sku);
        at +=
            (size_t)snprintf(body + at, room - at, "%s{\"sku\":\"%s\",\"quantity\":%lld}",
                             i > 0 ? "," : "", i == 0 && first_sku != NULL ? first_sku : sku,
                             (long long)wish->lines[i].quantity + (i == 0 ? more_of_the_first : 0));
    }
    snprintf(body + at, room - at,
             "],\"payment\":{\"method\":\"%s\"%s%s%s},\"shipTo\":{\"region\":\"%s\"}%s%s}",
             wish->card != PGL_SIM_ACCOUNT ? "card" : "account",
             wish->card != PGL_SIM_ACCOUNT ? ",\"cardToken\":\"" : "",
             wish->card != PGL_SIM_ACCOUNT ? pgl_sim_card_rules[wish->card].token : "",
             wish->card != PGL_SIM_ACCOUNT ? "\"" : "", wish->region,
             wish->allows_partial ? ",\"allowPartial\":true" : "", deadline);
    errand->ask.method = "POST";
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/orders");
}

static void ask_create(struct pgl_sim_errand *errand)
{
    write_order(errand, 0, NULL);
    snprintf(errand->ask.key, sizeof errand->ask.key, "k-%u", errand->about);
    pgl_sim_wish_of(errand)->is_sent = true;
}

static void ask_other_body(struct pgl_sim_errand *errand)
{
    write_order(errand, 1, NULL);
    snprintf(errand->ask.key, sizeof errand->ask.key, "k-%u", errand->about);
}

static void ask_wrong(struct pgl_sim_errand *errand)
{
    write_order(errand, 0, "S-none");
    snprintf(errand->ask.key, sizeof errand->ask.key, "w-%u", errand->about);
}

static void write_about(struct pgl_sim_errand *errand, const char *method, const char *behind)
{
    char id[PGL_ID_TEXT_BYTES + 1] = "";
    pgl_id_format(pgl_sim_wish_of(errand)->id, id);
    errand->ask.method = method;
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/orders/%s%s", id, behind);
}

static void ask_cancel(struct pgl_sim_errand *errand)
{
    write_about(errand, "POST", "/cancel");
    pgl_sim_wish_of(errand)->is_cancel_sent = true;
}

static void ask_look(struct pgl_sim_errand *errand)
{
    write_about(errand, "GET", "");
    errand->rank_before = pgl_sim_wish_of(errand)->rank_seen;
}

static void ask_move(struct pgl_sim_errand *errand)
{
    static const char *const paths[] = { "receipts", "sales", "counts" };
    const struct pgl_sim_move *move = &errand->customers->journal.moves[errand->about];
    errand->ask.method = "POST";
    snprintf(errand->ask.target, sizeof errand->ask.target, "/api/v1/inventory/S-%d/%s", move->sku,
             paths[move->kind]);
    snprintf(errand->ask.key, sizeof errand->ask.key, "r-%u", errand->about);
    snprintf(errand->ask.body, sizeof errand->ask.body, "{\"warehouse\":\"%s\",\"%s\":%lld}",
             pgl_sim_warehouses[move->warehouse],
             move->kind == PGL_SIM_COUNT ? "counted" : "quantity", (long long)move->quantity);
}

/* Asked twice with one key it is the same, whatever the book has learned meanwhile. */
static bool is_written(const struct pgl_sim_errand *errand)
{
    return errand->tries > 0;
}

/* Something of what a warehouse still has, or all of it. */
static void ask_ship(struct pgl_sim_errand *errand)
{
    struct pgl_sim_wish *wish = pgl_sim_wish_of(errand);
    const struct pgl_sim_order *order =
        pgl_sim_book_find(&errand->customers->auditor->book, wish->id);
    int share = (int)pgl_random_below(&wish->random, PGL_SIM_SHARES_MAX);
    char lines[48] = "";
    int warehouse = share % PGL_SIM_WAREHOUSES, line = share % wish->line_count;
    if (is_written(errand))
        return;
    if (order != NULL && order->share_count > 0) {
        warehouse = order->shares[share % order->share_count].warehouse;
        line = order->shares[share % order->share_count].line;
    }
    if (pgl_random_below(&wish->random, 2) == 0)
        snprintf(lines, sizeof lines, ",\"lines\":[{\"lineNo\":%d,\"quantity\":1}]", line + 1);
    write_about(errand, "POST", "/shipments");
    snprintf(errand->ask.key, sizeof errand->ask.key, "s-%u-%u", errand->about, errand->number);
    snprintf(errand->ask.body, sizeof errand->ask.body,
             "{\"warehouse\":\"%s\",\"carrier\":\"C\",\"tracking\":\"T-%u\"%s}",
             pgl_sim_warehouses[warehouse], errand->number, lines);
}

/* One of a line, or all that is left. */
static void ask_refund(struct pgl_sim_errand *errand)
{
    struct pgl_sim_wish *wish = pgl_sim_wish_of(errand);
    char lines[96] = "";
    if (is_written(errand))
        return;
    if (pgl_random_below(&wish->random, 3) != 0)
        snprintf(lines, sizeof lines, "\"lines\":[{\"lineNo\":%d,\"quantity\":1,\"restock\":%s}],",
                 1 + (int)pgl_random_below(&wish->random, (uint64_t)wish->line_count),
                 pgl_random_below(&wish->random, 2) == 0 ? "true" : "false");
    write_about(errand, "POST", "/refunds");
    snprintf(errand->ask.key, sizeof errand->ask.key, "f-%u-%u", errand->about, errand->number);
    snprintf(errand->ask.body, sizeof errand->ask.body, "{%s\"reason\":\"R-%u\"}", lines,
             errand->number);
}

/* ---- reading ---- */

int pgl_sim_rank_named(struct pgl_text status)
{
    for (int rank = 0; rank < (int)(sizeof status_names / sizeof status_names[0]); rank++)
        if (pgl_text_is(status, status_names[rank]))
            return rank;
    return -1;
}

bool pgl_sim_is_final_rank(int rank)
{
    return rank >= FIRST_FINAL;
}

struct pgl_text pgl_sim_answer_member(const struct pgl_sim_answer *answer, const char *name)
{
    struct pgl_text body = answer->body;
    char wanted[32];
    int size = snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = body.size > 0 ? memmem(body.data, body.size, wanted, (size_t)size) : NULL;
    if (found == NULL)
        return (struct pgl_text){ "", 0 };
    struct pgl_text rest = { found + size, (size_t)(body.data + body.size - found) - (size_t)size };
    if (rest.size > 0 && rest.data[0] == '"') {
        rest.data++;
        rest.size--;
        return pgl_text_cut(&rest, '"');
    }
    size_t end = 0;
    while (end < rest.size && rest.data[end] != ',' && rest.data[end] != '}')
        end++;
    return (struct pgl_text){ rest.data, end };
}

static int status_in(const struct pgl_sim_answer *answer)
{
    return pgl_sim_rank_named(pgl_sim_answer_member(answer, "status"));
}

static uint64_t hash_of(struct pgl_text body)
{
    return pgl_hash((struct pgl_hash_key){ 3, 5 }, body.data, body.size);
}

struct pgl_sim_order *pgl_sim_errand_order(struct pgl_sim_errand *errand)
{
    struct pgl_sim_order *order =
        pgl_sim_book_find(&errand->customers->auditor->book, pgl_sim_wish_of(errand)->id);
    if (order == NULL || order->wish != errand->about)
        pgl_sim_blame(errand->customers->blame, "A11: order k-%u was answered, and is not on disk",
                      errand->about);
    return order;
}

/* ---- judging ---- */

bool pgl_sim_errand_expects(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer,
                            int expected)
{
    if (answer->status == expected)
        return true;
    pgl_sim_blame(errand->customers->blame, "H4: %s %s was answered %d, not %d: %.*s",
                  errand->ask.method, errand->ask.target, answer->status, expected,
                  (int)(answer->body.size < 200 ? answer->body.size : 200), answer->body.data);
    return false;
}

/* What may follow once the order's id is known. */
static void follow_up(struct pgl_sim_errand *errand)
{
    static const struct {
        enum pgl_sim_errand_kind kind;
        size_t chance;
    } followers[] = {
        { PGL_SIM_CANCEL, offsetof(struct pgl_sim_plan, cancel_chance) },
        { PGL_SIM_LOOK, offsetof(struct pgl_sim_plan, look_chance) },
        { PGL_SIM_LOOK, offsetof(struct pgl_sim_plan, look_chance) },
        { PGL_SIM_OTHER_BODY, offsetof(struct pgl_sim_plan, other_body_chance) },
        { PGL_SIM_TWIN, offsetof(struct pgl_sim_plan, twin_chance) },
        { PGL_SIM_SHIP, offsetof(struct pgl_sim_plan, ship_chance) },
        { PGL_SIM_SHIP, offsetof(struct pgl_sim_plan, ship_chance) },
        { PGL_SIM_SHIP, offsetof(struct pgl_sim_plan, ship_chance) },
        { PGL_SIM_REFUND, offsetof(struct pgl_sim_plan, refund_chance) },
        { PGL_SIM_REFUND, offsetof(struct pgl_sim_plan, refund_chance) },
        { PGL_SIM_ACT, offsetof(struct pgl_sim_plan, act_chance) },
    };
    struct pgl_sim_customers *customers = errand->customers;
    struct pgl_sim_wish *wish = pgl_sim_wish_of(errand);
    for (size_t i = 0; i < sizeof followers / sizeof followers[0]; i++) {
        const char *plan = (const char *)customers->plan;
        uint32_t chance = *(const uint32_t *)(const void *)(plan + followers[i].chance);
        int64_t within_ns = FOLLOW_MAX_NS >> pgl_random_below(&wish->random, HURRIES);
        pgl_sim_errand_may_start(customers, followers[i].kind, errand->about, 1 + (uint32_t)i,
                                 chance, within_ns);
    }
    pgl_sim_may_help(errand);
}

static void judge_create(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    struct pgl_sim_wish *wish = pgl_sim_wish_of(errand);
    struct pgl_sim_blame *blame = errand->customers->blame;
    pgl_id id;
    if (!pgl_sim_errand_expects(errand, answer, 201))
        return;
    if (!pgl_is_ok(pgl_id_parse(pgl_sim_answer_member(answer, "id"), &id)) ||
        status_in(answer) != 0) {
        pgl_sim_blame(blame, "H5: an order was answered without its id, or not as PENDING");
        return;
    }
    if (wish->is_answered &&
        (!pgl_id_equal(wish->id, id) || wish->answer_hash != hash_of(answer->body)))
        pgl_sim_blame(blame, "A9: k-%u was answered twice, and not the same", errand->about);
    if (wish->is_made && !answer->is_replayed)
        pgl_sim_blame(blame, "A9: k-%u was made twice", errand->about);
    bool is_first = !wish->is_answered;
    wish->is_made |= !answer->is_replayed;
    wish->is_answered = true;
    wish->id = id;
    wish->answer_hash = hash_of(answer->body);
    if (pgl_sim_errand_order(errand) == NULL || !is_first)
        return;
    follow_up(errand);
    pgl_sim_followers_may_follow(&errand->customers->followers, errand->about);
}

static void judge_refused(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    (void)pgl_sim_errand_expects(errand, answer, 422);
}

static void judge_cancel(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    char said[PGL_SIM_SAID_BYTES];
    const struct pgl_sim_order *order = pgl_sim_errand_order(errand);
    if (order == NULL)
        return;
    bool is_true = false;
    if (answer->status == 202)
        is_true = pgl_sim_has_said(order, PGL_SIM_SAID(ORDER_CANCEL_REQUESTED));
    else if (answer->status == 200)
        is_true = order->state > CONFIRMED;
    else if (answer->status == 409)
        is_true = order->state == CONFIRMED;
    if (!is_true)
        pgl_sim_blame(errand->customers->blame,
                      "H6: a cancel was answered %d; the order is %d, said:%s", answer->status,
                      order->state, pgl_sim_said_text(order, said));
}

static void judge_look(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    struct pgl_sim_wish *wish = pgl_sim_wish_of(errand);
    const struct pgl_sim_order *order = pgl_sim_errand_order(errand);
    if (order == NULL || !pgl_sim_errand_expects(errand, answer, 200))
        return;
    int rank = status_in(answer);
    bool was_final = errand->rank_before >= FIRST_FINAL;
    if (rank < errand->rank_before || (was_final && rank != errand->rank_before))
        pgl_sim_blame(errand->customers->blame, "H7: k-%u was seen %d and then %d", errand->about,
                      errand->rank_before, rank);
    if (rank > order->state || (errand->is_last && rank != order->state))
        pgl_sim_blame(errand->customers->blame, "Q7: k-%u was seen %d, and is %d", errand->about,
                      rank, order->state);
    int64_t total;
    if (!pgl_is_ok(pgl_text_to_i64(pgl_sim_answer_member(answer, "totalMinor"), &total)) ||
        total != order->amount_minor)
        pgl_sim_blame(errand->customers->blame, "H8: k-%u has another total", errand->about);
    if (rank > wish->rank_seen)
        wish->rank_seen = rank;
}

static void judge_move(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    struct pgl_sim_move *move = &errand->customers->journal.moves[errand->about];
    bool is_unknown = answer->status == 404 && move->kind != PGL_SIM_GOODS_IN; /* of this SKU */
    move->is_answered =
        !is_unknown && (answer->status == 200 || pgl_sim_errand_expects(errand, answer, 201));
}

/* Too early is tried again, with another key: it is another wish. */
static void try_later(struct pgl_sim_errand *errand)
{
    const struct pgl_sim_order *order = pgl_sim_errand_order(errand);
    if (order != NULL && !pgl_sim_has_said(order, PGL_SIM_FINALS) &&
        errand->number < PGL_SIM_TRIES_END)
        pgl_sim_errand_start(errand->customers, errand->kind, errand->about,
                             errand->number + PGL_SIM_TRIES_STEP,
                             TRY_LATER_NS << errand->number / PGL_SIM_TRIES_STEP);
}

static void judge_ship(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    if (answer->status == 409 || answer->status == 404) {
        try_later(errand);
    } else if (pgl_sim_errand_expects(errand, answer, 201)) {
        const struct pgl_sim_order *order = pgl_sim_errand_order(errand);
        errand->customers->journal.shipments++;
        if (order != NULL && order->shipment_count == 0)
            pgl_sim_blame(errand->customers->blame, "A11: a parcel of k-%u is not on disk",
                          errand->about);
    }
}

static void judge_refund(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    if (answer->status == 409 || answer->status == 404) {
        try_later(errand);
    } else if (answer->status != 422 && pgl_sim_errand_expects(errand, answer, 202)) {
        const struct pgl_sim_order *order = pgl_sim_errand_order(errand);
        errand->customers->journal.refunds++;
        if (order != NULL && order->refund_count == 0)
            pgl_sim_blame(errand->customers->blame, "A11: a refund of k-%u is not on disk",
                          errand->about);
    }
}

/* ---- reading all events ---- */

static void read_on(struct pgl_sim_customers *customers, uint32_t number, bool is_last)
{
    struct pgl_sim_errand *errand = customers->free_errands;
    if (customers->reader.is_out || customers->reader.is_through ||
        !pgl_sim_errand_start(customers, PGL_SIM_READ_ON, 0, number, 0))
        return;
    errand->is_last = is_last;
    customers->reader.is_out = true;
}

void pgl_sim_read_on(struct pgl_sim_customers *customers, bool is_last)
{
    read_on(customers, 0, is_last);
}

static void ask_read(struct pgl_sim_errand *errand)
{
    const struct pgl_sim_reader *reader = &errand->customers->reader;
    errand->ask.method = "GET";
    snprintf(errand->ask.target, sizeof errand->ask.target, "%s",
             reader->target[0] != '\0' ? reader->target : "/api/v1/events?max=100&wait=1");
}

/* The next event of an order that the outside is shown, behind `seq`. */
static int64_t next_shown(const struct pgl_sim_book *book, int log, int64_t seq)
{
    while (seq < book->high[log] && (book->said[log][seq].order == PGL_SIM_NOBODY ||
                                     pgl_public_event_of(book->said[log][seq].type) == NULL))
        seq++;
    return seq + 1;
}

static void hear_event(struct pgl_sim_errand *errand, struct pgl_text id_text)
{
    struct pgl_sim_reader *reader = &errand->customers->reader;
    const struct pgl_sim_book *book = &errand->customers->auditor->book;
    pgl_id id = { { 0 } };
    int64_t seq = 0;
    pgl_status status = pgl_id_parse(id_text, &id);
    int log = id.bytes[5];
    for (int i = 9; i < 16; i++)
        seq = seq * 256 + id.bytes[i];
    bool is_there = pgl_is_ok(status) && log < PGL_SIM_LOGS && seq >= 1 && seq <= book->high[log];
    bool is_in_order =
        is_there &&
        (seq == next_shown(book, log, reader->after[log]) ||
         (book->said[log][seq - 1].order == PGL_SIM_NOBODY && seq > reader->after[log]));
    if (!is_in_order)
        pgl_sim_blame(errand->customers->blame, "H14: behind event %lld of log %d was read %.*s",
                      is_there ? (long long)reader->after[log] : -1, log, PGL_TEXT_ARGS(id_text));
    else
        reader->after[log] = seq;
    reader->events++;
}

/* Where the answer says that it goes on. */
static void take_link(struct pgl_sim_errand *errand, struct pgl_text link)
{
    struct pgl_sim_reader *reader = &errand->customers->reader;
    (void)pgl_text_cut(&link, '<');
    struct pgl_text target = link.data != NULL ? pgl_text_cut(&link, '>') : link;
    if (target.size == 0 || target.size >= sizeof reader->target)
        pgl_sim_blame(errand->customers->blame, "H14: events are answered without a next");
    else
        snprintf(reader->target, sizeof reader->target, "%.*s", PGL_TEXT_ARGS(target));
}

static void judge_read(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    static const char begin[] = "{\"specversion\":\"1.0\",\"id\":\"";
    struct pgl_sim_reader *reader = &errand->customers->reader;
    const struct pgl_sim_book *book = &errand->customers->auditor->book;
    struct pgl_text left = answer->body;
    const char *found;
    uint64_t before = reader->events;
    reader->is_out = false;
    if (!pgl_sim_errand_expects(errand, answer, 200))
        return;
    while ((found = memmem(left.data, left.size, begin, sizeof begin - 1)) != NULL) {
        size_t at = (size_t)(found - left.data) + sizeof begin - 1;
        left = (struct pgl_text){ left.data + at, left.size - at };
        hear_event(errand, pgl_text_cut(&left, '"'));
    }
    take_link(errand, answer->link);
    if (!errand->is_last) { /* until there is something to wait for */
        if (reader->events > before || errand->number + 1 < READS_AT_ONCE)
            read_on(errand->customers, errand->number + 1, false);
        return;
    }
    reader->is_through = reader->events == before;
    for (int log = 1; log < PGL_SIM_LOGS && reader->is_through; log++)
        if (next_shown(book, log, reader->after[log]) <= book->high[log])
            pgl_sim_blame(errand->customers->blame, "H14: of log %d nothing is read behind %lld",
                          log, (long long)reader->after[log]);
    pgl_sim_read_on(errand->customers, true);
}

/* ---- the table ---- */

static const struct {
    void (*ask)(struct pgl_sim_errand *errand);
    void (*judge)(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer);
} sayings[PGL_SIM_ERRAND_KINDS] = {
    [PGL_SIM_CREATE] = { ask_create, judge_create },
    [PGL_SIM_TWIN] = { ask_create, judge_create },
    [PGL_SIM_OTHER_BODY] = { ask_other_body, judge_refused },
    [PGL_SIM_WRONG] = { ask_wrong, judge_refused },
    [PGL_SIM_CANCEL] = { ask_cancel, judge_cancel },
    [PGL_SIM_LOOK] = { ask_look, judge_look },
    [PGL_SIM_MOVE] = { ask_move, judge_move },
    [PGL_SIM_SHIP] = { ask_ship, judge_ship },
    [PGL_SIM_REFUND] = { ask_refund, judge_refund },
    [PGL_SIM_READ_ON] = { ask_read, judge_read },
    [PGL_SIM_RETRY] = { pgl_sim_ask_retry, pgl_sim_judge_retry },
    [PGL_SIM_SETTLE] = { pgl_sim_ask_settle, pgl_sim_judge_settle },
    [PGL_SIM_REPLAY] = { pgl_sim_ask_replay, pgl_sim_judge_accepted },
    [PGL_SIM_RECONCILE] = { pgl_sim_ask_reconcile, pgl_sim_judge_accepted },
    [PGL_SIM_REDELIVER] = { pgl_sim_ask_redeliver, pgl_sim_judge_redeliver },
    [PGL_SIM_SUBSCRIBE] = { pgl_sim_ask_subscribe, pgl_sim_judge_subscribe },
};

void pgl_sim_errand_write(struct pgl_sim_errand *errand)
{
    sayings[errand->kind].ask(errand);
}

void pgl_sim_errand_judge(struct pgl_sim_errand *errand, const struct pgl_sim_answer *answer)
{
    sayings[errand->kind].judge(errand, answer);
}
