/* ${...}: values, types, defaults, and every mistake with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"
#include "probe/clock.h"
#include "probe/expand.h"
#include "probe/json.h"

static struct scope *known_scope(struct arena *arena)
{
	static const char *const known[][2] = {{"user", "\"alice\""}, {"n", "5"}, {"pi", "3.5"},
		{"on", "true"}, {"none", "null"}, {"empty", "\"\""}, {"list", "[1,\"a\"]"},
		{"item", "{\"path\": \"/x\", \"tags\": [\"p\", \"q\"]}"}, {"run.id", "\"r1\""}};
	struct scope *parent = scope_new(arena, NULL), *scope = scope_new(arena, parent);
	struct value value;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(json_parse(arena, str_of(known[i][1]), 0, &value, NULL), 0);
		scope_set(i % 2 ? scope : parent, str_of(known[i][0]), &value);
	}
	setenv("HOME_TEST", "/home/x", 1);
	setenv("EMPTY_TEST", "", 1);
	unsetenv("NOPE_TEST");
	return scope;
}

static bool later(void *ctx, struct str name)
{
	(void)ctx;
	return str_is(name, "capt");
}

static void note(void *ctx, size_t offset, size_t len, const char *message)
{
	buf_printf(ctx, "%zu+%zu: %s\n", offset, len, message);
}

static const char *run_expand(struct arena *arena, const struct one_case *it)
{
	BUF_SCOPED struct buf out;
	struct expand_watch watch = {later, note, &out, false};
	struct value value;

	buf_init(&out, 1 << 16);
	if (expand_with(arena, known_scope(arena), it->input, &watch, &value) == 0) {
		if (watch.was_deferred)
			return "later";
		json_print(&out, &value);
	}
	return arena_str(arena, buf_str(&out)).ptr;
}

static void test_cases(void **state)
{
	(void)state;
	assert_int_equal(cases_run("tests/data/expand.test", run_expand), 0);
}

static void test_uuid_and_now(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct scope *scope = scope_new(arena, NULL);
	struct value a, b;
	int64_t now;

	assert_int_equal(expand(arena, scope, STR("${uuid}"), &a, NULL), 0);
	assert_int_equal(expand(arena, scope, STR("${uuid}"), &b, NULL), 0);
	assert_int_equal(a.string.len, 36);
	assert_int_equal(a.string.ptr[14], '4');
	assert_non_null(strchr("89ab", a.string.ptr[19]));
	assert_false(str_equal(a.string, b.string));
	assert_int_equal(expand(arena, scope, STR("${now}"), &a, NULL), 0);
	assert_true(time_parse(a.string, &now));
	assert_true(str_ends(a.string, "Z"));
	arena_free(arena);
}

static void test_inner_scope_wins(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct scope *outer = scope_new(arena, NULL), *inner = scope_new(arena, outer);
	struct value one = value_integer(1), two = value_integer(2);

	scope_set(outer, STR("x"), &one);
	assert_int_equal(scope_find(inner, STR("x"))->integer, 1);
	scope_set(inner, STR("x"), &two);
	assert_int_equal(scope_find(inner, STR("x"))->integer, 2);
	assert_int_equal(scope_find(outer, STR("x"))->integer, 1);
	assert_null(scope_find(inner, STR("y")));
	arena_free(arena);
}

/* A text that doubles with every use must end, not fill the memory. */
static void test_result_is_bounded(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct scope *scope = scope_new(arena, NULL);
	struct value value = value_text("0123456789abcdef");
	struct error err = {{0}};
	int failed = 0;

	for (int i = 0; i < 30 && !failed; i++) {
		scope_set(scope, STR("x"), &value);
		failed = expand(arena, scope, STR("${x}${x}"), &value, &err);
	}
	assert_true(failed);
	assert_string_equal(err.text, "the text is larger than 16 MiB");
	arena_free(arena);
}

static void each_name(void *ctx, const struct reference *reference)
{
	buf_printf(ctx, "%.*s@%zu%s ", STR_ARG(reference->name), reference->offset,
		reference->has_default ? "?" : "");
}

static void test_references(void **state)
{
	(void)state;
	BUF_SCOPED struct buf out;
	size_t offset;
	struct error err;

	buf_init(&out, 1 << 16);
	assert_int_equal(expand_references(STR("$${no} ${a} ${b:-${env.C}} $x ${d.e}"), each_name,
				 &out, &offset, &err),
		0);
	assert_string_equal(out.data, "a@7 b@12? env.C@17 d.e@30 ");
	assert_int_equal(expand_references(STR("ok ${a"), each_name, &out, &offset, &err), -1);
	assert_int_equal(offset, 3);
	assert_true(expand_needed(STR("a$$")));
	assert_false(expand_needed(STR("$.a $b $")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_uuid_and_now),
		cmocka_unit_test(test_inner_scope_wins),
		cmocka_unit_test(test_result_is_bounded),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
