/* Counting lines by their masked form. See CLUSTERING.md. */
#include "cluster_private.h"

#include <stdlib.h>

#include "probe/error.h"

enum {
	/* Past any of these, and CLUSTER_SHAPES_MAX, shapes are folded: counted by their first word, of
	 * which there may be OVERFLOW_SHAPES. */
	VOCABULARY_MAX = 400000,
	WORDS_MAX = 4000000,
	OVERFLOW_SHAPES = 10000,
};

/* Fewer than eight bytes in a number. A call of memcpy() would take longer than the rest. */
static uint64_t tail_of(const unsigned char *p, size_t len)
{
	uint32_t low, high;

	if (len < 4) {
		uint64_t tail = 0;

		for (size_t i = 0; i < len; i++)
			tail |= (uint64_t)p[i] << 8 * i;
		return tail;
	}
	memcpy(&low, p, 4);
	memcpy(&high, p + len - 4, 4);
	return low | (uint64_t)high << 8 * (len - 4);
}

uint64_t cluster_hash(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = seed ^ (len * UINT64_C(0x9E3779B97F4A7C15));

	while (len >= 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
		p += 8;
		len -= 8;
	}
	h = (h ^ tail_of(p, len)) * UINT64_C(0xc4ceb9fe1a85ec53);
	h ^= h >> 29;
	h *= UINT64_C(0xff51afd7ed558ccd);
	return h ^ (h >> 32);
}

static void table_rehash(struct table *t, size_t count, const char *items, size_t size)
{
	if (t->slots && count * 2 < t->mask)
		return;
	size_t slots = t->slots ? (t->mask + 1) * 2 : 1024;

	free(t->slots);
	t->slots = calloc(slots, sizeof(*t->slots));
	if (!t->slots)
		die("out of memory for %zu bytes", slots * sizeof(*t->slots));
	t->mask = slots - 1;
	for (size_t i = 0; i < count; i++) {
		uint64_t hash;

		/* Shapes and words both begin with their hash. */
		memcpy(&hash, items + i * size, sizeof(hash));
		size_t at = hash & t->mask;

		while (t->slots[at])
			at = (at + 1) & t->mask;
		t->slots[at] = (uint32_t)i + 1;
	}
}

/* The slot of an item with that hash, or the empty one where it goes. Hashes of 64 bits stand for
 * the text. */
static size_t table_slot(const struct table *t, uint64_t hash, const char *items, size_t size)
{
	size_t at = hash & t->mask;

	for (; t->slots[at]; at = (at + 1) & t->mask) {
		uint64_t other;

		memcpy(&other, items + (t->slots[at] - 1) * size, sizeof(other));
		if (other == hash)
			break;
	}
	return at;
}

static bool word_is_level(struct str text)
{
	static const char *const levels[] = {"TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING",
		"ERROR", "FATAL", "CRITICAL", "SEVERE", "PANIC", "ALERT", "EMERGENCY", NULL};

	/* The status of a request, which masking left. */
	if (text.len == 3 && text.ptr[0] >= '1' && text.ptr[0] <= '5' && text.ptr[1] >= '0' &&
		text.ptr[1] <= '9')
		return true;
	while (text.len && strchr("[(<\"'", text.ptr[0]))
		text = str_from(text, 1);
	while (text.len && strchr("])>\"':,;", text.ptr[text.len - 1]))
		text.len--;
	for (size_t i = 0; levels[i]; i++)
		if (str_is_nocase(text, levels[i]))
			return true;
	return false;
}

