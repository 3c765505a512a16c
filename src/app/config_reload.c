/* config_reload.c - see config_reload.h. */
#include "app/config_reload.h"

#include <string.h>

#define ARENA_CHUNK_BYTES 16384
#define ARENA_LIMIT_BYTES (1u << 20)

/* ---- who takes over what ---- */

static void take_log_level(struct pgl_boot *boot, const struct pgl_config *config)
{
    for (int l = 0; l < PGL_LOOP_COUNT; l++)
        atomic_store_explicit(&boot->loops[l].log.least, config->log_level, memory_order_relaxed);
}

/* A row for each setting that is marked PGL_SETTING_RELOADABLE. What other loops use is copied and
 * goes to them by message. */
static const struct take_row {
    const char *path;
    void (*take)(struct pgl_boot *boot, const struct pgl_config *config);
} takes[] = {
    { "process.log-level", take_log_level },
};

static void take(struct pgl_boot *boot, const struct pgl_config *config, const char *path)
{
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++)
        if (strcmp(takes[i].path, path) == 0)
            takes[i].take(boot, config);
}

/* ---- reading again ---- */

static void say(struct pgl_config_reload *reload, const struct pgl_setting *setting,
                const char *value)
{
    const struct pgl_log *log = &reload->boot->reload.loop->log;
    bool is_secret = (setting->marks & PGL_SETTING_SECRET) != 0;
    if (setting->marks & PGL_SETTING_RELOADABLE)
        pgl_log(log, PGL_LOG_INFO, "app", "setting-changed", "setting=%s value=%s", setting->path,
                is_secret ? "(secret)" : value);
    else
        pgl_log(log, PGL_LOG_WARN, "app", "setting-needs-restart", "setting=%s", setting->path);
}

/* What runs from now on, in an arena of its own. */
static void know(struct pgl_config_reload *reload, const char *now[PGL_SETTINGS_MAX], int count)
{
    struct pgl_arena arena;
    pgl_arena_init(&arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    for (int i = 0; i < count; i++)
        reload->known[i] = pgl_arena_printf(&arena, "%s", now[i]);
    pgl_arena_free(&reload->arena);
    reload->arena = arena;
}

static pgl_status on_reload(void *self)
{
    struct pgl_config_reload *reload = self;
    struct pgl_config *fresh = &reload->fresh;
    const char *now[PGL_SETTINGS_MAX];
    pgl_config_close(fresh);
    pgl_config_open(fresh);
    if (pgl_config_read(fresh, reload->boot->platform, reload->face, reload->argc, reload->argv,
                        reload->environment) != PGL_PARSED_RUN)
        return PGL_FAIL(PGL_INVALID, "a setting is wrong, as was said");
    for (int i = 0; i < fresh->count; i++) {
        const struct pgl_setting *setting = &fresh->settings[i];
        now[i] = pgl_option_show(&setting->option, &fresh->arena);
        if (setting->path == NULL || strcmp(now[i], reload->known[i]) == 0)
            continue;
        say(reload, setting, now[i]);
        if (setting->marks & PGL_SETTING_RELOADABLE)
            take(reload->boot, fresh, setting->path);
        else
            now[i] = reload->known[i];
    }
    know(reload, now, fresh->count);
    return PGL_OK;
}

void pgl_config_reload_open(struct pgl_config_reload *reload, struct pgl_config *config)
{
    const char *now[PGL_SETTINGS_MAX];
    for (int i = 0; i < config->count; i++) {
        now[i] = pgl_option_show(&config->settings[i].option, &config->arena);
        if (config->settings[i].path != NULL && config->settings[i].marks & PGL_SETTING_RELOADABLE)
            take(reload->boot, config, config->settings[i].path);
    }
    pgl_config_open(&reload->fresh);
    know(reload, now, config->count);
    pgl_reload_add(&reload->boot->reload, "settings", on_reload, reload);
}

void pgl_config_reload_close(struct pgl_config_reload *reload)
{
    pgl_arena_free(&reload->arena);
    pgl_config_close(&reload->fresh);
}
