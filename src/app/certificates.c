/* certificates.c - see certificates.h. */
#include "app/certificates.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/time.h"
#include "wire/tls_certificate.h"

#define ROOM_CHUNK_BYTES (16u << 10)
#define ROOM_LIMIT_BYTES (4u << 20) /* more than all files of the largest kind */
#define MADE_LASTS_NS    PGL_HOURS(24 * 90)
#define MADE_RENEWED_S   (INT64_C(86400) * 30) /* before its end */
#define DAY_S            86400

/* All that was read. */
struct set {
    struct pgl_tls_server_options options;
    const char *paths[PGL_TLS_PAIRS_MAX]; /* of the certificates */
    uint8_t digest[PGL_DIGEST_BYTES];
};

/* ---- reading ---- */

static int64_t now_s(const struct pgl_certificates *c)
{
    return pgl_clock_wall_ns(&c->platform->clock) / PGL_SECONDS(1);
}

static pgl_status read_file(struct pgl_certificates *c, const char *path, struct pgl_text *text)
{
    struct pgl_disk *disk = c->platform->disk;
    pgl_status status = disk->ops->read_file(disk, path, PGL_TLS_PEM_BYTES_MAX, &c->room, text);
    return pgl_is_ok(status)
               ? status
               : PGL_FAIL(status.code, pgl_arena_printf(&c->room, "%s: %s", path, status.text));
}

/* The next path of a list; NULL behind the last. */
static const char *next_path(struct pgl_certificates *c, struct pgl_text *list)
{
    return list->data == NULL ? NULL
                              : pgl_arena_string(&c->room, pgl_text_trim(pgl_text_cut(list, ',')));
}

static pgl_status read_pairs(struct pgl_certificates *c, struct set *set)
{
    struct pgl_tls_server_options *options = &set->options;
    struct pgl_text certificates = pgl_text_of(c->options.certificates);
    struct pgl_text keys = pgl_text_of(c->options.keys);
    const char *certificate = next_path(c, &certificates), *key = next_path(c, &keys);
    while (certificate != NULL && key != NULL) {
        if (options->pair_count == PGL_TLS_PAIRS_MAX)
            return PGL_FAIL(PGL_INVALID, "more than sixteen certificates");
        struct pgl_tls_pair *pair = &options->pairs[options->pair_count];
        set->paths[options->pair_count++] = certificate;
        PGL_TRY(read_file(c, certificate, &pair->certificate));
        PGL_TRY(read_file(c, key, &pair->key));
        certificate = next_path(c, &certificates);
        key = next_path(c, &keys);
    }
    return certificate == NULL && key == NULL
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "as many certificates as keys are expected");
}

static pgl_status make(struct pgl_certificates *c, struct pgl_text *text)
{
    struct pgl_disk *disk = c->platform->disk;
    struct pgl_buffer pem;
    pgl_buffer_init(&pem, PGL_TLS_PEM_BYTES_MAX);
    int64_t now_ns = pgl_clock_wall_ns(&c->platform->clock);
    pgl_status status = pgl_tls_make_for_localhost(now_ns, MADE_LASTS_NS, &pem);
    if (pgl_is_ok(status))
        status = disk->ops->write_file(disk, c->options.made, pgl_buffer_text(&pem));
    if (pem.size > 0)
        explicit_bzero(pem.data, pem.size);
    pgl_buffer_free(&pem);
    return pgl_is_ok(status) ? read_file(c, c->options.made, text) : status;
}

/* One that there is is taken, until it is about to end. */
static pgl_status read_made(struct pgl_certificates *c, struct set *set)
{
    struct pgl_disk *disk = c->platform->disk;
    struct pgl_tls_facts facts;
    struct pgl_text text = PGL_TEXT("");
    pgl_status read =
        disk->ops->read_file(disk, c->options.made, PGL_TLS_PEM_BYTES_MAX, &c->room, &text);
    if (pgl_is_ok(read))
        PGL_TRY(pgl_tls_facts_read(text, &facts));
    if (read.code == PGL_NOT_FOUND ||
        (pgl_is_ok(read) && facts.until_s - now_s(c) < MADE_RENEWED_S))
        read = make(c, &text);
    set->options.pairs[0] = (struct pgl_tls_pair){ text, text };
    set->options.pair_count = 1;
    set->paths[0] = c->options.made;
    return read;
}

static pgl_status digest(const struct pgl_tls_server_options *options,
                         uint8_t digest[PGL_DIGEST_BYTES])
{
    struct pgl_sha256_stream stream;
    if (!pgl_sha256_begin(&stream))
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for TLS");
    for (size_t i = 0; i < options->pair_count; i++) {
        pgl_sha256_add(&stream, options->pairs[i].certificate);
        pgl_sha256_add(&stream, options->pairs[i].key);
    }
    pgl_sha256_add(&stream, options->client_authorities);
    pgl_sha256_end(&stream, digest);
    return PGL_OK;
}