static uint32_t word_intern(struct clusters *c, struct str text)
{
	if (text.len == 1 && text.ptr[0] == MASK_WILDCARD)
		return WILD;
	uint64_t hash = cluster_hash(text.ptr, text.len, 7);

	table_rehash(&c->by_word, c->vocabulary_count, (char *)c->vocabulary, sizeof(struct word));
	size_t slot = table_slot(&c->by_word, hash, (char *)c->vocabulary, sizeof(struct word));

	if (c->by_word.slots[slot])
		return c->by_word.slots[slot] - 1;
	if (c->vocabulary_count >= VOCABULARY_MAX + OVERFLOW_SHAPES + MASK_WORDS_MAX)
		return WILD;
	while (c->text_capacity - c->text_len < text.len)
		c->texts = heap_grow(c->texts, c->text_capacity, &c->text_capacity, 1);
	memcpy(c->texts + c->text_len, text.ptr, text.len);
	c->vocabulary = heap_grow(
		c->vocabulary, c->vocabulary_count, &c->vocabulary_capacity, sizeof(struct word));
	struct word *w = &c->vocabulary[c->vocabulary_count];

	*w = (struct word){.hash = hash, .text = (uint32_t)c->text_len, .len = (uint32_t)text.len};
	w->fixed = word_is_level(text);
	for (size_t i = 0; i < text.len; i++)
		w->literal = w->literal || ((unsigned char)text.ptr[i] | 32) >= 'a';
	w->wild = memchr(text.ptr, MASK_WILDCARD, text.len) != NULL;
	c->text_len += text.len;
	c->by_word.slots[slot] = (uint32_t)++c->vocabulary_count;
	return (uint32_t)c->vocabulary_count - 1;
}

static uint32_t shape_add(struct clusters *c, uint64_t hash, const uint32_t *words, size_t len)
{
	c->shapes = heap_grow(c->shapes, c->shape_count, &c->shape_capacity, sizeof(struct shape));
	while (c->word_capacity - c->word_count <= len)
		c->words =
			heap_grow(c->words, c->word_capacity, &c->word_capacity, sizeof(*c->words));
	c->shapes[c->shape_count] = (struct shape){.hash = hash,
		.words = (uint32_t)c->word_count,
		.len = (uint32_t)len,
		.group = (uint32_t)c->shape_count};
	memcpy(c->words + c->word_count, words, len * sizeof(*words));
	c->word_count += len;
	return (uint32_t)c->shape_count++;
}

static uint32_t shape_intern(
	struct clusters *c, uint64_t hash, const uint32_t *words, size_t len, bool *is_new)
{
	table_rehash(&c->by_hash, c->shape_count, (char *)c->shapes, sizeof(struct shape));
	size_t slot = table_slot(&c->by_hash, hash, (char *)c->shapes, sizeof(struct shape));

	*is_new = !c->by_hash.slots[slot];
	if (*is_new)
		c->by_hash.slots[slot] = shape_add(c, hash, words, len) + 1;
	return c->by_hash.slots[slot] - 1;
}

static uint64_t words_hash(const uint32_t *words, size_t len)
{
	return cluster_hash(words, len * sizeof(*words), 3);
}

void cluster_rehash(struct clusters *c)
{
	memset(c->by_hash.slots, 0, (c->by_hash.mask + 1) * sizeof(*c->by_hash.slots));
	for (size_t i = 0; i < c->shape_count; i++) {
		struct shape *s = &c->shapes[i];

		s->hash = words_hash(c->words + s->words, s->len);
		size_t slot =
			table_slot(&c->by_hash, s->hash, (char *)c->shapes, sizeof(struct shape));

		if (c->by_hash.slots[slot])
			s->group = c->by_hash.slots[slot] - 1;
		else
			c->by_hash.slots[slot] = (uint32_t)i + 1;
	}
}

uint32_t cluster_intern(struct clusters *c, const uint32_t *words, size_t len, bool *is_new)
{
	return shape_intern(c, words_hash(words, len), words, len, is_new);
}

/* A list of values is one value: "blk_<*> blk_<*> blk_<*>" is blk_<*>; repeats of up to three
 * words fold. */
static size_t fold(const struct clusters *c, uint32_t *words, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++) {
		words[count++] = words[i];
		for (size_t period = 1; period <= 3 && period * 2 <= count; period++) {
			const uint32_t *last = words + count - period;
			bool wild = false;

			for (size_t k = 0; k < period; k++)
				wild = wild || c->vocabulary[last[k]].wild;
			if (wild && memcmp(last - period, last, period * sizeof(*words)) == 0) {
				count -= period;
				break;
			}
		}
	}
	return count;
}

