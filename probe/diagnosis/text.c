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
