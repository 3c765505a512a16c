/* gather.c - see gather.h. One asks within the other: when the last process holds, all of them
 * do. */
#include "app/gather.h"

#include "app/keys.h"
#include "platform/real/real.h"

#define ANSWER_BYTES_MAX 65536
#define LOOK_AGAIN_NS    PGL_MILLISECONDS(50)

static const char *const databases[] = { "catalog",   "orders",   "payments",
                                         "inventory", "webhooks", "identity" };
static const char *const keys[] = { PGL_KEY_FILE, PGL_OLD_KEYS_FILE };
#define KEYS (sizeof keys / sizeof keys[0])

struct gathering {
    struct pgl_platform *platform;
    struct pgl_arena *arena;
    const char *folder, *to;
    int role; /* whose turn it is to be asked */
    uint32_t held;
    pgl_status status; /* the first that went wrong */
};

static void note(struct gathering *gathering, pgl_status status)
{
    if (pgl_is_ok(gathering->status))
        gathering->status = status;
}

static pgl_status ask(struct gathering *gathering, int role,
                      const struct pgl_control_question *what)
{
    struct pgl_control_question question = *what;
    struct pgl_buffer said;
    bool is_done = false;
    question.socket = pgl_control_socket(gathering->arena, PGL_RUNS(role));
    pgl_buffer_init(&said, ANSWER_BYTES_MAX);
    pgl_status status =
        pgl_control_ask(gathering->platform, gathering->folder, &question, &said, &is_done);
    if (pgl_is_ok(status) && !is_done)
        status = PGL_FAIL(PGL_UNAVAILABLE,
                          pgl_arena_printf(gathering->arena, "%s: %.*s", pgl_boot_role_names[role],
                                           PGL_TEXT_ARGS(pgl_buffer_text(&said))));
    else if (!pgl_is_ok(status)) /* its words may lie in what was said */
        status.text =
            pgl_arena_printf(gathering->arena, "%s: %s", pgl_boot_role_names[role], status.text);
    pgl_buffer_free(&said);
    return status;
}

static void release_all(struct gathering *gathering)
{
    static const struct pgl_control_question question = { .method = "POST", .target = "/release" };
    for (int role = 0; role < PGL_RUN_COUNT; role++)
        if ((gathering->held & PGL_RUNS(role)) != 0)
            note(gathering, ask(gathering, role, &question));
}

static void gather_next(struct gathering *gathering);

static void on_line(void *self, struct pgl_text line)
{
    struct gathering *gathering = self;
    if (!pgl_text_is(line, "held"))
        return;
    gathering->held |= PGL_RUNS(gathering->role);
    gathering->role++;
    gather_next(gathering); /* it holds until all the others are done with theirs */
}

static void gather_next(struct gathering *gathering)
{
    const struct pgl_control_question question = { .method = "POST",
                                                   .target = "/part",
                                                   .body = pgl_text_of(gathering->to),
                                                   .is_streamed = true,
                                                   .on_line = on_line,
                                                   .self = gathering };
    while (gathering->role < PGL_RUN_COUNT) {
        int role = gathering->role;
        pgl_status asked = ask(gathering, role, &question);
        if ((gathering->held & PGL_RUNS(role)) != 0) {
            note(gathering, asked);
            return; /* the others were asked from within */
        }
        gathering->role++; /* no process is named after this role */
    }
    release_all(gathering);
}

static const char *path_of(struct pgl_arena *arena, const char *to, const char *name,
                           const char *ending)
{
    return pgl_arena_printf(arena, "%s/%s%s", to, name, ending);
}

static void remove_it(struct pgl_disk *disk, const char *path)
{
    pgl_status removed = disk->ops->remove(disk, path);
    (void)removed; /* most of them are not there */
}

void pgl_gather_forget(struct pgl_platform *platform, struct pgl_arena *arena, const char *to)
{
    static const char *const endings[] = { ".db", ".db-wal", ".db-shm", ".lock" };
    struct pgl_disk *disk = platform->disk;
    for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++)
        for (size_t e = 0; e < sizeof endings / sizeof endings[0]; e++)
            remove_it(disk, path_of(arena, to, databases[i], endings[e]));
    remove_it(disk, path_of(arena, to, "lock", ""));
    for (size_t i = 0; i < KEYS; i++)
        remove_it(disk, path_of(arena, to, keys[i], ""));
    remove_it(disk, to);
}

