/* routes.c - see routes.h. */
#include "edge/gateway/routes.h"

#include "base/time.h"
#include "edge/bff/views.h"
#include "edge/console/home.h"
#include "edge/live/asyncapi.h"
#include "edge/live/events.h"
#include "edge/live/streams.h"
#include "edge/ops/ops.h"

/* clang-format off */
#define READ   PGL_SECONDS(5), false
#define WRITE  PGL_SECONDS(5), true
#define STREAM PGL_SECONDS(20), false /* of one long poll behind it */
const struct pgl_route pgl_routes[] = {
    /* method and path, who may; first and further rounds; at most, and takes a body; what it is */
    { PGL_HTTP_GET, "/", PGL_ACCESS_ANYONE,
      home_begin, NULL, READ,
      "This page." },
    { PGL_HTTP_GET, "/livez", PGL_ACCESS_ANYONE,
      ops_livez, NULL, READ,
      "Is the process alive?" },
    { PGL_HTTP_GET, "/readyz", PGL_ACCESS_ANYONE,
      ops_readyz, NULL, READ,
      "May it be sent requests?" },
    { PGL_HTTP_GET, "/metrics", PGL_ACCESS_ANYONE,
      ops_metrics, NULL, READ,
      "Metrics in the text format of Prometheus." },
    { PGL_HTTP_GET, "/.well-known/jwks.json", PGL_ACCESS_ANYONE,
      ops_jwks, NULL, READ,
      "The public keys that tokens are signed with." },
    { PGL_HTTP_GET, "/asyncapi.json", PGL_ACCESS_ANYONE,
      asyncapi_begin, NULL, READ,
      "Every event that the outside is told of, in AsyncAPI 3.0." },
    { PGL_HTTP_GET, "/api/v1/events", PGL_ACCESS_OPERATOR,
      events_begin, events_next, STREAM,
      "CloudEvents from a position on; ?after= &amp;log= &amp;types= &amp;max= &amp;wait=" },
    { PGL_HTTP_GET, "/api/v1/products", PGL_ACCESS_ANYONE,
      products_list_begin, products_list_next, READ,
      "Products for sale; ?category= &amp;limit= &amp;cursor=" },
    { PGL_HTTP_GET, "/api/v1/products/{sku}", PGL_ACCESS_ANYONE,
      product_get_begin, product_get_next, READ,
      "One product." },
    { PGL_HTTP_GET, "/api/v1/inventory/{sku}", PGL_ACCESS_ANYONE,
      stock_get_begin, stock_get_next, READ,
      "Stock of one product, warehouse by warehouse." },
    { PGL_HTTP_POST, "/api/v1/inventory/{sku}/receipts", PGL_ACCESS_WAREHOUSE,
      stock_receive_begin, stock_receive_next, WRITE,
      "Goods have arrived. Needs an Idempotency-Key." },
    { PGL_HTTP_POST, "/api/v1/inventory/{sku}/sales", PGL_ACCESS_WAREHOUSE,
      stock_sell_begin, stock_sell_next, WRITE,
      "Goods were sold at a till. Needs an Idempotency-Key." },
    { PGL_HTTP_POST, "/api/v1/inventory/{sku}/counts", PGL_ACCESS_WAREHOUSE,
      stock_count_begin, stock_count_next, WRITE,
      "Goods were counted. Needs an Idempotency-Key." },
    { PGL_HTTP_POST, "/api/v1/orders/{id}/shipments", PGL_ACCESS_WAREHOUSE,
      shipment_create_begin, shipment_create_next, WRITE,
      "A parcel leaves a warehouse. Needs an Idempotency-Key." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}/shipments", PGL_ACCESS_CUSTOMER,
      shipment_list_begin, shipment_list_next, READ,
      "The order's parcels, and what is left to be shipped." },
    { PGL_HTTP_POST, "/api/v1/orders", PGL_ACCESS_CUSTOMER,
      order_create_begin, order_create_next, WRITE,
      "Place an order. Needs an Idempotency-Key." },
    { PGL_HTTP_GET, "/api/v1/orders", PGL_ACCESS_CUSTOMER,
      order_list_begin, order_list_next, READ,
      "Your orders, newest first; ?status= &amp;limit= &amp;cursor=" },
    { PGL_HTTP_GET, "/api/v1/orders/endings", PGL_ACCESS_OPERATOR,
      endings_begin, NULL, STREAM,
      "Server-sent events: every order's end, as it comes." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}", PGL_ACCESS_CUSTOMER,
      order_get_begin, order_get_next, READ,
      "One order." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}/saga", PGL_ACCESS_CUSTOMER,
      order_story_begin, order_story_next, READ,
      "What happened to the order: every event." },
    { PGL_HTTP_GET, "/api/v1/orders/{id}/events", PGL_ACCESS_CUSTOMER,
      order_stream_begin, order_stream_next, STREAM,
      "Server-sent events: each change of the order, to its end; ?until=fulfilled" },
    { PGL_HTTP_POST, "/api/v1/orders/{id}/cancel", PGL_ACCESS_CUSTOMER,
      order_cancel_begin, order_cancel_next, WRITE,
      "Ask to take an order back." },
    { PGL_HTTP_POST, "/api/v1/orders/{id}/refunds", PGL_ACCESS_OPERATOR,
      order_refund_begin, order_refund_next, WRITE,
      "Give money back, for lines or for all that is left. Needs an Idempotency-Key." },
    { PGL_HTTP_GET, "/api/v1/payments/{orderId}", PGL_ACCESS_CUSTOMER,
      payment_get_begin, payment_get_next, READ,
      "The money of an order." },
    { PGL_HTTP_POST, "/api/v1/payments/provider-webhooks", PGL_ACCESS_SIGNED,
      provider_hint_begin, provider_hint_next, WRITE,
      "The payment provider's webhooks, signed by it." },
    { PGL_HTTP_POST, "/api/v1/admin/reconciliation", PGL_ACCESS_OPERATOR,
      reconcile_begin, reconcile_next, WRITE,
      "Compare with the payment provider's objects; begins a run." },
    { PGL_HTTP_GET, "/api/v1/admin/reconciliation", PGL_ACCESS_OPERATOR,
      reconciliation_get_begin, reconciliation_get_next, READ,
      "What the last comparison has found." },
    { PGL_HTTP_GET, "/api/v1/admin/sagas", PGL_ACCESS_OPERATOR,
      saga_list_begin, saga_list_next, READ,
      "Orders without an end, and where they are; ?status= &amp;late= &amp;olderThanS= &amp;limit= &amp;cursor=" },
    { PGL_HTTP_GET, "/api/v1/admin/sagas/{id}", PGL_ACCESS_OPERATOR,
      saga_get_begin, saga_get_next, READ,
      "One of them: order, payment, reservation, what is parked, what is open at the provider." },
    { PGL_HTTP_POST, "/api/v1/admin/sagas/{id}/retry", PGL_ACCESS_OPERATOR,
      saga_retry_begin, saga_retry_next, WRITE,
      "What is open at the provider is tried now. Needs a reason." },
    { PGL_HTTP_POST, "/api/v1/admin/sagas/{id}/settle", PGL_ACCESS_OPERATOR,
      saga_settle_begin, saga_settle_next, WRITE,
      "What a person has found out at the provider is taken for true. Needs a reason." },
    { PGL_HTTP_GET, "/api/v1/admin/intents", PGL_ACCESS_OPERATOR,
      intent_list_begin, intent_list_next, READ,
      "What is open at the provider; ?status= &amp;olderThanS= &amp;limit= &amp;cursor=" },
    { PGL_HTTP_POST, "/api/v1/admin/intents/retry", PGL_ACCESS_OPERATOR,
      intent_retry_begin, job_started_next, WRITE,
      "The same for many, as a job. Needs a reason and an Idempotency-Key." },
    { PGL_HTTP_POST, "/api/v1/admin/intents/settle", PGL_ACCESS_OPERATOR,
      intent_settle_begin, job_started_next, WRITE,
      "The same for many, as a job. Needs a reason and an Idempotency-Key." },
    { PGL_HTTP_GET, "/api/v1/admin/parked", PGL_ACCESS_OPERATOR,
      parked_list_begin, parked_list_next, READ,
      "Keys whose events are set aside; ?service= &amp;why= &amp;olderThanS= &amp;limit= &amp;cursor=" },
    { PGL_HTTP_GET, "/api/v1/admin/parked/{id}", PGL_ACCESS_OPERATOR,
      parked_get_begin, parked_get_next, READ,
      "One of them, with its events." },
    { PGL_HTTP_POST, "/api/v1/admin/parked/replay", PGL_ACCESS_OPERATOR,
      parked_replay_begin, job_started_next, WRITE,
      "Takes them up again, in order, as a job. Needs a reason and an Idempotency-Key." },
    { PGL_HTTP_POST, "/api/v1/admin/parked/drop", PGL_ACCESS_OPERATOR,
      parked_drop_begin, job_started_next, WRITE,
      "Gives them up, as a job. Needs a reason and an Idempotency-Key." },
    { PGL_HTTP_GET, "/api/v1/admin/jobs", PGL_ACCESS_OPERATOR,
      job_list_begin, job_list_next, READ,
      "Jobs of operators, newest first; ?limit= &amp;cursor=" },
    { PGL_HTTP_GET, "/api/v1/admin/jobs/{id}", PGL_ACCESS_OPERATOR,
      job_get_begin, job_get_next, READ,
      "One of them, and how far it is." },
    { PGL_HTTP_POST, "/api/v1/admin/jobs/{id}/cancel", PGL_ACCESS_OPERATOR,
      job_cancel_begin, job_cancel_next, WRITE,
      "Ends it where it is. Needs a reason." },
    { PGL_HTTP_GET, "/api/v1/admin/audit-log", PGL_ACCESS_OPERATOR,
      audit_list_begin, audit_list_next, READ,
      "What operators did, newest first; ?limit= &amp;cursor=" },
    { PGL_HTTP_POST, "/api/v1/webhooks", PGL_ACCESS_OPERATOR,
      webhook_create_begin, webhook_create_next, WRITE,
      "Have events delivered to a URL. Shows the secret, this once." },
    { PGL_HTTP_GET, "/api/v1/webhooks", PGL_ACCESS_OPERATOR,
      webhook_list_begin, webhook_list_next, READ,
      "Where events are delivered to." },
    { PGL_HTTP_GET, "/api/v1/webhooks/deliveries", PGL_ACCESS_OPERATOR,
      deliveries_list_begin, deliveries_list_next, READ,
      "Deliveries to all of them, newest first; ?state= &amp;limit= &amp;cursor=; DEAD are the dead letters." },
    { PGL_HTTP_GET, "/api/v1/webhooks/{id}", PGL_ACCESS_OPERATOR,
      webhook_get_begin, webhook_get_next, READ,
      "One endpoint." },
    { PGL_HTTP_PATCH, "/api/v1/webhooks/{id}", PGL_ACCESS_OPERATOR,
      webhook_change_begin, webhook_get_next, WRITE,
      "Change its URL, types, description or state." },
    { PGL_HTTP_DELETE, "/api/v1/webhooks/{id}", PGL_ACCESS_OPERATOR,
      webhook_delete_begin, webhook_delete_next, READ,
      "Deliver nothing more to it, and forget its deliveries." },
    { PGL_HTTP_POST, "/api/v1/webhooks/{id}/secret", PGL_ACCESS_OPERATOR,
      webhook_rotate_begin, webhook_create_next, WRITE,
      "A new secret, shown this once; the old one signs as well for a day." },
    { PGL_HTTP_GET, "/api/v1/webhooks/{id}/deliveries", PGL_ACCESS_OPERATOR,
      deliveries_list_begin, deliveries_list_next, READ,
      "Deliveries to it, newest first; ?state= &amp;limit= &amp;cursor=" },
    { PGL_HTTP_POST, "/api/v1/webhooks/{id}/redeliver", PGL_ACCESS_OPERATOR,
      redeliver_range_begin, redeliver_next, WRITE,
      "Deliver a range again: the dead ones, or those of a state." },
    { PGL_HTTP_POST, "/api/v1/webhooks/{id}/deliveries/{number}/redeliver", PGL_ACCESS_OPERATOR,
      redeliver_one_begin, redeliver_next, WRITE,
      "Deliver one again." },
};
/* clang-format on */
const int pgl_route_count = sizeof pgl_routes / sizeof pgl_routes[0];

