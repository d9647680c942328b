/* Events that an agent tore apart come out of the reader whole, as entries of Cloud Logging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "logs_bytes.h"
#include "probe/file.h"
#include "probe/json.h"

/* One line of an instance as an entry of its own. */
static struct str entry_of(struct arena *arena, int instance, int number, struct str line)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, 4 << 20);
	buf_printf(&b,
		"{\"insertId\":\"%d-%d\",\"timestamp\":\"2026-01-02T03:%02d:%02d.%03dZ\",\"logName\":"
		"\"projects/p/logs/run.googleapis.com%%2Fstderr\",\"labels\":{\"instanceId\":\"i%d\"},"
		"\"textPayload\":",
		instance, number, number / 60000, number / 1000 % 60, number % 1000, instance);
	json_print_str(&b, line);
	buf_add_text(&b, "}\n");
	return arena_str(arena, buf_str(&b));
}

enum { INSTANCES = 2, LINES_MAX = 400 };

/* Stands behind one of the known traces and is none of it. */
#define NEIGHBOUR "next line"

/* The trace line by line between ordinary lines, on two instances at once. */
static struct str tear(struct arena *arena, struct str trace, bool newest_first)
{
	struct str entries[INSTANCES * LINES_MAX], line;
	size_t count = 0;
	int number = 0;
	BUF_SCOPED struct buf all;

	buf_init(&all, 4 << 20);
	for (int i = 0; i < INSTANCES; i++)
		entries[count++] = entry_of(arena, i, number, STR("INFO:     server started"));
	while (str_line(&trace, &line)) {
		if (str_is(line, NEIGHBOUR))
			continue;
		number++;
		for (int i = 0; i < INSTANCES && count < INSTANCES * (LINES_MAX - 1); i++)
			entries[count++] = entry_of(arena, i, number, line);
	}
	for (int i = 0; i < INSTANCES; i++)
		entries[count++] = entry_of(arena, i, number + 1, STR("INFO:     next request"));
	for (size_t i = 0; i < count; i++)
		buf_add_str(&all, entries[newest_first ? count - 1 - i : i]);
	return arena_str(arena, buf_str(&all));
}

/* How many kept entries hold exactly this text. */
static size_t count_whole(const struct logs *logs, struct str text)
{
	size_t count = 0;

	for (size_t i = 0; i < logs->entry_count; i++)
		count += str_equal(str_trim(logs->entry_list[i]->text), str_trim(text));
	return count;
}

/* So much that is well that only what matters of the rest is looked at closely. */
static struct str much(struct arena *arena)
{
	BUF_SCOPED struct buf all;

	buf_init(&all, 16 << 20);
	for (int i = 0; all.len < 9 << 20; i++)
		buf_printf(&all,
			"{\"insertId\":\"m%d\",\"timestamp\":\"2026-01-01T03:04:05.678Z\",\"logName\":"
			"\"projects/p/logs/run.googleapis.com%%2Fstdout\",\"labels\":{\"instanceId\":"
			"\"i%d\"},\"textPayload\":\"order %d was sent\"}\n",
			i, i % 3, i);
	return arena_str(arena, buf_str(&all));
}

static struct str after(struct arena *arena, struct str first, struct str second)
{
	char *both = arena_alloc(arena, first.len + second.len + 1);

	memcpy(both, first.ptr, first.len);
	memcpy(both + first.len, second.ptr, second.len);
	return (struct str){both, first.len + second.len};
}

static void assert_whole(const char *name, struct str trace, bool large)
{
	trace = str_trim(trace);
	if (str_ends(trace, "\n" NEIGHBOUR))
		trace.len -= sizeof("\n" NEIGHBOUR) - 1;
	for (int newest_first = 0; newest_first < 2; newest_first++) {
		struct arena *arena = arena_new();
		struct str torn = tear(arena, trace, newest_first);
		const struct logs *logs = logs_of_bytes(arena,
			large ? after(arena, much(arena), torn) : torn, 0, (struct log_options){0});

		if (count_whole(logs, trace) != INSTANCES)
			fail_msg("%s, %s first: %zu of %d are whole", name,
				newest_first ? "newest" : "oldest", count_whole(logs, trace),
				INSTANCES);
		arena_free(arena);
	}
}

