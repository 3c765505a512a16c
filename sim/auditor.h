/*
 * auditor.h - looks over the program's shoulder: behind every commit, what is now in the files
 * against the book and against what customers were told.
 *
 * For:      a run. Its own code and its own rules: A1 to A13 of docs/verify.md always; Q1 to Q5
 *           when all is quiet.
 * Owner:    the run.
 * Threads:  one. It reads over connections of its own, so that it sees what others see and warms
 *           nobody's cache; and where the disk neither counts nor strikes it.
 * Errors:   the first thing that is wrong is blamed.
 */
#ifndef PGL_SIM_AUDITOR_H
#define PGL_SIM_AUDITOR_H

#include "bank_server.h"
#include "journal.h"
#include "machine.h"
#include "sched.h"

/* The files that orders are in; webhooks only tell of them. */
#define PGL_SIM_FILES      PGL_FILE_WEBHOOKS
#define PGL_SIM_PARKED_MAX 4096 /* events of one file; more are too many to be the simulator's */

struct pgl_sim_auditor {
    const struct pgl_sim_plan *plan;
    struct pgl_sim_blame *blame;
    struct pgl_sim_machine *machine;
    struct pgl_sim_sched *sched;
    struct pgl_sim_bank *bank;
    struct pgl_sim_journal *journal;
    struct pgl_sim_book book;
    struct pgl_arena arena; /* of one look */
    struct pgl_sim_desk {
        struct pgl_sim_auditor *auditor;
        enum pgl_boot_file file;
    } desks[PGL_SIM_FILES];

    struct pgl_database eyes[PGL_SIM_FILES];       /* on the files of the living process */
    int64_t position[PGL_SIM_FILES][PGL_SIM_LOGS]; /* how far each file has read each log */
    int64_t sku_id[PGL_SIM_SKUS_MAX], account_id[PGL_SIM_CUSTOMERS_MAX]; /* 0: not looked up yet */
    struct pgl_sim_parked { /* events that a file has set aside, by log and number */
        Log log;
        int64_t seq;
    } parked[PGL_SIM_FILES][PGL_SIM_PARKED_MAX];
    uint32_t parked_count[PGL_SIM_FILES];
    uint64_t looks, commits; /* of all looks, those behind a commit */
    uint32_t restless;       /* the order that was not at its end when it was last asked */
    char unrest[PGL_SIM_SAID_BYTES + 128];

    /* Touched by the commit that is looked at. */
    uint32_t *touched, touched_count, touched_capacity;
    bool sku_is_touched[PGL_SIM_SKUS_MAX], customer_is_touched[PGL_SIM_CUSTOMERS_MAX];
};

void pgl_sim_auditor_open(struct pgl_sim_auditor *auditor, const struct pgl_sim_plan *plan,
                          struct pgl_sim_machine *machine, struct pgl_sim_sched *sched,
                          struct pgl_sim_bank *bank, struct pgl_sim_journal *journal,
                          struct pgl_sim_blame *blame);
void pgl_sim_auditor_close(struct pgl_sim_auditor *auditor);

/* A process is about to run on what the last one has left: nothing that was seen may be gone. */
void pgl_sim_auditor_meet(struct pgl_sim_auditor *auditor);
/* It is dead. */
void pgl_sim_auditor_part(struct pgl_sim_auditor *auditor);

/* Between two turns: nobody has given up, every queue is within its limit. */
void pgl_sim_auditor_glance(struct pgl_sim_auditor *auditor);

/* Everything in all files. `is_quiet`: and it has come to rest. */
void pgl_sim_auditor_scan(struct pgl_sim_auditor *auditor, bool is_quiet);

/* What `panglot verify` finds in the same files: by rules of its own, it has to be nothing
 * either. */
void pgl_sim_auditor_ask_verify(struct pgl_sim_auditor *auditor, bool is_quiet);

/* NULL when nothing is left to be done; else what is, for people. */
const char *pgl_sim_auditor_unrest(struct pgl_sim_auditor *auditor);

/* Whether somebody has to take events up again. */
bool pgl_sim_auditor_has_parked(const struct pgl_sim_auditor *auditor);

/* L1, L2: since `healed_ns` nothing is in the way of any order, and `lost_ns` may be missing on the
 * program's clock. */
void pgl_sim_auditor_check_pace(struct pgl_sim_auditor *auditor, int64_t healed_ns,
                                int64_t lost_ns);

/* ---- shared by the files auditor*.c ---- */

PGL_MUST_USE pgl_status pgl_sim_check_order(struct pgl_sim_auditor *auditor,
                                            enum pgl_boot_file file, struct pgl_sim_order *order);
PGL_MUST_USE pgl_status pgl_sim_check_stock(struct pgl_sim_auditor *auditor, int sku);
PGL_MUST_USE pgl_status pgl_sim_check_account(struct pgl_sim_auditor *auditor, int customer);

/* What a file has set aside now. Only the simulator may have had it done; whatever has been taken
 * up again is heard from now on. */
PGL_MUST_USE pgl_status pgl_sim_read_parked(struct pgl_sim_auditor *auditor,
                                            enum pgl_boot_file file);
bool pgl_sim_is_parked(const struct pgl_sim_auditor *auditor, enum pgl_boot_file file, Log log,
                       int64_t seq);
/* A file has heard it, and done what it has to. */
void pgl_sim_check_heard(struct pgl_sim_auditor *auditor, enum pgl_boot_file file,
                         const struct pgl_sim_said *heard);
/* "Orders". */
const char *pgl_sim_file_name(enum pgl_boot_file file);

/* Against the bank's ledger: one order, or all of it. */
void pgl_sim_check_bank(struct pgl_sim_auditor *auditor, struct pgl_sim_order *order);
void pgl_sim_scan_bank(struct pgl_sim_auditor *auditor, bool is_quiet);
bool pgl_sim_is_bank_at_rest(const struct pgl_sim_auditor *auditor,
                             const struct pgl_sim_order *order);
bool pgl_sim_has_open_intents(struct pgl_sim_auditor *auditor);
/* What is to be done at the bank about an order, for people. */
void pgl_sim_describe_intent(struct pgl_sim_auditor *auditor, const struct pgl_sim_order *order,
                             char *text, size_t size);

/* All files are seen as they are at its begin until its end. */
PGL_MUST_USE pgl_status pgl_sim_look_begin(struct pgl_sim_auditor *auditor);
void pgl_sim_look_end(struct pgl_sim_auditor *auditor, pgl_status status);

static inline struct pgl_database *pgl_sim_eyes(struct pgl_sim_auditor *auditor,
                                                enum pgl_boot_file file)
{
    return &auditor->eyes[file];
}

#endif
