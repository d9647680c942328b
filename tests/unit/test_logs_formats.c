/* Formats whose entries are not lines, or stand behind what a tool put in front of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "data_test.h"
#include "logs_bytes.h"

static void add_text(struct buf *b, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			buf_add_text(b, "\\n");
		else if (text.ptr[i] == '\t')
			buf_add_text(b, "\\t");
		else
			buf_add_char(b, text.ptr[i]);
	}
}

/* Every kept entry: its level, whose it is, its text, and what an exception in it tells. */
static const char *describe(struct arena *arena, const struct logs *logs)
{
	struct buf b;
	char time[36];

	buf_init(&b, 1 << 20);
	buf_printf(&b, "%lld", (long long)logs->entries);
	for (size_t i = 0; i < logs->entry_count; i++) {
		const struct log_entry *e = logs->entry_list[i];

		buf_printf(&b, " | %s ", severity_name(e->level));
		if (e->time != TIME_NONE) {
			time_print_utc(e->time, 0, time);
			buf_printf(&b, "%.9s ", time + 11);
		}
		if (e->instance->name[0])
			buf_printf(&b, "<%s> ", e->instance->name);
		add_text(&b, e->text);
		if (e->exception)
			buf_printf(&b, " {%.*s @ %.*s}", STR_ARG(e->exception->links[0].type),
				STR_ARG(e->exception->location));
	}
	const char *text = arena_str(arena, buf_str(&b)).ptr;

	buf_release(&b);
	return text;
}

static const char *read_whole(const struct data_case *c, size_t piece)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < c->count; i++) {
		buf_add_str(&b, c->lines[i]);
		buf_add_char(&b, '\n');
	}
	struct str text = arena_str(c->arena, buf_str(&b));

	buf_release(&b);
	return describe(c->arena, logs_of_bytes(c->arena, text, piece, (struct log_options){0}));
}

static const char *run(const struct data_case *c, bool *failed)
{
	const char *whole = read_whole(c, 0);

	(void)failed;
	/* Where the pieces of a stream end must not matter. */
	assert_string_equal(read_whole(c, 1), whole);
	assert_string_equal(read_whole(c, 7), whole);
	return whole;
}

static void test_formats(void **state)
{
	(void)state;
	data_test("formats.test", run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
