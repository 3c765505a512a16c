/* config_reload.c - see config_reload.h. */
#include "app/config_reload.h"

#include <string.h>

#include "base/assert.h"

/* ---- taking over ---- */

static void take_log_level(struct pgl_boot *boot, const struct pgl_config *config)
{
    for (int l = 0; l < PGL_LOOP_COUNT; l++)
        atomic_store_explicit(&boot->loops[l].log.least, config->log_level, memory_order_relaxed);
}

static void take_at_edge(void *owner, struct pgl_message *message)
{
    struct pgl_config_reload *reload = owner;
    struct pgl_boot *boot = reload->boot;
    const struct pgl_boot_options *next = &reload->next->boot;
    pgl_drain_change(&boot->drain, next->drain_notice_ns, next->drain_ns);
    if (pgl_boot_runs(boot, PGL_RUN_GATEWAY)) {
        pgl_gateway_change(&boot->edge, &next->gateway);
        pgl_lockout_change(boot->trust.lockout, next->lockout.free_count);
    }
    pgl_message_reply(message);
}

static void take_at_effects(void *owner, struct pgl_message *message)
{
    struct pgl_config_reload *reload = owner;
    edge_jwks_change(&reload->boot->jwks, &reload->next->boot.issuers);
    pgl_message_reply(message);
}

static void take_back(void *owner, struct pgl_message *message)
{
    struct pgl_config_reload *reload = owner;
    (void)message;
    if (--reload->out_count > 0)
        return;
    reload->running = reload->next; /* nobody has a text of the one before any more */
    reload->next = NULL;
    if (reload->is_asked_again)
        pgl_reload_ask(&reload->boot->reload);
    reload->is_asked_again = false;
}

static void send(struct pgl_config_reload *reload, struct pgl_mailbox *to,
                 struct pgl_message *message)
{
    message->reply_to = &reload->returns;
    pgl_status sent = pgl_mailbox_send(reload->boot->reload.loop, to, message);
    PGL_ASSERT(pgl_is_ok(sent)); /* one at a time */
    reload->out_count++;
}

/* ---- reading again ---- */

static bool differs(const struct pgl_config_reload *reload, struct pgl_config *fresh, int i)
{
    const struct pgl_setting *setting = &fresh->settings[i];
    const char *now = pgl_option_show(&setting->option, &fresh->arena);
    return setting->path != NULL &&
           strcmp(now, pgl_option_show(&reload->running->settings[i].option, &fresh->arena)) != 0;
}

/* Where the keys of an issuer are belongs to who it is: those of another would be taken for its. */
static bool can_change(const struct pgl_config_reload *reload, struct pgl_config *fresh, int i)
{
    if (strcmp(fresh->settings[i].path, "identity.jwks") == 0 &&
        strcmp(fresh->boot.issuers.issuers, reload->running->boot.issuers.issuers) != 0)
        return false;
    return (fresh->settings[i].marks & PGL_SETTING_RELOADABLE) != 0;
}

static void say(const struct pgl_config_reload *reload, struct pgl_config *fresh, int i, bool can)
{
    const struct pgl_log *log = &reload->boot->reload.loop->log;
    const struct pgl_setting *setting = &fresh->settings[i];
    bool is_secret = (setting->marks & PGL_SETTING_SECRET) != 0;
    if (can)
        pgl_log(log, PGL_LOG_INFO, "app", "setting-changed", "setting=%s value=%s", setting->path,
                is_secret ? "(secret)" : pgl_option_show(&setting->option, &fresh->arena));
    else
        pgl_log(log, PGL_LOG_WARN, "app", "setting-needs-restart", "setting=%s", setting->path);
}

/* Notes what is to be said of each setting, and makes `fresh` what will run: what cannot change is
 * as it was. */
enum news { NO_NEWS, CHANGED, NEEDS_RESTART };
static bool find_changes(const struct pgl_config_reload *reload, struct pgl_config *fresh,
                         enum news news[PGL_SETTINGS_MAX])
{
    bool has_changes = false;
    for (int i = 0; i < fresh->count; i++) {
        news[i] = !differs(reload, fresh, i)     ? NO_NEWS
                  : can_change(reload, fresh, i) ? CHANGED
                                                 : NEEDS_RESTART;
        has_changes = has_changes || news[i] == CHANGED;
    }
    for (int i = 0; i < fresh->count; i++)
        if (news[i] == NEEDS_RESTART)
            pgl_option_copy(&fresh->settings[i].option, &reload->running->settings[i].option,
                            &fresh->arena);
    return has_changes;
}

static pgl_status on_reload(void *self)
{
    struct pgl_config_reload *reload = self;
    struct pgl_config *fresh = &reload->rooms[reload->running == &reload->rooms[0]];
    enum news news[PGL_SETTINGS_MAX] = { NO_NEWS };
    if (reload->next != NULL) {
        reload->is_asked_again = true;
        return PGL_OK;
    }
    pgl_config_close(fresh);
    pgl_config_open(fresh);
    if (pgl_config_read(fresh, reload->boot->platform, reload->face, reload->argc, reload->argv,
                        reload->environment) != PGL_PARSED_RUN)
        return PGL_FAIL(PGL_INVALID, "a setting is wrong, as was said");
    if (fresh->is_demo != reload->running->is_demo) /* it sets others, which would change */
        return PGL_FAIL(PGL_INVALID, "process.demo: a shop that runs does not become a demo, and a "
                                     "demo no shop; start it anew");
    bool has_changes = find_changes(reload, fresh, news);
    const char *senseless = pgl_config_settle(fresh);
    if (senseless != NULL) /* what can change needs what cannot */
        return PGL_FAIL(PGL_INVALID, senseless);
    for (int i = 0; i < fresh->count; i++)
        if (news[i] != NO_NEWS)
            say(reload, fresh, i, news[i] == CHANGED);
    if (!has_changes)
        return PGL_OK;
    reload->next = fresh;
    take_log_level(reload->boot, fresh);
    send(reload, &reload->edge, &reload->to_edge);
    if (pgl_boot_runs(reload->boot, PGL_RUN_GATEWAY))
        send(reload, &reload->effects, &reload->to_effects);
    return PGL_OK;
}

void pgl_config_reload_open(struct pgl_config_reload *reload, const struct pgl_config *config)
{
    struct pgl_boot *boot = reload->boot;
    reload->running = config;
    take_log_level(boot, config);
    pgl_config_open(&reload->rooms[0]);
    pgl_config_open(&reload->rooms[1]);
    pgl_mailbox_open(&reload->edge, &boot->loops[PGL_LOOP_EDGE], 1, take_at_edge, reload);
    pgl_mailbox_open(&reload->effects, &boot->loops[PGL_LOOP_EFFECTS], 1, take_at_effects, reload);
    pgl_mailbox_open(&reload->returns, boot->reload.loop, 0, take_back, reload);
    pgl_reload_add(&boot->reload, "settings", on_reload, reload);
}

void pgl_config_reload_close(struct pgl_config_reload *reload)
{
    pgl_config_close(&reload->rooms[0]);
    pgl_config_close(&reload->rooms[1]);
}