static void assert_own_traces(bool large)
{
	assert_whole("python",
		STR("Traceback (most recent call last):\n"
		    "  File \"/app/core/db.py\", line 7, in connect\n"
		    "    return Pool(**settings)\n"
		    "           ^^^^^^^^^^^^^^^^\n"
		    "TypeError: Pool() got an unexpected keyword argument 'size'\n"
		    "\n"
		    "The above exception was the direct cause of the following exception:\n"
		    "\n"
		    "Traceback (most recent call last):\n"
		    "  File \"/app/main.py\", line 3, in <module>\n"
		    "    connect()\n"
		    "RuntimeError: no pool"),
		large);
	assert_whole("java",
		STR("java.lang.IllegalStateException: cannot start\n"
		    "\tat com.acme.Main.main(Main.java:12)\n"
		    "Caused by: java.net.ConnectException: Connection refused\n"
		    "\tat com.acme.Db.open(Db.java:40)\n"
		    "\t... 1 more"),
		large);
	assert_whole("node",
		STR("/app/server.js:8\n"
		    "    throw new Error('no key')\n"
		    "    ^\n"
		    "\n"
		    "Error: no key\n"
		    "    at Object.<anonymous> (/app/server.js:8:11)\n"
		    "    at node:internal/main/run_main_module:28:49"),
		large);
	assert_whole("go",
		STR("panic: runtime error: index out of range [3] with length 2\n"
		    "\n"
		    "goroutine 1 [running]:\n"
		    "main.load(...)\n"
		    "\t/src/main.go:9\n"
		    "main.main()\n"
		    "\t/src/main.go:14 +0x1d"),
		large);
}

static void test_own_traces(void **state)
{
	(void)state;
	assert_own_traces(false);
}

static void test_in_large(void **state)
{
	(void)state;
	assert_own_traces(true);
}

/* The crash outputs that an agent is known to tear. */
static void test_known_traces(void **state)
{
	struct arena *arena = arena_new();
	struct str text;
	struct value traces;

	(void)state;
	if (file_text(arena, "../shared/data/traces.json", 1 << 20, &text, NULL)) {
		print_message("skipped: ../shared/data/traces.json is not there\n");
		arena_free(arena);
		skip();
	}
	assert_int_equal(json_parse(arena, text, 0, &traces, NULL), 0);
	assert_int_equal(traces.object.count, 12);
	for (size_t i = 0; i < traces.object.count; i++)
		assert_whole(traces.object.members[i].key.ptr,
			traces.object.members[i].value.string, false);
	arena_free(arena);
}

/* An event without end is cut and still one; more open streams than are kept are all counted. */
static void test_bounds(void **state)
{
	struct arena *arena = arena_new();
	BUF_SCOPED struct buf all;
	char line[20000];
	const struct logs *logs;
	bool cut = false;

	(void)state;
	memset(line, 'x', sizeof(line));
	memset(line, ' ', 4);
	buf_init(&all, 64 << 20);
	buf_add_str(&all, entry_of(arena, 0, 0, STR("Traceback (most recent call last):")));
	for (int i = 1; i <= 200; i++)
		buf_add_str(&all, entry_of(arena, 0, i, (struct str){line, sizeof(line)}));
	for (int i = 1; i <= 3000; i++)
		buf_add_str(
			&all, entry_of(arena, i, 300, STR("Traceback (most recent call last):")));
	logs = logs_of_bytes(arena, buf_str(&all), 0, (struct log_options){0});
	assert_int_equal(logs->entries, 3201);
	for (size_t i = 0; i < logs->entry_count; i++)
		cut = cut ||
		      (logs->entry_list[i]->traits & LOG_CUT && logs->entry_list[i]->parts == 201);
	assert_true(cut);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_traces),
		cmocka_unit_test(test_in_large),
		cmocka_unit_test(test_known_traces),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
