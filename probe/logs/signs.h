/*
 * signs: whether one of many words is in a text, in one pass over it that looks at about every other byte
 * (after Wu and Manber, A fast algorithm for multi-pattern searching, 1994).
 */
#ifndef LOGS_SIGNS_H
#define LOGS_SIGNS_H

#include "probe/str.h"

enum {
	SIGNS_MAX = 128,
	SIGN_MIN = 4,        /* bytes of a word at least */
	SIGN_PAIRS = 0x1F1F, /* of two bytes the bits that tell most letters apart */
};

struct signs {
	const char *const *words;
	/* How far to go on when these are the last two of SIGN_MIN bytes; 0: a word may begin with those. */
	unsigned char skip[SIGN_PAIRS + 1];
	/* By the first two bytes: the first word, and after each word the next; + 1, 0: none. */
	unsigned char first[SIGN_PAIRS + 1], next[SIGNS_MAX];
	unsigned char len[SIGNS_MAX];
};

/* `words` ends with NULL and must last. */
void signs_init(struct signs *, const char *const *words);
bool signs_in(const struct signs *, struct str text);

#endif
