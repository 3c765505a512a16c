/* routes.c - see routes.h. */
#include "edge/gateway/routes.h"

#include "contract/admin.h"
#include "contract/catalog.h"
#include "contract/edge.h"
#include "contract/identity.h"
#include "contract/inventory.h"
#include "contract/ops.h"
#include "contract/orders.h"
#include "contract/payments.h"
#include "contract/webhooks.h"
#include "edge/bff/views.h"
#include "edge/console/api_page.h"
#include "edge/console/home.h"
#include "edge/console/page.h"
#include "edge/grpc/face.h"
#include "edge/live/asyncapi.h"
#include "edge/live/events.h"
#include "edge/live/streams.h"
#include "edge/openapi.h"
#include "edge/ops/ops.h"

/* clang-format off */

/* ---- what queries may ask ---- */

#define LIMIT  { "limit", PGL_QUERY_NUMBER, 1, 100, NULL, "How many at most; 20 where nothing is said." }
#define CURSOR { "cursor", PGL_QUERY_TEXT, 0, 0, NULL, "Where to go on: `next` of the page before." }
#define AGE    { "olderThanS", PGL_QUERY_NUMBER, 0, 1000000000, NULL, "Only those that are so many seconds old." }
#define END    { NULL, PGL_QUERY_TEXT, 0, 0, NULL, NULL }

static const struct pgl_query_param list_query[] = { LIMIT, CURSOR, END };
static const struct pgl_query_param events_query[] = {
    { "after", PGL_QUERY_TEXT, 0, 0, NULL, "A position that we gave; without it, the beginning." },
    { "log", PGL_QUERY_WORD, 0, 0, "orders|payments|inventory", "Of one log only." },
    { "types", PGL_QUERY_TEXT, 0, 0, NULL, "Of these types only, or of their beginnings (panglot.order.*), by commas." },
    { "max", PGL_QUERY_NUMBER, 1, EVENTS_MAX, NULL, "How many at most; 100 where nothing is said." },
    { "wait", PGL_QUERY_NUMBER, 0, EVENTS_WAIT_S, NULL, "How many seconds to wait where there are none yet." },
    END
};
static const struct pgl_query_param products_query[] = {
    { "category", PGL_QUERY_TEXT, 0, 0, NULL, "Of one category only." },
    { "minPriceMinor", PGL_QUERY_NUMBER, 0, 1000000000000, NULL, "At this price or above, in minor units of whatever currency." },
    { "maxPriceMinor", PGL_QUERY_NUMBER, 0, 1000000000000, NULL, "At this price or below; 0 for any." },
    { "active", PGL_QUERY_FLAG, 0, 0, NULL, "false: those that are not sold any more, in place of those that are." },
    { "q", PGL_QUERY_TEXT, 0, 0, NULL, "Words of SKU, name, description or category; all have to be there, or begin so." },
    { "sort", PGL_QUERY_WORD, 0, 0, "price|-price|name|-name|price,name|price,-name|-price,name|-price,-name", "By what, a minus for falling; by SKU where nothing is said." },
    LIMIT, CURSOR, END
};
static const struct pgl_query_param imports_query[] = {
    { "trial", PGL_QUERY_FLAG, 0, 0, NULL, "true: only look whether it would be taken." },
    END
};
static const struct pgl_query_param orders_query[] = {
    { "status", PGL_QUERY_WORD, 0, 0, "PENDING|AUTHORIZED|RESERVED|CONFIRMED|FAILED|CANCELLED", "Only those that stand so." },
    LIMIT, CURSOR, END
};
static const struct pgl_query_param order_events_query[] = {
    { "until", PGL_QUERY_WORD, 0, 0, "fulfilled", "Go on beyond the confirmation, until all has left the house." },
    END
};
static const struct pgl_query_param sagas_query[] = {
    { "status", PGL_QUERY_WORD, 0, 0, "PENDING|AUTHORIZED|RESERVED", "Only those that stand so." },
    { "late", PGL_QUERY_FLAG, 0, 0, NULL, "Only those behind their deadline." },
    AGE, LIMIT, CURSOR, END
};
static const struct pgl_query_param intents_query[] = {
    { "status", PGL_QUERY_WORD, 0, 0, "PLANNED|IN_FLIGHT|UNKNOWN|PARKED", "Only those that stand so." },
    AGE, LIMIT, CURSOR, END
};
static const struct pgl_query_param parked_query[] = {
    { "service", PGL_QUERY_WORD, 0, 0, "orders|payments|inventory|webhooks", "Of one service only." },
    { "why", PGL_QUERY_TEXT, 0, 0, NULL, "Parked for this reason only." },
    AGE, LIMIT, CURSOR, END
};
static const struct pgl_query_param deliveries_query[] = {
    { "state", PGL_QUERY_WORD, 0, 0, "WAITING|DELIVERED|DEAD", "Only those that stand so." },
    LIMIT, CURSOR, END
};

