/* restore.c - see restore.h. */
#include "app/restore.h"

#include "app/backup.h"
#include "app/keys.h"
#include "base/time.h"
#include "events/epoch.h"
#include "services/payments/provider_hold.h"
#include "wire/json.h"

#define ARENA_CHUNK_BYTES 65536
#define ARENA_LIMIT_BYTES (4u << 20)

static const struct {
    enum pgl_boot_file file;
    Log log;
} logs[] = {
    { PGL_FILE_ORDERS, LOG_ORDERS },
    { PGL_FILE_PAYMENTS, LOG_PAYMENTS },
    { PGL_FILE_INVENTORY, LOG_INVENTORY },
};
#define LOG_COUNT (sizeof logs / sizeof logs[0])

struct restore {
    struct pgl_platform *platform;
    struct pgl_arena arena;
    const char *from, *folder, *beside;
    const Backup *manifest;
    struct pgl_epoch epochs[LOG_COUNT];
    const char *reason; /* why nothing is sent to the provider */
};

/* ---- the copy ---- */

static pgl_status read_manifest(struct restore *restore)
{
    struct pgl_disk *disk = restore->platform->disk;
    struct pgl_text text;
    void *message;
    const char *path = pgl_arena_printf(&restore->arena, "%s/" PGL_BACKUP_MANIFEST, restore->from);
    pgl_status read =
        disk->ops->read_file(disk, path, PGL_BACKUP_MANIFEST_BYTES, &restore->arena, &text);
    if (read.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_NOT_FOUND,
                        "no manifest.json: it is no backup, or one that did not end");
    PGL_TRY(read);
    PGL_TRY(pgl_json_read(BACKUP_DESCRIPTOR, &restore->arena, text, &pgl_json_request_limits,
                          &message));
    restore->manifest = message;
    return restore->manifest->format == PGL_BACKUP_FORMAT
               ? PGL_OK
               : PGL_FAIL(PGL_CONFLICT, "the backup is of another version of the program");
}

static bool has_file(const Backup *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->n_files; i++)
        if (strcmp(manifest->files[i]->name, name) == 0)
            return true;
    return false;
}

static pgl_status copy_file(struct restore *restore, const BackupFile *file)
{
    struct pgl_arena *arena = &restore->arena;
    BackupFile measured = BACKUP_FILE_INIT;
    if (strchr(file->name, '/') != NULL)
        return PGL_FAIL(PGL_DATA_LOSS, "the manifest names a file that is elsewhere");
    pgl_status copied = pgl_backup_measure(
        restore->platform->disk, arena, pgl_arena_printf(arena, "%s/%s", restore->from, file->name),
        pgl_arena_printf(arena, "%s/%s", restore->beside, file->name), NULL, &measured);
    if (copied.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_DATA_LOSS,
                        pgl_arena_printf(arena, "%s: it is missing in the backup", file->name));
    PGL_TRY(copied);
    if (measured.bytes != file->bytes || strcmp(measured.sha256, file->sha256) != 0)
        return PGL_FAIL(
            PGL_DATA_LOSS,
            pgl_arena_printf(arena, "%s: it is not what the manifest says", file->name));
    return PGL_OK;
}

/* An empty folder may be there; a rename takes its place. */
static pgl_status check_empty(struct restore *restore, const char *folder, const char *complaint)
{
    struct pgl_disk *disk = restore->platform->disk;
    bool is_empty = true;
    pgl_status looked = disk->ops->is_empty(disk, folder, &is_empty);
    if (!pgl_is_ok(looked) && looked.code != PGL_NOT_FOUND)
        return looked;
    return is_empty ? PGL_OK : PGL_FAIL(PGL_CONFLICT, complaint);
}

static pgl_status copy_all(struct restore *restore)
{
    static const char *const needed[] = { "catalog.db",   "orders.db",   "payments.db",
                                          "inventory.db", "webhooks.db", "identity.db",
                                          PGL_KEY_FILE };
    struct pgl_disk *disk = restore->platform->disk;
    PGL_TRY(read_manifest(restore));
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!has_file(restore->manifest, needed[i]))
            return PGL_FAIL(
                PGL_DATA_LOSS,
                pgl_arena_printf(&restore->arena, "%s: the manifest does not name it", needed[i]));
    PGL_TRY(check_empty(restore, restore->folder, "the folder is not empty"));
    PGL_TRY(check_empty(restore, restore->beside,
                        "FOLDER.part is left of a restore that did not end; delete it first"));
    PGL_TRY(disk->ops->make_folder(disk, restore->beside));
    for (size_t i = 0; i < restore->manifest->n_files; i++)
        PGL_TRY(copy_file(restore, restore->manifest->files[i]));
    return PGL_OK;
}

/* ---- a new life ---- */

struct raise {
    struct restore *restore;
    int file;
};

static pgl_status raise_epochs(struct pgl_tx *tx, void *argument)
{
    const struct raise *raise = argument;
    Log own = LOG_UNSPECIFIED;
    for (size_t i = 0; i < LOG_COUNT; i++)
        if ((int)logs[i].file == raise->file)
            own = logs[i].log;
    PGL_TRY(pgl_epochs_raise(tx, own, raise->restore->epochs, (int)LOG_COUNT));
    return raise->file == PGL_FILE_PAYMENTS ? pgl_provider_hold_put(tx, raise->restore->reason)
                                            : PGL_OK;
}

static pgl_status read_epochs(struct restore *restore, struct pgl_boot *boot)
{
    for (size_t i = 0; i < LOG_COUNT; i++) {
        struct pgl_view view = { &boot->writers[logs[i].file].db, &restore->arena, NULL };
        restore->epochs[i].log = logs[i].log;
        PGL_TRY(pgl_epoch_read(&view, &restore->epochs[i]));
    }
    return PGL_OK;
}

static pgl_status begin_anew(struct restore *restore, struct pgl_boot *boot)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    char made_at[PGL_TIME_TEXT_BYTES];
    options.has_edge = false;
    options.data = restore->beside;
    pgl_time_format(restore->manifest->made_at_ns, made_at);
    restore->reason = pgl_arena_printf(&restore->arena, "restored from a backup of %.*s",
                                       (int)sizeof made_at, made_at);
    PGL_TRY(pgl_boot_open(boot, restore->platform, &options));
    PGL_TRY(read_epochs(restore, boot));
    for (int f = 0; f < PGL_FILE_COUNT; f++) {
        struct raise raise = { restore, f };
        if (f != PGL_FILE_CATALOG && f != PGL_FILE_IDENTITY) /* they neither say nor hear */
            PGL_TRY(pgl_writer_run_now(&boot->writers[f], raise_epochs, &raise));
    }
    return PGL_OK;
}

pgl_status pgl_restore(struct pgl_platform *platform, const char *from, const char *folder)
{
    static struct pgl_boot boot;
    static struct restore restore;
    restore = (struct restore){ .platform = platform, .from = from, .folder = folder };
    pgl_arena_init(&restore.arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    restore.beside = pgl_arena_printf(&restore.arena, "%s.part", folder);
    pgl_status status = copy_all(&restore);
    if (pgl_is_ok(status)) {
        status = begin_anew(&restore, &boot);
        pgl_boot_close(&boot);
    }
    if (pgl_is_ok(status))
        status = platform->disk->ops->rename_folder(platform->disk, restore.beside, folder);
    return status; /* its text may lie in the arena, which goes with the process */
}
