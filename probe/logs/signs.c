#include "signs.h"

#include <assert.h>

enum { GROUPS = 8 };

static inline unsigned pair_of(const char *p)
{
	uint16_t pair;

	memcpy(&pair, p, sizeof(pair));
	return pair & SIGN_PAIRS;
}

/* By its first letter: then few words have a group with those that another byte goes before. */
static void group_word(struct signs *signs, const char *word)
{
	unsigned group = (unsigned char)*word % GROUPS;
	uint16_t here = (uint16_t)(1 << group), behind = (uint16_t)(here << GROUPS);

	signs->begin[pair_of(word)] |= here;
	signs->go_on[pair_of(word + 2)] |= here;
	for (unsigned before = 0; before < 256; before++) {
		char pair[2] = {(char)before, *word};

		signs->begin[pair_of(pair)] |= behind;
	}
	signs->go_on[pair_of(word + 1)] |= behind;
}

void signs_init(struct signs *signs, const char *const *words)
{
	memset(signs, 0, sizeof(*signs));
	signs->words = words;
	for (size_t i = 0; words[i]; i++) {
		unsigned char *first = &signs->first[pair_of(words[i])];

		signs->len[i] = (unsigned char)strlen(words[i]);
		assert(i < SIGNS_MAX && signs->len[i] >= SIGN_MIN);
		signs->next[i] = *first;
		*first = (unsigned char)(i + 1);
		group_word(signs, words[i]);
	}
}

/* Whether a word begins at the place. */
static bool begins(const struct signs *signs, const char *p, size_t left)
{
	for (unsigned s = signs->first[pair_of(p)]; s; s = signs->next[s - 1])
		if (*p == *signs->words[s - 1] && left >= signs->len[s - 1] &&
			memcmp(p, signs->words[s - 1], signs->len[s - 1]) == 0)
			return true;
	return false;
}

bool signs_in(const struct signs *signs, struct str text)
{
	for (size_t left = text.len; left >= SIGN_MIN; left -= 2) {
		const char *p = text.ptr + text.len - left;

		if (!(signs->begin[pair_of(p)] & signs->go_on[pair_of(p + 2)]))
			continue;
		if (begins(signs, p, left) || begins(signs, p + 1, left - 1))
			return true;
	}
	return false;
}
