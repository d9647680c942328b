/* Arena, buffers, slices, UTF-8, values, diagnostics: what everything stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/arena.h"
#include "probe/buf.h"
#include "probe/diag.h"
#include "probe/json.h"
#include "probe/regex.h"
#include "probe/value.h"

static void test_arena(void **state)
{
	struct arena *arena = arena_new();
	unsigned seed = 2;
	size_t capacity = 0;
	int *numbers = NULL;

	(void)state;
	assert_non_null(arena_alloc(arena, 0));
	for (int i = 0; i < 2000; i++) {
		size_t size = (size_t)rand_r(&seed) % (i % 50 ? 300 : 200000);
		unsigned char *p = arena_alloc(arena, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < size; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xAA, size);
	}
	for (size_t i = 0; i < 1000; i++) {
		numbers = arena_grow(arena, numbers, i, &capacity, sizeof(*numbers));
		numbers[i] = (int)i;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	struct str copy = arena_str(arena, (struct str){"abc\0d!", 5});

	assert_int_equal(copy.ptr[5], 0);
	assert_string_equal(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
	assert_true(arena_size(arena) > 1000);
	arena_free(arena);
	arena_free(NULL);
}

static void test_buf_keeps_its_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_true(buf_add_text(&b, "12345"));
	assert_true(buf_printf(&b, "%s", "678"));
	assert_false(buf_add_text(&b, "9ABC"));
	assert_true(b.overflow);
	assert_string_equal(b.data, "123456789A");
	assert_null(buf_reserve(&b, 1));
	buf_consume(&b, 4);
	assert_string_equal(b.data, "56789A");
	buf_consume(&b, 100);
	assert_int_equal(b.len, 0);
	assert_false(b.overflow);
	assert_non_null(buf_reserve(&b, 10));
	buf_release(&b);
	assert_int_equal(buf_str(&b).len, 0);
	assert_true(buf_add_char(&b, 'x'));
	buf_release(&b);
}

static void test_str(void **state)
{
	struct str rest = STR("a\r\n\nlast"), line;
	int64_t n;

	(void)state;
	assert_true(str_line(&rest, &line) && str_is(line, "a"));
	assert_true(str_line(&rest, &line) && str_is(line, ""));
	assert_true(str_line(&rest, &line) && str_is(line, "last"));
	assert_false(str_line(&rest, &line));
	assert_true(str_is(str_trim(STR(" \t x y\r\n")), "x y"));
	assert_int_equal(str_find(STR("abcabd"), STR("abd")), 3);
	assert_true(str_find(STR("abc"), STR("abcd")) == SIZE_MAX);
	assert_true(str_is(str_sub(STR("abc"), 1, 99), "bc"));
	assert_true(str_is(str_sub(STR("abc"), 9, 1), ""));
	assert_true(str_int(STR("-9223372036854775808"), &n) && n == INT64_MIN);
	assert_true(str_int(STR("9223372036854775807"), &n) && n == INT64_MAX);
	assert_false(str_int(STR("9223372036854775808"), &n));
	assert_false(str_int(STR("-"), &n));
	assert_false(str_int(STR("1 "), &n));
	assert_true(str_is_nocase(STR("Content-TYPE"), "content-type"));
	assert_int_equal(str_distance(STR("expct"), STR("expect"), 3), 1);
	assert_int_equal(str_distance(STR("ab"), STR("ba"), 3), 1);
	assert_int_equal(str_distance(STR("abc"), STR("xyz"), 2), 3);
}

static void test_utf8(void **state)
{
	static const char *const invalid[] = {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
		"\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC3", "\xE2\x82", "\xFF", NULL};
	char out[4];
	size_t pos;

	(void)state;
	for (size_t i = 0; invalid[i]; i++)
		assert_false(utf8_valid(str_of(invalid[i])));
	for (uint32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 97) {
		if (code >= 0xD800 && code <= 0xDFFF)
			continue;
		struct str one = {out, utf8_put(code, out)};

		pos = 0;
		assert_true(utf8_valid(one));
		assert_int_equal(utf8_next(one, &pos), code);
		assert_int_equal(pos, one.len);
	}
	pos = 0;
	assert_int_equal(utf8_next(STR("\xE2\x82x"), &pos), 0xFFFD);
	assert_int_equal(pos, 2);
	assert_int_equal(utf8_count(STR("a\xC3\xA4\xF0\x9F\x94\x91\xFF")), 4);
}

static void test_value_order(void **state)
{
	struct value big = {.type = VALUE_BIGNUM, .string = STR("18446744073709551616")};
	struct value i = value_integer(INT64_MAX), d = value_number(9223372036854775808.0);
	struct value one = value_integer(1), one_point = value_number(1.0), text = value_text("1");
	int order;

	(void)state;
	assert_true(value_order(&i, &d, &order) && order < 0);
	assert_true(value_order(&big, &i, &order) && order > 0);
	assert_true(value_equal(&one, &one_point));
	assert_false(value_equal(&one, &text));
	assert_false(value_order(&one, &text, &order));
	assert_string_equal(value_type_name(&one_point), "integer");
	assert_string_equal(value_type_name(&big), "number");
}

static void test_value_objects(void **state)
{
	struct arena *arena = arena_new();
	struct value a = value_object(), b = value_object(), list = value_array();

	(void)state;
	for (int64_t n = 0; n < 100; n++) {
		value_set(arena, &a, str_of(arena_printf(arena, "k%d", (int)n)), value_integer(n));
		value_push(arena, &list, value_integer(n));
	}
	for (int64_t n = 99; n >= 0; n--)
		value_set(arena, &b, str_of(arena_printf(arena, "k%d", (int)n)), value_integer(n));
	assert_true(value_equal(&a, &b));
	value_set(arena, &b, STR("k5"), value_integer(-5));
	assert_int_equal(b.object.count, 100);
	assert_false(value_equal(&a, &b));
	assert_int_equal(list.array.items[99].integer, 99);
	struct value copy = value_copy(arena, &a);

	assert_true(value_equal(&copy, &a));
	value_set(arena, &copy, STR("inner"), b);
	assert_int_equal(value_path(&copy, "inner", "k7", NULL)->integer, 7);
	assert_null(value_path(&copy, "inner", "none", "k7", NULL));
	arena_free(arena);
}

static const char *printed(struct arena *arena, const struct diags *diags)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	diags_print(diags, out, false);
	fclose(out);
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

static void test_diags(void **state)
{
	struct arena *arena = arena_new();
	struct diags diags;
	struct source source = {"s.yaml", STR("one\n  \xC3\xA4 expct: 1\x1B\n")};

	(void)state;
	diags_init(&diags, arena);
	assert_false(diags_failed(&diags));
	diag_warning(&diags, (struct span){&source, 1, 1, 3}, "odd");
	assert_false(diags_failed(&diags));
	diag_error(&diags, (struct span){&source, 2, 5, 5}, "unknown key '%s'", "expct");
	diag_error(&diags, (struct span){&source, 2, 5, 5}, "unknown key '%s'", "expct");
	assert_int_equal(diags.count, 2);
	assert_string_equal(printed(arena, &diags),
		"s.yaml:1:1: warning: odd\n    one\n    ^~~\n"
		"s.yaml:2:5: error: unknown key 'expct'\n      \xC3\xA4 expct: 1?\n        ^~~~~\n");
	for (uint32_t i = 0; i < 300; i++)
		diag_error(&diags, (struct span){&source, 1, i + 1, 1}, "many");
	assert_int_equal(diags.count, DIAGS_MAX);
	assert_int_equal(diags.errors, 301);
	assert_true(str_contains(str_of(printed(arena, &diags)), "(202 more not shown)"));
	assert_string_equal(
		diag_suggest(STR("expct"), (const char *const[]){"exec", "expect", NULL}),
		"expect");
	assert_null(diag_suggest(STR("xyz"), (const char *const[]){"exec", "expect", NULL}));
	arena_free(arena);
}

static void test_regex(void **state)
{
	struct arena *arena = arena_new();
	struct regex *regex;
	struct error err;
	struct str groups[4];
	size_t offset;

	(void)state;
	assert_int_equal(
		regex_compile(arena, STR("(?<key>\\w+)=(\\d+)?"), 0, &regex, &offset, &err), 0);
	assert_int_equal(regex_match(regex, STR("\xFF\xFE n= \xC3"), groups, 4, &err), 1);
	assert_true(str_is(groups[0], "n=") && str_is(groups[1], "n"));
	assert_null(groups[2].ptr);
	assert_null(groups[3].ptr);
	assert_int_equal(regex_group(regex, "key"), 1);
	assert_int_equal(regex_group(regex, "none"), 0);
	assert_int_equal(regex_match(regex, STR(""), groups, 1, &err), 0);
	assert_int_equal(regex_compile(arena, STR("\xC3\xA4("), 0, &regex, &offset, &err), -1);
	assert_int_equal(offset, 2);
	assert_int_equal(
		regex_compile(arena, STR("a|ab"), REGEX_WHOLE | REGEX_NOCASE, &regex, NULL, &err),
		0);
	assert_int_equal(regex_match(regex, STR("AB"), NULL, 0, &err), 1);
	assert_int_equal(regex_match(regex, STR("xab"), NULL, 0, &err), 0);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_buf_keeps_its_maximum),
		cmocka_unit_test(test_str),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_value_order),
		cmocka_unit_test(test_value_objects),
		cmocka_unit_test(test_diags),
		cmocka_unit_test(test_regex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
