#include "probe/run.h"

#include <string.h>

static const struct {
	const char *name, *text;
} failures[] = {
#define X(id, name, text) [FAILURE_##id] = {name, text},
	FAILURES(X)
#undef X
};

enum { FAILURE_COUNT = sizeof(failures) / sizeof(*failures) };

const char *failure_name(enum failure failure)
{
	return failures[failure].name;
}

const char *failure_text(enum failure failure)
{
	return failures[failure].text;
}

int failure_find(const char *name)
{
	if (!name)
		return FAILURE_NONE;
	for (int i = 0; i < FAILURE_COUNT; i++)
		if (failures[i].name && strcmp(failures[i].name, name) == 0)
			return i;
	return -1;
}

const char *step_status_name(enum step_status status)
{
	static const char *const names[] = {
		[STEP_PASSED] = "passed",
		[STEP_FAILED] = "failed",
		[STEP_NOT_REACHED] = "not_reached",
		[STEP_SKIPPED] = "skipped",
	};

	return names[status];
}
