#include "probe/expand.h"

#include <stdlib.h>
#include <sys/random.h>

#include "probe/clock.h"
#include "probe/diag.h"
#include "scope_private.h"

enum { EXPAND_BYTES_MAX = 16 << 20, EXPAND_DEPTH_MAX = 16 };

/* A reference taken apart. */
struct parsed {
	struct reference ref;
	struct str fallback;
	size_t fallback_offset;
};

/* One text on its way. */
struct expansion {
	struct arena *arena;
	const struct scope *scope;
	struct expand_watch *watch;
	bool failed;
};

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

/* Offset of the '}' that ends what begins at `pos`; braces within have to be paired. */
static size_t find_end(struct str text, size_t pos)
{
	for (size_t open = 0; pos < text.len; pos++) {
		if (text.ptr[pos] == '{')
			open++;
		else if (text.ptr[pos] == '}' && open-- == 0)
			return pos;
	}
	return SIZE_MAX;
}

/* Takes the reference at `at` ("${") apart; NULL, or what is wrong with it. */
static const char *parse_reference(struct str text, size_t at, struct parsed *out)
{
	size_t pos = at + 2;

	*out = (struct parsed){.ref = {.offset = at, .len = 2}};
	while (pos < text.len && is_name_char(text.ptr[pos]))
		pos++;
	out->ref.name = str_sub(text, at + 2, pos - at - 2);
	if (pos < text.len && text.ptr[pos] == '}') {
		out->ref.len = pos + 1 - at;
		return out->ref.name.len ? NULL : "a reference without a name";
	}
	size_t end = find_end(text, pos);

	if (end == SIZE_MAX) {
		out->ref.len = text.len - at;
		return "'${' without its '}'; a dollar before a brace is written '$$'";
	}
	out->ref.len = end + 1 - at;
	if (!str_starts(str_from(text, pos), ":-"))
		return "a reference is ${name} or ${name:-default}; a dollar is written '$$'";
	if (!out->ref.name.len)
		return "a reference without a name";
	out->ref.has_default = true;
	out->fallback_offset = pos + 2;
	out->fallback = str_sub(text, pos + 2, end - pos - 2);
	return NULL;
}

/* The next "$$" or "${" from `pos`, or the text's end. */
static size_t next_dollar(struct str text, size_t pos)
{
	for (; pos + 1 < text.len; pos++)
		if (text.ptr[pos] == '$' && (text.ptr[pos + 1] == '$' || text.ptr[pos + 1] == '{'))
			return pos;
	return text.len;
}

bool expand_needed(struct str text)
{
	return next_dollar(text, 0) < text.len;
}

static void expansion_problem(struct expansion *e, size_t offset, size_t len, const char *fmt, ...)
{
	va_list args;

	e->failed = true;
	if (!e->watch || !e->watch->problem)
		return;
	va_start(args, fmt);
	e->watch->problem(e->watch->ctx, offset, len, arena_vprintf(e->arena, fmt, args));
	va_end(args);
}

static struct value make_uuid(struct arena *arena)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		die("no random numbers: %m");
	b[6] = (b[6] & 0x0F) | 0x40; /* version 4, RFC 9562 section 5.4 */
	b[8] = (b[8] & 0x3F) | 0x80;
	return value_text(arena_printf(arena,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]));
}

static struct value make_now(struct arena *arena)
{
	char text[36];

	time_print_utc(clock_wall(), 3, text);
	return value_text(arena_strdup(arena, text));
}

/* The value of a name; false when nobody has one. */
static bool find_value(struct expansion *e, struct str name, struct value *out)
{
	const struct value *known = scope_find(e->scope, name);

	if (known) {
		*out = *known;
		return true;
	}
	if (str_starts(name, "env.")) {
		const char *text = getenv(arena_str(e->arena, str_from(name, 4)).ptr);

		*out = text ? value_text(arena_strdup(e->arena, text)) : value_null();
		return text != NULL;
	}
	if (str_is(name, "uuid"))
		*out = make_uuid(e->arena);
	else if (str_is(name, "now"))
		*out = make_now(e->arena);
	else
		return false;
	return true;
}

static void unknown_name(struct expansion *e, const struct parsed *p, size_t base)
{
	struct str name = p->ref.name;
	const char *nearest;

	if (str_starts(name, "env.")) {
		expansion_problem(e, base + p->ref.offset, p->ref.len,
			"environment variable '%.*s' is not set; set it, or give a default: "
			"${%.*s:-...}",
			STR_ARG(str_from(name, 4)), STR_ARG(name));
		return;
	}
	size_t dot = str_find_char(name, '.');

	if (dot != SIZE_MAX && scope_find(e->scope, str_sub(name, 0, dot))) {
		expansion_problem(e, base + p->ref.offset, p->ref.len, "'%.*s' has no '%.*s'",
			STR_ARG(str_sub(name, 0, dot)), STR_ARG(str_from(name, dot + 1)));
		return;
	}
	if (str_is(str_sub(name, 0, dot), "item")) {
		expansion_problem(e, base + p->ref.offset, p->ref.len,
			"'item' is known only in a step with 'for_each'");
		return;
	}
	nearest = scope_suggest(e->scope, e->arena, name);
	if (nearest)
		expansion_problem(e, base + p->ref.offset, p->ref.len,
			"unknown name '%.*s', did you mean '%s'?", STR_ARG(name), nearest);
	else if (getenv(arena_str(e->arena, name).ptr))
		expansion_problem(e, base + p->ref.offset, p->ref.len,
			"unknown name '%.*s'; the environment variable is ${env.%.*s}",
			STR_ARG(name), STR_ARG(name));
	else
		expansion_problem(e, base + p->ref.offset, p->ref.len,
			"unknown name '%.*s'; define it in 'vars', with --var, or capture it in an "
			"earlier step",
			STR_ARG(name));
}

