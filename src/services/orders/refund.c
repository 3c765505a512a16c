/*
 * refund.c - money back for a confirmed order, or for some of it. An operator asks; Payments gives
 * it back, and says so or why not.
 */
#include "saga/audit_log.h"
#include "saga/idempotency.h"
#include "services/orders/orders.h"
#include "wire/digest.h"
#include "wire/failure_words.h"
#include "wire/message.h"

#define WAREHOUSE_BYTES_MAX 32

/* ---- what is asked for ---- */

static pgl_status check_ask(const RefundOrderRequest *ask)
{
    if (ask->caller == NULL || ask->refund == NULL)
        return PGL_FAIL(PGL_INVALID, "a refund needs a caller and a body");
    if (ask->caller->role != ROLE_OPERATOR)
        return PGL_FAIL(PGL_DENIED, "an operator's role is needed here");
    PGL_TRY(pgl_idempotency_key_check(ask->idempotency_key));
    if (ask->refund->n_lines > PGL_ORDER_LINES_MAX)
        return PGL_FAIL(PGL_INVALID, "lines: at most 100 are expected");
    if (strlen(ask->refund->reason) > PGL_REASON_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "reason: at most 500 bytes are expected");
    return PGL_OK;
}

static int64_t left_of(const struct order_line_row *line)
{
    return line->confirmed - line->refunding - line->refunded;
}

static pgl_status check_line(struct pgl_arena *arena, const struct order_lines *lines,
                             const OrderRefundedLine *wanted, size_t number)
{
    const struct order_line_row *line = order_line_at(lines, wanted->line_no);
    if (line == NULL)
        return PGL_FAIL(PGL_INVALID,
                        pgl_arena_printf(arena, "lines[%zu].lineNo: 1 to %zu is expected", number,
                                         lines->count));
    if (strlen(wanted->warehouse) > WAREHOUSE_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID,
                        pgl_arena_printf(arena, "lines[%zu].warehouse: there is none", number));
    if (wanted->warehouse[0] != '\0' && !wanted->restock)
        return PGL_FAIL(PGL_INVALID,
                        pgl_arena_printf(arena, "lines[%zu].warehouse: only with restock", number));
    if (wanted->quantity < 1 || wanted->quantity > left_of(line))
        return PGL_FAIL(
            PGL_INVALID,
            pgl_arena_printf(arena, "lines[%zu].quantity: %lld of this line can be refunded",
                             number, (long long)left_of(line)));
    return PGL_OK;
}

/* All that is left, as lines. */
static pgl_status all_that_is_left(struct pgl_arena *arena, const struct order_lines *lines,
                                   OrderRefund *refund)
{
    OrderRefundedLine *all = pgl_arena_alloc(arena, lines->count * sizeof all[0]);
    refund->lines = pgl_arena_alloc(arena, lines->count * sizeof refund->lines[0]);
    if (all == NULL || refund->lines == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < lines->count; i++) {
        if (left_of(&lines->rows[i]) == 0)
            continue;
        OrderRefundedLine *line = &all[refund->n_lines];
        *line = (OrderRefundedLine)ORDER_REFUNDED_LINE_INIT;
        line->line_no = lines->rows[i].line_no;
        line->quantity = left_of(&lines->rows[i]);
        refund->lines[refund->n_lines++] = line;
    }
    return refund->n_lines > 0 ? PGL_OK : PGL_FAIL(PGL_CONFLICT, "all of it is refunded already");
}

/* Each line is taken off what is left before the next is looked at, so that none comes twice. */
static pgl_status take_lines(struct pgl_arena *arena, struct order_lines *lines,
                             const NewRefund *ask, OrderRefund *refund)
{
    refund->lines = ask->lines;
    refund->n_lines = ask->n_lines;
    if (ask->n_lines == 0)
        PGL_TRY(all_that_is_left(arena, lines, refund));
    for (size_t i = 0; i < refund->n_lines; i++) {
        const OrderRefundedLine *wanted = refund->lines[i];
        PGL_TRY(check_line(arena, lines, wanted, i));
        order_line_at(lines, wanted->line_no)->refunding += wanted->quantity;
        PGL_TRY(order_line_worth(lines, wanted->line_no, wanted->quantity, &refund->amount_minor));
    }
    return PGL_OK;
}

/* ---- saying it ---- */

