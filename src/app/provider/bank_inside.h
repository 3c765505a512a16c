/*
 * bank_inside.h - what the bank is made of; for bank_*.c alone.
 *
 *   bank.c          requests: routes, keys, what goes wrong, what is due
 *   bank_form.c     a form into named parameters
 *   bank_intents.c  payment intents: the state machine and the test cards
 *   bank_refunds.c  refunds
 *   bank_ledger.c   transfers, and what a judge asks
 *   bank_lists.c    lists and search
 *   bank_json.c     answers and events, in Stripe's shape
 *   bank_pool.c     numbered records; what is kept, and comes back
 *
 * An answer is stored as what it was made of (struct outcome), a hundred bytes instead of a
 * thousand; the same maker writes it again, so a replay is the same bytes.
 */
#ifndef PGL_APP_PROVIDER_BANK_INSIDE_H
#define PGL_APP_PROVIDER_BANK_INSIDE_H

#include "app/provider/bank.h"
#include "base/map.h"
#include "runtime/timers.h"

#define BANK_NONE           UINT32_MAX
#define BANK_ID_BYTES       28 /* "pi_", 8 digits of the number, 16 nobody can guess, a NUL */
#define BANK_METADATA_BYTES 256
#define BANK_AMOUNT_MAX     INT64_C(1000000000000)
#define BANK_CURRENCIES_MAX 16
#define BANK_LATE_BYTES     1024 /* path and body of a request that is executed later */
#define BANK_LIST_MAX       100
#define BANK_KEYS_A_INTENT  4
#define BANK_OUT_BYTES_MAX  (1u << 20) /* a page of 100 objects with all their metadata */

/* ---- what can be wrong ---- */

enum bank_error {
    BANK_FINE,
    BANK_ERROR_NO_KEY,
    BANK_ERROR_WRONG_KEY,
    BANK_ERROR_NO_ROUTE,
    BANK_ERROR_NO_FORM,
    BANK_ERROR_UNKNOWN_PARAM,
    BANK_ERROR_MISSING_PARAM,
    BANK_ERROR_WRONG_PARAM,
    BANK_ERROR_METADATA,
    BANK_ERROR_NO_INTENT,
    BANK_ERROR_NO_REFUND,
    BANK_ERROR_NO_CARD,
    BANK_ERROR_CURRENCIES,
    BANK_ERROR_CONFIRM_STATE,
    BANK_ERROR_CAPTURE_STATE,
    BANK_ERROR_CANCEL_STATE,
    BANK_ERROR_AMOUNT,
    BANK_ERROR_NO_CHARGE,
    BANK_ERROR_REFUNDED,
    BANK_ERROR_DECLINED,
    BANK_ERROR_NO_FUNDS,
    BANK_ERROR_NOT_AUTHENTICATED,
    BANK_ERROR_CAPTURE_REFUSED,
    BANK_ERROR_KEY_LENGTH,
    BANK_ERROR_KEY_REUSED,
    BANK_ERROR_KEY_BUSY,
    BANK_ERROR_LIMITED,
    BANK_ERROR_FULL,
    BANK_ERROR_BROKEN,
    BANK_ERROR_COUNT
};

struct bank_error_row {
    int status;
    const char *type, *code, *decline_code; /* NULL: not said */
    const char *message;                    /* '*' is the parameter's or the status's name */
    bool is_stored; /* with the key: something was executed, or the state refused it */
};

extern const struct bank_error_row bank_errors[BANK_ERROR_COUNT];

/* ---- objects ---- */

enum intent_status {
    INTENT_REQUIRES_PAYMENT_METHOD,
    INTENT_REQUIRES_CONFIRMATION,
    INTENT_REQUIRES_ACTION,
    INTENT_PROCESSING,
    INTENT_REQUIRES_CAPTURE,
    INTENT_SUCCEEDED,
    INTENT_CANCELED,
    INTENT_STATUS_COUNT
};

enum cancel_reason {
    CANCEL_UNSAID,
    CANCEL_ABANDONED,
    CANCEL_DUPLICATE,
    CANCEL_FRAUDULENT,
    CANCEL_BY_CUSTOMER,
    CANCEL_AUTOMATIC, /* the hold has expired */
    CANCEL_REASON_COUNT
};