static pgl_status check_whole(struct gathering *gathering)
{
    struct pgl_disk *disk = gathering->platform->disk;
    for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++) {
        struct pgl_text content;
        pgl_status read = disk->ops->read_file(
            disk, path_of(gathering->arena, gathering->to, databases[i], ".db"), 0,
            gathering->arena, &content);
        if (read.code == PGL_NOT_FOUND)
            return PGL_FAIL(PGL_UNAVAILABLE,
                            pgl_arena_printf(gathering->arena, "the process of %s does not answer",
                                             databases[i]));
    }
    return PGL_OK;
}

static pgl_status look_at_nothing(void *self, struct pgl_text piece)
{
    (void)self, (void)piece;
    return PGL_OK;
}

/* They are the edge's, which has no database. */
static pgl_status copy_keys(struct gathering *gathering)
{
    struct pgl_disk *disk = gathering->platform->disk;
    for (size_t i = 0; i < KEYS; i++) {
        pgl_status copied = disk->ops->copy_file(
            disk, path_of(gathering->arena, gathering->folder, keys[i], ""),
            path_of(gathering->arena, gathering->to, keys[i], ""), look_at_nothing, NULL);
        if (!pgl_is_ok(copied) && copied.code != PGL_NOT_FOUND)
            return copied;
    }
    return PGL_OK;
}

bool pgl_gather_has_any(struct pgl_platform *platform, struct pgl_arena *arena, const char *folder)
{
    const struct pgl_control_question question = { .method = "GET", .target = "/" };
    struct gathering gathering = { .platform = platform, .arena = arena, .folder = folder };
    bool is_there = false;
    for (int role = 0; role < PGL_RUN_COUNT && !is_there; role++)
        is_there = ask(&gathering, role, &question).code != PGL_NOT_FOUND;
    return is_there;
}

static pgl_status wait_for_turn(const struct gathering *gathering, pgl_disk_lock *turn)
{
    struct pgl_platform *platform = gathering->platform;
    struct pgl_disk *disk = platform->disk;
    const char *path = pgl_arena_printf(gathering->arena, "%s.lock", gathering->to);
    int64_t now_ns = pgl_clock_monotonic_ns(&platform->clock);
    int64_t until_ns = now_ns + PGL_GATHER_TURN_NS;
    struct pgl_waiter *waiter = platform->waiter_open(platform);
    if (waiter == NULL)
        return PGL_NO_MEMORY;
    pgl_status status = disk->ops->lock(disk, path, turn);
    while (status.code == PGL_CONFLICT && now_ns < until_ns) {
        waiter->ops->wait(waiter, now_ns + LOOK_AGAIN_NS);
        now_ns = pgl_clock_monotonic_ns(&platform->clock);
        status = disk->ops->lock(disk, path, turn);
    }
    waiter->ops->close(waiter);
    return status.code != PGL_CONFLICT
               ? status
               : PGL_FAIL(PGL_UNAVAILABLE, "another command is gathering the files of this folder; "
                                           "try again when it has ended");
}

pgl_status pgl_gather(struct pgl_platform *platform, struct pgl_arena *arena, const char *folder,
                      const char **to, pgl_disk_lock *turn)
{
    char whole[4096];
    struct gathering gathering = { .platform = platform, .arena = arena, .folder = folder };
    if (!pgl_real_whole_path(folder, whole, sizeof whole))
        return PGL_FAIL(PGL_INVALID, "the path is too long");
    *to = gathering.to = pgl_arena_printf(arena, "%s/gathered", whole);
    if (!pgl_gather_has_any(platform, arena, folder))
        return PGL_FAIL(PGL_NOT_FOUND, "no process of some role runs here");
    PGL_TRY(wait_for_turn(&gathering, turn));
    pgl_gather_forget(platform, arena, *to); /* of a look that did not end */
    PGL_TRY(platform->disk->ops->make_folder(platform->disk, *to));
    gather_next(&gathering);
    if (gathering.held == 0)
        gathering.status = PGL_FAIL(PGL_NOT_FOUND, "no process of some role runs here");
    if (pgl_is_ok(gathering.status))
        gathering.status = check_whole(&gathering);
    if (pgl_is_ok(gathering.status))
        gathering.status = copy_keys(&gathering);
    if (!pgl_is_ok(gathering.status))
        pgl_gather_forget(platform, arena, *to);
    return gathering.status;
}
