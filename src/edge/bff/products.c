/* products.c - /api/v1/products: Catalog's products with Inventory's numbers. */
#include "contract/catalog.h"
#include "contract/edge.h"
#include "contract/inventory.h"
#include "edge/bff/views.h"
#include "edge/query.h"

static const pgl_status no_memory = { PGL_EXHAUSTED, "no memory for this request" };

struct products_view {
    ListProductsResponse list;
    GetProductResponse one;
    GetAvailableResponse stock;
    bool has_products; /* the first round is over */
};

static pgl_status ask_for_stock(struct pgl_request *request, struct products_view *view,
                                Product *const *products, size_t count)
{
    GetAvailableRequest *ask = EDGE_NEW(request, GET_AVAILABLE_REQUEST_DESCRIPTOR);
    char **skus = pgl_arena_alloc(request->arena, (count + 1) * sizeof skus[0]);
    if (ask == NULL || skus == NULL)
        return no_memory;
    for (size_t i = 0; i < count; i++)
        skus[i] = products[i]->sku;
    ask->skus = skus;
    ask->n_skus = count;
    view->stock = (GetAvailableResponse)GET_AVAILABLE_RESPONSE_INIT;
    view->has_products = true;
    edge_next_round(request);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_GET_AVAILABLE, ask,
                    &view->stock);
}

static void fill_view(ProductView *shown, const Product *product, int64_t available)
{
    *shown = (ProductView)PRODUCT_VIEW_INIT;
    shown->sku = product->sku;
    shown->name = product->name;
    shown->description = product->description;
    shown->category = product->category;
    shown->image_url = product->image_url;
    shown->price_minor = product->price_minor;
    shown->currency = product->currency;
    shown->available = available;
    shown->active = product->active;
    shown->version = product->version;
    shown->retired_at_ns = product->retired_at_ns;
}

static int64_t available_of(const struct products_view *view, size_t i)
{
    return i < view->stock.n_available ? view->stock.available[i] : 0;
}

/* ---- GET /api/v1/products ---- */

pgl_status products_list_begin(struct pgl_request *request)
{
    struct products_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    ListProductsRequest *ask = EDGE_NEW(request, LIST_PRODUCTS_REQUEST_DESCRIPTOR);
    if (view == NULL || ask == NULL)
        return no_memory;
    ask->category = edge_query_text(request, "category");
    ask->min_price_minor = edge_query_number(request, "minPriceMinor", 0);
    ask->max_price_minor = edge_query_number(request, "maxPriceMinor", 0);
    ask->retired = edge_query_is_there(request, "active") && !edge_query_flag(request, "active");
    ask->text = edge_query_text(request, "q");
    ask->sort = edge_query_text(request, "sort");
    ask->limit = edge_query_limit(request);
    ask->cursor = edge_query_text(request, "cursor");
    view->list = (ListProductsResponse)LIST_PRODUCTS_RESPONSE_INIT;
    request->view = view;
    return edge_ask(request, &request->edge->catalog, CATALOG_SERVICE_LIST_PRODUCTS, ask,
                    &view->list);
}

pgl_status products_list_next(struct pgl_request *request)
{
    struct products_view *view = request->view;
    PGL_TRY(edge_answer(request, 0));
    if (!view->has_products)
        return ask_for_stock(request, view, view->list.items, view->list.n_items);
    ProductList *list = EDGE_NEW(request, PRODUCT_LIST_DESCRIPTOR);
    ProductView *views =
        pgl_arena_alloc(request->arena, (view->list.n_items + 1) * sizeof views[0]);
    ProductView **items =
        pgl_arena_alloc(request->arena, (view->list.n_items + 1) * sizeof items[0]);
    if (list == NULL || views == NULL || items == NULL)
        return no_memory;
    for (size_t i = 0; i < view->list.n_items; i++) {
        fill_view(&views[i], view->list.items[i], available_of(view, i));
        items[i] = &views[i];
    }
    list->items = items;
    list->n_items = view->list.n_items;
    list->next = view->list.next;
    return edge_reply_json(request, 200, &list->base);
}

/* ---- GET /api/v1/products/{sku} ---- */

pgl_status product_get_begin(struct pgl_request *request)
{
    struct products_view *view = pgl_arena_zalloc(request->arena, sizeof *view);
    GetProductRequest *ask = EDGE_NEW(request, GET_PRODUCT_REQUEST_DESCRIPTOR);
    if (view == NULL || ask == NULL)
        return no_memory;
    ask->sku = pgl_message_string(request->params[0].data);
    view->one = (GetProductResponse)GET_PRODUCT_RESPONSE_INIT;
    request->view = view;
    return edge_ask(request, &request->edge->catalog, CATALOG_SERVICE_GET_PRODUCT, ask, &view->one);
}

pgl_status product_get_next(struct pgl_request *request)
{
    struct products_view *view = request->view;
    PGL_TRY(edge_answer(request, 0));
    if (!view->has_products)
        return ask_for_stock(request, view, &view->one.product, 1);
    ProductView shown;
    fill_view(&shown, view->one.product, available_of(view, 0));
    request->version = shown.version;
    return edge_reply_json(request, 200, &shown.base);
}
