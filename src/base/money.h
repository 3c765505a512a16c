/*
 * money.h - int64_t minor units beside an ISO 4217 code; arithmetic that refuses to overflow.
 */
#ifndef PGL_BASE_MONEY_H
#define PGL_BASE_MONEY_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

/* PGL_INVALID when the sum does not fit. */
PGL_MUST_USE pgl_status pgl_money_add(int64_t a_minor, int64_t b_minor, int64_t *sum_minor);

/* PGL_INVALID when the product does not fit or the quantity is negative. */
PGL_MUST_USE pgl_status pgl_money_times(int64_t unit_minor, int64_t quantity,
                                        int64_t *product_minor);

/* An ISO 4217 currency that is in use, in capitals. */
bool pgl_currency_is_known(struct pgl_text code);

/* Digits behind the point: 2 for USD, 0 for JPY, 3 for KWD. The currency is a known one. */
int pgl_currency_exponent(struct pgl_text code);

#endif
