#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "probe/arena.h"
#include "probe/clock.h"
#include "probe/rejoin.h"

static struct str read_text(struct arena *arena, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf b;

	if (!f)
		return (struct str){NULL, 0};
	buf_init(&b, 16 << 20);
	for (int c; (c = getc(f)) != EOF;)
		buf_add_char(&b, (char)c);
	fclose(f);
	struct str s = arena_str(arena, buf_str(&b));
	buf_release(&b);
	return s;
}

/* One line of the test file without its mark; "\e" becomes ESC. */
static struct str line_text(struct arena *arena, struct str line)
{
	char *out = arena_alloc(arena, line.len + 1);
	size_t n = 0;

	for (size_t i = 2; i < line.len; i++) {
		if (line.ptr[i] == '\\' && i + 1 < line.len && line.ptr[i + 1] == 'e') {
			out[n++] = '\x1b';
			i++;
		} else {
			out[n++] = line.ptr[i];
		}
	}
	return (struct str){out, n};
}

static bool is_comment(struct str line)
{
	return line.len == 0 || line.ptr[0] == '#';
}

/* Each line is an entry of its own: every mark of the file must come out. */
static void test_line_by_line(void **state)
{
	struct arena *arena = arena_new();
	struct str text = read_text(arena, "tests/data/rejoin.test"), line;
	struct rejoin_state st = {.time = TIME_NONE};
	int failed = 0;

	(void)state;
	assert_non_null(text.ptr);
	while (str_line(&text, &line)) {
		if (is_comment(line))
			continue;
		bool wanted = line.ptr[0] == '+';
		bool seen = rejoin_continues(
			&st, line_text(arena, line), TIME_NONE, line.ptr[0] == '~');
		if (seen != wanted) {
			print_error("%s: %.*s\n", seen ? "swallowed" : "torn", STR_ARG(line));
			failed++;
		}
	}
	arena_free(arena);
	assert_int_equal(failed, 0);
}

/* The events of the file, as whole texts. */
static size_t read_events(struct arena *arena, struct str text, struct str *events, bool *starts)
{
	struct str line;
	size_t count = 0;

	while (str_line(&text, &line)) {
		if (is_comment(line))
			continue;
		struct str s = line_text(arena, line);
		if (line.ptr[0] != '+') {
			starts[count] = line.ptr[0] == '~';
			events[count++] = s;
			continue;
		}
		struct str *e = &events[count - 1];
		*e = str_of(arena_printf(arena, "%.*s\n%.*s", STR_ARG(*e), STR_ARG(s)));
	}
	return count;
}

/* Cuts an event into entries of one to `most` lines; each but the first must go on with it. */
static void assert_whole(
	struct rejoin_state *st, struct str event, size_t most, unsigned *seed, bool starts)
{
	struct str all = event;
	bool first = true;

	do {
		size_t lines = 1 + (*seed = *seed * 1103515245 + 12345) / 65536 % most, end = 0;

		while (end < event.len && !(event.ptr[end] == '\n' && --lines == 0))
			end++;
		bool goes_on =
			rejoin_continues(st, str_sub(event, 0, end), TIME_NONE, first && starts);

		if (goes_on == first)
			fail_msg("%s: %.*s", first ? "swallowed" : "torn", STR_ARG(all));
		first = false;
		event = str_from(event, end + 1);
	} while (event.len);
}

/* Pieces of several lines, on several streams at once, go together too. */
static void test_pieces(void **state)
{
	struct arena *arena = arena_new();
	struct str text = read_text(arena, "tests/data/rejoin.test");
	struct str *events = ARENA_ARRAY(arena, 4096, struct str);
	bool *starts = ARENA_ARRAY(arena, 4096, bool);
	size_t count = read_events(arena, text, events, starts);
	unsigned seed = 7;

	(void)state;
	for (size_t most = 1; most <= 4; most++) {
		struct rejoin_state streams[3] = {
			{.time = TIME_NONE}, {.time = TIME_NONE}, {.time = TIME_NONE}};

		for (size_t i = 0; i < count; i++)
			for (size_t key = 0; key < 3; key++)
				assert_whole(&streams[key], events[i], most, &seed, starts[i]);
	}
	arena_free(arena);
}

/* Time tears apart what only looks alike. */
static void test_gaps(void **state)
{
	struct rejoin_state st = {.time = TIME_NONE};

	(void)state;
	assert_false(rejoin_continues(&st, STR("ERROR boot failed"), 0, true));
	assert_true(
		rejoin_continues(&st, STR("Traceback (most recent call last):"), NS_PER_MS, false));
	assert_true(rejoin_continues(&st, STR("  File \"a\", line 1, in f"), NS_PER_S, false));
	assert_false(rejoin_continues(&st, STR("KeyError: 1"), 60 * NS_PER_S, false));
	/* a detail of the same server process goes on in spite of its own prefix */
	assert_false(rejoin_continues(
		&st, STR("2026-11-23 21:08:56.938 UTC [16] a@b FATAL:  no"), 0, true));
	assert_true(rejoin_continues(
		&st, STR("2026-11-23 21:08:56.938 UTC [16] a@b DETAIL:  why"), 0, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_by_line),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
