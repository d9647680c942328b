/* Segments and selectors (RFC 9535, sections 2.1 to 2.5). */
#include <stdlib.h>

#include "jsonpath_private.h"

bool parse_fail(struct parser *p, size_t at, const char *fmt, ...)
{
	va_list args;

	if (p->problem)
		return false;
	va_start(args, fmt);
	p->problem = arena_vprintf(p->arena, fmt, args);
	va_end(args);
	p->problem_at = at;
	return false;
}

int parse_peek(const struct parser *p)
{
	return p->pos < p->text.len ? (unsigned char)p->text.ptr[p->pos] : -1;
}

void parse_blank(struct parser *p)
{
	while (parse_peek(p) > 0 && strchr(" \t\n\r", parse_peek(p)))
		p->pos++;
}

bool parse_accept(struct parser *p, const char *token)
{
	if (!str_starts(str_from(p->text, p->pos), token))
		return false;
	p->pos += strlen(token);
	return true;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_first(int c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c >= 0x80;
}

/* [start] ":" [end] [":" [step]], or the index that was all. */
static bool parse_slice(struct parser *p, struct selector *s)
{
	*s = (struct selector){.kind = SELECT_INDEX, .step = 1};
	if (parse_peek(p) != ':') {
		if (!parse_integer(p, &s->start))
			return false;
		s->has_start = true;
	}
	size_t after = p->pos;

	parse_blank(p);
	if (!parse_accept(p, ":")) {
		p->pos = after;
		return true;
	}
	s->kind = SELECT_SLICE;
	parse_blank(p);
	if (is_digit(parse_peek(p)) || parse_peek(p) == '-') {
		if (!parse_integer(p, &s->end))
			return false;
		s->has_end = true;
		parse_blank(p);
	}
	if (!parse_accept(p, ":"))
		return true;
	parse_blank(p);
	if (is_digit(parse_peek(p)) || parse_peek(p) == '-')
		return parse_integer(p, &s->step);
	return true;
}

static bool parse_selector(struct parser *p, struct selector *s)
{
	int c = parse_peek(p);

	if (c == '\'' || c == '"') {
		s->kind = SELECT_NAME;
		return parse_string(p, &s->name);
	}
	if (parse_accept(p, "*")) {
		s->kind = SELECT_WILDCARD;
		return true;
	}
	if (parse_accept(p, "?")) {
		s->kind = SELECT_FILTER;
		if (p->filters++ == FILTER_NESTING_MAX)
			return parse_fail(p, p->pos - 1, "filters nested too deeply");
		parse_blank(p);
		s->filter = parse_filter(p);
		p->filters--;
		return s->filter != NULL;
	}
	if (is_digit(c) || c == '-' || c == ':')
		return parse_slice(p, s);
	if (is_name_first(c))
		return parse_fail(p, p->pos, "a name in brackets needs quotes");
	return parse_fail(p, p->pos, "selector expected: a quoted name, an index, '*' or '?'");
}

/* Behind '['. */
static bool parse_brackets(struct parser *p, struct segment *segment)
{
	size_t start = p->pos - 1, capacity = 0;

	do {
		parse_blank(p);
		segment->selectors = arena_grow(p->arena, segment->selectors, segment->count,
			&capacity, sizeof(struct selector));
		if (!parse_selector(p, &segment->selectors[segment->count++]))
			return false;
		parse_blank(p);
	} while (parse_accept(p, ","));
	if (parse_accept(p, "]"))
		return true;
	if (parse_peek(p) < 0)
		return parse_fail(p, start, "'[' without its ']'");
	return parse_fail(p, p->pos, "',' or ']' expected");
}

static bool parse_shorthand(struct parser *p, struct segment *segment)
{
	struct selector *s = ARENA_NEW(p->arena, struct selector);
	size_t start = p->pos;

	segment->selectors = s;
	segment->count = 1;
	if (parse_accept(p, "*")) {
		s->kind = SELECT_WILDCARD;
		return true;
	}
	if (!is_name_first(parse_peek(p)))
		return parse_fail(p, p->pos, "name, '*' or '[' expected");
	while (is_name_first(parse_peek(p)) || is_digit(parse_peek(p)))
		p->pos++;
	s->kind = SELECT_NAME;
	s->name = str_sub(p->text, start, p->pos - start);
	return true;
}

/* False with no problem set: no segment begins here. */
static bool parse_segment(struct parser *p, struct segment *segment)
{
	size_t start = p->pos;

	parse_blank(p);
	*segment = (struct segment){0};
	if (parse_accept(p, ".."))
		segment->descendant = true;
	else if (!parse_accept(p, ".")) {
		if (parse_accept(p, "["))
			return parse_brackets(p, segment);
		/* The blanks belong to what follows the query. */
		p->pos = start;
		return false;
	}
	if (segment->descendant && parse_accept(p, "["))
		return parse_brackets(p, segment);
	return parse_shorthand(p, segment);
}

static bool is_singular(const struct segment *segment)
{
	return !segment->descendant && segment->count == 1 &&
	       (segment->selectors[0].kind == SELECT_NAME ||
		       segment->selectors[0].kind == SELECT_INDEX);
}

struct jsonpath *parse_query(struct parser *p)
{
	struct jsonpath *query = ARENA_NEW(p->arena, struct jsonpath);
	struct segment segment;
	size_t capacity = 0;

	query->relative = p->filters && parse_accept(p, "@");
	if (!query->relative && !parse_accept(p, "$")) {
		parse_fail(p, p->pos, "a query begins with '$'");
		return NULL;
	}
	query->singular = true;
	while (parse_segment(p, &segment)) {
		if (query->count == SEGMENTS_MAX) {
			parse_fail(p, p->pos, "more than %d segments", SEGMENTS_MAX);
			break;
		}
		query->singular &= is_singular(&segment);
		query->segments = arena_grow(
			p->arena, query->segments, query->count, &capacity, sizeof(segment));
		query->segments[query->count++] = segment;
	}
	return p->problem ? NULL : query;
}

int jsonpath_compile(struct arena *arena, struct str text, struct jsonpath **out, size_t *offset,
	struct error *err)
{
	struct parser p = {.arena = arena, .text = text};
	struct jsonpath *query = NULL;

	if (utf8_valid(text))
		query = parse_query(&p);
	else
		parse_fail(&p, 0, "not UTF-8");
	if (query && p.pos < text.len)
		parse_fail(&p, p.pos, "end of the query, '.' or '[' expected");
	if (p.problem) {
		if (offset)
			*offset = utf8_count(str_sub(text, 0, p.problem_at));
		return error_set(err, "%s", p.problem);
	}
	*out = query;
	return 0;
}

bool jsonpath_singular(const struct jsonpath *query)
{
	return query->singular;
}