enum refund_status { REFUND_PENDING, REFUND_SUCCEEDED, REFUND_FAILED, REFUND_STATUS_COUNT };

/* A test card; the token is all that is ever known of it. */
struct bank_card {
    const char *token;
    enum bank_error declined; /* BANK_FINE: it pays */
    bool asks_customer, is_slow, refuses_capture, holds_short, refuses_refund;
};

extern const struct bank_card bank_cards[];
extern const int bank_card_count;
extern const char *const intent_status_names[INTENT_STATUS_COUNT];
extern const char *const refund_status_names[REFUND_STATUS_COUNT];
extern const char *const cancel_reason_names[CANCEL_REASON_COUNT]; /* NULL: unsaid */

/* What changes about an intent. */
struct intent_state {
    uint8_t status;        /* enum intent_status */
    uint8_t error;         /* enum bank_error: the last one of a payment */
    uint8_t cancel_reason; /* enum cancel_reason */
    int8_t card;           /* of bank_cards; -1: none */
    bool has_charge;
    int64_t capturable_minor, received_minor, refunded_minor;
    int64_t canceled_s;
    int64_t due_ns; /* then it goes on by itself; PGL_NEVER_NS: it does not */
};

/* What is kept: all of it, the metadata as far as there is some. */
struct intent_row {
    uint64_t salt;
    int64_t created_ns, amount_minor;
    char currency[4];
    uint32_t metadata_bytes;
    uint8_t is_manual, unused[7];
    struct intent_state state;
    char metadata[BANK_METADATA_BYTES]; /* name NUL value NUL ... */
};

struct intent {
    struct intent_row row;
    uint32_t number;
    uint32_t previous_of_order; /* another intent of the same metadata.order_id */
    uint32_t last_transfer, last_refund;
    struct pgl_timer timer;
    struct pgl_bank *bank;
};

struct refund_row {
    uint64_t salt;
    int64_t created_ns, amount_minor, due_ns;
    uint32_t intent, metadata_bytes;
    uint8_t status; /* enum refund_status */
    uint8_t unused[7];
    char metadata[BANK_METADATA_BYTES];
};

struct refund {
    struct refund_row row;
    uint32_t number, previous_of_intent;
    struct pgl_timer timer;
    struct pgl_bank *bank;
};

enum transfer_kind {
    TRANSFER_HOLD,
    TRANSFER_RELEASE,
    TRANSFER_CAPTURE,
    TRANSFER_REFUND,
    TRANSFER_KIND_COUNT
};

enum bank_account { ACCOUNT_CARD, ACCOUNT_HOLD, ACCOUNT_MERCHANT, ACCOUNT_COUNT };

struct transfer {
    int64_t amount_minor, at_ns;
    uint32_t intent;
    uint32_t previous_of_intent;
    uint8_t kind; /* enum transfer_kind */
    uint8_t unused[7];
};

/* ---- answers ---- */

enum outcome_kind { OUTCOME_ERROR, OUTCOME_INTENT, OUTCOME_REFUND };

struct outcome {
    uint8_t kind;          /* enum outcome_kind; an error may tell an intent besides */
    uint8_t error;         /* enum bank_error */
    uint8_t refund_status; /* as it was */
    uint8_t unused[5];
    uint32_t intent, refund;   /* BANK_NONE for none */
    struct intent_state state; /* as it was */
};

struct key_row {
    uint64_t hash[2], fingerprint;
    int64_t made_ns;
    uint8_t is_busy, unused[7]; /* a request with it is to be executed later */
    struct outcome outcome;
};

enum bank_event_type {
    EVENT_CREATED,
    EVENT_REQUIRES_ACTION,
    EVENT_PROCESSING,
    EVENT_CAPTURABLE,
    EVENT_PAYMENT_FAILED,
    EVENT_SUCCEEDED,
    EVENT_CANCELED,
    EVENT_REFUND_CREATED,
    EVENT_REFUND_UPDATED,
    EVENT_REFUND_FAILED,
    EVENT_TYPE_COUNT
};

struct bank_said {
    uint8_t type; /* enum bank_event_type */
    int64_t at_ns;
    struct outcome object;
};

/* ---- parameters ---- */

