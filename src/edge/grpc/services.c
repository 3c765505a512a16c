/* services.c - see services.h. */
#include "edge/grpc/services.h"

#include "base/id.h"
#include "contract/admin.h"
#include "contract/catalog.h"
#include "contract/events.h"
#include "contract/health.h"
#include "contract/identity.h"
#include "contract/inventory.h"
#include "contract/orders.h"
#include "contract/payments.h"
#include "contract/reflection.h"
#include "contract/webhooks.h"

/* ---- whom a method asks ---- */

static pgl_status of_catalog(const struct pgl_request *request, const void *ask,
                             const struct pgl_endpoint **endpoint)
{
    (void)ask;
    *endpoint = &request->edge->catalog;
    return PGL_OK;
}

static pgl_status of_orders(const struct pgl_request *request, const void *ask,
                            const struct pgl_endpoint **endpoint)
{
    (void)ask;
    *endpoint = &request->edge->orders;
    return PGL_OK;
}

static pgl_status of_payments(const struct pgl_request *request, const void *ask,
                              const struct pgl_endpoint **endpoint)
{
    (void)ask;
    *endpoint = &request->edge->payments;
    return PGL_OK;
}

static pgl_status of_inventory(const struct pgl_request *request, const void *ask,
                               const struct pgl_endpoint **endpoint)
{
    (void)ask;
    *endpoint = &request->edge->inventory;
    return PGL_OK;
}

static pgl_status of_webhooks(const struct pgl_request *request, const void *ask,
                              const struct pgl_endpoint **endpoint)
{
    (void)ask;
    *endpoint = &request->edge->webhooks;
    return PGL_OK;
}

static pgl_status of_identity(const struct pgl_request *request, const void *ask,
                              const struct pgl_endpoint **endpoint)
{
    (void)ask;
    *endpoint = &request->edge->identity;
    return PGL_OK;
}

/* A new order is not taken while those before it wait too long to be settled: the edge's way to
 * shed load, as for POST /api/v1/orders. */
static pgl_status of_new_order(const struct pgl_request *request, const void *ask,
                               const struct pgl_endpoint **endpoint)
{
    struct pgl_edge *edge = request->edge;
    if (edge->is_behind(edge->ready_self)) {
        pgl_counter_add(&edge->shed, 1);
        return PGL_FAIL(PGL_EXHAUSTED, "orders that were accepted wait to be settled; come again");
    }
    return of_orders(request, ask, endpoint);
}

pgl_status edge_grpc_log_endpoint(const struct pgl_request *request, int log,
                                  const struct pgl_endpoint **endpoint)
{
    switch (log) {
    case LOG_ORDERS:
        *endpoint = &request->edge->logs[0];
        return PGL_OK;
    case LOG_PAYMENTS:
        *endpoint = &request->edge->logs[1];
        return PGL_OK;
    case LOG_INVENTORY:
        *endpoint = &request->edge->logs[2];
        return PGL_OK;
    default:
        return PGL_FAIL(PGL_INVALID, "log: one of orders, payments and inventory is expected");
    }
}

static pgl_status of_log(const struct pgl_request *request, const void *ask,
                         const struct pgl_endpoint **endpoint)
{
    return edge_grpc_log_endpoint(request, (int)((const ReadRequest *)ask)->log, endpoint);
}

static pgl_status of_key_in_log(const struct pgl_request *request, const void *ask,
                                const struct pgl_endpoint **endpoint)
{
    const ReadKeyRequest *wanted = ask;
    if (wanted->key.len != sizeof(pgl_id))
        return PGL_FAIL(PGL_INVALID, "key: 16 bytes are expected");
    return edge_grpc_log_endpoint(request, (int)wanted->log, endpoint);
}

/* Several services have operators of their own; the field "panglot-service" says whose is meant. */
static pgl_status of_admin(const struct pgl_request *request, const void *ask,
                           const struct pgl_endpoint **endpoint)
{
    static const char *const names[] = { "orders", "payments", "inventory", "webhooks",
                                         "identity" };
    struct pgl_text name;
    (void)ask;
    PGL_TRY(edge_find_field(request, PGL_TEXT("panglot-service"), &name));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (pgl_text_is(name, names[i])) {
            *endpoint = &request->edge->admins[i];
            return PGL_OK;
        }
    return PGL_FAIL(PGL_INVALID, "panglot-service: this metadata is expected to name one of "
                                 "orders, payments, inventory, webhooks and identity");
}

