/*
 * mesh.h - the services as every part of a process sees them, near or far: their endpoints, the
 * logs that others serve, and the listener where this process serves its own.
 *
 * Owner:    app/boot.h has one. The table of what is offered where is in mesh.c.
 * Threads:  opened before the loops run. Server and followed logs belong to the services' loop; a
 *           peer's connection to the loop that calls.
 * Bounds:   a connection for each peer and each loop that calls it: PGL_MESH_FARS_MAX.
 */
#ifndef PGL_APP_MESH_H
#define PGL_APP_MESH_H

#include "app/certificates.h"
#include "app/far_log.h"
#include "app/mesh_behind.h"
#include "app/options.h"
#include "transport/rpc_far.h"

#define PGL_MESH_PEERS_MAX   8
#define PGL_MESH_FARS_MAX    (2 * PGL_MESH_PEERS_MAX)
#define PGL_MESH_LOGS        3
#define PGL_MESH_CALLERS     2  /* loops that call: the edge, and that of the services */
#define PGL_MESH_METHODS_MAX 32 /* of one service; the largest has a third of that */

struct pgl_boot;
struct pgl_mesh_server;

struct pgl_mesh_options {
    struct pgl_address listen;                    /* no host: it does not */
    struct pgl_address peers[PGL_MESH_PEERS_MAX]; /* by enum pgl_boot_role */
    bool is_plain;                                /* no TLS; to loopback alone */
    const char *certificate_file, *key_file, *ca_file;
};

/* What is offered somewhere. */
enum pgl_mesh_at {
    PGL_AT_CATALOG,
    PGL_AT_ORDERS,
    PGL_AT_PAYMENTS,
    PGL_AT_INVENTORY,
    PGL_AT_WEBHOOKS,
    PGL_AT_IDENTITY,
    PGL_AT_ORDERS_LOG,
    PGL_AT_PAYMENTS_LOG,
    PGL_AT_INVENTORY_LOG,
    PGL_AT_ORDERS_ADMIN,
    PGL_AT_PAYMENTS_ADMIN,
    PGL_AT_INVENTORY_ADMIN,
    PGL_AT_WEBHOOKS_ADMIN,
    PGL_AT_IDENTITY_ADMIN,
    PGL_AT_COUNT
};

struct pgl_mesh {
    struct pgl_boot *boot;
    struct pgl_far fars[PGL_MESH_FARS_MAX];
    struct {
        struct pgl_loop *loop;
        int role;
    } far_keys[PGL_MESH_FARS_MAX];
    int far_count;
    struct pgl_rpc rpc; /* of the followed logs */
    struct pgl_far_log logs[PGL_MESH_LOGS];
    struct pgl_mesh_behind behind[PGL_MESH_LOGS];      /* of a gateway, the same logs */
    struct pgl_certificates callers[PGL_MESH_CALLERS]; /* as who we call the others */
    struct pgl_certificates certificates;              /* as who we are called */
    struct pgl_mesh_server *server;                    /* NULL: it does not listen */
    pgl_status failure;                                /* of an endpoint that could not be made */
};

/* Before any of what follows is asked for. */
PGL_MUST_USE pgl_status pgl_mesh_open(struct pgl_mesh *mesh, struct pgl_boot *boot);
/* Where a loop of this process reaches a service. That a peer is not configured shows in
 * pgl_mesh_serve. */
struct pgl_endpoint pgl_mesh_endpoint(struct pgl_boot *boot, struct pgl_loop *loop, int at);
/* The log at one of PGL_AT_..._LOG. */
struct pgl_log_source *pgl_mesh_source(struct pgl_boot *boot, int at);
/* Listens, if it is to, once all endpoints are asked for. */
PGL_MUST_USE pgl_status pgl_mesh_serve(struct pgl_mesh *mesh);
/* The loops are about to run, and the edge is open where there is one. */
void pgl_mesh_start(struct pgl_mesh *mesh);
/* Any thread: a log of another process has readers that are far behind; see mesh_behind.h for how
 * old that may be. */
bool pgl_mesh_is_behind(const struct pgl_mesh *mesh);

void pgl_mesh_drain(struct pgl_mesh *mesh);
bool pgl_mesh_is_drained(const struct pgl_mesh *mesh);
void pgl_mesh_close(struct pgl_mesh *mesh);

/* What both sides of a connection between roles show, and whom they believe. */
struct pgl_certificates_options pgl_mesh_certificates(const struct pgl_boot *boot);

/* For the server: what of this process is offered. */
struct pgl_mesh_row {
    const ProtobufCServiceDescriptor *service;
    const char *name; /* on the way; NULL: the contract's */
    const struct pgl_method *methods;
    int role;            /* enum pgl_boot_role: who offers it */
    int file;            /* enum pgl_boot_file */
    size_t flows_offset; /* of its mailbox in struct pgl_boot; 0: none */
};
extern const struct pgl_mesh_row pgl_mesh_rows[PGL_AT_COUNT];

/* The roles that may call a method, as a set; the table is in mesh_rights.c. */
uint32_t pgl_mesh_callers(int at, int method);
/* Whether one of the names of a certificate ("orders,payments") is that of such a role. */
bool pgl_mesh_may_call(const char *names, int at, int method);
/* Whether one of them is the reader, whose position the log keeps; "" is nobody's. */
bool pgl_mesh_may_read_as(const char *names, const char *reader);

#endif
