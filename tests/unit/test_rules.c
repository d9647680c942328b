#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../../probe/diagnosis/rules_private.h"
#include "probe/buf.h"
#include "probe/file.h"
#include "probe/rules.h"

static struct str field(struct str *line)
{
	size_t end = str_find(*line, STR(" | "));
	struct str s = str_sub(*line, 0, end);

	*line = end == SIZE_MAX ? (struct str){"", 0} : str_from(*line, end + 3);
	return str_is(s, "-") ? (struct str){"", 0} : s;
}

/* "\n" in two characters is a line end, "\\" a backslash. */
static struct str unescape(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool escape = s.ptr[i] == '\\' && i + 1 < s.len;

		if (escape && s.ptr[i + 1] == 'n') {
			out[n++] = '\n';
			i++;
		} else if (escape && s.ptr[i + 1] == '\\') {
			out[n++] = '\\';
			i++;
		} else {
			out[n++] = s.ptr[i];
		}
	}
	return (struct str){out, n};
}

static const char *cause_of(
	const struct rules *rules, struct arena *arena, struct str type, struct str message)
{
	struct rule_match m;

	if (!rules_match_log(rules, arena, type, message, false, &m))
		return "none";
	return m.effect ? "" : m.rule->id;
}

static void test_messages(void **state)
{
	struct arena *arena = arena_new();
	struct rules *rules = rules_new(arena);
	struct str text, line;
	int failed = 0, cases = 0;

	(void)state;
	assert_int_equal(file_text(arena, "tests/data/rules.test", 1 << 20, &text, NULL), 0);
	while (str_line(&text, &line)) {
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		struct str wanted = field(&line), type = field(&line);
		struct str message = unescape(arena, line);
		const char *seen = cause_of(rules, arena, type, message);

		cases++;
		if (str_is(wanted, seen))
			continue;
		print_error("wanted %.*s, saw %s: %.*s: %.*s\n", STR_ARG(wanted), seen,
			STR_ARG(type), STR_ARG(message));
		failed++;
	}
	arena_free(arena);
	assert_true(cases > 100);
	assert_int_equal(failed, 0);
}

static void test_every_cause(void **state)
{
	static const char *const causes[] = {"missing-module", "missing-config", "bad-config-value",
		"config-whitespace", "port-in-use", "wrong-port", "bind-loopback-only",
		"db-unreachable", "db-auth-failed", "db-schema-missing", "db-too-many-connections",
		"cache-unreachable", "dns-failure", "tls-failure", "file-missing",
		"permission-denied", "out-of-memory", "syntax-error", "circular-import",
		"missing-shared-library", "exec-format", "runtime-version-mismatch",
		"dependency-timeout", "dependency-http-error", "token-invalid", "token-expired",
		"signing-key-mismatch", "iam-denied", "quota-exceeded",
		"websocket-upgrade-rejected", "websocket-origin-rejected", "startup-timeout",
		"crash-loop", "logging-misconfigured", "credential-accepted", "unexpected-response",
		"no-answer", "connection-refused", "slow-response", "unhandled-exception",
		"unknown"};
	struct arena *arena = arena_new();
	struct rules *rules = rules_new(arena);

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		assert_non_null(rules_find(rules, causes[i]));
	arena_free(arena);
}

static size_t filled(
	struct arena *arena, const struct strs *texts, const struct pairs *names, const char *id)
{
	size_t count = 0;

	for (size_t i = 0; i < texts->count; i++) {
		const char *text = rule_fill(arena, texts->items[i], names);

		if (!text)
			continue;
		count++;
		/* a place that nothing fills, or a word in capitals that stands for one */
		if (strpbrk(text, "{}[]|") || strstr(text, "HOST") || strstr(text, "NAME") ||
			strstr(text, "FILE "))
			fail_msg("%s: %s", id, text);
	}
	return count;
}

/* Three horizons for every cause; with nothing but the message known there still is something to do
 * now, and no line has a hole in it. */
