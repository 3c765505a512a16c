/* reload.c - see reload.h. */
#include "app/reload.h"

#include "base/assert.h"

static void take_ask(void *owner, struct pgl_message *message)
{
    struct pgl_reload *reload = owner;
    (void)message;
    for (int i = 0; i < reload->row_count; i++) {
        const struct pgl_reload_row *row = &reload->rows[i];
        pgl_status status = row->run(row->self);
        if (pgl_is_ok(status))
            pgl_log(&reload->loop->log, PGL_LOG_INFO, "app", "reloaded", "what=%s", row->what);
        else
            pgl_log(&reload->loop->log, PGL_LOG_ERROR, "app", "not-reloaded",
                    "what=%s code=%s text=\"%s\"", row->what, pgl_code_name(status.code),
                    status.text);
    }
}

void pgl_reload_open(struct pgl_reload *reload, struct pgl_loop *loop)
{
    *reload = (struct pgl_reload){ .loop = loop };
    pgl_mailbox_open(&reload->asks, loop, 1, take_ask, reload);
}

void pgl_reload_add(struct pgl_reload *reload, const char *what, pgl_status (*run)(void *self),
                    void *self)
{
    PGL_ASSERT(reload->row_count < PGL_RELOADS_MAX);
    reload->rows[reload->row_count++] = (struct pgl_reload_row){ what, run, self };
}

void pgl_reload_ask(struct pgl_reload *reload)
{
    pgl_status sent = pgl_mailbox_send(NULL, &reload->asks, &reload->ask);
    (void)sent; /* the one before has not been taken yet: it reads what is there by then */
}
