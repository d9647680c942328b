/* Grouping shapes: words in places where many different ones occur are values. See CLUSTERING.md. */
#include "cluster_private.h"

#include <stdlib.h>

#include "probe/error.h"

enum {
	/* As many literal words in one place are alternatives ("started", "stopped") and stay apart;
	 * more of them are values of a variable. */
	ALTERNATIVES_MAX = 4,
	SUBJECTS_MAX = 16,
	ROUNDS_MAX = 8,
	PAIR_OTHER = 3,       /* words at least in the other place of a pair */
	PAIR_LITERALS = 4,    /* words left at least */
	PAIR_DISTANCE = 6,    /* between the two places */
	PAIR_SHAPES = 3000,   /* shapes of one length that are looked at in pairs */
	PART_ITEMS = 1 << 17, /* contexts are found in tables for about so many */
	PARTS_MAX = 1024,
};

/* Shapes that are equal but for one place ("context"). */
struct context {
	uint64_t hash;  /* 0: empty */
	uint32_t first; /* a shape in it */
	uint32_t count;
	uint16_t place;
	uint16_t literals; /* words that the context itself has */
	bool wild;         /* a shape has the wildcard in that place */
	bool plain;        /* a shape has a word without any wildcard there */
};

/* Contexts are visited part by part, by the first bits of their hash: the tables stay small
 * however many shapes there are, and what a part decides is no matter of the others. */
struct grouping {
	struct clusters *c;
	struct context *contexts;
	size_t mask;
	unsigned part, part_shift;
	uint32_t tally[PARTS_MAX]; /* visits by part */
	uint32_t *live;            /* shapes that stand for their group, by length */
	size_t live_count;
	bool changed;
};

static uint32_t find(struct clusters *c, uint32_t shape)
{
	while (c->shapes[shape].group != shape) {
		c->shapes[shape].group = c->shapes[c->shapes[shape].group].group;
		shape = c->shapes[shape].group;
	}
	return shape;
}

static void unite(struct clusters *c, uint32_t a, uint32_t b)
{
	a = find(c, a);
	b = find(c, b);
	/* The smaller number wins: which one it is does not show in the result. */
	if (a < b)
		c->shapes[b].group = a;
	else
		c->shapes[a].group = b;
}

static uint64_t mix(uint32_t word, size_t place)
{
	uint64_t h = ((uint64_t)word << 32 | place) * UINT64_C(0x9E3779B97F4A7C15);

	h ^= h >> 29;
	h *= UINT64_C(0xff51afd7ed558ccd);
	return h ^ (h >> 32);
}

static struct context *context_find(struct grouping *g, uint64_t hash)
{
	size_t at = hash & g->mask;

	while (g->contexts[at].hash && g->contexts[at].hash != hash)
		at = (at + 1) & g->mask;
	return &g->contexts[at];
}

/* Chooses in how many parts `items` contexts are visited; their number. */
static unsigned parts_begin(struct grouping *g, size_t items)
{
	unsigned bits = 1;

	while (items >> bits > PART_ITEMS && 1u << bits < PARTS_MAX)
		bits++;
	g->part_shift = 64 - bits;
	memset(g->tally, 0, sizeof(g->tally));
	return 1u << bits;
}

/* Slots of a table for the largest part. */
static size_t parts_slots(const struct grouping *g)
{
	size_t slots = 64, largest = 0;

	for (size_t i = 0; i < PARTS_MAX; i++)
		largest = g->tally[i] > largest ? g->tally[i] : largest;
	while (slots < largest * 2)
		slots *= 2;
	return slots;
}

/* Calls `each` for every context of a shape that is in the part, with NULL to tally those of all. */
static void contexts_walk(struct grouping *g, uint32_t shape,
	void (*each)(
		struct grouping *, struct context *, const struct context *here, uint32_t word))
{
	const struct clusters *c = g->c;
	const struct shape *s = &c->shapes[shape];
	const uint32_t *words = c->words + s->words;
	uint64_t sum = s->len;
	size_t literals = 0;

	for (size_t i = 0; i < s->len; i++) {
		sum += mix(words[i], i);
		literals += c->vocabulary[words[i]].literal;
	}
	for (size_t i = 0; i < s->len; i++) {
		const struct word *w = &c->vocabulary[words[i]];

		/* What is left must still say something. */
		if (w->fixed || literals - w->literal == 0)
			continue;
		struct context here = {.hash = (sum - mix(words[i], i) + mix(UINT32_MAX, i)) | 1,
			.first = shape,
			.place = (uint16_t)i,
			.literals = (uint16_t)(literals - w->literal)};

		if (!each)
			g->tally[here.hash >> g->part_shift]++;
		else if (here.hash >> g->part_shift == g->part)
			each(g, context_find(g, here.hash), &here, words[i]);
	}
}

static void context_count(
	struct grouping *g, struct context *x, const struct context *here, uint32_t word)
{
	if (!x->hash)
		*x = *here;
	x->count++;
	x->wild |= word == WILD;
	x->plain |= !g->c->vocabulary[word].wild;
}

