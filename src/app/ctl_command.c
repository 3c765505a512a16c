/* ctl_command.c - panglot ctl: operators look at what is stuck, and help it on. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/ctl/ask.h"
#include "app/ctl/import.h"
#include "app/ctl/keys.h"
#include "app/ctl/print.h"
#include "app/options.h"
#include "contract/admin.h"
#include "contract/identity.h"
#include "contract/ops.h"
#include "contract/payments.h"
#include "contract/webhooks.h"
#include "platform/real/real.h"
#include "wire/json.h"

#define IDS_MAX       1000 /* a request takes so many */
#define LIST_MAX      10000
#define LOOK_AGAIN_NS PGL_MILLISECONDS(200)
#define PRINT_BYTES   (64u << 20)
#define API           "/api/v1/"

struct options {
    struct pgl_ctl ctl;
    const char *reason, *service, *why, *status, *outcome;
    int64_t older_than_ns, limit;
    bool is_json, is_all, is_late, is_brief, is_trial;
    struct pgl_ctl_key_wish key;
};

/* ---- what there is ---- */

enum verb_kind {
    LIST,    /* pages of a list */
    SHOW,    /* one, by its name */
    JOB,     /* a wish over many, which is then followed */
    FILE_IN, /* a file, part by part */
    ACT,     /* one command to one thing */
    MAKE     /* a new one */
};

struct verb {
    const char *thing, *name, *path; /* of ACT and SHOW the name goes where the star is */
    enum verb_kind kind;
    const ProtobufCMessageDescriptor *descriptor; /* of the answer; a list has items and next */
    const char *columns;
};

#define JOB_COLUMNS "id kind state over looked done failed last_error"
/* clang-format off */
static const struct verb verbs[] = {
    /* thing      verb      path                kind  answer                             columns */
    { "sagas",   "list",   "admin/sagas",            LIST, SAGA_LIST_DESCRIPTOR,              "order_id status created_at_ns is_late payment reservation" },
    { "sagas",   "show",   "admin/sagas/*",          SHOW, SAGA_VIEW_DESCRIPTOR,              NULL },
    { "sagas",   "retry",  "admin/sagas/*/retry",    ACT,  INTENT_DESCRIPTOR,                 NULL },
    { "sagas",   "settle", "admin/sagas/*/settle",   ACT,  SETTLE_INTENT_RESPONSE_DESCRIPTOR, NULL },
    { "parked",  "list",   "admin/parked",           LIST, LIST_PARKED_RESPONSE_DESCRIPTOR,   "id events since_at_ns tries why" },
    { "parked",  "show",   "admin/parked/*",         SHOW, GET_PARKED_RESPONSE_DESCRIPTOR,    NULL },
    { "parked",  "replay", "admin/parked/replay",    JOB,  JOB_LIST_DESCRIPTOR,               JOB_COLUMNS },
    { "parked",  "drop",   "admin/parked/drop",      JOB,  JOB_LIST_DESCRIPTOR,               JOB_COLUMNS },
    { "intents", "list",   "admin/intents",          LIST, LIST_INTENTS_RESPONSE_DESCRIPTOR,  "order_id refund_no op state attempt tries last_seen due_at_ns" },
    { "intents", "show",   "admin/sagas/*",          SHOW, SAGA_VIEW_DESCRIPTOR,              NULL },
    { "intents", "retry",  "admin/intents/retry",    JOB,  JOB_LIST_DESCRIPTOR,               JOB_COLUMNS },
    { "intents", "settle", "admin/intents/settle",   JOB,  JOB_LIST_DESCRIPTOR,               JOB_COLUMNS },
    { "jobs",    "list",   "admin/jobs",             LIST, JOB_LIST_DESCRIPTOR,               JOB_COLUMNS },
    { "jobs",    "show",   "admin/jobs/*",           SHOW, JOB_DESCRIPTOR,                    NULL },
    { "jobs",    "cancel", "admin/jobs/*/cancel",    ACT,  JOB_DESCRIPTOR,                    NULL },
    { "webhooks", "list",       "webhooks",             LIST, LIST_ENDPOINTS_RESPONSE_DESCRIPTOR,  "id url state waiting delivered dead failing_at_ns" },
    { "webhooks", "show",       "webhooks/*",           SHOW, WEBHOOK_ENDPOINT_DESCRIPTOR,         NULL },
    { "webhooks", "deliveries", "webhooks/deliveries",  LIST, LIST_DELIVERIES_RESPONSE_DESCRIPTOR, "endpoint_id number type state attempts status last_at_ns problem" },
    { "webhooks", "redeliver",  "webhooks/*/redeliver", ACT,  REDELIVER_RESPONSE_DESCRIPTOR,       NULL },
    { "keys",     "list",       "admin/api-keys",          LIST, LIST_KEYS_RESPONSE_DESCRIPTOR, "id name state role subject plan expires_at_ns used_at_ns" },
    { "keys",     "show",       "admin/api-keys/*",        SHOW, API_KEY_DESCRIPTOR,            NULL },
    { "keys",     "create",     "admin/api-keys",          MAKE, API_KEY_DESCRIPTOR,            NULL },
    { "keys",     "rotate",     "admin/api-keys/*/rotate", ACT,  API_KEY_DESCRIPTOR,            NULL },
    { "keys",     "revoke",     "admin/api-keys/*/revoke", ACT,  API_KEY_DESCRIPTOR,            NULL },
    { "products", "import",     "products/imports",     FILE_IN, IMPORT_REPORT_DESCRIPTOR,         NULL },
};
/* clang-format on */
#define VERB_COUNT  (sizeof verbs / sizeof verbs[0])

