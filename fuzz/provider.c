/*
 * provider.c - any bytes as a provider's answer: the first says which verb was asked and with which
 * status it came. What was seen must be the same when it is read again, from a call that remembers
 * something else; and an outcome is only seen with an object to show for it.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "services/payments/provider_answer.h"

#define ARENA_BYTES (8 << 20)
#define ORDER       "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pgl_arena arena;
static struct provider_object pages[2][PGL_PROVIDER_PAGE_MAX];

static const int statuses[] = { 200, 201, 302, 400, 401, 402, 404, 409, 429, 500 };

static struct provider_call read_answer(uint8_t first, struct pgl_text body,
                                        struct provider_object *page, const char *old)
{
    struct pgl_http_response_head head = {
        .status = statuses[first / PROVIDER_VERB_COUNT % (sizeof statuses / sizeof statuses[0])],
    };
    struct provider_call call = { .verb = (enum provider_verb)(first % PROVIDER_VERB_COUNT),
                                  .handle = "pi_1",
                                  .refund_handle = "re_1",
                                  .refund_no = 1,
                                  .page = page };
    PGL_ASSERT(pgl_is_ok(pgl_id_parse(PGL_TEXT(ORDER), &call.order_id)));
    memcpy(call.code, old, strlen(old));
    memcpy(call.next_action, old, strlen(old));
    memcpy(call.object.handle, old, strlen(old));
    pgl_provider_answer(&call, &head, body, &arena);
    return call;
}

static void check_object(const struct provider_object *object)
{
    PGL_ASSERT(object->handle[0] != '\0' && strlen(object->handle) < sizeof object->handle);
    PGL_ASSERT(object->status < PROVIDER_STATUS_COUNT && strlen(object->currency) == 3);
    PGL_ASSERT(object->amount_minor >= 0 && object->capturable_minor >= 0);
    PGL_ASSERT(object->captured_minor >= 0);
    PGL_ASSERT(object->refunded_minor >= 0 || object->refunded_minor == PROVIDER_UNTOLD);
    PGL_ASSERT(object->created_s >= 0 && object->hold_expires_at_ns >= 0);
}

static void check_outcome(const struct provider_call *call)
{
    if (call->verb == PROVIDER_LIST) {
        PGL_ASSERT(call->page_count <= PGL_PROVIDER_PAGE_MAX);
        for (int i = 0; i < call->page_count; i++)
            check_object(&call->page[i]);
    } else if (call->verb == PROVIDER_REFUND || call->verb == PROVIDER_GET_REFUND ||
               call->verb == PROVIDER_FIND_REFUND) {
        PGL_ASSERT(call->refund_handle_out[0] != '\0');
        PGL_ASSERT(!call->refund_is_done || !call->refund_has_failed);
    } else {
        check_object(&call->object);
        PGL_ASSERT(call->verb == PROVIDER_CREATE || call->verb == PROVIDER_FIND ||
                   strcmp(call->object.handle, call->handle) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.limit_bytes == 0)
        pgl_arena_init(&arena, 64 * 1024, ARENA_BYTES);
    if (size == 0)
        return 0;
    struct pgl_text body = { (const char *)data + 1, size - 1 };
    struct provider_call once = read_answer(data[0], body, pages[0], "");
    pgl_arena_reset(&arena);
    struct provider_call again = read_answer(data[0], body, pages[1], "something old");
    pgl_arena_reset(&arena);
    PGL_ASSERT(once.seen == again.seen && once.http_status == again.http_status);
    PGL_ASSERT(strcmp(once.object.handle, again.object.handle) == 0);
    PGL_ASSERT(strcmp(once.code, again.code) == 0);
    PGL_ASSERT(strcmp(once.next_action, again.next_action) == 0);
    PGL_ASSERT(once.page_count == again.page_count && once.has_more == again.has_more);
    if (once.seen == PROVIDER_SEEN_OUTCOME)
        check_outcome(&once);
    return 0;
}
