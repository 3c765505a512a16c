/* sim_command.c - panglot sim: the whole program on a simulated machine, seed by seed. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/options.h"
#include "base/text.h"
#include "platform/real/real.h"
#include "sim/run.h"
#include "sim/shrink.h"

#define TWICE           100         /* one seed in so many is run twice */
#define CHILD_BYTES_MAX (64u << 20) /* as many choices as a script may have, and a report */

struct sim_options {
    int64_t seed, runs, orders;
    const char *faults, *script, *record;
    bool is_json, logs, shrinks, is_verbose;
    uint32_t allowed; /* the faults, as bits */
};

struct sim {
    struct pgl_platform *platform;
    struct sim_options options;
    struct pgl_sim_script script; /* as read; orders is 0 without one */
    int64_t done;
    uint64_t seed; /* that runs now */
    uint64_t bugs[PGL_BUGGIFY_POINTS];
};

/* ---- options ---- */

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

static bool read_script(struct sim *sim)
{
    struct pgl_arena arena;
    struct pgl_disk *disk = sim->platform->disk;
    const char *path = sim->options.script;
    if (path[0] == '\0')
        return true;
    pgl_arena_init(&arena, 65536, 2 * PGL_SIM_SCRIPT_BYTES_MAX);
    struct pgl_text text;
    pgl_status status = disk->ops->read_file(disk, path, PGL_SIM_SCRIPT_BYTES_MAX, &arena, &text);
    if (pgl_is_ok(status))
        status = pgl_sim_script_read(&sim->script, text);
    if (pgl_is_ok(status))
        pgl_sim_script_sort(&sim->script);
    else
        fprintf(stderr, "panglot sim: --script: %s: %s\n", path, status.text);
    pgl_arena_free(&arena);
    return pgl_is_ok(status);
}

/* To a file, or to standard output. */
static bool write_script(struct sim *sim, const struct pgl_sim_script *script)
{
    struct pgl_buffer text;
    struct pgl_disk *disk = sim->platform->disk;
    pgl_status status = PGL_OK;
    pgl_buffer_init(&text, PGL_SIM_SCRIPT_BYTES_MAX);
    pgl_sim_script_write(script, &text);
    if (sim->options.record[0] != '\0')
        status = disk->ops->write_file(disk, sim->options.record, pgl_buffer_text(&text));
    else
        printf("%.*s", PGL_TEXT_ARGS(pgl_buffer_text(&text)));
    fflush(stdout);
    if (!pgl_is_ok(status))
        fprintf(stderr, "panglot sim: --record: %s: %s\n", sim->options.record, status.text);
    pgl_buffer_free(&text);
    return pgl_is_ok(status);
}

/* ---- reports ---- */

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
           "\"crashes\":%u,\"commits\":%llu,\"turns\":%llu,\"requests\":%llu,\"messages\":%llu,"
           "\"deliveries\":%llu,\"virtualMs\":%lld,"
           "\"isViolated\":%s,\"faults\":{",
           (unsigned long long)seed, (unsigned long long)report->hash, report->orders,
           report->confirmed, report->failed, report->cancelled, report->crashes,
           (unsigned long long)report->commits, (unsigned long long)report->turns,
           (unsigned long long)report->requests, (unsigned long long)report->messages,
           (unsigned long long)report->deliveries, (long long)report->virtual_ns / 1000000,
           report->blame.is_set ? "true" : "false");
    print_faults(report, "\"%s\":%llu", ",");
    printf("}}\n");
}

/* A point that never strikes tests nothing: it is too seldom, or not on any way. */
static void print_points(const struct sim *sim)
{
    int missed = 0;
    for (int point = 0; point < PGL_BUGGIFY_POINTS; point++) {
        printf("point=%s hits=%llu\n", pgl_buggify_name((enum pgl_buggify_point)point),
               (unsigned long long)sim->bugs[point]);
        missed += sim->bugs[point] == 0;
    }
    printf("points=%d never_hit=%d\n", PGL_BUGGIFY_POINTS, missed);
}

static void watch(void *self, uint32_t orders_placed)
{
    const struct sim *sim = self;
    fprintf(stderr, "\r%lld of %lld runs, seed %llu: %u orders ", (long long)sim->done,
            (long long)sim->options.runs, (unsigned long long)sim->seed, orders_placed);
}

