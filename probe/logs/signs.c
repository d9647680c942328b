#include "signs.h"

#include <assert.h>

static inline unsigned pair_of(const char *p)
{
	uint16_t pair;

	memcpy(&pair, p, sizeof(pair));
	return pair & SIGN_PAIRS;
}

void signs_init(struct signs *signs, const char *const *words)
{
	*signs = (struct signs){.words = words};
	memset(signs->skip, SIGN_MIN - 1, sizeof(signs->skip));
	for (size_t i = 0; words[i]; i++) {
		unsigned pair = pair_of(words[i]);

		signs->len[i] = (unsigned char)strlen(words[i]);
		assert(i < SIGNS_MAX && signs->len[i] >= SIGN_MIN);
		signs->next[i] = signs->first[pair];
		signs->first[pair] = (unsigned char)(i + 1);
		for (unsigned k = 0; k + 2 <= SIGN_MIN; k++) {
			unsigned char *skip = &signs->skip[pair_of(words[i] + k)],
				      left = SIGN_MIN - 2 - k;

			if (left < *skip)
				*skip = left;
		}
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
	/* Of the SIGN_MIN bytes that end at i + 1. */
	for (size_t i = SIGN_MIN - 2; i + 1 < text.len;) {
		unsigned skip = signs->skip[pair_of(text.ptr + i)];
		size_t from = i - (SIGN_MIN - 2);

		if (!skip && begins(signs, text.ptr + from, text.len - from))
			return true;
		i += skip ? skip : 1;
	}
	return false;
}