/* ---- who may: the same as over REST, see gateway/routes.c ---- */

#define OPERATOR  PGL_ROLE_OPERATOR
#define HELPERS   (PGL_ROLE_SUPPORT | PGL_ROLE_OPERATOR)
#define WORKERS   (PGL_ROLE_WAREHOUSE | PGL_ROLE_OPERATOR)
#define BUYERS    (PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER | PGL_ROLE_OPERATOR)
#define READERS   (BUYERS | PGL_ROLE_SUPPORT)
#define EVERYBODY (READERS | PGL_ROLE_WAREHOUSE)

/* ---- the rows ---- */

/* clang-format off */

/* The rule comes last, as it has commas in it. */
#define METHOD(kind_, is_safe_, handler_, path_, class_, begin_, next_, endpoint_, ...)            \
    { kind_, is_safe_, &handler_,                                                                  \
      &(const struct edge_grpc_row){ { .method = PGL_HTTP_POST, .path = path_, .rule = __VA_ARGS__,\
                                       .class = class_, .begin = begin_, .next = next_ }, endpoint_ } }
/* A method of a service, which changes nothing, or something. */
#define ASKS(path_, class_, endpoint_, ...)                                                        \
    METHOD(PGL_GRPC_UNARY, true, edge_grpc_handler, path_, class_, edge_grpc_ask,                  \
           edge_grpc_answered, endpoint_, __VA_ARGS__)
#define CHANGES(path_, class_, endpoint_, ...)                                                     \
    METHOD(PGL_GRPC_UNARY, false, edge_grpc_handler, path_, class_, edge_grpc_ask,                 \
           edge_grpc_answered, endpoint_, __VA_ARGS__)
/* What the edge makes of a service's long polls. */
#define STREAM(path_, begin_, next_, ...)                                                          \
    METHOD(PGL_GRPC_SERVER_STREAM, true, edge_grpc_handler, path_, PGL_CLASS_STREAM, begin_,       \
           next_, NULL, __VA_ARGS__)

static const struct pgl_grpc_method catalog_methods[CATALOG_SERVICE_METHOD_COUNT] = {
    [CATALOG_SERVICE_LIST_PRODUCTS] =
        ASKS("CatalogService/ListProducts", PGL_CLASS_READ, of_catalog, PGL_ANYONE),
    [CATALOG_SERVICE_GET_PRODUCT] =
        ASKS("CatalogService/GetProduct", PGL_CLASS_READ, of_catalog, PGL_ANYONE),
    [CATALOG_SERVICE_GET_PRICES] =
        ASKS("CatalogService/GetPrices", PGL_CLASS_READ, of_catalog, PGL_ANYONE),
    [CATALOG_SERVICE_PUT_PRODUCT] =
        CHANGES("CatalogService/PutProduct", PGL_CLASS_WRITE, of_catalog, PGL_MAY(OPERATOR, "catalog:write")),
    [CATALOG_SERVICE_CHANGE_PRODUCT] =
        CHANGES("CatalogService/ChangeProduct", PGL_CLASS_WRITE, of_catalog, PGL_MAY(OPERATOR, "catalog:write")),
    [CATALOG_SERVICE_RETIRE_PRODUCT] =
        CHANGES("CatalogService/RetireProduct", PGL_CLASS_WRITE, of_catalog, PGL_MAY(OPERATOR, "catalog:write")),
    [CATALOG_SERVICE_IMPORT_PRODUCTS] =
        CHANGES("CatalogService/ImportProducts", PGL_CLASS_WRITE, of_catalog, PGL_MAY(OPERATOR, "catalog:write")),
};

