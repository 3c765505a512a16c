/*
 * bank_ledger.c - money moves from account to account, a line each time, and nothing is ever taken
 * back. What a judge asks is answered from the lines, so that an object that lies is found out.
 */
#include "app/provider/bank_inside.h"
#include "wire/json.h"

/* clang-format off */
static const struct {
    enum bank_account from, to;
} moves[TRANSFER_KIND_COUNT] = {
    [TRANSFER_HOLD]    = { ACCOUNT_CARD,     ACCOUNT_HOLD },
    [TRANSFER_RELEASE] = { ACCOUNT_HOLD,     ACCOUNT_CARD },
    [TRANSFER_CAPTURE] = { ACCOUNT_HOLD,     ACCOUNT_MERCHANT },
    [TRANSFER_REFUND]  = { ACCOUNT_MERCHANT, ACCOUNT_CARD },
};
static const char *const account_names[ACCOUNT_COUNT] = {
    [ACCOUNT_CARD] = "card", [ACCOUNT_HOLD] = "hold", [ACCOUNT_MERCHANT] = "merchant",
};
/* clang-format on */

#define LINES_A_REQUEST 4 /* hold, capture, release of the rest, and one to spare */

/* ---- lines ---- */

static struct bank_currency *find_currency(const struct pgl_bank *bank, const char *name)
{
    for (int i = 0; i < bank->currency_count; i++)
        if (strcmp(bank->currencies[i].name, name) == 0)
            return (struct bank_currency *)&bank->currencies[i];
    return NULL;
}

bool bank_currency_fits(struct pgl_bank *bank, const char *name)
{
    if (find_currency(bank, name) != NULL)
        return true;
    if (bank->currency_count == BANK_CURRENCIES_MAX)
        return false;
    memcpy(bank->currencies[bank->currency_count++].name, name, 4);
    return true;
}

bool bank_ledger_has_room(struct pgl_bank *bank)
{
    return bank_pool_slot(&bank->transfers, &bank->arena, bank->transfer_count + LINES_A_REQUEST) !=
               NULL &&
           bank_pool_slot(&bank->transfers, &bank->arena, bank->transfer_count) != NULL;
}

static void add_line(struct pgl_bank *bank, const struct transfer *line)
{
    struct intent *intent = bank_intent(bank, line->intent);
    struct transfer *transfer = bank_transfer(bank, bank->transfer_count);
    struct bank_currency *currency = find_currency(bank, intent->row.currency);
    *transfer = *line;
    transfer->previous_of_intent = intent->last_transfer;
    intent->last_transfer = bank->transfer_count++;
    currency->balance_minor[moves[line->kind].from] -= line->amount_minor;
    currency->balance_minor[moves[line->kind].to] += line->amount_minor;
}

void bank_move(struct intent *intent, enum transfer_kind kind, int64_t amount_minor)
{
    struct pgl_bank *bank = intent->bank;
    if (amount_minor == 0)
        return;
    add_line(bank, &(struct transfer){ .amount_minor = amount_minor,
                                       .at_ns = bank->now_ns,
                                       .intent = intent->number,
                                       .kind = (uint8_t)kind });
    bank_keep_transfer(bank, bank->transfer_count - 1);
}

pgl_status bank_transfer_restore(struct pgl_bank *bank, const struct transfer *kept)
{
    if (kept->intent >= bank->intent_count || kept->kind >= TRANSFER_KIND_COUNT)
        return PGL_FAIL(PGL_MALFORMED, "a line of the ledger about nothing");
    if (!bank_ledger_has_room(bank))
        return PGL_NO_MEMORY;
    add_line(bank, kept);
    return PGL_OK;
}

/* ---- what the lines say ---- */

struct sums {
    int64_t by_kind[TRANSFER_KIND_COUNT];
    uint32_t captures;
};

static struct sums sum_lines(const struct intent *intent)
{
    struct sums sums = { 0 };
    for (uint32_t at = intent->last_transfer; at != BANK_NONE;) {
        const struct transfer *line = bank_transfer(intent->bank, at);
        sums.by_kind[line->kind] += line->amount_minor;
        sums.captures += line->kind == TRANSFER_CAPTURE;
        at = line->previous_of_intent;
    }
    return sums;
}

static int64_t held_of(const struct sums *sums)
{
    return sums->by_kind[TRANSFER_HOLD] - sums->by_kind[TRANSFER_RELEASE] -
           sums->by_kind[TRANSFER_CAPTURE];
}

struct pgl_bank_order pgl_bank_order(const struct pgl_bank *bank, struct pgl_text order_id)
{
    struct pgl_bank_order order = { 0 };
    for (uint32_t at = bank_find_order(bank, order_id); at != BANK_NONE;) {
        const struct intent *intent = bank_intent(bank, at);
        struct sums sums = sum_lines(intent);
        order.intents++;
        order.open += intent->row.state.status < INTENT_SUCCEEDED;
        order.captures += sums.captures;
        order.held_minor += held_of(&sums);
        order.captured_minor += sums.by_kind[TRANSFER_CAPTURE];
        order.refunded_minor += sums.by_kind[TRANSFER_REFUND];
        at = intent->previous_of_order;
    }
    return order;
}