static pgl_status read_set(struct pgl_certificates *c, struct set *set)
{
    *set = (struct set){ .options = { .needs_client = c->options.needs_client,
                                      .is_tls13_only = c->options.is_tls13_only,
                                      .offers_http2 = c->options.offers_http2,
                                      .client_authorities = PGL_TEXT("") } };
    if (c->options.certificates != NULL || c->options.keys != NULL)
        PGL_TRY(read_pairs(c, set));
    else if (c->options.made != NULL)
        PGL_TRY(read_made(c, set));
    if (c->options.client_authorities != NULL)
        PGL_TRY(read_file(c, c->options.client_authorities, &set->options.client_authorities));
    return digest(&set->options, set->digest);
}

/* Private keys do not stay in memory that others will use; why it failed does. */
static pgl_status clear(struct pgl_certificates *c, struct set *set, pgl_status status)
{
    snprintf(c->why, sizeof c->why, "%s", status.text);
    status.text = c->why;
    for (size_t i = 0; i < set->options.pair_count; i++) {
        struct pgl_text key = set->options.pairs[i].key; /* none where it could not be read */
        if (key.size > 0)
            explicit_bzero((void *)(uintptr_t)key.data, key.size);
    }
    pgl_arena_reset(&c->room);
    return status;
}

/* ---- looking at it ---- */

static void count_days(struct pgl_certificates *c)
{
    int64_t left_s = c->until_s - now_s(c);
    pgl_counter_set(&c->days_left, left_s > 0 ? (uint64_t)(left_s / DAY_S) : 0);
}

/* The first file that is wrong. */
static pgl_status wrong(struct pgl_certificates *c, const char *path, const char *why)
{
    return PGL_FAIL(PGL_INVALID, pgl_arena_printf(&c->room, "%s: %s", path, why));
}

/* When the first of them ends. PGL_INVALID when one has ended, or has not begun. */
static pgl_status check_dates(struct pgl_certificates *c, const struct set *set, int64_t *until_s)
{
    pgl_status status = PGL_OK;
    *until_s = INT64_MAX;
    for (size_t i = 0; i < set->options.pair_count; i++) {
        struct pgl_tls_facts facts;
        pgl_status read = pgl_tls_facts_read(set->options.pairs[i].certificate, &facts);
        if (!pgl_is_ok(read))
            return wrong(c, set->paths[i], read.text);
        if (facts.until_s < *until_s)
            *until_s = facts.until_s;
        if (facts.until_s <= now_s(c))
            status = wrong(c, set->paths[i], "it has expired");
        else if (facts.from_s > now_s(c))
            status = wrong(c, set->paths[i], "it is not valid yet");
    }
    return status;
}

static pgl_status open_context(struct pgl_certificates *c, const struct set *set,
                               struct pgl_tls_context **context)
{
    const struct pgl_certificates_options *options = &c->options;
    const struct pgl_tls_client_options caller = { .authorities = set->options.client_authorities,
                                                   .own = set->options.pairs[0],
                                                   .is_http2 = options->offers_http2 };
    pgl_status status = options->is_caller ? pgl_tls_client_context_open_with(&caller, context)
                                           : pgl_tls_server_context_open(&set->options, context);
    const char *paths = options->certificates != NULL ? options->certificates : options->made;
    return pgl_is_ok(status) ? status : wrong(c, paths, status.text);
}

static void say_shown(struct pgl_certificates *c, const struct set *set)
{
    for (size_t i = 0; i < set->options.pair_count; i++) {
        struct pgl_tls_facts facts;
        if (pgl_is_ok(pgl_tls_facts_read(set->options.pairs[i].certificate, &facts)))
            pgl_log(&c->reload->loop->log, PGL_LOG_INFO, "app", "certificate", "name=%s days=%lld",
                    facts.name, (long long)(facts.until_s - now_s(c)) / DAY_S);
    }
}

/* ---- exchanging ---- */

/* On the loop that it is for. */
static void take(void *owner, struct pgl_message *message)
{
    struct pgl_certificates *c = owner;
    struct pgl_tls_exchange *exchange = PGL_CONTAINER(message, struct pgl_tls_exchange, message);
    struct pgl_tls_context *before = c->contexts.current;
    c->contexts.current = exchange->context;
    exchange->context = before;
    pgl_message_reply(message);
}

static void take_back(void *owner, struct pgl_message *message)
{
    struct pgl_tls_exchange *exchange = PGL_CONTAINER(message, struct pgl_tls_exchange, message);
    (void)owner;
    pgl_tls_context_close(exchange->context);
    exchange->context = NULL;
    exchange->is_out = false;
}

