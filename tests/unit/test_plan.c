/* Plans: variables and who wins, order, choice, targets, and every mistake with its place. */
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
#include "probe/json.h"
#include "probe/plan.h"

static void add_text(struct arena *arena, struct strs *list, struct str text)
{
	struct str *items = ARENA_ARRAY(arena, list->count + 1, struct str);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(items[0]));
	items[list->count++] = arena_str(arena, text);
	list->items = items;
}

/* The first line of a case may be a command line: "$ --var a=b PORT=80 --only x". */
static struct str take_command(
	struct arena *arena, struct str input, struct plan_options *options, struct pairs *vars)
{
	static const char *const names[] = {"PORT", "CLOUD_RUN_SERVICE_URLS", "GOLDPROBE_VAR_B",
		"GOLDPROBE_VAR_USER_NAME", NULL};
	struct str rest = input, line;
	bool more = true;

	for (size_t i = 0; names[i]; i++)
		unsetenv(names[i]);
	if (!str_starts(input, "$ "))
		return input;
	str_line(&rest, &line);
	line = str_from(line, 2);
	while (more) {
		size_t blank = str_find_char(line, ' ');
		struct str word = arena_str(arena, str_sub(line, 0, blank));
		struct str value = str_from(word, str_find_char(word, '=') + 1);
		size_t equals = str_find_char(value, '=');

		if (str_starts(word, "--var=")) {
			vars->items[vars->count++] = (struct pair){
				str_sub(value, 0, equals), str_from(value, equals + 1)};
		} else if (str_starts(word, "--target=")) {
			options->target = value.ptr;
		} else if (str_starts(word, "--vars-file=")) {
			options->vars_file = value.ptr;
		} else if (str_starts(word, "--only=")) {
			add_text(arena, &options->only, value);
		} else if (str_starts(word, "--tag=")) {
			add_text(arena, &options->tags, value);
		} else if (str_starts(word, "--skip-tag=")) {
			add_text(arena, &options->skip_tags, value);
		} else {
			setenv(arena_str(arena, str_sub(word, 0, word.len - value.len - 1)).ptr,
				value.ptr, 1);
		}
		more = blank != SIZE_MAX;
		line = str_from(line, more ? blank + 1 : 0);
	}
	options->vars = vars;
	return rest;
}

static void print_indexes(struct buf *out, const char *what, const size_t *items, size_t count)
{
	if (!count)
		return;
	buf_printf(out, " %s", what);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s%zu", i ? "," : " ", items[i]);
}

static void print_step(struct buf *out, const struct plan_step *step, size_t index)
{
	buf_printf(out, "%zu %s: %s", index, step->name, step->describe);
	print_indexes(out, "needs", step->needs, step->need_count);
	print_indexes(out, "after", step->after, step->after_count);
	if (!step->selected)
		buf_add_text(out, " skipped");
	if (step->capability)
		buf_printf(out, " capability %s", step->capability);
	if (step->timeout != 10 * NS_PER_S)
		buf_printf(out, " timeout %lld", (long long)(step->timeout / NS_PER_MS));
	if (step->retries)
		buf_printf(out, " retry for %lld every %lld x%g %lld times on %d",
			(long long)(step->retry.for_ns / NS_PER_MS),
			(long long)(step->retry.every / NS_PER_MS), step->retry.backoff,
			(long long)step->retry.attempts, step->retry.on);
	if (step->stable != 1)
		buf_printf(out, " stable %lld", (long long)step->stable);
	if (step->connection.cacert.len)
		buf_printf(out, " cacert %.*s", STR_ARG(step->connection.cacert));
	if (step->connection.insecure)
		buf_add_text(out, " insecure");
	buf_add_char(out, '\n');
}

static void add_var(void *ctx, struct str name)
{
	struct buf *out = ((void **)ctx)[0];
	const struct value *value = scope_find(((void **)ctx)[1], name);

	if (str_is(name, "run.id"))
		return;
	buf_printf(out, "%.*s=", STR_ARG(name));
	json_print(out, value);
	buf_add_char(out, '\n');
}

