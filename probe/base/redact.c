#include "probe/redact.h"

#include <stdlib.h>

#include "probe/error.h"
#include "probe/json.h"
#include "redact_private.h"

/* Escapes inside escapes (a log line in JSON that quotes a URL with a redirect) this deep. */
enum { VIEW_DEPTH = 3 };
/* A line of a key file that is worth hiding by itself, as loggers split texts at line ends. */
enum { LINE_SECRET_MIN = 32 };

struct short_secret {
	struct short_secret *next;
	struct str text;
};

struct redactor {
	struct arena *arena;
	struct automaton *automaton;
	struct short_secret *shorts; /* hidden only where they are the whole text */
	bool has_blank;              /* a secret has one, so '+' may stand for it */
};

struct redactor *redactor_new(void)
{
	struct redactor *r = calloc(1, sizeof(*r));

	if (!r)
		die("out of memory: %zu bytes", sizeof(*r));
	r->arena = arena_new();
	r->automaton = ARENA_NEW(r->arena, struct automaton);
	automaton_init(r->automaton);
	return r;
}

void redactor_free(struct redactor *r)
{
	if (!r)
		return;
	automaton_release(r->automaton);
	arena_free(r->arena);
	free(r);
}

size_t redactor_size(const struct redactor *r)
{
	return r->automaton->count * sizeof(struct automaton_node);
}

static const char *const alphabets[] = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

static bool is_base64(char c)
{
	return c && (strchr(alphabets[0], c) || c == '-' || c == '_');
}

/* The base64 characters that are made of bits `from` on, six each, of the bytes of `s`. */
static struct str base64_chars(
	char *out, struct str s, size_t skip_bits, size_t count, const char *alphabet)
{
	for (size_t i = 0; i < count; i++) {
		unsigned six = 0;

		for (size_t bit = skip_bits + i * 6, end = bit + 6; bit < end; bit++) {
			unsigned byte = bit / 8 < s.len ? (unsigned char)s.ptr[bit / 8] : 0;

			six = six << 1 | (byte >> (7 - bit % 8) & 1);
		}
		out[i] = alphabet[six];
	}
	return (struct str){out, count};
}

/*
 * Inside a longer base64 text the secret may begin at byte 0, 1 or 2 of a group of three (RFC 4648,
 * section 4). The characters made of its bits alone are the same whatever stands around it.
 */
static void add_base64(struct redactor *r, struct str s)
{
	bool open = s.len > PATTERN_MAX / 4 * 3;

	if (open)
		s.len = PATTERN_MAX / 4 * 3;
	char *out = malloc(s.len * 8 / 6 + 1);

	if (!out)
		die("out of memory: %zu bytes", s.len * 8 / 6 + 1);
	for (size_t shift = 0; shift < 3; shift++) {
		size_t skip = (6 - shift * 8 % 6) % 6, count = (s.len * 8 - skip) / 6;
		uint8_t flags = PATTERN_BASE64;

		if (skip)
			flags |= PATTERN_SHARES_FIRST;
		if ((s.len * 8 - skip) % 6)
			flags |= PATTERN_SHARES_LAST;
		if (open)
			flags |= PATTERN_OPEN;
		for (size_t a = 0; a < 2; a++)
			automaton_add(r->automaton, base64_chars(out, s, skip, count, alphabets[a]),
				flags);
	}
	free(out);
}

static void add_short(struct redactor *r, struct str text)
{
	for (const struct short_secret *s = r->shorts; s; s = s->next)
		if (str_equal(s->text, text))
			return;
	struct short_secret *s = ARENA_NEW(r->arena, struct short_secret);

	*s = (struct short_secret){r->shorts, arena_str(r->arena, text)};
	r->shorts = s;
}

/* The base64 forms too, with and without padding. */
static void add_short_forms(struct redactor *r, struct str secret)
{
	char out[24];

	add_short(r, secret);
	for (size_t a = 0; a < 2; a++) {
		size_t count = (secret.len * 8 + 5) / 6;

		base64_chars(out, secret, 0, count, alphabets[a]);
		add_short(r, (struct str){out, count});
		while (count % 4)
			out[count++] = '=';
		add_short(r, (struct str){out, count});
	}
}

static void add_lines(struct redactor *r, struct str secret)
{
	struct str rest = secret, line;

	while (str_line(&rest, &line)) {
		if (line.len == secret.len)
			return;
		line = str_trim(line);
		if (line.len < LINE_SECRET_MIN || str_find_char(line, ' ') != SIZE_MAX)
			continue;
		if (automaton_add(r->automaton, line, 0))
			add_base64(r, line);
	}
}

