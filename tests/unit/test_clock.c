/* Durations, sizes, moments. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data_test.h"
#include "probe/clock.h"

static const char *run_case(const struct data_case *c, bool *failed)
{
	struct error err;
	uint64_t bytes;
	int64_t ns;
	char text[32];
	bool size = c->count > 1;

	*failed = size ? size_parse(c->lines[0], &bytes, &err) != 0
		       : duration_parse(c->lines[0], &ns, &err) != 0;
	if (*failed)
		return arena_strdup(c->arena, err.text);
	if (size)
		return arena_printf(c->arena, "%" PRIu64, bytes);
	duration_print(ns, text);
	return arena_printf(c->arena, "%" PRId64 " %s", ns, text);
}

static void test_durations(void **state)
{
	(void)state;
	data_test("duration.test", run_case);
}

static void assert_moment(const char *text, int64_t seconds, int64_t ns)
{
	int64_t wall = 0;

	assert_true(time_parse(str_of(text), &wall));
	assert_true(wall == seconds * NS_PER_S + ns);
}

static void test_moments(void **state)
{
	(void)state;
	assert_moment("1970-01-01T00:00:00Z", 0, 0);
	assert_moment("2026-01-02T03:04:05.678Z", 1767323045, 678000000);
	assert_moment("2026-01-02 03:04:05,678", 1767323045, 678000000);
	assert_moment("2026-01-02T04:04:05+01:00", 1767323045, 0);
	assert_moment("2026-01-01T22:04:05-0500", 1767323045, 0);
	assert_moment("2026-01-02T03:04:05.123456789123Z", 1767323045, 123456789);
	assert_moment("1969-12-31T23:59:59.5Z", -1, 500000000);
	assert_moment("2024-02-29T00:00:00Z", 1709164800, 0);
	static const char *const wrong[] = {"", "2026", "2026-13-01T00:00:00Z", "2026-01-32T00:00",
		"2026-01-02T25:00:00Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+1",
		"2026-01-02T03:04:05 later", "2026-01-02", "26-01-02T03:04:05Z", NULL};
	int64_t wall;

	for (size_t i = 0; wrong[i]; i++)
		assert_false(time_parse(str_of(wrong[i]), &wall));
}

static void test_print(void **state)
{
	(void)state;
	char out[36];

	time_print_utc(INT64_C(1767323045678901234), 3, out);
	assert_string_equal(out, "2026-01-02T03:04:05.678Z");
	time_print_utc(INT64_C(1767323045678901234), 9, out);
	assert_string_equal(out, "2026-01-02T03:04:05.678901234Z");
	time_print_utc(-1, 0, out);
	assert_string_equal(out, "1969-12-31T23:59:59Z");
	assert_true(time_days(1970, 1, 1) == 0);
	assert_true(time_days(2000, 3, 1) == 11017);
}

static void test_round_trip(void **state)
{
	(void)state;
	unsigned seed = 1;

	for (int i = 0; i < 20000; i++) {
		int64_t wall = ((int64_t)rand_r(&seed) << 32 | rand_r(&seed)) % (INT64_C(6) << 60);
		int64_t back, ns;
		char out[36], text[32];

		time_print_utc(wall, 9, out);
		assert_true(time_parse(str_of(out), &back));
		assert_true(back == wall);
		/* What is printed is a duration again, near enough for people. */
		duration_print(wall % (100 * NS_PER_S), text);
		assert_int_equal(duration_parse(str_of(text), &ns, NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
