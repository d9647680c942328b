/* Saved runs are read back whole, and what is none is refused with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "report_help.h"

static struct report *(*const samples[])(struct arena *) = {
	sample_healthy, sample_incident, sample_refused, sample_logs};

enum { SAMPLES = sizeof(samples) / sizeof(*samples) };

/* A saved run gives, byte by byte, the same document again. */
static void test_load_round_trip(void **state)
{
	struct context *c = *state;
	const struct report *reports[SAMPLES];
	const char *path = in_dir(c, "run.json");
	struct error err;
	size_t count;

	for (size_t s = 0; s < SAMPLES; s++)
		reports[s] = samples[s](c->arena);
	struct str before = written(c->arena, "json", reports, SAMPLES);

	write_text(path, before.ptr);
	const struct report *const *loaded = report_load(c->arena, path, &count, &err);

	unlink(path);
	if (!loaded)
		fail_msg("%s", err.text);
	assert_int_equal(count, SAMPLES);
	assert_string_equal(written(c->arena, "json", loaded, count).ptr, before.ptr);
	assert_ptr_equal(report_of_scenario(loaded, count, "websocket"), loaded[2]);
	assert_null(report_of_scenario(loaded, count, "other"));
	assert_ptr_equal(report_of_scenario(loaded, 1, "other"), loaded[0]);
}

static const char *load_error(struct context *c, const char *text)
{
	const char *path = in_dir(c, "wrong.json");
	struct error err = {""};
	size_t count;

	write_text(path, text);
	assert_null(report_load(c->arena, path, &count, &err));
	unlink(path);
	return arena_strdup(c->arena, err.text);
}

/* The document with one text replaced. */
static const char *replaced(
	struct context *c, const char *document, const char *what, const char *by)
{
	const char *at = strstr(document, what);

	assert_non_null(at);
	return arena_printf(
		c->arena, "%.*s%s%s", (int)(at - document), document, by, at + strlen(what));
}

static void assert_load_error(struct context *c, const char *document, const char *what,
	const char *by, const char *wanted)
{
	const char *got = load_error(c, replaced(c, document, what, by));

	if (!strstr(got, wanted))
		fail_msg("wanted '%s' in '%s'", wanted, got);
}

static void test_load_errors(void **state)
{
	struct context *c = *state;
	const struct report *report = sample_incident(c->arena);
	const char *document = written(c->arena, "json", &report, 1).ptr;
	struct error err;
	size_t count;

	assert_non_null(strstr(load_error(c, ""), "no saved run"));
	assert_non_null(strstr(load_error(c, "\x7f"
					     "ELF\n\x01"),
		"no saved run"));
	assert_non_null(strstr(load_error(c, "{}"), "wrong.json:1: no saved run: schema: ''"));
	assert_non_null(strstr(load_error(c, "[1,2]"), "schema"));
	assert_load_error(c, document, "run/v1", "run/v2", "'goldprobe.run/v2' is not known");
	assert_load_error(c, document, "\"attempts_total\":12", "\"attempts_total\":\"12\"",
		"steps[0].attempts_total: must be an integer");
	assert_load_error(c, document, "\"not_reached\"", "\"never\"",
		"capabilities[1].status: is none of the known words");
	assert_load_error(c, document, "\"started_at\":\"2026-03-01T10:00:00.250Z\"",
		"\"started_at\":\"now\"", "run.started_at: is no moment");
	assert_load_error(c, document, "\"checks\":[{\"fact\"", "\"checks\":[{\"act\"",
		"steps[0].checks[0].fact: must be a text");
	assert_load_error(
		c, document, "\"priority\":\"P0\"", "\"priority\":\"P9\"", "findings[0].priority");
	assert_load_error(c, document, "\"duration_ms\":42", "\"duration_ms\":-1",
		"steps[0].attempts[0].duration_ms: is no duration");
	assert_null(report_load(c->arena, in_dir(c, "none.json"), &count, &err));
	assert_non_null(strstr(err.text, "cannot open"));
}

static void test_load_laid_out(void **state)
{
	struct context *c = *state;
	const struct report *report = sample_healthy(c->arena);
	const char *document = written(c->arena, "json", &report, 1).ptr;
	const char *path = in_dir(c, "pretty.json");
	struct error err;
	size_t count;

	write_text(path, replaced(c, document, "{", "\n{\n  "));
	assert_non_null(report_load(c->arena, path, &count, &err));
	assert_int_equal(count, 1);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_load_round_trip, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_load_errors, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_load_laid_out, report_setup, report_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
