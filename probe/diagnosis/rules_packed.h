/*
 * The shipped table of causes as the program holds it: rules.yaml, read when the program is built
 * (tools/rules_pack.c) and not each time it starts. Only numbers, as pointers would be relocated at each
 * start, too.
 */
#ifndef PROBE_DIAGNOSIS_RULES_PACKED_H
#define PROBE_DIAGNOSIS_RULES_PACKED_H

#include "rules_private.h"

/* In the texts, where a NUL follows each. */
struct packed_text {
	uint32_t at, len;
};

/* Of the list of texts, or of patterns. */
struct packed_range {
	uint32_t first, count;
};

struct packed_pattern {
	struct packed_range types, names;
	struct packed_text regex;
	uint32_t failure; /* in the texts */
	unsigned short words[PATTERN_WORDS_MAX];
	unsigned char word_count, status_count;
	bool has_regex, has_failure, effect, weak, any_level;
	short status[STATUSES_MAX];
};

struct packed_rule {
	uint32_t id, title; /* in the texts */
	uint32_t priority;
	struct packed_range logs, observations, now, next, later;
};

struct packed_word {
	struct packed_text text;
	unsigned short next;
};

#endif
