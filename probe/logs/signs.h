/*
 * signs: whether one of many words is in a text, in one pass over it that stops nearly nowhere.
 */
#ifndef LOGS_SIGNS_H
#define LOGS_SIGNS_H

#include "probe/str.h"

enum {
	SIGNS_MAX = 128,
	SIGN_MIN = 4,        /* bytes of a word at least */
	SIGN_PAIRS = 0x1F1F, /* of two bytes the bits that tell most letters apart */
};

/*
 * At every other place of the text a word may begin there or at the next byte. Words are in a few groups; by
 * the two bytes there, and by those behind them, one knows the groups that have such a word.
 */
struct signs {
	const char *const *words;
	uint16_t begin[SIGN_PAIRS + 1], go_on[SIGN_PAIRS + 1];
	/* By the first two bytes: the first word, and after each word the next; + 1, 0: none. */
	unsigned char first[SIGN_PAIRS + 1], next[SIGNS_MAX];
	unsigned char len[SIGNS_MAX];
};

/* `words` ends with NULL and must last. */
void signs_init(struct signs *, const char *const *words);
bool signs_in(const struct signs *, struct str text);

#endif