/* Variables, target and steps; or the diagnostics. */
static const char *run_plan(struct arena *arena, const struct one_case *it)
{
	struct plan_options options = {0};
	struct pair items[8];
	struct pairs vars = {items, 0};
	struct diags diags;
	struct redactor *redactor = redactor_new();
	struct str input = take_command(arena, it->input, &options, &vars);
	BUF_SCOPED struct buf out;

	buf_init(&out, 1 << 20);
	fake_files(arena, input);
	diags_init(&diags, arena);
	struct scenario *s = scenario_load(arena, "t.yaml", &fake_vocabulary, &diags);

	assert_non_null(s);
	struct plan *plan = plan_build(arena, s, &fake_vocabulary, &options, redactor, &diags);
	void *ctx[] = {&out, plan->scope};

	if (!diags_failed(&diags)) {
		scope_each(plan->scope, add_var, ctx);
		if (plan->target.len)
			buf_printf(&out, "target %.*s\n", STR_ARG(plan->target));
		for (size_t i = 0; i < plan->step_count; i++)
			print_step(&out, &plan->steps[i], i);
	}
	redactor_free(redactor);
	return arena_printf(
		arena, "%s%.*s", fake_diags_text(arena, &diags), STR_ARG(buf_str(&out)));
}

static void test_cases(void **state)
{
	(void)state;
	setenv("SET_TEST", "from env", 1);
	unsetenv("UNSET_TEST");
	assert_int_equal(cases_run(fake_path("tests/data/plan.test"), run_plan), 0);
}

static void test_secrets_are_hidden(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct redactor *redactor = redactor_new();
	struct plan_options options = {.target = "http://me:hunter22@h"};
	struct diags diags;

	fake_files(arena, STR("vars: {a: swordfish, b: [passw0rd, {c: 123456}]}\n"
			      "secrets: [a, b]\n"
			      "steps: [{probe: GET /}]\n"));
	diags_init(&diags, arena);
	struct scenario *s = scenario_load(arena, "t.yaml", &fake_vocabulary, &diags);

	plan_build(arena, s, &fake_vocabulary, &options, redactor, &diags);
	assert_false(diags_failed(&diags));
	assert_string_equal(redact_text(redactor, arena, "swordfish passw0rd 123456 hunter22"),
		"*** *** *** ***");
	redactor_free(redactor);
	arena_free(arena);
}

/* The most that a file may hold has to be planned in a moment. */
static void test_many_steps(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct redactor *redactor = redactor_new();
	struct plan_options options = {.target = "http://h"};
	struct diags diags;
	BUF_SCOPED struct buf text;
	int64_t start = cpu_time();

	buf_init(&text, 1 << 20);
	buf_add_text(&text, "steps:\n- &s {name: a, for_each: [0");
	for (int i = 1; i < 4000; i++)
		buf_printf(&text, ",%d", i);
	buf_add_text(&text, "], probe: 'GET /${item}', capture: {x: {json: $.a}}}\n"
			    "- {name: b, for_each: [0");
	for (int i = 1; i < 4000; i++)
		buf_printf(&text, ",%d", i);
	buf_add_text(&text, "], always: true, probe: 'GET /${x}'}\n");
	fake_files(arena, buf_str(&text));
	diags_init(&diags, arena);
	struct scenario *s = scenario_load(arena, "t.yaml", &fake_vocabulary, &diags);

	plan_build(arena, s, &fake_vocabulary, &options, redactor, &diags);
	assert_int_equal(s->step_count, 8000);
	assert_true(cpu_time() - start < time_limit(3 * NS_PER_S));
	redactor_free(redactor);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_secrets_are_hidden),
		cmocka_unit_test(test_many_steps),
	};

	return cmocka_run_group_tests(tests, fake_enter, fake_leave);
}