static void complain(const struct sim_options *options, uint64_t seed,
                     const struct pgl_sim_report *report)
{
    if (options->script[0] != '\0')
        fprintf(stderr, "violation: %s; replay: panglot sim --script %s\n", report->blame.text,
                options->script);
    else
        fprintf(stderr,
                "violation: %s; replay: panglot sim --seed %llu --orders %lld --faults %s\n",
                report->blame.text, (unsigned long long)seed, (long long)options->orders,
                options->faults);
}

static void write_log(struct pgl_platform *platform, struct pgl_text line)
{
    (void)platform; /* the simulated one */
    fprintf(stderr, "%.*s", PGL_TEXT_ARGS(line));
}

/* ---- runs ---- */

/* A run in a process of its own: an assertion of the program ends that one. */
struct child_run {
    const struct pgl_sim_run_options *options;
    struct pgl_sim_report *report;
    struct pgl_sim_script record;
};

static void send_run(const struct child_run *run, struct pgl_buffer *out)
{
    const char *report = (const char *)run->report, *choices = (const char *)run->record.choices;
    pgl_buffer_add(out, report, sizeof *run->report);
    if (run->record.count > 0)
        pgl_buffer_add(out, choices, run->record.count * sizeof run->record.choices[0]);
}

static void run_here(void *self, struct pgl_buffer *out)
{
    struct child_run *run = self;
    struct pgl_sim_run_options options = *run->options;
    if (options.record != NULL) {
        pgl_sim_script_open(&run->record, options.seed, options.orders, options.faults);
        options.record = &run->record;
    }
    pgl_sim_run(&options, run->report);
    send_run(run, out);
}

static void say_last_words(void *self, struct pgl_buffer *out)
{
    struct child_run *run = self;
    pgl_sim_blame(&run->report->blame, "X0: an assertion of the program failed");
    run->report->placed =
        run->options->script != NULL ? run->options->script->orders : run->options->orders;
    send_run(run, out);
}

static void take_run(const struct child_run *run, const struct pgl_buffer *result)
{
    struct pgl_sim_choice choice;
    size_t at = sizeof *run->report;
    memcpy(run->report, result->data, at);
    for (; run->options->record != NULL && at < result->size; at += sizeof choice) {
        memcpy(&choice, result->data + at, sizeof choice);
        pgl_sim_script_add(run->options->record, choice);
    }
}

static void run_in_child(const struct pgl_sim_run_options *options, struct pgl_sim_report *report)
{
    struct child_run run = { .options = options, .report = report };
    const struct pgl_real_child child = { run_here, say_last_words, &run };
    struct pgl_buffer result;
    pgl_buffer_init(&result, CHILD_BYTES_MAX);
    *report = (struct pgl_sim_report){ 0 };
    pgl_status status = pgl_real_run_child(&child, &result);
    if (pgl_is_ok(status) && result.size >= sizeof *report)
        take_run(&run, &result);
    else
        pgl_sim_blame(&report->blame, "X0: %s", status.text);
    pgl_buffer_free(&result);
}

static struct pgl_sim_run_options run_options(struct sim *sim)
{
    const struct sim_options *options = &sim->options;
    return (struct pgl_sim_run_options){ .seed = sim->seed,
                                         .orders = (uint32_t)options->orders,
                                         .faults = options->allowed,
                                         .script = sim->script.orders > 0 ? &sim->script : NULL,
                                         .log_write = options->logs ? write_log : NULL,
                                         .watch = pgl_real_is_watched() ? watch : NULL,
                                         .self = sim };
}

/* The same once more has to be the same. */
static void run_again(const struct pgl_sim_run_options *run, struct pgl_sim_report *report)
{
    struct pgl_sim_report again;
    run_in_child(run, &again);
    if (again.hash != report->hash)
        pgl_sim_blame(&report->blame, "R1: run again, its hash is %016llx and was %016llx",
                      (unsigned long long)again.hash, (unsigned long long)report->hash);
}

static bool run_one(struct sim *sim)
{
    const struct sim_options *options = &sim->options;
    struct pgl_sim_run_options run = run_options(sim);
    struct pgl_sim_report report;
    struct pgl_sim_script record;
    pgl_sim_script_open(&record, sim->seed, run.orders, run.faults);
    if (options->record[0] != '\0')
        run.record = &record;
    run_in_child(&run, &report);
    bool is_written = run.record == NULL || write_script(sim, &record);
    run.record = NULL;
    if (sim->seed % TWICE == 0 && !report.blame.is_set)
        run_again(&run, &report);
    pgl_sim_script_close(&record);
    if (run.watch != NULL)
        fprintf(stderr, "\r\033[K");
    if (options->is_json)
        print_json(sim->seed, &report);
    else
        print_text(sim->seed, &report);
    fflush(stdout);
    for (int point = 0; point < PGL_BUGGIFY_POINTS; point++)
        sim->bugs[point] += report.bugs[point];
    if (report.blame.is_set)
        complain(options, sim->seed, &report);
    return is_written && !report.blame.is_set;
}

