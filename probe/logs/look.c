/* What the first words of a line tell: its level, whether it begins an event, what kind it is. */
#include "exception_private.h"
#include "look_private.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { LOOK_MAX = 320, HEAD_WORDS = 7, BLOCK = 16 };

enum {
	C_LETTER = 1,
	C_WORD = 2,
	C_BEFORE = 4, /* stands before levels */
};

static const unsigned char class_of[256] = {
	['0' ... '9'] = C_WORD,
	['A' ... 'Z'] = C_LETTER | C_WORD,
	['a' ... 'z'] = C_LETTER | C_WORD,
	['_'] = C_WORD,
	['='] = C_BEFORE,
	['['] = C_BEFORE,
	['<'] = C_BEFORE,
};

static inline bool is(char c, unsigned classes)
{
	return class_of[(unsigned char)c] & classes;
}

/* The beginning of a line without colours. */
static size_t plain_copy(struct str text, char out[LOOK_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len < LOOK_MAX; i++) {
		if (text.ptr[i] == '\x1b' && i + 1 < text.len && text.ptr[i + 1] == '[') {
			for (i += 2; i < text.len && !is(text.ptr[i], C_LETTER); i++)
				;
			continue;
		}
		out[len++] = text.ptr[i];
	}
	return len;
}

/* Which of BLOCK bytes belong to words. */
#if defined(__SSE2__)
static inline unsigned word_bits(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p), low = _mm_or_si128(v, _mm_set1_epi8(0x20));
	__m128i digits = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('0' - 1)),
		_mm_cmplt_epi8(v, _mm_set1_epi8('9' + 1)));
	__m128i letters = _mm_and_si128(_mm_cmpgt_epi8(low, _mm_set1_epi8('a' - 1)),
		_mm_cmplt_epi8(low, _mm_set1_epi8('z' + 1)));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(_mm_or_si128(digits, letters), _mm_cmpeq_epi8(v, _mm_set1_epi8('_'))));
}
#else
static inline unsigned word_bits(const char *p)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < BLOCK; i++)
		bits |= (unsigned)is(p[i], C_WORD) << i;
	return bits;
}
#endif

/* The same from `at` on, at the end of the line with fewer. */
static inline unsigned words_from(struct str line, size_t at)
{
	size_t left = line.len - at;
	unsigned bits = 0;

	if (left >= BLOCK)
		return word_bits(line.ptr + at);
	if (line.len >= BLOCK)
		return word_bits(line.ptr + line.len - BLOCK) >> (BLOCK - left);
	for (unsigned i = 0; i < left; i++)
		bits |= (unsigned)is(line.ptr[at + i], C_WORD) << i;
	return bits;
}

/* Most words end in one block. */
static size_t word_end(struct str line, size_t at)
{
	unsigned length = (unsigned)__builtin_ctz(~words_from(line, at));

	for (at += length; length == BLOCK && at < line.len && is(line.ptr[at], C_WORD);)
		at++;
	return at;
}

/* Single letters and rare words are levels only in places made for them. */
static int level_of_word(struct str w)
{
	int level = w.len < 3 ? -1 : severity_find(w);

	if (level >= 0 && (str_is_nocase(w, "config") || str_is_nocase(w, "normal") ||
				  str_is_nocase(w, "success") || str_is_nocase(w, "default")))
		return -1;
	return level;
}

static inline bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool all_capitals(struct str w)
{
	for (size_t i = 0; i < w.len; i++)
		if (!is_capital(w.ptr[i]))
			return false;
	return true;
}

/* "level=error" */
static bool is_level_key(struct str key)
{
	return str_ends(key, "level") || str_ends(key, "lvl") || str_ends(key, "severity");
}

/* A level in brackets, or right at the beginning: "[error]", "warning: ", "| info |". */
static bool is_level_place(char before, char after, bool first)
{
	if ((before == '[' && after == ']') || (before == '<' && after == '>'))
		return true;
	return first && (after == ':' || (after == ' ' && before == '|'));
}

/* A word of the head of a line: is it its level? `first`: nothing but times stands before it. */
static int level_here(struct str line, size_t start, bool first)
{
	size_t end = word_end(line, start);
	struct str w = {line.ptr + start, end - start};
	char before = start ? line.ptr[start - 1] : ' ',
	     after = end < line.len ? line.ptr[end] : ' ';

	bool capitals = all_capitals(w);

	if (!capitals && before != '=' && !is_level_place(before, after, first))
		return -1;
	int level = level_of_word(w);

	if (level < 0)
		return -1;
	if (capitals)
		return after == '=' || after == '/' || before == '/' ||
				       (before == '.' && after != ':')
			       ? -1
			       : level;
	return before != '=' || is_level_key(str_sub(line, 0, start - 1)) ? level : -1;
}

/* Most words can be told from levels by how they begin. `p`: not the first one. */
static inline bool may_be_level(const char *p, const char *end)
{
	return is(p[-1], C_BEFORE) || (is_capital(p[0]) && p + 1 < end && is_capital(p[1]));
}

