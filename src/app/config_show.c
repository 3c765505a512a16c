/* config_show.c - the settings for people and for programs, see config.h. */
#include "app/config.h"
#include "wire/json.h"

#define VALUE_WIDTH 34 /* of key and value, so that the remarks stand below one another */

static const char *const origin_names[] = {
    [PGL_ORIGIN_DEFAULT] = "default",
    [PGL_ORIGIN_FILE] = "file",
    [PGL_ORIGIN_ENVIRONMENT] = "environment",
    [PGL_ORIGIN_FLAG] = "flag",
    [PGL_ORIGIN_DEMO] = "demo",
};

static bool is_hidden(const struct pgl_setting *setting, const char *value)
{
    return (setting->marks & PGL_SETTING_SECRET) != 0 && value[0] != '\0';
}

/* Words and numbers as they are; whatever could be read as something else in quotes. */
static void write_value(const struct pgl_setting *setting, const char *value,
                        struct pgl_buffer *out)
{
    if (setting->option.kind == PGL_OPTION_TEXT || setting->option.kind == PGL_OPTION_ADDRESS)
        pgl_json_write_string(out, pgl_text_of(value));
    else
        pgl_buffer_add_text(out, pgl_text_of(value));
}

static void show(struct pgl_config *config, int i, struct pgl_buffer *out)
{
    const struct pgl_setting *setting = &config->settings[i];
    const char *value = pgl_option_show(&setting->option, &config->arena);
    const char *key = strchr(setting->path, '.') + 1;
    size_t start = pgl_buffer_text(out).size;
    pgl_buffer_printf(out, "  %s%s: ", value[0] == '\0' || is_hidden(setting, value) ? "# " : "",
                      key);
    if (is_hidden(setting, value))
        pgl_buffer_add_literal(out, "(hidden)");
    else if (value[0] != '\0')
        write_value(setting, value, out);
    size_t width = pgl_buffer_text(out).size - start;
    pgl_buffer_printf(out, "%*s # %s%s; %s\n", (int)(width < VALUE_WIDTH ? VALUE_WIDTH - width : 0),
                      "", origin_names[config->origins[i]],
                      setting->marks & PGL_SETTING_RELOADABLE ? ", reloadable" : "",
                      setting->option.help);
}

void pgl_config_show(struct pgl_config *config, struct pgl_buffer *out)
{
    struct pgl_text last = PGL_TEXT("");
    for (int i = 0; i < config->count; i++) {
        struct pgl_text section = pgl_text_of(config->settings[i].path);
        if (section.size == 0)
            continue; /* the file does not name itself */
        section.size = (size_t)(strchr(section.data, '.') - section.data);
        if (!pgl_text_equal(section, last))
            pgl_buffer_printf(out, "%.*s:\n", PGL_TEXT_ARGS(section));
        last = section;
        show(config, i, out);
    }
}

static void add_member(struct pgl_buffer *out, const char *name, const char *value)
{
    pgl_buffer_printf(out, "%s\"%s\":", name[0] == 'n' ? "" : ",", name);
    pgl_json_write_string(out, pgl_text_of(value));
}

void pgl_config_show_json(struct pgl_config *config, struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "{\"settings\":[");
    for (int i = 0; i < config->count; i++) {
        const struct pgl_setting *setting = &config->settings[i];
        const char *value = pgl_option_show(&setting->option, &config->arena);
        char variable[PGL_OPTION_VARIABLE_BYTES];
        pgl_option_variable(&setting->option, variable);
        pgl_buffer_add_text(out, i > 0 ? PGL_TEXT(",\n{") : PGL_TEXT("\n{"));
        add_member(out, "name", setting->path != NULL ? setting->path : "config");
        add_member(out, "flag", setting->option.name);
        add_member(out, "variable", variable);
        add_member(out, "value", is_hidden(setting, value) ? "(hidden)" : value);
        add_member(out, "origin", origin_names[config->origins[i]]);
        add_member(out, "meaning", setting->option.help);
        pgl_buffer_printf(out, ",\"secret\":%s,\"reloadable\":%s}",
                          setting->marks & PGL_SETTING_SECRET ? "true" : "false",
                          setting->marks & PGL_SETTING_RELOADABLE ? "true" : "false");
    }
    pgl_buffer_add_literal(out, "\n]}\n");
}
