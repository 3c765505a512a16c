/* sim_command.c - panglot sim: the whole program on a simulated machine, seed by seed. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/options.h"
#include "base/text.h"
#include "platform/real/real.h"
#include "sim/run.h"

struct sim_options {
    int64_t seed, runs, orders;
    const char *faults;
    bool is_json, logs;
    uint32_t allowed; /* the faults, as bits */
};

static bool read_faults(struct sim_options *options)
{
    struct pgl_text list = pgl_text_of(options->faults);
    if (pgl_text_is(list, "all") || pgl_text_is(list, "none")) {
        options->allowed = pgl_text_is(list, "all") ? PGL_SIM_FAULTS_ALL : 0;
        return true;
    }
    while (list.data != NULL) {
        struct pgl_text name = pgl_text_cut(&list, ',');
        int kind = 0;
        while (kind < PGL_SIM_FAULT_KINDS &&
               !pgl_text_is(name, pgl_sim_fault_name((enum pgl_sim_fault_kind)kind)))
            kind++;
        if (kind == PGL_SIM_FAULT_KINDS) {
            fprintf(stderr, "panglot sim: --faults: there is no fault %.*s\n", PGL_TEXT_ARGS(name));
            return false;
        }
        options->allowed |= PGL_SIM_FAULT_BIT(kind);
    }
    return true;
}

static void print_faults(const struct pgl_sim_report *report, const char *format,
                         const char *separator)
{
    for (int kind = 0; kind < PGL_SIM_FAULT_KINDS; kind++) {
        printf("%s", kind > 0 ? separator : "");
        printf(format, pgl_sim_fault_name((enum pgl_sim_fault_kind)kind),
               (unsigned long long)report->faults[kind]);
    }
}

static void print_text(uint64_t seed, const struct pgl_sim_report *report)
{
    printf("seed=%llu hash=%016llx orders=%u confirmed=%u failed=%u cancelled=%u crashes=%u "
           "commits=%llu "
           "virtual_ms=%lld faults: ",
           (unsigned long long)seed, (unsigned long long)report->hash, report->orders,
           report->confirmed, report->failed, report->cancelled, report->crashes,
           (unsigned long long)report->commits, (long long)report->virtual_ns / 1000000);
    print_faults(report, "%s=%llu", " ");
    printf("\n");
}

static void print_json(uint64_t seed, const struct pgl_sim_report *report)
{
    printf("{\"seed\":%llu,\"hash\":\"%016llx\",\"orders\":%u,\"confirmed\":%u,\"failed\":%u,"
           "\"cancelled\":%u,"
           "\"crashes\":%u,\"commits\":%llu,\"turns\":%llu,\"requests\":%llu,\"virtualMs\":%lld,"
           "\"isViolated\":%s,\"faults\":{",
           (unsigned long long)seed, (unsigned long long)report->hash, report->orders,
           report->confirmed, report->failed, report->cancelled, report->crashes,
           (unsigned long long)report->commits, (unsigned long long)report->turns,
           (unsigned long long)report->requests, (long long)report->virtual_ns / 1000000,
           report->blame.is_set ? "true" : "false");
    print_faults(report, "\"%s\":%llu", ",");
    printf("}}\n");
}

struct progress {
    uint64_t seed;
    int64_t done, runs;
};

static void watch(void *self, uint32_t orders_placed)
{
    const struct progress *progress = self;
    fprintf(stderr, "\r%lld of %lld runs, seed %llu: %u orders ", (long long)progress->done,
            (long long)progress->runs, (unsigned long long)progress->seed, orders_placed);
}

static void complain(const struct sim_options *options, uint64_t seed,
                     const struct pgl_sim_report *report)
{
    fprintf(stderr, "violation: %s; replay: panglot sim --seed %llu --orders %lld --faults %s\n",
            report->blame.text, (unsigned long long)seed, (long long)options->orders,
            options->faults);
}

static void write_log(struct pgl_platform *platform, struct pgl_text line)
{
    (void)platform; /* the simulated one */
    fprintf(stderr, "%.*s", PGL_TEXT_ARGS(line));
}

static int run_all(const struct sim_options *options)
{
    bool is_watched = pgl_real_is_watched();
    struct progress progress = { 0, 0, options->runs };
    for (; progress.done < options->runs; progress.done++) {
        struct pgl_sim_report report;
        progress.seed = (uint64_t)options->seed + (uint64_t)progress.done;
        const struct pgl_sim_run_options run = { .seed = progress.seed,
                                                 .orders = (uint32_t)options->orders,
                                                 .faults = options->allowed,
                                                 .log_write = options->logs ? write_log : NULL,
                                                 .watch = is_watched ? watch : NULL,
                                                 .self = &progress };
        pgl_sim_run(&run, &report);
        if (is_watched)
            fprintf(stderr, "\r\033[K");
        if (options->is_json)
            print_json(progress.seed, &report);
        else
            print_text(progress.seed, &report);
        fflush(stdout); /* an assertion ends us at once: then the seed is the one behind the last */
        if (report.blame.is_set) {
            complain(options, progress.seed, &report);
            return PGL_EXIT_WRONG;
        }
    }
    return PGL_EXIT_DONE;
}

int pgl_sim_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct sim_options options = { 0, 1, 500, "all", false, false, 0 };
    const struct pgl_option table[] = {
        { "--seed", "N", PGL_OPTION_NUMBER, &options.seed, 0,
          "of the first run; each further one counts up (drawn)" },
        { "--runs", "N", PGL_OPTION_NUMBER, &options.runs, 1, "one behind the other (1)" },
        { "--orders", "N", PGL_OPTION_NUMBER, &options.orders, 1, "placed in each run (500)" },
        { "--faults", "LIST", PGL_OPTION_TEXT, &options.faults, 0,
          "all, none, or some of: kill,power,kill-power,io,full,delay,duplicates,reset,slow,clock "
          "(all)" },
        { "--json", NULL, PGL_OPTION_SWITCH, &options.is_json, 0, "a JSON object a run" },
        { "--log", NULL, PGL_OPTION_SWITCH, &options.logs, 0,
          "what the simulated program logs, to standard error" },
    };
    const struct pgl_command command = {
        .name = "sim",
        .arguments = "[--seed N] [--runs N] [--orders N] [--faults LIST] [--json]",
        .summary = "Runs the whole program on a simulated machine that fails, and audits every "
                   "commit. The same\n"
                   "seed, orders and faults give the same hash; exit 1 says what was violated, and "
                   "how to see it again.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    options.seed = (int64_t)(pgl_entropy_u64(&platform->entropy) % 1000000000);
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (options.orders > PGL_SIM_ORDERS_MAX) {
        fprintf(stderr, "panglot sim: --orders: at most %d\n", PGL_SIM_ORDERS_MAX);
        return PGL_EXIT_USAGE;
    }
    return read_faults(&options) ? run_all(&options) : PGL_EXIT_USAGE;
}
