/* backup.c - see backup.h. */
#include "app/backup.h"

#include "app/boot.h"
#include "app/keys.h"
#include "events/audit.h"
#include "wire/digest.h"
#include "wire/json.h"

#define ARENA_CHUNK_BYTES 16384
#define ARENA_LIMIT_BYTES (1u << 20)

/* ---- one file ---- */

struct measure {
    struct pgl_sha256_stream sha256;
    const atomic_bool *is_stopping;
    int64_t bytes;
};

static pgl_status take_piece(void *self, struct pgl_text piece)
{
    struct measure *measure = self;
    measure->bytes += (int64_t)piece.size;
    pgl_sha256_add(&measure->sha256, piece);
    return measure->is_stopping != NULL && atomic_load(measure->is_stopping)
               ? PGL_FAIL(PGL_CANCELLED, "the platform is stopping")
               : PGL_OK;
}

pgl_status pgl_backup_measure(struct pgl_disk *disk, struct pgl_arena *arena, const char *from,
                              const char *to, const atomic_bool *is_stopping, BackupFile *file)
{
    struct measure measure = { .is_stopping = is_stopping };
    uint8_t digest[PGL_DIGEST_BYTES];
    char *hex = pgl_arena_zalloc(arena, 2 * PGL_DIGEST_BYTES + 1);
    if (hex == NULL || !pgl_sha256_begin(&measure.sha256))
        return PGL_NO_MEMORY;
    pgl_status status = disk->ops->copy_file(disk, from, to, take_piece, &measure);
    pgl_sha256_end(&measure.sha256, digest);
    pgl_hex_encode(digest, sizeof digest, hex);
    file->bytes = measure.bytes;
    file->sha256 = hex;
    return status;
}

static const char *path_in(struct pgl_backup *backup, const char *name)
{
    return pgl_arena_printf(&backup->arena, "%s/%s", backup->folder, name);
}

