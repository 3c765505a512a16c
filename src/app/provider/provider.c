/* provider.c - see provider.h. */
#include "app/provider/provider.h"

#include <stdio.h>

#include "base/time.h"

#define ARENA_CHUNK_BYTES     4096
#define ARENA_LIMIT_BYTES     65536
#define BATCH_MAX             512
#define CHECKPOINT_PAGES      8192
#define CHECKPOINT_IDLE_PAGES 1024
#define CACHE_KIB             16384
#define DRAIN_NS              PGL_SECONDS(5)

/* ---- stopping ---- */

static void close_door(void *self)
{
    pgl_http_server_drain(&((struct pgl_provider *)self)->face.http);
}

static bool is_idle(void *self)
{
    return pgl_http_server_is_idle(&((struct pgl_provider *)self)->face.http);
}

static void open_drain(struct pgl_provider *provider)
{
    const struct pgl_drain_options options = { .at_most_ns = DRAIN_NS,
                                               .self = provider,
                                               .close = close_door,
                                               .is_idle = is_idle,
                                               .threads = provider->threads,
                                               .thread_count = PGL_PROVIDER_THREADS };
    pgl_drain_open(&provider->drain, &provider->loops[PGL_PROVIDER_FRONT], &options);
}

void pgl_provider_stop(struct pgl_provider *provider)
{
    pgl_drain_ask(&provider->drain);
}

/* ---- opening ---- */

static const char *path_of(struct pgl_provider *provider, const char *name)
{
    return pgl_arena_printf(&provider->arena, "%s/%s", provider->options.data, name);
}

/* The first line of a file of the folder, which is made where there is none. */
static pgl_status read_or_make(struct pgl_provider *provider, const char *name, const char *made,
                               const char **line)
{
    struct pgl_disk *disk = provider->platform->disk;
    const char *path = path_of(provider, name);
    struct pgl_text text = pgl_text_of(pgl_arena_printf(&provider->arena, "%s\n", made));
    pgl_status read =
        disk->ops->read_file(disk, path, PGL_PROVIDER_KEY_BYTES_MAX, &provider->arena, &text);
    if (read.code == PGL_NOT_FOUND)
        read = disk->ops->write_file(disk, path, text);
    PGL_TRY(read);
    *line = pgl_arena_string(&provider->arena, pgl_text_cut(&text, '\n'));
    return *line != NULL && (*line)[0] != '\0'
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "a key in this folder is empty");
}

/* The key is one that everybody knows: this is no place for money. What webhooks are signed with is
 * drawn, since whoever hears them may be more than a toy. */
static pgl_status read_keys(struct pgl_provider *provider)
{
    struct pgl_provider_options *options = &provider->options;
    if (options->key == NULL)
        PGL_TRY(read_or_make(provider, PGL_PROVIDER_KEY_FILE, PGL_PROVIDER_KEY, &options->key));
    if (options->face.webhooks == NULL || options->face.webhooks->secret != NULL)
        return PGL_OK;
    uint64_t drawn = pgl_entropy_u64(&provider->platform->entropy);
    uint64_t more = pgl_entropy_u64(&provider->platform->entropy);
    const char *made = pgl_arena_printf(&provider->arena, "whsec_%016llx%016llx",
                                        (unsigned long long)drawn, (unsigned long long)more);
    return read_or_make(provider, PGL_PROVIDER_SECRET_FILE, made, &options->face.webhooks->secret);
}

static pgl_status open_threads(struct pgl_provider *provider)
{
    static const char *const names[PGL_PROVIDER_THREADS] = { "front", "desk" };
    for (int t = 0; t < PGL_PROVIDER_THREADS; t++) {
        struct pgl_thread *thread = &provider->threads[t];
        thread->name = names[t];
        thread->waiter = provider->platform->waiter_open(provider->platform);
        if (thread->waiter == NULL)
            return PGL_FAIL(PGL_EXHAUSTED, "no memory for a thread");
        pgl_loop_init(&provider->loops[t], names[t], provider->platform, thread->waiter);
        provider->loops[t].log.cap = &provider->log_cap;
        thread->loops[thread->loop_count++] = &provider->loops[t];
    }
    return PGL_OK;
}

/* Where customers are sent is known once it listens; nobody is sent anywhere before. */
static pgl_status open_parts(struct pgl_provider *provider)
{
    const struct pgl_face_options *face = &provider->options.face;
    struct pgl_bank_options bank = provider->options.bank;
    const struct pgl_writer_options writer = {
        .database = { .path = path_of(provider, "provider.db"),
                      .vfs_name = provider->options.vfs_name,
                      .cache_kib = CACHE_KIB },
        .batch_max = BATCH_MAX,
        .checkpoint_pages = CHECKPOINT_PAGES,
        .checkpoint_idle_pages = CHECKPOINT_IDLE_PAGES,
    };
    bank.key = provider->options.key;
    bank.base_url = provider->base_url;
    pgl_face_init(&provider->face, &provider->loops[PGL_PROVIDER_FRONT], face);
    PGL_TRY(pgl_desk_open(&provider->desk, &provider->loops[PGL_PROVIDER_DESK], &writer, &bank,
                          face->webhooks != NULL ? &provider->face.hooks : NULL));
    PGL_TRY(pgl_face_open(&provider->face, &provider->desk.writer.commands, face));
    bool is_v6 = strchr(face->host, ':') != NULL;
    snprintf(provider->base_url, sizeof provider->base_url, "http://%s%s%s:%u", is_v6 ? "[" : "",
             face->host, is_v6 ? "]" : "", pgl_http_server_port(&provider->face.http));
    return PGL_OK;
}

pgl_status pgl_provider_open(struct pgl_provider *provider, struct pgl_platform *platform,
                             const struct pgl_provider_options *options)
{
    struct pgl_disk *disk = platform->disk;
    memset(provider, 0, sizeof *provider);
    provider->platform = platform;
    provider->options = *options;
    pgl_arena_init(&provider->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    PGL_TRY(disk->ops->make_folder(disk, options->data));
    PGL_TRY(disk->ops->lock(disk, path_of(provider, "lock"), &provider->lock));
    PGL_TRY(read_keys(provider));
    PGL_TRY(open_threads(provider));
    open_drain(provider);
    return open_parts(provider);
}

void pgl_provider_close(struct pgl_provider *provider)
{
    pgl_face_close(&provider->face);
    pgl_desk_close(&provider->desk);
    for (int t = 0; t < PGL_PROVIDER_THREADS; t++)
        if (provider->threads[t].waiter != NULL)
            provider->threads[t].waiter->ops->close(provider->threads[t].waiter);
    provider->platform->disk->ops->unlock(provider->platform->disk, &provider->lock);
    pgl_arena_free(&provider->arena);
}
