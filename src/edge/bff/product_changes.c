/*
 * product_changes.c - the catalogue as operators keep it: products made, changed, retired, many at
 * once.
 */
#include "contract/catalog.h"
#include "edge/bff/views.h"
#include "edge/condition.h"
#include "edge/query.h"

static const pgl_status no_memory = { PGL_EXHAUSTED, "no memory for this request" };

/* Its tag names the version, so that the next change can be asked for of it. */
static pgl_status reply_product(struct pgl_request *request, int status, const Product *product)
{
    pgl_ready_clear(&request->edge->ready); /* whoever has changed it sees that at once */
    request->version = product->version;
    return edge_reply_json(request, status, &product->base);
}

static pgl_status reply_created(struct pgl_request *request, const Product *product)
{
    const char *location = pgl_arena_printf(request->arena, "/api/v1/products/%s", product->sku);
    if (location == NULL)
        return no_memory;
    edge_add_field(request, PGL_TEXT("Location"), pgl_text_of(location));
    return reply_product(request, 201, product);
}

static pgl_status ask_put(struct pgl_request *request, NewProduct *product, Condition *condition)
{
    PutProductRequest *ask = EDGE_NEW(request, PUT_PRODUCT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    ask->product = product;
    ask->condition = condition;
    request->view = EDGE_NEW(request, PUT_PRODUCT_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->catalog, CATALOG_SERVICE_PUT_PRODUCT, ask,
                    request->view);
}

/* ---- POST /api/v1/products ---- */

pgl_status product_create_begin(struct pgl_request *request)
{
    void *body;
    Condition *absent = EDGE_NEW(request, CONDITION_DESCRIPTOR);
    if (absent == NULL)
        return no_memory;
    PGL_TRY(edge_read_body(request, NEW_PRODUCT_DESCRIPTOR, &body));
    absent->absent = true;
    return ask_put(request, body, absent);
}

pgl_status product_create_next(struct pgl_request *request)
{
    const PutProductResponse *reply = request->view;
    if (edge_answer(request, 0).code == PGL_CHANGED)
        return PGL_FAIL(PGL_ALREADY_EXISTS, "sku: there is a product of this one already");
    PGL_TRY(edge_answer(request, 0));
    return reply_created(request, reply->product);
}

/* ---- PUT /api/v1/products/{sku} ---- */

pgl_status product_put_begin(struct pgl_request *request)
{
    void *body;
    Condition *condition;
    PGL_TRY(edge_read_condition(request, true, &condition));
    PGL_TRY(edge_read_body(request, NEW_PRODUCT_DESCRIPTOR, &body));
    NewProduct *product = body;
    if (product->sku[0] != '\0' && !pgl_text_is(request->params[0], product->sku))
        return PGL_FAIL(PGL_INVALID, "sku: it is another one than the path has");
    product->sku = pgl_message_string(request->params[0].data);
    return ask_put(request, product, condition);
}

pgl_status product_put_next(struct pgl_request *request)
{
    const PutProductResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return reply->created ? reply_created(request, reply->product)
                          : reply_product(request, 200, reply->product);
}

/* ---- PATCH /api/v1/products/{sku} ---- */

/* RFC 7396: null takes a member away. Of these three that is an empty text; a product without any
 * of the others is none. Reading a body as a message takes null for left out, so it is looked for
 * here. */
static pgl_status take_away(ProductChange *change, struct pgl_text name)
{
    char *nothing = pgl_message_string("");
    if (pgl_text_is(name, "description")) {
        change->described_case = PANGLOT__CATALOG__V1__PRODUCT_CHANGE__DESCRIBED_DESCRIPTION;
        change->description = nothing;
    } else if (pgl_text_is(name, "category")) {
        change->sorted_case = PANGLOT__CATALOG__V1__PRODUCT_CHANGE__SORTED_CATEGORY;
        change->category = nothing;
    } else if (pgl_text_is(name, "imageUrl")) {
        change->shown_case = PANGLOT__CATALOG__V1__PRODUCT_CHANGE__SHOWN_IMAGE_URL;
        change->image_url = nothing;
    } else {
        return PGL_FAIL(PGL_INVALID, "null: a product cannot be without its name, price, currency "
                                     "or whether it is for sale");
    }
    return PGL_OK;
}

static pgl_status take_away_nulls(struct pgl_request *request, ProductChange *change)
{
    struct pgl_json_scan scan;
    enum pgl_json_kind kind;
    uint32_t count = 0;
    pgl_json_scan_init(&scan, request->arena, request->exchange->body, &request->edge->json);
    PGL_TRY(pgl_json_scan_value(&scan, &kind)); /* an object, or it would not have been read */
    PGL_TRY(pgl_json_scan_enter(&scan));
    for (;;) {
        struct pgl_text name;
        PGL_TRY(pgl_json_scan_member(&scan, &count, &name));
        if (name.data == NULL)
            return PGL_OK;
        PGL_TRY(pgl_json_scan_value(&scan, &kind));
        if (kind == PGL_JSON_NULL)
            PGL_TRY(take_away(change, name));
        else
            PGL_TRY(pgl_json_scan_skip(&scan, kind));
    }
}

pgl_status product_change_begin(struct pgl_request *request)
{
    void *body;
    Condition *condition;
    ChangeProductRequest *ask = EDGE_NEW(request, CHANGE_PRODUCT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_read_condition(request, false, &condition));
    PGL_TRY(edge_read_body(request, PRODUCT_CHANGE_DESCRIPTOR, &body));
    PGL_TRY(take_away_nulls(request, body));
    ask->caller = &request->caller;
    ask->sku = pgl_message_string(request->params[0].data);
    ask->change = body;
    ask->condition = condition;
    request->view = EDGE_NEW(request, CHANGE_PRODUCT_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->catalog, CATALOG_SERVICE_CHANGE_PRODUCT, ask,
                    request->view);
}

pgl_status product_change_next(struct pgl_request *request)
{
    const ChangeProductResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return reply_product(request, 200, reply->product);
}

/* ---- DELETE /api/v1/products/{sku} ---- */

pgl_status product_retire_begin(struct pgl_request *request)
{
    RetireProductRequest *ask = EDGE_NEW(request, RETIRE_PRODUCT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_read_condition(request, false, &ask->condition));
    ask->caller = &request->caller;
    ask->sku = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, RETIRE_PRODUCT_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->catalog, CATALOG_SERVICE_RETIRE_PRODUCT, ask,
                    request->view);
}

