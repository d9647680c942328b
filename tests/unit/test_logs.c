/* The reader of logs: entries are exact, whatever form they come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "logs_bytes.h"

#define ENTRY(n, sev, text)                                                                        \
	"{\"insertId\":\"" n "\",\"timestamp\":\"2026-01-02T03:04:0" n ".5Z\",\"severity\":\"" sev \
	"\",\"textPayload\":\"" text "\"}"

/* Number of entries in a text, and of errors among them. */
static void assert_read(const char *text, int64_t entries, int64_t errors)
{
	struct arena *arena = arena_new();
	struct logs *logs = logs_of_bytes(arena, str_of(text), 0, (struct log_options){0});

	assert_int_equal(logs->sources[0].status, LOG_READ);
	assert_int_equal(logs->entries, entries);
	assert_int_equal(logs->by_severity[SEVERITY_ERROR], errors);
	arena_free(arena);
}

static void test_forms_of_json(void **state)
{
	(void)state;
	assert_read("", 0, 0);
	assert_read("[]\n", 0, 0);
	assert_read("[\n]\n", 0, 0);
	assert_read(ENTRY("1", "ERROR", "a") "\n" ENTRY("2", "INFO", "b") "\n", 2, 1);
	assert_read("[" ENTRY("1", "ERROR", "a") "," ENTRY("2", "INFO", "b") "]", 2, 1);
	assert_read("[\n" ENTRY("1", "ERROR", "a") ",\n" ENTRY("2", "INFO", "b") "\n]\n", 2, 1);
	assert_read("\xEF\xBB\xBF" ENTRY("1", "ERROR", "a") "\r\n\r\n", 1, 1);
	assert_read("{\"entries\":[" ENTRY("1", "ERROR", "a") "],\"nextPageToken\":\"x\"}", 1, 1);
	assert_read(
		"{\"logs_by_severity\":{\"ERROR\":1},\"raw_logs\":[" ENTRY("1", "ERROR", "a") "]}",
		1, 1);
	assert_read("{\"logs_by_severity\": {\n  \"ERROR\": [\n" ENTRY("1", "ERROR",
			    "a") "\n  ],\n  \"INFO\": [" ENTRY("2", "INFO", "b") "]\n}}\n",
		2, 1);
	assert_read("{\n  \"severity\": \"ERROR\",\n  \"message\": \"x\"\n}\n\n{\n  \"severity\": "
		    "\"INFO\",\n  \"message\": \"y\"\n}\n",
		2, 1);
	assert_read("{\"level\":50,\"time\":1767323044000,\"msg\":\"x\"}\n", 1, 1);
	assert_read("{\"log\":\"ERROR x\\n\",\"stream\":\"stderr\",\"time\":"
		    "\"2026-01-02T03:04:05.123456789Z\"}\n",
		1, 1);
}

static void test_forms_of_text(void **state)
{
	(void)state;
	assert_read("one\ntwo\n", 2, 0);
	assert_read("2026-01-02T03:04:05.123456789Z stdout F INFO x\n"
		    "2026-01-02T03:04:05.223456789Z stderr P ERR\n"
		    "2026-01-02T03:04:05.323456789Z stderr F OR y\n",
		2, 1);
	assert_read("[pod/a-1/c] 2026-01-02T03:04:05.123456789Z ERROR x\n", 1, 1);
	assert_read("web-1  | ERROR x\nweb-2  | INFO y\n", 2, 1);
	assert_read("E0102 03:04:05.678901       1 main.go:5] bad\n", 1, 1);
	assert_read("time=\"2026-01-02T03:04:05Z\" level=error msg=bad\n", 1, 1);
	assert_read("2026/01/02 03:04:05 [error] 1#1: bad\n", 1, 1);
	assert_read("E, [2026-01-02T03:04:05.1 #1] ERROR -- x: bad\n", 1, 1);
}

static void test_duplicates_count_once(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct logs *logs = logs_of_bytes(arena,
		STR(ENTRY("1", "ERROR", "a") "\n" ENTRY("1", "ERROR", "a") "\n"), 0,
		(struct log_options){0});

	assert_int_equal(logs->entries, 1);
	assert_int_equal(logs->duplicates, 1);
	arena_free(arena);
}

static void test_utf16(void **state)
{
	(void)state;
	static const char text[] = ENTRY("1", "ERROR", "a") "\r\n";
	char wide[2 + 2 * sizeof(text)] = {'\xFF', '\xFE'};
	struct arena *arena = arena_new();

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		wide[2 + 2 * i] = text[i];
	for (size_t mark = 0; mark < 2; mark++) {
		struct logs *logs = logs_of_bytes(arena,
			(struct str){wide + 2 * mark, 2 * (sizeof(text) - 1) + 2 - 2 * mark}, 0,
			(struct log_options){0});

		assert_int_equal(logs->entries, 1);
		assert_int_equal(logs->by_severity[SEVERITY_ERROR], 1);
	}
	arena_free(arena);
}

