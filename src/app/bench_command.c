/* bench_command.c - panglot bench: how fast a running platform is, measured from outside. */
#include <stdio.h>
#include <string.h>

#include "app/bench/load.h"
#include "app/bench/report.h"
#include "app/commands.h"
#include "app/options.h"
#include "base/time.h"
#include "platform/real/real.h"

#define REPORT_BYTES_MAX  65536
#define FETCH_ARENA_BYTES (1u << 20)
#define RATE_EXPECTED_MAX                                                                          \
    40000 /* a second in the closed loop: goods are put in for that many orders */
#define TOKEN_SPARE_NS  PGL_MINUTES(30)
#define CONNECTIONS_MAX 10000
#define SECONDS_MAX     (12 * 3600)

struct bench {
    const char *data, *url, *card;
    int64_t customers, seconds;
    bool is_json, has_goods_enough;
    struct pgl_load_options load;

    struct pgl_address address;
    struct pgl_loop loop;
    struct pgl_arena arena;
    struct pgl_fetch fetch;
    struct pgl_shop shop;
};

static void say(const struct bench *bench, const char *what)
{
    if (!bench->is_json && pgl_real_is_watched())
        fprintf(stderr, "\r\033[K%s", what);
}

static void show_second(const struct pgl_load *load, const struct pgl_load_mark *now)
{
    fprintf(stderr, "\r\033[K%4.0f s  %8llu accepted/s  %8llu confirmed/s  %8llu open",
            (double)(now->at_ns - load->begin_ns) / 1e9,
            (unsigned long long)(now->counts.accepted - load->second.accepted),
            (unsigned long long)(now->counts.confirmed - load->second.confirmed),
            (unsigned long long)load->open.count);
}

/* So many of each product that none runs out, drawn evenly as they are: a quarter to spare. */
static int64_t units_needed(const struct bench *bench)
{
    int64_t rate = bench->load.rate > 0 ? bench->load.rate : RATE_EXPECTED_MAX;
    int64_t seconds = (bench->load.warm_ns + bench->load.measure_ns) / PGL_SECONDS(1) + 1;
    int64_t orders = bench->load.count > 0 ? bench->load.count : rate * seconds;
    int64_t lines = orders * bench->load.lines / (int64_t)bench->shop.product_count;
    return lines + lines / 4 + 100;
}

static pgl_status prepare(struct bench *bench)
{
    struct pgl_random random;
    int64_t ttl_ns = bench->load.warm_ns + bench->load.measure_ns + TOKEN_SPARE_NS;
    if (bench->card != NULL)
        PGL_TRY(pgl_shop_pay_by_card(&bench->shop, bench->card));
    say(bench, "signing tokens");
    PGL_TRY(pgl_shop_sign_tokens(&bench->shop, bench->loop.platform, bench->data,
                                 (size_t)bench->customers, ttl_ns));
    say(bench, "asking for products");
    PGL_TRY(pgl_shop_learn_products(&bench->shop, &bench->fetch));
    if ((size_t)bench->load.lines > bench->shop.product_count)
        return PGL_FAIL(PGL_INVALID, "there are fewer products than lines are asked for");
    if (bench->has_goods_enough)
        return PGL_OK;
    say(bench, "receiving goods");
    pgl_random_seed(&random, pgl_entropy_u64(&bench->loop.platform->entropy), 0);
    return pgl_shop_restock(&bench->shop, &bench->fetch, units_needed(bench), &random);
}

static void print_report(const struct bench *bench, const struct pgl_load *load)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, REPORT_BYTES_MAX);
    say(bench, "");
    if (bench->is_json)
        pgl_report_write_json(load, &out);
    else
        pgl_report_write(load, &out);
    fwrite(out.data, 1, out.size, stdout);
    pgl_buffer_free(&out);
}

static pgl_status measure(struct bench *bench, bool *is_good)
{
    static struct pgl_load load; /* its histograms are large */
    PGL_TRY(prepare(bench));
    pgl_status status =
        pgl_load_init(&load, &bench->loop, &bench->address, &bench->shop, &bench->load);
    if (pgl_is_ok(status))
        status = pgl_load_run(&load);
    if (pgl_is_ok(status))
        status = pgl_load_settle(&load, &bench->fetch);
    if (pgl_is_ok(status)) {
        print_report(bench, &load);
        *is_good = pgl_report_is_good(&load);
    }
    pgl_load_free(&load);
    return status;
}

static int run(struct pgl_platform *platform, struct bench *bench)
{
    bool is_good = false;
    struct pgl_waiter *waiter = platform->waiter_open(platform);
    if (waiter == NULL) {
        fprintf(stderr, "panglot bench: no memory to start\n");
        return PGL_EXIT_WRONG;
    }
    pgl_loop_init(&bench->loop, "bench", platform, waiter);
    pgl_arena_init(&bench->arena, 65536, FETCH_ARENA_BYTES);
    pgl_shop_init(&bench->shop, &bench->address);
    pgl_status status = pgl_fetch_init(&bench->fetch, &bench->loop, &bench->address, &bench->arena);
    if (pgl_is_ok(status))
        status = measure(bench, &is_good);
    if (!pgl_is_ok(status))
        fprintf(stderr, "panglot bench: %s, --data %s: %s\n", bench->url, bench->data, status.text);
    pgl_fetch_close(&bench->fetch);
    pgl_shop_free(&bench->shop);
    pgl_arena_free(&bench->arena);
    waiter->ops->close(waiter);
    return pgl_is_ok(status) && is_good ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}