static pgl_status exchange(struct pgl_certificates *c, const struct set *set)
{
    int64_t until_s;
    struct pgl_tls_context *context;
    PGL_TRY(check_dates(c, set, &until_s));
    PGL_TRY(open_context(c, set, &context));
    c->exchange.context = context;
    c->exchange.is_out = true;
    c->exchange.message.reply_to = &c->returns;
    pgl_status sent = pgl_mailbox_send(c->reload->loop, &c->takes, &c->exchange.message);
    PGL_ASSERT(pgl_is_ok(sent)); /* one exchange at a time */
    c->until_s = until_s;
    memcpy(c->shown, set->digest, sizeof c->shown);
    pgl_counter_add(&c->exchanged, 1);
    say_shown(c, set);
    return PGL_OK;
}

/* What is refused is said once, and not every time somebody looks. */
static pgl_status look(struct pgl_certificates *c, bool *is_new)
{
    struct set set;
    pgl_status status = read_set(c, &set);
    *is_new = false;
    if (pgl_is_ok(status) && memcmp(set.digest, c->shown, sizeof set.digest) != 0) {
        status = exchange(c, &set);
        *is_new = memcmp(set.digest, c->refused_digest, sizeof set.digest) != 0;
    } else if (!pgl_is_ok(status)) {
        pgl_sha256(pgl_text_of(status.text), set.digest); /* no file, no digest */
        *is_new = memcmp(set.digest, c->refused_digest, sizeof set.digest) != 0;
    }
    if (pgl_is_ok(status))
        memset(c->refused_digest, 0, sizeof c->refused_digest);
    else
        memcpy(c->refused_digest, set.digest, sizeof set.digest);
    return clear(c, &set, status);
}

static pgl_status look_and_say(struct pgl_certificates *c)
{
    bool is_new;
    if (c->exchange.is_out)
        return PGL_OK; /* the listener has not had its turn; we look again soon */
    pgl_status status = look(c, &is_new);
    if (!pgl_is_ok(status) && is_new) {
        pgl_counter_add(&c->refused, 1);
        pgl_log(&c->reload->loop->log, PGL_LOG_ERROR, "app", "certificate-refused",
                "code=%s text=\"%s\"", pgl_code_name(status.code), status.text);
    }
    count_days(c);
    return status;
}

static void on_due(void *owner);

static void arm(struct pgl_certificates *c)
{
    struct pgl_loop *loop = c->reload->loop;
    pgl_timer_set(&loop->timers, &c->timer, loop->now_ns + c->options.check_every_ns, on_due, c);
}

static void on_due(void *owner)
{
    struct pgl_certificates *c = owner;
    pgl_status status = look_and_say(c);
    (void)status; /* it was said */
    arm(c);
}

static pgl_status on_reload(void *self)
{
    return look_and_say(self);
}

/* ---- the beginning and the end ---- */

/* At the start a certificate that has expired is better than no platform. */
static pgl_status begin(struct pgl_certificates *c)
{
    struct set set;
    pgl_status status = read_set(c, &set);
    if (pgl_is_ok(status))
        status = open_context(c, &set, &c->contexts.current);
    if (pgl_is_ok(status)) {
        memcpy(c->shown, set.digest, sizeof c->shown);
        pgl_status dates = check_dates(c, &set, &c->until_s);
        if (!pgl_is_ok(dates))
            pgl_log(&c->reload->loop->log, PGL_LOG_ERROR, "app", "certificate-dates", "text=\"%s\"",
                    dates.text);
        count_days(c);
        say_shown(c, &set);
    }
    return clear(c, &set, status);
}

pgl_status pgl_certificates_open(struct pgl_certificates *c, struct pgl_platform *platform,
                                 struct pgl_reload *reload, struct pgl_loop *loop,
                                 const struct pgl_certificates_options *options)
{
    *c = (struct pgl_certificates){ .platform = platform, .reload = reload, .options = *options };
    pgl_arena_init(&c->room, ROOM_CHUNK_BYTES, ROOM_LIMIT_BYTES);
    PGL_TRY(begin(c));
    pgl_mailbox_open(&c->takes, loop, 1, take, c);
    pgl_mailbox_open(&c->returns, reload->loop, 1, take_back, c);
    pgl_reload_add(reload, "certificates", on_reload, c);
    arm(c);
    return PGL_OK;
}

void pgl_certificates_register(struct pgl_certificates *c, struct pgl_registry *registry,
                               const char *labels)
{
    pgl_registry_add(registry, "panglot_tls_certificate_days",
                     "Whole days until the first of the certificates ends.", PGL_METRIC_GAUGE,
                     labels, &c->days_left);
    pgl_registry_add(registry, "panglot_tls_certificates_exchanged_total",
                     "Times that other certificates were read and shown from then on.",
                     PGL_METRIC_COUNTER, labels, &c->exchanged);
    pgl_registry_add(registry, "panglot_tls_certificates_refused_total",
                     "Files that were read again and could not be used.", PGL_METRIC_COUNTER,
                     labels, &c->refused);
}

void pgl_certificates_close(struct pgl_certificates *c)
{
    if (c->platform == NULL)
        return;
    pgl_tls_context_close(c->contexts.current);
    if (c->exchange.is_out)
        pgl_tls_context_close(c->exchange.context);
    pgl_arena_free(&c->room);
}