static void test_actions(void **state)
{
	struct pair known[] = {{STR("message"), STR("it broke")}, {STR("step"), STR("starts")}};
	struct pairs little = {known, 2};
	struct arena *arena = arena_new();
	struct rules *rules = rules_new(arena);
	struct str text = rules_text(), line;

	(void)state;
	while (str_line(&text, &line)) {
		if (!str_starts(line, "- id: "))
			continue;
		const char *id = arena_str(arena, str_from(line, 6)).ptr;
		const struct rule *rule = rules_find(rules, id);
		size_t now = filled(arena, &rule->now, &little, id),
		       next = filled(arena, &rule->next, &little, id),
		       later = filled(arena, &rule->later, &little, id);

		/* noise is never urgent, of the unknown nothing can be learnt, and whatever keeps a
		 * service from getting ready has a name */
		if (strcmp(id, "logging-misconfigured") != 0 &&
			strcmp(id, "startup-timeout") != 0 && !now)
			fail_msg("%s: nothing to do now", id);
		if (!next || (!later && strcmp(id, "unknown") != 0))
			fail_msg("%s: %zu next, %zu later", id, next, later);
		assert_non_null(rule->title);
	}
	arena_free(arena);
}

static void test_observations(void **state)
{
	static const struct {
		const char *failure;
		int64_t status;
		const char *text, *cause;
	} cases[] = {
		{"connect", -1, "connection to 127.0.0.1:8080 refused", "connection-refused"},
		{"dns", -1, "cannot resolve 'db.internal'", "dns-failure"},
		{"tls", -1, "certificate has expired", "tls-failure"},
		{"timeout", -1, "no answer within 5s", "no-answer"},
		{"check", 500, "status: wanted 200, saw 500", "unexpected-response"},
		{"check", 401, "status: wanted 200, saw 401\n{\"error\":\"token expired\"}",
			"token-expired"},
		{"check", 403, "status: wanted 101, saw 403\norigin not allowed",
			"websocket-origin-rejected"},
		{"check", 426, "status: wanted 101, saw 426", "websocket-upgrade-rejected"},
		{"auth", -1, "invalid_client", "token-invalid"},
		{"check", 200, "jwt.error: wanted null, saw \"bad_signature\"",
			"signing-key-mismatch"},
	};
	struct arena *arena = arena_new();
	struct rules *rules = rules_new(arena);
	struct rule_match m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(rules_match_observation(rules, arena, cases[i].failure, cases[i].status,
			str_of(cases[i].text), &m));
		assert_string_equal(m.rule->id, cases[i].cause);
	}
	arena_free(arena);
}

static void test_fill(void **state)
{
	struct arena *arena = arena_new();
	struct pair items[] = {{STR("host"), STR("db\nx")}, {STR("empty"), STR("")}};
	struct pairs names = {items, 2};

	(void)state;
	assert_string_equal(
		rule_fill(arena, STR("the database[ at {host}][:{port}] is down"), &names),
		"the database at db is down");
	assert_string_equal(
		rule_fill(arena, STR("{port|a port} and {host}"), &names), "a port and db");
	assert_null(rule_fill(arena, STR("needs {port}"), &names));
	assert_null(rule_fill(arena, STR("needs {empty}"), &names));
	assert_string_equal(rule_fill(arena, STR("open { brace"), &names), "open { brace");
	arena_free(arena);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Patterns of the table are compiled when they are first matched; none of them may fail then. */
static void test_every_pattern(void **state)
{
	char path[] = "/tmp/test_rules_XXXXXX";
	struct arena *arena = arena_new();
	struct rules *rules = rules_new(arena);
	struct diags diags;
	struct error err;

	(void)state;
	close(mkstemp(path));
	diags_init(&diags, arena);
	write_file(path, rules_text().ptr);
	assert_int_equal(rules_load(rules, path, &diags, &err), 0);
	assert_int_equal(diags.count, 0);
	unlink(path);
	rules_free(rules);
	arena_free(arena);
}

static void test_user_rules(void **state)
{
	char path[] = "/tmp/test_rules_XXXXXX";
	struct arena *arena = arena_new();
	struct rules *rules = rules_new(arena);
	struct rule_match m;
	struct diags diags;
	struct error err;

	(void)state;
	close(mkstemp(path));
	diags_init(&diags, arena);
	write_file(path, "- id: kraken\n  title: \"the kraken of {place} woke\"\n  priority: P0\n"
			 "  logs: {matches: \"kraken at (?<place>\\\\w+)\"}\n"
			 "  observation: {failure: check, status: 418}\n"
			 "  actions: {now: [\"feed it\"]}\n");
	assert_int_equal(rules_load(rules, path, &diags, &err), 0);
	assert_false(diags_failed(&diags));
	assert_true(rules_match_log(rules, arena, STR(""), STR("kraken at sea"), false, &m));
	assert_string_equal(m.rule->id, "kraken");
	assert_string_equal(
		rule_fill(arena, str_of(m.rule->title), &m.names), "the kraken of sea woke");
	assert_true(rules_match_observation(rules, arena, "check", 418, STR(""), &m));
	assert_string_equal(m.rule->id, "kraken");

	/* all mistakes at once, each with its place */
	write_file(path, "- id: Bad Id\n- id: x\n  prority: P0\n  logs: {matches: \"(\"}\n"
			 "- id: y\n  priority: P9\n  logs: {}\n- text\n");
	assert_int_equal(rules_load(rules, path, &diags, &err), 0);
	assert_int_equal(diags.errors, 6);
	assert_int_equal(rules_load(rules, "/does/not/exist", &diags, &err), -1);
	unlink(path);
	rules_free(rules);
	arena_free(arena);
}

static void assert_same_texts(const struct strs *a, const struct strs *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_true(str_equal(a->items[i], b->items[i]));
		assert_int_equal(a->items[i].ptr[a->items[i].len], '\0');
	}
}

