/* JSONPath: own cases, the compliance test suite when it is there, and queries that must not hang. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"
#include "data_test.h"
#include "probe/clock.h"
#include "probe/json.h"
#include "probe/jsonpath.h"

static struct value paths_of(struct arena *arena, const struct jsonpath_nodes *nodes)
{
	struct value paths = value_array();

	for (size_t i = 0; i < nodes->count; i++)
		value_push(arena, &paths, value_text(nodes->items[i].path));
	return paths;
}

static struct value values_of(struct arena *arena, const struct jsonpath_nodes *nodes)
{
	struct value values = value_array();

	for (size_t i = 0; i < nodes->count; i++)
		value_push(arena, &values, *nodes->items[i].value);
	return values;
}

/* Lines: a query and a document; out come the values, or the paths after a line "paths". */
static const char *run_case(const struct data_case *c, bool *failed)
{
	static struct error err;
	struct jsonpath *query;
	struct jsonpath_nodes nodes;
	struct value document;
	size_t offset;

	*failed = true;
	if (jsonpath_compile(c->arena, c->lines[0], &query, &offset, &err))
		return arena_printf(c->arena, "%zu: %s", offset, err.text);
	assert_true(c->count >= 2);
	if (json_parse(c->arena, c->lines[1], 0, &document, &err))
		return err.text;
	bool paths = c->count > 2 && str_is(c->lines[2], "paths");

	if (jsonpath_select(query, c->arena, &document, paths, &nodes, &err))
		return err.text;
	*failed = false;
	struct value out = paths ? paths_of(c->arena, &nodes) : values_of(c->arena, &nodes);
	/* The case's arena is gone when the text is compared no more. */
	return value_to_str(c->arena, &out).ptr;
}

static void test_cases(void **state)
{
	(void)state;
	data_test("jsonpath.test", run_case);
}

/* The result is one of several where the order of members is free. */
static bool is_one_of(
	const struct value *test, const char *one, const char *many, const struct value *got)
{
	const struct value *want = value_find(test, one), *wants = value_find(test, many);

	if (want)
		return value_equal(want, got);
	for (size_t i = 0; wants && i < wants->array.count; i++)
		if (value_equal(&wants->array.items[i], got))
			return true;
	return false;
}

/* The reader of JSON has no NUL in strings and makes it U+FFFD; two cases need the real one. */
static struct str with_nul(struct arena *arena, struct str text)
{
	struct str copy = arena_str(arena, text);
	size_t at = str_find(copy, STR("\xEF\xBF\xBD"));

	if (at == SIZE_MAX)
		return copy;
	memmove((char *)copy.ptr + at + 1, copy.ptr + at + 3, copy.len - at - 3);
	((char *)copy.ptr)[at] = '\0';
	copy.len -= 2;
	return copy;
}

static bool cts_passes(struct arena *arena, const struct value *test)
{
	struct jsonpath *query;
	struct jsonpath_nodes nodes;
	struct error err = {""};
	const struct value *invalid = value_find(test, "invalid_selector");
	struct str text = value_str_or(value_find(test, "selector"), STR(""));

	if (str_ends(value_str_or(value_find(test, "name"), STR("")), "embedded U+0000"))
		text = with_nul(arena, text);
	if (jsonpath_compile(arena, text, &query, NULL, &err))
		return invalid && invalid->boolean;
	if (invalid ||
		jsonpath_select(query, arena, value_find(test, "document"), true, &nodes, &err))
		return false;
	struct value values = values_of(arena, &nodes), paths = paths_of(arena, &nodes);

	return is_one_of(test, "result", "results", &values) &&
	       is_one_of(test, "result_paths", "results_paths", &paths);
}

static void test_compliance_suite(void **state)
{
	struct arena *arena = arena_new();
	struct value suite;
	struct error err;
	struct str text = data_read(arena, "../shared/data/jsonpath/cts.json");
	size_t wrong = 0;

	(void)state;
	if (!text.ptr) {
		arena_free(arena);
		print_message("skipped: ../shared/data/jsonpath/cts.json is not here\n");
		skip();
	}
	assert_int_equal(json_parse(arena, text, 0, &suite, &err), 0);
	const struct value *tests = value_find(&suite, "tests");

	for (size_t i = 0; i < tests->array.count; i++) {
		const struct value *test = &tests->array.items[i];

		if (cts_passes(arena, test))
			continue;
		wrong++;
		print_error("%s\n", value_to_str(arena, test).ptr);
	}
	print_message("%zu of %zu cases of the compliance test suite pass\n",
		tests->array.count - wrong, tests->array.count);
	arena_free(arena);
	assert_int_equal(wrong, 0);
}

static void assert_ends(const char *query_text, struct str document_text, const char *problem)
{
	struct arena *arena = arena_new();
	struct jsonpath *query;
	struct jsonpath_nodes nodes;
	struct value document;
	struct error err = {""};

	assert_int_equal(jsonpath_compile(arena, str_of(query_text), &query, NULL, &err), 0);
	assert_int_equal(json_parse(arena, document_text, 0, &document, &err), 0);
	int64_t start = clock_monotonic();

	assert_int_equal(jsonpath_select(query, arena, &document, false, &nodes, &err), -1);
	assert_string_equal(err.text, problem);
	assert_true(clock_monotonic() - start < time_limit(20 * NS_PER_S));
	arena_free(arena);
}

static void test_blow_ups_end(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 500; i++)
		buf_add_text(&b, "[0,");
	buf_add_text(&b, "0");
	for (int i = 0; i < 500; i++)
		buf_add_char(&b, ']');
	assert_ends("$..*..*..*", buf_str(&b), "the query selects more than 1000000 nodes");
	assert_ends("$..[?@..[?@..[?@..[?@..a]]]]", buf_str(&b),
		"the query is too expensive on this document");
	buf_clear(&b);
	buf_add_text(&b, "[\"");
	for (int i = 0; i < 3000; i++)
		buf_add_char(&b, 'a');
	buf_add_text(&b, "\"]");
	assert_ends("$[?match(@, '(a*)*[bc]')]", buf_str(&b),
		"the pattern of match() or search() backtracks too much");
	buf_release(&b);
}

static void test_long_queries(void **state)
{
	struct arena *arena = arena_new();
	struct jsonpath *query;
	struct error err;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_add_text(&b, "$[?");
	for (int i = 0; i < 100000; i++)
		buf_add_text(&b, "(!");
	assert_int_equal(jsonpath_compile(arena, buf_str(&b), &query, NULL, &err), -1);
	assert_string_equal(err.text, "nested too deeply");
	buf_clear(&b);
	buf_add_char(&b, '$');
	for (int i = 0; i < 100000; i++)
		buf_add_text(&b, "[?@");
	assert_int_equal(jsonpath_compile(arena, buf_str(&b), &query, NULL, &err), -1);
	assert_string_equal(err.text, "filters nested too deeply");
	buf_release(&b);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_compliance_suite),
		cmocka_unit_test(test_blow_ups_end),
		cmocka_unit_test(test_long_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