bool redactor_add(struct redactor *r, struct str secret)
{
	BUF_SCOPED struct buf escaped;

	buf_init(&escaped, PATTERN_MAX);
	if (!secret.len)
		return true;
	if (str_find_char(secret, ' ') != SIZE_MAX)
		r->has_blank = true;
	if (secret.len <= 4 * PATTERN_SHORT && utf8_count(secret) <= PATTERN_SHORT) {
		add_short_forms(r, secret);
		return false;
	}
	if (!automaton_add(r->automaton, secret, 0))
		return true;
	add_base64(r, secret);
	add_lines(r, secret);
	/* A JWT's payload is JSON in base64. */
	json_print_str(&escaped, secret);
	if (!escaped.overflow && escaped.len - 2 != secret.len)
		add_base64(r, str_sub(buf_str(&escaped), 1, escaped.len - 2));
	return true;
}

struct hit {
	size_t start, end;
};

struct search {
	const struct redactor *redactor;
	struct arena *scratch;
	struct str text;
	bool cut;
	struct hit *hits;
	size_t count, capacity;
};

/* Bytes start..end of the view are hidden where they stand in the original. */
static void hide(struct search *s, const struct view *v, size_t start, size_t end)
{
	size_t from = view_from(v, start), last = view_from(v, end - 1), to = view_from(v, end);

	/* An escape that stands for several bytes goes as a whole. */
	while (to == last && end < v->text.len)
		to = view_from(v, ++end);
	for (; s->count; s->count--) {
		struct hit *before = &s->hits[s->count - 1];

		if (before->end < from || before->start > to)
			break;
		from = from < before->start ? from : before->start;
		to = to > before->end ? to : before->end;
	}
	s->hits = arena_grow(s->scratch, s->hits, s->count, &s->capacity, sizeof(*s->hits));
	s->hits[s->count++] = (struct hit){from, to};
}

static void hide_match(
	struct search *s, const struct view *v, const struct automaton_node *node, size_t end)
{
	size_t start = end - node->match;
	struct str t = v->text;

	if ((node->flags & PATTERN_SHARES_FIRST) && start && is_base64(t.ptr[start - 1]))
		start--;
	if ((node->flags & PATTERN_SHARES_LAST) && end < t.len && is_base64(t.ptr[end]))
		end++;
	for (int i = 0; i < 2 && (node->flags & PATTERN_BASE64) && end < t.len; i++)
		if (t.ptr[end] == '=')
			end++;
	hide(s, v, start, node->flags & PATTERN_OPEN ? t.len : end);
}

static void scan(struct search *s, const struct view *v)
{
	const struct automaton *a = s->redactor->automaton;
	uint32_t state = 0;

	for (const struct short_secret *it = s->redactor->shorts; it; it = it->next)
		if (str_equal(it->text, v->text))
			hide(s, v, 0, v->text.len);
	for (size_t i = 0; i < v->text.len; i++) {
		state = automaton_step(a, state, (unsigned char)v->text.ptr[i]);
		if (a->nodes[state].flags & PATTERN_END)
			hide_match(s, v, &a->nodes[state], i + 1);
	}
	if (s->cut && a->nodes[state].depth >= 4)
		hide(s, v, v->text.len - a->nodes[state].depth, v->text.len);
}

static void scan_views(struct search *s, const struct view *v, unsigned depth)
{
	struct view inner;

	scan(s, v);
	if (depth == VIEW_DEPTH || v->text.len > UINT32_MAX)
		return;
	for (enum view_kind kind = 0; kind < VIEW_KINDS; kind++)
		if ((kind != VIEW_FORM || s->redactor->has_blank) &&
			view_decode(s->scratch, kind, v, s->cut, &inner))
			scan_views(s, &inner, depth + 1);
}

static int hit_order(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static struct str mask(struct search *s, struct arena *arena)
{
	BUF_SCOPED struct buf out;
	size_t at = 0;

	buf_init(&out, SIZE_MAX / 4);
	qsort(s->hits, s->count, sizeof(*s->hits), hit_order);
	for (size_t i = 0; i < s->count;) {
		size_t end = s->hits[i].end;

		buf_add_str(&out, str_sub(s->text, at, s->hits[i].start - at));
		buf_add_text(&out, "***");
		for (; i < s->count && s->hits[i].start <= end; i++)
			if (s->hits[i].end > end)
				end = s->hits[i].end;
		at = end;
	}
	buf_add_str(&out, str_from(s->text, at));
	return arena_str(arena, buf_str(&out));
}

struct str redact(const struct redactor *r, struct arena *arena, struct str text, bool cut)
{
	if (!r || !text.len || (!r->shorts && r->automaton->count == 1))
		return text;
	if (r->automaton->stale)
		automaton_link(r->automaton);
	struct search s = {.redactor = r, .scratch = arena_new(), .text = text, .cut = cut};
	struct view whole = {.text = text};

	scan_views(&s, &whole, 0);
	struct str shown = s.count ? mask(&s, arena) : text;

	arena_free(s.scratch);
	return shown;
}

const char *redact_text(const struct redactor *r, struct arena *arena, const char *text)
{
	if (!text)
		return NULL;
	struct str whole = str_of(text), shown = redact(r, arena, whole, false);

	return shown.ptr == whole.ptr ? text : shown.ptr;
}
