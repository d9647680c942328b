/* Names of severities, states and formats. */
#include "probe/logs.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
#define X(id) #id,
		SEVERITIES(X)
#undef X
	};

	return names[severity];
}

/* By their first letter: asked of many words, which are rarely one. */
#define NAME(name, severity)                                                                       \
	{                                                                                          \
		name, sizeof(name) - 1, SEVERITY_##severity                                        \
	}
enum { LETTERS = 32, NAMES_OF_LETTER = 8 };

static const struct severity_name {
	char name[14];
	unsigned char len, severity;
} severities[LETTERS][NAMES_OF_LETTER] = {
	['A' % LETTERS] = {NAME("ALERT", ALERT)},
	['C' % LETTERS] = {NAME("CONFIG", INFO), NAME("CRITICAL", CRITICAL),
		NAME("CRIT", CRITICAL)},
	['D' % LETTERS] = {NAME("DEBUG", DEBUG), NAME("DEFAULT", DEFAULT), NAME("DBG", DEBUG),
		NAME("D", DEBUG), NAME("DPANIC", CRITICAL)},
	['E' % LETTERS] = {NAME("ERROR", ERROR), NAME("ERR", ERROR), NAME("E", ERROR),
		NAME("EMERGENCY", EMERGENCY), NAME("EMERG", EMERGENCY)},
	['F' % LETTERS] = {NAME("FATAL", CRITICAL), NAME("FAIL", ERROR), NAME("FINE", DEBUG),
		NAME("FINER", DEBUG), NAME("FINEST", DEBUG), NAME("FTL", CRITICAL),
		NAME("F", CRITICAL)},
	['I' % LETTERS] = {NAME("INFO", INFO), NAME("INFORMATION", INFO),
		NAME("INFORMATIONAL", INFO), NAME("INF", INFO), NAME("I", INFO)},
	['L' % LETTERS] = {NAME("LOG", INFO)},
	['N' % LETTERS] = {NAME("NOTICE", NOTICE), NAME("NORMAL", INFO), NAME("N", NOTICE)},
	['P' % LETTERS] = {NAME("PANIC", CRITICAL)},
	['S' % LETTERS] = {NAME("SEVERE", ERROR), NAME("SUCCESS", INFO), NAME("SILLY", DEBUG)},
	['T' % LETTERS] = {NAME("TRACE", DEBUG)},
	['V' % LETTERS] = {NAME("VERBOSE", DEBUG)},
	['W' % LETTERS] = {NAME("WARNING", WARNING), NAME("WARN", WARNING), NAME("WRN", WARNING),
		NAME("W", WARNING)},
};
#undef NAME

/* `capitals`: letters only. */
static bool is_in_any_case(struct str s, const char *capitals)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] & ~('a' ^ 'A')) != capitals[i])
			return false;
	return true;
}

int severity_find(struct str name)
{
	if (name.len == 0)
		return -1;
	for (const struct severity_name *s = severities[(unsigned char)name.ptr[0] % LETTERS];
		s->len; s++)
		if (s->len == name.len && is_in_any_case(name, s->name))
			return s->severity;
	return -1;
}

const char *log_status_name(enum log_status status)
{
	static const char *const names[] = {"read", "partial", "failed"};

	return names[status];
}

const char *log_order_name(enum log_order order)
{
	static const char *const names[] = {"unknown", "oldest first", "newest first", "mixed"};

	return names[order];
}

int log_format_find(const char *name)
{
	static const char *const names[] = {"auto", "json", "text", "lines"};

	for (int i = 0; i < 4; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}
