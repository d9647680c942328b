/* The table of causes as a whole. */
#include "rules_private.h"

static const char *const priority_names[] = {"P0", "P1", "P2", "P3", NULL};

const char *priority_name(enum priority p)
{
	return priority_names[p];
}

void rules_free(struct rules *rules)
{
	(void)rules; /* all of it is of the arena */
}

const struct rule *rules_find(const struct rules *rules, const char *id)
{
	for (size_t i = 0; rules && i < rules->count; i++) {
		if (strcmp(rules->entries[i].rule.id, id) == 0)
			return &rules->entries[i].rule;
	}
	return NULL;
}
