/*
 * names_uv.h - names of hosts to addresses, by the machine's resolver on libuv's own threads.
 *
 * For:      net_uv.c.
 * Bounds:   PGL_NAMES_OUT_MAX lookups of one waiter at a time, given up or not: a resolver that has
 *           been asked cannot be stopped, so what was given up counts until it answers.
 */
#ifndef PGL_PLATFORM_REAL_NAMES_UV_H
#define PGL_PLATFORM_REAL_NAMES_UV_H

#include <uv.h>

#include "platform/waiter.h"

struct pgl_real_names {
    uv_loop_t *loop;
    int out_count;
};

/* See `resolve` in platform/waiter.h. */
PGL_MUST_USE pgl_status pgl_real_names_ask(struct pgl_real_names *names, const char *name,
                                           struct pgl_list *ready_list, struct pgl_socket **socket);

#endif