static pgl_status say_requested(struct pgl_tx *tx, struct order_row *order,
                                const OrderRefund *refund, const Caller *caller)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    OrderRefundRequested said = ORDER_REFUND_REQUESTED_INIT;
    RefundLine *lines = pgl_arena_alloc(arena, refund->n_lines * sizeof lines[0]);
    said.lines = pgl_arena_alloc(arena, refund->n_lines * sizeof said.lines[0]);
    if (lines == NULL || said.lines == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < refund->n_lines; i++) {
        lines[i] = (RefundLine)REFUND_LINE_INIT;
        lines[i].line_no = refund->lines[i]->line_no;
        lines[i].quantity = refund->lines[i]->quantity;
        lines[i].restock = refund->lines[i]->restock;
        lines[i].warehouse = refund->lines[i]->warehouse;
        said.lines[i] = &lines[i];
    }
    said.n_lines = refund->n_lines;
    said.refund_no = refund->refund_no;
    said.amount_minor = refund->amount_minor;
    said.currency = pgl_message_string(order->currency.data);
    said.reason = refund->reason;
    said.requested_by = caller->subject;
    Event event = EVENT_INIT;
    event.type = EVENT_TYPE_ORDER_REFUND_REQUESTED;
    event.payload_case = PANGLOT__EVENTS__V1__EVENT__PAYLOAD_ORDER_REFUND_REQUESTED;
    event.order_refund_requested = &said;
    return order_say(tx, order, &event);
}

static pgl_status write_refund(struct pgl_tx *tx, struct order_row *order,
                               const RefundOrderRequest *ask, const OrderRefund *refund,
                               const uint8_t fingerprint[FINGERPRINT_BYTES])
{
    OrderRefund body = ORDER_REFUND_INIT; /* only what the columns do not have */
    body.lines = refund->lines;
    body.n_lines = refund->n_lines;
    body.reason = refund->reason;
    struct order_refund_row row = { .refund_no = refund->refund_no,
                                    .operator_name = pgl_text_of(ask->caller->subject),
                                    .idempotency_key = pgl_text_of(ask->idempotency_key),
                                    .fingerprint = { (const char *)fingerprint, FINGERPRINT_BYTES },
                                    .status = REFUND_STATUS_REQUESTED,
                                    .amount_minor = refund->amount_minor,
                                    .requested_at_ns = refund->requested_at_ns,
                                    .failure = PGL_TEXT("") };
    PGL_TRY(pgl_message_pack_text(&body.base, pgl_tx_arena(tx), &row.body));
    order->beyond |= ORDER_HAS_REFUNDS;
    return order_refund_insert(tx, order->id, &row);
}

/* ---- RefundOrder ---- */

static pgl_status replay(const struct pgl_view *view, const struct order_row *order,
                         const struct order_refund_row *row,
                         const uint8_t fingerprint[FINGERPRINT_BYTES], RefundOrderResponse *reply)
{
    if (memcmp(row->fingerprint.data, fingerprint, FINGERPRINT_BYTES) != 0)
        return PGL_FAIL(PGL_INVALID, "Idempotency-Key: it was used for another request");
    struct order_refund_row first = *row;
    first.status = REFUND_STATUS_REQUESTED;
    first.ended_at_ns = 0;
    first.failure = PGL_TEXT("");
    reply->replayed = true;
    return order_show_refund(view, order, &first, &reply->refund);
}

static pgl_status request_refund(struct pgl_tx *tx, struct order_row *order,
                                 const RefundOrderRequest *ask,
                                 const uint8_t fingerprint[FINGERPRINT_BYTES], OrderRefund *refund)
{
    struct order_lines lines;
    PGL_TRY(order_refund_last_no(&tx->view, order->id, &refund->refund_no));
    if (refund->refund_no++ == PGL_ORDER_REFUNDS_MAX)
        return PGL_FAIL(PGL_CONFLICT, "an order can be refunded a hundred times");
    PGL_TRY(order_lines_load(&tx->view, order, NULL, &lines));
    PGL_TRY(take_lines(pgl_tx_arena(tx), &lines, ask->refund, refund));
    refund->status = REFUND_STATUS_REQUESTED;
    refund->currency = pgl_message_string(order->currency.data);
    refund->reason = ask->refund->reason;
    refund->requested_at_ns = pgl_tx_now_ns(tx);

    PGL_TRY(say_requested(tx, order, refund, ask->caller));
    PGL_TRY(write_refund(tx, order, ask, refund, fingerprint));
    PGL_TRY(order_lines_write(tx, order, &lines));
    order_note_change(order, CHANGE_KIND_REFUND_REQUESTED);
    PGL_TRY(order_write(tx, order, order->state));
    return pgl_audit_log_append(tx, ask->caller, "order.refund", ask->id, ask->refund->reason,
                                "requested");
}