/* What is wrong with words that are no verb of a thing. */
static const char *complaint_about(const char *thing)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].thing, thing) == 0)
            return "there is no such verb";
    return "there is no such thing: sagas, parked, intents, jobs, webhooks, keys or products is "
           "expected";
}

static const struct verb *find_verb(const char *thing, const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].thing, thing) == 0 && strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- printing ---- */

static void print(const struct pgl_buffer *out)
{
    fwrite(out->data, 1, out->size, stdout);
    fflush(stdout);
}

static void print_json(const ProtobufCMessage *message)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, PRINT_BYTES);
    pgl_json_write(message, &out);
    pgl_buffer_add_char(&out, '\n');
    print(&out);
    pgl_buffer_free(&out);
}

static void print_one(const struct options *options, const ProtobufCMessage *message)
{
    struct pgl_buffer out;
    if (options->is_json) {
        print_json(message);
        return;
    }
    pgl_buffer_init(&out, PRINT_BYTES);
    pgl_print_fields(message, 0, &out);
    print(&out);
    pgl_buffer_free(&out);
}

/* A line each: an object for machines, a row for people. */
static void print_many(const struct options *options, const struct verb *verb,
                       ProtobufCMessage *const *items, size_t count)
{
    struct pgl_buffer out;
    if (options->is_json) {
        for (size_t i = 0; i < count; i++)
            print_json(items[i]);
        return;
    }
    pgl_buffer_init(&out, PRINT_BYTES);
    pgl_print_table(verb->columns, items, count, &out);
    print(&out);
    pgl_buffer_free(&out);
}

/* ---- lists ---- */

/* Every list of the contract has these two fields. */
struct list {
    ProtobufCMessage *const *items;
    size_t count;
    const char *next;
};

static struct list list_of(const void *message)
{
    const ProtobufCMessageDescriptor *descriptor = ((const ProtobufCMessage *)message)->descriptor;
    const ProtobufCFieldDescriptor *items =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, "items");
    const ProtobufCFieldDescriptor *next =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, "next");
    const char *at = message;
    struct list list;
    memcpy(&list.items, at + items->offset, sizeof list.items);
    memcpy(&list.count, at + items->quantifier_offset, sizeof list.count);
    memcpy(&list.next, at + next->offset, sizeof list.next);
    return list;
}

static const char *add_filter(struct options *options, const char *target, const char *name,
                              const char *value)
{
    if (value == NULL)
        return target;
    return pgl_arena_printf(&options->ctl.arena, "%s&%s=%s", target, name,
                            pgl_ctl_encode(&options->ctl, value));
}