/* The level among the first words. */
static int level_scan(struct str line, size_t from)
{
	size_t words = 0;
	unsigned inside = 0; /* the byte before is a word's */

	for (size_t at = from; at < line.len; at += BLOCK) {
		unsigned bits = words_from(line, at), starts = bits & ~(bits << 1 | inside);

		for (inside = bits >> (BLOCK - 1); starts; starts &= starts - 1) {
			size_t start = at + (unsigned)__builtin_ctz(starts);
			bool first = words == 0;
			int level = first || may_be_level(line.ptr + start, line.ptr + line.len)
					    ? level_here(line, start, first)
					    : -1;

			if (level >= 0)
				return level;
			/* Numbers (processes, lines) do not count. */
			words += !is_digit(line.ptr[start]);
			if (words == HEAD_WORDS)
				return -1;
		}
	}
	return -1;
}

/* Levels that are one letter, by the form of the line. */
static int level_of_form(struct str line, size_t prefix)
{
	if (line.len > 5 && is_digit(line.ptr[1]) && prefix && strchr("IWEF", line.ptr[0]))
		return severity_find(str_sub(line, 0, 1));
	/* Ruby: "E, [2026-..." */
	if (line.len > 4 && memcmp(line.ptr + 1, ", [", 3) == 0 && strchr("DIWEF", line.ptr[0]))
		return severity_find(str_sub(line, 0, 1));
	return -1;
}

/* Redis: "1:M 23 Nov 2026 20:00:00.000 # text". */
static size_t redis_prefix(struct str line, int64_t *time, int *level)
{
	size_t i = 0;
	bool nano;

	while (i < line.len && i < 8 && is_digit(line.ptr[i]))
		i++;
	if (i == 0 || i + 3 >= line.len || line.ptr[i] != ':' || !strchr("XCSM", line.ptr[i + 1]) ||
		line.ptr[i + 2] != ' ')
		return 0;
	size_t len = time_prefix(str_from(line, i + 3), time, &nano);

	if (!len || i + 3 + len + 1 >= line.len)
		return 0;
	char mark = line.ptr[i + 3 + len + 1];

	*level = mark == '#' ? SEVERITY_WARNING : mark == '*' ? SEVERITY_NOTICE : SEVERITY_DEBUG;
	return i + 3 + len;
}

/* An access line: "GET /health HTTP/1.1" 200 ... */
static void access_look(struct str text, struct look *out)
{
	static const char *const methods[] = {
		"GET ", "POST ", "PUT ", "DELETE ", "HEAD ", "PATCH ", "OPTIONS ", NULL};
	size_t quote = str_find_char(text, '"');

	if (quote == SIZE_MAX)
		return;
	struct str line = str_from(text, quote + 1);
	size_t end = str_find_char(line, '"');

	if (end == SIZE_MAX || end + 4 > line.len || line.ptr[end + 1] != ' ')
		return;
	const char *digits = line.ptr + end + 2;
	size_t left = line.len - end - 2;

	if (left < 3 || !is_digit(digits[0]) || !is_digit(digits[1]) || !is_digit(digits[2]) ||
		(left > 3 && is_digit(digits[3])))
		return;
	line.len = end;
	for (size_t i = 0; methods[i]; i++) {
		if (!str_starts(line, methods[i]))
			continue;
		size_t method = strlen(methods[i]) - 1,
		       blank = str_find_char(str_from(line, method + 1), ' ');

		out->method = str_sub(line, 0, method);
		out->url = str_sub(line, method + 1, blank);
		out->status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
		out->traits |= LOG_REQUEST;
		return;
	}
}

/* The head of an exception may stand below a trace (Python), or below its place (Node). */
static bool is_exception(struct str head)
{
	struct str type, message;

	return str_starts(head, "error: ") ||
	       (line_head(head, &type, &message) && type_is_error(type));
}

void look_at(struct str text, struct look *out)
{
	char copy[LOOK_MAX];
	struct str head = str_sub(text, 0, LOOK_MAX);
	bool nano;

	*out = (struct look){.level = -1, .status = -1, .time = TIME_NONE};
	if (memchr(head.ptr, '\x1b', head.len))
		head = (struct str){copy, plain_copy(text, copy)};
	size_t prefix = time_prefix(head, &out->time, &nano);

	if (!prefix)
		prefix = redis_prefix(head, &out->time, &out->level);
	if (out->level < 0)
		out->level = level_of_form(head, prefix);
	/* Indented lines go on with what was before. */
	bool indented = head.len && (head.ptr[0] == ' ' || head.ptr[0] == '\t');

	if (out->level < 0 && !indented)
		out->level = level_scan(head, prefix);
	out->starts = !indented && (prefix || (out->level >= 0 && !is_exception(head)));
	unsigned found = signs_look(head);

	out->suspicious = found & SIGN_OF_TROUBLE;
	out->traits = found & ~SIGN_OF_TROUBLE;
	access_look(str_sub(text, 0, 2048), out);
}
