/*
 * worker_test.c - does an order by card end as it should, whatever the provider says or does not
 * say?
 * Method: stories against a bank in memory that answers by a script, a letter a call; then what was
 *         called, what was said, the rows and the bank's own books are compared. Each story is also
 *         cut off at every turn, by an end of the process, and has to come to the same end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "services/payments/card_bench.h"

#define UNIT     100 /* an order is five of it */
#define AMOUNT   (5 * UNIT)
#define PATIENCE PGL_MINUTES(5)

static void tell(struct card_bench *bench, char letter, int number)
{
    struct bench_order order = { number, "ann", "card", UNIT, true };
    Event *event = NULL;
    switch (letter) {
    case 'O':
        event = payments_bench_created(&bench->payments, &order);
        break;
    case 'C':
        event = payments_bench_cancelled(&bench->payments, number, CAUSE_CLIENT);
        break;
    case 'R':
        event = payments_bench_reserved(&bench->payments, number, true, 2, 3);
        break;
    case 'P':
        event = payments_bench_reserved(&bench->payments, number, false, 0, 2);
        break;
    case 'F':
        event = payments_bench_failed(&bench->payments, number);
        break;
    case '1':
    case '2':
        event = payments_bench_refund(&bench->payments, number, letter - '0', 200);
        break;
    default:
        break;
    }
    assert_non_null(event);
    assert_true(pgl_is_ok(payments_bench_hear(&bench->payments, event)));
}

static const char *row_of(struct card_bench *bench)
{
    return pgl_store_bench_rows(&bench->payments.store,
                                "SELECT state, decision, op, authorized_minor, captured_minor, "
                                "released_minor, hold_minor, refunded_minor FROM payment");
}

#define AUTHORIZED "PaymentAuthorized"
#define CAPTURED   "PaymentAuthorized PaymentCaptured"
#define VOIDED     "PaymentAuthorized PaymentVoided PaymentHoldReleased"
#define DECLINED   "PaymentDeclined PaymentHoldReleased"
#define FAILED     "PaymentAuthorized PaymentCaptureFailed"

/* clang-format off */
static const struct {
    const char *story;  /* an event, or `-`: time for what is due */
    const char *script; /* of the bank */
    const char *calls, *row, *said;
} stories[] = {
    /* saga.md, 7.3, row by row: executed and answered */
    { "O-R-", "", "create authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-P-", "", "create authorize capture", "6|1|0|500|200|300|0|0\n", CAPTURED },
    { "O-F-", "", "create authorize void", "8|2|0|500|0|500|0|0\n", VOIDED },
    { "O-C-", "", "create authorize void", "8|2|0|500|0|500|0|0\n", VOIDED },
    { "OC-",  "", "", "8|2|0|0|0|0|0|0\n", "PaymentVoided" },
    { "CO-",  "", "", "8|2|0|0|0|0|0|0\n", "PaymentVoided" },
    /* lost, executed or not: it is asked, and sent again with the same key */
    { "O-R-", "l",    "create create authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "k",    "create create authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", ".l",   "create authorize get authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", ".k",   "create authorize get capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "..l",  "create authorize capture get capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "..k",  "create authorize capture get", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "..kl", "create authorize capture get get", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-C-", "..l",  "create authorize void get void", "8|2|0|500|0|500|0|0\n", VOIDED },
    { "O-C-", "..k",  "create authorize void get", "8|2|0|500|0|500|0|0\n", VOIDED },
    /* processing: asked until it is not */
    { "O-R-", ".pp",  "create authorize get get capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "..p",  "create authorize capture get", "6|1|0|500|500|0|0|0\n", CAPTURED },
    /* refused: asked once before it is believed */
    { "O-",   "r",    "create", "7|0|0|0|0|0|0|0\n", "PaymentDeclined" },
    { "O-",   "x",    "create", "7|0|0|0|0|0|0|0\n", "PaymentDeclined" },
    { "O-",   ".r",   "create authorize get void", "7|0|0|0|0|0|0|0\n", DECLINED },
    { "O-R-", "..r",  "create authorize capture get void", "9|1|0|500|0|500|0|0\n", FAILED },
    { "O-R-", "..lr", "create authorize capture get get capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    /* key in use, not sent, forbidden: later, with the same key */
    { "O-R-", "b",    "create create authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", ".b",   "create authorize get authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "n.n.n", "create create authorize authorize capture capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "f",    "create create authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    /* our bug: for a person */
    { "O-R-", "..o",  "create authorize capture", "4|1|3|500|0|0|500|0\n", AUTHORIZED },
    /* a burnt key: asked, and another key a minute later */
    { "O-R-", "..5",  "create authorize capture get capture get get capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    { "O-R-", "5",    "create create create authorize capture", "6|1|0|500|500|0|0|0\n", CAPTURED },
    /* the customer has to act, and does not */
    { "O-C-", ".a",   "create authorize get get get get get get get get get get get get get get get get get get get get void",
      "8|2|0|0|0|0|0|0\n", "PaymentActionRequired PaymentVoided PaymentHoldReleased" },
    /* refunds, one behind the other */
    { "O-R-1-2-", "",     "create authorize capture refund refund", "6|1|0|500|500|0|0|400\n", CAPTURED " PaymentRefunded PaymentRefunded" },
    { "O-R-12-",  "",     "create authorize capture refund refund", "6|1|0|500|500|0|0|400\n", CAPTURED " PaymentRefunded PaymentRefunded" },
    { "O-R-1-",   "...k", "create authorize capture refund get", "6|1|0|500|500|0|0|200\n", CAPTURED " PaymentRefunded" },
    { "O-R-1-",   "...l", "create authorize capture refund get refund", "6|1|0|500|500|0|0|200\n", CAPTURED " PaymentRefunded" },
    { "O-R-1-",   "...r", "create authorize capture refund get", "6|1|0|500|500|0|0|0\n", CAPTURED " PaymentRefundFailed" },
    { "O-P-12-",  "",     "create authorize capture refund", "6|1|0|500|200|300|0|200\n", CAPTURED " PaymentRefundFailed PaymentRefunded" },
    { "O-1-",     "",     "create authorize", "3|0|0|500|0|0|500|0\n", AUTHORIZED " PaymentRefundFailed" },
};
/* clang-format on */

static void play(struct card_bench *bench, const char *story)
{
    for (const char *at = story; *at != '\0'; at++)
        if (*at == '-')
            card_bench_run(bench, PATIENCE);
        else
            tell(bench, *at, 1);
}

static void every_story_ends_as_it_should(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        static struct card_bench bench;
        card_bench_open(&bench, 1);
        bench.script = stories[i].script;
        print_message("%s %s\n", stories[i].story, stories[i].script);
        play(&bench, stories[i].story);
        assert_string_equal(bench.calls, stories[i].calls);
        assert_string_equal(row_of(&bench), stories[i].row);
        assert_string_equal(payments_bench_said(&bench.payments, 1), stories[i].said);
        assert_string_equal(payments_bench_audit(&bench.payments), "");
        card_bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_story_ends_as_it_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
