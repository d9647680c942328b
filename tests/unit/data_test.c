#include "data_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/buf.h"

struct str data_read(struct arena *arena, const char *path)
{
	BUF_SCOPED struct buf text;
	FILE *in = fopen(path, "rb");

	buf_init(&text, 64 << 20);
	if (!in)
		return (struct str){NULL, 0};
	for (size_t got = 1; got;) {
		got = fread(buf_reserve(&text, 1 << 16), 1, 1 << 16, in);
		text.len += got;
	}
	fclose(in);
	return arena_str(arena, buf_str(&text));
}

static struct str unescape(struct arena *arena, struct str line)
{
	struct str copy = arena_str(arena, line);
	char *out = (char *)copy.ptr;

	for (size_t i = 0; i < line.len; i++) {
		char c = line.ptr[i], next = i + 1 < line.len ? line.ptr[i + 1] : 0;

		if (c == '\\' && (next == 'n' || next == 't' || next == '\\')) {
			c = next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
			i++;
		}
		*out++ = c;
	}
	*out = '\0';
	copy.len = (size_t)(out - copy.ptr);
	return copy;
}

/* One block; returns whether it went as it says. */
static bool run_block(
	const char *file, size_t number, struct str *lines, size_t count, data_run *run)
{
	struct data_case c = {.arena = arena_new()};
	bool failed = false, want_fail = false, escapes = false;
	size_t first = 0;

	for (; first < count && str_starts(lines[first], "%%"); first++) {
		want_fail |= str_is(lines[first], "%%FAIL");
		escapes |= str_is(lines[first], "%%ESCAPES");
	}
	for (size_t i = first; i + 1 < count; i++)
		c.lines[c.count++] =
			escapes ? unescape(c.arena, lines[i]) : arena_str(c.arena, lines[i]);
	const char *got = run(&c, &failed);
	bool right = failed == want_fail && str_is(lines[count - 1], got);

	if (!right)
		print_error("tests/data/%s:%zu: %s\n  got %s: %s\n  want: %.*s\n", file, number,
			c.count ? c.lines[0].ptr : "", failed ? "error" : "result", got,
			STR_ARG(lines[count - 1]));
	arena_free(c.arena);
	return right;
}

void data_test(const char *file, data_run *run)
{
	struct arena *arena = arena_new();
	struct str text = data_read(arena, arena_printf(arena, "tests/data/%s", file));
	struct str rest = text, line, lines[DATA_LINES_MAX];
	size_t number = 0, count = 0, start = 0, wrong = 0, cases = 0;

	assert_non_null(text.ptr);
	for (bool more = true; more;) {
		more = str_line(&rest, &line);
		number++;
		if (more && line.len && (line.ptr[0] != '#' || count)) {
			assert_true(count < DATA_LINES_MAX);
			start = count ? start : number;
			lines[count++] = line;
		} else if (count && (!more || !line.len)) {
			wrong += !run_block(file, start, lines, count, run);
			cases++;
			count = 0;
		}
	}
	arena_free(arena);
	assert_true(cases > 0);
	assert_int_equal(wrong, 0);
}
