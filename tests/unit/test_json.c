/* JSON: what is read, what is refused and where, and that what is written can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data_test.h"
#include "probe/json.h"

static const char *run_case(const struct data_case *c, bool *failed)
{
	struct error err;
	struct value value;
	struct buf out;
	size_t offset;
	int64_t depth = 0;

	if (c->count > 1)
		assert_true(str_int(str_from(c->lines[1], strlen("depth ")), &depth));
	*failed = json_parse(c->arena, c->lines[0], (unsigned)depth, &value, &err) != 0;
	/* Both readers agree. */
	assert_int_equal(json_check(c->lines[0], (unsigned)depth, &offset, NULL), *failed ? -1 : 0);
	if (*failed)
		return arena_strdup(c->arena, err.text);
	buf_init(&out, 1 << 20);
	json_print(&out, &value);
	struct str text = arena_str(c->arena, buf_str(&out));

	buf_release(&out);
	return text.ptr;
}

static void test_cases(void **state)
{
	(void)state;
	data_test("json.test", run_case);
}

static void test_hostile(void **state)
{
	struct arena *arena = arena_new();
	struct value value;
	struct error err;
	struct buf b;

	(void)state;
	buf_init(&b, 4 << 20);
	for (int i = 0; i < 1000000; i++)
		buf_add_char(&b, '[');
	assert_int_equal(json_parse(arena, buf_str(&b), 0, &value, &err), JSON_PAST_MAXIMUM);
	assert_string_equal(err.text, "nested too deeply at byte 513");
	buf_clear(&b);
	buf_add_char(&b, '{');
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "%s\"k%d\":%d", i ? "," : "", i % 1000, i);
	buf_add_char(&b, '}');
	assert_int_equal(json_parse(arena, buf_str(&b), 0, &value, &err), 0);
	assert_int_equal(value.object.count, 1000);
	assert_int_equal(value_find(&value, "k7")->integer, 99007);
	buf_release(&b);
	arena_free(arena);
}

/* A slice of a longer text: what follows it is not read (a number has no end of its own). */
static void test_slice(void **state)
{
	struct arena *arena = arena_new();
	struct value value;

	(void)state;
	assert_int_equal(json_parse(arena, str_sub(STR("712"), 0, 2), 0, &value, NULL), 0);
	assert_int_equal(value.integer, 71);
	arena_free(arena);
}

/* Any bytes, written as a string, are valid JSON without anything that acts on a terminal. */
static void test_written_is_valid(void **state)
{
	unsigned seed = 4;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct arena *arena = arena_new();
		char bytes[40];
		size_t len = (size_t)rand_r(&seed) % sizeof(bytes), offset;
		struct value back;
		struct buf out;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)rand_r(&seed);
		buf_init(&out, 4096);
		json_print_str(&out, (struct str){bytes, len});
		assert_true(utf8_valid(buf_str(&out)));
		for (size_t i = 0; i < out.len; i++)
			assert_true((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7F);
		assert_int_equal(json_check(buf_str(&out), 0, &offset, NULL), 0);
		assert_int_equal(json_parse(arena, buf_str(&out), 0, &back, NULL), 0);
		buf_release(&out);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_written_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
