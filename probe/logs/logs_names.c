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

int severity_find(struct str name)
{
	static const struct {
		const char *name;
		enum severity severity;
	} names[] = {{"DEFAULT", SEVERITY_DEFAULT}, {"TRACE", SEVERITY_DEBUG},
		{"VERBOSE", SEVERITY_DEBUG}, {"SILLY", SEVERITY_DEBUG}, {"FINE", SEVERITY_DEBUG},
		{"FINER", SEVERITY_DEBUG}, {"FINEST", SEVERITY_DEBUG}, {"DEBUG", SEVERITY_DEBUG},
		{"DBG", SEVERITY_DEBUG}, {"D", SEVERITY_DEBUG}, {"INFO", SEVERITY_INFO},
		{"INFORMATION", SEVERITY_INFO}, {"INFORMATIONAL", SEVERITY_INFO},
		{"INF", SEVERITY_INFO}, {"I", SEVERITY_INFO}, {"LOG", SEVERITY_INFO},
		{"SUCCESS", SEVERITY_INFO}, {"CONFIG", SEVERITY_INFO}, {"NORMAL", SEVERITY_INFO},
		{"NOTICE", SEVERITY_NOTICE}, {"N", SEVERITY_NOTICE}, {"WARN", SEVERITY_WARNING},
		{"WARNING", SEVERITY_WARNING}, {"WRN", SEVERITY_WARNING}, {"W", SEVERITY_WARNING},
		{"ERROR", SEVERITY_ERROR}, {"ERR", SEVERITY_ERROR}, {"E", SEVERITY_ERROR},
		{"SEVERE", SEVERITY_ERROR}, {"CRITICAL", SEVERITY_CRITICAL},
		{"CRIT", SEVERITY_CRITICAL}, {"FATAL", SEVERITY_CRITICAL},
		{"FTL", SEVERITY_CRITICAL}, {"F", SEVERITY_CRITICAL}, {"PANIC", SEVERITY_CRITICAL},
		{"DPANIC", SEVERITY_CRITICAL}, {"ALERT", SEVERITY_ALERT},
		{"EMERGENCY", SEVERITY_EMERGENCY}, {"EMERG", SEVERITY_EMERGENCY}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_is_nocase(name, names[i].name))
			return (int)names[i].severity;
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
