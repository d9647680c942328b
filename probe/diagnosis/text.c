#include <ctype.h>
#include <strings.h>

#include "diagnosis_private.h"

const char *text_of(struct arena *arena, struct str s)
{
	return s.len ? arena_str(arena, s).ptr : NULL;
}

struct str text_first_line(struct str s)
{
	struct str line;

	s = str_trim(s);
	return str_line(&s, &line) ? line : s;
}

bool text_has_word(struct str text, const char *const *words)
{
	text = str_sub(text, 0, 600);
	for (size_t i = 0; words[i]; i++) {
		size_t n = strlen(words[i]);

		for (size_t at = 0; at + n <= text.len; at++) {
			if (strncasecmp(text.ptr + at, words[i], n) == 0)
				return true;
		}
	}
	return false;
}

void texts_add(struct arena *arena, struct texts *list, const char *text)
{
	if (!text)
		return;
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return;
	}
	const char **items = ARENA_ARRAY(arena, list->count + 1, const char *);
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count++] = text;
	list->items = items;
}

uint64_t text_key(struct str s)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	s = str_sub(s, 0, 300);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (isdigit(c) || isspace(c))
			continue;
		hash = (hash ^ c) * UINT64_C(1099511628211);
	}
	return hash;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

struct str text_plain(struct arena *arena, struct str s)
{
	if (str_find_char(s, '\x1b') == SIZE_MAX)
		return s;
	char *out = arena_alloc(arena, s.len + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '\x1b') {
			out[n++] = s.ptr[i];
			continue;
		}
		/* ECMA-48: CSI, parameters, a final byte */
		if (i + 1 < s.len && s.ptr[i + 1] == '[') {
			i++;
			do
				i++;
			while (i < s.len && !isalpha((unsigned char)s.ptr[i]));
		}
	}
	return (struct str){out, n};
}

/* "/srv/site/conf.d/default.conf:9" at the start of `place`; empty when it is none. */
static struct str place_at(struct str place)
{
	size_t colon = str_find_char(place, ':'), n = colon == SIZE_MAX ? 0 : colon + 1;

	while (n && n < place.len && place.ptr[n] >= '0' && place.ptr[n] <= '9')
		n++;
	if (n == 0 || n == colon + 1 || str_find_char(str_sub(place, 0, colon), ' ') != SIZE_MAX)
		return (struct str){"", 0};
	return str_sub(place, 0, n);
}

/* loguru's "| module:function:9 | "; empty when there is none. */
static struct str loguru_place(struct str line)
{
	for (size_t at = 0; at + 2 < line.len; at++) {
		if (line.ptr[at] != '|' || line.ptr[at + 1] != ' ')
			continue;
		struct str rest = str_from(line, at + 2);
		size_t end = str_find(rest, STR(" | "));
		struct str place = str_sub(rest, 0, end);
		if (end != SIZE_MAX && str_find_char(place, ' ') == SIZE_MAX &&
			str_find_char(place, ':') != SIZE_MAX)
			return place;
	}
	return (struct str){"", 0};
}

/* The place that a plain message names: " in /srv/site/conf.d/default.conf:9", or loguru's. */
struct str text_location(struct arena *arena, struct str text)
{
	struct str line = text_first_line(text), place = {"", 0};

	for (size_t at = 0; at + 5 < line.len; at++) {
		if (memcmp(line.ptr + at, " in /", 5) == 0 ||
			memcmp(line.ptr + at, " at /", 5) == 0)
			place = place_at(str_from(line, at + 4));
	}
	if (place.len == 0)
		place = loguru_place(line);
	return place.len ? arena_str(arena, place) : (struct str){"", 0};
}

struct str text_subject(struct str text)
{
	static const char *const levels[] = {"ERROR", "WARNING", "WARN", "INFO", "DEBUG", "NOTICE",
		"FATAL", "CRITICAL", "SEVERE", "LOG", NULL};
	struct str head = str_sub(text, 0, 100);
	size_t from = 0;

	for (size_t i = 0; levels[i] && from == 0; i++) {
		size_t at = str_find(head, str_of(levels[i]));

		if (at != SIZE_MAX)
			from = at + strlen(levels[i]);
	}
	while (from < text.len && strchr("]):|- \t", text.ptr[from]))
		from++;
	return str_from(text, from);
}

bool text_target(struct arena *arena, struct str target, struct url *out)
{
	size_t from = str_find(target, STR("://"));
	struct error err;

	if (from == SIZE_MAX) {
		target = str_of(arena_printf(arena, "http://%.*s", STR_ARG(target)));
	} else {
		while (from > 0 && target.ptr[from - 1] != ' ')
			from--;
		target = str_from(target, from);
	}
	return url_parse(arena, str_sub(target, 0, str_find_char(target, ' ')), out, &err) == 0;
}
