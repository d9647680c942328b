#include "probe/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of backtracking: some ten milliseconds at most. Heap in KiB. */
enum { MATCH_STEPS = 500000, MATCH_DEPTH = 20000, MATCH_HEAP = 20000, PATTERN_BYTES = 1 << 16 };

struct compiled {
	pcre2_code *code;
	pcre2_match_context *limits;
	uint32_t groups;
};

struct regex {
	struct compiled *compiled; /* code is NULL before a deferred one is matched */
	struct arena *arena;
	struct str pattern;
	unsigned flags;
};

static void *arena_malloc(size_t size, void *arena)
{
	return arena_alloc(arena, size);
}

static void arena_ignore(void *memory, void *arena)
{
	(void)memory;
	(void)arena;
}

static uint32_t options_of(unsigned flags)
{
	uint32_t options = PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;

	if (flags & REGEX_NOCASE)
		options |= PCRE2_CASELESS;
	if (flags & REGEX_MULTILINE)
		options |= PCRE2_MULTILINE;
	if (flags & REGEX_DOTALL)
		options |= PCRE2_DOTALL;
	if (flags & REGEX_WHOLE)
		options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
	return options;
}

static int compile(const struct regex *regex, size_t *offset, struct error *err)
{
	struct compiled *c = regex->compiled;
	struct str pattern = regex->pattern;
	pcre2_general_context *memory =
		pcre2_general_context_create(arena_malloc, arena_ignore, regex->arena);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	PCRE2_UCHAR text[256];
	PCRE2_SIZE at;
	int code;

	pcre2_set_max_pattern_length(context, PATTERN_BYTES);
	c->code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options_of(regex->flags),
		&code, &at, context);
	if (!c->code) {
		if (at > pattern.len)
			at = pattern.len;
		if (offset)
			*offset = utf8_count(str_sub(pattern, 0, at));
		pcre2_get_error_message(code, text, sizeof(text));
		return error_set(err, "%s", (const char *)text);
	}
	c->limits = pcre2_match_context_create(memory);
	pcre2_set_match_limit(c->limits, MATCH_STEPS);
	pcre2_set_depth_limit(c->limits, MATCH_DEPTH);
	pcre2_set_heap_limit(c->limits, MATCH_HEAP);
	pcre2_pattern_info(c->code, PCRE2_INFO_CAPTURECOUNT, &c->groups);
	return 0;
}

struct regex *regex_deferred(struct arena *arena, struct str pattern, unsigned flags)
{
	struct regex *regex = ARENA_NEW(arena, struct regex);

	*regex = (struct regex){ARENA_NEW(arena, struct compiled), arena, pattern, flags};
	return regex;
}

int regex_compile(struct arena *arena, struct str pattern, unsigned flags, struct regex **out,
	size_t *offset, struct error *err)
{
	struct regex *regex = regex_deferred(arena, pattern, flags);

	if (compile(regex, offset, err))
		return -1;
	*out = regex;
	return 0;
}

/* What a pattern became, whose text was found to be right before. */
static const struct compiled *compiled(const struct regex *regex)
{
	struct error err;

	if (!regex->compiled->code && compile(regex, NULL, &err))
		die("'%.*s': %s", STR_ARG(regex->pattern), err.text);
	return regex->compiled;
}

static const char *bound_text(int code)
{
	switch (code) {
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT: return "the pattern backtracks too much on this text";
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_NOMEMORY: return "the pattern needs too much memory on this text";
	default: return "the pattern cannot be matched on this text";
	}
}

int regex_match(const struct regex *regex, struct str subject, struct str *groups, size_t count,
	struct error *err)
{
	const struct compiled *c = compiled(regex);
	/* Of the heap: what matching needs is given back at once, not kept in the pattern's arena. */
	pcre2_general_context *memory = pcre2_general_context_create(NULL, NULL, NULL);
	pcre2_match_data *data = pcre2_match_data_create(
		count > REGEX_GROUPS_MAX ? REGEX_GROUPS_MAX : (uint32_t)count, memory);
	int result =
		pcre2_match(c->code, (PCRE2_SPTR)subject.ptr, subject.len, 0, 0, data, c->limits);
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);

	for (size_t i = 0; i < count; i++) {
		/* 0: more groups matched than there is room for. */
		bool took_part = result >= 0 && i < pcre2_get_ovector_count(data) &&
				 (result == 0 || i < (size_t)result) &&
				 ends[2 * i] != PCRE2_UNSET && ends[2 * i] <= ends[2 * i + 1];

		groups[i] = took_part ? str_sub(subject, ends[2 * i], ends[2 * i + 1] - ends[2 * i])
				      : (struct str){NULL, 0};
	}
	pcre2_match_data_free(data);
	pcre2_general_context_free(memory);
	if (result == PCRE2_ERROR_NOMATCH)
		return 0;
	return result >= 0 ? 1 : error_set(err, "%s", bound_text(result));
}

struct str regex_pattern(const struct regex *regex)
{
	return regex->pattern;
}

size_t regex_group_count(const struct regex *regex)
{
	return compiled(regex)->groups;
}

size_t regex_group(const struct regex *regex, const char *name)
{
	int number = pcre2_substring_number_from_name(compiled(regex)->code, (PCRE2_SPTR)name);

	return number > 0 ? (size_t)number : 0;
}