/* Whether the words that stand in this place are values. */
static bool context_varies(const struct context *x)
{
	if (x->count < 2)
		return false;
	if (x->wild || !x->plain)
		return true;
	/* The first word is mostly what the line is about, unless it is a long one. */
	return x->count > (x->place || x->literals > 6 ? ALTERNATIVES_MAX : SUBJECTS_MAX);
}

static void context_unite(
	struct grouping *g, struct context *x, const struct context *here, uint32_t word)
{
	(void)word;
	if (context_varies(x) && find(g->c, x->first) != find(g->c, here->first)) {
		unite(g->c, x->first, here->first);
		g->changed = true;
	}
}

/*
 * Two places that vary together ("from NEW to ASSIGNED", "from ASSIGNED to RUNNING") show in no
 * context of one place. The same with pairs of places, asking for more: many words in one of them,
 * several in the other, and enough left.
 */
struct pair_context {
	uint64_t hash;
	uint32_t first;
	uint32_t words[2][ALTERNATIVES_MAX + 1];
};

static void distinct_add(uint32_t *words, uint32_t word)
{
	/* Words are stored + 1; a full list stays full. */
	for (size_t i = 0; i <= ALTERNATIVES_MAX; i++) {
		if (words[i] == word + 1)
			return;
		if (words[i] == 0) {
			words[i] = word + 1;
			return;
		}
	}
}

static bool pair_varies(const struct pair_context *x)
{
	const uint32_t *a = x->words[0], *b = x->words[1];

	return (a[ALTERNATIVES_MAX] && b[PAIR_OTHER - 1]) ||
	       (b[ALTERNATIVES_MAX] && a[PAIR_OTHER - 1]);
}

enum pair_pass { PAIR_TALLY, PAIR_COUNT, PAIR_UNITE };

/* One pair of places of one shape. */
static void pair_visit(struct grouping *g, struct pair_context *table, uint64_t hash,
	uint32_t shape, const uint32_t word[2], enum pair_pass pass)
{
	if (pass == PAIR_TALLY)
		g->tally[hash >> g->part_shift]++;
	if (pass == PAIR_TALLY || hash >> g->part_shift != g->part)
		return;
	size_t at = hash & g->mask;

	while (table[at].hash && table[at].hash != hash)
		at = (at + 1) & g->mask;
	struct pair_context *x = &table[at];

	if (pass == PAIR_COUNT) {
		if (!x->hash)
			*x = (struct pair_context){.hash = hash, .first = shape};
		distinct_add(x->words[0], word[0]);
		distinct_add(x->words[1], word[1]);
	} else if (pair_varies(x) && find(g->c, x->first) != find(g->c, shape)) {
		unite(g->c, x->first, shape);
		g->changed = true;
	}
}

static void pairs_walk(
	struct grouping *g, struct pair_context *table, uint32_t shape, enum pair_pass pass)
{
	const struct clusters *c = g->c;
	const struct shape *s = &c->shapes[shape];
	const uint32_t *words = c->words + s->words;
	uint64_t sum = s->len;
	size_t literals = 0;

	for (size_t i = 0; i < s->len; i++) {
		sum += mix(words[i], i);
		literals += c->vocabulary[words[i]].literal;
	}
	if (literals < PAIR_LITERALS + 2)
		return;
	for (size_t i = 1; i < s->len; i++) {
		if (c->vocabulary[words[i]].fixed)
			continue;
		for (size_t k = i + 1; k < s->len && k <= i + PAIR_DISTANCE; k++) {
			uint64_t hash = sum - mix(words[i], i) - mix(words[k], k) +
					mix(UINT32_MAX, i) + mix(UINT32_MAX, k);

			if (!c->vocabulary[words[k]].fixed)
				pair_visit(g, table, hash | 1, shape,
					(uint32_t[2]){words[i], words[k]}, pass);
		}
	}
}

static int by_length(const void *a, const void *b, void *clusters)
{
	const struct clusters *c = clusters;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (c->shapes[x].len != c->shapes[y].len)
		return c->shapes[x].len < c->shapes[y].len ? -1 : 1;
	return (x > y) - (x < y);
}

static void live_collect(struct grouping *g)
{
	struct clusters *c = g->c;

	g->live_count = 0;
	for (uint32_t i = 0; i < c->shape_count; i++)
		if (c->shapes[i].group == i)
			g->live[g->live_count++] = i;
	qsort_r(g->live, g->live_count, sizeof(*g->live), by_length, c);
}

