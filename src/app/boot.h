/*
 * boot.h - a platform process: which loops there are, which thread runs them, which file each
 * writes, and who listens to whom. One list each, in boot.c. A process has all roles, or some: then
 * it has their files only, and reaches the others by the mesh.
 *
 * Owner:    a command (serve), or the simulator; it is large, so it lives on the heap or is static.
 * Threads:  opened and closed by one thread. In between `serve` runs a thread for each pgl_thread;
 *           the simulator runs the loops one by one.
 */
#ifndef PGL_APP_BOOT_H
#define PGL_APP_BOOT_H

#include "app/certificates.h"
#include "app/control.h"
#include "app/drain.h"
#include "app/mesh.h"
#include "app/ops_server.h"
#include "app/reload.h"
#include "edge/gateway/gateway.h"
#include "edge/jwks.h"
#include "edge/live/watch.h"
#include "events/feed.h"
#include "platform/platform.h"
#include "runtime/thread.h"
#include "services/catalog/service.h"
#include "services/identity/service.h"
#include "services/inventory/service.h"
#include "services/orders/service.h"
#include "services/payments/service.h"
#include "services/webhooks/service.h"

/* What a process may be; all in one is the usual thing. */
enum pgl_boot_role {
    PGL_RUN_GATEWAY,
    PGL_RUN_CATALOG,
    PGL_RUN_ORDERS,
    PGL_RUN_PAYMENTS,
    PGL_RUN_INVENTORY,
    PGL_RUN_WEBHOOKS,
    PGL_RUN_IDENTITY,
    PGL_RUN_COUNT
};
#define PGL_RUNS(role) (1u << (role)) /* one of a set */
#define PGL_RUNS_ALL   (PGL_RUNS(PGL_RUN_COUNT) - 1)
_Static_assert(PGL_RUN_COUNT <= PGL_MESH_PEERS_MAX, "a peer for each");

#define PGL_OLD_KEYS_MAX (PGL_KEY_SET_MAX - 2) /* beside the one that signs, and the next */

enum pgl_boot_loop {
    PGL_LOOP_EDGE,
    PGL_LOOP_SERVICES,
    PGL_LOOP_CATALOG_WRITER,
    PGL_LOOP_ORDERS_WRITER,
    PGL_LOOP_PAYMENTS_WRITER,
    PGL_LOOP_INVENTORY_WRITER,
    PGL_LOOP_CATALOG_READER,
    PGL_LOOP_ORDERS_READER,
    PGL_LOOP_PAYMENTS_READER,
    PGL_LOOP_INVENTORY_READER,
    PGL_LOOP_AUDIT,
    PGL_LOOP_EFFECTS,
    PGL_LOOP_WEBHOOKS_WRITER,
    PGL_LOOP_WEBHOOKS_READER,
    PGL_LOOP_IDENTITY_WRITER,
    PGL_LOOP_IDENTITY_READER,
    PGL_LOOP_RELOAD,
    PGL_LOOP_COUNT
};

enum pgl_boot_thread {
    PGL_THREAD_FRONT,
    PGL_THREAD_CATALOG,
    PGL_THREAD_ORDERS,
    PGL_THREAD_PAYMENTS,
    PGL_THREAD_INVENTORY,
    PGL_THREAD_READERS,
    PGL_THREAD_AUDIT,
    PGL_THREAD_EFFECTS,
    PGL_THREAD_WEBHOOKS,
    PGL_THREAD_IDENTITY,
    PGL_THREAD_COUNT
};

enum pgl_boot_file {
    PGL_FILE_CATALOG,
    PGL_FILE_ORDERS,
    PGL_FILE_PAYMENTS,
    PGL_FILE_INVENTORY,
    PGL_FILE_WEBHOOKS,
    PGL_FILE_IDENTITY,
    PGL_FILE_COUNT
};