/* The words of a masked form. */
static size_t split(struct clusters *c, struct str masked, uint32_t words[MASK_WORDS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < masked.len && count < MASK_WORDS_MAX;) {
		const char *end = memchr(masked.ptr + i, ' ', masked.len - i);
		size_t len = end ? (size_t)(end - masked.ptr) - i : masked.len - i;

		words[count++] = word_intern(c, str_sub(masked, i, len));
		i += len + 1;
	}
	return fold(c, words, count);
}

/* A shape that does not fit is counted by its first word, and the more of them there are not even by
 * that. Its other words are not remembered: they would be most of the memory. */
static uint32_t add_folded(struct clusters *c, struct str masked)
{
	uint32_t words[2];
	size_t len = 0;
	bool is_new;

	c->folded++;
	if (c->folded_shapes < OVERFLOW_SHAPES)
		words[len++] = word_intern(c, str_sub(masked, 0, str_find_char(masked, ' ')));
	words[len++] = WILD;
	uint32_t shape = cluster_intern(c, words, len, &is_new);

	c->folded_shapes += is_new;
	return shape;
}

uint32_t clusters_add(struct clusters *c, struct str masked)
{
	uint64_t hash = cluster_hash(masked.ptr, masked.len, 5);
	size_t slot = table_slot(&c->by_hash, hash, (char *)c->shapes, sizeof(struct shape));
	uint32_t words[MASK_WORDS_MAX];
	bool is_new;

	if (c->by_hash.slots[slot])
		return c->by_hash.slots[slot] - 1;
	if (c->shape_count >= CLUSTER_SHAPES_MAX || c->word_count >= WORDS_MAX ||
		c->vocabulary_count >= VOCABULARY_MAX)
		return add_folded(c, masked);
	size_t len = split(c, masked, words);

	return shape_intern(c, hash, words, len, &is_new);
}

struct clusters *clusters_new(void)
{
	struct clusters *c = calloc(1, sizeof(*c));
	char wild = MASK_WILDCARD;

	if (!c)
		die("out of memory for %zu bytes", sizeof(*c));
	table_rehash(&c->by_hash, 0, NULL, sizeof(struct shape));
	/* Word 0 is the wildcard. */
	c->texts = heap_grow(NULL, 0, &c->text_capacity, 1);
	c->texts[c->text_len++] = wild;
	c->vocabulary = heap_grow(NULL, 0, &c->vocabulary_capacity, sizeof(struct word));
	c->vocabulary[c->vocabulary_count++] =
		(struct word){.hash = cluster_hash(&wild, 1, 7), .len = 1, .wild = true};
	return c;
}

void clusters_free(struct clusters *c)
{
	if (!c)
		return;
	free(c->shapes);
	free(c->words);
	free(c->vocabulary);
	free(c->texts);
	free(c->by_hash.slots);
	free(c->by_word.slots);
	free(c->clusters);
	free(c);
}

size_t clusters_shapes(const struct clusters *c)
{
	return c->shape_count;
}

int64_t clusters_folded(const struct clusters *c)
{
	return c->folded;
}

size_t clusters_count(const struct clusters *c)
{
	return c->cluster_count;
}

uint32_t clusters_of(const struct clusters *c, uint32_t shape)
{
	return c->shapes[shape].group;
}

struct str clusters_template(const struct clusters *c, uint32_t cluster, struct arena *arena)
{
	const struct shape *s = &c->shapes[c->clusters[cluster]];
	size_t size = 1;

	for (size_t i = 0; i < s->len; i++)
		size += c->vocabulary[c->words[s->words + i]].len * 3 + 1;
	char *out = arena_alloc(arena, size);
	size_t len = 0;

	for (size_t i = 0; i < s->len; i++) {
		const struct word *w = &c->vocabulary[c->words[s->words + i]];

		if (i && out[len - 1] != '=')
			out[len++] = ' ';
		for (size_t k = 0; k < w->len; k++) {
			char ch = c->texts[w->text + k];

			if (ch == MASK_WILDCARD) {
				memcpy(out + len, "<*>", 3);
				len += 3;
			} else {
				out[len++] = ch;
			}
		}
	}
	return (struct str){out, len};
}
