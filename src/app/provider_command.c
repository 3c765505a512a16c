/* provider_command.c - panglot provider: a payment provider to try the platform against. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/options.h"
#include "app/provider/provider.h"
#include "base/time.h"
#include "platform/real/real.h"

#define SECRET_BYTES_MAX 256
#define FILES            20256 /* connections, and what is kept */

struct provider_options {
    struct pgl_address http;
    const char *data, *key, *key_file, *faults, *webhook, *webhook_secret_file;
    int64_t seed;
    struct pgl_bank_options bank;
    struct pgl_arena arena; /* of texts that come from files */
};

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "panglot provider: %s: %s\n", what, why);
    return PGL_EXIT_WRONG;
}

/* ---- threads ---- */

static void run_thread(void *argument)
{
    if (!pgl_is_ok(pgl_thread_run(argument)))
        pgl_real_die("what is in memory is not on disk; start again to go on from the file");
    pgl_real_signals_end();
}

static pgl_status run(struct pgl_provider *provider)
{
    struct pgl_real_thread *handles[PGL_PROVIDER_THREADS];
    for (int t = 0; t < PGL_PROVIDER_THREADS; t++)
        PGL_TRY(pgl_real_thread_start(provider->threads[t].name, run_thread, &provider->threads[t],
                                      &handles[t]));
    printf("listening on %s\n", provider->base_url);
    fflush(stdout);
    enum pgl_real_signal signal;
    while ((signal = pgl_real_signals_wait()) != PGL_SIGNAL_ENDED)
        if (signal == PGL_SIGNAL_STOP) /* there is nothing to be read again */
            pgl_provider_stop(provider);
    for (int t = 0; t < PGL_PROVIDER_THREADS; t++)
        pgl_real_thread_join(handles[t]);
    return PGL_OK;
}

static int serve(struct pgl_platform *platform, const struct pgl_provider_options *options)
{
    static struct pgl_provider provider; /* there is one in a process */
    pgl_real_allow_files(FILES);
    pgl_status status = pgl_provider_open(&provider, platform, options);
    if (pgl_is_ok(status))
        status = run(&provider);
    pgl_provider_close(&provider);
    return pgl_is_ok(status) ? PGL_EXIT_DONE : complain(options->data, status.text);
}

/* ---- options ---- */

/* The first line of a file; false, and it was said why, without one. */
static bool read_line(struct pgl_platform *platform, struct provider_options *options,
                      const char *path, const char **line)
{
    struct pgl_text text;
    pgl_status read = platform->disk->ops->read_file(platform->disk, path, SECRET_BYTES_MAX,
                                                     &options->arena, &text);
    *line = pgl_is_ok(read) ? pgl_arena_string(&options->arena, pgl_text_cut(&text, '\n')) : NULL;
    if (*line != NULL && (*line)[0] != '\0')
        return true;
    complain(path, pgl_is_ok(read) ? "it is empty" : read.text);
    return false;
}

/* A list of faults, or a file that holds one. */
static bool read_faults(struct pgl_platform *platform, struct provider_options *options,
                        struct pgl_faults *faults)
{
    pgl_faults_init(faults);
    if (options->faults == NULL)
        return true;
    struct pgl_text text = pgl_text_of(options->faults);
    bool is_file = strchr(options->faults, '=') == NULL && !pgl_text_is(text, "none");
    pgl_status status = PGL_OK;
    if (is_file)
        status = platform->disk->ops->read_file(platform->disk, options->faults,
                                                PGL_FAULTS_TEXT_BYTES_MAX, &options->arena, &text);
    if (pgl_is_ok(status))
        status = pgl_faults_read(faults, text, &options->arena);
    if (!pgl_is_ok(status))
        complain("--faults", status.text);
    return pgl_is_ok(status);
}

