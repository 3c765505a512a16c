/* mesh.c - see mesh.h; the listener is in mesh_server.c. */
#include "app/mesh.h"

#include "app/boot.h"
#include "app/mesh_server.h"
#include "base/assert.h"

enum { CALLER_EDGE, CALLER_SERVICES };

#define FLOWS(member) offsetof(struct pgl_boot, member)

/* clang-format off */
const struct pgl_mesh_row pgl_mesh_rows[PGL_AT_COUNT] = {
    /*                            contract                      name on the way                                methods                      role               file                flows */
    [PGL_AT_CATALOG]         = { CATALOG_SERVICE_DESCRIPTOR,   NULL,                                          pgl_catalog_methods,         PGL_RUN_CATALOG,   PGL_FILE_CATALOG,   0 },
    [PGL_AT_ORDERS]          = { ORDER_SERVICE_DESCRIPTOR,     NULL,                                          pgl_orders_methods,          PGL_RUN_ORDERS,    PGL_FILE_ORDERS,    FLOWS(orders.flows) },
    [PGL_AT_PAYMENTS]        = { PAYMENT_SERVICE_DESCRIPTOR,   NULL,                                          pgl_payments_methods,        PGL_RUN_PAYMENTS,  PGL_FILE_PAYMENTS,  FLOWS(payments.flows) },
    [PGL_AT_INVENTORY]       = { INVENTORY_SERVICE_DESCRIPTOR, NULL,                                          pgl_inventory_methods,       PGL_RUN_INVENTORY, PGL_FILE_INVENTORY, 0 },
    [PGL_AT_WEBHOOKS]        = { WEBHOOK_SERVICE_DESCRIPTOR,   NULL,                                          pgl_webhooks_methods,        PGL_RUN_WEBHOOKS,  PGL_FILE_WEBHOOKS,  FLOWS(webhooks.flows) },
    [PGL_AT_IDENTITY]        = { IDENTITY_SERVICE_DESCRIPTOR,  NULL,                                          pgl_identity_methods,        PGL_RUN_IDENTITY,  PGL_FILE_IDENTITY,  FLOWS(identity.flows) },
    [PGL_AT_ORDERS_LOG]      = { EVENT_LOG_SERVICE_DESCRIPTOR, "panglot.events.v1.EventLogService.orders",    pgl_orders_log_methods,      PGL_RUN_ORDERS,    PGL_FILE_ORDERS,    FLOWS(orders.flows) },
    [PGL_AT_PAYMENTS_LOG]    = { EVENT_LOG_SERVICE_DESCRIPTOR, "panglot.events.v1.EventLogService.payments",  pgl_payments_log_methods,    PGL_RUN_PAYMENTS,  PGL_FILE_PAYMENTS,  FLOWS(payments_feed.calls) },
    [PGL_AT_INVENTORY_LOG]   = { EVENT_LOG_SERVICE_DESCRIPTOR, "panglot.events.v1.EventLogService.inventory", pgl_inventory_log_methods,   PGL_RUN_INVENTORY, PGL_FILE_INVENTORY, FLOWS(inventory_feed.calls) },
    [PGL_AT_ORDERS_ADMIN]    = { ADMIN_SERVICE_DESCRIPTOR,     "panglot.admin.v1.AdminService.orders",        pgl_orders_admin_methods,    PGL_RUN_ORDERS,    PGL_FILE_ORDERS,    0 },
    [PGL_AT_PAYMENTS_ADMIN]  = { ADMIN_SERVICE_DESCRIPTOR,     "panglot.admin.v1.AdminService.payments",      pgl_payments_admin_methods,  PGL_RUN_PAYMENTS,  PGL_FILE_PAYMENTS,  0 },
    [PGL_AT_INVENTORY_ADMIN] = { ADMIN_SERVICE_DESCRIPTOR,     "panglot.admin.v1.AdminService.inventory",     pgl_inventory_admin_methods, PGL_RUN_INVENTORY, PGL_FILE_INVENTORY, 0 },
    [PGL_AT_WEBHOOKS_ADMIN]  = { ADMIN_SERVICE_DESCRIPTOR,     "panglot.admin.v1.AdminService.webhooks",      pgl_webhooks_admin_methods,  PGL_RUN_WEBHOOKS,  PGL_FILE_WEBHOOKS,  0 },
    [PGL_AT_IDENTITY_ADMIN]  = { ADMIN_SERVICE_DESCRIPTOR,     "panglot.admin.v1.AdminService.identity",      pgl_identity_admin_methods,  PGL_RUN_IDENTITY,  PGL_FILE_IDENTITY,  0 },
};
/* clang-format on */