bool pgl_bank_next_order(const struct pgl_bank *bank, uint64_t *at, struct pgl_text *order_id)
{
    while (*at < bank->intent_count) {
        const struct intent *intent = bank_intent(bank, (uint32_t)(*at)++);
        *order_id = bank_order_of(intent);
        if (order_id->data != NULL && intent->previous_of_order == BANK_NONE)
            return true;
    }
    return false;
}

/* NULL when the object says what its lines say. */
static const char *wrong_with(const struct intent *intent)
{
    const struct intent_state *state = &intent->row.state;
    struct sums sums = sum_lines(intent);
    int64_t held_minor = held_of(&sums);
    if (held_minor != state->capturable_minor || held_minor < 0)
        return "what is held is not what can be captured";
    if (held_minor != 0 && state->status != INTENT_REQUIRES_CAPTURE)
        return "something is held without a claim to it";
    if (sums.by_kind[TRANSFER_CAPTURE] != state->received_minor)
        return "what was captured is not what was received";
    if (sums.captures > 1 || (sums.captures == 1) != (state->status == INTENT_SUCCEEDED))
        return "captured twice, or not as the status says";
    if (sums.by_kind[TRANSFER_REFUND] > sums.by_kind[TRANSFER_CAPTURE])
        return "more was given back than was captured";
    if (sums.by_kind[TRANSFER_HOLD] > intent->row.amount_minor)
        return "more was held than was agreed";
    return NULL;
}

bool pgl_bank_is_balanced(const struct pgl_bank *bank, const char **why)
{
    int64_t totals[BANK_CURRENCIES_MAX][ACCOUNT_COUNT] = { { 0 } };
    for (uint32_t i = 0; i < bank->transfer_count; i++) {
        const struct transfer *line = bank_transfer(bank, i);
        const struct bank_currency *currency =
            find_currency(bank, bank_intent(bank, line->intent)->row.currency);
        int64_t *total = totals[currency - bank->currencies];
        total[moves[line->kind].from] -= line->amount_minor;
        total[moves[line->kind].to] += line->amount_minor;
    }
    for (int c = 0; c < bank->currency_count; c++)
        if (memcmp(totals[c], bank->currencies[c].balance_minor, sizeof totals[c]) != 0) {
            *why = "the balances are not the sums of the lines";
            return false;
        }
    *why = NULL;
    for (uint32_t i = 0; i < bank->intent_count && *why == NULL; i++)
        *why = wrong_with(bank_intent(bank, i));
    return *why == NULL;
}

/* ---- as JSON ---- */

static void write_totals(const struct pgl_bank *bank, struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "\"totals\":{");
    for (int c = 0; c < bank->currency_count; c++) {
        const struct bank_currency *currency = &bank->currencies[c];
        pgl_buffer_printf(out, "%s\"%s\":{", c > 0 ? "," : "", currency->name);
        for (int a = 0; a < ACCOUNT_COUNT; a++)
            pgl_buffer_printf(out, "%s\"%s\":%lld", a > 0 ? "," : "", account_names[a],
                              (long long)currency->balance_minor[a]);
        pgl_buffer_add_char(out, '}');
    }
    pgl_buffer_add_char(out, '}');
}

void pgl_bank_write_order(const struct pgl_bank *bank, struct pgl_text order_id,
                          struct pgl_buffer *out)
{
    struct pgl_bank_order order = pgl_bank_order(bank, order_id);
    pgl_buffer_printf(out,
                      "{\"intents\":%u,\"open\":%u,\"captures\":%u,\"held\":%lld,"
                      "\"captured\":%lld,\"refunded\":%lld}",
                      order.intents, order.open, order.captures, (long long)order.held_minor,
                      (long long)order.captured_minor, (long long)order.refunded_minor);
}

void pgl_bank_write_ledger(const struct pgl_bank *bank, struct pgl_buffer *out)
{
    const char *why;
    bool is_balanced = pgl_bank_is_balanced(bank, &why);
    pgl_buffer_printf(out, "{\"balanced\":%s,\"why\":", is_balanced ? "true" : "false");
    pgl_json_write_string(out, pgl_text_of(is_balanced ? "" : why));
    pgl_buffer_printf(out, ",\"intents\":%u,\"refunds\":%u,\"transfers\":%u,", bank->intent_count,
                      bank->refund_count, bank->transfer_count);
    write_totals(bank, out);
    pgl_buffer_add_literal(out, ",\"orders\":{");
    struct pgl_text order_id;
    bool is_first = true;
    for (uint64_t at = 0; pgl_bank_next_order(bank, &at, &order_id); is_first = false) {
        pgl_buffer_add_text(out, is_first ? PGL_TEXT("\n") : PGL_TEXT(",\n"));
        pgl_json_write_string(out, order_id);
        pgl_buffer_add_char(out, ':');
        pgl_bank_write_order(bank, order_id, out);
    }
    pgl_buffer_add_literal(out, "\n}}\n");
}
