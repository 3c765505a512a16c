/* token_command.c - panglot token: who may do what, signed by a folder's own key. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/keys.h"
#include "app/options.h"
#include "base/time.h"
#include "platform/real/real.h"

struct token_options {
    const char *data, *subject, *role, *tenant;
    int64_t ttl_ns;
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

int pgl_token_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct token_options options = { "panglot-data", NULL, "customer", "default", PGL_HOURS(1) };
    const struct pgl_option table[] = {
        { "--data", "DIR", PGL_OPTION_TEXT, &options.data, 0,
          "the folder of the platform (panglot-data)" },
        { "--sub", "NAME", PGL_OPTION_TEXT, &options.subject, 0, "whose token it is; required" },
        { "--role", "ROLE", PGL_OPTION_TEXT, &options.role, 0,
          "customer, warehouse or operator (customer)" },
        { "--tenant", "NAME", PGL_OPTION_TEXT, &options.tenant, 0, "the tenant (default)" },
        { "--ttl", "TIME", PGL_OPTION_DURATION, &options.ttl_ns, 0,
          "how long it is valid, at most 24h (1h)" },
    };
    const struct pgl_command command = {
        .name = "token",
        .arguments = "--sub NAME [--data DIR] [--role ROLE] [--ttl TIME]",
        .summary = "Prints a token signed by the folder's own key; works while the platform runs.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (options.subject == NULL || pgl_jwt_role_named(pgl_text_of(options.role)) == 0) {
        fprintf(stderr, "panglot token: %s\nTry 'panglot token --help'.\n",
                options.subject == NULL ? "--sub: it is required"
                                        : "--role: customer, warehouse or operator is expected");
        return PGL_EXIT_USAGE;
    }
    return print_token(platform, &options);
}
