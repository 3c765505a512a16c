/* folder.c - see folder.h. */
#include "app/folder.h"

#include <stdio.h>

#include "app/commands.h"
#include "app/control.h"
#include "app/gather.h"

#define LOOK_AGAIN_NS PGL_MILLISECONDS(50)
#define TELL_AFTER_NS PGL_SECONDS(2)

static int complain(const struct pgl_folder_look *look, const char *folder, const char *what)
{
    fprintf(stderr, "panglot %s: %s: %s\n", look->command, folder, what);
    return PGL_EXIT_WRONG;
}

static int print(const struct pgl_buffer *out, bool is_clean)
{
    fwrite(out->data, 1, out->size, stdout);
    return is_clean ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}

static int look_at_stopped(struct pgl_boot *boot, const struct pgl_folder_look *look)
{
    static struct pgl_cut cut;
    struct pgl_buffer out;
    bool is_clean = false;
    pgl_buffer_init(&out, PGL_CONTROL_ANSWER_BYTES_MAX);
    pgl_status status = pgl_cut_open(&cut, boot);
    if (pgl_is_ok(status))
        status = pgl_cut_begin(&cut);
    if (pgl_is_ok(status))
        status = look->look(boot, &cut, look->self, &out, &is_clean);
    pgl_cut_close(&cut);
    int code =
        pgl_is_ok(status) ? print(&out, is_clean) : complain(look, boot->options.data, status.text);
    pgl_buffer_free(&out);
    return code;
}

/* A code, or that nobody was there to give one. */
#define NOBODY (-1)

static int ask(struct pgl_platform *platform, const char *folder,
               const struct pgl_folder_look *look, const char *socket)
{
    struct pgl_control_question question = look->question;
    struct pgl_buffer out;
    bool is_clean;
    int code = NOBODY;
    question.socket = socket;
    pgl_buffer_init(&out, PGL_CONTROL_ANSWER_BYTES_MAX);
    pgl_status status = pgl_control_ask(platform, folder, &question, &out, &is_clean);
    if (pgl_is_ok(status))
        code = print(&out, is_clean);
    else if (status.code != PGL_NOT_FOUND)
        code = complain(look, folder, status.text);
    pgl_buffer_free(&out);
    return code;
}

/* The process that is all of it, or the edge. */
static int ask_running(struct pgl_platform *platform, const char *folder,
                       const struct pgl_folder_look *look)
{
    struct pgl_arena arena;
    pgl_arena_init(&arena, 4096, 4096);
    int code = ask(platform, folder, look, PGL_CONTROL_SOCKET);
    if (code == NOBODY && look->is_of_edge)
        code = ask(platform, folder, look, pgl_control_socket(&arena, PGL_RUNS(PGL_RUN_GATEWAY)));
    pgl_arena_free(&arena);
    return code;
}

/* Opening makes what is missing, and a folder that is none of ours is to stay as it is. */
static bool is_platform_folder(struct pgl_platform *platform, const char *folder)
{
    static const char *const files[] = { "orders.db", "payments.db", "inventory.db" };
    struct pgl_arena arena;
    bool is_ours = true;
    pgl_arena_init(&arena, 4096, 65536);
    for (size_t i = 0; i < sizeof files / sizeof files[0] && is_ours; i++) {
        struct pgl_text content;
        const char *path = pgl_arena_printf(&arena, "%s/%s", folder, files[i]);
        pgl_status read = platform->disk->ops->read_file(platform->disk, path, 0, &arena, &content);
        is_ours = pgl_is_ok(read) || read.code == PGL_TOO_LARGE; /* there, and empty or not */
    }
    pgl_arena_free(&arena);
    return is_ours;
}

static int open_and_look(struct pgl_platform *platform, const char *folder,
                         const struct pgl_folder_look *look)
{
    static struct pgl_boot boot;
    struct pgl_boot_options options = pgl_boot_defaults();
    int code = NOBODY;
    options.has_edge = false;
    options.data = folder;
    pgl_status opened = pgl_boot_open(&boot, platform, &options);
    if (pgl_is_ok(opened))
        code = look_at_stopped(&boot, look);
    else if (opened.code != PGL_CONFLICT || boot.has_folder)
        code = complain(look, folder, opened.text);
    pgl_boot_close(&boot);
    return code;
}

/* Roles in processes of their own: what they have is gathered, and looked at here. */
static int look_at_gathered(struct pgl_platform *platform, const char *folder,
                            const struct pgl_folder_look *look)
{
    struct pgl_arena arena;
    const char *gathered;
    pgl_disk_lock turn = 0;
    int code = NOBODY;
    pgl_arena_init(&arena, 16384, 1u << 20);
    pgl_status status = pgl_gather(platform, &arena, folder, &gathered, &turn);
    if (pgl_is_ok(status)) {
        code = open_and_look(platform, gathered, look);
        pgl_gather_forget(platform, &arena, gathered);
    } else if (status.code != PGL_NOT_FOUND) {
        code = complain(look, folder, status.text);
    }
    platform->disk->ops->unlock(platform->disk, &turn);
    pgl_arena_free(&arena);
    return code;
}

/* Their files are not the edge's: who has those is missing. */
static int look_without_gateway(struct pgl_platform *platform, const char *folder,
                                const struct pgl_folder_look *look)
{
    struct pgl_arena arena;
    int code = NOBODY;
    pgl_arena_init(&arena, 16384, 65536);
    if (pgl_gather_has_any(platform, &arena, folder))
        code = complain(look, folder,
                        "other processes use this folder, and none of them is the "
                        "gateway: start it first");
    pgl_arena_free(&arena);
    return code;
}

static int look_once(struct pgl_platform *platform, const char *folder,
                     const struct pgl_folder_look *look)
{
    int code = ask_running(platform, folder, look);
    if (code == NOBODY && !is_platform_folder(platform, folder))
        code = complain(look, folder,
                        look->is_of_edge ? "no gateway runs in it, and it is not the data folder "
                                           "of a whole platform"
                                         : "it is not the data folder of a platform");
    if (code == NOBODY)
        code = look->is_of_edge ? look_without_gateway(platform, folder, look)
                                : look_at_gathered(platform, folder, look);
    return code == NOBODY ? open_and_look(platform, folder, look) : code;
}

int pgl_folder_look(struct pgl_platform *platform, const char *folder,
                    const struct pgl_folder_look *look)
{
    int64_t began_ns = pgl_clock_monotonic_ns(&platform->clock), waited_ns = 0;
    bool is_told = false;
    struct pgl_waiter *waiter = platform->waiter_open(platform);
    if (waiter == NULL)
        return complain(look, folder, "no memory to wait for it");
    int code = look_once(platform, folder, look);
    while (code == NOBODY && waited_ns < PGL_FOLDER_FREE_NS) {
        if (!is_told && waited_ns > TELL_AFTER_NS) {
            complain(look, folder, "another process uses it; waiting for two minutes at most");
            is_told = true;
        }
        waiter->ops->wait(waiter, began_ns + waited_ns + LOOK_AGAIN_NS);
        code = look_once(platform, folder, look);
        waited_ns = pgl_clock_monotonic_ns(&platform->clock) - began_ns;
    }
    waiter->ops->close(waiter);
    return code != NOBODY ? code
                          : complain(look, folder,
                                     "another process uses it, and does not answer "
                                     "at its socket; try again when it has ended");
}
