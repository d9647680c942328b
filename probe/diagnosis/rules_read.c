/* Files of rules: from YAML to patterns. */
#include <stdlib.h>

#include "probe/yaml.h"
#include "rules_private.h"

struct reader {
	struct rules *rules;
	struct diags *diags;
	bool user;
};

/* Complains about keys that are none of `names`. */
static void check_keys(struct reader *r, const struct node *map, const char *const *names)
{
	for (size_t i = 0; map->type == NODE_MAP && i < map->count; i++) {
		struct str key = map->pairs[i].key->text;
		bool known = false;

		for (size_t k = 0; names[k]; k++)
			known = known || str_is(key, names[k]);
		if (known)
			continue;
		const char *near = diag_suggest(key, names);
		diag_error(r->diags, map->pairs[i].key->span, "unknown key '%.*s'%s%s%s",
			STR_ARG(key), near ? ", did you mean '" : "", near ? near : "",
			near ? "'?" : "");
	}
}

/* A text or a list of texts. */
static struct strs read_texts(struct reader *r, const struct node *node)
{
	struct strs out = {0};

	if (!node || (node->type == NODE_SCALAR && node->value.type == VALUE_NULL))
		return out;
	size_t count = node->type == NODE_LIST ? node->count : 1;
	out.items = ARENA_ARRAY(r->rules->arena, count, struct str);
	for (size_t i = 0; i < count; i++) {
		const struct node *item = node->type == NODE_LIST ? node->items[i] : node;

		if (item->type != NODE_SCALAR)
			diag_error(r->diags, item->span, "a text is wanted here, not %s",
				node_kind_text(item));
		else
			out.items[out.count++] = item->text;
	}
	return out;
}

static bool read_flag(struct reader *r, const struct node *map, const char *key)
{
	const struct node *node = node_find(map, key);

	if (!node)
		return false;
	if (node->type == NODE_SCALAR && node->value.type == VALUE_BOOLEAN)
		return node->value.boolean;
	diag_error(r->diags, node->span, "'%s' is true or false", key);
	return false;
}

/* Names of the groups of a pattern, in their order. */
static struct strs group_names(struct arena *arena, struct str pattern)
{
	struct strs names = {.items = ARENA_ARRAY(arena, RULE_NAMES_MAX, struct str)};

	for (size_t i = 0; i + 3 < pattern.len && names.count < RULE_NAMES_MAX; i++) {
		if (!str_starts(str_from(pattern, i), "(?<") || pattern.ptr[i + 3] == '=' ||
			pattern.ptr[i + 3] == '!' || (i && pattern.ptr[i - 1] == '\\'))
			continue;
		struct str rest = str_from(pattern, i + 3);
		size_t end = str_find_char(rest, '>');
		if (end != SIZE_MAX && end > 0 && end < 32)
			names.items[names.count++] = arena_str(arena, str_sub(rest, 0, end));
	}
	return names;
}

static void read_regex(struct reader *r, const struct node *node, struct pattern *out)
{
	struct error err;

	if (!node)
		return;
	if (node->type != NODE_SCALAR) {
		diag_error(r->diags, node->span, "'matches' is a pattern, not %s",
			node_kind_text(node));
		return;
	}
	if (!r->user)
		out->regex = regex_deferred(r->rules->arena, node->text, 0);
	else if (regex_compile(r->rules->arena, node->text, 0, &out->regex, NULL, &err))
		diag_error(r->diags, node->span, "'matches': %s", err.text);
	out->names = group_names(r->rules->arena, node->text);
	rules_filter_add(r->rules, node->text, out);
}

static void read_status(struct reader *r, const struct node *node, struct pattern *out)
{
	size_t count = node->type == NODE_LIST ? node->count : 1;

	for (size_t i = 0; i < count && out->status_count < STATUSES_MAX; i++) {
		const struct node *item = node->type == NODE_LIST ? node->items[i] : node;

		if (item->type != NODE_SCALAR || item->value.type != VALUE_INTEGER)
			diag_error(
				r->diags, item->span, "'status' is a number or a list of numbers");
		else
			out->status[out->status_count++] = item->value.integer;
	}
}

static void read_pattern(
	struct reader *r, const struct node *map, bool observation, struct pattern *out)
{
	static const char *const log_keys[] = {
		"type", "matches", "effect", "weak", "any_level", NULL};
	static const char *const observation_keys[] = {"failure", "status", "matches", NULL};

	if (map->type != NODE_MAP) {
		diag_error(r->diags, map->span, "a map such as {matches: \"...\"} is wanted here");
		return;
	}
	check_keys(r, map, observation ? observation_keys : log_keys);
	out->types = read_texts(r, node_find(map, "type"));
	read_regex(r, node_find(map, "matches"), out);
	out->effect = read_flag(r, map, "effect");
	out->weak = read_flag(r, map, "weak");
	out->any_level = read_flag(r, map, "any_level");
	const struct node *failure = node_find(map, "failure"), *status = node_find(map, "status");
	if (failure && failure->type == NODE_SCALAR)
		out->failure = failure->text.ptr;
	if (status)
		read_status(r, status, out);
	if (!node_find(map, "matches") && (observation ? !failure && !status : !out->types.count))
		diag_error(r->diags, map->span, "this would fit everything: say what it matches");
}

