/* Objects scanned along the layouts of those before them give what a scan key by key gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../probe/logs/logs_private.h"

enum { LINES = 40, LINE_MAX_BYTES = 1200, ROUNDS = 3000 };

static uint32_t random_state = 1;

static unsigned chance(unsigned below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % below;
}

static char *put(char *at, const char *text)
{
	size_t len = strlen(text);

	memcpy(at, text, len);
	return at + len;
}

static char *put_value(char *at, unsigned depth);

static char *put_string(char *at)
{
	static const unsigned lengths[] = {0, 1, 7, 15, 16, 30, 31, 32, 33, 62, 63, 64, 65, 100};
	unsigned len = lengths[chance(sizeof(lengths) / sizeof(*lengths))];

	*at++ = '"';
	for (unsigned i = 0; i < len; i++)
		*at++ = "abcXYZ0123 {}[],:"[chance(17)];
	if (chance(4) == 0)
		at = put(at, chance(2) ? "\\\"" : "\\\\\\n");
	*at++ = '"';
	return at;
}

static char *put_object(char *at, unsigned depth)
{
	static const char *const keys[] = {"severity", "timestamp", "insertId", "message",
		"textPayload", "jsonPayload", "resource", "labels", "instanceId", "logName",
		"trace", "httpRequest", "status", "latency", "revision_name", "other", "level",
		"msg", "a key that nobody knows and that is longer than a block of bytes is"};
	unsigned count = chance(depth ? 4 : 8), first = chance(sizeof(keys) / sizeof(*keys));
	const char *blank = chance(8) ? "" : " ";

	*at++ = '{';
	for (unsigned i = 0; i < count; i++) {
		at = put(at, i ? "," : "");
		at = put(at, blank);
		*at++ = '"';
		at = put(at, keys[(first + i) % (sizeof(keys) / sizeof(*keys))]);
		at = put(at, "\":");
		at = put(at, blank);
		at = put_value(at, depth + 1);
	}
	*at++ = '}';
	return at;
}

static char *put_value(char *at, unsigned depth)
{
	switch (chance(depth < 3 ? 8 : 6)) {
	case 0: return put(at, "12345");
	case 1: return put(at, chance(2) ? "true" : "null");
	case 2: return put(at, "[1,\"]\",{}]");
	case 6:
	case 7: return put_object(at, depth);
	default: return put_string(at);
	}
}

static void assert_same_scalar(const struct json_scalar *a, const struct json_scalar *b)
{
	assert_int_equal(a->kind, b->kind);
	if (!a->kind)
		return;
	assert_ptr_equal(a->ptr, b->ptr);
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->rank, b->rank);
	if (a->kind == '"')
		assert_int_equal(a->escaped, b->escaped);
}

static void assert_same_fields(const struct json_fields *a, const struct json_fields *b)
{
	for (int i = 0; i < F_COUNT; i++)
		assert_same_scalar(&a->f[i], &b->f[i]);
	assert_int_equal(a->seen, b->seen);
	assert_int_equal(a->strong, b->strong);
	assert_int_equal(a->container, b->container);
	assert_int_equal(a->holder, b->holder);
	assert_ptr_equal(a->payload.ptr, b->payload.ptr);
	assert_int_equal(a->payload.len, b->payload.len);
}

/* Lines in memory that ends right behind the quotes that are promised after them. */
static char *lines_new(size_t ends[LINES])
{
	char text[LINES * LINE_MAX_BYTES * 4], *at = text;

	for (int i = 0; i < LINES; i++) {
		/* Some twice, so that there is a layout for them. */
		uint32_t before = random_state;

		if (i % 2)
			random_state = before ^ chance(2);
		at = put_object(at, 0);
		ends[i] = (size_t)(at - text);
		*at++ = '\n';
	}
	size_t len = (size_t)(at - text);

	for (unsigned i = chance(6); i > 0; i--)
		text[chance((unsigned)len)] = "\"\\{},:x"[chance(7)];
	char *out = malloc(len + JSON_MARGIN);

	assert_non_null(out);
	memcpy(out, text, len);
	memset(out + len, '"', JSON_MARGIN);
	return out;
}

static void test_same_fields(void **state)
{
	struct json_layouts *near = json_layouts_new(), *far = json_layouts_new();
	struct json_fields expected, got;
	int whole = 0, known = 0, known_escaped = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t ends[LINES], from = 0;
		char *text = lines_new(ends);

		json_layouts_readable(near, (struct str){text, ends[LINES - 1] + 1});
		for (int i = 0; i < LINES; i++) {
			const char *p = text + from, *end = text + ends[i];
			const char *after = json_scan(p, end, &expected, NULL);

			whole += after == end;
			assert_ptr_equal(json_scan(p, end, &got, near), after);
			if (after)
				assert_same_fields(&expected, &got);
			assert_ptr_equal(json_scan(p, end, &got, far), after);
			if (after)
				assert_same_fields(&expected, &got);
			/* What was learned from is known. */
			if (after && json_layout_scan(near, p, end, &got) == after) {
				known++;
				known_escaped += memchr(p, '\\', (size_t)(end - p)) != NULL;
			}
			/* What is cut off goes on nowhere. */
			const char *cut = p + chance((unsigned)(end - p));

			after = json_scan(p, cut, &expected, NULL);
			assert_ptr_equal(json_scan(p, cut, &got, near), after);
			from = ends[i] + 1;
		}
		free(text);
		if (round % 4 == 3) {
			free(near);
			free(far);
			near = json_layouts_new();
			far = json_layouts_new();
		}
	}
	assert_true(whole > ROUNDS * LINES / 2);
	assert_true(known > ROUNDS * LINES / 4);
	assert_true(known_escaped > ROUNDS * LINES / 40);
	free(near);
	free(far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_fields)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
