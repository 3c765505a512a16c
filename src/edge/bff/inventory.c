/* inventory.c - /api/v1/inventory: stock, warehouse by warehouse; and what moves it. */
#include "contract/inventory.h"

#include "edge/bff/views.h"

static const pgl_status no_memory = { PGL_EXHAUSTED, "no memory for this request" };

/* ---- GET /api/v1/inventory/{sku} ---- */

pgl_status stock_get_begin(struct pgl_request *request)
{
    GetStockRequest *ask = EDGE_NEW(request, GET_STOCK_REQUEST_DESCRIPTOR);
    if (ask == NULL)
        return no_memory;
    ask->sku = pgl_message_string(request->params[0].data);
    request->view = EDGE_NEW(request, GET_STOCK_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_GET_STOCK, ask,
                    request->view);
}

pgl_status stock_get_next(struct pgl_request *request)
{
    const GetStockResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return edge_reply_json(request, 200, &reply->stock->base);
}

/* ---- POST /api/v1/inventory/{sku}/receipts, /sales, /counts ---- */

/* All three answer with a level. The first rounds differ in their types only. */
static pgl_status reply_level(struct pgl_request *request, const WarehouseStock *level,
                              bool is_replayed)
{
    if (is_replayed)
        edge_add_field(request, PGL_TEXT("Idempotent-Replayed"), PGL_TEXT("true"));
    return edge_reply_json(request, 201, &level->base);
}

pgl_status stock_receive_begin(struct pgl_request *request)
{
    ReceiveStockRequest *ask = EDGE_NEW(request, RECEIVE_STOCK_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_idempotency_key(request, &ask->idempotency_key));
    PGL_TRY(edge_read_body(request, NEW_RECEIPT_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->sku = pgl_message_string(request->params[0].data);
    ask->receipt = body;
    request->view = EDGE_NEW(request, RECEIVE_STOCK_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_RECEIVE_STOCK, ask,
                    request->view);
}

pgl_status stock_receive_next(struct pgl_request *request)
{
    const ReceiveStockResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return reply_level(request, reply->stock, reply->replayed);
}

pgl_status stock_sell_begin(struct pgl_request *request)
{
    SellStockRequest *ask = EDGE_NEW(request, SELL_STOCK_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_idempotency_key(request, &ask->idempotency_key));
    PGL_TRY(edge_read_body(request, NEW_SALE_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->sku = pgl_message_string(request->params[0].data);
    ask->sale = body;
    request->view = EDGE_NEW(request, SELL_STOCK_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_SELL_STOCK, ask,
                    request->view);
}

pgl_status stock_sell_next(struct pgl_request *request)
{
    const SellStockResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return reply_level(request, reply->stock, reply->replayed);
}

pgl_status stock_count_begin(struct pgl_request *request)
{
    CountStockRequest *ask = EDGE_NEW(request, COUNT_STOCK_REQUEST_DESCRIPTOR);
    void *body;
    if (ask == NULL)
        return no_memory;
    PGL_TRY(edge_idempotency_key(request, &ask->idempotency_key));
    PGL_TRY(edge_read_body(request, NEW_COUNT_DESCRIPTOR, &body));
    ask->caller = &request->caller;
    ask->sku = pgl_message_string(request->params[0].data);
    ask->count = body;
    request->view = EDGE_NEW(request, COUNT_STOCK_RESPONSE_DESCRIPTOR);
    return edge_ask(request, &request->edge->inventory, INVENTORY_SERVICE_COUNT_STOCK, ask,
                    request->view);
}

pgl_status stock_count_next(struct pgl_request *request)
{
    const CountStockResponse *reply = request->view;
    PGL_TRY(edge_answer(request, 0));
    return reply_level(request, reply->stock, reply->replayed);
}