static int start(struct pgl_platform *platform, struct provider_options *options)
{
    struct pgl_bank_hooks_options webhooks = { .secret = NULL };
    struct pgl_provider_options provider = {
        .data = options->data,
        .vfs_name = "panglot",
        .bank = options->bank,
        .key = options->key,
        .face = { .host = options->http.host,
                  .port = options->http.port,
                  .webhooks = options->webhook != NULL ? &webhooks : NULL,
                  .seed = (uint64_t)options->seed },
    };
    provider.bank.seed = (uint64_t)options->seed;
    if (options->webhook != NULL && !pgl_bank_hooks_read_url(options->webhook, &webhooks)) {
        fprintf(stderr, "panglot provider: --webhook: http://HOST:PORT/PATH is expected\n");
        return PGL_EXIT_USAGE;
    }
    if (!read_faults(platform, options, &provider.face.faults))
        return PGL_EXIT_USAGE;
    if ((options->key_file != NULL &&
         !read_line(platform, options, options->key_file, &provider.key)) ||
        (options->webhook_secret_file != NULL &&
         !read_line(platform, options, options->webhook_secret_file, &webhooks.secret)))
        return PGL_EXIT_WRONG;
    return serve(platform, &provider);
}

int pgl_provider_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct provider_options options = { .http = { "127.0.0.1", 9090 },
                                        .data = "panglot-provider",
                                        .bank = pgl_bank_defaults() };
    struct pgl_bank_options *bank = &options.bank;
    /* clang-format off */
    const struct pgl_option table[] = {
        { "--http", "HOST:PORT", PGL_OPTION_ADDRESS, &options.http, 0, "where to listen; port 0 takes a free one (127.0.0.1:9090)" },
        { "--data", "DIR", PGL_OPTION_TEXT, &options.data, 0, "where everything is kept (panglot-provider)" },
        { "--key", "FILE", PGL_OPTION_TEXT, &options.key_file, 0, "the key that who asks has to bear, on one line (DIR/provider.key)" },
        { "--key-is", "TEXT", PGL_OPTION_TEXT, &options.key, 0, "that key itself" },
        { "--faults", "LIST", PGL_OPTION_TEXT, &options.faults, 0, "what goes wrong: slow=5%,fail-after=1% ...; or a file of it (none)" },
        { "--webhook", "URL", PGL_OPTION_TEXT, &options.webhook, 0, "whom to tell what happened: http://HOST:PORT/PATH (nobody)" },
        { "--webhook-secret", "FILE", PGL_OPTION_TEXT, &options.webhook_secret_file, 0, "what that is signed with, on one line (DIR/webhook.secret)" },
        { "--seed", "N", PGL_OPTION_NUMBER, &options.seed, 0, "of ids and faults (drawn)" },
        { "--max-objects", "N", PGL_OPTION_U32, &bank->intents_max, 1, "payment intents; then 429 (1000000)" },
        { "--hold-time", "TIME", PGL_OPTION_DURATION, &bank->hold_ns, 0, "until a hold expires (168h)" },
        { "--short-hold-time", "TIME", PGL_OPTION_DURATION, &bank->short_hold_ns, 0, "the same for pm_card_holdExpires (2s)" },
        { "--slow-time", "TIME", PGL_OPTION_DURATION, &bank->slow_ns, 0, "that pm_card_slow is processing (1500ms)" },
        { "--search-lag", "TIME", PGL_OPTION_DURATION, &bank->search_lag_ns, 0, "until search finds what was made (none)" },
    };
    /* clang-format on */
    const struct pgl_command command = {
        .name = "provider",
        .arguments = "[--http HOST:PORT] [--data DIR] [--faults LIST] [--webhook URL]",
        .summary = "A payment provider with Stripe's PaymentIntents over HTTP, to try the platform "
                   "against: test\ncards, a ledger of its own, and faults that may be changed "
                   "while it runs (docs/provider.md).",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    options.seed = (int64_t)(pgl_entropy_u64(&platform->entropy) >> 1);
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    pgl_arena_init(&options.arena, 4096, 65536);
    int code = start(platform, &options);
    pgl_arena_free(&options.arena);
    return code;
}
