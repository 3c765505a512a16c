/* mesh_rights.c - which roles may call which method; what has no row here may be called by nobody.
 */
#include "app/boot.h"
#include "base/assert.h"

#define GATEWAY   PGL_RUNS(PGL_RUN_GATEWAY)
#define ORDERS    PGL_RUNS(PGL_RUN_ORDERS)
#define PAYMENTS  PGL_RUNS(PGL_RUN_PAYMENTS)
#define INVENTORY PGL_RUNS(PGL_RUN_INVENTORY)
#define WEBHOOKS  PGL_RUNS(PGL_RUN_WEBHOOKS)

/* clang-format off */
/* Whoever reads along may follow a log (docs/saga.md), and look into none. */
#define LOG_ROWS(readers)                                                                          \
    [EVENT_LOG_SERVICE_READ]     = GATEWAY,                                                        \
    [EVENT_LOG_SERVICE_READ_KEY] = GATEWAY,                                                        \
    [EVENT_LOG_SERVICE_FOLLOW]   = (readers)

#define ADMIN_ROWS                                                                                 \
    [ADMIN_SERVICE_LIST_AUDIT]  = GATEWAY,                                                         \
    [ADMIN_SERVICE_LIST_PARKED] = GATEWAY,                                                         \
    [ADMIN_SERVICE_GET_PARKED]  = GATEWAY,                                                         \
    [ADMIN_SERVICE_START_JOB]   = GATEWAY,                                                         \
    [ADMIN_SERVICE_LIST_JOBS]   = GATEWAY,                                                         \
    [ADMIN_SERVICE_GET_JOB]     = GATEWAY,                                                         \
    [ADMIN_SERVICE_CANCEL_JOB]  = GATEWAY,                                                         \
    [ADMIN_SERVICE_LIST_OPEN]   = GATEWAY,                                                         \
    [ADMIN_SERVICE_DESCRIBE]    = GATEWAY