enum bank_param {
    PARAM_AMOUNT,
    PARAM_AMOUNT_TO_CAPTURE,
    PARAM_CANCELLATION_REASON,
    PARAM_CAPTURE_METHOD,
    PARAM_CONFIRM,
    PARAM_CREATED_GT,
    PARAM_CREATED_GTE,
    PARAM_CREATED_LT,
    PARAM_CREATED_LTE,
    PARAM_CURRENCY,
    PARAM_EXPAND,
    PARAM_LIMIT,
    PARAM_METHOD,
    PARAM_METHOD_TYPES,
    PARAM_PAYMENT_INTENT,
    PARAM_QUERY,
    PARAM_REASON,
    PARAM_RETURN_URL,
    PARAM_STARTING_AFTER,
    PARAM_COUNT
};

#define PARAM_METADATA (1u << 31) /* in a mask; metadata[name] */

struct bank_form {
    uint32_t given; /* 1 << enum bank_param */
    struct pgl_text texts[PARAM_COUNT];
    int64_t numbers[PARAM_COUNT]; /* of those that are numbers */
    bool expands_charge;
    uint32_t metadata_bytes;
    char metadata[BANK_METADATA_BYTES];
    struct pgl_text wrong; /* the parameter that an error is about */
};

static inline bool form_has(const struct bank_form *form, enum bank_param param)
{
    return (form->given >> param & 1u) != 0;
}

/* Adds what `pairs` holds; `allowed` is a mask. */
enum bank_error bank_form_read(struct bank_form *form, uint32_t allowed, struct pgl_text pairs,
                               struct pgl_arena *arena);
/* Says which parameter is wrong, and how. */
enum bank_error bank_form_wrong(struct bank_form *form, enum bank_param param,
                                enum bank_error error);
/* The value of a name among metadata; data == NULL when it is not there. */
struct pgl_text bank_metadata_find(const char *metadata, uint32_t bytes, const char *name);

/* ---- the bank ---- */

/* Numbered records in blocks: pointers hold, and memory grows with what there is. */
struct bank_pool {
    void **blocks;
    size_t element_bytes;
    uint32_t slots_max;
};

bool bank_pool_init(struct bank_pool *pool, struct pgl_arena *arena, size_t element_bytes,
                    uint32_t slots_max);
/* Made and cleared when it was not there. NULL without memory. */
void *bank_pool_slot(struct bank_pool *pool, struct pgl_arena *arena, uint32_t slot);
/* It is there. */
void *bank_pool_at(const struct bank_pool *pool, uint32_t slot);

struct bank_late {
    struct pgl_timer timer;
    struct pgl_bank *bank;
    struct bank_late *next_free;
    struct pgl_text path, body; /* in `bytes` */
    uint64_t key;               /* number of the busy key; UINT64_MAX: none */
    char bytes[BANK_LATE_BYTES];
};

struct pgl_bank {
    struct pgl_bank_options options;
    int64_t now_ns;
    uint64_t request_count;
    struct pgl_arena arena; /* of all that stays */
    struct pgl_timers timers;

    struct bank_pool intents, refunds, transfers;
    uint32_t intent_count, refund_count, transfer_count;
    struct pgl_map orders; /* hash of metadata.order_id: its newest intent */

    struct bank_pool keys; /* a ring of slots: number modulo slots_max */
    uint64_t key_first, key_next;
    struct pgl_map key_numbers; /* first half of the hash: number */

    struct bank_currency {
        char name[4];
        int64_t balance_minor[ACCOUNT_COUNT];
    } currencies[BANK_CURRENCIES_MAX];
    int currency_count;

    struct bank_late *late_free; /* those that wait for nothing */
    int late_count;              /* made so far: PGL_BANK_LATE_MAX at most */
    struct bank_said *said;      /* a ring of PGL_BANK_EVENTS_MAX */
    uint64_t said_first, said_next;
    struct pgl_buffer out; /* where answers are made */
    struct pgl_arena late_arena;
};

/* One request being executed. */
struct bank_ask {
    struct pgl_bank *bank;
    struct bank_form form;
    struct intent *intent; /* of the path, or of the form; NULL: none */
    struct refund *refund;
    struct pgl_text id; /* of the path */
    struct outcome outcome;
};

static inline struct intent *bank_intent(const struct pgl_bank *bank, uint32_t number)
{
    return bank_pool_at(&bank->intents, number);
}

