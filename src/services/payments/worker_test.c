/*
 * worker_test.c - does an order by card end as it should, whatever the provider says or does not
 * say?
 * Method: stories against a bank in memory that answers by a script, a letter a call; then what was
 *         called, what was said, the rows and the bank's own books are compared. Each story is also
 *         cut off at every third turn, by an end of the process, and has to come to the same end.
 *
 * `--every N` takes each N-th turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
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
    pgl_status heard = payments_bench_hear(&bench->payments, event);
    /* Who was cut off may not be as far as the story thinks: then nobody would have said this. */
    assert_true(pgl_is_ok(heard) || (bench->ends_at > 0 && heard.code == PGL_CONFLICT));
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
    { "O-R-1-",   "...k", "create authorize capture refund find_refund", "6|1|0|500|500|0|0|200\n", CAPTURED " PaymentRefunded" },
    { "O-R-1-",   "...5", "create authorize capture refund find_refund refund find_refund find_refund refund", "6|1|0|500|500|0|0|200\n", CAPTURED " PaymentRefunded" },
    { "O-R-1-",   "...l", "create authorize capture refund find_refund refund", "6|1|0|500|500|0|0|200\n", CAPTURED " PaymentRefunded" },
    { "O-R-1-",   "...r", "create authorize capture refund find_refund", "6|1|0|500|500|0|0|0\n", CAPTURED " PaymentRefundFailed" },
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

/* ---- what is true of every end ---- */

/* The bank's books and ours, and nothing twice. */
static void assert_agrees(struct card_bench *bench)
{
    const char *in_doubt = pgl_store_bench_rows(
        &bench->payments.store,
        "SELECT state, captured_minor, refunded_minor FROM payment WHERE op <> 0");
    assert_string_equal(payments_bench_audit(&bench->payments), "");
    for (int i = 0; i < bench->object_count; i++)
        assert_true(bench->objects[i].captures <= 1);
    if (in_doubt[0] != '\0')
        return; /* a person is asked */
    int64_t captured = 0, refunded = 0, held = 0;
    for (int i = 0; i < bench->object_count; i++) {
        captured += bench->objects[i].object.captured_minor;
        refunded += bench->objects[i].object.refunded_minor;
        held += bench->objects[i].object.status == PROVIDER_HELD;
    }
    struct pgl_store_bench *store = &bench->payments.store;
    assert_int_equal(captured, pgl_store_bench_number(
                                   store, "SELECT coalesce(sum(captured_minor), 0) FROM payment"));
    assert_int_equal(refunded, pgl_store_bench_number(
                                   store, "SELECT coalesce(sum(refunded_minor), 0) FROM payment"));
    assert_int_equal(
        held, pgl_store_bench_number(store, "SELECT count(*) FROM payment WHERE hold_minor > 0"));
}

/* The process ends behind a commit or a call: each story some of them, all of them in `every`. */
static int every = 3;

static void no_end_of_the_process_does_harm(void **unused)
{
    (void)unused;
    int ends = 0;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        for (int at = 1 + (int)i % every;; at += every) {
            static struct card_bench bench;
            card_bench_open(&bench, 1);
            bench.script = stories[i].script;
            bench.ends_at = at;
            play(&bench, stories[i].story);
            bool was_there = bench.moments >= at;
            ends += was_there;
            assert_agrees(&bench);
            card_bench_close(&bench);
            if (!was_there || at > 40)
                break;
        }
    }
    print_message("%d ends\n", ends);
    assert_true(ends > 900 / every);
}

/* ---- an outage ---- */

static int64_t count(struct card_bench *bench, const char *sql)
{
    return pgl_store_bench_number(&bench->payments.store, sql);
}

