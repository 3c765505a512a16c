/*
 * failure_words.h - why money was not taken or not given back, in words: the codes of card
 * providers and of our own ledger, as somebody reads them who has to explain them.
 *
 * Threads:  any; a constant table.
 */
#ifndef PGL_WIRE_FAILURE_WORDS_H
#define PGL_WIRE_FAILURE_WORDS_H

/* "the card has expired" for "expired_card"; a code that is not in the table is returned as it is.
 * Never NULL. */
const char *pgl_failure_words(const char *code);

#endif
