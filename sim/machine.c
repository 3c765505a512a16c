/* machine.c - see machine.h. */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "store/vfs.h"

#define DISK_NAME "sim-disk"
#define VFS_NAME  "sim-panglot"

/* ---- files that are no databases, as the platform has them ---- */

static struct pgl_sim_machine *machine_of(struct pgl_disk *disk)
{
    return PGL_CONTAINER(disk, struct pgl_sim_machine, files);
}

static pgl_status make_folder(struct pgl_disk *disk, const char *path)
{
    (void)disk, (void)path; /* a name with a slash in it needs none here */
    return PGL_OK;
}

static pgl_status read_file(struct pgl_disk *disk, const char *path, size_t limit_bytes,
                            struct pgl_arena *arena, struct pgl_text *content)
{
    char *bytes = pgl_arena_alloc(arena, limit_bytes);
    if (bytes == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a file");
    size_t size;
    PGL_TRY(pgl_sim_disk_read_file(machine_of(disk)->disk, path, bytes, limit_bytes, &size));
    *content = (struct pgl_text){ bytes, size };
    return PGL_OK;
}

static pgl_status write_file(struct pgl_disk *disk, const char *path, struct pgl_text content)
{
    return pgl_sim_disk_write_file(machine_of(disk)->disk, path, content);
}

static pgl_status lock(struct pgl_disk *disk, const char *path)
{
    (void)path;
    return pgl_sim_disk_lock(machine_of(disk)->disk);
}

static const struct pgl_disk_ops file_ops = { make_folder, read_file, write_file, lock };

/* ---- the time that a disk sees and takes ---- */

static int64_t wall_ns(void *context)
{
    return ((const struct pgl_twin *)context)->wall_ns;
}

static void wait(void *context, int64_t wait_ns)
{
    pgl_twin_advance(context, wait_ns);
}

/* ---- the machine ---- */

static struct pgl_boot_options boot_options(const struct pgl_sim_plan *plan)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    options.data = "data";
    options.vfs_name = VFS_NAME;
    options.gateway.port = PGL_SIM_PORT;
    options.batch_max = plan->batch_max;
    options.checkpoint_pages = plan->checkpoint_pages;
    options.checkpoint_idle_pages = plan->checkpoint_idle_pages;
    options.writer_cache_kib = plan->writer_cache_kib;
    options.reader_cache_kib = plan->reader_cache_kib;
    options.orders.generation = plan->generation;
    return options;
}

void pgl_sim_machine_open(struct pgl_sim_machine *machine, const struct pgl_sim_plan *plan)
{
    *machine = (struct pgl_sim_machine){ .options = boot_options(plan),
                                         .ring_slots = plan->ring_slots,
                                         .ring_bytes = plan->ring_bytes };
    pgl_twin_open(&machine->twin, plan->seed);
    machine->twin.draws_sizes = plan->splits_io;
    struct pgl_sim_world world = { &machine->twin, wall_ns, wait };
    pgl_sim_sqlite_seed(plan->seed);
    machine->disk = pgl_sim_disk_open(DISK_NAME, plan->seed, world);
    PGL_ASSERT(pgl_is_ok(pgl_vfs_register(VFS_NAME, DISK_NAME)));
    machine->files = (struct pgl_disk){ &file_ops, VFS_NAME };
    machine->twin.platform.disk = &machine->files;
    machine->boot = calloc(1, sizeof *machine->boot);
    PGL_ASSERT(machine->boot != NULL);
}

void pgl_sim_machine_close(struct pgl_sim_machine *machine)
{
    pgl_sim_machine_end(machine, PGL_SIM_KILLED);
    pgl_vfs_unregister(VFS_NAME);
    pgl_sim_disk_close(machine->disk);
    pgl_twin_close(&machine->twin);
    free(machine->boot);
}

static void shrink_rings(struct pgl_sim_machine *machine)
{
    struct pgl_boot *boot = machine->boot;
    struct pgl_event_log *const logs[] = { &boot->orders.state.log, &boot->payments.desk.log,
                                           &boot->inventory.core.log };
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++)
        pgl_log_shrink_ring(logs[i], machine->ring_slots, machine->ring_bytes);
}

pgl_status pgl_sim_machine_start(struct pgl_sim_machine *machine,
                                 pgl_status (*prepare)(struct pgl_boot *boot, void *self),
                                 void *self)
{
    PGL_ASSERT(!machine->is_up);
    if (pgl_sim_disk_is_dead(machine->disk))
        pgl_sim_disk_restart(machine->disk);
    machine->starts++;
    pgl_status status = pgl_boot_open(machine->boot, &machine->twin.platform, &machine->options);
    if (pgl_is_ok(status) && prepare != NULL)
        status = prepare(machine->boot, self);
    if (pgl_is_ok(status) && pgl_sim_disk_is_dead(machine->disk))
        status = PGL_FAIL(PGL_UNAVAILABLE, "it died while it started");
    if (!pgl_is_ok(status)) {
        machine->failed_starts++;
        pgl_sim_disk_kill(machine->disk);
        pgl_boot_close(machine->boot);
        return status;
    }
    machine->is_up = true;
    shrink_rings(machine);
    machine->on_up(machine->self);
    pgl_boot_start(machine->boot);
    return PGL_OK;
}

bool pgl_sim_machine_is_dying(const struct pgl_sim_machine *machine)
{
    if (!machine->is_up)
        return false;
    bool is_dying = pgl_sim_disk_is_dead(machine->disk);
    for (int l = 0; l < PGL_LOOP_COUNT; l++)
        is_dying |= !pgl_is_ok(machine->boot->loops[l].fatal);
    return is_dying;
}

void pgl_sim_machine_end(struct pgl_sim_machine *machine, enum pgl_sim_death death)
{
    if (death == PGL_SIM_WITHOUT_POWER)
        pgl_sim_disk_lose_power(machine->disk);
    if (!machine->is_up)
        return;
    pgl_sim_disk_kill(machine->disk); /* nothing that is closed below may reach the files */
    machine->on_down(machine->self, death);
    machine->is_up = false;
    machine->deaths++;
    pgl_boot_close(machine->boot);
}
