/* token_command.c - panglot token: who may do what, signed by a folder's own key. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/folder.h"
#include "app/keys.h"
#include "app/options.h"
#include "base/time.h"
#include "platform/real/real.h"

struct token_options {
    const char *data, *subject, *role, *tenant;
    int64_t ttl_ns;
    bool at_once;
};

static int complain(pgl_status status, const char *folder)
{
    if (status.code == PGL_NOT_FOUND)
        fprintf(stderr, "panglot token: %s has no key yet; start 'panglot serve --data %s' once\n",
                folder, folder);
    else
        fprintf(stderr, "panglot token: %s\n", status.text);
    return PGL_EXIT_WRONG;
}

static int print_token(struct pgl_platform *platform, const struct token_options *options)
{
    struct pgl_arena arena;
    struct pgl_buffer token;
    struct pgl_key key;
    pgl_arena_init(&arena, 4096, 65536);
    pgl_status status = pgl_keys_read(platform, &arena, options->data, &key);
    pgl_arena_free(&arena);
    if (!pgl_is_ok(status))
        return complain(status, options->data);

    struct pgl_jwt_policy policy = pgl_keys_policy();
    struct pgl_jwt_claims claims = { .roles = pgl_jwt_role_named(pgl_text_of(options->role)) };
    size_t subject_bytes = strlen(options->subject), tenant_bytes = strlen(options->tenant);
    bool fits = subject_bytes < sizeof claims.subject && tenant_bytes < sizeof claims.tenant;
    if (fits) {
        memcpy(claims.subject, options->subject, subject_bytes);
        memcpy(claims.tenant, options->tenant, tenant_bytes);
    }
    claims.issued_at_ns = pgl_clock_wall_ns(&platform->clock);
    claims.expires_at_ns = claims.issued_at_ns + options->ttl_ns;
    pgl_buffer_init(&token, PGL_JWT_BYTES_MAX);
    status = fits ? pgl_jwt_sign(&key, &policy, &claims, &token)
                  : PGL_FAIL(PGL_INVALID, "--sub has at most 128 characters, --tenant 64");
    if (pgl_is_ok(status))
        printf("%.*s\n", PGL_TEXT_ARGS(pgl_buffer_text(&token)));
    pgl_buffer_free(&token);
    pgl_key_close(&key);
    return pgl_is_ok(status) ? PGL_EXIT_DONE : complain(status, options->data);
}

/* ---- a new key ---- */

static pgl_status rotate_stopped(struct pgl_boot *boot, struct pgl_cut *cut, void *at_once,
                                 struct pgl_buffer *out, bool *is_clean)
{
    (void)cut;
    PGL_TRY(pgl_keys_rotate_begin(boot, *(const bool *)at_once));
    PGL_TRY(pgl_keys_rotate_end(boot));
    pgl_buffer_printf(out, "%s\n", boot->key.kid);
    *is_clean = true;
    return PGL_OK;
}

static int rotate(struct pgl_platform *platform, const struct token_options *options)
{
    bool at_once = options->at_once;
    const struct pgl_folder_look look = {
        .command = "token rotate",
        .question = { .method = "POST",
                      .target = "/signing-key",
                      .body = at_once ? PGL_TEXT("at-once") : PGL_TEXT("with-overlap") },
        .is_of_edge = true,
        .look = rotate_stopped,
        .self = &at_once,
    };
    return pgl_folder_look(platform, options->data, &look);
}

static int complain_about_words(const char *complaint)
{
    fprintf(stderr, "panglot token: %s\nTry 'panglot token --help'.\n", complaint);
    return PGL_EXIT_USAGE;
}

int pgl_token_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct token_options options = {
        .data = "panglot-data", .role = "customer", .tenant = "default", .ttl_ns = PGL_HOURS(1)
    };
    const char *word = NULL;
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &options.data, 0,
          "the folder of the platform (panglot-data)" },
        { "--sub", "NAME", PGL_OPTION_TEXT, &options.subject, 0, "whose token it is; required" },
        { "--role", "ROLE", PGL_OPTION_TEXT, &options.role, 0,
          "customer, partner, warehouse, support or operator (customer)" },
        { "--tenant", "NAME", PGL_OPTION_TEXT, &options.tenant, 0, "the tenant (default)" },
        { "--ttl", "TIME", PGL_OPTION_DURATION, &options.ttl_ns, 0,
          "how long it is valid, at most 24h (1h)" },
        { "--at-once", NULL, PGL_OPTION_SWITCH, &options.at_once, 0,
          "of rotate: tokens that were signed before are good for nothing" },
    };
    const struct pgl_command command = {
        .name = "token",
        .arguments = "--sub NAME [--data DIR] [--role ROLE] [--ttl TIME] | rotate [--at-once]",
        .summary = "Prints a token signed by the folder's own key; works while the platform runs. "
                   "'rotate' makes a\nnew key and prints its name: what the old one has signed is "
                   "good until it ends.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .words = &word,
        .words_max = 1,
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (word != NULL && strcmp(word, "rotate") == 0)
        return rotate(platform, &options);
    if (word != NULL) {
        fprintf(stderr, "panglot token: %s: rotate is the only word\n", word);
        return complain_about_words("it takes options alone, or rotate");
    }
    if (options.subject == NULL)
        return complain_about_words("--sub: it is required");
    if (pgl_jwt_role_named(pgl_text_of(options.role)) == 0)
        return complain_about_words("--role: customer, partner, warehouse, support or operator "
                                    "is expected");
    return print_token(platform, &options);
}