/* Segment by segment; a name in braces takes any that is not empty. */
static bool path_matches(const char *pattern, struct pgl_text path,
                         struct pgl_text params[PGL_REQUEST_PARAMS_MAX], int *param_count)
{
    struct pgl_text wanted = pgl_text_of(pattern);
    *param_count = 0;
    while (wanted.data != NULL && path.data != NULL) {
        struct pgl_text want = pgl_text_cut(&wanted, '/'), have = pgl_text_cut(&path, '/');
        bool is_param = want.size > 0 && want.data[0] == '{';
        if (is_param ? have.size == 0 : !pgl_text_equal(want, have))
            return false;
        if (is_param)
            params[(*param_count)++] = have;
    }
    return wanted.data == NULL && path.data == NULL;
}

const struct pgl_route *pgl_route_find(enum pgl_http_method method, struct pgl_text path,
                                       struct pgl_text params[PGL_REQUEST_PARAMS_MAX],
                                       int *param_count, bool *path_is_known)
{
    if (method == PGL_HTTP_HEAD)
        method = PGL_HTTP_GET;
    *path_is_known = false;
    for (int i = 0; i < pgl_route_count; i++) {
        if (!path_matches(pgl_routes[i].path, path, params, param_count))
            continue;
        *path_is_known = true;
        if (pgl_routes[i].method == method)
            return &pgl_routes[i];
    }
    return NULL;
}

const char *pgl_route_allow(struct pgl_text path, struct pgl_arena *arena)
{
    struct pgl_text params[PGL_REQUEST_PARAMS_MAX];
    const char *allow = "";
    int param_count;
    for (int i = 0; i < pgl_route_count; i++) {
        if (!path_matches(pgl_routes[i].path, path, params, &param_count))
            continue;
        const char *name = pgl_routes[i].method == PGL_HTTP_GET
                               ? "GET, HEAD"
                               : pgl_http_method_name(pgl_routes[i].method);
        if (strstr(allow, name) == NULL)
            allow = pgl_arena_printf(arena, "%s%s%s", allow, allow[0] != '\0' ? ", " : "", name);
    }
    return allow;
}
