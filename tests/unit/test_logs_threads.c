/* Reading a log in several threads changes nothing but the time it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "logs_bytes.h"

enum { ENTRIES = 60000, ROOM = 320 };

static void assert_same(const struct logs *a, const struct logs *b)
{
	assert_int_equal(a->entries, b->entries);
	assert_int_equal(a->duplicates, b->duplicates);
	assert_int_equal(a->cluster_count, b->cluster_count);
	assert_int_equal(a->entry_count, b->entry_count);
	assert_int_equal(a->event_count, b->event_count);
	assert_int_equal(a->instance_count, b->instance_count);
	assert_int_equal(a->sources[0].bytes, b->sources[0].bytes);
	assert_int_equal(a->sources[0].left_out, b->sources[0].left_out);
	for (size_t i = 0; i < a->cluster_count; i++) {
		assert_string_equal(a->clusters[i]->id, b->clusters[i]->id);
		assert_int_equal(a->clusters[i]->count, b->clusters[i]->count);
		assert_true(str_equal(a->clusters[i]->sample, b->clusters[i]->sample));
	}
	for (size_t i = 0; i < a->entry_count; i++) {
		assert_int_equal(a->entry_list[i]->index, b->entry_list[i]->index);
		assert_true(str_equal(a->entry_list[i]->text, b->entry_list[i]->text));
	}
	for (size_t i = 0; i < a->event_count; i++)
		assert_int_equal(a->events[i].index, b->events[i].index);
}

/* All ways to read it give what one thread makes of it. */
static const struct logs *assert_same_all_ways(
	struct arena *arena, struct str text, int64_t entries, int64_t max_entries)
{
	struct log_options options = {.max_entries = max_entries}, alone = options;
	static const size_t pieces[] = {0, 1 << 20, 300 << 10, 12345};

	alone.one_thread = true;
	const struct logs *one = logs_of_bytes(arena, text, 0, alone);

	assert_int_equal(one->entries, entries);
	for (size_t i = 1; i < one->event_count; i++)
		assert_true(one->events[i].time >= one->events[i - 1].time);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		assert_same(one, logs_of_bytes(arena, text, pieces[i], options));
		assert_same(one, logs_of_pulled(arena, text, pieces[i], options));
	}
	assert_same(one, logs_of_pulled(arena, text, 0, alone));
	return one;
}

static size_t text_line(char *at, int i)
{
	return (size_t)snprintf(at, ROOM,
		"2026-01-02 03:%02d:%02d ERROR job %d failed: ValueError: %d\n", i / 1000,
		i / 16 % 60, i, i % 90);
}

/* Brackets, quotes and backslashes in strings, at ever other places of the words they are looked for in. */
static size_t entry(char *at, int i)
{
	if (i % 5)
		return (size_t)snprintf(at, ROOM,
			"{\"insertId\":\"%d%02d%d\",\"severity\":\"WARNING\",\"labels\":{\"a\":\"%s%.*s\"},"
			"\"textPayload\":\"slow query of %d ms in orders [}\\\"{\\\\\"}",
			i / 1000, i / 16 % 60, i, i % 2 ? "\\\\\\\\\\\"" : "", i % 50,
			"}}}}}}}]]]]]{{{{{{{{[[[[[[,,,,,,,::::::::::abcdefghijklmnopqr", i % 90);
	return (size_t)snprintf(at, ROOM,
		"{\"time\":\"2026-01-02T03:%02d:%02dZ\",\"level\":\"error\","
		"\"msg\":\"order %d\",\"stack\":\"Error: no %d\\n    at f "
		"(/app/a.js:3:4)\\n    at g (/app/b.js:5:6)\"}",
		i / 1000, i / 16 % 60, i, i % 90);
}

