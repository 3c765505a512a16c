/* disk_fault.c - every call of the process passes here and may not come through. */
#include "disk_inside.h"

#include <string.h>

#include "base/assert.h"

/* What SQLite hears when a call of this kind fails. */
static const int error_of[PGL_SIM_CALL_COUNT] = {
    [PGL_SIM_OPEN] = SQLITE_CANTOPEN,          [PGL_SIM_DELETE] = SQLITE_IOERR_DELETE,
    [PGL_SIM_ACCESS] = SQLITE_IOERR_ACCESS,    [PGL_SIM_READ] = SQLITE_IOERR_READ,
    [PGL_SIM_WRITE] = SQLITE_IOERR_WRITE,      [PGL_SIM_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
    [PGL_SIM_SYNC] = SQLITE_IOERR_FSYNC,       [PGL_SIM_SYNC_DIRECTORY] = SQLITE_IOERR_DIR_FSYNC,
    [PGL_SIM_RENAME] = SQLITE_IOERR,           [PGL_SIM_SIZE] = SQLITE_IOERR_FSTAT,
    [PGL_SIM_LOCK] = SQLITE_IOERR_LOCK,        [PGL_SIM_SHM_MAP] = SQLITE_IOERR_SHMMAP,
    [PGL_SIM_SHM_LOCK] = SQLITE_IOERR_SHMLOCK,
};

static void trace(struct pgl_sim_disk *disk, uint64_t value)
{
    disk->trace = (disk->trace ^ value) * 0x9e3779b97f4a7c15u;
    disk->trace ^= disk->trace >> 32;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t name_size = strlen(name), suffix_size = strlen(suffix);
    return name_size >= suffix_size && strcmp(name + name_size - suffix_size, suffix) == 0;
}

static bool strikes(struct pgl_sim_disk *disk, struct pgl_sim_rule *rule, enum pgl_sim_call call,
                    const char *name)
{
    struct pgl_sim_fault *fault = &rule->fault;
    if ((fault->calls & PGL_SIM_CALL_BIT(call)) == 0)
        return false;
    if (fault->suffix != NULL && !ends_with(name, fault->suffix))
        return false;
    rule->seen++;
    if (fault->draws != NULL)
        return fault->draws(fault->self, fault);
    if (fault->at == 0)
        return pgl_random_chance(&disk->random, fault->per_million);
    return rule->seen == fault->at || (fault->is_lasting && rule->seen > fault->at);
}

/* A write that death interrupts has reached some sector, or none. */
static void write_a_part(struct pgl_sim_disk *disk, const struct pgl_sim_flight *flight)
{
    size_t sectors = flight->size / 512 + 1;
    size_t part = pgl_random_below(&disk->random, sectors + 1) * 512;
    if (part > flight->size)
        part = flight->size;
    if (part <= pgl_sim_room(disk))
        pgl_sim_image_write(&flight->inode->image, flight->bytes, part, flight->at);
}

static int strike(struct pgl_sim_disk *disk, const struct pgl_sim_fault *fault,
                  enum pgl_sim_call call, const struct pgl_sim_flight *flight)
{
    disk->counts.faults[fault->effect]++;
    trace(disk, fault->effect);
    switch (fault->effect) {
    case PGL_SIM_FAILS:
        return error_of[call];
    case PGL_SIM_FILLS:
        disk->counts.full_writes++;
        return SQLITE_FULL;
    case PGL_SIM_KILLS:
    case PGL_SIM_CUTS_POWER:
        if (flight != NULL)
            write_a_part(disk, flight);
        if (fault->effect == PGL_SIM_KILLS)
            pgl_sim_disk_kill(disk);
        else
            pgl_sim_disk_lose_power(disk);
        return SQLITE_IOERR;
    case PGL_SIM_DELAYS:
        disk->world.wait(disk->world.context, fault->delay_ns);
        return SQLITE_OK;
    case PGL_SIM_LIES:
        return PGL_SIM_PRETEND;
    case PGL_SIM_EFFECT_COUNT:
        break;
    }
    return SQLITE_ERROR; /* not reached: inject has looked */
}

int pgl_sim_call(struct pgl_sim_disk *disk, enum pgl_sim_call call, const char *name,
                 const struct pgl_sim_flight *flight)
{
    if (disk->is_dead)
        return SQLITE_IOERR;
    if (disk->is_looked_on)
        return SQLITE_OK;
    disk->counts.calls[call]++;
    trace(disk, call);
    if (flight != NULL)
        trace(disk, flight->at * 31 + flight->size);
    for (uint32_t i = 0; i < disk->rule_count; i++) {
        if (!strikes(disk, &disk->rules[i], call, name))
            continue;
        int rc = strike(disk, &disk->rules[i].fault, call, flight);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

void pgl_sim_disk_inject(struct pgl_sim_disk *disk, struct pgl_sim_fault fault)
{
    const uint32_t syncs =
        PGL_SIM_CALL_BIT(PGL_SIM_SYNC) | PGL_SIM_CALL_BIT(PGL_SIM_SYNC_DIRECTORY);
    PGL_ASSERT(disk->rule_count < PGL_SIM_DISK_FAULTS_MAX);
    PGL_ASSERT(fault.effect < PGL_SIM_EFFECT_COUNT && fault.calls != 0);
    PGL_ASSERT(fault.effect != PGL_SIM_LIES || (fault.calls & ~syncs) == 0);
    PGL_ASSERT(fault.effect != PGL_SIM_FILLS || fault.calls == PGL_SIM_CALL_BIT(PGL_SIM_WRITE));
    disk->rules[disk->rule_count++] = (struct pgl_sim_rule){ .fault = fault };
}

void pgl_sim_disk_heal(struct pgl_sim_disk *disk)
{
    disk->rule_count = 0;
}

void pgl_sim_disk_look_on(struct pgl_sim_disk *disk, bool is_looking)
{
    disk->is_looked_on = is_looking;
}

void pgl_sim_disk_set_capacity(struct pgl_sim_disk *disk, int64_t capacity_bytes)
{
    disk->capacity_bytes = capacity_bytes;
}

const struct pgl_sim_disk_counts *pgl_sim_disk_counts(const struct pgl_sim_disk *disk)
{
    return &disk->counts;
}

uint64_t pgl_sim_disk_call_count(const struct pgl_sim_disk *disk, uint32_t calls)
{
    uint64_t count = 0;
    for (uint32_t call = 0; call < PGL_SIM_CALL_COUNT; call++)
        if ((calls & PGL_SIM_CALL_BIT(call)) != 0)
            count += disk->counts.calls[call];
    return count;
}
