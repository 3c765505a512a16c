/* folder.c - see folder.h. */
#include "app/folder.h"

#include <stdio.h>

#include "app/commands.h"
#include "app/control.h"
#include "app/gather.h"

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

static int ask_running(struct pgl_platform *platform, const char *folder,
                       const struct pgl_folder_look *look)
{
    struct pgl_buffer out;
    bool is_clean;
    pgl_buffer_init(&out, PGL_CONTROL_ANSWER_BYTES_MAX);
    pgl_status status = pgl_control_ask(platform, folder, &look->question, &out, &is_clean);
    int code = pgl_is_ok(status) ? print(&out, is_clean) : complain(look, folder, status.text);
    pgl_buffer_free(&out);
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

/* Roles in processes of their own: what they have is gathered, and looked at here. PGL_NOT_FOUND
 * when there are none. */
static pgl_status look_at_gathered(struct pgl_platform *platform, struct pgl_boot *boot,
                                   struct pgl_boot_options *options,
                                   const struct pgl_folder_look *look, int *code)
{
    struct pgl_arena arena;
    pgl_arena_init(&arena, 16384, 1u << 20);
    const char *folder = options->data;
    pgl_status status = pgl_gather(platform, &arena, folder, &options->data);
    bool is_there = pgl_is_ok(status);
    if (is_there)
        status = pgl_boot_open(boot, platform, options);
    if (pgl_is_ok(status))
        *code = look_at_stopped(boot, look);
    else if (status.code != PGL_NOT_FOUND)
        *code = complain(look, folder, status.text);
    if (is_there) {
        pgl_boot_close(boot);
        pgl_gather_forget(platform, &arena, options->data);
    }
    options->data = folder;
    pgl_arena_free(&arena);
    return status;
}

/* The process of the edge, which may be one of several. */
static int ask_edge(struct pgl_platform *platform, const char *folder,
                    const struct pgl_folder_look *look)
{
    struct pgl_folder_look asked = *look;
    struct pgl_arena arena;
    struct pgl_buffer out;
    bool is_clean;
    pgl_arena_init(&arena, 4096, 4096);
    pgl_buffer_init(&out, PGL_CONTROL_ANSWER_BYTES_MAX);
    asked.question.socket = pgl_control_socket(&arena, PGL_RUNS(PGL_RUN_GATEWAY));
    asked.question.waits_not = true;
    pgl_status status = pgl_control_ask(platform, folder, &asked.question, &out, &is_clean);
    int code = pgl_is_ok(status) ? print(&out, is_clean) : ask_running(platform, folder, look);
    pgl_buffer_free(&out);
    pgl_arena_free(&arena);
    return code;
}

int pgl_folder_look(struct pgl_platform *platform, const char *folder,
                    const struct pgl_folder_look *look)
{
    static struct pgl_boot boot;
    struct pgl_boot_options options = pgl_boot_defaults();
    options.has_edge = false;
    options.data = folder;
    if (!is_platform_folder(platform, folder))
        return complain(look, folder, "it is not the data folder of a platform");
    pgl_status opened = pgl_boot_open(&boot, platform, &options);
    int code;
    if (pgl_is_ok(opened))
        code = look_at_stopped(&boot, look);
    else if (opened.code != PGL_CONFLICT || boot.has_folder)
        code = complain(look, folder, opened.text);
    else
        code = -1;
    pgl_boot_close(&boot);
    if (code < 0 && look->is_of_edge)
        code = ask_edge(platform, folder, look);
    else if (code < 0 &&
             look_at_gathered(platform, &boot, &options, look, &code).code == PGL_NOT_FOUND)
        code = ask_running(platform, folder, look);
    return code;
}