static void test_newest_first_is_joined(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct logs *logs = logs_of_bytes(arena,
		STR("[" ENTRY("3", "ERROR", "ValueError: bad value") "," ENTRY(
			"2", "ERROR", "  File \\\"/app/a.py\\\", line 3, in f") "," ENTRY("1",
			"ERROR", "Traceback (most recent call last):") "]"),
		0, (struct log_options){0});

	assert_int_equal(logs->entries, 3);
	assert_int_equal(logs->sources[0].order, LOG_NEWEST_FIRST);
	assert_int_equal(logs->entry_count, 1);
	const struct log_entry *e = logs->entry_list[0];

	assert_int_equal(e->parts, 3);
	assert_int_equal(e->index, 3);
	assert_non_null(e->exception);
	assert_true(str_is(e->exception->links[0].message, "bad value"));
	assert_true(e->traits & LOG_REJOINED);
	arena_free(arena);
}

static void test_annotate(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct str rest, line, ids[3] = {{0}};

	logs_of_bytes(arena, STR("took 1 ms\nnothing\nto see\ttook\ntook 22 ms\n"), 0,
		(struct log_options){.annotate = out, .format = LOG_LINES});
	fclose(out);
	rest = str_of(text);
	size_t count = 0;

	while (str_line(&rest, &line)) {
		size_t tab = str_find_char(line, '\t');

		if (count == 0 || count == 3)
			ids[count ? 1 : 0] = str_sub(line, 0, tab);
		if (count == 2)
			assert_true(str_is(str_from(line, tab + 1), "to see\\ttook"));
		count++;
	}
	assert_int_equal(count, 4);
	assert_true(str_equal(ids[0], ids[1]));
	free(text);
	arena_free(arena);
}

static void test_health_is_counted(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct logs *logs = logs_of_bytes(arena,
		STR("{\"timestamp\":\"2026-01-02T03:04:05Z\",\"httpRequest\":{\"requestMethod\":"
		    "\"GET\",\"requestUrl\":\"http://x/health\",\"status\":200}}\n"
		    "{\"timestamp\":\"2026-01-02T03:04:06Z\",\"severity\":\"ERROR\",\"httpRequest\""
		    ":{\"requestMethod\":\"GET\",\"requestUrl\":\"http://x/a\",\"status\":503}}\n"),
		0, (struct log_options){0});

	assert_int_equal(logs->requests, 2);
	assert_int_equal(logs->healthy, 1);
	assert_int_equal(logs->failed, 1);
	assert_true(logs->last_healthy != TIME_NONE);
	arena_free(arena);
}

static void test_bounds(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct logs *logs =
		logs_of_bytes(arena, STR("a\nb\nc\n"), 0, (struct log_options){.max_entries = 2});

	assert_int_equal(logs->entries, 2);
	assert_int_equal(logs->sources[0].left_out, 1);
	logs = logs_of_bytes(arena, STR("a\nb\nc\n"), 0, (struct log_options){.max_bytes = 4});
	assert_int_equal(logs->entries, 2);
	arena_free(arena);
}

/* A message of some megabytes, before and behind the other fields: the entry is there, its text cut. */
static void test_long_string(void **state)
{
	enum { LONG = 5 << 20 };
	static const char *const before =
		"{\"insertId\":\"2\",\"severity\":\"ERROR\",\"textPayload\":\"disk full: ";
	static const char *const behind = "\\\"\",\"timestamp\":\"2026-01-02T03:04:05Z\"}\n";
	struct arena *arena = arena_new();
	char *text = test_malloc(LONG + 1024), *p = text;

	(void)state;
	p = stpcpy(p, ENTRY("1", "INFO", "a") "\n");
	p = stpcpy(p, before);
	memset(p, 'x', LONG);
	p = stpcpy(p + LONG, behind);
	p = stpcpy(p, ENTRY("3", "INFO", "b") "\n");
	struct logs *logs = logs_of_bytes(
		arena, (struct str){text, (size_t)(p - text)}, 0, (struct log_options){0});

	assert_int_equal(logs->entries, 3);
	assert_int_equal(logs->by_severity[SEVERITY_ERROR], 1);
	assert_int_equal(logs->sources[0].left_out, 1);
	assert_int_equal(logs->clusters[0]->severity, SEVERITY_ERROR);
	assert_true(str_starts(logs->clusters[0]->sample, "disk full: xxx"));
	assert_true(logs->clusters[0]->first_seen != TIME_NONE);
	assert_true(logs->clusters[0]->entries[0]->traits & LOG_CUT);
	test_free(text);
	arena_free(arena);
}

/* Objects in objects without end are given up, not gone into one by one, each a new look at all. */
static void test_deep_objects(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	size_t size = 4 << 20;
	char *text = arena_alloc(arena, size);

	for (size_t i = 0; i < size; i++)
		text[i] = "{\"a\":"[i % 5];
	struct logs *logs =
		logs_of_bytes(arena, (struct str){text, size}, 0, (struct log_options){0});

	assert_int_equal(logs->sources[0].status, LOG_READ);
	assert_true(logs->sources[0].left_out > 0);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_of_json),
		cmocka_unit_test(test_forms_of_text),
		cmocka_unit_test(test_duplicates_count_once),
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_newest_first_is_joined),
		cmocka_unit_test(test_annotate),
		cmocka_unit_test(test_health_is_counted),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_deep_objects),
		cmocka_unit_test(test_long_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