static int run_all(struct sim *sim)
{
    bool is_right = true;
    for (; is_right && sim->done < sim->options.runs; sim->done++) {
        sim->seed = sim->script.orders > 0 ? sim->script.seed
                                           : (uint64_t)sim->options.seed + (uint64_t)sim->done;
        is_right = run_one(sim);
    }
    if (sim->options.is_verbose)
        print_points(sim);
    return is_right ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}

/* The first seed that goes wrong, made as small as it gets. */
static int shrink(struct sim *sim)
{
    for (; sim->done < sim->options.runs; sim->done++) {
        struct pgl_sim_shrunk shrunk;
        sim->seed = (uint64_t)sim->options.seed + (uint64_t)sim->done;
        const struct pgl_sim_run_options run = run_options(sim);
        bool is_wrong = pgl_sim_shrink(&run, run_in_child, &shrunk);
        bool is_written = !is_wrong || write_script(sim, &shrunk.script);
        if (is_wrong)
            fprintf(stderr, "violation: %s; seed=%llu orders=%u faults=%u choices=%u runs=%u\n",
                    shrunk.report.blame.text, (unsigned long long)shrunk.script.seed,
                    pgl_sim_script_placed(&shrunk.script), pgl_sim_script_faults(&shrunk.script),
                    shrunk.script.count, shrunk.runs);
        pgl_sim_script_close(&shrunk.script);
        if (is_wrong || !is_written)
            return PGL_EXIT_WRONG;
    }
    return PGL_EXIT_DONE;
}

int pgl_sim_command(struct pgl_platform *platform, int argc, char **argv)
{
    struct sim sim = {
        .platform = platform,
        .options = { .runs = 1, .orders = 500, .faults = "all", .script = "", .record = "" }
    };
    struct sim_options *options = &sim.options;
    const struct pgl_option table[] = {
        { "--seed", "N", PGL_OPTION_NUMBER, &options->seed, 0,
          "of the first run; each further one counts up (drawn)" },
        { "--runs", "N", PGL_OPTION_NUMBER, &options->runs, 1, "one behind the other (1)" },
        { "--orders", "N", PGL_OPTION_NUMBER, &options->orders, 1, "placed in each run (500)" },
        { "--faults", "LIST", PGL_OPTION_TEXT, &options->faults, 0,
          "all, none, or some of: "
          "kill,power,kill-power,io,full,delay,duplicates,reset,slow,clock,bank,outage,hooks,bugs "
          "(all)" },
        { "--script", "FILE", PGL_OPTION_TEXT, &options->script, 0,
          "instead of a seed: what is written there befalls the run" },
        { "--record", "FILE", PGL_OPTION_TEXT, &options->record, 0,
          "where what befell the run is written, as a script" },
        { "--shrink", NULL, PGL_OPTION_SWITCH, &options->shrinks, 0,
          "makes the first run that goes wrong as small as it gets, and prints its script" },
        { "--json", NULL, PGL_OPTION_SWITCH, &options->is_json, 0, "a JSON object a run" },
        { "--verbose", NULL, PGL_OPTION_SWITCH, &options->is_verbose, 0,
          "how often each point in the program struck, and how many never did" },
        { "--log", NULL, PGL_OPTION_SWITCH, &options->logs, 0,
          "what the simulated program logs, to standard error" },
    };
    const struct pgl_command command = {
        .name = "sim",
        .arguments = "[--seed N] [--runs N] [--orders N] [--faults LIST] [--shrink] [--json]",
        .summary = "Runs the whole program on a simulated machine that fails, and audits every "
                   "commit. The same\n"
                   "seed, orders and faults give the same hash; exit 1 says what was violated, and "
                   "how to see it again.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    options->seed = (int64_t)(pgl_entropy_u64(&platform->entropy) % 1000000000);
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    if (options->orders > PGL_SIM_ORDERS_MAX) {
        fprintf(stderr, "panglot sim: --orders: at most %d\n", PGL_SIM_ORDERS_MAX);
        return PGL_EXIT_USAGE;
    }
    if (!read_faults(options) || !read_script(&sim))
        return PGL_EXIT_USAGE;
    int code = options->shrinks ? shrink(&sim) : run_all(&sim);
    pgl_sim_script_close(&sim.script);
    return code;
}
