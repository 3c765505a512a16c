/*
 * faults.h - what goes wrong at the provider, as a text that may change while it runs.
 *
 *     slow=5%,slow-ms=200,fail-after=1%,only=capture,times=3
 *
 * A chance is `N%` with up to four decimals, `on` or `off`. `only` names the verbs that faults
 * happen to, joined by '+'; without it they happen to all. `times` is how many requests are still
 * hit at most. `none` forgets everything that was said before it.
 *
 * Owner:    whoever holds the struct; one loop.
 */
#ifndef PGL_APP_PROVIDER_FAULTS_H
#define PGL_APP_PROVIDER_FAULTS_H

#include "app/provider/bank.h"
#include "base/random.h"

#define PGL_FAULTS_TEXT_BYTES_MAX 1024

enum pgl_provider_fault {
    /* Of requests; of those up to `late` at most one happens, in this order. */
    PGL_FAULT_DOWN,         /* the connection is cut, whatever is asked; `only` does not matter */
    PGL_FAULT_RESET_BEFORE, /* the connection is cut, nothing was executed */
    PGL_FAULT_LIMITED,      /* 429, not executed */
    PGL_FAULT_FAIL_BEFORE,  /* 500, not executed */
    PGL_FAULT_FAIL_AFTER,   /* executed, and a 500 is stored and replayed */
    PGL_FAULT_LATE,         /* 500, executed late-ms later */
    PGL_FAULT_RESET_AFTER,  /* executed, then the connection is cut */
    PGL_FAULT_SLOW,         /* executed, and answered slow-ms later; whatever else happens */
    /* Of webhooks. */
    PGL_FAULT_WEBHOOK_LOST,
    PGL_FAULT_WEBHOOK_TWICE,
    PGL_FAULT_WEBHOOK_LATE, /* behind those that come after it */
    PGL_FAULT_COUNT
};

struct pgl_faults {
    uint32_t chances[PGL_FAULT_COUNT]; /* in a million */
    int64_t slow_ns, late_ns;
    uint32_t only;  /* 1 << verb; 0: all */
    int64_t times;  /* left; negative: no limit */
    uint64_t count; /* requests that were hit */
};

/* What happens to one request. */
struct pgl_fault_draw {
    enum pgl_bank_fault bank;
    bool cuts_before, cuts_after;
    int64_t slow_ns, late_ns; /* 0: not */
};

void pgl_faults_init(struct pgl_faults *faults);

/* PGL_INVALID with the piece that is wrong, and nothing has changed. Pieces stand between commas,
 * ampersands or line ends. */
PGL_MUST_USE pgl_status pgl_faults_read(struct pgl_faults *faults, struct pgl_text text,
                                        struct pgl_arena *arena);

/* As JSON. */
void pgl_faults_write(const struct pgl_faults *faults, struct pgl_buffer *out);

struct pgl_fault_draw pgl_faults_draw(struct pgl_faults *faults, struct pgl_random *random,
                                      struct pgl_text method, struct pgl_text path);

/* Whether a fault of webhooks happens now. */
bool pgl_faults_hit(const struct pgl_faults *faults, struct pgl_random *random,
                    enum pgl_provider_fault fault);

#endif
