/*
 * provider.h - an outside payment provider as Payments sees it: one call at a time about one
 * object, and what can be concluded from the answer, or from its absence.
 *
 * For:      worker.c, which performs intents. Behind it stands provider_http.c (Stripe's
 *           PaymentIntents over HTTP), or a test's own.
 * Owner:    the worker's loop; a call lies inside the worker's own struct and is the port's from
 *           start until the flow is woken.
 * Errors:   none are returned: what was seen is an enum, and every value of it says what may be
 *           concluded (docs/saga.md, 7.3). Silence never means yes or no.
 */
#ifndef PGL_PAYMENTS_PROVIDER_H
#define PGL_PAYMENTS_PROVIDER_H

#include "base/id.h"
#include "runtime/flow.h"
#include "services/payments/payment_machine.h"

#define PGL_PROVIDER_HANDLE_BYTES 64
#define PGL_PROVIDER_KEY_BYTES    80 /* pgl-<order id>-<op>-<attempt> */
#define PGL_PROVIDER_TEXT_BYTES   256
#define PGL_PROVIDER_PAGE_MAX     100

enum provider_verb {
    PROVIDER_CREATE,      /* an unconfirmed object that is captured by hand; moves no money */
    PROVIDER_AUTHORIZE,   /* confirm it: a hold is placed */
    PROVIDER_CAPTURE,     /* `amount_minor` of what is held */
    PROVIDER_VOID,        /* cancel it */
    PROVIDER_REFUND,      /* `amount_minor` of what was captured */
    PROVIDER_GET,         /* ask how the object is */
    PROVIDER_GET_REFUND,  /* ask how a refund is: `refund_handle` */
    PROVIDER_FIND_REFUND, /* the refund `refund_no` of the object, whose handle we do not know */
    PROVIDER_FIND,        /* the object of `order_id`, which we do not know */
    PROVIDER_LIST,        /* a page of objects made since `since_s`, behind `handle` */
    PROVIDER_VERB_COUNT
};

/* What was seen, and so what is known. The order is that of docs/saga.md, 7.3. */
enum provider_seen {
    PROVIDER_SEEN_OUTCOME,  /* conclusive: `object` says how it is */
    PROVIDER_SEEN_UNKNOWN,  /* 5xx, timeout, reset behind the first byte, unreadable: ask */
    PROVIDER_SEEN_REFUSED,  /* 402: a refusal, with `code`; ask once before it is believed */
    PROVIDER_SEEN_KEY_BUSY, /* 409: the first request with this key still runs: same key, later */
    PROVIDER_SEEN_NOT_SENT, /* 429, connection refused, TLS failed: not executed: same key, later */
    /* 401, 403, 404 of the account: our configuration; somebody is paged */
    PROVIDER_SEEN_FORBIDDEN,
    PROVIDER_SEEN_OUR_BUG, /* 400: the key is parked; somebody is paged */
    PROVIDER_SEEN_BURNT,   /* a stored 5xx was replayed: ask; a new key when nothing has changed */
    PROVIDER_SEEN_NO_OBJECT, /* 404 of the object, or nothing found */
    PROVIDER_SEEN_COUNT
};

#define PROVIDER_UNTOLD (-1) /* of numbers, which are never below zero */

struct provider_object {
    char handle[PGL_PROVIDER_HANDLE_BYTES];
    pgl_id order_id; /* of its metadata; zero: none of ours */
    enum provider_status status;
    char currency[4];
    int64_t amount_minor, capturable_minor, captured_minor;
    int64_t refunded_minor; /* PROVIDER_UNTOLD: not told; it is the charge's, and may be missing */
    int64_t created_s, hold_expires_at_ns; /* 0: not told */
};

struct provider_call {
    /* What is asked. Texts are borrowed until the answer. */
    enum provider_verb verb;
    pgl_id order_id;
    const char *handle, *refund_handle, *key, *currency, *card_token;
    int64_t amount_minor, since_s, refund_no;
    int64_t timeout_ns;

    /* What came of it. */
    enum provider_seen seen;
    struct provider_object object; /* OUTCOME, and REFUSED where it was told */
    struct provider_object *page;  /* LIST: the caller's, PGL_PROVIDER_PAGE_MAX */
    int page_count;
    bool has_more;                                     /* LIST */
    char refund_handle_out[PGL_PROVIDER_HANDLE_BYTES]; /* REFUND, GET_REFUND, FIND_REFUND */
    bool refund_is_done, refund_has_failed;            /* neither: pending */
    int64_t refund_found_minor;                        /* FIND_REFUND: what it is about */
    char code[PGL_PROVIDER_HANDLE_BYTES];              /* of a refusal: "card_declined" */
    char next_action[PGL_PROVIDER_TEXT_BYTES];         /* where the customer has to go */
    int http_status;                                   /* 0: none; for logs and operators */
    int64_t retry_after_ns;                            /* as the provider asked; 0: not */

    struct pgl_flow *flow; /* woken when the answer is there */
    bool is_out;           /* the port has it */
};

/* Something that calls are given to. */
struct pgl_provider_port {
    void (*start)(struct pgl_provider_port *port, struct provider_call *call,
                  struct pgl_flow *flow);
};

#endif