static const struct pgl_grpc_method order_methods[ORDER_SERVICE_METHOD_COUNT] = {
    [ORDER_SERVICE_CREATE_ORDER] =
        CHANGES("OrderService/CreateOrder", PGL_CLASS_ORDER, of_new_order, PGL_MAY(BUYERS, "orders:write")),
    [ORDER_SERVICE_GET_ORDER] =
        ASKS("OrderService/GetOrder", PGL_CLASS_READ, of_orders, PGL_MAY(READERS, "orders:read")),
    [ORDER_SERVICE_LIST_ORDERS] =
        ASKS("OrderService/ListOrders", PGL_CLASS_READ, of_orders, PGL_MAY(READERS, "orders:read")),
    [ORDER_SERVICE_CANCEL_ORDER] =
        CHANGES("OrderService/CancelOrder", PGL_CLASS_WRITE, of_orders, PGL_MAY(READERS, "orders:write")),
    [ORDER_SERVICE_WAIT_ORDER] =
        ASKS("OrderService/WaitOrder", PGL_CLASS_STREAM, of_orders, PGL_MAY(READERS, "orders:read")),
    [ORDER_SERVICE_REFUND_ORDER] =
        CHANGES("OrderService/RefundOrder", PGL_CLASS_PAYMENT, of_orders, PGL_MAY(OPERATOR, "orders:write")),
    [ORDER_SERVICE_WATCH_ORDER] =
        STREAM("OrderService/WatchOrder", edge_grpc_order_begin, edge_grpc_order_next,
               PGL_MAY(READERS, "orders:read")),
};

/* Hints are the provider's webhooks, which come over HTTP with its signature. */
static const struct pgl_grpc_method payment_methods[PAYMENT_SERVICE_METHOD_COUNT] = {
    [PAYMENT_SERVICE_GET_PAYMENT] =
        ASKS("PaymentService/GetPayment", PGL_CLASS_READ, of_payments, PGL_MAY(READERS, "payments:read")),
    [PAYMENT_SERVICE_PUT_CREDIT_LINE] =
        CHANGES("PaymentService/PutCreditLine", PGL_CLASS_PAYMENT, of_payments, PGL_MAY(OPERATOR, "admin")),
    [PAYMENT_SERVICE_LIST_INTENTS] =
        ASKS("PaymentService/ListIntents", PGL_CLASS_ANALYTICS, of_payments, PGL_MAY(HELPERS, "admin")),
    [PAYMENT_SERVICE_RETRY_INTENT] =
        CHANGES("PaymentService/RetryIntent", PGL_CLASS_WRITE, of_payments, PGL_MAY(OPERATOR, "admin")),
    [PAYMENT_SERVICE_SETTLE_INTENT] =
        CHANGES("PaymentService/SettleIntent", PGL_CLASS_WRITE, of_payments, PGL_MAY(OPERATOR, "admin")),
    [PAYMENT_SERVICE_RECONCILE] =
        CHANGES("PaymentService/Reconcile", PGL_CLASS_WRITE, of_payments, PGL_MAY(OPERATOR, "admin")),
    [PAYMENT_SERVICE_GET_RECONCILIATION] =
        ASKS("PaymentService/GetReconciliation", PGL_CLASS_ANALYTICS, of_payments, PGL_MAY(HELPERS, "admin")),
};

static const struct pgl_grpc_method inventory_methods[INVENTORY_SERVICE_METHOD_COUNT] = {
    [INVENTORY_SERVICE_GET_STOCK] =
        ASKS("InventoryService/GetStock", PGL_CLASS_READ, of_inventory, PGL_ANYONE),
    [INVENTORY_SERVICE_GET_AVAILABLE] =
        ASKS("InventoryService/GetAvailable", PGL_CLASS_READ, of_inventory, PGL_ANYONE),
    [INVENTORY_SERVICE_RECEIVE_STOCK] =
        CHANGES("InventoryService/ReceiveStock", PGL_CLASS_WRITE, of_inventory, PGL_MAY(WORKERS, "inventory:write")),
    [INVENTORY_SERVICE_SELL_STOCK] =
        CHANGES("InventoryService/SellStock", PGL_CLASS_WRITE, of_inventory, PGL_MAY(WORKERS, "inventory:write")),
    [INVENTORY_SERVICE_COUNT_STOCK] =
        CHANGES("InventoryService/CountStock", PGL_CLASS_WRITE, of_inventory, PGL_MAY(WORKERS, "inventory:write")),
    [INVENTORY_SERVICE_SHIP_ORDER] =
        CHANGES("InventoryService/ShipOrder", PGL_CLASS_WRITE, of_inventory, PGL_MAY(WORKERS, "inventory:write")),
    [INVENTORY_SERVICE_LIST_SHIPMENTS] =
        METHOD(PGL_GRPC_UNARY, true, edge_grpc_handler, "InventoryService/ListShipments", PGL_CLASS_READ,
               edge_grpc_parcels_begin, edge_grpc_parcels_next, NULL, PGL_MAY(EVERYBODY, "orders:read")),
};