pgl_status pgl_orders_refund(struct pgl_tx *tx, const RefundOrderRequest *ask,
                             RefundOrderResponse *reply)
{
    pgl_id id;
    struct order_row order;
    struct order_refund_row row;
    struct pgl_text packed;
    uint8_t fingerprint[FINGERPRINT_BYTES];
    PGL_TRY(check_ask(ask));
    PGL_TRY(order_parse_id(ask->id, &id));
    PGL_TRY(order_get_for(&tx->view, id, ask->caller, &order));
    PGL_TRY(pgl_message_pack_text(&ask->refund->base, pgl_tx_arena(tx), &packed));
    pgl_sha256(packed, fingerprint);
    pgl_status found = order_refund_of_key(&tx->view, id, pgl_text_of(ask->caller->subject),
                                           pgl_text_of(ask->idempotency_key), &row);
    if (pgl_is_ok(found))
        return replay(&tx->view, &order, &row, fingerprint, reply);
    if (found.code != PGL_NOT_FOUND)
        return found;
    if (order_step_of(&order, ORDER_ON_REFUND).is_refused)
        return PGL_FAIL(PGL_CONFLICT, "only an order that is confirmed can be refunded");

    reply->refund = pgl_message_new(ORDER_REFUND_DESCRIPTOR, pgl_tx_arena(tx));
    if (reply->refund == NULL)
        return PGL_NO_MEMORY;
    return request_refund(tx, &order, ask, fingerprint, reply->refund);
}

/* ---- what Payments says of it ---- */

/* From what is under way to what is done; or back, where it failed. */
static pgl_status settle_lines(struct pgl_tx *tx, struct order_row *order,
                               const struct order_refund_row *row, bool is_done)
{
    struct order_lines lines;
    void *body;
    PGL_TRY(order_lines_load(&tx->view, order, NULL, &lines));
    PGL_TRY(pgl_message_unpack(ORDER_REFUND_DESCRIPTOR, pgl_tx_arena(tx), row->body, &body));
    const OrderRefund *refund = body;
    for (size_t i = 0; i < refund->n_lines; i++) {
        struct order_line_row *line = order_line_at(&lines, refund->lines[i]->line_no);
        line->refunding -= refund->lines[i]->quantity;
        line->refunded += is_done ? refund->lines[i]->quantity : 0;
    }
    return order_lines_write(tx, order, &lines);
}

static pgl_status end_refund(struct pgl_tx *tx, struct order_row *order, int32_t refund_no,
                             int64_t amount_minor, RefundStatus status, const char *failure)
{
    struct order_refund_row row;
    bool is_done = status == REFUND_STATUS_REFUNDED;
    pgl_status found = order_refund_get(&tx->view, order->id, refund_no, &row);
    if (found.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_CONFLICT, "a refund that nobody has asked for");
    PGL_TRY(found);
    if (row.status == status)
        return PGL_OK; /* heard before */
    if (row.status != REFUND_STATUS_REQUESTED || row.amount_minor != amount_minor)
        return PGL_FAIL(PGL_CONFLICT, "a refund that is not as it was asked for");
    row.status = status;
    row.ended_at_ns = pgl_tx_now_ns(tx);
    row.failure = pgl_text_of(failure);
    PGL_TRY(order_refund_update(tx, order->id, &row));
    PGL_TRY(settle_lines(tx, order, &row, is_done));
    order_note_change(order, is_done ? CHANGE_KIND_REFUNDED : CHANGE_KIND_REFUND_FAILED);
    return PGL_OK;
}

pgl_status order_note_refunded(struct pgl_tx *tx, struct order_row *order, const Event *event)
{
    const PaymentRefunded *heard = event->payment_refunded;
    return end_refund(tx, order, heard->refund_no, heard->amount_minor, REFUND_STATUS_REFUNDED, "");
}

pgl_status order_note_refund_failed(struct pgl_tx *tx, struct order_row *order, const Event *event)
{
    const PaymentRefundFailed *heard = event->payment_refund_failed;
    return end_refund(tx, order, heard->refund_no, heard->amount_minor, REFUND_STATUS_FAILED,
                      pgl_failure_words(heard->failure_code));
}