/* ---- who may ---- */

/* A customer is for their own orders, a partner for its tenant's; support reads what concerns
 * customers, and takes orders back; a warehouse moves goods; an operator does everything. */
#define OPERATOR  PGL_ROLE_OPERATOR
#define HELPERS   (PGL_ROLE_SUPPORT | PGL_ROLE_OPERATOR)
#define WORKERS   (PGL_ROLE_WAREHOUSE | PGL_ROLE_OPERATOR)
#define BUYERS    (PGL_ROLE_CUSTOMER | PGL_ROLE_PARTNER | PGL_ROLE_OPERATOR)
#define READERS   (BUYERS | PGL_ROLE_SUPPORT)
#define EVERYBODY (READERS | PGL_ROLE_WAREHOUSE)

/* ---- what goes in, and what comes out ---- */

#define JSON_MEDIA           "application/json"
#define MERGE_MEDIA          "application/merge-patch+json"
#define NOTHING              { NULL, NULL, 0, PGL_BODY_USUAL }
#define FIELDS(fields)       { NULL, NULL, fields, PGL_BODY_USUAL }
#define BODY(message, fields) { message##_DESCRIPTOR, JSON_MEDIA, fields, PGL_BODY_USUAL }
#define ANY_BODY             { NULL, "*/*", 0, PGL_BODY_USUAL } /* it is not looked at */
#define SIGNED_BODY          { NULL, JSON_MEDIA, PGL_FIELD_SIGNATURE, PGL_BODY_USUAL }
#define GOODS(message, media, fields) { message##_DESCRIPTOR, media, fields, PGL_BODY_GOODS }
#define TABLE(media)         { NULL, media, 0, PGL_BODY_TABLE }
#define JSON(status, message) { status, message##_DESCRIPTOR, JSON_MEDIA }
#define OTHER(media)         { 200, NULL, media }
#define PLAIN                OTHER("text/plain")
#define HTML                 OTHER("text/html")
#define EVENTS               OTHER("text/event-stream")
#define DONE                 { 204, NULL, NULL }

