#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "probe/buf.h"
#include "probe/exception.h"
#include "probe/json.h"

/* The whole file as text of the arena; NULL when it is not there. */
static struct str read_text(struct arena *arena, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf b;

	buf_init(&b, 16 << 20);
	if (!f)
		return (struct str){NULL, 0};
	for (int c; (c = getc(f)) != EOF;)
		buf_add_char(&b, (char)c);
	fclose(f);
	struct str s = arena_str(arena, buf_str(&b));
	buf_release(&b);
	return s;
}

/* "\e" becomes ESC. */
static void add_event_line(struct buf *b, struct str line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (i + 1 < line.len && line.ptr[i] == '\\' && line.ptr[i + 1] == 'e') {
			buf_add_char(b, '\x1b');
			i++;
		} else {
			buf_add_char(b, line.ptr[i]);
		}
	}
	buf_add_char(b, '\n');
}

static void add_field(struct buf *b, struct str s)
{
	if (s.len == 0)
		buf_add_char(b, '-');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\n')
			buf_add_text(b, "\\n");
		else
			buf_add_char(b, s.ptr[i]);
	}
}

/* An exception in the notation of the file. */
static void describe(struct buf *b, const struct exception *e)
{
	if (!e) {
		buf_add_text(b, "--- none\n");
		return;
	}
	buf_printf(b, "--- %s%s%s\n", e->language, e->fatal ? " fatal" : "",
		e->frames || e->fatal || e->count > 1 ? "" : " lone");
	add_field(b, e->location);
	buf_add_char(b, '\n');
	for (size_t i = 0; i < e->count; i++) {
		add_field(b, e->links[i].type);
		buf_add_text(b, " | ");
		add_field(b, e->links[i].message);
		buf_add_text(b, " | ");
		add_field(b, e->links[i].location);
		buf_add_char(b, '\n');
	}
}

static int check_case(struct str name, struct buf *event, struct buf *wanted)
{
	struct arena *arena = arena_new();
	struct buf seen;
	int failed = 0;

	buf_init(&seen, 1 << 20);
	describe(&seen, exception_parse(arena, buf_str(event)));
	if (!str_equal(str_trim(buf_str(&seen)), str_trim(buf_str(wanted)))) {
		print_error("%.*s:\nwanted\n%s\nsaw\n%s\n", STR_ARG(name), wanted->data, seen.data);
		failed = 1;
	}
	buf_release(&seen);
	arena_free(arena);
	return failed;
}

static void test_cases(void **state)
{
	struct arena *arena = arena_new();
	struct str text = read_text(arena, "tests/data/exception.test"), line, name = {"", 0};
	struct buf event, wanted, *into = NULL;
	int failed = 0, cases = 0;

	(void)state;
	assert_non_null(text.ptr);
	buf_init(&event, 1 << 20);
	buf_init(&wanted, 1 << 20);
	for (bool more = true; more;) {
		more = str_line(&text, &line);
		if (!more || str_starts(line, "=== ")) {
			if (into) {
				failed += check_case(name, &event, &wanted);
				cases++;
			}
			name = more ? str_from(line, 4) : name;
			buf_clear(&event);
			buf_clear(&wanted);
			into = &event;
			continue;
		}
		if (str_starts(line, "--- ") && into == &event)
			into = &wanted;
		if (into == &event)
			add_event_line(into, line);
		else if (into) {
			buf_add_str(into, line);
			buf_add_char(into, '\n');
		}
	}
	buf_release(&event);
	buf_release(&wanted);
	arena_free(arena);
	assert_true(cases > 25);
	assert_int_equal(failed, 0);
}

static void test_fields(void **state)
{
	struct arena *arena = arena_new();
	struct exception *e;

	(void)state;
	/* a formatter that complains about its record says nothing of the program */
	assert_null(exception_from_fields(arena, STR("str"), STR("Missing field"), STR("")));
	assert_null(exception_from_fields(arena, STR(""), STR(""), STR("")));
	e = exception_from_fields(
		arena, STR("ModuleNotFoundError"), STR("No module named 'x'"), STR(""));
	assert_non_null(e);
	assert_string_equal(e->links[0].type.ptr, "ModuleNotFoundError");
	assert_string_equal(e->links[0].message.ptr, "No module named 'x'");
	e = exception_from_fields(arena, STR("ImportError"), STR("outer"),
		STR("Traceback (most recent call last):\n  File \"/app/a.py\", line 3, in f\n"
		    "KeyError: 'x'\n"));
	assert_non_null(e);
	assert_string_equal(e->location.ptr, "/app/a.py:3");
	assert_string_equal(e->links[0].message.ptr, "'x'");
	arena_free(arena);
}

static void test_app_files(void **state)
{
	(void)state;
	assert_true(exception_is_app_file(STR("/app/lib/python/x.py")));
	assert_false(exception_is_app_file(STR("/usr/local/lib/python3.11/json/decoder.py")));
	assert_false(exception_is_app_file(STR("/app/node_modules/pg/lib/client.js")));
	assert_false(exception_is_app_file(STR("node:net")));
	assert_false(exception_is_app_file(STR("<frozen importlib._bootstrap>")));
	assert_false(exception_is_app_file(STR("/go/pkg/mod/github.com/x/y.go")));
	assert_true(exception_is_app_file(STR("src/main.rs")));
}

/* Any beginning of an event, and any event with its lines doubled, is read without harm. */
static void test_cut_anywhere(void **state)
{
	struct arena *all = arena_new();
	struct str text = read_text(all, "tests/data/exception.test");

	(void)state;
	for (size_t i = 0; i < text.len; i += 97) {
		struct arena *arena = arena_new();
		struct str part = str_sub(text, i, 1500);
		struct exception *e = exception_parse(arena, part);

		if (e) {
			assert_true(e->count >= 1);
			assert_true(exception_possible(part));
		}
		arena_free(arena);
	}
	arena_free(all);
}

/* Work is linear: a megabyte of each kind of line comes back at once. */
static void test_bounded(void **state)
{
	static const char *const lines[] = {"Caused by: a.b.C: x\n", "  File \"/a\", line 1\n",
		"Traceback (most recent call last):\n", "x::Y: z\n", "a: b: ", "Error: x\n",
		"/a.rb:1:in `x': y\n", " ---> A.BException: c", "  [cause]: Error: x\n", "    | ",
		"Next AException: x in /a:1\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct arena *arena = arena_new();
		struct buf b;

		buf_init(&b, 1 << 20);
		while (!b.overflow)
			buf_add_text(&b, lines[i]);
		struct exception *e = exception_parse(arena, buf_str(&b));
		if (e)
			assert_true(e->count <= EXCEPTION_LINKS_MAX);
		buf_release(&b);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_app_files),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
