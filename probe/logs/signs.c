#include "signs.h"

#include <assert.h>
#include <endian.h>
#include <limits.h>

/* Of the three bytes after the one at `p`, by those bits that tell most letters apart in any case. */
static inline unsigned hash_after(const char *p)
{
	uint32_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return (le32toh(bytes) & 0x1F1F1F00) * UINT32_C(0x9E3779B1) >> (32 - SIGN_HASH_BITS);
}

static void place_add(struct signs *signs, unsigned place, const char *before)
{
	unsigned char *first = &signs->places[hash_after(before)];

	signs->next[place] = *first;
	*first = (unsigned char)place;
}

void signs_init(struct signs *signs, const char *const *words)
{
	*signs = (struct signs){.words = words};
	for (unsigned i = 0; words[i]; i++) {
		char shifted[1 + SIGN_MIN] = {0};

		assert(i < SIGNS_MAX && strlen(words[i]) >= SIGN_MIN &&
			strlen(words[i]) <= UCHAR_MAX);
		signs->len[i] = (unsigned char)strlen(words[i]);
		memcpy(shifted + 1, words[i], SIGN_MIN);
		place_add(signs, 2 + 2 * i, shifted);
		place_add(signs, 2 + 2 * i + 1, shifted + 1);
	}
}

/* The word that a place is of, and where it begins if the place is after `p`. */
static inline unsigned word_of(unsigned place, const char **p)
{
	*p += 1 - place % 2;
	return place / 2 - 1;
}

/* Whether one of the words that have `place`, or one after it, is there. */
static bool one_at(const struct signs *signs, unsigned place, const char *p, const char *end)
{
	for (; place; place = signs->next[place]) {
		const char *from = p;
		unsigned word = word_of(place, &from);
		size_t len = signs->len[word];

		if (*from == *signs->words[word] && (size_t)(end - from) >= len &&
			memcmp(from, signs->words[word], len) == 0)
			return true;
	}
	return false;
}

bool signs_in(const struct signs *signs, struct str text)
{
	for (const char *p = text.ptr, *end = p + text.len; end - p >= SIGN_MIN; p += 2) {
		unsigned place = signs->places[hash_after(p)];

		if (place && one_at(signs, place, p, end))
			return true;
	}
	return false;
}

/* Whether four bytes are those of a word in any case: capitals lack a bit that all in words have. So do
 * controls, which lack the next one, too. */
static inline bool four_are(const char *p, const char *word)
{
	uint32_t text, wanted, bits = 0x20202020;

	memcpy(&text, p, sizeof(text));
	memcpy(&wanted, word, sizeof(wanted));
	return (text | bits) == wanted && ((text | text >> 1) & bits) == bits;
}

static bool is_word(const char *p, const char *word, size_t len)
{
	for (size_t i = 0; i < len - 4; i += 4)
		if (!four_are(p + i, word + i))
			return false;
	return four_are(p + len - 4, word + len - 4);
}

/* The bits of those of the words that have `place`, or one after it, and are there. */
static unsigned bits_at(const struct signs *signs, const unsigned *bits, unsigned place,
	const char *p, const char *end)
{
	unsigned found = 0;

	for (; place; place = signs->next[place]) {
		const char *from = p;
		unsigned word = word_of(place, &from);
		size_t len = signs->len[word];

		if ((size_t)(end - from) >= len && is_word(from, signs->words[word], len))
			found |= bits[word];
	}
	return found;
}

unsigned signs_bits(const struct signs *signs, const unsigned *bits, struct str text)
{
	unsigned found = 0;

	for (const char *p = text.ptr, *end = p + text.len; end - p >= SIGN_MIN; p += 2) {
		unsigned place = signs->places[hash_after(p)];

		if (place)
			found |= bits_at(signs, bits, place, p, end);
	}
	return found;
}
