/*
 * desk.h - the bank behind a writer: what is asked becomes a command, what it changes is in the
 * file when it is answered, and so is everything that an answer could have seen.
 *
 * How:      the bank lives in memory and is changed by commands and by time, both inside the
 *           writer's transactions; its records are written in the same one. A transaction that does
 *           not commit leaves the memory ahead of the file: the process ends, and begins again from
 *           the file.
 * Owner:    provider.c.
 * Threads:  the writer's loop; the methods are called from anywhere, by messages.
 * Bounds:   the writer's queue; PGL_DESK_WEBHOOKS events on their way, more wait in the bank.
 */
#ifndef PGL_APP_PROVIDER_DESK_H
#define PGL_APP_PROVIDER_DESK_H

#include "app/provider/bank.h"
#include "app/provider/webhooks.h"
#include "store/writer.h"

#define PGL_DESK_WEBHOOKS 256

enum pgl_desk_method { PGL_DESK_ASK, PGL_DESK_LEDGER, PGL_DESK_OBJECTS, PGL_DESK_METHOD_COUNT };

extern const struct pgl_method pgl_desk_methods[PGL_DESK_METHOD_COUNT];

/* What is asked for; the reply is a struct pgl_bank_answer. */
struct pgl_desk_ask {
    struct pgl_bank_request request; /* ASK */
    enum pgl_bank_fault fault;       /* ASK */
    struct pgl_text order_id;        /* LEDGER: of one order; empty for all */
    uint32_t from;                   /* OBJECTS */
};

struct pgl_desk {
    struct pgl_writer writer;
    struct pgl_bank *bank;
    struct pgl_participant participant;
    struct pgl_timer wake; /* when the bank has something to do */
    pgl_status kept;       /* of the records of this transaction */
    struct pgl_buffer out; /* ledgers and objects */

    struct pgl_mailbox *hooks_to; /* NULL: nobody is told */
    struct pgl_mailbox hooks_back;
    struct pgl_bank_hook *hooks;
    struct pgl_list hooks_free;
};

/* `bank_options.keep` is the desk's. `hooks_to` may be NULL. */
PGL_MUST_USE pgl_status pgl_desk_open(struct pgl_desk *desk, struct pgl_loop *loop,
                                      const struct pgl_writer_options *options,
                                      const struct pgl_bank_options *bank_options,
                                      struct pgl_mailbox *hooks_to);
void pgl_desk_close(struct pgl_desk *desk);

#endif