static const char *age_of(struct options *options)
{
    return options->older_than_ns > 0
               ? pgl_arena_printf(&options->ctl.arena, "%lld",
                                  (long long)(options->older_than_ns / PGL_SECONDS(1)))
               : NULL;
}

static pgl_status run_list(struct options *options, const struct verb *verb)
{
    struct pgl_ctl *ctl = &options->ctl;
    ProtobufCMessage **all = pgl_arena_alloc(&ctl->arena, LIST_MAX * sizeof all[0]);
    size_t count = 0;
    const char *next = "";
    if (all == NULL)
        return PGL_NO_MEMORY;
    do {
        void *page;
        const char *target = pgl_arena_printf(&ctl->arena, API "%s?limit=100", verb->path);
        target = add_filter(options, target, "service", options->service);
        target = add_filter(options, target, "why", options->why);
        bool is_of_webhooks = strcmp(verb->thing, "webhooks") == 0;
        target = add_filter(options, target, is_of_webhooks ? "state" : "status", options->status);
        target = add_filter(options, target, "olderThanS", age_of(options));
        target = add_filter(options, target, "late", options->is_late ? "true" : NULL);
        target = add_filter(options, target, "cursor", next[0] != '\0' ? next : NULL);
        PGL_TRY(pgl_ctl_get(ctl, target, verb->descriptor, &page));
        struct list list = list_of(page);
        for (size_t i = 0; i < list.count && count < (size_t)options->limit; i++)
            all[count++] = list.items[i];
        next = list.next;
    } while (next[0] != '\0' && count < (size_t)options->limit);
    print_many(options, verb, all, count);
    if (count == 0 && !options->is_json)
        fprintf(stderr, "there is nothing\n");
    return PGL_OK;
}

/* ---- one ---- */

static const char *path_of(struct options *options, const struct verb *verb, const char *name)
{
    struct pgl_text behind = pgl_text_of(verb->path);
    struct pgl_text before = pgl_text_cut(&behind, '*');
    return pgl_arena_printf(&options->ctl.arena, API "%.*s%s%.*s", PGL_TEXT_ARGS(before),
                            pgl_ctl_encode(&options->ctl, name), PGL_TEXT_ARGS(behind));
}

static pgl_status run_show(struct options *options, const struct verb *verb, const char *name)
{
    void *answer;
    PGL_TRY(pgl_ctl_get(&options->ctl, path_of(options, verb, name), verb->descriptor, &answer));
    print_one(options, answer);
    return PGL_OK;
}

static const char outcomes[] = "--outcome: AUTHORIZED, CAPTURED, CANCELLED, DECLINED, REFUNDED or "
                               "REFUND_FAILED is expected";

static pgl_status read_outcome(const char *name, SettledAs *outcome)
{
    *outcome = (SettledAs)pgl_json_enum_named(SETTLED_AS_DESCRIPTOR, name != NULL ? name : "");
    return *outcome != SETTLED_AS_UNSPECIFIED ? PGL_OK : PGL_FAIL(PGL_INVALID, outcomes);
}

/* The dead ones, all of them: as many a request as the platform takes. */
static pgl_status run_redeliver(struct options *options, const struct verb *verb, const char *name)
{
    RedeliveryRange range = REDELIVERY_RANGE_INIT;
    RedeliverResponse sum = REDELIVER_RESPONSE_INIT;
    range.from = 1;
    range.to = PGL_JSON_WHOLE_MAX;
    while (range.from > 0) {
        void *answer;
        PGL_TRY(pgl_ctl_post(&options->ctl, path_of(options, verb, name), &range.base,
                             verb->descriptor, &answer));
        sum.count += ((const RedeliverResponse *)answer)->count;
        range.from = ((const RedeliverResponse *)answer)->next_from;
    }
    print_one(options, &sum.base);
    return PGL_OK;
}

static bool is_of_keys(const struct verb *verb)
{
    return strcmp(verb->thing, "keys") == 0;
}