/* "orders.db" */
static const char *name_of(const struct pgl_backup *backup, int i)
{
    const char *path = pgl_cut_writer(backup->boot, i)->options.database.path;
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static BackupFile *add_file(struct pgl_backup *backup, const char *name)
{
    BackupFile *file = pgl_message_new(BACKUP_FILE_DESCRIPTOR, &backup->arena);
    if (file == NULL)
        return NULL;
    file->name = pgl_message_string(name);
    backup->files[backup->manifest.n_files++] = file;
    return file;
}

/* ---- the steps ---- */

static void begin(struct pgl_backup *backup, struct pgl_boot *boot, struct pgl_cut *cut,
                  const char *folder)
{
    *backup = (struct pgl_backup){ .boot = boot, .cut = cut };
    pgl_arena_init(&backup->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    backup->folder = pgl_arena_printf(&backup->arena, "%s", folder);
    backup->manifest = (Backup)BACKUP_INIT;
    backup->manifest.format = PGL_BACKUP_FORMAT;
    backup->manifest.version = pgl_message_string(boot->options.version);
    backup->manifest.made_at_ns = pgl_clock_wall_ns(&boot->platform->clock);
    backup->manifest.files = backup->files;
}

pgl_status pgl_backup_begin_part(struct pgl_backup *backup, struct pgl_boot *boot,
                                 struct pgl_cut *cut, const char *folder)
{
    begin(backup, boot, cut, folder);
    backup->is_part = true;
    return PGL_OK;
}

pgl_status pgl_backup_begin(struct pgl_backup *backup, struct pgl_boot *boot, struct pgl_cut *cut,
                            const char *folder)
{
    struct pgl_disk *disk = boot->platform->disk;
    bool is_empty;
    begin(backup, boot, cut, folder);
    PGL_TRY(disk->ops->make_folder(disk, folder));
    PGL_TRY(disk->ops->is_empty(disk, folder, &is_empty));
    return is_empty ? PGL_OK : PGL_FAIL(PGL_CONFLICT, "the folder to write to is not empty");
}

static bool has_log(int file)
{
    return file == PGL_FILE_ORDERS || file == PGL_FILE_PAYMENTS || file == PGL_FILE_INVENTORY;
}

/* The copy is whole and on disk. */
static pgl_status note_database(struct pgl_backup *backup)
{
    struct pgl_disk *disk = backup->boot->platform->disk;
    const char *name = name_of(backup, backup->at);
    struct pgl_view view = { &backup->cut->files[backup->at], &backup->arena, NULL };
    struct pgl_log_state log;
    BackupFile *file = add_file(backup, name);
    if (file == NULL)
        return PGL_NO_MEMORY;
    if (has_log(backup->at)) {
        PGL_TRY(pgl_log_state_read(&view, &log));
        file->epoch = log.epoch;
        file->high = log.high;
    }
    return pgl_backup_measure(disk, &backup->arena, path_in(backup, name), NULL,
                              backup->is_stopping, file);
}

static pgl_status copy_slice(struct pgl_backup *backup)
{
    if (!backup->is_copying) {
        backup->is_copying = true;
        PGL_TRY(pgl_copy_begin(&backup->copy, &backup->cut->files[backup->at],
                               path_in(backup, name_of(backup, backup->at)),
                               backup->boot->options.vfs_name));
    }
    PGL_TRY(pgl_copy_go_on(&backup->copy, PGL_BACKUP_SLICE_PAGES));
    if (!backup->copy.is_done)
        return PGL_OK;
    pgl_copy_end(&backup->copy);
    backup->is_copying = false;
    PGL_TRY(note_database(backup));
    backup->at++;
    return PGL_OK;
}

/* Last of all: what is named in it is on disk. */
static pgl_status write_manifest(struct pgl_backup *backup)
{
    struct pgl_disk *disk = backup->boot->platform->disk;
    struct pgl_buffer out;
    pgl_buffer_init(&out, PGL_BACKUP_MANIFEST_BYTES);
    pgl_json_write(&backup->manifest.base, &out);
    pgl_buffer_add_char(&out, '\n');
    pgl_status written = out.is_full
                             ? PGL_NO_MEMORY
                             : disk->ops->write_file(disk, path_in(backup, PGL_BACKUP_MANIFEST),
                                                     pgl_buffer_text(&out));
    pgl_buffer_free(&out);
    return written;
}

static pgl_status copy_keys(struct pgl_backup *backup, const char *name)
{
    struct pgl_disk *disk = backup->boot->platform->disk;
    BackupFile *file = add_file(backup, name);
    if (file == NULL)
        return PGL_NO_MEMORY;
    return pgl_backup_measure(disk, &backup->arena, pgl_boot_path(backup->boot, name),
                              path_in(backup, name), backup->is_stopping, file);
}

static pgl_status finish(struct pgl_backup *backup)
{
    if (backup->is_part) {
        backup->is_done = true;
        return PGL_OK;
    }
    PGL_TRY(copy_keys(backup, PGL_KEY_FILE));
    if (backup->boot->old_keys.count > 0)
        PGL_TRY(copy_keys(backup, PGL_OLD_KEYS_FILE));
    PGL_TRY(write_manifest(backup));
    backup->is_done = true;
    return PGL_OK;
}

pgl_status pgl_backup_go_on(struct pgl_backup *backup)
{
    if (backup->is_stopping != NULL && atomic_load(backup->is_stopping))
        return PGL_FAIL(PGL_CANCELLED, "the platform is stopping");
    while (backup->at < PGL_CUT_FILES && !backup->cut->has[backup->at])
        backup->at++;
    return backup->at < PGL_CUT_FILES ? copy_slice(backup) : finish(backup);
}

void pgl_backup_end(struct pgl_backup *backup)
{
    if (backup->is_copying)
        pgl_copy_end(&backup->copy);
    pgl_arena_free(&backup->arena);
    *backup = (struct pgl_backup){ .boot = NULL };
}

void pgl_backup_say(const struct pgl_backup *backup, struct pgl_buffer *out)
{
    if (backup->is_copying)
        pgl_buffer_printf(out, "%s: %lld of %lld pages\n", name_of(backup, backup->at),
                          (long long)(backup->copy.pages - backup->copy.pages_left),
                          (long long)backup->copy.pages);
}
