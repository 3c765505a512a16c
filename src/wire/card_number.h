/*
 * card_number.h - whether bytes hold what looks like the number of a payment card.
 *
 * For:      the edge, which refuses such a body before anything reads, logs or keeps it; whoever
 *           takes a token in a card's place.
 * Threads:  any; all is pure.
 * Finds:    13 to 19 digits that pass Luhn's check (ISO/IEC 7812-1), in one run or printed as on
 *           cards, 4-4-4-4, 4-4-4-4-3 or 4-6-5, with one blank or dash between the groups; also
 *           where JSON spells some of them \u0034. A longer run of digits is no card's.
 * Misses:   numbers spelt in words, in other scripts, or split over several fields.
 */
#ifndef PGL_WIRE_CARD_NUMBER_H
#define PGL_WIRE_CARD_NUMBER_H

#include <stdbool.h>

#include "base/text.h"

bool pgl_has_card_number(struct pgl_text bytes);

#endif