/* What a loop shows whom it calls. NULL: it calls in the open. */
static struct pgl_tls_context *const *tls_of(const struct pgl_mesh *mesh,
                                             const struct pgl_loop *loop)
{
    if (mesh->boot->options.mesh.certificate_file == NULL)
        return NULL;
    int caller = loop == &mesh->boot->loops[PGL_LOOP_EDGE] ? CALLER_EDGE : CALLER_SERVICES;
    return &mesh->callers[caller].contexts.current;
}

/* The connection of a loop to a peer; made when it is first asked for. NULL: see mesh->failure. */
static struct pgl_far *far_of(struct pgl_mesh *mesh, struct pgl_loop *loop, int role)
{
    for (int i = 0; i < mesh->far_count; i++)
        if (mesh->far_keys[i].loop == loop && mesh->far_keys[i].role == role)
            return &mesh->fars[i];
    const struct pgl_address *peer = &mesh->boot->options.mesh.peers[role];
    PGL_ASSERT(mesh->far_count < PGL_MESH_FARS_MAX);
    if (peer->host[0] == '\0') {
        mesh->failure = PGL_FAIL(
            PGL_INVALID, pgl_arena_printf(&mesh->boot->arena,
                                          "%s runs elsewhere: --peer-%s HOST:PORT is expected",
                                          pgl_boot_role_names[role], pgl_boot_role_names[role]));
        return NULL;
    }
    struct pgl_far *far = &mesh->fars[mesh->far_count];
    pgl_far_open(far, loop, peer->host, peer->port, tls_of(mesh, loop), pgl_boot_role_names[role]);
    mesh->far_keys[mesh->far_count].loop = loop;
    mesh->far_keys[mesh->far_count++].role = role;
    return far;
}

struct pgl_endpoint pgl_mesh_endpoint(struct pgl_boot *boot, struct pgl_loop *loop, int at)
{
    const struct pgl_mesh_row *row = &pgl_mesh_rows[at];
    struct pgl_endpoint endpoint = { .service = row->service,
                                     .name = row->name,
                                     .methods = row->methods };
    if (!pgl_boot_runs(boot, row->role)) {
        endpoint.far = far_of(&boot->mesh, loop, row->role);
        return endpoint;
    }
    endpoint.commands = &boot->writers[row->file].commands;
    endpoint.queries = &boot->readers[row->file].queries;
    if (row->flows_offset > 0)
        endpoint.flows = (struct pgl_mailbox *)(void *)((char *)boot + row->flows_offset);
    return endpoint;
}

struct pgl_log_source *pgl_mesh_source(struct pgl_boot *boot, int at)
{
    static const Log names[PGL_MESH_LOGS] = { LOG_ORDERS, LOG_PAYMENTS, LOG_INVENTORY };
    struct pgl_event_log *const near[PGL_MESH_LOGS] = { &boot->orders.state.log,
                                                        &boot->payments.desk.log,
                                                        &boot->inventory.core.log };
    int i = (int)at - PGL_AT_ORDERS_LOG;
    PGL_ASSERT(i >= 0 && i < PGL_MESH_LOGS);
    if (pgl_boot_runs(boot, pgl_mesh_rows[at].role))
        return &near[i]->source;
    struct pgl_far_log *far = &boot->mesh.logs[i];
    if (far->rpc == NULL)
        pgl_far_log_open(far, names[i], &boot->mesh.rpc,
                         pgl_mesh_endpoint(boot, boot->mesh.rpc.loop, at));
    return &far->source;
}

