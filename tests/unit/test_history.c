/* The history: what is kept, for how long, and what becomes of it when the store has trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake_kinds.h"
#include "probe/clock.h"
#include "probe/history.h"

#define DAY (86400 * NS_PER_S)
#define START (20000 * DAY)

static struct history *open_at(const char *file)
{
	struct error err = {{0}};
	struct history *h = history_open(file, 30 * DAY, &err);

	if (!h)
		fail_msg("%s", err.text);
	return h;
}

static int add(struct history *h, int number, int verdict, struct error *err)
{
	const struct history_step steps[] = {
		{"one", 0, NS_PER_MS}, {"two", verdict ? 1 : 0, number}};
	char id[16];
	const struct history_run run = {
		.id = id,
		.scenario = number % 2 ? "odd" : "even",
		.started_at = START + number * NS_PER_S,
		.duration = number,
		.verdict = verdict,
		.summary = "summary",
		.document = "{\"a\":1}",
		.steps = steps,
		.step_count = 2,
	};

	snprintf(id, sizeof(id), "r%d", number);
	return history_add(h, &run, err);
}

static void runs_are_listed_newest_first(void **state)
{
	struct arena *arena = arena_new();
	struct history *h = open_at(NULL);
	struct history_run *runs;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(add(h, i, 0, NULL), 0);
	assert_int_equal(history_list(h, arena, NULL, 3, &runs), 3);
	assert_string_equal(runs[0].id, "r9");
	assert_string_equal(runs[2].id, "r7");
	assert_int_equal(history_list(h, arena, "odd", 100, &runs), 5);
	assert_string_equal(runs[4].id, "r1");
	assert_int_equal(runs[4].started_at, START + NS_PER_S);
	assert_int_equal(history_list(h, arena, "none", 100, &runs), 0);
	arena_free(arena);
	history_close(h);
}

/* Healthy documents are many: in a file the newest of them stay, in memory none. Those of broken runs
 * all stay. */
static void documents_of_broken_runs_stay(void **state)
{
	static const char *const files[] = {NULL, "documents.db"};

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		struct arena *arena = arena_new();
		struct history *h = open_at(files[f]);

		for (int i = 0; i < 120; i += 2)
			assert_int_equal(add(h, i, i == 4 ? 2 : 0, NULL), 0);
		assert_true(str_is(history_document(h, arena, "r4"), "{\"a\":1}"));
		assert_int_equal(!!history_document(h, arena, "r118").ptr, f);
		assert_null(history_document(h, arena, "r2").ptr);
		assert_null(history_document(h, arena, "nope").ptr);
		arena_free(arena);
		history_close(h);
	}
}

static void days_count_by_verdict(void **state)
{
	struct arena *arena = arena_new();
	struct history *h = open_at(NULL);
	struct history_day *days;
	struct history_point *points;

	(void)state;
	for (int i = 0; i < 8; i += 2)
		assert_int_equal(add(h, i, i == 2 ? 2 : 0, NULL), 0);
	assert_int_equal(history_days(h, arena, "even", 0, &days), 1);
	assert_int_equal(days[0].day, 20000);
	assert_int_equal(days[0].runs[0], 3);
	assert_int_equal(days[0].runs[2], 1);
	assert_int_equal(history_days(h, arena, "even", 20001, &days), 0);
	assert_int_equal(history_points(h, arena, "even", "two", 2, &points), 2);
	assert_int_equal(points[0].duration, 6);
	assert_int_equal(points[1].duration, 4);
	arena_free(arena);
	history_close(h);
}

static void what_is_old_goes_and_days_stay(void **state)
{
	struct arena *arena = arena_new();
	struct history *h = open_at(NULL);
	struct history_run *runs;
	struct history_day *days;
	struct history_point *points;

	(void)state;
	add(h, 2, 0, NULL);
	assert_int_equal(history_maintain(h, START + 29 * DAY, NULL), 0);
	assert_int_equal(history_list(h, arena, NULL, 9, &runs), 1);
	assert_int_equal(history_maintain(h, START + 31 * DAY, NULL), 0);
	assert_int_equal(history_list(h, arena, NULL, 9, &runs), 0);
	assert_int_equal(history_points(h, arena, "even", "one", 9, &points), 0);
	assert_int_equal(history_days(h, arena, "even", 0, &days), 1);
	arena_free(arena);
	history_close(h);
}

static void a_file_keeps_what_was_added(void **state)
{
	struct arena *arena = arena_new();
	struct history *h = open_at("kept.db");
	struct history_run *runs;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(add(h, i, 0, NULL), 0);
	/* A second reader sees each run as soon as it was added. */
	struct history *other = open_at("kept.db");

	assert_int_equal(history_list(other, arena, NULL, 1000, &runs), 100);
	history_close(other);
	history_close(h);
	h = open_at("kept.db");
	assert_int_equal(history_list(h, arena, NULL, 1000, &runs), 100);
	history_close(h);
	arena_free(arena);
}

static void a_file_that_is_no_store_is_left_alone(void **state)
{
	static const char text[] = "some text that is no database at all, and long enough\n";
	struct error err = {{0}};
	char seen[sizeof(text)] = "";
	FILE *file = fopen("text.db", "we");

	(void)state;
	fputs(text, file);
	fclose(file);
	assert_null(history_open("text.db", DAY, &err));
	assert_non_null(strstr(err.text, "text.db"));
	file = fopen("text.db", "re");
	assert_non_null(fgets(seen, sizeof(seen), file));
	fclose(file);
	assert_string_equal(seen, text);
	assert_null(history_open("no/such/folder/x.db", DAY, &err));
	assert_non_null(strstr(err.text, "no/such/folder"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_listed_newest_first),
		cmocka_unit_test(documents_of_broken_runs_stay),
		cmocka_unit_test(days_count_by_verdict),
		cmocka_unit_test(what_is_old_goes_and_days_stay),
		cmocka_unit_test(a_file_keeps_what_was_added),
		cmocka_unit_test(a_file_that_is_no_store_is_left_alone),
	};

	return cmocka_run_group_tests(tests, fake_enter, fake_leave);
}