static bool expand_into(
	struct expansion *, struct str text, size_t base, unsigned depth, struct buf *out);

/* An empty value, for which a default stands in. */
static bool is_empty(const struct value *value)
{
	return value->type == VALUE_NULL || (value->type == VALUE_STRING && !value->string.len);
}

/* One reference's value. False when there is none (and why was told). */
static bool reference_value(
	struct expansion *e, const struct parsed *p, size_t base, unsigned depth, struct value *out)
{
	if (e->watch && e->watch->deferred && e->watch->deferred(e->watch->ctx, p->ref.name)) {
		e->watch->was_deferred = true;
		return false;
	}
	bool found = find_value(e, p->ref.name, out);

	if (found && !(p->ref.has_default && is_empty(out)))
		return true;
	if (!p->ref.has_default) {
		unknown_name(e, p, base);
		return false;
	}
	if (depth >= EXPAND_DEPTH_MAX) {
		expansion_problem(e, base + p->ref.offset, p->ref.len,
			"defaults nested deeper than %d", EXPAND_DEPTH_MAX);
		return false;
	}
	BUF_SCOPED struct buf text;

	buf_init(&text, EXPAND_BYTES_MAX);
	bool ok = expand_into(e, p->fallback, base + p->fallback_offset, depth + 1, &text);

	*out = value_string(arena_str(e->arena, buf_str(&text)));
	return ok;
}

/* Adds the expanded text; false when a part was missing or there was no room. */
static bool expand_into(
	struct expansion *e, struct str text, size_t base, unsigned depth, struct buf *out)
{
	bool ok = true;

	for (size_t pos = 0; pos < text.len;) {
		size_t at = next_dollar(text, pos);
		struct parsed parsed;
		struct value value;
		const char *wrong;

		buf_add(out, text.ptr + pos, at - pos);
		if (at == text.len)
			break;
		if (text.ptr[at + 1] == '$') {
			buf_add_char(out, '$');
			pos = at + 2;
			continue;
		}
		wrong = parse_reference(text, at, &parsed);
		if (wrong) {
			expansion_problem(e, base + at, parsed.ref.len, "%s", wrong);
			return false;
		}
		if (!reference_value(e, &parsed, base, depth, &value))
			ok = false;
		else
			value_print(out, &value);
		pos = at + parsed.ref.len;
	}
	if (out->overflow) {
		expansion_problem(e, base, text.len, "the text is larger than %d MiB",
			EXPAND_BYTES_MAX >> 20);
		out->overflow = false;
		return false;
	}
	return ok;
}

int expand_with(struct arena *arena, const struct scope *scope, struct str text,
	struct expand_watch *watch, struct value *out)
{
	struct expansion e = {arena, scope, watch, false};
	struct parsed parsed;

	/* A whole "${name}" keeps its type. */
	if (str_starts(text, "${") && !parse_reference(text, 0, &parsed) &&
		parsed.ref.len == text.len) {
		if (!reference_value(&e, &parsed, 0, 0, out))
			*out = value_null();
		return e.failed ? -1 : 0;
	}
	BUF_SCOPED struct buf b;

	buf_init(&b, EXPAND_BYTES_MAX);
	expand_into(&e, text, 0, 0, &b);
	*out = value_string(arena_str(arena, buf_str(&b)));
	return e.failed ? -1 : 0;
}

static void keep_first(void *ctx, size_t offset, size_t len, const char *message)
{
	struct error *err = ctx;

	(void)offset;
	(void)len;
	if (!err->text[0])
		error_set(err, "%s", message);
}

int expand(struct arena *arena, const struct scope *scope, struct str text, struct value *out,
	struct error *err)
{
	struct error first = {{0}};
	struct expand_watch watch = {.problem = keep_first, .ctx = &first};

	if (expand_with(arena, scope, text, &watch, out))
		return error_set(err, "%s", first.text);
	return 0;
}

static int references(struct str text, size_t base, unsigned depth,
	void (*each)(void *ctx, const struct reference *), void *ctx, size_t *offset,
	struct error *err)
{
	for (size_t pos = next_dollar(text, 0); pos < text.len; pos = next_dollar(text, pos)) {
		struct parsed parsed;

		if (text.ptr[pos + 1] == '$') {
			pos += 2;
			continue;
		}
		const char *wrong = parse_reference(text, pos, &parsed);

		if (!wrong && depth >= EXPAND_DEPTH_MAX)
			wrong = "defaults nested too deep";
		if (wrong) {
			*offset = base + pos;
			return error_set(err, "%s", wrong);
		}
		parsed.ref.offset += base;
		each(ctx, &parsed.ref);
		if (parsed.ref.has_default &&
			references(parsed.fallback, base + parsed.fallback_offset, depth + 1, each,
				ctx, offset, err))
			return -1;
		pos += parsed.ref.len;
	}
	return 0;
}

int expand_references(struct str text, void (*each)(void *ctx, const struct reference *), void *ctx,
	size_t *offset, struct error *err)
{
	return references(text, 0, 0, each, ctx, offset, err);
}
