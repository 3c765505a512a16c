/*
 * config.h - every setting of `panglot serve`, as one table: where it may be given, what it may be,
 * what it means.
 *
 * A value comes from a flag, else from the environment, else from the file (--config, YAML), else
 * it is the default:
 *
 *     --max-body 4096     PANGLOT_MAX_BODY=4096     http:
 *                                                     max-body: 4096
 *
 * Owner:    a command; values point into the struct and its arena, so it outlives the platform.
 * Bounds:   PGL_SETTINGS_MAX rows; those of wire/yaml.h for the file.
 */
#ifndef PGL_APP_CONFIG_H
#define PGL_APP_CONFIG_H

#include "app/boot.h"
#include "app/options.h"

#define PGL_SETTINGS_MAX    256
#define PGL_CONFIG_MORE_MAX 4 /* options that a command has besides */

#define PGL_SETTING_SECRET     1u /* its value is not shown */
#define PGL_SETTING_RELOADABLE 2u /* SIGHUP takes a new value; any other needs a new start */

struct pgl_setting {
    const char *path; /* "http.max-body": section and key; NULL where a file cannot say it */
    unsigned marks;
    int64_t most;
    struct pgl_option option;
};

struct pgl_config {
    struct pgl_boot_options boot;
    struct pgl_address http, https;
    bool is_https_only;
    const char *tls_least, *log_least;
    enum pgl_log_level log_level;
    bool is_demo;
    const char *roles, *file;
    struct pgl_arena arena;
    struct pgl_setting settings[PGL_SETTINGS_MAX];
    struct pgl_option options[PGL_SETTINGS_MAX + PGL_CONFIG_MORE_MAX];
    enum pgl_origin origins[PGL_SETTINGS_MAX + PGL_CONFIG_MORE_MAX];
    int count;
    size_t line, column; /* where a file is wrong; 0 where it could not be read at all */
};

/* With the defaults. */
void pgl_config_open(struct pgl_config *config);
void pgl_config_close(struct pgl_config *config);

/* From all origins. `face` has the command's name, words and own options; what is wrong is said on
 * stderr. */
enum pgl_parsed pgl_config_read(struct pgl_config *config, struct pgl_platform *platform,
                                const struct pgl_command *face, int argc, char **argv,
                                const char *(*environment)(const char *name));

/* What the values say together, which fills in what follows from them; why that makes no sense, or
 * NULL. */
const char *pgl_config_settle(struct pgl_config *config);

/* What a file says, over what the settings are. Where it is wrong is in `line` and `column`. */
PGL_MUST_USE pgl_status pgl_config_read_text(struct pgl_config *config, struct pgl_text text);

/* As a file that says the same, with the origin and the meaning of each value. */
void pgl_config_show(struct pgl_config *config, struct pgl_buffer *out);
/* The same for programs. */
void pgl_config_show_json(struct pgl_config *config, struct pgl_buffer *out);

#endif