static void test_lines(void **state)
{
	struct arena *arena = arena_new();
	char *text = test_malloc((size_t)ENTRIES * ROOM);
	size_t len = 0;

	(void)state;
	for (int i = 0; i < ENTRIES; i++) {
		if (i % 7 == 3) {
			len += text_line(text + len, i);
			continue;
		}
		len += entry(text + len, i);
		text[len++] = '\n';
	}
	const struct logs *logs = assert_same_all_ways(arena, (struct str){text, len}, ENTRIES, 0);

	assert_true(logs->cluster_count >= 3);
	/* No more are counted than a bound allows, whatever is on its way when it is reached. */
	logs = assert_same_all_ways(arena, (struct str){text, len}, 20000, 20000);
	assert_int_equal(logs->sources[0].status, LOG_PARTIAL);
	assert_true(logs->sources[0].left_out > 0);
	test_free(text);
	arena_free(arena);
}

/* Arrays on one line, over lines, and in an object around them. */
static void test_arrays(void **state)
{
	static const struct {
		const char *begin, *between, *end;
	} forms[] = {{"[", ",", "]\n"}, {"[\n  ", ",\n  ", "\n]\n"},
		{"{\"entries\":[", ", ", "],\"nextPageToken\":\"\"}"}};
	struct arena *arena = arena_new();
	char *text = test_malloc((size_t)ENTRIES * ROOM);

	(void)state;
	for (size_t form = 0; form < sizeof(forms) / sizeof(*forms); form++) {
		size_t len = (size_t)snprintf(text, ROOM, "%s", forms[form].begin);

		for (int i = 0; i < ENTRIES; i++) {
			len += entry(text + len, i);
			len += (size_t)snprintf(text + len, ROOM, "%s",
				i < ENTRIES - 1 ? forms[form].between : forms[form].end);
		}
		assert_same_all_ways(arena, (struct str){text, len}, ENTRIES, 0);
	}
	test_free(text);
	arena_free(arena);
}

/* What is longer than is kept, broken, or nested without end is cut alike, and in no time. */
static void test_hostile(void **state)
{
	enum { SIZE = 4 << 20 };
	struct arena *arena = arena_new();
	char *text = test_malloc(SIZE + ROOM);
	const struct logs *logs;
	size_t len;

	(void)state;
	/* An object behind much that is blank. */
	memset(text, ' ', SIZE);
	len = 600000 + (size_t)snprintf(text + 600000, ROOM, "{\"message\":\"");
	memset(text + len, 'x', 1000000);
	len += 1000000;
	len += (size_t)snprintf(text + len, ROOM, "\"}\n");
	for (int i = 0; i < 1000; i++)
		len += (size_t)snprintf(
			text + len, ROOM, "{\"message\":\"after\",\"severity\":\"ERROR\"}\n");
	assert_same_all_ways(arena, (struct str){text, len}, 1001, 0);
	/* A string and a line that are longer than is kept. */
	len = (size_t)snprintf(text, ROOM, "{\"severity\":\"ERROR\",\"message\":\"");
	memset(text + len, 'y', 3 << 20);
	len += 3 << 20;
	len += (size_t)snprintf(text + len, ROOM, "\"}\nERROR and more ");
	memset(text + len, 'z', SIZE - len);
	logs = assert_same_all_ways(arena, (struct str){text, SIZE}, 2, 0);
	assert_int_equal(logs->sources[0].left_out, 1);
	/* Arrays in arrays, objects in objects, a string that does not end. */
	for (size_t i = 0; i < SIZE; i++)
		text[i] = "[{},"[i % 4];
	assert_same_all_ways(arena, (struct str){text, SIZE}, SIZE / 4, 0);
	for (size_t i = 0; i < SIZE; i++)
		text[i] = "[{\"a\":"[i % 6];
	assert_same_all_ways(arena, (struct str){text, SIZE}, 0, 0);
	for (size_t i = 0; i < SIZE; i++)
		text[i] = "[{},\"\\"[i < 5 ? i : 5];
	logs = logs_of_pulled(arena, (struct str){text, SIZE}, 0, (struct log_options){0});
	assert_int_equal(logs->sources[0].status, LOG_READ);
	/* What ends where nothing can be made of it. */
	len = (size_t)snprintf(text, ROOM, "{\"log\":>\"\002b..");
	assert_same_all_ways(arena, (struct str){text, len}, 0, 0);
	test_free(text);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
