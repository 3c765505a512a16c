/*
 * status.h - how an operation says that it worked, or why not.
 *
 * For:      operating errors (timeout, full disk, bad bytes). A refusal (out of stock, card
 *           declined) is an answer and travels in the reply; a bug stops the process (assert.h).
 * Memory:   `text` is a literal, or lives in the arena of whoever asked.
 * Source:   the codes are those of gRPC, with the few that HTTP tells apart added; one table maps
 *           both.
 */
#ifndef PGL_BASE_STATUS_H
#define PGL_BASE_STATUS_H

#include <stdbool.h>

#define PGL_MUST_USE __attribute__((warn_unused_result))

enum pgl_code {
    PGL_CODE_OK,
    PGL_CANCELLED,       /* the caller went away */
    PGL_UNKNOWN,         /* somebody else's error that we cannot classify */
    PGL_MALFORMED,       /* cannot be parsed */
    PGL_INVALID,         /* parsed, but wrong */
    PGL_OTHER_MEDIA,     /* of a kind that is not read here */
    PGL_TOO_LARGE,       /* a size limit of one request */
    PGL_DEADLINE,        /* time ran out; the outcome is unknown to the caller */
    PGL_NOT_FOUND,       /* also: not yours */
    PGL_GONE,            /* it was there, and is kept no longer */
    PGL_ALREADY_EXISTS,  /* asked to create what is there */
    PGL_DENIED,          /* known, but not allowed */
    PGL_UNAUTHENTICATED, /* not known */
    PGL_LIMITED,         /* the caller's own rate or quota */
    PGL_EXHAUSTED,       /* a queue, pool or arena of ours is full: shed, try later */
    PGL_CONFLICT,        /* the state of the thing forbids it */
    PGL_CHANGED,         /* it was asked for of another version than there is */
    PGL_UNCONDITIONAL,   /* it has to be asked for of a version, and was not */
    PGL_ABORTED,         /* lost a race; try again */
    PGL_UNIMPLEMENTED,
    PGL_INTERNAL,    /* ours, and not the caller's business */
    PGL_UNAVAILABLE, /* try again; says nothing about the outcome */
    PGL_DATA_LOSS,   /* what was durable is not there: halt and page */
    PGL_CODE_COUNT
};

typedef struct pgl_status {
    enum pgl_code code;
    const char *text;
} pgl_status;

#define PGL_OK                 ((pgl_status){ PGL_CODE_OK, "" })
#define PGL_FAIL(code_, text_) ((pgl_status){ (code_), (text_) })

static inline bool pgl_is_ok(pgl_status status)
{
    return status.code == PGL_CODE_OK;
}

/* Passes an error straight up. Our one macro that steers. */
#define PGL_TRY(expression)                                                                        \
    do {                                                                                           \
        pgl_status pgl_try_status_ = (expression);                                                 \
        if (pgl_try_status_.code != PGL_CODE_OK)                                                   \
            return pgl_try_status_;                                                                \
    } while (0)

/* "deadline", as logs, metrics and problem types spell it. Never NULL. */
const char *pgl_code_name(enum pgl_code code);

/* What a person reads where no better text is at hand. Never NULL. */
const char *pgl_code_title(enum pgl_code code);

/* 200, 422, 503 ... */
int pgl_code_http(enum pgl_code code);

/* 0 OK ... 16 UNAUTHENTICATED, as in the gRPC status list. */
int pgl_code_grpc(enum pgl_code code);

/* The way back. Several codes share a number: the most general one of them. */
enum pgl_code pgl_code_of_grpc(int grpc);

#endif
