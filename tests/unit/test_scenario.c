/* Scenario files: what is read of them, and every mistake with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"
#include "fake_kinds.h"
#include "probe/buf.h"
#include "probe/clock.h"

/* "name | kind | directory" of each step, variables, or the diagnostics. */
static const char *run_scenario(struct arena *arena, const struct one_case *it)
{
	struct diags diags;
	BUF_SCOPED struct buf out = {0};

	fake_files(arena, it->input);
	diags_init(&diags, arena);
	struct scenario *s = scenario_load(arena, "t.yaml", &fake_vocabulary, &diags);

	if (diags.count || !s)
		return fake_diags_text(arena, &diags);
	buf_init(&out, 1 << 20);
	buf_printf(&out, "%s%s%s\n", s->name, s->description ? ": " : "",
		s->description ? s->description : "");
	for (size_t i = 0; i < s->var_count; i++)
		buf_printf(&out, "%.*s = %.*s (%s)\n", STR_ARG(s->vars[i].name),
			STR_ARG(s->vars[i].value->text), s->vars[i].dir);
	for (size_t i = 0; i < s->step_count; i++)
		buf_printf(&out, "%.*s | %s | %s\n", STR_ARG(s->steps[i].name),
			s->steps[i].kind->name, s->steps[i].dir);
	return arena_str(arena, buf_str(&out)).ptr;
}

static void test_cases(void **state)
{
	(void)state;
	assert_int_equal(cases_run(fake_path("tests/data/scenario.test"), run_scenario), 0);
}

static void test_deep_includes(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct diags diags;

	for (int i = 0; i < 18; i++) {
		char name[32];

		snprintf(name, sizeof(name), "deep%d.yaml", i);
		FILE *file = fopen(name, "we");

		fprintf(file, "steps:\n- include: deep%d.yaml\n", i + 1);
		fclose(file);
	}
	diags_init(&diags, arena);
	scenario_load(arena, "deep0.yaml", &fake_vocabulary, &diags);
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].message, "more than 16 includes inside each other");
	arena_free(arena);
}

/* Each file includes the next one twice: 65,536 leaves if nobody counted. */
static void test_many_includes(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct diags diags;
	int64_t start = cpu_time();

	for (int i = 0; i < 16; i++) {
		char name[32];

		snprintf(name, sizeof(name), "wide%d.yaml", i);
		FILE *file = fopen(name, "we");

		fprintf(file, "steps:\n- include: wide%d.yaml\n- include: wide%d.yaml\n", i + 1,
			i + 1);
		fclose(file);
	}
	FILE *file = fopen("wide16.yaml", "we");

	fputs("steps:\n- note: {}\n", file);
	fclose(file);
	diags_init(&diags, arena);
	scenario_load(arena, "wide0.yaml", &fake_vocabulary, &diags);
	assert_true(diags_failed(&diags));
	assert_true(cpu_time() - start < time_limit(NS_PER_S));
	arena_free(arena);
}

static void test_unreadable(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct diags diags;

	diags_init(&diags, arena);
	assert_null(scenario_load(arena, "nope.yaml", &fake_vocabulary, &diags));
	assert_string_equal(fake_diags_text(arena, &diags),
		"nope.yaml: error: cannot open 'nope.yaml': No such file or directory\n");
	arena_free(arena);
}

/* A mistake in each of 300 steps: 100 are shown, the rest is counted. */
static void test_many_mistakes(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct diags diags;
	FILE *file = fopen("many.yaml", "we");

	fputs("steps:\n", file);
	for (int i = 0; i < 300; i++)
		fprintf(file, "- {prob: GET /%d}\n", i);
	fclose(file);
	diags_init(&diags, arena);
	scenario_load(arena, "many.yaml", &fake_vocabulary, &diags);
	assert_int_equal(diags.count, 100);
	assert_int_equal(diags.errors, 300);
	assert_non_null(strstr(fake_diags_text(arena, &diags), "(200 more not shown)"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_deep_includes),
		cmocka_unit_test(test_many_includes),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_many_mistakes),
	};

	return cmocka_run_group_tests(tests, fake_enter, fake_leave);
}
