/*
 * Which patterns of the table need no try at a text, because it has none of the words that any match
 * of theirs contains. Hundreds of patterns are asked of each message; one pass over the message leaves
 * a few of them.
 *
 * The words are taken from the pattern by a reading of it that understands little: whatever it does
 * not know makes the pattern one that is always tried. Letters are compared without their case.
 */
#include "rules_private.h"

#include <ctype.h>

enum { WORD_MIN = 3, RUN_MAX = 64, DEPTH_MAX = 8 };

/* A set of words of which every match has one; none: nothing is known. */
struct words {
	struct str items[PATTERN_WORDS_MAX];
	size_t count, shortest;
};

struct reading {
	struct arena *arena;
	const char *p, *end;
	bool lost; /* something that is not understood */
	unsigned depth;
};

static void read_alternatives(struct reading *r, struct words *out);

static unsigned slot_of(const char *p)
{
	return ((unsigned)p[0] * 961 + (unsigned)p[1] * 31 + (unsigned)p[2]) % FILTER_SLOTS;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static bool ahead(const struct reading *r, const char *text)
{
	return str_starts((struct str){r->p, (size_t)(r->end - r->p)}, text);
}

/* The better of two sets: the longer words say more. */
static void prefer(struct words *best, const struct words *other)
{
	if (other->count && (!best->count || other->shortest > best->shortest))
		*best = *other;
}

/* What stands behind an atom: 0 nothing, '+' at least once, '?' perhaps not at all. */
static char read_quantifier(struct reading *r)
{
	char kind = ahead(r, "+") ? '+' : '?';

	if (ahead(r, "{") && r->p + 1 < r->end && isdigit((unsigned char)r->p[1])) {
		while (r->p < r->end && *r->p != '}')
			r->p++;
	} else if (!ahead(r, "+") && !ahead(r, "?") && !ahead(r, "*")) {
		return 0;
	}
	r->p++;
	if (ahead(r, "?") || ahead(r, "+"))
		r->p++;
	return kind;
}

/* From '[' to behind its ']'. */
static void skip_class(struct reading *r)
{
	r->p++;
	if (r->p < r->end && *r->p == '^')
		r->p++;
	for (bool first = true; r->p < r->end && (*r->p != ']' || first); first = false) {
		if (*r->p == '[' && ahead(r, "[:"))
			while (r->p < r->end && *r->p != ']')
				r->p++;
		else if (*r->p == '\\')
			r->p++;
		r->p++;
	}
	r->p++;
}

static bool looks_around(const struct reading *r)
{
	return ahead(r, "=") || ahead(r, "!") || ahead(r, "<=") || ahead(r, "<!");
}

/* What is between "(?" and what the group holds. False: it holds nothing that a match contains, or is
 * no group. */
static bool read_group_kind(struct reading *r, bool *group)
{
	*group = true;
	if (!ahead(r, "?"))
		return !(r->lost |= ahead(r, "*"));
	r->p++;
	if (looks_around(r))
		return false;
	if (ahead(r, "<") || ahead(r, "P<")) {
		while (r->p < r->end && *r->p != '>')
			r->p++;
		r->p++;
		return true;
	}
	while (r->p < r->end && strchr("ismU-", *r->p) && *r->p)
		r->p++;
	*group = r->p < r->end && *r->p == ':';
	r->lost |= r->p >= r->end || (*r->p != ':' && *r->p != ')');
	r->p += *group;
	return *group;
}

static void read_group(struct reading *r, struct words *best)
{
	struct words inside = {0};
	bool group;

	r->p++;
	bool counts = read_group_kind(r, &group);

	if (r->lost || ++r->depth > DEPTH_MAX) {
		r->lost = true;
		return;
	}
	if (group)
		read_alternatives(r, &inside);
	r->depth--;
	r->lost |= r->p >= r->end || *r->p != ')';
	r->p++;
	if (read_quantifier(r) != '?' && counts)
		prefer(best, &inside);
}

/* A character that stands for itself; 0 for what stands for others. */
static char read_character(struct reading *r)
{
	char c = *r->p++;

	if (c == '\\' && r->p < r->end) {
		c = *r->p++;
		r->lost |= strchr("QExpPgkNoc", c) != NULL;
		return isalnum((unsigned char)c) ? 0 : c;
	}
	return strchr(".^$", c) || (unsigned char)c >= 0x80 ? 0 : c;
}

struct run {
	char text[RUN_MAX];
	size_t len;
};

static void end_run(struct reading *r, struct run *run, struct words *best)
{
	struct words word = {.count = 1, .shortest = run->len};

	if (run->len >= WORD_MIN && run->len > best->shortest) {
		word.items[0] = arena_str(r->arena, (struct str){run->text, run->len});
		prefer(best, &word);
	}
	run->len = 0;
}

/* Up to the '|' or ')' that ends it. */
static void read_sequence(struct reading *r, struct words *best)
{
	struct run run = {.len = 0};

	*best = (struct words){0};
	while (r->p < r->end && !r->lost && *r->p != '|' && *r->p != ')') {
		if (*r->p == '(' || *r->p == '[') {
			end_run(r, &run, best);
			if (*r->p == '(') {
				read_group(r, best);
			} else {
				skip_class(r);
				read_quantifier(r);
			}
			continue;
		}
		char c = read_character(r), quantifier = read_quantifier(r);

		if (c && quantifier != '?')
			run.text[run.len++] = fold(c);
		if (!c || quantifier || run.len == RUN_MAX)
			end_run(r, &run, best);
	}
	end_run(r, &run, best);
}

static void read_alternatives(struct reading *r, struct words *out)
{
	bool known = true;

	*out = (struct words){.shortest = SIZE_MAX};
	for (;;) {
		struct words one;

		read_sequence(r, &one);
		known = known && one.count && out->count + one.count <= PATTERN_WORDS_MAX;
		for (size_t i = 0; known && i < one.count; i++)
			out->items[out->count++] = one.items[i];
		if (one.shortest < out->shortest)
			out->shortest = one.shortest;
		if (r->lost || r->p >= r->end || *r->p != '|')
			break;
		r->p++;
	}
	if (!known)
		*out = (struct words){0};
}

/* The number of a word in the table; 0 when that is full. */
static unsigned short word_number(struct rules *rules, struct str word)
{
	struct filter *f = &rules->filter;
	unsigned slot = slot_of(word.ptr);

	for (unsigned i = f->first[slot]; i; i = f->words[i].next)
		if (str_equal(f->words[i].text, word))
			return (unsigned short)i;
	if (f->count + 1 >= FILTER_WORDS_MAX)
		return 0;
	f->words[++f->count] = (struct filter_word){word, f->first[slot]};
	f->first[slot] = (unsigned short)f->count;
	return (unsigned short)f->count;
}

void rules_filter_add(struct rules *rules, struct str regex, struct pattern *p)
{
	struct reading r = {.arena = rules->arena, .p = regex.ptr, .end = regex.ptr + regex.len};
	struct words words;

	read_alternatives(&r, &words);
	if (r.lost || r.p < r.end)
		return;
	for (size_t i = 0; i < words.count; i++) {
		p->words[i] = word_number(rules, words.items[i]);
		if (!p->words[i])
			return;
	}
	p->word_count = words.count;
}

void rules_filter_scan(const struct rules *rules, struct str text, struct filter_hits *hits)
{
	const struct filter *f = &rules->filter;
	char window[WORD_MIN] = {0};

	*hits = (struct filter_hits){{0}};
	for (size_t i = 0; i < text.len; i++) {
		memmove(window, window + 1, WORD_MIN - 1);
		window[WORD_MIN - 1] = fold(text.ptr[i]);
		if (i + 1 < WORD_MIN)
			continue;
		struct str rest = str_from(text, i + 1 - WORD_MIN);

		for (unsigned n = f->first[slot_of(window)]; n; n = f->words[n].next) {
			struct str word = f->words[n].text;

			if (word.len <= rest.len &&
				str_equal_nocase(str_sub(rest, 0, word.len), word))
				hits->bits[n / 64] |= UINT64_C(1) << n % 64;
		}
	}
}

bool rules_filter_passes(const struct pattern *p, const struct filter_hits *hits)
{
	for (size_t i = 0; i < p->word_count; i++)
		if (hits->bits[p->words[i] / 64] >> p->words[i] % 64 & 1)
			return true;
	return p->word_count == 0;
}