static const struct pgl_grpc_method webhook_methods[WEBHOOK_SERVICE_METHOD_COUNT] = {
    [WEBHOOK_SERVICE_CREATE_ENDPOINT] =
        CHANGES("WebhookService/CreateEndpoint", PGL_CLASS_WRITE, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
    [WEBHOOK_SERVICE_LIST_ENDPOINTS] =
        ASKS("WebhookService/ListEndpoints", PGL_CLASS_READ, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
    [WEBHOOK_SERVICE_GET_ENDPOINT] =
        ASKS("WebhookService/GetEndpoint", PGL_CLASS_READ, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
    [WEBHOOK_SERVICE_CHANGE_ENDPOINT] =
        CHANGES("WebhookService/ChangeEndpoint", PGL_CLASS_WRITE, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
    [WEBHOOK_SERVICE_DELETE_ENDPOINT] =
        CHANGES("WebhookService/DeleteEndpoint", PGL_CLASS_WRITE, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
    [WEBHOOK_SERVICE_ROTATE_SECRET] =
        CHANGES("WebhookService/RotateSecret", PGL_CLASS_WRITE, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
    [WEBHOOK_SERVICE_LIST_DELIVERIES] =
        ASKS("WebhookService/ListDeliveries", PGL_CLASS_READ, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
    [WEBHOOK_SERVICE_REDELIVER] =
        CHANGES("WebhookService/Redeliver", PGL_CLASS_WRITE, of_webhooks, PGL_MAY(OPERATOR, "webhooks:write")),
};

/* What edges ask among themselves (VerifyKey, WatchKeys, NoteKeyUse) is nobody else's. */
static const struct pgl_grpc_method identity_methods[IDENTITY_SERVICE_METHOD_COUNT] = {
    [IDENTITY_SERVICE_CREATE_KEY] =
        CHANGES("IdentityService/CreateKey", PGL_CLASS_WRITE, of_identity, PGL_MAY(OPERATOR, "admin")),
    [IDENTITY_SERVICE_LIST_KEYS] =
        ASKS("IdentityService/ListKeys", PGL_CLASS_READ, of_identity, PGL_MAY(OPERATOR, "admin")),
    [IDENTITY_SERVICE_GET_KEY] =
        ASKS("IdentityService/GetKey", PGL_CLASS_READ, of_identity, PGL_MAY(OPERATOR, "admin")),
    [IDENTITY_SERVICE_CHANGE_KEY] =
        CHANGES("IdentityService/ChangeKey", PGL_CLASS_WRITE, of_identity, PGL_MAY(OPERATOR, "admin")),
    [IDENTITY_SERVICE_REVOKE_KEY] =
        CHANGES("IdentityService/RevokeKey", PGL_CLASS_WRITE, of_identity, PGL_MAY(OPERATOR, "admin")),
    [IDENTITY_SERVICE_ROTATE_KEY] =
        CHANGES("IdentityService/RotateKey", PGL_CLASS_WRITE, of_identity, PGL_MAY(OPERATOR, "admin")),
};

/* What services ask among themselves (Follow) is nobody else's. */
static const struct pgl_grpc_method log_methods[EVENT_LOG_SERVICE_METHOD_COUNT] = {
    [EVENT_LOG_SERVICE_READ] =
        ASKS("EventLogService/Read", PGL_CLASS_STREAM, of_log, PGL_MAY(OPERATOR, "events:read")),
    [EVENT_LOG_SERVICE_READ_KEY] =
        ASKS("EventLogService/ReadKey", PGL_CLASS_READ, of_key_in_log, PGL_MAY(OPERATOR, "events:read")),
    [EVENT_LOG_SERVICE_WATCH_LOG] =
        STREAM("EventLogService/WatchLog", edge_grpc_log_begin, NULL, PGL_MAY(OPERATOR, "events:read")),
};

static const struct pgl_grpc_method admin_methods[ADMIN_SERVICE_METHOD_COUNT] = {
    [ADMIN_SERVICE_LIST_AUDIT] =
        ASKS("AdminService/ListAudit", PGL_CLASS_ANALYTICS, of_admin, PGL_MAY(HELPERS, "admin")),
    [ADMIN_SERVICE_LIST_PARKED] =
        ASKS("AdminService/ListParked", PGL_CLASS_ANALYTICS, of_admin, PGL_MAY(HELPERS, "admin")),
    [ADMIN_SERVICE_GET_PARKED] =
        ASKS("AdminService/GetParked", PGL_CLASS_ANALYTICS, of_admin, PGL_MAY(HELPERS, "admin")),
    [ADMIN_SERVICE_START_JOB] =
        CHANGES("AdminService/StartJob", PGL_CLASS_WRITE, of_admin, PGL_MAY(OPERATOR, "admin")),
    [ADMIN_SERVICE_LIST_JOBS] =
        ASKS("AdminService/ListJobs", PGL_CLASS_ANALYTICS, of_admin, PGL_MAY(HELPERS, "admin")),
    [ADMIN_SERVICE_GET_JOB] =
        ASKS("AdminService/GetJob", PGL_CLASS_ANALYTICS, of_admin, PGL_MAY(HELPERS, "admin")),
    [ADMIN_SERVICE_CANCEL_JOB] =
        CHANGES("AdminService/CancelJob", PGL_CLASS_WRITE, of_admin, PGL_MAY(OPERATOR, "admin")),
    [ADMIN_SERVICE_LIST_OPEN] =
        ASKS("AdminService/ListOpen", PGL_CLASS_ANALYTICS, of_admin, PGL_MAY(HELPERS, "admin")),
    [ADMIN_SERVICE_DESCRIBE] =
        ASKS("AdminService/Describe", PGL_CLASS_ANALYTICS, of_admin, PGL_MAY(HELPERS, "admin")),
};

static const struct pgl_grpc_method health_methods[HEALTH_METHOD_COUNT] = {
    [HEALTH_CHECK] =
        METHOD(PGL_GRPC_UNARY, true, edge_grpc_handler, "Health/Check", PGL_CLASS_HEALTH,
               edge_grpc_health_check, NULL, NULL, PGL_ANYONE),
    [HEALTH_WATCH] =
        STREAM("Health/Watch", edge_grpc_health_watch, NULL, PGL_ANYONE),
};

static const struct pgl_grpc_method reflection_methods[SERVER_REFLECTION_METHOD_COUNT] = {
    [SERVER_REFLECTION_SERVER_REFLECTION_INFO] =
        METHOD(PGL_GRPC_BIDI, false, edge_grpc_reflection_handler, "ServerReflection/ServerReflectionInfo",
               PGL_CLASS_STREAM, edge_grpc_reflection_begin, NULL, NULL, PGL_ANYONE),
};

const struct pgl_grpc_service edge_grpc_services[EDGE_GRPC_SERVICES_WITH_REFLECTION] = {
    { CATALOG_SERVICE_DESCRIPTOR,   NULL, catalog_methods },
    { ORDER_SERVICE_DESCRIPTOR,     NULL, order_methods },
    { PAYMENT_SERVICE_DESCRIPTOR,   NULL, payment_methods },
    { INVENTORY_SERVICE_DESCRIPTOR, NULL, inventory_methods },
    { WEBHOOK_SERVICE_DESCRIPTOR,   NULL, webhook_methods },
    { IDENTITY_SERVICE_DESCRIPTOR,  NULL, identity_methods },
    { EVENT_LOG_SERVICE_DESCRIPTOR, NULL, log_methods },
    { ADMIN_SERVICE_DESCRIPTOR,     NULL, admin_methods },
    { HEALTH_DESCRIPTOR,            NULL, health_methods },
    { SERVER_REFLECTION_DESCRIPTOR, NULL, reflection_methods },
    { SERVER_REFLECTION_DESCRIPTOR, "grpc.reflection.v1alpha.ServerReflection", reflection_methods },
};
/* clang-format on */