static void an_outage_only_delays(void **unused)
{
    (void)unused;
    enum { ORDERS = 40, SLOW = 5 };
    static struct card_bench bench;
    struct pgl_card_options options = PGL_CARD_OPTIONS_DEFAULT;
    options.slow_per_s = SLOW;
    card_bench_open_with(&bench, 1, &options);
    bench.is_down = true;
    for (int i = 1; i <= ORDERS; i++)
        tell(&bench, 'O', i);
    card_bench_run(&bench, PGL_MINUTES(10));
    assert_int_equal(count(&bench, "SELECT count(*) FROM payment WHERE state = 1 AND op = 1"),
                     ORDERS);
    assert_true(bench.payments.payments.worker.breaker.state != PGL_BREAKER_CLOSED);
    assert_true(bench.call_count < 200); /* ten minutes of nobody there */

    tell(&bench, 'C', 1); /* a deadline does not wait for the provider */
    assert_string_equal(payments_bench_said(&bench.payments, 1), "PaymentVoided");

    bench.is_down = false;
    int before = bench.call_count;
    card_bench_run(&bench, PGL_SECONDS(70)); /* the breaker looks again within a minute */
    int64_t since_ns = bench.payments.store.now_ns;
    while (count(&bench, "SELECT count(*) FROM payment WHERE state = 3") < ORDERS - 1) {
        card_bench_run(&bench, PGL_SECONDS(1));
        assert_true(bench.payments.store.now_ns - since_ns < PGL_MINUTES(2));
    }
    assert_true(bench.call_count - before >= 2 * (ORDERS - 1));
    assert_string_equal(payments_bench_audit(&bench.payments), "");
    card_bench_close(&bench);
}

/* What an outage has left is drained at its rate, and new orders overtake it. */
static void a_backlog_is_drained_slowly(void **unused)
{
    (void)unused;
    enum { ORDERS = 30, SLOW = 2 };
    static struct card_bench bench;
    struct pgl_card_options options = PGL_CARD_OPTIONS_DEFAULT;
    options.slow_per_s = SLOW;
    card_bench_open_with(&bench, 1, &options);
    for (int i = 1; i <= ORDERS; i++)
        tell(&bench, 'O', i);
    bench.payments.store.now_ns += PGL_MINUTES(1);
    card_bench_restart(&bench);
    card_bench_run(&bench, PGL_SECONDS(5));
    int64_t done = count(&bench, "SELECT count(*) FROM payment WHERE state = 3");
    assert_in_range(done, 5, 5 * SLOW + 2);
    tell(&bench, 'O', ORDERS + 1);
    card_bench_run(&bench, PGL_MILLISECONDS(1));
    assert_string_equal(payments_bench_said(&bench.payments, ORDERS + 1), AUTHORIZED);
    card_bench_run(&bench, PGL_SECONDS(15));
    assert_int_equal(count(&bench, "SELECT count(*) FROM intent"), 0);
    card_bench_close(&bench);
}

static void no_more_calls_than_allowed_are_out(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    struct pgl_card_options options = PGL_CARD_OPTIONS_DEFAULT;
    options.calls_max = 2;
    card_bench_open_with(&bench, 1, &options);
    bench.script = "wwww";
    for (int i = 1; i <= 4; i++)
        tell(&bench, 'O', i);
    card_bench_run(&bench, PGL_SECONDS(1));
    assert_int_equal(bench.waiting_count, 2);
    assert_int_equal(count(&bench, "SELECT count(*) FROM intent WHERE op_state = 2"), 2);
    for (int i = 0; i < 4; i++) {
        card_bench_answer(&bench);
        card_bench_run(&bench, PGL_SECONDS(1));
    }
    assert_int_equal(count(&bench, "SELECT count(*) FROM payment WHERE state = 3"), 4);
    card_bench_close(&bench);
}

/* A cancel while the call is out: the verdict at once, the hold given back behind its answer. */
static void a_cancel_does_not_wait_for_an_answer(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    bench.script = ".w";
    tell(&bench, 'O', 1);
    card_bench_run(&bench, PGL_SECONDS(1));
    tell(&bench, 'C', 1);
    assert_string_equal(payments_bench_said(&bench.payments, 1), "PaymentVoided");
    card_bench_answer(&bench);
    card_bench_run(&bench, PGL_SECONDS(1));
    assert_string_equal(bench.calls, "create authorize void");
    assert_string_equal(payments_bench_said(&bench.payments, 1),
                        "PaymentVoided PaymentHoldReleased");
    assert_agrees(&bench);
    card_bench_close(&bench);
}

