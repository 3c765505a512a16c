/* machine.c - see machine.h. */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "bank_server.h"
#include "base/assert.h"
#include "store/vfs.h"

#define TOKENS_MAX  256 /* few people have some; each start takes the memory */
#define DISK_NAME   "sim-disk"
#define VFS_NAME    "sim-panglot"
#define KEY_FILE    "data/bank.key"
#define SECRET_FILE "data/bank.secret"

/* ---- the machine ---- */

static struct pgl_boot_options boot_options(const struct pgl_sim_plan *plan)
{
    struct pgl_boot_options options = pgl_boot_defaults();
    options.data = "data";
    options.vfs_name = VFS_NAME;
    options.gateway.port = PGL_SIM_PORT;
    options.gateway.admit.rates = "off"; /* its clients are few and busy */
    options.batch_max = plan->batch_max;
    options.checkpoint_pages = plan->checkpoint_pages;
    options.checkpoint_idle_pages = plan->checkpoint_idle_pages;
    options.writer_cache_kib = plan->writer_cache_kib;
    options.reader_cache_kib = plan->reader_cache_kib;
    options.tokens_max = TOKENS_MAX;
    options.orders.generation = plan->generation;
    options.orders.deadline_ns = plan->deadline_ns;
    options.orders.open_per_customer_max = 0;
    options.orders.open_max = plan->orders + 1; /* memory that each start takes */
    options.orders.deadline_least_ns = PGL_SECONDS(1);
    options.webhooks.loopback_too = true;
    options.inventory.partial_percent = plan->partial_percent;
    options.payments.card = plan->card;
    options.payments.card.provider_url = PGL_SIM_BANK_URL;
    options.payments.card.key_file = KEY_FILE;
    options.payments.card.webhook_secret_file = SECRET_FILE;
    return options;
}

void pgl_sim_machine_open(struct pgl_sim_machine *machine, const struct pgl_sim_plan *plan)
{
    *machine = (struct pgl_sim_machine){ .options = boot_options(plan),
                                         .ring_slots = plan->ring_slots,
                                         .ring_bytes = plan->ring_bytes };
    pgl_twin_open(&machine->twin, plan->seed);
    machine->twin.draws_sizes = plan->splits_io;
    pgl_sim_sqlite_seed(plan->seed);
    machine->disk = pgl_sim_disk_open(DISK_NAME, plan->seed, pgl_sim_world_of(&machine->twin));
    PGL_ASSERT(pgl_is_ok(pgl_vfs_register(VFS_NAME, DISK_NAME)));
    pgl_sim_files_give(&machine->files, machine->disk, VFS_NAME, &machine->twin);
    PGL_ASSERT(pgl_is_ok(
        pgl_sim_disk_write_file(machine->disk, KEY_FILE, PGL_TEXT(PGL_SIM_BANK_KEY "\n"))));
    PGL_ASSERT(pgl_is_ok(
        pgl_sim_disk_write_file(machine->disk, SECRET_FILE, PGL_TEXT(PGL_SIM_BANK_SECRET "\n"))));
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
