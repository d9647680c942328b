/* Checks and captures: what is written, what was seen, and the line that is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data_test.h"
#include "probe/check.h"
#include "probe/json.h"

static const struct fact_def kind_facts[] = {
	{"status", "integer", ""},
	{"header", "object", ""},
	{"header.*", "string", ""},
	{"cookie", "object", ""},
	{"cookie.*", "string", ""},
	{"body", "string", ""},
	{"json", "object", ""},
	{"messages", "list", ""},
	{"size", "size", ""},
	{"time", "duration", ""},
	{"time.connect", "duration", ""},
	{"tls.verified", "boolean", ""},
	{"tls.days_left", "integer", ""},
	{"tls.san", "list", ""},
	{NULL, NULL, NULL},
};

static const struct implied_check implied[] = {{"status", "2xx"}, {NULL, NULL}};

static struct node *load(struct arena *arena, struct str text, struct diags *diags)
{
	struct source *source = ARENA_NEW(arena, struct source);
	struct node *root = NULL;

	*source = (struct source){"t", text};
	yaml_load(arena, source, &root, diags);
	return root;
}

/* Facts from a JSON object: headers is a map, body a text, json is the body as JSON. */
static struct facts *make_facts(struct arena *arena, struct str text)
{
	struct facts *facts = facts_new(arena);
	struct value given;
	struct error err = {""};

	if (json_parse(arena, text, 0, &given, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < given.object.count; i++) {
		const struct member *m = &given.object.members[i];

		if (str_is(m->key, "header")) {
			struct pairs headers = {
				ARENA_ARRAY(arena, m->value.object.count, struct pair),
				m->value.object.count};

			for (size_t k = 0; k < headers.count; k++)
				headers.items[k] = (struct pair){m->value.object.members[k].key,
					m->value.object.members[k].value.string};
			facts_set_headers(facts, &headers);
		} else if (str_is(m->key, "json")) {
			facts_set_body(facts, value_to_str(arena, &m->value), 0);
		} else if (str_is(m->key, "body")) {
			facts_set_body(facts, m->value.string, 0);
		} else {
			facts_set(facts, arena_str(arena, m->key).ptr, m->value);
		}
	}
	return facts;
}

/* Mistakes as "COLUMN: MESSAGE", joined. */
static const char *mistakes(struct arena *arena, const struct diags *diags)
{
	const char *text = "";

	for (size_t i = 0; i < diags->count; i++)
		text = arena_printf(arena, "%s%s%u: %s", text, i ? " | " : "",
			diags->items[i].span.column, diags->items[i].message);
	return text;
}

static struct fill make_fill(struct arena *arena, struct diags *diags)
{
	struct scope *scope = scope_new(arena, NULL);
	struct value state = value_text("ready"), limit = value_text("1s"), n = value_integer(5);