static void assert_same_patterns(const struct pattern *a, const struct pattern *b, size_t count)
{
	for (size_t i = 0; i < count; i++, a++, b++) {
		assert_same_texts(&a->types, &b->types);
		assert_same_texts(&a->names, &b->names);
		assert_int_equal(a->regex == NULL, b->regex == NULL);
		if (a->regex)
			assert_true(str_equal(regex_pattern(a->regex), regex_pattern(b->regex)));
		assert_int_equal(a->word_count, b->word_count);
		assert_memory_equal(a->words, b->words, sizeof(a->words));
		assert_int_equal(a->effect << 2 | a->weak << 1 | a->any_level,
			b->effect << 2 | b->weak << 1 | b->any_level);
		assert_int_equal(a->failure == NULL, b->failure == NULL);
		if (a->failure)
			assert_string_equal(a->failure, b->failure);
		assert_int_equal(a->status_count, b->status_count);
		assert_memory_equal(a->status, b->status, sizeof(a->status));
	}
}

static void assert_same_entry(const struct rule_entry *a, const struct rule_entry *b)
{
	assert_string_equal(a->rule.id, b->rule.id);
	assert_string_equal(a->rule.title, b->rule.title);
	assert_int_equal(a->rule.priority, b->rule.priority);
	assert_same_texts(&a->rule.now, &b->rule.now);
	assert_same_texts(&a->rule.next, &b->rule.next);
	assert_same_texts(&a->rule.later, &b->rule.later);
	assert_int_equal(a->log_count, b->log_count);
	assert_same_patterns(a->logs, b->logs, a->log_count);
	assert_int_equal(a->observation_count, b->observation_count);
	assert_same_patterns(a->observations, b->observations, a->observation_count);
}

/* What the program unpacks is what `help rules` prints. */
static void test_packed(void **state)
{
	struct arena *arena = arena_new();
	struct rules *packed = rules_new(arena), *read = ARENA_NEW(arena, struct rules);
	struct source source = {.name = "rules.yaml", .text = rules_text()};
	struct diags diags;

	(void)state;
	diags_init(&diags, arena);
	read->arena = arena;
	rules_read(read, &source, false, &diags);
	assert_false(diags_failed(&diags));
	assert_true(packed->count > 30);
	assert_int_equal(packed->count, read->count);
	for (size_t i = 0; i < packed->count; i++)
		assert_same_entry(&packed->entries[i], &read->entries[i]);
	assert_int_equal(packed->filter.count, read->filter.count);
	assert_memory_equal(packed->filter.first, read->filter.first, sizeof(read->filter.first));
	for (size_t i = 1; i <= packed->filter.count; i++) {
		assert_true(str_equal(packed->filter.words[i].text, read->filter.words[i].text));
		assert_int_equal(packed->filter.words[i].next, read->filter.words[i].next);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_every_cause),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_observations),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_every_pattern),
		cmocka_unit_test(test_user_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
