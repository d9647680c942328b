/*
 * signs: which of many words are in a text, in one pass over it that looks at every other byte.
 *
 * Each word has two places to be known by: its bytes 0 to 2, and 1 to 3. One of the two is at an odd place
 * of the text, whose every other three bytes thus tell, by their hash, that most of it has none of the words.
 * No step waits for what the one before finds, which costs more than longer steps save.
 */
#ifndef LOGS_SIGNS_H
#define LOGS_SIGNS_H

#include "probe/str.h"

enum {
	SIGNS_MAX = 127,
	SIGN_MIN = 4, /* bytes of a word at least */
	SIGN_HASH_BITS = 12,
};

struct signs {
	const char *const *words;
	/* By hash: the first place that has it, and after each place the next; 2 + 2 * word + byte, 0: none. */
	unsigned char places[1 << SIGN_HASH_BITS], next[2 + 2 * SIGNS_MAX];
	unsigned char len[SIGNS_MAX];
};

/* `words` ends with NULL and must last. */
void signs_init(struct signs *, const char *const *words);
bool signs_in(const struct signs *, struct str text);
/* In any case (ASCII): the bits of all words in the text, `bits` has them by word. The words are of small letters
 * and printed characters from ' ' to '?'. */
unsigned signs_bits(const struct signs *, const unsigned *bits, struct str text);

#endif
