/*
 * What rules*.c share: the compiled table.
 */
#ifndef PROBE_DIAGNOSIS_RULES_PRIVATE_H
#define PROBE_DIAGNOSIS_RULES_PRIVATE_H

#include "probe/regex.h"
#include "probe/rules.h"

enum {
	STATUSES_MAX = 16,
	PATTERN_WORDS_MAX = 16,
	FILTER_WORDS_MAX = 2048,
	FILTER_SLOTS = 4096,
};

struct pattern {
	struct strs types;   /* last parts of class names; none: any */
	struct regex *regex; /* NULL: any text */
	struct strs names;   /* of the pattern's groups */
	/* Numbers of words of which each text that fits has one; none: any text may fit. */
	unsigned short words[PATTERN_WORDS_MAX];
	size_t word_count;
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

/* The words of all patterns, chained by their first three letters; numbered from 1. */
struct filter_word {
	struct str text;
	unsigned short next;
};

struct filter {
	struct filter_word words[FILTER_WORDS_MAX];
	unsigned short first[FILTER_SLOTS];
	size_t count;
};

struct filter_hits {
	uint64_t bits[FILTER_WORDS_MAX / 64];
};

struct rules {
	struct arena *arena;
	struct filter filter;
	struct rule_entry entries[RULES_MAX];
	size_t count;
};

/* Adds what a file's text says; its mistakes go to diags. `user`: it is none of ours, whose patterns are known to be
 * right. `source` outlives the rules. */
void rules_read(struct rules *, const struct source *, bool user, struct diags *);
/* Finds the words of a pattern. */
void rules_filter_add(struct rules *, struct str regex, struct pattern *);
/* The words that a text has; then whether a pattern has to be tried at it. */
void rules_filter_scan(const struct rules *, struct str text, struct filter_hits *);
bool rules_filter_passes(const struct pattern *, const struct filter_hits *);

#endif
