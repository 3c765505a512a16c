/* sweep_bank.c - see sweep_bank.h. */
#include "sweep_bank.h"

#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "services/payments/provider_answer.h"
#include "services/payments/provider_ask.h"

#define KEY             "sk_test_sweep"
#define INTENTS_MAX     16
#define SHORT_HOLD_NS   1 /* gone before anybody can capture it */
#define ARENA_BYTES     (64u << 10)
#define ARENA_BYTES_MAX (1u << 20)

static void ask(struct pgl_shop_bank *bank, const struct provider_ask *ask,
                struct pgl_bank_answer *answer)
{
    const struct pgl_http1_request *head = &ask->request;
    const char *mark = memchr(head->target.data, '?', head->target.size);
    size_t path_bytes = mark != NULL ? (size_t)(mark - head->target.data) : head->target.size;
    struct pgl_bank_request request = { .method = head->method,
                                        .path = { head->target.data, path_bytes },
                                        .query = { "", 0 },
                                        .idempotency_key = { "", 0 },
                                        .body = ask->body };
    if (mark != NULL)
        request.query = (struct pgl_text){ mark + 1, head->target.size - path_bytes - 1 };
    (void)pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("authorization"),
                              &request.authorization);
    (void)pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("idempotency-key"),
                              &request.idempotency_key);
    pgl_bank_ask(bank->bank, &request, PGL_BANK_WELL,
                 pgl_clock_wall_ns(&bank->twin->platform.clock), &bank->arena, answer);
}

static void execute(struct pgl_shop_bank *bank, struct provider_call *call)
{
    const struct provider_site site = { PGL_TEXT("bank.test"), PGL_TEXT("Bearer " KEY) };
    struct provider_ask request;
    struct pgl_bank_answer answer;
    pgl_arena_reset(&bank->arena);
    PGL_ASSERT(pgl_is_ok(pgl_provider_ask(call, &site, &bank->arena, &request)));
    ask(bank, &request, &answer);
    if (call->verb == PROVIDER_CAPTURE && bank->lost_captures > 0) {
        bank->lost_captures--;
        pgl_provider_no_answer(call, true);
        return;
    }
    struct pgl_http_response_head head = { .status = answer.status };
    if (answer.is_replayed)
        head.fields[head.field_count++] =
            (struct pgl_http_field){ PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true") };
    pgl_provider_answer(call, &head, answer.body, &bank->arena);
}

static void start(struct pgl_provider_port *port, struct provider_call *call, struct pgl_flow *flow)
{
    struct pgl_shop_bank *bank = (struct pgl_shop_bank *)(void *)port;
    bool was_inside = *bank->is_inside;
    *bank->is_inside = false;
    call->flow = flow;
    execute(bank, call);
    *bank->is_inside = was_inside;
}

void pgl_shop_bank_open(struct pgl_shop_bank *bank, uint64_t seed, struct pgl_twin *twin,
                        bool *is_inside)
{
    struct pgl_bank_options options = pgl_bank_defaults();
    *bank = (struct pgl_shop_bank){ .port.start = start, .twin = twin, .is_inside = is_inside };
    options.key = KEY;
    options.base_url = "http://bank.test";
    options.seed = seed;
    options.intents_max = INTENTS_MAX;
    options.short_hold_ns = SHORT_HOLD_NS;
    bank->bank = pgl_bank_open(&options);
    PGL_ASSERT(bank->bank != NULL);
    pgl_arena_init(&bank->arena, ARENA_BYTES, ARENA_BYTES_MAX);
}

void pgl_shop_bank_close(struct pgl_shop_bank *bank)
{
    pgl_bank_close(bank->bank);
    pgl_arena_free(&bank->arena);
}
