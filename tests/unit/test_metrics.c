/* Prometheus text: names, labels and their escapes, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/metrics.h"

static void expect_sample(double value, const char *const *labels, const char *wanted)
{
	struct buf out;

	buf_init(&out, 4096);
	metric_sample(&out, "m", value, labels);
	assert_string_equal(buf_str(&out).ptr, wanted);
	buf_release(&out);
}

static void numbers_are_short_and_exact(void **state)
{
	(void)state;
	expect_sample(0, NULL, "m 0\n");
	expect_sample(1, NULL, "m 1\n");
	expect_sample(1793520000, NULL, "m 1793520000\n");
	expect_sample(0.25, NULL, "m 0.25\n");
	expect_sample(0.000018, NULL, "m 1.8e-05\n");
	expect_sample(-3, NULL, "m -3\n");
}

static void label_values_are_data(void **state)
{
	(void)state;
	expect_sample(1, (const char *const[]){NULL}, "m 1\n");
	expect_sample(1, (const char *const[]){"a", "x", "b", "y", NULL}, "m{a=\"x\",b=\"y\"} 1\n");
	expect_sample(
		1, (const char *const[]){"a", "q\"b\\c\nd", NULL}, "m{a=\"q\\\"b\\\\c\\nd\"} 1\n");
	expect_sample(1, (const char *const[]){"a", "\xff\xc3\xa4", NULL},
		"m{a=\"\xEF\xBF\xBD\xc3\xa4\"} 1\n");
	expect_sample(1, (const char *const[]){"a", NULL, NULL}, "m{a=\"\"} 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_short_and_exact),
		cmocka_unit_test(label_values_are_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