/* Unites the shapes of one length by their contexts. */
static void round_of_length(struct grouping *g, const uint32_t *live, size_t count, size_t len)
{
	unsigned parts = parts_begin(g, count * len);

	for (size_t i = 0; i < count; i++)
		contexts_walk(g, live[i], NULL);
	size_t slots = parts_slots(g);

	g->contexts = calloc(slots, sizeof(*g->contexts));
	if (!g->contexts)
		die("out of memory for %zu bytes", slots * sizeof(*g->contexts));
	g->mask = slots - 1;
	for (g->part = 0; g->part < parts; g->part++) {
		if (g->part)
			memset(g->contexts, 0, slots * sizeof(*g->contexts));
		for (size_t i = 0; i < count; i++)
			contexts_walk(g, live[i], context_count);
		for (size_t i = 0; i < count; i++)
			contexts_walk(g, live[i], context_unite);
	}
	free(g->contexts);
}

static void pairs_of_length(struct grouping *g, const uint32_t *live, size_t count, size_t len)
{
	if (count <= ALTERNATIVES_MAX || count > PAIR_SHAPES || len < PAIR_LITERALS + 2)
		return;
	unsigned parts = parts_begin(g, count * len * PAIR_DISTANCE);

	for (size_t i = 0; i < count; i++)
		pairs_walk(g, NULL, live[i], PAIR_TALLY);
	size_t slots = parts_slots(g);
	struct pair_context *table = calloc(slots, sizeof(*table));

	if (!table)
		die("out of memory for %zu bytes", slots * sizeof(*table));
	g->mask = slots - 1;
	for (g->part = 0; g->part < parts; g->part++) {
		if (g->part)
			memset(table, 0, slots * sizeof(*table));
		for (size_t i = 0; i < count; i++)
			pairs_walk(g, table, live[i], PAIR_COUNT);
		for (size_t i = 0; i < count; i++)
			pairs_walk(g, table, live[i], PAIR_UNITE);
	}
	free(table);
}

/* The template of what was united: places that differ become wildcards, runs of them one. */
static size_t collapse(const uint32_t *words, size_t len, uint32_t *out)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		if (words[i] != WILD || count == 0 || out[count - 1] != WILD)
			out[count++] = words[i];
	return count;
}

/* Gives every united set one shape with its template; equal templates unite in turn. */
static void merge_templates(struct grouping *g)
{
	struct clusters *c = g->c;
	uint32_t words[MASK_WORDS_MAX];

	for (size_t i = 0; i < g->live_count; i++) {
		uint32_t shape = g->live[i], root = find(c, shape);
		const struct shape *s = &c->shapes[shape];

		if (root == shape)
			continue;
		uint32_t *mine = c->words + c->shapes[root].words;

		for (size_t k = 0; k < s->len; k++)
			if (mine[k] != c->words[s->words + k])
				mine[k] = WILD;
	}
	for (size_t i = 0; i < g->live_count; i++) {
		uint32_t root = g->live[i];
		struct shape *s = &c->shapes[root];
		bool is_new;

		if (s->group != root)
			continue;
		s->len = (uint32_t)collapse(c->words + s->words, s->len, words);
		memcpy(c->words + s->words, words, s->len * sizeof(*words));
		uint32_t same = cluster_intern(c, words, s->len, &is_new);

		if (same != root)
			unite(c, same, root);
	}
}

static void number_clusters(struct clusters *c)
{
	size_t capacity = 0;

	for (uint32_t i = 0; i < c->shape_count; i++)
		find(c, i);
	/* Roots come before what they united; so in one pass each has its number before it is asked. */
	for (uint32_t i = 0; i < c->shape_count; i++) {
		struct shape *s = &c->shapes[i];

		if (s->group == i) {
			c->clusters = heap_grow(
				c->clusters, c->cluster_count, &capacity, sizeof(*c->clusters));
			c->clusters[c->cluster_count] = i;
			s->hash = c->cluster_count++;
		} else {
			s->hash = c->shapes[find(c, i)].hash;
		}
	}
	for (uint32_t i = 0; i < c->shape_count; i++)
		c->shapes[i].group = (uint32_t)c->shapes[i].hash;
}

/* Calls `each` with the live shapes of every length. */
static void lengths_walk(struct grouping *g,
	void (*each)(struct grouping *, const uint32_t *live, size_t count, size_t len))
{
	g->live = realloc(g->live, (g->c->shape_count + 1) * sizeof(*g->live));
	if (!g->live)
		die("out of memory for %zu shapes", g->c->shape_count);
	live_collect(g);
	for (size_t i = 0, end; i < g->live_count; i = end) {
		uint32_t len = g->c->shapes[g->live[i]].len;

		for (end = i; end < g->live_count && g->c->shapes[g->live[end]].len == len;)
			end++;
		if (len > 1)
			each(g, g->live + i, end - i, len);
	}
	merge_templates(g);
}

void clusters_finish(struct clusters *c)
{
	struct grouping g = {.c = c};

	cluster_rehash(c);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		g.changed = false;
		lengths_walk(&g, round_of_length);
		/* Pairs are dear: only when single places say no more. */
		if (!g.changed)
			lengths_walk(&g, pairs_of_length);
		if (!g.changed)
			break;
	}
	free(g.live);
	number_clusters(c);
}
