/* failure_words.c - see failure_words.h. */
#include "wire/failure_words.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct {
    const char *code, *words;
} rows[] = {
    /* our ledger */
    { "insufficient_credit",     "there is not enough credit" },
    { "method_not_offered",      "this way of paying is not offered" },
    /* a card's bank; who reported a card lost or stolen is nobody's business */
    { "insufficient_funds",      "the card does not have enough money" },
    { "card_declined",           "the card's bank declined it" },
    { "generic_decline",         "the card's bank declined it" },
    { "do_not_honor",            "the card's bank declined it" },
    { "lost_card",               "the card's bank declined it" },
    { "stolen_card",             "the card's bank declined it" },
    { "fraudulent",              "the card's bank declined it" },
    { "expired_card",            "the card has expired" },
    { "incorrect_cvc",           "the card's security code was wrong" },
    { "incorrect_number",        "the card's number was wrong" },
    { "card_velocity_exceeded",  "the card has reached its limit" },
    { "authentication_required", "the customer did not confirm it to the card's bank" },
    { "processing_error",        "the card's bank could not process it" },
    { "resource_missing",        "the provider does not know this card" },
    /* a hold */
    { "expired",                 "the hold on the money had expired" },
    { "canceled",                "the hold on the money was given up" },
    { "capture_failed",          "the card's bank did not hand the money over" },
    /* a refund */
    { "refund_refused",          "the payment provider refused it" },
    { "not_captured",            "no money was taken for this order" },
    { "more_than_captured",      "it is more than was taken and not given back yet" },
};
/* clang-format on */

const char *pgl_failure_words(const char *code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].code, code) == 0)
            return rows[i].words;
    return code;
}