/* One map, or a list of them. */
static struct pattern *read_patterns(
	struct reader *r, const struct node *node, bool observation, size_t *count)
{
	*count = 0;
	if (!node)
		return NULL;
	size_t n = node->type == NODE_LIST ? node->count : 1;
	struct pattern *out = ARENA_ARRAY(r->rules->arena, n, struct pattern);
	for (size_t i = 0; i < n; i++)
		read_pattern(r, node->type == NODE_LIST ? node->items[i] : node, observation,
			&out[(*count)++]);
	return out;
}

/* The entry with this id, emptied, or a new one behind the others. */
static struct rule_entry *entry_for(struct reader *r, struct str id)
{
	struct rules *rules = r->rules;

	for (size_t i = 0; i < rules->count; i++) {
		if (str_is(id, rules->entries[i].rule.id)) {
			rules->entries[i] = (struct rule_entry){0};
			return &rules->entries[i];
		}
	}
	return rules->count < RULES_MAX ? &rules->entries[rules->count++] : NULL;
}

static bool valid_id(const struct node *id)
{
	if (!id || id->type != NODE_SCALAR || id->text.len == 0 || id->text.len > 64)
		return false;
	for (size_t i = 0; i < id->text.len; i++) {
		char c = id->text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

static void read_actions(struct reader *r, const struct node *actions, struct rule *out)
{
	static const char *const keys[] = {"now", "next", "later", NULL};

	if (!actions)
		return;
	if (actions->type != NODE_MAP) {
		diag_error(r->diags, actions->span, "'actions' is a map of now, next and later");
		return;
	}
	check_keys(r, actions, keys);
	out->now = read_texts(r, node_find(actions, "now"));
	out->next = read_texts(r, node_find(actions, "next"));
	out->later = read_texts(r, node_find(actions, "later"));
}

static void read_rule(struct reader *r, const struct node *map)
{
	static const char *const keys[] = {
		"id", "title", "priority", "logs", "observation", "actions", NULL};
	const struct node *id, *title, *priority;

	if (map->type != NODE_MAP) {
		diag_error(r->diags, map->span, "a rule is a map with 'id', not %s",
			node_kind_text(map));
		return;
	}
	check_keys(r, map, keys);
	id = node_find(map, "id");
	if (!valid_id(id)) {
		diag_error(r->diags, id ? id->span : map->span,
			"a rule needs an 'id' of small letters, digits and '-'");
		return;
	}
	struct rule_entry *entry = entry_for(r, id->text);
	if (!entry) {
		diag_error(r->diags, map->span, "more than %d rules", RULES_MAX);
		return;
	}
	*entry = (struct rule_entry){
		.rule = {.id = id->text.ptr, .title = id->text.ptr, .priority = PRIORITY_P1},
		.user = r->user};
	title = node_find(map, "title");
	if (title && title->type == NODE_SCALAR)
		entry->rule.title = title->text.ptr;
	priority = node_find(map, "priority");
	if (priority) {
		enum priority p = PRIORITY_P0;
		while (p <= PRIORITY_P3 && !str_is(priority->text, priority_name(p)))
			p++;
		if (p <= PRIORITY_P3)
			entry->rule.priority = p;
		else
			diag_error(r->diags, priority->span, "'priority' is P0, P1, P2 or P3");
	}
	entry->logs = read_patterns(r, node_find(map, "logs"), false, &entry->log_count);
	entry->observations =
		read_patterns(r, node_find(map, "observation"), true, &entry->observation_count);
	read_actions(r, node_find(map, "actions"), &entry->rule);
}

static void read_table(struct reader *r, const struct node *root)
{
	if (!root)
		return;
	if (root->type != NODE_LIST) {
		diag_error(r->diags, root->span, "a rules file is a list of rules, each with 'id'");
		return;
	}
	for (size_t i = 0; i < root->count; i++)
		read_rule(r, root->items[i]);
}

void rules_read(struct rules *rules, const struct source *source, bool user, struct diags *diags)
{
	struct reader r = {.rules = rules, .diags = diags, .user = user};
	struct node *root = NULL;

	yaml_load(rules->arena, source, &root, diags);
	read_table(&r, root);
}

int rules_load(struct rules *rules, const char *file, struct diags *diags, struct error *err)
{
	struct reader r = {.rules = rules, .diags = diags, .user = true};
	struct node *root = NULL;

	if (yaml_load_file(rules->arena, file, &root, diags, err))
		return -1;
	read_table(&r, root);
	return 0;
}
