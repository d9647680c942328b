/* Names of severities, states and formats. */
#include "probe/logs.h"

#include <pthread.h>

#define STR_INIT(literal)                                                                          \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
#define X(id) #id,
		SEVERITIES(X)
#undef X
	};

	return names[severity];
}

static const struct {
	struct str name;
	enum severity severity;
} severities[] = {{STR_INIT("DEFAULT"), SEVERITY_DEFAULT}, {STR_INIT("TRACE"), SEVERITY_DEBUG},
	{STR_INIT("VERBOSE"), SEVERITY_DEBUG}, {STR_INIT("SILLY"), SEVERITY_DEBUG},
	{STR_INIT("FINE"), SEVERITY_DEBUG}, {STR_INIT("FINER"), SEVERITY_DEBUG},
	{STR_INIT("FINEST"), SEVERITY_DEBUG}, {STR_INIT("DEBUG"), SEVERITY_DEBUG},
	{STR_INIT("DBG"), SEVERITY_DEBUG}, {STR_INIT("D"), SEVERITY_DEBUG},
	{STR_INIT("INFO"), SEVERITY_INFO}, {STR_INIT("INFORMATION"), SEVERITY_INFO},
	{STR_INIT("INFORMATIONAL"), SEVERITY_INFO}, {STR_INIT("INF"), SEVERITY_INFO},
	{STR_INIT("I"), SEVERITY_INFO}, {STR_INIT("LOG"), SEVERITY_INFO},
	{STR_INIT("SUCCESS"), SEVERITY_INFO}, {STR_INIT("CONFIG"), SEVERITY_INFO},
	{STR_INIT("NORMAL"), SEVERITY_INFO}, {STR_INIT("NOTICE"), SEVERITY_NOTICE},
	{STR_INIT("N"), SEVERITY_NOTICE}, {STR_INIT("WARN"), SEVERITY_WARNING},
	{STR_INIT("WARNING"), SEVERITY_WARNING}, {STR_INIT("WRN"), SEVERITY_WARNING},
	{STR_INIT("W"), SEVERITY_WARNING}, {STR_INIT("ERROR"), SEVERITY_ERROR},
	{STR_INIT("ERR"), SEVERITY_ERROR}, {STR_INIT("E"), SEVERITY_ERROR},
	{STR_INIT("SEVERE"), SEVERITY_ERROR}, {STR_INIT("FAIL"), SEVERITY_ERROR},
	{STR_INIT("CRITICAL"), SEVERITY_CRITICAL}, {STR_INIT("CRIT"), SEVERITY_CRITICAL},
	{STR_INIT("FATAL"), SEVERITY_CRITICAL}, {STR_INIT("FTL"), SEVERITY_CRITICAL},
	{STR_INIT("F"), SEVERITY_CRITICAL}, {STR_INIT("PANIC"), SEVERITY_CRITICAL},
	{STR_INIT("DPANIC"), SEVERITY_CRITICAL}, {STR_INIT("ALERT"), SEVERITY_ALERT},
	{STR_INIT("EMERGENCY"), SEVERITY_EMERGENCY}, {STR_INIT("EMERG"), SEVERITY_EMERGENCY}};

/* By first letter of those names: a bit for each length that one has. */
static unsigned short name_lengths[32];
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void lengths_init(void)
{
	for (size_t i = 0; i < sizeof(severities) / sizeof(*severities); i++)
		name_lengths[severities[i].name.ptr[0] & 31] |=
			(unsigned short)(1u << severities[i].name.len);
}

int severity_find(struct str name)
{
	pthread_once(&ready, lengths_init);
	/* Asked of many words, which are rarely one. */
	if (name.len == 0 || name.len > 15 || !(name_lengths[name.ptr[0] & 31] >> name.len & 1))
		return -1;
	for (size_t i = 0; i < sizeof(severities) / sizeof(*severities); i++)
		if (name.len == severities[i].name.len &&
			(name.ptr[0] & ~32) == severities[i].name.ptr[0] &&
			str_equal_nocase(name, severities[i].name))
			return (int)severities[i].severity;
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