static pgl_status run_act(struct options *options, const struct verb *verb, const char *name)
{
    void *answer;
    if (strcmp(verb->name, "redeliver") == 0)
        return run_redeliver(options, verb, name);
    Reason reason = REASON_INIT;
    NewSettlement settlement = NEW_SETTLEMENT_INIT;
    const ProtobufCMessage *body = &reason.base;
    reason.reason = settlement.reason = pgl_message_string(options->reason);
    if (strcmp(verb->name, "settle") == 0) {
        PGL_TRY(read_outcome(options->outcome, &settlement.outcome));
        body = &settlement.base;
    }
    if (is_of_keys(verb) && strcmp(verb->name, "revoke") != 0)
        PGL_TRY(pgl_ctl_key_body(&options->ctl, verb->name, &options->key, &body));
    PGL_TRY(
        pgl_ctl_post(&options->ctl, path_of(options, verb, name), body, verb->descriptor, &answer));
    print_one(options, answer);
    return PGL_OK;
}

/* ---- files ---- */

static pgl_status run_import(struct options *options, const char *file, bool *is_good)
{
    ImportReport report = IMPORT_REPORT_INIT;
    PGL_TRY(pgl_ctl_import(&options->ctl, options->ctl.loop.platform, file, options->is_trial,
                           &report));
    *is_good = report.n_errors == 0;
    print_one(options, &report.base);
    return PGL_OK;
}

/* ---- jobs ---- */

static void show_progress(const Job *job)
{
    if (pgl_real_is_watched())
        fprintf(stderr, "\r\033[K%s: looked at %lld, done %lld, failed %lld", job->id,
                (long long)job->looked, (long long)job->done, (long long)job->failed);
}

/* Until it has ended. */
static pgl_status follow(struct options *options, Job **job)
{
    struct pgl_ctl *ctl = &options->ctl;
    const char *target = pgl_arena_printf(&ctl->arena, API "admin/jobs/%s", (*job)->id);
    while ((*job)->state == JOB_STATE_RUNNING && !options->is_brief) {
        void *answer;
        show_progress(*job);
        pgl_fetch_wait(&ctl->fetch, LOOK_AGAIN_NS);
        PGL_TRY(pgl_ctl_get(ctl, target, JOB_DESCRIPTOR, &answer));
        *job = answer;
    }
    return PGL_OK;
}