static const uint32_t rights[PGL_AT_COUNT][PGL_MESH_METHODS_MAX] = {
    [PGL_AT_CATALOG] = {
        [CATALOG_SERVICE_LIST_PRODUCTS]   = GATEWAY,
        [CATALOG_SERVICE_GET_PRODUCT]     = GATEWAY,
        [CATALOG_SERVICE_GET_PRICES]      = GATEWAY | ORDERS,
        [CATALOG_SERVICE_PUT_PRODUCT]     = GATEWAY,
        [CATALOG_SERVICE_CHANGE_PRODUCT]  = GATEWAY,
        [CATALOG_SERVICE_RETIRE_PRODUCT]  = GATEWAY,
        [CATALOG_SERVICE_IMPORT_PRODUCTS] = GATEWAY,
    },
    [PGL_AT_ORDERS] = {
        [ORDER_SERVICE_CREATE_ORDER] = GATEWAY,
        [ORDER_SERVICE_GET_ORDER]    = GATEWAY,
        [ORDER_SERVICE_LIST_ORDERS]  = GATEWAY,
        [ORDER_SERVICE_CANCEL_ORDER] = GATEWAY,
        [ORDER_SERVICE_WAIT_ORDER]   = GATEWAY,
        [ORDER_SERVICE_REFUND_ORDER] = GATEWAY,
    },
    [PGL_AT_PAYMENTS] = {
        [PAYMENT_SERVICE_GET_PAYMENT]        = GATEWAY,
        [PAYMENT_SERVICE_PUT_CREDIT_LINE]    = GATEWAY,
        [PAYMENT_SERVICE_TAKE_HINT]          = GATEWAY,
        [PAYMENT_SERVICE_LIST_INTENTS]       = GATEWAY,
        [PAYMENT_SERVICE_RETRY_INTENT]       = GATEWAY,
        [PAYMENT_SERVICE_SETTLE_INTENT]      = GATEWAY,
        [PAYMENT_SERVICE_RECONCILE]          = GATEWAY,
        [PAYMENT_SERVICE_GET_RECONCILIATION] = GATEWAY,
    },
    [PGL_AT_INVENTORY] = {
        [INVENTORY_SERVICE_GET_STOCK]      = GATEWAY,
        [INVENTORY_SERVICE_GET_AVAILABLE]  = GATEWAY,
        [INVENTORY_SERVICE_RECEIVE_STOCK]  = GATEWAY,
        [INVENTORY_SERVICE_SELL_STOCK]     = GATEWAY,
        [INVENTORY_SERVICE_COUNT_STOCK]    = GATEWAY,
        [INVENTORY_SERVICE_SHIP_ORDER]     = GATEWAY,
        [INVENTORY_SERVICE_LIST_SHIPMENTS] = GATEWAY,
    },
    [PGL_AT_WEBHOOKS] = {
        [WEBHOOK_SERVICE_CREATE_ENDPOINT] = GATEWAY,
        [WEBHOOK_SERVICE_LIST_ENDPOINTS]  = GATEWAY,
        [WEBHOOK_SERVICE_GET_ENDPOINT]    = GATEWAY,
        [WEBHOOK_SERVICE_CHANGE_ENDPOINT] = GATEWAY,
        [WEBHOOK_SERVICE_DELETE_ENDPOINT] = GATEWAY,
        [WEBHOOK_SERVICE_ROTATE_SECRET]   = GATEWAY,
        [WEBHOOK_SERVICE_LIST_DELIVERIES] = GATEWAY,
        [WEBHOOK_SERVICE_REDELIVER]       = GATEWAY,
    },
    [PGL_AT_IDENTITY] = {
        [IDENTITY_SERVICE_CREATE_KEY]   = GATEWAY,
        [IDENTITY_SERVICE_LIST_KEYS]    = GATEWAY,
        [IDENTITY_SERVICE_GET_KEY]      = GATEWAY,
        [IDENTITY_SERVICE_CHANGE_KEY]   = GATEWAY,
        [IDENTITY_SERVICE_REVOKE_KEY]   = GATEWAY,
        [IDENTITY_SERVICE_ROTATE_KEY]   = GATEWAY,
        [IDENTITY_SERVICE_VERIFY_KEY]   = GATEWAY,
        [IDENTITY_SERVICE_WATCH_KEYS]   = GATEWAY,
        [IDENTITY_SERVICE_NOTE_KEY_USE] = GATEWAY,
    },
    [PGL_AT_ORDERS_LOG]      = { LOG_ROWS(PAYMENTS | WEBHOOKS) },
    [PGL_AT_PAYMENTS_LOG]    = { LOG_ROWS(ORDERS | INVENTORY | WEBHOOKS) },
    [PGL_AT_INVENTORY_LOG]   = { LOG_ROWS(ORDERS | PAYMENTS | WEBHOOKS) },
    [PGL_AT_ORDERS_ADMIN]    = { ADMIN_ROWS },
    [PGL_AT_PAYMENTS_ADMIN]  = { ADMIN_ROWS },
    [PGL_AT_INVENTORY_ADMIN] = { ADMIN_ROWS },
    [PGL_AT_WEBHOOKS_ADMIN]  = { ADMIN_ROWS },
    [PGL_AT_IDENTITY_ADMIN]  = { [ADMIN_SERVICE_LIST_AUDIT] = GATEWAY },
};
/* clang-format on */

uint32_t pgl_mesh_callers(int at, int method)
{
    PGL_ASSERT(at >= 0 && at < PGL_AT_COUNT && method >= 0 && method < PGL_MESH_METHODS_MAX);
    return rights[at][method];
}

bool pgl_mesh_may_call(const char *names, int at, int method)
{
    struct pgl_text left = pgl_text_of(names);
    while (left.data != NULL) {
        struct pgl_text name = pgl_text_cut(&left, ',');
        for (int role = 0; role < PGL_RUN_COUNT; role++)
            if (pgl_text_is(name, pgl_boot_role_names[role]) &&
                (pgl_mesh_callers(at, method) & PGL_RUNS(role)) != 0)
                return true;
    }
    return false;
}

bool pgl_mesh_may_read_as(const char *names, const char *reader)
{
    struct pgl_text left = pgl_text_of(names);
    bool is_one = reader[0] == '\0';
    while (left.data != NULL && !is_one)
        is_one = pgl_text_is(pgl_text_cut(&left, ','), reader);
    return is_one;
}