static void what_a_hold_lost_is_said(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    tell(&bench, 'O', 1);
    card_bench_run(&bench, PGL_SECONDS(1));
    card_bench_object(&bench, 1)->object.status = PROVIDER_CANCELLED; /* it has expired */
    tell(&bench, 'R', 1);
    card_bench_run(&bench, PATIENCE);
    const PaymentCaptureFailed *failed =
        payments_bench_last(&bench.payments, 1)->payment_capture_failed;
    assert_int_equal(failed->hold, HOLD_EXPIRED);
    assert_string_equal(row_of(&bench), "9|1|0|500|0|500|0|0\n");
    assert_agrees(&bench);
    card_bench_close(&bench);
}

static void a_key_that_is_too_old_is_never_sent_again(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    bench.script = "..w";
    tell(&bench, 'O', 1);
    card_bench_run(&bench, PGL_SECONDS(1));
    tell(&bench, 'R', 1);
    card_bench_run(&bench, PGL_SECONDS(1));
    bench.payments.store.now_ns += PGL_HOURS(21);
    card_bench_restart(&bench); /* the capture was sent, and nobody knows */
    card_bench_run(&bench, PGL_MINUTES(10));
    assert_null(strstr(bench.calls + strlen("create authorize capture"), "capture"));
    assert_string_equal(row_of(&bench), "4|1|3|500|0|0|500|0\n");
    card_bench_object(&bench, 1)->object.status = PROVIDER_CANCELLED;
    card_bench_run(&bench, PGL_MINUTES(10));
    assert_string_equal(row_of(&bench), "9|1|0|500|0|500|0|0\n");
    card_bench_close(&bench);
}

/* ---- who has a claim ---- */

struct claiming {
    struct card_claim claim;
    struct card_claimed claimed;
    struct card_settle settle;
    struct card_settled settled;
};

static pgl_status claim(struct pgl_tx *tx, void *argument)
{
    struct claiming *claiming = argument;
    return pgl_intents_claim(tx, &claiming->claim, &claiming->claimed);
}

static pgl_status settle(struct pgl_tx *tx, void *argument)
{
    struct claiming *claiming = argument;
    return pgl_intents_settle(tx, &claiming->settle, &claiming->settled);
}

/* However many orders come: what is held is taken before another hold is begun. */
static void what_ends_goes_before_what_begins(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    static struct claiming mine;
    card_bench_open(&bench, 1);
    tell(&bench, 'O', 1);
    card_bench_run(&bench, PGL_SECONDS(1));
    for (int order = 2; order <= 4; order++)
        tell(&bench, 'O', order);
    bench.payments.store.now_ns += PGL_SECONDS(1); /* so that it is planned last */
    tell(&bench, 'R', 1);
    mine.claim = (struct card_claim){ .epoch = bench.payments.payments.desk.epoch, .fresh_max = 2 };
    assert_int_equal(pgl_writer_run_now(&bench.payments.store.writer, claim, &mine).code,
                     PGL_CODE_OK);
    assert_int_equal(mine.claimed.count, 2);
    assert_int_equal(mine.claimed.tasks[0].verb, PROVIDER_CAPTURE);
    assert_int_equal(mine.claimed.tasks[1].verb, PROVIDER_CREATE);
    assert_true(mine.claimed.has_more_fresh);
    card_bench_close(&bench);
}

/* Somebody has given back as much by hand, at the provider: that is not our refund. */
static void what_others_refund_is_not_taken_for_ours(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    card_bench_open(&bench, 1);
    tell(&bench, 'O', 1);
    card_bench_run(&bench, PGL_SECONDS(1));
    tell(&bench, 'R', 1);
    card_bench_run(&bench, PGL_SECONDS(1));
    card_bench_object(&bench, 1)->object.refunded_minor = 200;
    bench.script = "5"; /* what was sent did nothing, and its key is burnt */
    tell(&bench, '1', 1);
    card_bench_run(&bench, PGL_MINUTES(5));
    assert_int_equal(card_bench_object(&bench, 1)->refunds, 1);
    assert_int_equal(count(&bench, "SELECT refunded_minor FROM payment"), 200);
    assert_int_equal(count(&bench, "SELECT count(*) FROM intent"), 0);
    card_bench_close(&bench);
}

