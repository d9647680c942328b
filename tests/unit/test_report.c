/*
 * Every format of every sample is compared with a file in tests/data/report, byte by byte.
 * GOLDPROBE_TEST_UPDATE=1 writes them anew: read the difference before committing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "report_help.h"

static void compare(struct arena *arena, const char *name, struct str got)
{
	const char *path = arena_printf(arena, "tests/data/report/%s", name);

	if (getenv("GOLDPROBE_TEST_UPDATE"))
		write_text(path, got.ptr);
	struct str wanted = read_file(arena, path);

	if (!str_equal(got, wanted))
		fail_msg("%s differs; got:\n%s", path, got.ptr);
}

static const struct {
	const char *name;
	struct report *(*make)(struct arena *);
} samples[] = {
	{"healthy", sample_healthy},
	{"incident", sample_incident},
	{"refused", sample_refused},
	{"logs", sample_logs},
};

enum { SAMPLES = sizeof(samples) / sizeof(*samples) };

static void test_golden(void **state)
{
	struct context *c = *state;

	for (size_t s = 0; s < SAMPLES; s++) {
		const struct report *report = samples[s].make(c->arena);

		for (size_t f = 0; report_formats[f]; f++)
			compare(c->arena,
				arena_printf(c->arena, "%s.%s", samples[s].name,
					report_formats[f]->name),
				written(c->arena, report_formats[f]->name, &report, 1));
	}
}

static void test_golden_several(void **state)
{
	struct context *c = *state;
	const struct report *reports[SAMPLES];

	for (size_t s = 0; s < SAMPLES; s++)
		reports[s] = samples[s].make(c->arena);
	/* Pages follow each other in one skeleton; the skeleton is seen in the single ones. */
	for (size_t f = 0; report_formats[f]; f++)
		if (strcmp(report_formats[f]->name, "html") != 0)
			compare(c->arena,
				arena_printf(c->arena, "several.%s", report_formats[f]->name),
				written(c->arena, report_formats[f]->name, reports, SAMPLES));
}

static void test_golden_verbose(void **state)
{
	struct context *c = *state;
	struct report *report = sample_incident(c->arena);
	const struct report *one = report;

	report->verbose = true;
	report->color = true;
	report->width = 100;
	compare(c->arena, "incident-verbose.terminal", written(c->arena, "terminal", &one, 1));
	report->verbose = report->color = false;
	report->quiet = true;
	compare(c->arena, "incident-quiet.terminal", written(c->arena, "terminal", &one, 1));
}

/* What could act in one of the formats. Quotes end attributes and strings; "]]>", "-->", "}}" and
 * "..." end sections, comments, places and YAML. */
static const char hostile[] =
	"\x1b[2J\x1b]0;owned\x07\r\n::error file=x::owned\n<script>alert(1)</script>"
	"<img src=x onerror=alert(1)>&\"'`]]>--></style></title></pre>{{reports}}\n```\n# owned\n"
	"[a](javascript:alert(1)) ![b](http://evil.example) | **x** _y_ @all ##[error]x www.evil.example\n"
	"...\nok 99 - owned\nBail out!\n1..0 # SKIP\\\xff\xc0\xaf\xed\xa0\x80\xc2\x9b"
	"31m\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf\xef\xbf\xbe%0A%25,\x01\x7f\t\xe6\xbc\xa2\xe5\xad\x97";

/* The golden files of this are what the validators of tests/e2e/report-formats read. */
static void test_golden_hostile(void **state)
{
	struct context *c = *state;
	const struct report *report = sample_hostile(c->arena, hostile);

	for (size_t f = 0; report_formats[f]; f++)
		compare(c->arena, arena_printf(c->arena, "hostile.%s", report_formats[f]->name),
			written(c->arena, report_formats[f]->name, &report, 1));
}

static void assert_nothing_acts(const char *format, struct str text)
{
	bool json = strcmp(format, "json") == 0;

	assert_true(utf8_valid(text));
	for (size_t pos = 0; pos < text.len;) {
		uint32_t code = utf8_next(text, &pos);
		bool acts = (code < 0x20 && code != '\n') || (code >= 0x7F && code <= 0x9F) ||
			    (!json && (code == 0x202E || code == 0x2028 || code == 0xFEFF ||
					      code == 0xFFFE));

		if (acts)
			fail_msg("%s: U+%04X at %zu", format, code, pos);
	}
}

static void test_hostile_controls(void **state)
{
	struct context *c = *state;
	const struct report *report = sample_hostile(c->arena, hostile);

	for (size_t f = 0; report_formats[f]; f++)
		assert_nothing_acts(report_formats[f]->name,
			written(c->arena, report_formats[f]->name, &report, 1));
}

static void test_hostile_markup(void **state)
{
	struct context *c = *state;
	const struct report *report = sample_hostile(c->arena, hostile);
	struct str html = written(c->arena, "html", &report, 1), rest, line;

	assert_false(str_contains(html, "<script"));
	assert_false(str_contains(html, "<img"));
	assert_false(str_contains(written(c->arena, "junit", &report, 1), "<script"));
	rest = written(c->arena, "github", &report, 1);
	while (str_line(&rest, &line)) {
		assert_true(str_starts(line, "::error ") || str_starts(line, "::warning ") ||
			    str_starts(line, "::notice "));
		assert_false(str_contains(line, "##["));
	}
	for (size_t f = 0; report_formats[f]; f++) {
		rest = written(c->arena, report_formats[f]->name, &report, 1);
		while (str_line(&rest, &line) && strcmp(report_formats[f]->name, "github") != 0)
			if (str_starts(str_trim(line), "::"))
				fail_msg("%s: %.*s", report_formats[f]->name, STR_ARG(line));
	}
	rest = written(c->arena, "tap", &report, 1);
	while (str_line(&rest, &line))
		assert_false(str_starts(line, "Bail") || str_starts(line, "ok 99") ||
			     str_starts(line, "...") || str_starts(line, "1..0"));
}

/* 4096 bytes, however long and wide the texts, never half a character. */
static void test_termination_size(void **state)
{
	struct context *c = *state;

	for (size_t pad = 0; pad < 4; pad++) {
		BUF_SCOPED struct buf b;

		buf_init(&b, 1 << 20);
		for (size_t i = 0; i < pad; i++)
			buf_add_char(&b, 'x');
		for (size_t i = 0; i < 3000; i++)
			buf_add_text(&b, "\xf0\x9f\x94\xa5");
		const struct report *report = sample_hostile(c->arena, b.data);
		struct str got = written(c->arena, "termination", &report, 1);

		assert_true(got.len <= 4096 && got.len > 4092);
		assert_true(utf8_valid(got));
	}
}

/* No line of the terminal's is wider than it, wide characters counted as two. */
static void test_terminal_width(void **state)
{
	struct context *c = *state;
	struct report *report = sample_hostile(c->arena,
		"\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc"
		"\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97 a b c "
		"averyveryveryveryveryveryveryveryveryveryveryverylongword");
	const struct report *one = report;
	struct str rest, line;

	report->width = 60;
	rest = written(c->arena, "terminal", &one, 1);
	while (str_line(&rest, &line)) {
		unsigned columns = 0;

		for (size_t pos = 0; pos < line.len;)
			columns += utf8_next(line, &pos) >= 0x3000 ? 2 : 1;
		if (columns > 60)
			fail_msg("%u columns: %.*s", columns, STR_ARG(line));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_golden, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_golden_several, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_golden_verbose, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_golden_hostile, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(
			test_hostile_controls, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_markup, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(
			test_termination_size, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_terminal_width, report_setup, report_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