static inline struct refund *bank_refund(const struct pgl_bank *bank, uint32_t number)
{
    return bank_pool_at(&bank->refunds, number);
}

static inline struct transfer *bank_transfer(const struct pgl_bank *bank, uint32_t number)
{
    return bank_pool_at(&bank->transfers, number);
}

static inline struct key_row *bank_key(const struct pgl_bank *bank, uint64_t number)
{
    return bank_pool_at(&bank->keys, (uint32_t)(number % bank->keys.slots_max));
}

/* Fixed: what was kept under one seed is found under another. Nobody has to be kept from aiming. */
uint64_t bank_hash(const void *bytes, size_t size, uint64_t purpose);
/* Of the n-th object of a kind. */
uint64_t bank_salt(const struct pgl_bank *bank, uint64_t purpose, uint64_t number);
void bank_id_write(const char *prefix, uint64_t number, uint64_t salt, char out[BANK_ID_BYTES]);
/* NULL when there is none. */
struct intent *bank_find_intent(const struct pgl_bank *bank, struct pgl_text id);
struct refund *bank_find_refund(const struct pgl_bank *bank, struct pgl_text id);
/* The newest intent of an order, or BANK_NONE. */
uint32_t bank_find_order(const struct pgl_bank *bank, struct pgl_text order_id);
struct pgl_text bank_order_of(const struct intent *intent);

/* NULL without room. Linked to its order, and nothing more: the caller fills the row in before. */
struct intent *bank_intent_add(struct pgl_bank *bank, const struct intent_row *row);
struct refund *bank_refund_add(struct pgl_bank *bank, const struct refund_row *row);
void bank_keep_intent(const struct intent *intent);
void bank_keep_refund(const struct refund *refund);
void bank_keep_transfer(struct pgl_bank *bank, uint32_t number);
void bank_keep_key(struct pgl_bank *bank, uint64_t number);
void bank_forget_key(struct pgl_bank *bank);

/* Sets the timer as `due_ns` says. */
void bank_intent_await(struct intent *intent);
void bank_refund_await(struct refund *refund);

/* ---- what is asked ---- */

enum bank_error bank_create(struct bank_ask *ask);
enum bank_error bank_confirm(struct bank_ask *ask);
enum bank_error bank_capture(struct bank_ask *ask);
enum bank_error bank_cancel(struct bank_ask *ask);
enum bank_error bank_show_intent(struct bank_ask *ask);
enum bank_error bank_refund_create(struct bank_ask *ask);
enum bank_error bank_show_refund(struct bank_ask *ask);
/* The customer has been where next_action sent them. */
void bank_customer_acts(struct intent *intent, bool agrees);

/* Write the whole answer. */
enum bank_error bank_list_intents(struct bank_ask *ask);
enum bank_error bank_search_intents(struct bank_ask *ask);
enum bank_error bank_list_refunds(struct bank_ask *ask);

/* ---- the ledger ---- */

/* Whether a currency is known, or can be. */
bool bank_currency_fits(struct pgl_bank *bank, const char *name);
/* Room for four more lines: what one request makes at most. */
bool bank_ledger_has_room(struct pgl_bank *bank);
void bank_move(struct intent *intent, enum transfer_kind kind, int64_t amount_minor);
/* A line that comes back: links it and sums it. */
PGL_MUST_USE pgl_status bank_transfer_restore(struct pgl_bank *bank, const struct transfer *kept);

/* ---- JSON ---- */

struct outcome bank_outcome_of_intent(const struct intent *intent);
struct outcome bank_outcome_of_refund(const struct refund *refund);
void bank_write_intent(const struct pgl_bank *bank, uint32_t number,
                       const struct intent_state *state, bool expands_charge,
                       struct pgl_buffer *out);
void bank_write_refund(const struct pgl_bank *bank, uint32_t number, enum refund_status status,
                       struct pgl_buffer *out);
/* `param` may be empty. */
void bank_write_error(const struct pgl_bank *bank, const struct outcome *outcome,
                      struct pgl_text param, bool expands_charge, struct pgl_buffer *out);
void bank_write_outcome(const struct pgl_bank *bank, const struct outcome *outcome,
                        const struct bank_form *form, struct pgl_buffer *out);

/* Something has happened that webhooks tell. */
void bank_say(struct pgl_bank *bank, enum bank_event_type type, const struct outcome *object);

#endif