static int complain(const char *what)
{
    fprintf(stderr, "panglot bench: %s\nTry 'panglot bench --help'.\n", what);
    return PGL_EXIT_USAGE;
}

/* NULL when everything is as it should be. */
static const char *check(struct bench *bench, const char *word)
{
    struct pgl_text url = pgl_text_of(bench->url), scheme = PGL_TEXT("http://");
    if (strcmp(word, "orders") != 0)
        return "orders is expected: there is nothing else to measure yet";
    if (pgl_text_starts_with(url, scheme))
        url = (struct pgl_text){ url.data + scheme.size, url.size - scheme.size };
    if (!pgl_address_read(url, &bench->address))
        return "--url: http://HOST:PORT is expected, with a numeric host";
    if (bench->load.connections > CONNECTIONS_MAX || bench->customers > PGL_SHOP_CUSTOMERS_MAX ||
        bench->load.lines > PGL_SHOP_LINES_MAX)
        return "at most 10000 connections, 1000000 customers and 100 lines";
    if (bench->seconds > SECONDS_MAX)
        return "at most 12 hours: a token lives for a day";
    if (bench->load.count > 0)
        bench->load.warm_ns = 0; /* the orders that are asked for are those that are measured */
    bench->load.measure_ns = PGL_SECONDS(bench->seconds);
    return NULL;
}

int pgl_bench_command(struct pgl_platform *platform, int argc, char **argv)
{
    static struct bench bench;
    bench = (struct bench){ .data = "panglot-data",
                            .url = "http://127.0.0.1:8080",
                            .customers = 10000,
                            .seconds = 30,
                            .load = { .connections = 256,
                                      .lines = 2,
                                      .warm_ns = PGL_SECONDS(2),
                                      .settle_ns = PGL_SECONDS(10) } };
    const char *word;
    const struct pgl_option table[] = {
        { "--url", "URL", PGL_OPTION_TEXT, &bench.url, 0,
          "where the platform listens (http://127.0.0.1:8080)" },
        { "--data", "DIR", PGL_OPTION_TEXT, &bench.data, 0,
          "its folder, for the key that signs the customers' tokens (panglot-data)" },
        { "--connections", "N", PGL_OPTION_NUMBER, &bench.load.connections, 1,
          "each with one order at a time (256)" },
        { "--rate", "N", PGL_OPTION_NUMBER, &bench.load.rate, 1,
          "orders a second by a fixed schedule, in place of one behind another" },
        { "--seconds", "N", PGL_OPTION_NUMBER, &bench.seconds, 1, "how long to measure (30)" },
        { "--orders", "N", PGL_OPTION_NUMBER, &bench.load.count, 1,
          "after so many it ends, though there is time left" },
        { "--warm-up", "TIME", PGL_OPTION_DURATION, &bench.load.warm_ns, 0,
          "before measuring begins (2s)" },
        { "--settle", "TIME", PGL_OPTION_DURATION, &bench.load.settle_ns, 0,
          "without an ending, then what is open is asked for (10s)" },
        { "--customers", "N", PGL_OPTION_NUMBER, &bench.customers, 1, "who take turns (10000)" },
        { "--lines", "N", PGL_OPTION_NUMBER, &bench.load.lines, 1,
          "of an order, each of another product (2)" },
        { "--card", "TOKEN", PGL_OPTION_TEXT, &bench.card, 0,
          "pay by this card (pm_card_visa), not by account" },
        { "--no-goods", NULL, PGL_OPTION_SWITCH, &bench.has_goods_enough, 0,
          "do not receive goods before the first order" },
        { "--pid", "N", PGL_OPTION_NUMBER, &bench.load.server_pid, 1,
          "of the platform, to tell its CPU time and memory" },
        { "--json", NULL, PGL_OPTION_SWITCH, &bench.is_json, 0, "the result as one JSON object" },
    };
    const struct pgl_command command = {
        .name = "bench",
        .arguments = "orders [--url URL] [--data DIR] [--rate N] [--seconds N]",
        .summary = "Places orders at a running platform, follows each of them to its end, and "
                   "tells how long that took.\n"
                   "Exits 1 when an order was lost, left open, or answered with anything but 201.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .words = &word,
        .words_min = 1,
        .words_max = 1,
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    bench.load.read_process = pgl_real_process_read;
    bench.load.on_second = !bench.is_json && pgl_real_is_watched() ? show_second : NULL;
    const char *wrong = check(&bench, word);
    return wrong != NULL ? complain(wrong) : run(platform, &bench);
}