	scope_set(scope, STR("state"), &state);
	scope_set(scope, STR("limit"), &limit);
	scope_set(scope, STR("n"), &n);
	return (struct fill){.arena = arena, .scope = scope, .diags = diags, .dir = "."};
}

/* Lines: `expect` and the facts. Out come the lines of the checks, each with '+' or '-' before. */
static const char *run_case(const struct data_case *c, bool *failed)
{
	struct arena *arena = c->arena;
	struct diags *diags = ARENA_NEW(arena, struct diags);
	struct checks checks;
	struct check_result *results;
	size_t count;
	const char *out = "";

	diags_init(diags, arena);
	struct node *root = load(arena, c->lines[0], diags);

	*failed = true;
	if (diags_failed(diags))
		return mistakes(arena, diags);
	checks_parse(arena, root, kind_facts, c->count > 2 ? implied : NULL, &checks, diags);
	if (diags_failed(diags))
		return mistakes(arena, diags);
	*failed = false;
	struct fill fill = make_fill(arena, diags);

	assert_true(c->count >= 2);
	checks_evaluate(&checks, make_facts(arena, c->lines[1]), &fill, &results, &count);
	for (size_t i = 0; i < count; i++)
		out = arena_printf(arena, "%s%s%c%s", out, i ? " | " : "",
			results[i].passed ? '+' : '-', results[i].text);
	return out;
}

static void test_cases(void **state)
{
	(void)state;
	data_test("checks.test", run_case);
}

static const char *taken;

static void got(void *ctx, struct str name, const struct value *value, bool secret)
{
	struct arena *arena = ctx;
	struct buf text;

	buf_init(&text, 1 << 20);
	json_print(&text, value);
	taken = arena_printf(arena, "%s%s%.*s=%.*s%s", taken, *taken ? " " : "", STR_ARG(name),
		STR_ARG(buf_str(&text)), secret ? " (secret)" : "");
	buf_release(&text);
}

/* Lines: `capture` and the facts. */
static const char *run_capture(const struct data_case *c, bool *failed)
{
	struct arena *arena = c->arena;
	struct diags *diags = ARENA_NEW(arena, struct diags);
	struct captures captures;
	struct error err;

	diags_init(diags, arena);
	*failed = true;
	captures_parse(arena, load(arena, c->lines[0], diags), kind_facts, &captures, diags);
	if (diags_failed(diags))
		return mistakes(arena, diags);
	struct fill fill = make_fill(arena, diags);

	assert_true(c->count >= 2);
	taken = "";
	if (captures_take(&captures, make_facts(arena, c->lines[1]), &fill, got, arena, &err))
		return arena_strdup(arena, err.text);
	*failed = false;
	return taken;
}

static void test_captures(void **state)
{
	(void)state;
	data_test("captures.test", run_capture);
}

static void test_results_are_values(void **state)
{
	struct arena *arena = arena_new();
	struct diags diags;
	struct checks checks;
	struct check_result *r;
	size_t count;

	(void)state;
	diags_init(&diags, arena);
	checks_parse(arena,
		load(arena,
			STR("{header: {X-App: a}, json: {$.n: {gt: 5}, '$.a[*]': {count: 3}}, time: "
			    "{lt: 800ms}}"),
			&diags),
		kind_facts, implied, &checks, &diags);
	assert_false(diags_failed(&diags));
	struct fill fill = make_fill(arena, &diags);
	struct facts *facts = make_facts(arena,
		STR("{\"status\":204,\"header\":{\"x-app\":\"b\"},\"json\":{\"n\":4,\"a\":[1,2]},"
		    "\"time\":1200000000}"));

	assert_int_equal(checks_evaluate(&checks, facts, &fill, &r, &count), 4);
	assert_int_equal(count, 5);
	assert_string_equal(r[0].fact, "status");
	assert_true(r[0].passed);
	assert_null(r[0].select);
	assert_true(str_is(r[0].wanted.string, "2xx"));
	assert_string_equal(r[1].fact, "header");
	assert_string_equal(r[1].select, "X-App");
	assert_string_equal(r[1].op, "equals");
	assert_true(str_is(r[1].actual.string, "b"));
	assert_string_equal(r[2].fact, "json");
	assert_string_equal(r[2].select, "$.n");
	assert_string_equal(r[2].op, "gt");
	assert_int_equal(r[2].wanted.integer, 5);
	assert_int_equal(r[2].actual.integer, 4);
	assert_int_equal(r[3].wanted.integer, 3);
	assert_int_equal(r[3].actual.integer, 2);
	assert_true(str_is(r[4].wanted.string, "800ms"));
	assert_true(str_is(r[4].actual.string, "1.2s"));
	arena_free(arena);
}

static void test_message(void **state)
{
	struct arena *arena = arena_new();
	struct diags diags;
	struct checks checks;
	struct check_result *r;
	size_t count;

	(void)state;
	diags_init(&diags, arena);
	checks_parse_message(arena,
		load(arena, STR("{json: {$.type: pong}, text: {contains: po}, within: 5s}"),
			&diags),
		&checks, &diags);
	assert_false(diags_failed(&diags));
	assert_int_equal(checks.count, 2);
	struct fill fill = make_fill(arena, &diags);
	struct facts *facts = facts_new(arena);

	facts_set_body(facts, STR("{\"type\":\"pong\"}"), 0);
	facts_set(facts, "text", value_text("{\"type\":\"pong\"}"));
	assert_int_equal(checks_evaluate(&checks, facts, &fill, &r, &count), 0);
	arena_free(arena);
}

static void test_every_matcher_has_help(void **state)
{
	struct check_op_def def;
	size_t i = 0;

	(void)state;
	for (; check_op_at(i, &def); i++) {
		assert_true(strlen(def.name) > 0 && strlen(def.help) > 10);
		assert_true(str_contains(str_of(def.example), def.name));
	}
	assert_int_equal(i, 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_captures),
		cmocka_unit_test(test_results_are_values),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_every_matcher_has_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
