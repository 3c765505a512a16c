/*
 * ask.h - a command asks a running platform as an operator: a token signed by the folder's own key,
 * a request, an answer.
 *
 * Owner:    a command's own thread.
 * Bounds:   as app/bench/fetch.h has them: 10 s and 1 MiB an answer.
 * Errors:   what the platform refuses is a status with its own words.
 */
#ifndef PGL_APP_CTL_ASK_H
#define PGL_APP_CTL_ASK_H

#include "app/bench/fetch.h"
#include "wire/message.h"

struct pgl_ctl {
    const char *data, *url, *subject, *tenant;

    /* What follows is set by open. */
    struct pgl_address address;
    struct pgl_loop loop;
    struct pgl_waiter *waiter;
    struct pgl_arena arena; /* of the answers, until close */
    struct pgl_fetch fetch;
    struct pgl_buffer token;
};

PGL_MUST_USE pgl_status pgl_ctl_open(struct pgl_ctl *ctl, struct pgl_platform *platform);
/* Also right after an open that failed. */
void pgl_ctl_close(struct pgl_ctl *ctl);

PGL_MUST_USE pgl_status pgl_ctl_get(struct pgl_ctl *ctl, const char *target,
                                    const ProtobufCMessageDescriptor *descriptor, void **answer);
/* With a key of its own. `body` may be NULL. */
PGL_MUST_USE pgl_status pgl_ctl_post(struct pgl_ctl *ctl, const char *target,
                                     const ProtobufCMessage *body,
                                     const ProtobufCMessageDescriptor *descriptor, void **answer);

/* A text that is no message. A 422 whose body is such an answer is one: it says what is wrong. */
PGL_MUST_USE pgl_status pgl_ctl_post_text(struct pgl_ctl *ctl, const char *target,
                                          const char *media, struct pgl_text text,
                                          const ProtobufCMessageDescriptor *descriptor,
                                          void **answer);

/* A value as it stands in a target; in the arena. */
const char *pgl_ctl_encode(struct pgl_ctl *ctl, const char *value);

#endif
