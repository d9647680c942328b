#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "probe/arena.h"
#include "probe/clock.h"
#include "probe/json.h"
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

struct collected {
	struct arena *arena;
	struct str texts[4096];
	uint64_t keys[4096];
	size_t count, entries;
};

static void collect(void *ctx, const struct rejoin_event *event)
{
	struct collected *c = ctx;

	assert_true(c->count < 4096);
	c->keys[c->count] = event->key;
	c->texts[c->count++] = arena_str(c->arena, event->text);
	c->entries += event->entries;
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

/* Cuts an event into entries of one to `most` lines and gives them to the joiner. */
static void add_pieces(
	struct rejoin *r, uint64_t key, struct str event, size_t most, unsigned *seed, bool starts)
{
	struct rejoin_entry entry = {.key = key, .time = TIME_NONE, .starts = starts};

	do {
		size_t lines = 1 + (*seed = *seed * 1103515245 + 12345) / 65536 % most, end = 0;

		while (end < event.len && lines) {
			if (event.ptr[end] == '\n' && --lines == 0)
				break;
			end++;
		}
		entry.text = str_sub(event, 0, end);
		rejoin_add(r, &entry);
		entry.starts = false;
		if (end >= event.len)
			break;
		event = str_from(event, end + 1);
	} while (true);
}

/* Pieces of several lines, on several streams at once, come out whole too. */
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
		struct collected *c = ARENA_NEW(arena, struct collected);
		struct rejoin *r = rejoin_new(collect, c);

		c->arena = arena;
		for (size_t i = 0; i < count; i++) {
			for (uint64_t key = 0; key < 3; key++)
				add_pieces(r, key, events[i], most, &seed, starts[i]);
		}
		rejoin_flush(r);
		rejoin_free(r);
		size_t at[3] = {0};
		for (size_t i = 0; i < c->count; i++) {
			size_t k = c->keys[i];

			assert_true(at[k] < count);
			assert_string_equal(c->texts[i].ptr, events[at[k]].ptr);
			at[k]++;
		}
		assert_int_equal(at[0], count);
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

/* More streams than are kept, and more text: everything is still counted once. */
static void test_bounds(void **state)
{
	struct arena *arena = arena_new();
	struct collected *c = ARENA_NEW(arena, struct collected);
	struct rejoin *r = rejoin_new(collect, c);
	struct rejoin_entry entry = {.text = STR("x"), .time = TIME_NONE};

	(void)state;
	c->arena = arena;
	for (uint64_t i = 0; i < 3000; i++) {
		entry.key = i;
		rejoin_add(r, &entry);
	}
	rejoin_flush(r);
	assert_int_equal(c->count, 3000);
	char *line = arena_alloc(arena, 100001);
	memset(line, ' ', 100000);
	entry.text = STR("Traceback (most recent call last):");
	rejoin_add(r, &entry);
	for (int i = 0; i < 20; i++) {
		entry.text = (struct str){line, 100000};
		line[99999] = 'x';
		rejoin_add(r, &entry);
	}
	rejoin_flush(r);
	assert_int_equal(c->count, 3001);
	assert_int_equal(c->texts[3000].len, REJOIN_TEXT_MAX);
	assert_int_equal(c->entries, 3021);
	rejoin_free(r);
	arena_free(arena);
}

/* The crash outputs that an agent is known to tear, with neighbours. */
static void test_known_traces(void **state)
{
	struct arena *arena = arena_new();
	struct str text = read_text(arena, "../shared/data/traces.json");
	struct value traces;
	struct error err = {0};

	(void)state;
	if (!text.ptr) {
		print_message("skipped: ../shared/data/traces.json is not there\n");
		arena_free(arena);
		skip();
	}
	assert_int_equal(json_parse(arena, text, 0, &traces, &err), 0);
	for (size_t i = 0; i < traces.object.count; i++) {
		struct str trace = traces.object.members[i].value.string, whole = trace, line;
		struct collected *c = ARENA_NEW(arena, struct collected);
		struct rejoin *r = rejoin_new(collect, c);
		struct rejoin_entry entry = {.time = TIME_NONE};

		c->arena = arena;
		entry.text = STR("INFO server started");
		rejoin_add(r, &entry);
		while (str_line(&trace, &line)) {
			entry.text = line;
			if (!str_is(line, "next line"))
				rejoin_add(r, &entry);
		}
		entry.text = STR("next line");
		rejoin_add(r, &entry);
		rejoin_flush(r);
		rejoin_free(r);
		if (c->count != 3)
			print_error("%.*s: %zu events\n", STR_ARG(traces.object.members[i].key),
				c->count);
		assert_int_equal(c->count, 3);
		size_t same = str_trim(c->texts[1]).len;
		assert_memory_equal(c->texts[1].ptr, whole.ptr, same);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_by_line),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_known_traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
