/*
 * Asking the table of causes, and filling its texts with names.
 */
#include "rules_private.h"

/* Bytes of a message that patterns look at: what names a cause stands near its beginning. */
enum { MATCH_BYTES = 3000, FILL_BYTES = 1000 };

/* "psycopg2.errors.UndefinedTable" fits "UndefinedTable" and itself. */
static bool type_fits(struct str type, struct str wanted)
{
	if (type.len < wanted.len || wanted.len == 0)
		return false;
	struct str tail = str_from(type, type.len - wanted.len);
	if (!str_equal(tail, wanted))
		return false;
	if (type.len == wanted.len)
		return true;
	return strchr(".:\\$/", type.ptr[type.len - wanted.len - 1]) != NULL;
}

static bool any_type_fits(const struct strs *types, struct str type)
{
	for (size_t i = 0; i < types->count; i++) {
		if (type_fits(type, types->items[i]))
			return true;
	}
	return false;
}

/* Names caught by the groups; "host2" is another place for "host". */
static void catch_names(const struct pattern *p, struct arena *arena, const struct str *groups,
	size_t count, struct pairs *out)
{
	*out = (struct pairs){.items = ARENA_ARRAY(arena, p->names.count + 1, struct pair)};
	for (size_t i = 0; i < p->names.count; i++) {
		size_t number = regex_group(p->regex, p->names.items[i].ptr);
		struct str name = p->names.items[i];

		if (number == 0 || number >= count || !groups[number].ptr || !groups[number].len)
			continue;
		if (name.len > 1 && name.ptr[name.len - 1] >= '2' && name.ptr[name.len - 1] <= '9')
			name.len--;
		out->items[out->count++] = (struct pair){
			arena_str(arena, name), arena_str(arena, str_trim(groups[number]))};
	}
}

static bool regex_fits(
	const struct pattern *p, struct arena *arena, struct str text, struct pairs *names)
{
	struct str groups[REGEX_GROUPS_MAX] = {{NULL, 0}};

	*names = (struct pairs){0};
	if (!p->regex)
		return true;
	if (regex_match(p->regex, str_sub(text, 0, MATCH_BYTES), groups, REGEX_GROUPS_MAX, NULL) !=
		1)
		return false;
	catch_names(p, arena, groups, REGEX_GROUPS_MAX, names);
	return true;
}

static int weigh(const struct pattern *p)
{
	int weight = p->types.count ? (p->regex ? 6 : 4) : 5;

	return p->weak ? weight - 3 : weight;
}

/* Text in quotes that was itself printed in quotes: \" is ". */
static struct str without_escapes(struct arena *arena, struct str s)
{
	char *out;
	size_t len = 0;

	if (str_find(s, STR("\\\"")) == SIZE_MAX)
		return s;
	out = arena_alloc(arena, s.len + 1);
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\\' || i + 1 == s.len || s.ptr[i + 1] != '"')
			out[len++] = s.ptr[i];
	return (struct str){out, len};
}

bool rules_match_log(const struct rules *rules, struct arena *arena, struct str type,
	struct str message, bool quiet, struct rule_match *out)
{
	struct filter_hits hits;
	int best = 0;

	if (!rules)
		return false;
	message = without_escapes(arena, str_sub(message, 0, MATCH_BYTES));
	rules_filter_scan(rules, message, &hits);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];

		for (size_t k = 0; k < entry->log_count; k++) {
			const struct pattern *p = &entry->logs[k];
			int weight = weigh(p) * 2 + entry->user;
			struct pairs names;

			if (weight <= best || (quiet && !p->any_level) ||
				(p->types.count && !any_type_fits(&p->types, type)) ||
				!rules_filter_passes(p, &hits) ||
				!regex_fits(p, arena, message, &names))
				continue;
			best = weight;
			*out = (struct rule_match){.rule = &entry->rule,
				.names = names,
				.weight = weigh(p),
				.effect = p->effect};
		}
	}
	return best > 0;
}

static bool status_fits(const struct pattern *p, int64_t status)
{
	for (size_t i = 0; i < p->status_count; i++) {
		if (p->status[i] == status)
			return true;
	}
	return p->status_count == 0;
}

bool rules_match_observation(const struct rules *rules, struct arena *arena, const char *failure,
	int64_t status, struct str text, struct rule_match *out)
{
	int best = 0;

	for (size_t i = 0; rules && i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];

		for (size_t k = 0; k < entry->observation_count; k++) {
			const struct pattern *p = &entry->observations[k];
			struct pairs names;
			int weight = ((p->failure != NULL) + 2 * (p->status_count > 0) +
					     4 * (p->regex != NULL)) *
					     2 +
				     entry->user;

			if (weight <= best || (p->failure && strcmp(p->failure, failure) != 0) ||
				!status_fits(p, status) || !regex_fits(p, arena, text, &names))
				continue;
			best = weight;
			*out = (struct rule_match){
				.rule = &entry->rule, .names = names, .weight = weight / 2};
		}
	}
	return best > 0;
}

static struct str find_name(const struct pairs *names, struct str name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (str_equal(names->items[i].name, name) && names->items[i].value.len)
			return names->items[i].value;
	}
	return (struct str){NULL, 0};
}

/* Values stand in one line: a line end or a long value would not. */
static void add_value(struct buf *b, struct str value)
{
	struct str rest = value, line;

	if (!str_line(&rest, &line))
		return;
	buf_add_str(b, str_sub(line, 0, 300));
}

/* One {name} or {name|otherwise} at `at`; returns the offset behind it. */
static size_t fill_name(
	struct buf *b, struct str text, size_t at, const struct pairs *names, bool *missing)
{
	struct str rest = str_from(text, at + 1);
	size_t end = str_find_char(rest, '}');

	if (end == SIZE_MAX) {
		buf_add_char(b, '{');
		return at + 1;
	}
	struct str name = str_sub(rest, 0, end), otherwise = {NULL, 0};
	size_t bar = str_find_char(name, '|');
	if (bar != SIZE_MAX) {
		otherwise = str_from(name, bar + 1);
		name = str_sub(name, 0, bar);
	}
	struct str value = find_name(names, name);
	if (value.ptr)
		add_value(b, value);
	else if (otherwise.ptr)
		buf_add_str(b, otherwise);
	else
		*missing = true;
	return at + end + 2;
}

const char *rule_fill(struct arena *arena, struct str text, const struct pairs *names)
{
	struct buf b;
	size_t open = SIZE_MAX;
	bool missing = false, part_missing = false;

	buf_init(&b, FILL_BYTES * 4);
	for (size_t i = 0; i < text.len;) {
		char c = text.ptr[i];

		if (c == '{') {
			i = fill_name(
				&b, text, i, names, open == SIZE_MAX ? &missing : &part_missing);
			continue;
		}
		i++;
		if (c == '[' && open == SIZE_MAX) {
			open = b.len;
			part_missing = false;
		} else if (c == ']' && open != SIZE_MAX) {
			if (part_missing)
				b.len = open;
			open = SIZE_MAX;
		} else {
			buf_add_char(&b, c);
		}
	}
	const char *filled = missing ? NULL : arena_str(arena, buf_str(&b)).ptr;
	buf_release(&b);
	return filled;
}
