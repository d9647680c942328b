/* What the first words of a line tell: its level, whether it begins an event, what kind it is. */
#include "logs_private.h"

#include "exception_private.h"

#include <ctype.h>
#include <pthread.h>
#include <strings.h>

enum { LOOK_MAX = 320, HEAD_WORDS = 7 };

/* The beginning of a line without colours. */
static size_t plain_copy(struct str text, char out[LOOK_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len < LOOK_MAX; i++) {
		if (text.ptr[i] == '\x1b' && i + 1 < text.len && text.ptr[i + 1] == '[') {
			for (i += 2; i < text.len && !isalpha((unsigned char)text.ptr[i]); i++)
				;
			continue;
		}
		out[len++] = text.ptr[i];
	}
	return len;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
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

static bool all_upper(struct str w)
{
	for (size_t i = 0; i < w.len; i++)
		if (w.ptr[i] < 'A' || w.ptr[i] > 'Z')
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

/* One word of the head of a line: is it its level? `first`: nothing but times stands before it. */
static int level_here(struct str line, size_t start, size_t end, bool first)
{
	struct str w = str_sub(line, start, end - start);
	char before = start ? line.ptr[start - 1] : ' ',
	     after = end < line.len ? line.ptr[end] : ' ';
	int level = level_of_word(w);

	if (level < 0)
		return -1;
	if (all_upper(w))
		return memchr("=/", after, 2) || before == '/' || (before == '.' && after != ':')
			       ? -1
			       : level;
	if (before == '=')
		return is_level_key(str_sub(line, 0, start - 1)) ? level : -1;
	return is_level_place(before, after, first) ? level : -1;
}

/* The level among the first words. */
static int level_scan(struct str line, size_t from)
{
	size_t words = 0;

	for (size_t i = from; i < line.len && words < HEAD_WORDS;) {
		if (!is_word(line.ptr[i])) {
			i++;
			continue;
		}
		size_t start = i;

		while (i < line.len && is_word(line.ptr[i]))
			i++;
		int level = level_here(line, start, i, words == 0);

		if (level >= 0)
			return level;
		/* Numbers (processes, lines) do not count. */
		words += !isdigit((unsigned char)line.ptr[start]);
	}
	return -1;
}

/* Levels that are one letter, by the form of the line. */
static int level_of_form(struct str line, size_t prefix)
{
	if (line.len > 5 && isdigit((unsigned char)line.ptr[1]) && prefix &&
		strchr("IWEF", line.ptr[0]))
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

	while (i < line.len && i < 8 && isdigit((unsigned char)line.ptr[i]))
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

#define SUSPICIOUS (1u << 31)

static const struct {
	const char *word;
	unsigned traits;
} signs[] = {
	/* The application says. */
	{"running on ", LOG_LISTENING},
	{"listening", LOG_LISTENING},
	{"started on port", LOG_LISTENING | LOG_STARTED},
	{"started server on", LOG_LISTENING | LOG_STARTED},
	{"starting server on", LOG_LISTENING},
	{"running at http", LOG_LISTENING},
	{"serving on http", LOG_LISTENING},
	{"serving http on", LOG_LISTENING},
	{"launched from http", LOG_LISTENING},
	{"development server at http", LOG_LISTENING},
	{"startup complete", LOG_STARTED},
	{"server started", LOG_STARTED},
	{"started ", LOG_STARTED},
	{"ready", LOG_STARTED},
	/* The platform says. */
	{"probe failed", LOG_PLATFORM | LOG_PROBE},
	{"probe succeeded", LOG_PLATFORM | LOG_PROBE},
	{"failed startup probe", LOG_PLATFORM | LOG_PROBE},
	{"failed liveness probe", LOG_PLATFORM | LOG_PROBE},
	{"container called exit(", LOG_PLATFORM | LOG_EXIT},
	{"container exited with code", LOG_PLATFORM | LOG_EXIT},
	{"container terminated on signal", LOG_PLATFORM | LOG_EXIT},
	{"main process exited", LOG_PLATFORM | LOG_EXIT},
	{"back-off restarting failed container", LOG_PLATFORM | LOG_EXIT},
	{"memory limit of", LOG_PLATFORM | LOG_OOM},
	{"oomkilled", LOG_PLATFORM | LOG_OOM},
	{"starting new instance", LOG_PLATFORM | LOG_STARTING},
	{"started container", LOG_PLATFORM | LOG_STARTING},
	{"the request failed because", LOG_PLATFORM},
	{"the request was aborted because", LOG_PLATFORM},
	{"failed to start and listen on the port", LOG_PLATFORM},
	{"the instance was not started", LOG_PLATFORM},
	/* Something may be wrong. */
	{"error", SUSPICIOUS},
	{"exception", SUSPICIOUS},
	{"traceback", SUSPICIOUS},
	{"panic", SUSPICIOUS},
	{"fatal", SUSPICIOUS},
	{"fail", SUSPICIOUS},
	{"refused", SUSPICIOUS},
	{"denied", SUSPICIOUS},
	{"timed out", SUSPICIOUS},
	{"timeout", SUSPICIOUS},
	{"cannot", SUSPICIOUS},
	{"can't", SUSPICIOUS},
	{"could not", SUSPICIOUS},
	{"unable", SUSPICIOUS},
	{"unsupported", SUSPICIOUS},
	{"no supported", SUSPICIOUS},
	{"critical", SUSPICIOUS},
	{"killed", SUSPICIOUS},
	{"abort", SUSPICIOUS},
	{"crash", SUSPICIOUS},
	{"invalid", SUSPICIOUS},
	{"not found", SUSPICIOUS},
	{"no such", SUSPICIOUS},
	{"missing", SUSPICIOUS},
	{"unhandled", SUSPICIOUS},
	{"uncaught", SUSPICIOUS},
	{"exited", SUSPICIOUS},
	{"caused by", SUSPICIOUS},
};

enum { SIGNS = sizeof(signs) / sizeof(*signs) };

/* By the first two letters: index + 1 of the first sign; others follow in sign_next. */
static unsigned char sign_first[1024], sign_next[SIGNS], sign_len[SIGNS];

static unsigned pair_of(const char *p)
{
	return ((unsigned)p[0] & 31) << 5 | ((unsigned)p[1] & 31);
}

/* When first asked, by whichever thread: most runs read no log. */
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void signs_init(void)
{
	for (size_t i = 0; i < SIGNS; i++) {
		unsigned pair = pair_of(signs[i].word);

		sign_len[i] = (unsigned char)strlen(signs[i].word);
		sign_next[i] = sign_first[pair];
		sign_first[pair] = (unsigned char)(i + 1);
	}
}

/* Traits of all signs in the text, and SUSPICIOUS. */
static unsigned signs_look(struct str text)
{
	unsigned found = 0;

	pthread_once(&ready, signs_init);
	for (size_t i = 0; i + 1 < text.len; i++) {
		for (unsigned s = sign_first[pair_of(text.ptr + i)]; s; s = sign_next[s - 1]) {
			size_t len = sign_len[s - 1];

			if (text.len - i >= len && (text.ptr[i] | 32) == signs[s - 1].word[0] &&
				(text.ptr[i + 2] | 32) == (signs[s - 1].word[2] | 32) &&
				strncasecmp(text.ptr + i, signs[s - 1].word, len) == 0)
				found |= signs[s - 1].traits;
		}
	}
	return found;
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

	if (left < 3 || !isdigit((unsigned char)digits[0]) || !isdigit((unsigned char)digits[1]) ||
		!isdigit((unsigned char)digits[2]) ||
		(left > 3 && isdigit((unsigned char)digits[3])))
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

static bool is_exception(struct str head)
{
	struct str type, message;

	return line_head(head, &type, &message) && type_is_error(type);
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
	/* The head of an exception may stand below a trace (Python), or below its place (Node). */
	bool type = str_starts(head, "error: ") || (!prefix && is_exception(head));

	out->starts = !indented && (prefix || (out->level >= 0 && !type));
	unsigned found = signs_look(head);

	out->suspicious = found & SUSPICIOUS;
	out->traits = found & ~SUSPICIOUS;
	access_look(str_sub(text, 0, 2048), out);
}