/* A row may end at its summary. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
const struct pgl_route pgl_routes[] = {
    /* method and path, who may, class; first and further rounds, what goes in, what comes out, of
     * which query, who may keep it; what it is */
    { PGL_HTTP_GET, "/", PGL_ANYONE, PGL_CLASS_READ,
      home_begin, NULL, NOTHING, HTML, NULL, PGL_CACHE_MINUTES,
      "This page." },
    { PGL_HTTP_GET, "/livez", PGL_ANYONE, PGL_CLASS_HEALTH,
      ops_livez, NULL, NOTHING, PLAIN, NULL, PGL_CACHE_NEVER,
      "Is the process alive?" },
    { PGL_HTTP_GET, "/readyz", PGL_ANYONE, PGL_CLASS_HEALTH,
      ops_readyz, NULL, NOTHING, PLAIN, NULL, PGL_CACHE_NEVER,
      "May it be sent requests?" },
    { PGL_HTTP_GET, "/metrics", PGL_ANYONE, PGL_CLASS_HEALTH,
      ops_metrics_for_watchers, NULL, NOTHING, PLAIN, NULL, PGL_CACHE_NEVER,
      "Metrics in the text format of Prometheus, for addresses of --metrics-from." },
    { PGL_HTTP_GET, "/.well-known/jwks.json", PGL_ANYONE, PGL_CLASS_READ,
      ops_jwks, NULL, NOTHING, OTHER("application/jwk-set+json"), NULL, PGL_CACHE_MINUTES,
      "The public keys that tokens are signed with." },
    { PGL_HTTP_GET, "/asyncapi.json", PGL_ANYONE, PGL_CLASS_READ,
      asyncapi_begin, NULL, NOTHING, OTHER("application/json"), NULL, PGL_CACHE_MINUTES,
      "Every event that the outside is told of, in AsyncAPI 3.0." },
    { PGL_HTTP_GET, "/openapi.json", PGL_ANYONE, PGL_CLASS_READ,
      openapi_begin, NULL, NOTHING, OTHER("application/json"), NULL, PGL_CACHE_MINUTES,
      "Every call, in OpenAPI 3.1." },
    { PGL_HTTP_GET, "/api", PGL_ANYONE, PGL_CLASS_READ,
      api_page_begin, NULL, NOTHING, HTML, NULL, PGL_CACHE_MINUTES,
      "Every call, for people to read." },
    { PGL_HTTP_GET, "/style.css", PGL_ANYONE, PGL_CLASS_READ,
      style_begin, NULL, NOTHING, OTHER("text/css"), NULL, PGL_CACHE_MINUTES,
      "How the pages look." },
    { PGL_HTTP_GET, "/api/v1/events", PGL_MAY(OPERATOR, "events:read"), PGL_CLASS_STREAM,
      events_begin, events_next, NOTHING, OTHER("application/cloudevents-batch+json"), events_query, PGL_CACHE_NEVER,
      "CloudEvents from a position on." },
    { PGL_HTTP_GET, "/api/v1/products", PGL_ANYONE, PGL_CLASS_READ,
      products_list_begin, products_list_next, NOTHING, JSON(200, PRODUCT_LIST), products_query, PGL_CACHE_SECONDS,
      "Products for sale." },
    { PGL_HTTP_GET, "/api/v1/products/{sku}", PGL_ANYONE, PGL_CLASS_READ,
      product_get_begin, product_get_next, NOTHING, JSON(200, PRODUCT_VIEW), NULL, PGL_CACHE_SECONDS,
      "One product." },
    { PGL_HTTP_POST, "/api/v1/products", PGL_MAY(OPERATOR, "catalog:write"), PGL_CLASS_WRITE,
      product_create_begin, product_create_next, GOODS(NEW_PRODUCT, JSON_MEDIA, 0), JSON(201, PRODUCT), NULL, PGL_CACHE_NEVER,
      "A new product." },
    { PGL_HTTP_PUT, "/api/v1/products/{sku}", PGL_MAY(OPERATOR, "catalog:write"), PGL_CLASS_WRITE,
      product_put_begin, product_put_next, GOODS(NEW_PRODUCT, JSON_MEDIA, PGL_FIELD_MATCH_OR_NEW), JSON(200, PRODUCT), NULL, PGL_CACHE_NEVER,
      "All of a product, an old one or a new one." },
    { PGL_HTTP_PATCH, "/api/v1/products/{sku}", PGL_MAY(OPERATOR, "catalog:write"), PGL_CLASS_WRITE,
      product_change_begin, product_change_next, GOODS(PRODUCT_CHANGE, MERGE_MEDIA, PGL_FIELD_MATCH), JSON(200, PRODUCT), NULL, PGL_CACHE_NEVER,
      "Some of a product, as a JSON merge patch." },
    { PGL_HTTP_DELETE, "/api/v1/products/{sku}", PGL_MAY(OPERATOR, "catalog:write"), PGL_CLASS_WRITE,
      product_retire_begin, product_retire_next, FIELDS(PGL_FIELD_MATCH), JSON(200, PRODUCT), NULL, PGL_CACHE_NEVER,
      "It is not sold any more; old orders can still look at it." },
    { PGL_HTTP_POST, "/api/v1/products/imports", PGL_MAY(OPERATOR, "catalog:write"), PGL_CLASS_WRITE,
      product_import_begin, product_import_next, TABLE("application/x-ndjson"), JSON(200, IMPORT_REPORT), imports_query, PGL_CACHE_NEVER,
      "Many products at once, all or none, as NDJSON or CSV." },
    { PGL_HTTP_GET, "/api/v1/admin/products/{sku}", PGL_MAY(HELPERS, "admin"), PGL_CLASS_READ,
      admin_product_begin, admin_product_next, NOTHING, JSON(200, PRODUCT), NULL, PGL_CACHE_NEVER,
      "One product, also one that was never for sale." },
    { PGL_HTTP_GET, "/api/v1/inventory/{sku}", PGL_ANYONE, PGL_CLASS_READ,
      stock_get_begin, stock_get_next, NOTHING, JSON(200, STOCK), NULL, PGL_CACHE_ASK,
      "Stock of one product, warehouse by warehouse." },
    { PGL_HTTP_POST, "/api/v1/inventory/{sku}/receipts", PGL_MAY(WORKERS, "inventory:write"), PGL_CLASS_WRITE,
      stock_receive_begin, stock_receive_next, BODY(NEW_RECEIPT, PGL_FIELD_KEY), JSON(201, WAREHOUSE_STOCK), NULL, PGL_CACHE_NEVER,
      "Goods have arrived." },
    { PGL_HTTP_POST, "/api/v1/inventory/{sku}/sales", PGL_MAY(WORKERS, "inventory:write"), PGL_CLASS_WRITE,
      stock_sell_begin, stock_sell_next, BODY(NEW_SALE, PGL_FIELD_KEY), JSON(201, WAREHOUSE_STOCK), NULL, PGL_CACHE_NEVER,
      "Goods were sold at a till." },
    { PGL_HTTP_POST, "/api/v1/inventory/{sku}/counts", PGL_MAY(WORKERS, "inventory:write"), PGL_CLASS_WRITE,
      stock_count_begin, stock_count_next, BODY(NEW_COUNT, PGL_FIELD_KEY), JSON(201, WAREHOUSE_STOCK), NULL, PGL_CACHE_NEVER,
      "Goods were counted." },
    { PGL_HTTP_POST, "/api/v1/orders/{id}/shipments", PGL_MAY(WORKERS, "inventory:write"), PGL_CLASS_WRITE,
      shipment_create_begin, shipment_create_next, BODY(NEW_SHIPMENT, PGL_FIELD_KEY), JSON(201, ORDER_SHIPMENT), NULL, PGL_CACHE_NEVER,
      "A parcel leaves a warehouse." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}/shipments", PGL_MAY(EVERYBODY, "orders:read"), PGL_CLASS_READ,
      shipment_list_begin, shipment_list_next, NOTHING, JSON(200, LIST_SHIPMENTS_RESPONSE), NULL, PGL_CACHE_NEVER,
      "The order's parcels, and what is left to be shipped." },
    { PGL_HTTP_GET, "/api/v1/limits", PGL_MAY(EVERYBODY, "orders:read"), PGL_CLASS_READ,
      limits_begin, NULL, NOTHING, JSON(200, LIMIT_STATES), NULL, PGL_CACHE_NEVER,
      "Which rates hold for you, and how you stand." },
    { PGL_HTTP_POST, "/api/v1/orders", PGL_MAY(BUYERS, "orders:write"), PGL_CLASS_ORDER,
      order_create_begin, order_create_next, BODY(NEW_ORDER, PGL_FIELD_KEY | PGL_FIELD_PREFER), JSON(201, ORDER), NULL, PGL_CACHE_NEVER,
      "Place an order." },
    { PGL_HTTP_GET, "/api/v1/orders", PGL_MAY(READERS, "orders:read"), PGL_CLASS_READ,
      order_list_begin, order_list_next, NOTHING, JSON(200, LIST_ORDERS_RESPONSE), orders_query, PGL_CACHE_NEVER,
      "Your orders, newest first." },
    { PGL_HTTP_GET, "/api/v1/orders/endings", PGL_MAY(OPERATOR, "events:read"), PGL_CLASS_STREAM,
      endings_begin, endings_next, FIELDS(PGL_FIELD_LAST_EVENT_ID), EVENTS, NULL, PGL_CACHE_NEVER,
      "Server-sent events: every order's end, as it comes." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}", PGL_MAY(READERS, "orders:read"), PGL_CLASS_READ,
      order_get_begin, order_get_next, FIELDS(PGL_FIELD_PREFER), JSON(200, ORDER), NULL, PGL_CACHE_NEVER,
      "One order." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}/saga", PGL_MAY(READERS, "orders:read"), PGL_CLASS_READ,
      order_story_begin, order_story_next, NOTHING, JSON(200, STORY), NULL, PGL_CACHE_NEVER,
      "What happened to the order: every event." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}/events", PGL_MAY(READERS, "orders:read"), PGL_CLASS_STREAM,
      order_stream_begin, order_stream_next, FIELDS(PGL_FIELD_LAST_EVENT_ID), EVENTS, order_events_query, PGL_CACHE_NEVER,
      "Server-sent events: each change of the order, to its end." },
    { PGL_HTTP_POST, "/api/v1/orders/{id}/cancel", PGL_MAY(READERS, "orders:write"), PGL_CLASS_WRITE,
      order_cancel_begin, order_cancel_next, ANY_BODY, JSON(202, ORDER), NULL, PGL_CACHE_NEVER,
      "Ask to take an order back." },
    { PGL_HTTP_POST, "/api/v1/orders/{id}/refunds", PGL_MAY(OPERATOR, "orders:write"), PGL_CLASS_PAYMENT,
      order_refund_begin, order_refund_next, BODY(NEW_REFUND, PGL_FIELD_KEY), JSON(202, ORDER_REFUND), NULL, PGL_CACHE_NEVER,
      "Give money back, for lines or for all that is left." },
    { PGL_HTTP_GET, "/api/v1/payments/{orderId}", PGL_MAY(READERS, "payments:read"), PGL_CLASS_READ,
      payment_get_begin, payment_get_next, NOTHING, JSON(200, PAYMENT), NULL, PGL_CACHE_NEVER,
      "The money of an order." },
    { PGL_HTTP_POST, "/api/v1/payments/provider-webhooks", PGL_SIGNED, PGL_CLASS_PAYMENT,
      provider_hint_begin, provider_hint_next, SIGNED_BODY, DONE, NULL, PGL_CACHE_NEVER,
      "The payment provider's webhooks, signed by it." },
    { PGL_HTTP_POST, "/api/v1/admin/reconciliation", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      reconcile_begin, reconcile_next, ANY_BODY, JSON(202, RECONCILIATION), NULL, PGL_CACHE_NEVER,
      "Compare with the payment provider's objects; begins a run." },
    { PGL_HTTP_GET, "/api/v1/admin/reconciliation", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      reconciliation_get_begin, reconciliation_get_next, NOTHING, JSON(200, RECONCILIATION), NULL, PGL_CACHE_NEVER,
      "What the last comparison has found." },
    { PGL_HTTP_GET, "/api/v1/admin/sagas", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      saga_list_begin, saga_list_next, NOTHING, JSON(200, SAGA_LIST), sagas_query, PGL_CACHE_NEVER,
      "Orders without an end, and where they are." },
    { PGL_HTTP_GET, "/api/v1/admin/sagas/{id}", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      saga_get_begin, saga_get_next, NOTHING, JSON(200, SAGA_VIEW), NULL, PGL_CACHE_NEVER,
      "One of them: order, payment, reservation, what is parked, what is open at the provider." },
    { PGL_HTTP_POST, "/api/v1/admin/sagas/{id}/retry", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      saga_retry_begin, saga_retry_next, BODY(NEW_RETRY, 0), JSON(202, INTENT), NULL, PGL_CACHE_NEVER,
      "What is open at the provider is tried now. Needs a reason." },
    { PGL_HTTP_POST, "/api/v1/admin/sagas/{id}/settle", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      saga_settle_begin, saga_settle_next, BODY(NEW_SETTLEMENT, 0), JSON(200, SETTLE_INTENT_RESPONSE), NULL, PGL_CACHE_NEVER,
      "What a person has found out at the provider is taken for true. Needs a reason." },
    { PGL_HTTP_GET, "/api/v1/admin/intents", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      intent_list_begin, intent_list_next, NOTHING, JSON(200, LIST_INTENTS_RESPONSE), intents_query, PGL_CACHE_NEVER,
      "What is open at the provider." },
    { PGL_HTTP_POST, "/api/v1/admin/intents/retry", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      intent_retry_begin, job_started_next, BODY(NEW_JOB, PGL_FIELD_KEY), JSON(202, JOB_LIST), NULL, PGL_CACHE_NEVER,
      "The same for many, as a job. Needs a reason." },
    { PGL_HTTP_POST, "/api/v1/admin/intents/settle", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      intent_settle_begin, job_started_next, BODY(NEW_JOB, PGL_FIELD_KEY), JSON(202, JOB_LIST), NULL, PGL_CACHE_NEVER,
      "The same for many, as a job. Needs a reason." },
    { PGL_HTTP_GET, "/api/v1/admin/parked", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      parked_list_begin, parked_list_next, NOTHING, JSON(200, LIST_PARKED_RESPONSE), parked_query, PGL_CACHE_NEVER,
      "Keys whose events are set aside." },
    { PGL_HTTP_GET, "/api/v1/admin/parked/{id}", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      parked_get_begin, parked_get_next, NOTHING, JSON(200, GET_PARKED_RESPONSE), NULL, PGL_CACHE_NEVER,
      "One of them, with its events." },
    { PGL_HTTP_POST, "/api/v1/admin/parked/replay", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      parked_replay_begin, job_started_next, BODY(NEW_JOB, PGL_FIELD_KEY), JSON(202, JOB_LIST), NULL, PGL_CACHE_NEVER,
      "Takes them up again, in order, as a job. Needs a reason." },
    { PGL_HTTP_POST, "/api/v1/admin/parked/drop", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      parked_drop_begin, job_started_next, BODY(NEW_JOB, PGL_FIELD_KEY), JSON(202, JOB_LIST), NULL, PGL_CACHE_NEVER,
      "Gives them up, as a job. Needs a reason." },
    { PGL_HTTP_GET, "/api/v1/admin/jobs", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      job_list_begin, job_list_next, NOTHING, JSON(200, JOB_LIST), list_query, PGL_CACHE_NEVER,
      "Jobs of operators, newest first." },
    { PGL_HTTP_GET, "/api/v1/admin/jobs/{id}", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      job_get_begin, job_get_next, NOTHING, JSON(200, JOB), NULL, PGL_CACHE_NEVER,
      "One of them, and how far it is." },
    { PGL_HTTP_POST, "/api/v1/admin/jobs/{id}/cancel", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      job_cancel_begin, job_cancel_next, BODY(REASON, 0), JSON(200, JOB), NULL, PGL_CACHE_NEVER,
      "Ends it where it is. Needs a reason." },
    { PGL_HTTP_GET, "/api/v1/admin/audit-log", PGL_MAY(HELPERS, "admin"), PGL_CLASS_ANALYTICS,
      audit_list_begin, audit_list_next, NOTHING, JSON(200, AUDIT_LIST), list_query, PGL_CACHE_NEVER,
      "What operators did, newest first." },
    { PGL_HTTP_POST, "/api/v1/admin/api-keys", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      api_key_create_begin, api_key_made_next, BODY(NEW_KEY, 0), JSON(201, API_KEY), NULL, PGL_CACHE_NEVER,
      "A key for a program. Shows it, this once." },
    { PGL_HTTP_GET, "/api/v1/admin/api-keys", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_READ,
      api_key_list_begin, api_key_list_next, NOTHING, JSON(200, LIST_KEYS_RESPONSE), list_query, PGL_CACHE_NEVER,
      "Keys, newest first; without their secrets." },
    { PGL_HTTP_GET, "/api/v1/admin/api-keys/{id}", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_READ,
      api_key_get_begin, api_key_shown_next, NOTHING, JSON(200, API_KEY), NULL, PGL_CACHE_NEVER,
      "One of them." },
    { PGL_HTTP_PATCH, "/api/v1/admin/api-keys/{id}", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      api_key_change_begin, api_key_shown_next, BODY(KEY_CHANGE, PGL_FIELD_MATCH), JSON(200, API_KEY), NULL, PGL_CACHE_NEVER,
      "Change its name, scopes, addresses, plan or expiry." },
    { PGL_HTTP_POST, "/api/v1/admin/api-keys/{id}/rotate", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      api_key_rotate_begin, api_key_made_next, BODY(KEY_ROTATION, 0), JSON(201, API_KEY), NULL, PGL_CACHE_NEVER,
      "A new secret, shown this once; the old one lets in as well for a day, or as long as is said." },
    { PGL_HTTP_POST, "/api/v1/admin/api-keys/{id}/revoke", PGL_MAY(OPERATOR, "admin"), PGL_CLASS_WRITE,
      api_key_revoke_begin, api_key_shown_next, BODY(REASON, 0), JSON(200, API_KEY), NULL, PGL_CACHE_NEVER,
      "It lets nobody in any more, for good. Needs a reason." },
    { PGL_HTTP_POST, "/api/v1/webhooks", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_WRITE,
      webhook_create_begin, webhook_create_next, BODY(NEW_ENDPOINT, 0), JSON(201, WEBHOOK_ENDPOINT), NULL, PGL_CACHE_NEVER,
      "Have events delivered to a URL. Shows the secret, this once." },
    { PGL_HTTP_GET, "/api/v1/webhooks", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_READ,
      webhook_list_begin, webhook_list_next, NOTHING, JSON(200, LIST_ENDPOINTS_RESPONSE), NULL, PGL_CACHE_NEVER,
      "Where events are delivered to." },
    { PGL_HTTP_GET, "/api/v1/webhooks/deliveries", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_READ,
      deliveries_list_begin, deliveries_list_next, NOTHING, JSON(200, LIST_DELIVERIES_RESPONSE), deliveries_query, PGL_CACHE_NEVER,
      "Deliveries to all of them, newest first; DEAD are the dead letters." },
    { PGL_HTTP_GET, "/api/v1/webhooks/{id}", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_READ,
      webhook_get_begin, webhook_get_next, NOTHING, JSON(200, WEBHOOK_ENDPOINT), NULL, PGL_CACHE_NEVER,
      "One endpoint." },
    { PGL_HTTP_PATCH, "/api/v1/webhooks/{id}", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_WRITE,
      webhook_change_begin, webhook_get_next, BODY(ENDPOINT_CHANGE, PGL_FIELD_MATCH), JSON(200, WEBHOOK_ENDPOINT), NULL, PGL_CACHE_NEVER,
      "Change its URL, types, description or state." },
    { PGL_HTTP_DELETE, "/api/v1/webhooks/{id}", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_WRITE,
      webhook_delete_begin, webhook_delete_next, FIELDS(PGL_FIELD_MATCH), DONE, NULL, PGL_CACHE_NEVER,
      "Deliver nothing more to it, and forget its deliveries." },
    { PGL_HTTP_POST, "/api/v1/webhooks/{id}/secret", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_WRITE,
      webhook_rotate_begin, webhook_create_next, ANY_BODY, JSON(201, WEBHOOK_ENDPOINT), NULL, PGL_CACHE_NEVER,
      "A new secret, shown this once; the old one signs as well for a day." },
    { PGL_HTTP_GET, "/api/v1/webhooks/{id}/deliveries", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_READ,
      deliveries_list_begin, deliveries_list_next, NOTHING, JSON(200, LIST_DELIVERIES_RESPONSE), deliveries_query, PGL_CACHE_NEVER,
      "Deliveries to it, newest first." },
    { PGL_HTTP_POST, "/api/v1/webhooks/{id}/redeliver", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_WRITE,
      redeliver_range_begin, redeliver_next, BODY(REDELIVERY_RANGE, 0), JSON(202, REDELIVER_RESPONSE), NULL, PGL_CACHE_NEVER,
      "Deliver a range again: the dead ones, or those of a state." },
    { PGL_HTTP_POST, "/api/v1/webhooks/{id}/deliveries/{number}/redeliver", PGL_MAY(OPERATOR, "webhooks:write"), PGL_CLASS_WRITE,
      redeliver_one_begin, redeliver_next, ANY_BODY, JSON(202, REDELIVER_RESPONSE), NULL, PGL_CACHE_NEVER,
      "Deliver one again." },
};
/* clang-format on */
const int pgl_route_count = sizeof pgl_routes / sizeof pgl_routes[0];

const struct edge_face *const pgl_faces[] = { &edge_grpc_face, NULL };
