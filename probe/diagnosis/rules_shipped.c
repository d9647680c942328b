/* The table of causes that the program is shipped with. */
#include "rules_packed.h"

#include "gen/rules.yaml.h"
#include "gen/rules_packed.h"

enum {
	LIST_COUNT = sizeof(packed_list) / sizeof(*packed_list),
	PATTERN_COUNT = sizeof(packed_patterns) / sizeof(*packed_patterns),
	RULE_COUNT = sizeof(packed_rules) / sizeof(*packed_rules),
	WORD_COUNT = sizeof(packed_words) / sizeof(*packed_words),
};

struct str rules_text(void)
{
	return (struct str){(const char *)rules_yaml, rules_yaml_len};
}

static struct str text_of(struct packed_text t)
{
	return (struct str){packed_texts + t.at, t.len};
}

static struct strs list_of(struct str *list, struct packed_range range)
{
	return (struct strs){.items = list + range.first, .count = range.count};
}

static void unpack_pattern(struct arena *arena, struct str *list, const struct packed_pattern *from,
	struct pattern *to)
{
	*to = (struct pattern){.types = list_of(list, from->types),
		.names = list_of(list, from->names),
		.regex = from->has_regex ? regex_deferred(arena, text_of(from->regex), 0) : NULL,
		.word_count = from->word_count,
		.effect = from->effect,
		.weak = from->weak,
		.any_level = from->any_level,
		.failure = from->has_failure ? packed_texts + from->failure : NULL,
		.status_count = from->status_count};
	memcpy(to->words, from->words, sizeof(to->words));
	for (size_t i = 0; i < from->status_count; i++)
		to->status[i] = from->status[i];
}

static void unpack_rule(struct str *list, struct pattern *patterns, const struct packed_rule *from,
	struct rule_entry *to)
{
	*to = (struct rule_entry){.rule = {.id = packed_texts + from->id,
					  .title = packed_texts + from->title,
					  .priority = (enum priority)from->priority,
					  .now = list_of(list, from->now),
					  .next = list_of(list, from->next),
					  .later = list_of(list, from->later)},
		.logs = patterns + from->logs.first,
		.log_count = from->logs.count,
		.observations = patterns + from->observations.first,
		.observation_count = from->observations.count};
}

struct rules *rules_new(struct arena *arena)
{
	struct rules *rules = ARENA_NEW(arena, struct rules);
	struct str *list = ARENA_ARRAY(arena, LIST_COUNT, struct str);
	struct pattern *patterns = ARENA_ARRAY(arena, PATTERN_COUNT, struct pattern);

	rules->arena = arena;
	for (size_t i = 0; i < LIST_COUNT; i++)
		list[i] = text_of(packed_list[i]);
	for (size_t i = 0; i < PATTERN_COUNT; i++)
		unpack_pattern(arena, list, &packed_patterns[i], &patterns[i]);
	for (size_t i = 0; i < RULE_COUNT; i++)
		unpack_rule(list, patterns, &packed_rules[i], &rules->entries[i]);
	rules->count = RULE_COUNT;
	/* Words are numbered from 1. */
	for (size_t i = 0; i < WORD_COUNT; i++)
		rules->filter.words[i + 1] =
			(struct filter_word){text_of(packed_words[i].text), packed_words[i].next};
	rules->filter.count = WORD_COUNT;
	memcpy(rules->filter.first, packed_first, sizeof(rules->filter.first));
	return rules;
}