/* A loop of this process calls others: with our own certificate, and it believes who shows one of
 * our authority with the peer's name. */
static pgl_status open_caller(struct pgl_mesh *mesh, int caller, int loop, const char *labels)
{
    struct pgl_boot *boot = mesh->boot;
    struct pgl_certificates_options options = pgl_mesh_certificates(boot);
    options.is_caller = true;
    PGL_TRY(pgl_certificates_open(&mesh->callers[caller], boot->platform, &boot->reload,
                                  &boot->loops[loop], &options));
    pgl_certificates_register(&mesh->callers[caller], &boot->registry, labels);
    return PGL_OK;
}

struct pgl_certificates_options pgl_mesh_certificates(const struct pgl_boot *boot)
{
    const struct pgl_mesh_options *mine = &boot->options.mesh;
    return (struct pgl_certificates_options){ .certificates = mine->certificate_file,
                                              .keys = mine->key_file,
                                              .client_authorities = mine->ca_file,
                                              .offers_http2 = true,
                                              .check_every_ns =
                                                  boot->options.certificates.check_every_ns };
}

pgl_status pgl_mesh_open(struct pgl_mesh *mesh, struct pgl_boot *boot)
{
    *mesh = (struct pgl_mesh){ .boot = boot };
    pgl_rpc_open(&mesh->rpc, &boot->loops[PGL_LOOP_SERVICES]);
    if (boot->options.mesh.certificate_file == NULL)
        return PGL_OK;
    if (pgl_boot_runs(boot, PGL_RUN_GATEWAY))
        PGL_TRY(open_caller(mesh, CALLER_EDGE, PGL_LOOP_EDGE, "caller=\"edge\""));
    return open_caller(mesh, CALLER_SERVICES, PGL_LOOP_SERVICES, "caller=\"services\"");
}

pgl_status pgl_mesh_serve(struct pgl_mesh *mesh)
{
    PGL_TRY(mesh->failure);
    if (mesh->boot->options.mesh.listen.host[0] == '\0')
        return PGL_OK;
    return pgl_mesh_server_open(mesh);
}

void pgl_mesh_start(struct pgl_mesh *mesh)
{
    struct pgl_edge *edge = &mesh->boot->edge;
    for (int i = 0; i < PGL_MESH_LOGS && pgl_boot_runs(mesh->boot, PGL_RUN_GATEWAY); i++)
        if (edge->logs[i].far != NULL)
            pgl_mesh_behind_start(&mesh->behind[i], &edge->rpc, edge->logs[i]);
}

bool pgl_mesh_is_behind(const struct pgl_mesh *mesh)
{
    for (int i = 0; i < PGL_MESH_LOGS; i++)
        if (atomic_load(&mesh->behind[i].is_behind))
            return true;
    return false;
}

void pgl_mesh_drain(struct pgl_mesh *mesh)
{
    if (mesh->server != NULL)
        pgl_mesh_server_drain(mesh->server);
}

bool pgl_mesh_is_drained(const struct pgl_mesh *mesh)
{
    return mesh->server == NULL || pgl_mesh_server_is_idle(mesh->server);
}

void pgl_mesh_close(struct pgl_mesh *mesh)
{
    if (mesh->server != NULL)
        pgl_mesh_server_close(mesh->server);
    for (int i = 0; i < PGL_MESH_LOGS; i++)
        if (mesh->logs[i].rpc != NULL)
            pgl_far_log_close(&mesh->logs[i]);
    for (int i = 0; i < PGL_MESH_LOGS; i++)
        pgl_mesh_behind_close(&mesh->behind[i]);
    for (int i = 0; i < mesh->far_count; i++)
        pgl_far_close(&mesh->fars[i]);
    pgl_certificates_close(&mesh->certificates);
    for (int i = 0; i < PGL_MESH_CALLERS; i++)
        pgl_certificates_close(&mesh->callers[i]);
}