pgl_status product_retire_next(struct pgl_request *request)
{
    const RetireProductResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return reply_product(request, 200, reply->product);
}

/* ---- GET /api/v1/admin/products/{sku} ---- */

pgl_status admin_product_begin(struct pgl_request *request)
{
    GetProductRequest *ask = EDGE_NEW(request, GET_PRODUCT_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->caller = &request->caller;
    ask->sku = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, GET_PRODUCT_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->catalog, CATALOG_SERVICE_GET_PRODUCT, ask,
                    request->view);
}

pgl_status admin_product_next(struct pgl_request *request)
{
    const GetProductResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    request->version = reply->product->version;
    return edge_reply_json(request, 200, &reply->product->base);
}

/* ---- POST /api/v1/products/imports ---- */

pgl_status product_import_begin(struct pgl_request *request)
{
    static const char *const types[] = { "application/x-ndjson", "text/csv" };
    int which;
    ImportProductsRequest *ask = EDGE_NEW(request, IMPORT_PRODUCTS_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_read_media(request, types, sizeof types / sizeof types[0], &which));
    ask->is_csv = which == 1;
    struct pgl_text body = request->exchange->body;
    ask->caller = &request->caller;
    ask->table = (ProtobufCBinaryData){ body.size, (uint8_t *)(uintptr_t)body.data };
    ask->is_trial = edge_query_flag(request, "trial");
    request->view = EDGE_NEW(request, IMPORT_PRODUCTS_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->catalog, CATALOG_SERVICE_IMPORT_PRODUCTS, ask,
                    request->view);
}

/* A report in either case: with errors it is the body of a 422 and says what is wrong where. */
pgl_status product_import_next(struct pgl_request *request)
{
    const ImportProductsResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    pgl_ready_clear(&request->edge->ready);
    return edge_reply_json(request, reply->report->n_errors > 0 ? 422 : 200, &reply->report->base);
}
