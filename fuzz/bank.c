/*
 * bank.c - any bytes as requests to the payment provider's bank, a line each: a byte that chooses
 * method, fault and how much later it is, then path, '?', query, ' ', form. Whatever is asked, each
 * gets an answer, the ledger agrees, and a bank made again of what was kept says the same.
 */
#include <stddef.h>
#include <stdint.h>

#include "app/provider/bank.h"
#include "base/assert.h"
#include "base/time.h"

#define ARENA_BYTES   (4 << 20)
#define KEPT_MAX      64
#define REQUESTS_MAX  40
#define RECORD_BYTES  512
#define LEDGER_BYTES  65536
#define IN_MODERATION 8 /* steps of time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pgl_arena arena;
static struct {
    char bytes[RECORD_BYTES];
    size_t size;
    bool is_there;
} kept[PGL_BANK_KIND_COUNT][KEPT_MAX];

static void keep(void *self, enum pgl_bank_kind kind, uint64_t number, struct pgl_text record)
{
    (void)self;
    PGL_ASSERT(kind < PGL_BANK_KIND_COUNT && record.size <= RECORD_BYTES);
    PGL_ASSERT(number < KEPT_MAX || kind == PGL_BANK_TRANSFER || kind == PGL_BANK_KEY);
    if (number >= KEPT_MAX)
        return;
    kept[kind][number].is_there = record.size > 0;
    kept[kind][number].size = record.size;
    memcpy(kept[kind][number].bytes, record.data, record.size);
}

static void ask(struct pgl_bank *bank, struct pgl_text line, int64_t *now_ns)
{
    uint8_t choice = line.size > 0 ? (uint8_t)line.data[0] : 0;
    struct pgl_text rest = { line.data, line.size };
    struct pgl_bank_answer answer;
    if (rest.size > 0)
        rest = (struct pgl_text){ rest.data + 1, rest.size - 1 };
    struct pgl_text target = pgl_text_cut(&rest, ' '), query = target;
    struct pgl_bank_request request = {
        .method = (choice & 1) != 0 ? PGL_TEXT("POST") : PGL_TEXT("GET"),
        .path = pgl_text_cut(&query, '?'),
        .query = query,
        .idempotency_key = (choice & 2) != 0 ? PGL_TEXT("k") : PGL_TEXT(""),
        .body = rest,
    };
    *now_ns += PGL_SECONDS(choice % IN_MODERATION);
    pgl_arena_reset(&arena);
    pgl_bank_ask(bank, &request, (enum pgl_bank_fault)(choice / 16 % PGL_BANK_FAULT_COUNT), *now_ns,
                 &arena, &answer);
    PGL_ASSERT(answer.status >= 200 && answer.status <= 500 && answer.body.size > 0);
    PGL_ASSERT(answer.is_html || answer.body.data[0] == '{');
}

static struct pgl_text ledger_of(struct pgl_bank *bank, struct pgl_buffer *out)
{
    const char *why = "";
    PGL_ASSERT(pgl_bank_is_balanced(bank, &why));
    pgl_buffer_init(out, LEDGER_BYTES);
    pgl_bank_write_ledger(bank, out);
    PGL_ASSERT(!out->is_full);
    return pgl_buffer_text(out);
}

static struct pgl_bank *make_again(const struct pgl_bank_options *options)
{
    struct pgl_bank *bank = pgl_bank_open(options);
    for (int kind = 0; kind < PGL_BANK_KIND_COUNT; kind++)
        for (uint64_t n = 0; n < KEPT_MAX; n++)
            if (kept[kind][n].is_there)
                PGL_ASSERT(pgl_is_ok(pgl_bank_restore(
                    bank, (enum pgl_bank_kind)kind, n,
                    (struct pgl_text){ kept[kind][n].bytes, kept[kind][n].size })));
    return bank;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pgl_bank_options options = pgl_bank_defaults();
    struct pgl_text input = { (const char *)data, size };
    struct pgl_buffer first, second;
    struct pgl_bank_event event;
    int64_t now_ns = PGL_HOURS(1);
    if (arena.limit_bytes == 0)
        pgl_arena_init(&arena, 65536, ARENA_BYTES);
    memset(kept, 0, sizeof kept);
    options.intents_max = KEPT_MAX;
    options.keep = keep;
    struct pgl_bank *bank = pgl_bank_open(&options);
    for (int i = 0; i < REQUESTS_MAX && input.size > 0; i++)
        ask(bank, pgl_text_cut(&input, '\n'), &now_ns);
    while (pgl_bank_take_event(bank, &arena, &event))
        pgl_arena_reset(&arena);
    struct pgl_bank *again = make_again(&options);
    PGL_ASSERT(pgl_text_equal(ledger_of(bank, &first), ledger_of(again, &second)));
    pgl_buffer_free(&first);
    pgl_buffer_free(&second);
    pgl_bank_close(bank);
    pgl_bank_close(again);
    return 0;
}
