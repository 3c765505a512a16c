/*
 * provider_answer.h - an answer, or none, as what was seen (docs/services.md).
 *
 * For:      provider_http.c, and the fuzzer.
 * Bounds:   answers of PGL_PROVIDER_ANSWER_BYTES_MAX, pages of PGL_PROVIDER_PAGE_BYTES_MAX; the
 *           depth and size of their JSON. A page has PGL_PROVIDER_PAGE_MAX objects.
 * Memory:   what is kept is copied into the call.
 *
 * Members that we do not know are passed over; one that we know and cannot read (another type, too
 * long, given twice) makes the whole unreadable, and so the outcome unknown. So does an answer
 * about another object than the one that was asked about. Objects of a list that are none of ours
 * have an order id of zero.
 */
#ifndef PGL_PAYMENTS_PROVIDER_ANSWER_H
#define PGL_PAYMENTS_PROVIDER_ANSWER_H

#include "base/arena.h"
#include "services/payments/provider.h"
#include "wire/http.h"

#define PGL_PROVIDER_ANSWER_BYTES_MAX (64u << 10)
#define PGL_PROVIDER_PAGE_BYTES_MAX   (1u << 20)

/* What an answer of this verb may have. */
size_t pgl_provider_bytes_max(enum provider_verb verb);

/* What the body told. */
enum provider_told {
    TOLD_ANYTHING,   /* in a row: it does not matter */
    TOLD_OUTCOME,    /* what was asked for, and how it is */
    TOLD_PROCESSING, /* that it is not over */
    TOLD_NOTHING,    /* that there is none */
    TOLD_UNREADABLE
};

/* Read from the top; the first row that fits says what was seen. */
struct provider_row {
    const char *name;
    int status_min, status_max;
    const char *code; /* of the error; NULL: any */
    bool is_replayed; /* only if the provider says so */
    enum provider_told told;
    enum provider_seen seen;
};

enum { PGL_PROVIDER_ROW_COUNT = 21 };
extern const struct provider_row pgl_provider_rows[PGL_PROVIDER_ROW_COUNT];

/* Fills the call in from a whole answer. */
void pgl_provider_answer(struct provider_call *call, const struct pgl_http_response_head *head,
                         struct pgl_text body, struct pgl_arena *arena);

/* There was none, or not a whole one. `has_sent`: a byte of the request can have arrived. */
void pgl_provider_no_answer(struct provider_call *call, bool has_sent);

/* The call cannot even be asked. */
void pgl_provider_not_askable(struct provider_call *call);

#endif
