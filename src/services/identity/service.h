/*
 * service.h - Identity: API keys, and whose secret is whose.
 *
 * Edges keep what they have verified in memory, and hear of changes by a long poll that is answered
 * behind the commit: a revoked key is refused as fast as a message travels.
 *
 * Owner:    app/boot.c; the struct is the context of its writer.
 * Threads:  writer and reader have loops of their own; flows run on a loop that services share.
 * Bounds:   identity.h. PGL_IDENTITY_WATCHES_MAX edges that wait, more are refused; one that gives
 *           up keeps its place for half a second at most.
 * Order:    open the writer, open, serve; close before the writer.
 */
#ifndef PGL_IDENTITY_SERVICE_H
#define PGL_IDENTITY_SERVICE_H

#include "base/list.h"
#include "contract/admin.h"
#include "services/identity/identity.h"
#include "store/reader.h"
#include "store/writer.h"
#include "transport/rpc.h"

#define PGL_IDENTITY_CALLS_MAX   1024 /* not yet taken */
#define PGL_IDENTITY_WATCHES_MAX 64

struct pgl_identity_options {
    const char *env; /* in every new key: "live", "test"; of [a-z0-9], 8 at most */
};
#define PGL_IDENTITY_OPTIONS_DEFAULT                                                               \
    {                                                                                              \
        .env = "live"                                                                              \
    }

struct pgl_identity {
    struct pgl_identity_core core; /* first: handlers are given the struct as this */
    struct pgl_writer *writer;
    struct pgl_participant participant;

    struct pgl_mailbox flows; /* calls */
    struct pgl_rpc rpc;
    struct pgl_endpoint self; /* our own writer and reader, for the flows */
    struct pgl_list watches;  /* flows that wait for news */
    int watch_count;
    uint64_t news; /* counts what the writer has told of */

    struct pgl_message poke; /* tells the flows' loop that keys have changed */
    struct pgl_mailbox pokes, poked;
    bool is_poke_out, is_poke_due;
};

extern const struct pgl_method pgl_identity_methods[IDENTITY_SERVICE_METHOD_COUNT];
/* Of AdminService the audit log alone: nothing here is worked off as a job. */
extern const struct pgl_method pgl_identity_admin_methods[ADMIN_SERVICE_METHOD_COUNT];

/* Brings the open writer's file up to date, and becomes its context. PGL_INVALID for options that
 * cannot be. */
PGL_MUST_USE pgl_status pgl_identity_open(struct pgl_identity *identity, struct pgl_writer *writer,
                                          const struct pgl_identity_options *options);
/* Where the flows run. */
void pgl_identity_serve(struct pgl_identity *identity, struct pgl_loop *flows,
                        struct pgl_reader *reader);

#endif
