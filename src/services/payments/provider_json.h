/*
 * provider_json.h - what we read of the provider's JSON, by tables of members.
 *
 * For:      provider_answer.c.
 * Bounds:   16 levels, 128 members an object, 64 Ki values, strings of 16 KiB.
 * Errors:   PGL_MALFORMED, also for a known member of the wrong type, too long, or given twice;
 *           PGL_EXHAUSTED. A member that is null was not told.
 */
#ifndef PGL_PAYMENTS_PROVIDER_JSON_H
#define PGL_PAYMENTS_PROVIDER_JSON_H

#include "base/arena.h"
#include "services/payments/provider.h"

struct provider_charge {
    bool is_told; /* and not only named */
    int64_t refunded_minor, capture_before_s;
};

struct provider_intent {
    char id[PGL_PROVIDER_HANDLE_BYTES];
    char kind[PGL_PROVIDER_HANDLE_BYTES];   /* "payment_intent" */
    char status[PGL_PROVIDER_HANDLE_BYTES]; /* "requires_capture" */
    char currency[4];
    char order_id[PGL_PROVIDER_HANDLE_BYTES];
    int64_t amount_minor, capturable_minor, received_minor, created_s;
    bool has_failed; /* there is a last error */
    char action[PGL_PROVIDER_HANDLE_BYTES];
    char action_url[PGL_PROVIDER_TEXT_BYTES];
    struct provider_charge charge;
};

struct provider_refund {
    char id[PGL_PROVIDER_HANDLE_BYTES];
    char kind[PGL_PROVIDER_HANDLE_BYTES]; /* "refund" */
    char status[PGL_PROVIDER_HANDLE_BYTES];
    char intent_id[PGL_PROVIDER_HANDLE_BYTES];
    int64_t amount_minor;
    struct provider_refund_metadata { /* ours; "" where it has none */
        char order_id[PGL_PROVIDER_HANDLE_BYTES], refund_no[PGL_PROVIDER_HANDLE_BYTES];
    } metadata;
};

struct provider_error {
    char code[PGL_PROVIDER_HANDLE_BYTES];
    char decline_code[PGL_PROVIDER_HANDLE_BYTES];
    bool has_intent;
    struct provider_intent intent;
};

/* `take`, or `take_refund`, is given each object of a list; what is behind PGL_PROVIDER_PAGE_MAX is
 * malformed. */
struct provider_list {
    char kind[PGL_PROVIDER_HANDLE_BYTES]; /* "list", "search_result" */
    bool has_more, is_told;
    bool (*take)(void *owner, const struct provider_intent *intent); /* false: unreadable */
    bool (*take_refund)(void *owner, const struct provider_refund *refund);
    void *owner;
};

PGL_MUST_USE pgl_status pgl_provider_read_intent(struct pgl_text body, struct pgl_arena *arena,
                                                 struct provider_intent *intent);
PGL_MUST_USE pgl_status pgl_provider_read_refund(struct pgl_text body, struct pgl_arena *arena,
                                                 struct provider_refund *refund);
PGL_MUST_USE pgl_status pgl_provider_read_error(struct pgl_text body, struct pgl_arena *arena,
                                                struct provider_error *error);
PGL_MUST_USE pgl_status pgl_provider_read_list(struct pgl_text body, struct pgl_arena *arena,
                                               struct provider_list *list);

#endif