static pgl_status run_job(struct options *options, const struct verb *verb, const char **ids,
                          size_t count, bool *is_good)
{
    struct pgl_ctl *ctl = &options->ctl;
    SettledAs outcome;
    NewJob wish = NEW_JOB_INIT;
    void *answer;
    wish.reason = pgl_message_string(options->reason);
    wish.service = pgl_message_string(options->service != NULL ? options->service : "");
    wish.why = pgl_message_string(options->why != NULL ? options->why : "");
    wish.older_than_s = options->older_than_ns / PGL_SECONDS(1);
    wish.all = options->is_all;
    wish.ids = pgl_arena_alloc(&ctl->arena, (count + 1) * sizeof wish.ids[0]);
    if (wish.ids == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        wish.ids[wish.n_ids++] = pgl_message_string(ids[i]);
    if (strcmp(verb->name, "settle") == 0) {
        PGL_TRY(read_outcome(options->outcome, &outcome));
        wish.outcome = pgl_message_string(options->outcome);
    }
    const char *target = pgl_arena_printf(&ctl->arena, API "%s", verb->path);
    PGL_TRY(pgl_ctl_post(ctl, target, &wish.base, verb->descriptor, &answer));
    JobList *jobs = answer;
    for (size_t i = 0; i < jobs->n_items; i++) {
        PGL_TRY(follow(options, &jobs->items[i]));
        *is_good &= jobs->items[i]->failed == 0 && jobs->items[i]->state != JOB_STATE_CANCELLED;
    }
    if (pgl_real_is_watched() && !options->is_brief)
        fprintf(stderr, "\r\033[K");
    print_many(options, verb, (ProtobufCMessage *const *)jobs->items, jobs->n_items);
    return PGL_OK;
}

/* ---- which ---- */

static int complain(const char *what)
{
    fprintf(stderr, "panglot ctl: %s\nTry 'panglot ctl --help'.\n", what);
    return PGL_EXIT_USAGE;
}

/* NULL when it can be asked. */
static const char *check(const struct options *options, const struct verb *verb, size_t names)
{
    bool is_filter = options->is_all || options->why != NULL || options->older_than_ns > 0;
    SettledAs outcome;
    if (strcmp(verb->name, "settle") == 0 && !pgl_is_ok(read_outcome(options->outcome, &outcome)))
        return outcomes;
    switch (verb->kind) {
    case LIST:
        return names == 0 ? NULL : "a list takes no names";
    case SHOW:
        return names == 1 ? NULL : "one name is expected";
    case MAKE:
        if (names != 0)
            return "it is given a name of its own";
        return options->key.scopes != NULL ? NULL : "--scopes: one is required at least";
    case ACT:
        if (names != 1)
            return "one name is expected";
        break;
    case FILE_IN:
        return names == 1 ? NULL : "one file is expected: .csv, or a product a line as JSON";
    case JOB:
        if ((names > 0) == is_filter)
            return "names, or a filter (--why, --older-than), or --all: one of them is expected";
        break;
    }
    if (strcmp(verb->name, "redeliver") == 0 || strcmp(verb->name, "rotate") == 0)
        return NULL; /* nothing but what was asked for before; nothing that is missed */
    return options->reason != NULL ? NULL : "--reason: it is required; it is kept in the audit log";
}

static pgl_status run(struct options *options, const struct verb *verb, const char **names,
                      size_t count, bool *is_good)
{
    switch (verb->kind) {
    case LIST:
        return run_list(options, verb);
    case SHOW:
        return run_show(options, verb, names[0]);
    case ACT:
        return run_act(options, verb, names[0]);
    case MAKE:
        return run_act(options, verb, "");
    case FILE_IN:
        return run_import(options, names[0], is_good);
    case JOB:
        break;
    }
    return run_job(options, verb, names, count, is_good);
}

static void describe(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(
        out,
        "Asks a running platform as an operator. What changes something is kept in the audit log "
        "with its\n--reason, which a redelivery, an import, and a key that is made\nor rotated, "
        "may "
        "lack. A job takes names, or a filter for any "
        "number: it is worked\noff by the platform, and followed here.\n\n");
    const char *thing = "";
    for (size_t i = 0; i < VERB_COUNT; i++) {
        bool is_new = strcmp(thing, verbs[i].thing) != 0;
        pgl_buffer_printf(out, "%s%s%s", is_new && i > 0 ? "\n" : "", is_new ? "  " : ", ",
                          is_new ? verbs[i].thing : "");
        pgl_buffer_printf(out, "%s%s", is_new ? "  " : "", verbs[i].name);
        thing = verbs[i].thing;
    }
    pgl_buffer_add_literal(
        out, "\n\nExits 0 when it was done, 1 when it could not be, or something of it failed, 2 "
             "when it was\nasked wrongly.");
    pgl_buffer_add_char(out, '\0');
}

int pgl_ctl_command(struct pgl_platform *platform, int argc, char **argv)
{
    static const char *words[2 + IDS_MAX + 1]; /* NULL behind the last */
    static struct options options;
    options = (struct options){ .ctl = { .data = "panglot-data",
                                         .url = "http://127.0.0.1:8080",
                                         .subject = "ctl",
                                         .tenant = "default" },
                                .limit = 1000 };
    /* clang-format off */
    const struct pgl_option table[] = {
        { "--url", "URL", PGL_OPTION_TEXT, &options.ctl.url, 0, "where the platform listens (http://127.0.0.1:8080)" },
        { "--data", "DIR", PGL_OPTION_TEXT, &options.ctl.data, 0, "its folder, for the key that signs the token (panglot-data)" },
        { "--sub", "NAME", PGL_OPTION_TEXT, &options.ctl.subject, 0, "who you are, for the audit log (ctl)" },
        { "--tenant", "NAME", PGL_OPTION_TEXT, &options.ctl.tenant, 0, "whose things (default)" },
        { "--json", NULL, PGL_OPTION_SWITCH, &options.is_json, 0, "an object a line" },
        { "--reason", "TEXT", PGL_OPTION_TEXT, &options.reason, 0, "why; for everything that changes something" },
        { "--service", "NAME", PGL_OPTION_TEXT, &options.service, 0, "orders, payments, inventory or webhooks; all where nothing is said" },
        { "--why", "TEXT", PGL_OPTION_TEXT, &options.why, 0, "only what was parked for a reason with these words" },
        { "--older-than", "TIME", PGL_OPTION_DURATION, &options.older_than_ns, 0, "only what is so old: 30s, 15m, 1h" },
        { "--all", NULL, PGL_OPTION_SWITCH, &options.is_all, 0, "in place of names or a filter" },
        { "--late", NULL, PGL_OPTION_SWITCH, &options.is_late, 0, "of sagas, those past their deadline" },
        { "--status", "NAME", PGL_OPTION_TEXT, &options.status, 0, "of sagas, intents and deliveries, only those" },
        { "--outcome", "NAME", PGL_OPTION_TEXT, &options.outcome, 0, "for settle: AUTHORIZED, CAPTURED, CANCELLED, DECLINED, ..." },
        { "--limit", "N", PGL_OPTION_NUMBER, &options.limit, 1, "lines of a list, at most 10000 (1000)" },
        { "--name", "TEXT", PGL_OPTION_TEXT, &options.key.name, 0, "of a key: what it is for" },
        { "--scopes", "LIST", PGL_OPTION_TEXT, &options.key.scopes, 0, "of a key: orders:read,orders:write,..." },
        { "--role", "ROLE", PGL_OPTION_TEXT, &options.key.role, 0, "of a key (partner)" },
        { "--owner", "NAME", PGL_OPTION_TEXT, &options.key.owner, 0, "of a key: who acts with it (its own id)" },
        { "--plan", "NAME", PGL_OPTION_TEXT, &options.key.plan, 0, "of a key: its rate plan" },
        { "--cidrs", "LIST", PGL_OPTION_TEXT, &options.key.cidrs, 0, "of a key: from where, 10.1.0.0/16,... (anywhere)" },
        { "--expires", "TIME", PGL_OPTION_DURATION, &options.key.expires_ns, 0, "of a key: from now on (never)" },
        { "--overlap", "TIME", PGL_OPTION_DURATION, &options.key.overlap_ns, 0, "of rotate: the old secret lets in as well (24h)" },
        { "--at-once", NULL, PGL_OPTION_SWITCH, &options.key.at_once, 0, "of rotate: it does not" },
        { "--trial", NULL, PGL_OPTION_SWITCH, &options.is_trial, 0, "of an import, only look whether it would be taken" },
        { "--no-wait", NULL, PGL_OPTION_SWITCH, &options.is_brief, 0, "do not follow a job to its end" },
    };
    /* clang-format on */
    struct pgl_buffer summary;
    pgl_buffer_init(&summary, 8192);
    describe(&summary);
    const struct pgl_command command = {
        .name = "ctl",
        .arguments = "THING VERB [NAME...] [--reason TEXT] [--json]",
        .summary = summary.data,
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .words = words,
        .words_min = 2,
        .words_max = 2 + IDS_MAX,
    };
    enum pgl_parsed parsed = pgl_options_parse(&command, argc, argv, pgl_real_environment);
    pgl_buffer_free(&summary);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    size_t names = 0;
    while (words[2 + names] != NULL)
        names++;
    const struct verb *verb = find_verb(words[0], words[1]);
    const char *wrong = verb != NULL ? check(&options, verb, names) : complaint_about(words[0]);
    if (wrong == NULL && options.limit > LIST_MAX)
        wrong = "--limit: at most 10000";
    if (wrong != NULL)
        return complain(wrong);
    bool is_good = true;
    pgl_status status = pgl_ctl_open(&options.ctl, platform);
    if (pgl_is_ok(status))
        status = run(&options, verb, words + 2, names, &is_good);
    if (!pgl_is_ok(status))
        fprintf(stderr, "panglot ctl: %s %s: %s\n", words[0], words[1], status.text);
    pgl_ctl_close(&options.ctl);
    return pgl_is_ok(status) && is_good ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}