struct pgl_boot_options {
    const char *data;     /* the folder */
    const char *vfs_name; /* registered by the caller, see store/vfs.h */
    const char *version;
    bool has_edge; /* false for commands that only work on the files */
    uint32_t roles;
    struct pgl_mesh_options mesh;
    struct pgl_address ops; /* no host: none; see ops_server.h */
    struct pgl_gateway_options gateway;
    struct pgl_certificates_options certificates; /* of the gateway; without any, no TLS */
    bool makes_certificate;                       /* one for localhost, in the folder */
    int64_t drain_notice_ns, drain_ns;            /* see drain.h */
    int batch_max;
    int checkpoint_pages, checkpoint_idle_pages;
    int writer_cache_kib, reader_cache_kib;
    uint32_t tokens_max; /* remembered as verified */
    struct pgl_orders_options orders;
    struct pgl_keep_options keep; /* of every log */
    struct pgl_payments_options payments;
    struct pgl_inventory_options inventory;
    struct pgl_webhooks_options webhooks;
    struct pgl_identity_options identity;
    struct edge_issuers_options issuers;
    struct pgl_lockout_options lockout; /* of wrong credentials */
};

/* As `panglot serve` starts without options. */
struct pgl_boot_options pgl_boot_defaults(void);

struct pgl_boot {
    struct pgl_platform *platform;
    struct pgl_boot_options options;
    struct pgl_arena arena;                  /* what lives as long as the process */
    pgl_disk_lock locks[PGL_FILE_COUNT + 1]; /* a file each, and the last for what the edge keeps */
    bool has_folder;                         /* its locks are ours */
    struct pgl_loop loops[PGL_LOOP_COUNT];
    struct pgl_thread threads[PGL_THREAD_COUNT];
    struct pgl_log_cap log_cap; /* of all loops */
    struct pgl_writer writers[PGL_FILE_COUNT];
    struct pgl_reader readers[PGL_FILE_COUNT];
    struct pgl_orders orders;
    struct pgl_payments payments;
    struct pgl_inventory inventory;
    struct pgl_webhooks webhooks;
    struct pgl_identity identity;
    struct pgl_feed payments_feed, inventory_feed; /* their logs, for whoever reads along */
    struct pgl_mesh mesh;                          /* services of other processes, and for them */

    struct pgl_key key;      /* of this folder: signs the tokens of `panglot token` */
    struct pgl_key next_key; /* of a rotation that is under way */
    struct pgl_old_keys {
        struct pgl_old_key {
            struct pgl_key key;
            int64_t until_ns; /* wall: what it has signed is good until then */
        } keys[PGL_OLD_KEYS_MAX];
        int count;
    } old_keys;
    struct pgl_key_set keys; /* until the edge takes them over */
    struct pgl_edge edge;
    struct edge_trust trust;
    struct events_watch events_watch;
    struct edge_jwks jwks;
    struct pgl_registry registry;
    struct pgl_ops_server ops;  /* without a gateway */
    struct pgl_control control; /* what other commands ask */
    struct pgl_reload reload;
    struct pgl_certificates certificates;
    struct pgl_drain drain;
    atomic_bool is_ready;
};

/* Takes the folder's lock, opens and recovers every file, listens. Nothing runs yet. PGL_CONFLICT
 * when another process has the folder. */
PGL_MUST_USE pgl_status pgl_boot_open(struct pgl_boot *boot, struct pgl_platform *platform,
                                      const struct pgl_boot_options *options);
/* The loops are about to run. */
void pgl_boot_start(struct pgl_boot *boot);
/* One thread: answer what is in flight, then stop every thread; the second time at once. */
void pgl_boot_stop(struct pgl_boot *boot);
/* Any thread: read again what can change while it runs. */
void pgl_boot_reload(struct pgl_boot *boot);
/* When no loop runs any more; also after an open that failed. */
void pgl_boot_close(struct pgl_boot *boot);

/* By enum pgl_boot_role and pgl_boot_file. */
bool pgl_boot_runs(const struct pgl_boot *boot, int role);
/* It is the process of some role that has this file. */
bool pgl_boot_has(const struct pgl_boot *boot, int file);

/* "orders" */
extern const char *const pgl_boot_role_names[PGL_RUN_COUNT];
/* "gateway,orders" as a set; 0 for what is none. */
uint32_t pgl_boot_roles_read(struct pgl_text names);

/* DIR/orders.db and its like, in the arena. */
const char *pgl_boot_path(struct pgl_boot *boot, const char *name);

#endif
