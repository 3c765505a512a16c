/*
 * webhooks.h - what the handlers of webhooks share: endpoints, deliveries, and what is noted in a
 * transaction for those who wait for it.
 *
 * Owner:    struct pgl_webhooks (service.h), the context of its writer.
 * Threads:  the writer's loop; questions look at the tables alone.
 * Bounds:   the limits below. What is full: an 11th endpoint is refused; an endpoint with too many
 *           deliveries waiting is disabled; of delivered and dead ones the oldest go.
 */
#ifndef PGL_WEBHOOKS_WEBHOOKS_H
#define PGL_WEBHOOKS_WEBHOOKS_H

#include "contract/webhooks.h"
#include "events/consumer.h"

#define PGL_WEBHOOK_LOGS            3
#define PGL_WEBHOOK_ENDPOINTS_MAX   256 /* of all tenants */
#define PGL_WEBHOOK_TENANT_MAX      10
#define PGL_WEBHOOK_TYPES_MAX       32
#define PGL_WEBHOOK_DESCRIPTION_MAX 256    /* bytes */
#define PGL_WEBHOOK_WAITING_MAX     100000 /* of an endpoint: half a gigabyte at worst */
#define PGL_WEBHOOK_KEPT_MAX        10000  /* of an endpoint: delivered, and as many dead */
#define PGL_WEBHOOK_SECRET_BYTES    32
#define PGL_WEBHOOK_SCAN_MAX        10000 /* deliveries looked at for one page of a list */
#define PGL_WEBHOOK_REDELIVERED_MAX 1000  /* by one call */
#define PGL_WEBHOOK_IN_FLIGHT_MAX   2     /* of an endpoint */
#define PGL_WEBHOOK_DUE_MAX         64    /* answered at once */
#define PGL_WEBHOOK_DISABLED_MAX    16    /* told of in the log, of one transaction */
#define PGL_WEBHOOK_BODY_BYTES_MAX  (1u << 20)

struct pgl_webhooks_core {
    bool loopback_too;                               /* see guard.h */
    struct pgl_consumer consumers[PGL_WEBHOOK_LOGS]; /* of orders, payments, inventory */
    struct pgl_buffer body;                          /* of the event that is heard */

    /* Noted in a transaction. */
    bool is_changed; /* who is enabled */
    bool has_news;   /* a delivery may be due */
    bool is_placed;  /* there was nobody, and now there is: the logs are heard from here on */
    struct pgl_log_position places[PGL_WEBHOOK_LOGS];
    struct webhook_disabled {
        pgl_id id;
        DisabledBecause because;
    } disabled[PGL_WEBHOOK_DISABLED_MAX]; /* by ourselves: for the log */
    int disabled_count;
};

static const Log pgl_webhook_logs[PGL_WEBHOOK_LOGS] = { LOG_ORDERS, LOG_PAYMENTS, LOG_INVENTORY };

/* ---- endpoints.c ---- */

/* What the flows of the service have found out for a handler: secrets, and where the logs end. */
struct webhook_create {
    const CreateEndpointRequest *ask;
    uint8_t secret[PGL_WEBHOOK_SECRET_BYTES];
    struct pgl_log_position ends[PGL_WEBHOOK_LOGS];
};
struct webhook_change {
    const ChangeEndpointRequest *ask;
    struct pgl_log_position ends[PGL_WEBHOOK_LOGS];
};
struct webhook_rotate {
    const EndpointRequest *ask;
    uint8_t secret[PGL_WEBHOOK_SECRET_BYTES];
};

PGL_MUST_USE pgl_status pgl_webhooks_create(struct pgl_tx *tx, const struct webhook_create *create,
                                            EndpointResponse *reply);
PGL_MUST_USE pgl_status pgl_webhooks_change(struct pgl_tx *tx, const struct webhook_change *change,
                                            EndpointResponse *reply);
PGL_MUST_USE pgl_status pgl_webhooks_rotate(struct pgl_tx *tx, const struct webhook_rotate *rotate,
                                            EndpointResponse *reply);
PGL_MUST_USE pgl_status pgl_webhooks_delete(struct pgl_tx *tx, const EndpointRequest *ask,
                                            DeleteEndpointResponse *reply);
PGL_MUST_USE pgl_status pgl_webhooks_get(const struct pgl_view *view, const EndpointRequest *ask,
                                         EndpointResponse *reply);
PGL_MUST_USE pgl_status pgl_webhooks_list(const struct pgl_view *view,
                                          const ListEndpointsRequest *ask,
                                          ListEndpointsResponse *reply);

/* ---- hear.c ---- */

/* An event becomes a delivery for each endpoint of its tenant that wants it. */
PGL_MUST_USE pgl_status pgl_webhooks_hear(struct pgl_tx *tx, int64_t seq, const Event *event);

/* ---- deliveries.c ---- */

PGL_MUST_USE pgl_status pgl_webhooks_deliveries(const struct pgl_view *view,
                                                const ListDeliveriesRequest *ask,
                                                ListDeliveriesResponse *reply);
PGL_MUST_USE pgl_status pgl_webhooks_redeliver(struct pgl_tx *tx, const RedeliverRequest *ask,
                                               RedeliverResponse *reply);

/* What is to be sent now, and when there is more. */
struct webhook_due_ask {
    int64_t now_ns; /* wall */
    pgl_id behind;  /* the endpoint to begin behind, so that each has its turn */
};
struct webhook_due {
    int64_t number;
    pgl_id endpoint, event;
    struct pgl_text url, body;
    uint8_t secrets[2][PGL_WEBHOOK_SECRET_BYTES];
    int secret_count;
};
struct webhook_due_reply {
    struct webhook_due *items; /* PGL_WEBHOOK_DUE_MAX at most */
    int count;
    int64_t next_ns; /* wall; PGL_NEVER_NS when nothing else waits */
};
PGL_MUST_USE pgl_status pgl_webhooks_due(const struct pgl_view *view,
                                         const struct webhook_due_ask *ask,
                                         struct webhook_due_reply *reply);

/* How an attempt ended. */
struct webhook_attempt {
    int64_t number;
    int status;            /* of the answer; 0: none came */
    const char *problem;   /* "" where an answer came */
    int64_t retry_after_s; /* as the receiver wishes; 0: it has not said */
    uint64_t drawn;        /* a random number, for the wait until the next attempt */
};
/* `reply` is not used. An attempt of what is not there any more, or does not wait, changes
 * nothing. */
PGL_MUST_USE pgl_status pgl_webhooks_record(struct pgl_tx *tx,
                                            const struct webhook_attempt *attempt, void *reply);

/* What our own flows ask of our writer and reader; nobody else can call these. */
enum webhook_inner_method {
    WEBHOOK_INNER_CREATE,
    WEBHOOK_INNER_CHANGE,
    WEBHOOK_INNER_ROTATE,
    WEBHOOK_INNER_DUE,
    WEBHOOK_INNER_RECORD,
    WEBHOOK_INNER_METHOD_COUNT
};

#endif
