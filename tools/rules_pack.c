/*
 * Reads rules.yaml, and prints it as the tables that the program unpacks at its start
 * (probe/diagnosis/rules_packed.h). Run by make.
 *
 *   rules_pack > gen/rules_packed.h
 */
#include <stdio.h>
#include <stdlib.h>

#include "../probe/diagnosis/rules_packed.h"
#include "gen/rules.yaml.h"
#include "probe/buf.h"

enum { LIST_MAX = 20000, PATTERNS_MAX = 5000 };

struct packer {
	struct buf texts;
	struct packed_text list[LIST_MAX];
	struct packed_pattern patterns[PATTERNS_MAX];
	size_t list_count, pattern_count;
};

static struct packed_text pack_text(struct packer *p, struct str text)
{
	struct packed_text out = {(uint32_t)p->texts.len, (uint32_t)text.len};

	buf_add_str(&p->texts, text);
	buf_add_char(&p->texts, '\0');
	return out;
}

static void check_room(size_t count, size_t more, size_t max)
{
	if (count + more <= max)
		return;
	fprintf(stderr, "rules_pack: more than %zu of something; raise its limit\n", max);
	exit(1);
}

static struct packed_range pack_list(struct packer *p, const struct strs *texts)
{
	struct packed_range out = {(uint32_t)p->list_count, (uint32_t)texts->count};

	check_room(p->list_count, texts->count, LIST_MAX);
	for (size_t i = 0; i < texts->count; i++)
		p->list[p->list_count++] = pack_text(p, texts->items[i]);
	return out;
}

static void pack_pattern(struct packer *p, const struct pattern *from)
{
	struct packed_pattern *to = &p->patterns[p->pattern_count++];

	*to = (struct packed_pattern){.types = pack_list(p, &from->types),
		.names = pack_list(p, &from->names),
		.word_count = (unsigned char)from->word_count,
		.status_count = (unsigned char)from->status_count,
		.has_regex = from->regex != NULL,
		.has_failure = from->failure != NULL,
		.effect = from->effect,
		.weak = from->weak,
		.any_level = from->any_level};
	if (from->regex)
		to->regex = pack_text(p, regex_pattern(from->regex));
	if (from->failure)
		to->failure = pack_text(p, str_of(from->failure)).at;
	memcpy(to->words, from->words, sizeof(to->words));
	for (size_t i = 0; i < from->status_count; i++)
		to->status[i] = (short)from->status[i];
}

static struct packed_range pack_patterns(
	struct packer *p, const struct pattern *patterns, size_t count)
{
	struct packed_range out = {(uint32_t)p->pattern_count, (uint32_t)count};

	check_room(p->pattern_count, count, PATTERNS_MAX);
	for (size_t i = 0; i < count; i++)
		pack_pattern(p, &patterns[i]);
	return out;
}

static void print_range(struct packed_range r)
{
	printf("{%u, %u}, ", r.first, r.count);
}

static void print_rules(struct packer *p, const struct rules *rules)
{
	puts("static const struct packed_rule packed_rules[] = {");
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule_entry *e = &rules->entries[i];

		printf("\t{%u, ", pack_text(p, str_of(e->rule.id)).at);
		printf("%u, %u, ", pack_text(p, str_of(e->rule.title)).at, e->rule.priority);
		print_range(pack_patterns(p, e->logs, e->log_count));
		print_range(pack_patterns(p, e->observations, e->observation_count));
		print_range(pack_list(p, &e->rule.now));
		print_range(pack_list(p, &e->rule.next));
		print_range(pack_list(p, &e->rule.later));
		puts("},");
	}
	puts("};");
}

static void print_pattern(const struct packed_pattern *from)
{
	printf("\t{");
	print_range(from->types);
	print_range(from->names);
	printf("{%u, %u}, %u, {", from->regex.at, from->regex.len, from->failure);
	for (size_t i = 0; i < from->word_count || i == 0; i++)
		printf("%u, ", from->words[i]);
	printf("}, %u, %u, %d, %d, %d, %d, %d, {", from->word_count, from->status_count,
		from->has_regex, from->has_failure, from->effect, from->weak, from->any_level);
	for (size_t i = 0; i < from->status_count || i == 0; i++)
		printf("%d, ", from->status[i]);
	puts("}},");
}

static void print_words(struct packer *p, const struct filter *f)
{
	puts("static const struct packed_word packed_words[] = {");
	for (size_t i = 1; i <= f->count; i++) {
		struct packed_text text = pack_text(p, f->words[i].text);

		printf("\t{{%u, %u}, %u},\n", text.at, text.len, f->words[i].next);
	}
	printf("};\nstatic const unsigned short packed_first[] = {");
	for (size_t i = 0; i < FILTER_SLOTS; i++)
		printf("%s%u,", i % 32 ? "" : "\n\t", f->first[i]);
	puts("\n};");
}

static void print_all(struct packer *p, const struct rules *rules)
{
	puts("/* Generated from rules.yaml: edit that file, not this one. */\n#pragma once");
	print_rules(p, rules);
	puts("static const struct packed_pattern packed_patterns[] = {");
	for (size_t i = 0; i < p->pattern_count; i++)
		print_pattern(&p->patterns[i]);
	puts("};");
	print_words(p, &rules->filter);
	puts("static const struct packed_text packed_list[] = {");
	for (size_t i = 0; i < p->list_count; i++)
		printf("\t{%u, %u},\n", p->list[i].at, p->list[i].len);
	printf("};\nstatic const char packed_texts[] = {");
	for (size_t i = 0; i < p->texts.len; i++)
		printf("%s%d,", i % 32 ? "" : "\n\t", p->texts.data[i]);
	puts("\n};");
}

int main(void)
{
	struct arena *arena = arena_new();
	struct source source = {
		.name = "rules.yaml", .text = {(const char *)rules_yaml, rules_yaml_len}};
	struct packer *p = ARENA_NEW(arena, struct packer);
	struct rules *rules = ARENA_NEW(arena, struct rules);
	struct diags diags;

	diags_init(&diags, arena);
	rules->arena = arena;
	buf_init(&p->texts, 1 << 24);
	rules_read(rules, &source, false, &diags);
	diags_print(&diags, stderr, false);
	print_all(p, rules);
	buf_release(&p->texts);
	bool failed = diags_failed(&diags) || fflush(stdout) != 0;

	arena_free(arena);
	return failed ? 1 : 0;
}
