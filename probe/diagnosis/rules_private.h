/*
 * What rules*.c share: the compiled table.
 */
#ifndef PROBE_DIAGNOSIS_RULES_PRIVATE_H
#define PROBE_DIAGNOSIS_RULES_PRIVATE_H

#include "probe/regex.h"
#include "probe/rules.h"

enum { STATUSES_MAX = 16 };

struct pattern {
	struct strs types;   /* last parts of class names; none: any */
	struct regex *regex; /* NULL: any text */
	struct strs names;   /* of the pattern's groups */
	bool effect, weak, any_level;
	const char *failure; /* observation: name; NULL: any */
	int64_t status[STATUSES_MAX];
	size_t status_count; /* 0: any */
};

struct rule_entry {
	struct rule rule;
	struct pattern *logs, *observations;
	size_t log_count, observation_count;
	bool user;
};

struct rules {
	struct arena *arena;
	struct rule_entry entries[RULES_MAX];
	size_t count;
};

#endif