/* What an order has to wait for goes before all others that wait for their next try, except when it
 * is their turn: a capture that may have been made, and the void behind a capture that was
 * refused. */
static void what_an_order_waits_for_goes_first(void **unused)
{
    (void)unused;
    static const struct {
        const char *script; /* behind three creates that are not sent */
        enum payment_op op;
        enum payment_state state;
    } rows[] = {
        { "nnnl", PAYMENT_OP_CAPTURE, PAYMENT_CAPTURING },
        { "nnnr.l", PAYMENT_OP_VOID, PAYMENT_ABORTING },
    };
    static struct card_bench bench;
    static struct claiming mine;
    for (int i = 0; i < 4; i++) {
        bool is_others = i % 2 == 1;
        card_bench_open(&bench, 1);
        bench.script = "..";
        tell(&bench, 'O', 4);
        card_bench_run(&bench, PGL_SECONDS(1));
        bench.script = rows[i / 2].script;
        for (int order = 1; order <= 3; order++)
            tell(&bench, 'O', order);
        card_bench_run(&bench, 0);
        tell(&bench, 'R', 4);
        card_bench_run(&bench, 0);
        assert_int_equal(count(&bench, "SELECT max(state) FROM payment"), rows[i / 2].state);
        bench.payments.store.now_ns += PGL_MINUTES(5);
        mine.claim = (struct card_claim){ .epoch = bench.payments.payments.desk.epoch,
                                          .fresh_from_ns = bench.payments.store.now_ns,
                                          .slow_max = 1,
                                          .is_others_turn = is_others };
        assert_int_equal(pgl_writer_run_now(&bench.payments.store.writer, claim, &mine).code,
                         PGL_CODE_OK);
        assert_int_equal(mine.claimed.count, 1);
        assert_true(mine.claimed.has_slow);
        assert_int_equal(mine.claimed.tasks[0].op, is_others ? PAYMENT_OP_CREATE : rows[i / 2].op);
        card_bench_close(&bench);
    }
}

/* One that was cut off while it had the call is not believed any more, whatever it says. */
static void a_claim_of_another_run_is_worth_nothing(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    static struct claiming mine;
    struct provider_call call = { .verb = PROVIDER_CREATE, .seen = PROVIDER_SEEN_OUTCOME };
    card_bench_open(&bench, 1);
    tell(&bench, 'O', 1);
    int64_t epoch = bench.payments.payments.desk.epoch;
    mine.claim = (struct card_claim){ .epoch = epoch, .fresh_max = 10 };
    assert_int_equal(pgl_writer_run_now(&bench.payments.store.writer, claim, &mine).code,
                     PGL_CODE_OK);
    assert_int_equal(mine.claimed.count, 1);
    assert_int_equal(count(&bench, "SELECT op_state FROM payment"), OP_IN_FLIGHT);
    mine.settle =
        (struct card_settle){ .epoch = epoch, .task = &mine.claimed.tasks[0], .call = &call };
    mine.claimed.tasks[0].tries++; /* of another try of ours */
    assert_int_equal(pgl_writer_run_now(&bench.payments.store.writer, settle, &mine).code,
                     PGL_CONFLICT);
    mine.claimed.tasks[0].tries--;

    card_bench_restart(&bench);
    assert_int_equal(bench.payments.payments.desk.epoch, epoch + 1);
    assert_int_equal(count(&bench, "SELECT op_state FROM intent"), OP_UNKNOWN);
    struct pgl_writer *writer = &bench.payments.store.writer;
    assert_int_equal(pgl_writer_run_now(writer, claim, &mine).code, PGL_CONFLICT);
    assert_int_equal(pgl_writer_run_now(writer, settle, &mine).code, PGL_CONFLICT);
    mine.settle.epoch = epoch + 1; /* nor if it knew the new number */
    assert_int_equal(pgl_writer_run_now(writer, settle, &mine).code, PGL_CONFLICT);
    assert_int_equal(count(&bench, "SELECT op_state FROM intent"), OP_UNKNOWN);
    card_bench_close(&bench);
}

/* Nobody guesses which of the two amounts is meant. */
static void another_amount_is_for_people(void **unused)
{
    (void)unused;
    static const struct {
        const char *script;
        enum provider_status status;
        enum payment_state state;
    } rows[] = {
        { ".a", PROVIDER_HELD, PAYMENT_ACTION_REQUIRED },
        { "..l", PROVIDER_CAPTURED, PAYMENT_CAPTURING },
    };
    static struct card_bench bench;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        card_bench_open(&bench, 1);
        bench.script = rows[i].script;
        tell(&bench, 'O', 1);
        card_bench_run(&bench, PGL_MILLISECONDS(10));
        if (rows[i].status == PROVIDER_CAPTURED) {
            tell(&bench, 'R', 1);
            card_bench_turn(&bench);
        }
        struct provider_object *object = &card_bench_object(&bench, 1)->object;
        object->status = rows[i].status;
        object->amount_minor = object->captured_minor = AMOUNT - 1;
        card_bench_run(&bench, bench.payments.payments.desk.card.action_ns + PGL_MINUTES(1));
        assert_int_equal(count(&bench, "SELECT op_state FROM intent"), INTENT_PARKED);
        assert_int_equal(count(&bench, "SELECT state FROM payment"), rows[i].state);
        card_bench_close(&bench);
    }
}

/* Stock for an order that we have lost: the provider knows whether it was paid. */
static void an_orphan_is_looked_for(void **unused)
{
    (void)unused;
    static struct card_bench bench;
    for (int is_paid = 0; is_paid < 2; is_paid++) {
        card_bench_open(&bench, 1);
        if (is_paid) {
            bench.objects[bench.object_count++] = (struct bench_object){
                .object = { .handle = "pi_lost",
                            .order_id = payments_bench_id(1),
                            .status = PROVIDER_CAPTURED,
                            .currency = "EUR",
                            .amount_minor = AMOUNT,
                            .captured_minor = AMOUNT },
            };
        }
        tell(&bench, 'R', 1);
        assert_int_equal(count(&bench, "SELECT state FROM payment"), PAYMENT_NONE);
        card_bench_run(&bench, PGL_SECONDS(1));
        assert_string_equal(bench.calls, "find");
        assert_string_equal(payments_bench_said(&bench.payments, 1),
                            is_paid ? "PaymentCaptured" : "PaymentVoided");
        assert_string_equal(payments_bench_audit(&bench.payments), "");
        card_bench_close(&bench);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--every") == 0)
        every = atoi(argv[2]);
    if (argc != 1 && (argc != 3 || every < 1)) {
        (void)fprintf(stderr, "usage: %s [--every N]\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_story_ends_as_it_should),
        cmocka_unit_test(no_end_of_the_process_does_harm),
        cmocka_unit_test(an_outage_only_delays),
        cmocka_unit_test(a_backlog_is_drained_slowly),
        cmocka_unit_test(no_more_calls_than_allowed_are_out),
        cmocka_unit_test(a_cancel_does_not_wait_for_an_answer),
        cmocka_unit_test(what_a_hold_lost_is_said),
        cmocka_unit_test(a_key_that_is_too_old_is_never_sent_again),
        cmocka_unit_test(what_ends_goes_before_what_begins),
        cmocka_unit_test(what_others_refund_is_not_taken_for_ours),
        cmocka_unit_test(what_an_order_waits_for_goes_first),
        cmocka_unit_test(a_claim_of_another_run_is_worth_nothing),
        cmocka_unit_test(another_amount_is_for_people),
        cmocka_unit_test(an_orphan_is_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
